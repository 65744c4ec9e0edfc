"""The kernel: records, reading, browser, sending, store; it knows no portal."""

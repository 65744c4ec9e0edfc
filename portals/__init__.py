"""One folder a portal: page objects, readers and their data; no portal imports another."""

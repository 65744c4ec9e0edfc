"""The browser: finding and launching it, its pages, sessions and guards."""

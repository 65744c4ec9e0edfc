"""Browsers, pages, guards: in a real Chromium against the mock portals."""

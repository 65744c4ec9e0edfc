"""One click, ever: real flows, a real Chromium and the mock portal, with faults in between."""

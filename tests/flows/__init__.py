"""Tests of the flows, against mock portals in a real browser."""

"""Tests of the portal packages, one folder a portal, named as in `portals/`."""

"""What runs, and the faces that start it; portals are known only through the registry."""

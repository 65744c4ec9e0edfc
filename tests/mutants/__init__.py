"""Pages changed the way portals change: is each read right, refused loudly, or silently wrong?"""

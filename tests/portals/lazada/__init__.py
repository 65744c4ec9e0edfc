"""Lazada: reading item by item, its ways in, and the four things that can be sent, against its mock."""

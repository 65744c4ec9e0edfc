"""Frozen pages: what every reader must still read, field by field, without a browser."""

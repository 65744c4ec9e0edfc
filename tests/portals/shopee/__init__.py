"""Shopee: reading, gates, and the three things that can be sent, against its mock."""

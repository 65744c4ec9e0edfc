"""Tests of eBay's package against its mock."""

"""Tests of the Amazon package against its mock."""

"""Tests of Wish's package against its mock."""

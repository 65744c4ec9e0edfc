"""Tests of the Ozon package against its mock."""

"""Measures of speed and memory, as ratios taken in one run (`make bench`); never tests."""

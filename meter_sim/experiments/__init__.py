"""Experiments: many runs of a scenario file, side by side and compared."""

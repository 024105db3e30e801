"""Engines: what makes a scenario happen."""

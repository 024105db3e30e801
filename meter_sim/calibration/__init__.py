"""Calibration: parameters of a scenario fitted to dated counts, and forecasts from them."""

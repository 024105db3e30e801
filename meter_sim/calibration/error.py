"""What stands against a calibration."""


class CalibrationError(Exception):
    """What is wrong with counts, parameters or dates, in one line: where, what, and what instead."""

"""What a person at the keypad or the counter asked for and cannot have."""


class PracticeError(Exception):
    """A command that cannot be done, or a saved session that does not fit; one line: where, what, what instead."""


class NotHereError(PracticeError):
    """Something was asked for by a name that nothing has."""

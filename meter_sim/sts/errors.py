"""Named refusals of the token standard's own rules."""


class StsError(ValueError):
    """A value that IEC 62055-41 does not allow; the message says what is allowed."""


class WrongCheckDigit(StsError):
    """A DRN or MeterPAN whose check digit does not fit; the message names the right one."""


class WrongIdentity(StsError):
    """An SGC, TI, KRN, KEN, DRN or MeterPAN of the wrong form."""


class TidOutOfRange(StsError):
    """An instant that has no TID of 1 to 2^24 - 1 under the base date."""


class AmountOutOfRange(StsError):
    """An amount below zero or above what 16 bits can carry."""


class FieldOutOfRange(StsError):
    """A token field that does not fit into its bits."""


class NotSupported(StsError):
    """A part of the standard that is withdrawn, unverified or not built yet."""

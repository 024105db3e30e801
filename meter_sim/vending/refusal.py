"""Why a secure module refuses to issue. The class name is the outcome that a scenario may expect."""


class Refusal(Exception):
    """The vending side does not issue; the message says why."""


class VendingKeyUnknown(Refusal):
    """No vending key of this supply group and key revision is loaded."""


class VendingKeyNotActive(Refusal):
    """The vending key may not issue yet."""


class IssueUntilPassed(Refusal):
    """The vending key may not issue any more; it still serves as the parent of key changes (C/L)."""


class KeyChangeUntilPassed(Refusal):
    """No key change away from the vending key is issued any more (a date that the utility sets)."""


class KeyExpired(Refusal):
    """The TID lies beyond the vending key's key expiry number (C)."""


class TidOutOfRange(Refusal):
    """The TID is not 1 to 2^24 - 1 under the vending key's base date (C)."""


class AmountOutOfRange(Refusal):
    """The amount is more than a token can carry."""


class VendingDown(Refusal):
    """The area's vending has an outage."""


class VendingBusy(Refusal):
    """The area's vending has done all sales that it can do in this hour."""


class RequestRepeated(Refusal):
    """A request's id was used before for something else."""


REFUSALS = (
    VendingKeyUnknown,
    VendingKeyNotActive,
    IssueUntilPassed,
    KeyChangeUntilPassed,
    KeyExpired,
    TidOutOfRange,
    AmountOutOfRange,
    VendingDown,
    VendingBusy,
    RequestRepeated,
)

NOT_MIGRATED = (IssueUntilPassed, KeyChangeUntilPassed, KeyExpired, TidOutOfRange)
"""Refusals that a meter meets because its key is the old one."""
REFUSAL_NAMES = tuple(refusal.__name__ for refusal in REFUSALS)

"""What kind of meter it is: everything that makers choose, with a default for each."""

from dataclasses import dataclass

from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.sts.amount import GREATEST as GREATEST_AMOUNT


@dataclass(frozen=True, slots=True)
class MeterModel:
    """A meter's fixed properties. Times are seconds, energies watt-seconds, powers watts.

    The marks say how certain the rule behind a parameter is; its default is our own choice (G) unless marked.
    """

    name: str = "keypad"
    tid_store: int = 50
    """Entries of the TID store; 20 were seen in real firmware (G)."""
    kct_timeout: int = 600
    """Seconds after the latest section at which pending sections are dropped; makers use 2 to 10 minutes (L)."""
    lockout_after: int = 3
    """Wrong entries (CRCError) before the keypad locks; 0 switches lock-out off (L)."""
    lockout_first: int = 10
    """Seconds of the first lock-out; each further wrong entry doubles it (L)."""
    lockout_longest: int = 1280
    """Longest lock-out in seconds (L)."""
    digit_timeout: int = 30
    """Seconds without a digit after which the keypad forgets what was typed; 20 to 30 are usual (L)."""
    credit_cap: int = 99_999_999 * WS_PER_TENTH
    """What the credit register holds; a token that would pass it is OverflowError (L)."""
    enforce_key_expiry: bool = False
    """Whether TIDs beyond the KEN are refused with KeyExpiredError (C: optional)."""
    phases: int = 1
    """1 or 3; a one-phase meter lacks SetMaximumPhasePowerUnbalanceLimit and answers FunctionError."""
    greatest_limit: int = GREATEST_AMOUNT
    """Greatest power limit in watts that it takes; above is RangeError."""
    tamper_opens_switch: bool = True
    """Whether a tampered meter cuts supply until a ClearTamperCondition token."""
    manufacturer: int = 0
    """Maker code that a class 1 token must name, unless the token says 00, any maker (C)."""
    firmware: str = "1.0"
    """What meter test 10 shows."""

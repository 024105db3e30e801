"""What kind of meter it is: everything that makers choose, with a default for each."""

from dataclasses import dataclass

from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.sts.amount import GREATEST as GREATEST_AMOUNT
from meter_sim.sts.identity import Encryption
from meter_sim.sts.token import Service


@dataclass(frozen=True, slots=True)
class MeterModel:
    """A meter's fixed properties. Times are seconds, energies watt-seconds, powers watts.

    Raises ValueError for a number of KCTs that the algorithm does not have, no service or one twice, an empty store.

    The marks say how certain the rule behind a parameter is; its default is our own choice (G) unless marked.
    """

    name: str = "keypad"
    encryption: Encryption = Encryption.EA07
    """The algorithm that the meter was built with and keeps for its life (C)."""
    kcts: int = 2
    """Number of key change tokens supported: with EA07 2, or 3 where it also takes the set of three; with EA11 4 (C).
    A meter with 2 answers FunctionError to a third section and changes after the first two (G)."""
    services: tuple[Service, ...] = (Service.ELECTRICITY,)
    """What it has credit registers for; a credit token for another service is FunctionError. The switch goes by the
    electricity register, or by the first register of a meter without one (G)."""
    extended_functions: tuple[int, ...] = ()
    """Indices of class 2 subclass 10 that it takes and remembers; others are FunctionError (G)."""
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
    """What the electricity register holds; a token that would pass it is OverflowError (L)."""
    register_cap: int = 99_999_999
    """The same for the water, gas and time registers, in tenths of their unit."""
    currency_cap: int = 9_999_999_999_999
    """The same for registers in currency, in 1e-5 of the base currency."""
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
    takes_key_changes: bool = True
    """Whether it takes key change tokens; one that does not answers FunctionError and must be replaced."""

    def __post_init__(self) -> None:
        kcts = (4,) if self.encryption is Encryption.EA11 else (2, 3)
        if self.kcts not in kcts:
            raise ValueError(f"a meter with EA{self.encryption} supports {' or '.join(map(str, kcts))} KCTs")
        if not self.services or len(set(self.services)) < len(self.services):
            raise ValueError("a meter has one register or more, each for another service")
        if self.tid_store < 1:
            raise ValueError("a TID store has one entry or more")

    def cap(self, service: Service) -> int:
        """What the register of a service holds, in that register's own unit."""
        if service is Service.ELECTRICITY:
            return self.credit_cap
        return self.currency_cap if service.in_currency else self.register_cap

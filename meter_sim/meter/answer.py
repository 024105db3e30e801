"""What a meter answers to an entry, in the standard's words (IEC 62055-41, results; L)."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from meter_sim.meter.display import result_word
from meter_sim.sts.token import Token


class AuthenticationResult(StrEnum):
    """Whether the token is one for this meter."""

    AUTHENTIC = "Authentic"
    CRC_ERROR = "CRCError"
    MFR_CODE_ERROR = "MfrCodeError"


class ValidationResult(StrEnum):
    """Whether an authentic token may be used, and used now."""

    VALID = "Valid"
    OLD = "OldError"
    USED = "UsedError"
    KEY_EXPIRED = "KeyExpiredError"
    DDTK = "DDTKError"


class TokenResult(StrEnum):
    """What became of a valid token."""

    ACCEPT = "Accept"
    FIRST_KCT = "1stKCT"
    SECOND_KCT = "2ndKCT"
    THIRD_KCT = "3rdKCT"
    FOURTH_KCT = "4thKCT"
    OVERFLOW = "OverflowError"
    KEY_TYPE = "KeyTypeError"
    FORMAT = "FormatError"
    RANGE = "RangeError"
    FUNCTION = "FunctionError"


class Status(IntEnum):
    """The one-number status that readers show (L); 17 and 18, for the third and fourth section, are our own (G)."""

    ACCEPT = 1
    FIRST_KCT = 2
    SECOND_KCT = 3
    OVERFLOW = 4
    KEY_TYPE = 5
    FORMAT = 6
    RANGE = 7
    FUNCTION = 8
    OLD = 9
    USED = 10
    KEY_EXPIRED = 11
    DDTK = 12
    CRC = 13
    MFR_CODE = 14
    LOCKED_OUT = 15
    NOT_READY = 16
    THIRD_KCT = 17
    FOURTH_KCT = 18

    @property
    def standard_name(self) -> str:
        """The decisive result's name, such as `1stKCT` or `CRCError`; `LockedOut` and `NotReady` have none."""
        return str(_RESULTS[self])

    @property
    def accepted(self) -> bool:
        """Whether the entry did what it was made for: Accept, or a key change section taken."""
        return self in _ACCEPTED


_SECTIONS = {3: Status.FIRST_KCT, 4: Status.SECOND_KCT, 8: Status.THIRD_KCT, 9: Status.FOURTH_KCT}
_ACCEPTED = frozenset((Status.ACCEPT, *_SECTIONS.values()))


def section_taken(subclass: int) -> Status:
    """The status that says that a key change section was taken and others are still to come."""
    return _SECTIONS[subclass]


_RESULTS: dict[Status, AuthenticationResult | ValidationResult | TokenResult | str] = {
    Status.ACCEPT: TokenResult.ACCEPT,
    Status.FIRST_KCT: TokenResult.FIRST_KCT,
    Status.SECOND_KCT: TokenResult.SECOND_KCT,
    Status.THIRD_KCT: TokenResult.THIRD_KCT,
    Status.FOURTH_KCT: TokenResult.FOURTH_KCT,
    Status.OVERFLOW: TokenResult.OVERFLOW,
    Status.KEY_TYPE: TokenResult.KEY_TYPE,
    Status.FORMAT: TokenResult.FORMAT,
    Status.RANGE: TokenResult.RANGE,
    Status.FUNCTION: TokenResult.FUNCTION,
    Status.OLD: ValidationResult.OLD,
    Status.USED: ValidationResult.USED,
    Status.KEY_EXPIRED: ValidationResult.KEY_EXPIRED,
    Status.DDTK: ValidationResult.DDTK,
    Status.CRC: AuthenticationResult.CRC_ERROR,
    Status.MFR_CODE: AuthenticationResult.MFR_CODE_ERROR,
    Status.LOCKED_OUT: "LockedOut",
    Status.NOT_READY: "NotReady",
}

STATUS_BY_NAME = {status.standard_name: status for status in Status}
"""Status of each result name that a scenario may expect."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A meter's answer to one entry.

    `token` is what the digits said, where they could be read; `reason` says in words why they were refused;
    `display` is what the meter shows, line by line.
    """

    status: Status
    token: Token | None = None
    reason: str = ""
    shown: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The decisive result's standard name."""
        return self.status.standard_name

    @property
    def display(self) -> tuple[str, ...]:
        """What the meter shows: a test's answer, or a word for the result (L)."""
        return self.shown or (result_word(self.name),)

    @property
    def authentication(self) -> AuthenticationResult | None:
        """CRCError, MfrCodeError, Authentic, or None where the meter did not get that far."""
        result = _RESULTS[self.status]
        if isinstance(result, AuthenticationResult):
            return result
        return None if self.token is None else AuthenticationResult.AUTHENTIC

    @property
    def validation(self) -> ValidationResult | None:
        """OldError and its like, Valid, or None where the token was not authentic."""
        result = _RESULTS[self.status]
        if isinstance(result, ValidationResult):
            return result
        return ValidationResult.VALID if self.authentication is AuthenticationResult.AUTHENTIC else None

    @property
    def token_result(self) -> TokenResult | None:
        """Accept and its like, or None where the token was not valid."""
        result = _RESULTS[self.status]
        return result if isinstance(result, TokenResult) else None

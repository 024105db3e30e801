"""Who is who: meters, supply groups, tariffs, keys (IEC 62055-41, identification; C unless said)."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from meter_sim.sts.errors import NotSupported, WrongCheckDigit, WrongIdentity
from meter_sim.sts.tid import BaseDate

GREATEST_KEN = 255
"""The key expiry number that never expires within a base date."""


class Encryption(StrEnum):
    """The algorithm (EA) that a meter was built with and keeps for its life."""

    EA07 = "07"
    EA11 = "11"

    @property
    def key_bits(self) -> int:
        """Length of the decoder key: 64 or 128 bits."""
        return 64 if self is Encryption.EA07 else 128


_REFUSED = {"09": "EA09 (DES) is deprecated; use 07 or 11"}


def encryption_named(code: str) -> Encryption:
    """The algorithm of a two-digit code, EA before it or not; raises NotSupported for 09 and unknown ones."""
    digits = code.removeprefix("EA")
    if digits in _REFUSED:
        raise NotSupported(_REFUSED[digits])
    try:
        return Encryption(digits)
    except ValueError:
        raise NotSupported(f"EA {code!r} does not exist; use 07 or 11") from None


class KeyType(IntEnum):
    """What a decoder key is for (KT)."""

    DITK = 0
    """Initialization key, in the meter before it gets its first."""
    DDTK = 1
    """Default key: management works, credit is refused."""
    DUTK = 2
    """Unique key, the ordinary one."""
    DCTK = 3
    """Common key, for magnetic cards only."""

    def may_become(self, child: "KeyType") -> bool:
        """Whether a key change may go from this key type to that one (L)."""
        return child in _CHILDREN[self]


_CHILDREN = {
    KeyType.DITK: (KeyType.DDTK, KeyType.DUTK, KeyType.DCTK),
    KeyType.DDTK: (KeyType.DDTK, KeyType.DUTK),
    KeyType.DUTK: (KeyType.DDTK, KeyType.DUTK),
    KeyType.DCTK: (KeyType.DDTK, KeyType.DCTK),
}


def luhn(digits: str) -> str:
    """The Luhn check digit (ISO/IEC 7812-1) that belongs behind a string of digits."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def digits_of(text: str, count: int, what: str) -> str:
    """The text, if it is exactly so many decimal digits; else WrongIdentity."""
    if len(text) != count or not (text.isascii() and text.isdecimal()):
        raise WrongIdentity(f"{what} {text!r} is not {count} decimal digits")
    return text


def _checked(text: str, what: str) -> str:
    right = luhn(text[:-1])
    if text[-1] != right:
        raise WrongCheckDigit(f"{what} {text} has the check digit {text[-1]}, it should end in {right}")
    return text


def drn(text: str) -> str:
    """A decoder reference number, checked: 11 digits (maker 2, serial 8, Luhn) or 13 (maker 4, serial 8, Luhn).

    Raises WrongIdentity for another length and WrongCheckDigit, naming the right digit.
    """
    if len(text) not in (11, 13):
        raise WrongIdentity(f"DRN {text!r} is not 11 or 13 decimal digits")
    return _checked(digits_of(text, len(text), "DRN"), "DRN")


def supply_group_code(text: str) -> str:
    """An SGC, checked: six decimal digits."""
    return digits_of(text, 6, "supply group code")


def tariff_index(text: str) -> str:
    """A TI, checked: two decimal digits."""
    return digits_of(text, 2, "tariff index")


def key_revision_number(number: int) -> int:
    """A KRN, checked: 1 to 9 (after 9 comes 1 again)."""
    if not 1 <= number <= 9:
        raise WrongIdentity(f"key revision number {number} is outside 1 to 9")
    return number


def key_expiry_number(number: int) -> int:
    """A KEN, checked: 0 to 255, compared with the upper eight bits of a TID."""
    if not 0 <= number <= GREATEST_KEN:
        raise WrongIdentity(f"key expiry number {number} is outside 0 to {GREATEST_KEN}")
    return number


def ken_expires(ken: int, tid: int) -> bool:
    """Whether a TID lies beyond what a KEN still allows: its bits 23..16 are above it."""
    return tid >> 16 > ken


@dataclass(frozen=True, slots=True)
class MeterPan:
    """A MeterPAN: 18 digits, the issuer (IIN), the meter (DRN) and a Luhn digit over the first 17.

    IIN 600727 goes with an 11-digit DRN, IIN 0000 with a 13-digit one. Raises WrongIdentity or WrongCheckDigit.
    """

    digits: str

    def __post_init__(self) -> None:
        text = digits_of(self.digits, 18, "MeterPAN")
        if not text.startswith(("600727", "0000")):
            raise WrongIdentity(f"MeterPAN {text} starts with neither 600727 (11-digit DRN) nor 0000 (13-digit DRN)")
        drn(self.drn)
        _checked(text, "MeterPAN")

    @property
    def iin(self) -> str:
        """The issuer identification number: 600727 or 0000."""
        return self.digits[:4] if self.digits.startswith("0000") else self.digits[:6]

    @property
    def drn(self) -> str:
        """The decoder reference number, 11 or 13 digits with its own check digit."""
        return self.digits[len(self.iin) : 17]

    @staticmethod
    def of(iin: str, drn_digits: str) -> "MeterPan":
        """The MeterPAN of an IIN and a DRN, with its check digit made."""
        body = iin + drn(drn_digits)
        return MeterPan(body + luhn(body))

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, slots=True)
class KeyIdentity:
    """What a decoder key is derived from, besides the vending key: the meter and its place in the key scheme."""

    pan: MeterPan
    supply_group: str
    tariff_index: str
    key_revision: int
    key_type: KeyType
    encryption: Encryption
    base_date: BaseDate

    def __post_init__(self) -> None:
        supply_group_code(self.supply_group)
        tariff_index(self.tariff_index)
        key_revision_number(self.key_revision)


KEYPAD = "02"
"""The token carrier type of a meter with a keypad."""


@dataclass(frozen=True, slots=True)
class IdRecord:
    """What a meter card says: 35 digits of PAN 18, expiry 4 (YYMM, 0000 none), TCT 2, EA 2, SGC 6, TI 2, KRN 1 (C/L).

    Raises WrongIdentity or WrongCheckDigit.
    """

    pan: MeterPan
    encryption: Encryption
    supply_group: str
    tariff_index: str
    key_revision: int
    expiry: str = "0000"
    token_carrier: str = KEYPAD

    def __post_init__(self) -> None:
        supply_group_code(self.supply_group)
        tariff_index(self.tariff_index)
        key_revision_number(self.key_revision)
        digits_of(self.token_carrier, 2, "token carrier type")
        month = int(digits_of(self.expiry, 4, "card expiry")[2:])
        if self.expiry != "0000" and not 1 <= month <= 12:
            raise WrongIdentity(f"card expiry {self.expiry} is neither YYMM nor 0000")

    @property
    def digits(self) -> str:
        """The record as 35 digits."""
        return (
            f"{self.pan}{self.expiry}{self.token_carrier}{self.encryption}"
            f"{self.supply_group}{self.tariff_index}{self.key_revision}"
        )

    @staticmethod
    def of(text: str) -> "IdRecord":
        """The record that 35 digits say. Raises WrongIdentity, WrongCheckDigit or, for its EA, NotSupported."""
        digits_of(text, 35, "IDRecord")
        return IdRecord(
            pan=MeterPan(text[:18]),
            expiry=text[18:22],
            token_carrier=text[22:24],
            encryption=encryption_named(text[24:26]),
            supply_group=text[26:32],
            tariff_index=text[32:34],
            key_revision=int(text[34]),
        )

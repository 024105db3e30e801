"""Tokens: what a token says <-> 64-bit data block <-> 20 digits (IEC 62055-41; C unless said).

A token has 66 bits: two class bits and a block of subclass (4), content (44) and CRC (16). Blocks of class 0 and 2
travel enciphered (`cipher.py`), class 1 in the clear. Printed, the 66 bits are an unsigned decimal of 20 digits.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from meter_sim.sts import amount
from meter_sim.sts.crc import crc, crc_c
from meter_sim.sts.errors import FieldOutOfRange
from meter_sim.sts.identity import KeyType

DIGITS = 20
_BLOCK = (1 << 64) - 1
_CLASS_PLACE = 27  # block bits 28 and 27 make room for the class bits


class Service(IntEnum):
    """What a class 0 token credits; the value is its subclass. Amounts are tenths of the unit."""

    ELECTRICITY = 0
    WATER = 1
    GAS = 2
    TIME = 3

    @property
    def unit(self) -> str:
        """kWh, m3 or min."""
        return ("kWh", "m3", "m3", "min")[self.value]


class Management(IntEnum):
    """What a class 2 token with a TID does; the value is its subclass."""

    SET_MAXIMUM_POWER_LIMIT = 0
    CLEAR_CREDIT = 1
    SET_TARIFF_RATE = 2
    CLEAR_TAMPER_CONDITION = 5
    SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT = 6
    SET_WATER_METER_FACTOR = 7

    @property
    def standard_name(self) -> str:
        """The name as the standard writes it, such as SetMaximumPowerLimit."""
        return "".join(word.capitalize() for word in self.name.split("_"))


def _fits(value: int, bits: int, what: str) -> int:
    if not 0 <= value < 1 << bits:
        raise FieldOutOfRange(f"{what} {value} is outside 0 to {(1 << bits) - 1}")
    return value


@dataclass(frozen=True, slots=True)
class CreditToken:
    """Class 0, subclass 0 to 3: an amount for one service."""

    token_class: ClassVar[int] = 0
    service: Service
    rnd: int
    tid: int
    amount_code: int

    @property
    def tenths(self) -> int:
        """What the meter credits, in tenths of the service's unit."""
        return amount.decode(self.amount_code)

    @property
    def subclass(self) -> int:
        """The four bits behind the class."""
        return self.service.value

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        return _rnd_tid_data(self.rnd, self.tid, self.amount_code)


@dataclass(frozen=True, slots=True)
class MeterTestToken:
    """Class 1: asks the meter to test or display something; bit n-1 of `control` asks for test n.

    Subclass 0 has 36 control bits and an 8-bit maker code, subclass 1 has 28 and 16.
    """

    token_class: ClassVar[int] = 1
    subclass: int
    control: int
    manufacturer: int = 0

    @property
    def control_bits(self) -> int:
        """How many control bits this form has."""
        return 36 if self.subclass == 0 else 28

    @property
    def tests(self) -> tuple[int, ...]:
        """The numbers of the tests asked for; all bits set is test 0, everything."""
        if self.control == (1 << self.control_bits) - 1:
            return (0,)
        return tuple(bit + 1 for bit in range(self.control_bits) if self.control >> bit & 1)

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        bits = self.control_bits
        return _fits(self.control, bits, "control") << 44 - bits | _fits(
            self.manufacturer, 44 - bits, "manufacturer code"
        )


@dataclass(frozen=True, slots=True)
class ManagementToken:
    """Class 2, subclass 0, 1, 2, 5, 6 or 7: a command with a TID and 16 bits of data."""

    token_class: ClassVar[int] = 2
    command: Management
    rnd: int
    tid: int
    data: int

    @property
    def subclass(self) -> int:
        """The four bits behind the class."""
        return self.command.value

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        return _rnd_tid_data(self.rnd, self.tid, self.data)


@dataclass(frozen=True, slots=True)
class FirstSection:
    """Class 2, subclass 3, Set1stSectionDecoderKey: the upper half of a new 64-bit key and what goes with it."""

    token_class: ClassVar[int] = 2
    subclass: ClassVar[int] = 3
    ken_high: int
    key_revision: int
    rollover: bool
    three_sections: bool
    key_type: KeyType
    key_word: int

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        return (
            _fits(self.ken_high, 4, "KENHO") << 40
            | _fits(self.key_revision, 4, "KRN") << 36
            | self.rollover << 35
            | self.three_sections << 34
            | self.key_type.value << 32
            | _fits(self.key_word, 32, "key word")
        )


@dataclass(frozen=True, slots=True)
class SecondSection:
    """Class 2, subclass 4, Set2ndSectionDecoderKey: the lower half of a new 64-bit key and the tariff index."""

    token_class: ClassVar[int] = 2
    subclass: ClassVar[int] = 4
    ken_low: int
    tariff_index: int
    key_word: int

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        return (
            _fits(self.ken_low, 4, "KENLO") << 40
            | _fits(self.tariff_index, 8, "TI") << 32
            | _fits(self.key_word, 32, "key word")
        )


@dataclass(frozen=True, slots=True)
class OtherToken:
    """A token whose checksum is right but whose kind is reserved, proprietary or not decoded here."""

    token_class: int
    subclass: int
    content: int


_TID_BEARERS = {(0, 4), (0, 5), (0, 6), (0, 7), (2, 10)}
"""Kinds that are not decoded here but are known to carry a TID: currency credit and the extended class 2 token (C)."""

Token = CreditToken | MeterTestToken | ManagementToken | FirstSection | SecondSection | OtherToken


def tid_of(token: Token) -> int | None:
    """The TID that a token carries; None for kinds that carry none."""
    if isinstance(token, CreditToken | ManagementToken):
        return token.tid
    has_one = isinstance(token, OtherToken) and (token.token_class, token.subclass) in _TID_BEARERS
    return token.content >> 16 & 0xFFFFFF if has_one else None


def _rnd_tid_data(rnd: int, tid: int, data: int) -> int:
    return _fits(rnd, 4, "RND") << 40 | _fits(tid, 24, "TID") << 16 | _fits(data, 16, "data")


def _checksum(token_class: int, subclass: int, content: int) -> int:
    bits50 = token_class << 48 | subclass << 44 | content
    return crc_c(bits50) if token_class == 0 and 4 <= subclass <= 7 else crc(bits50)


def block_of(token: Token) -> int:
    """The 64-bit data block of a token, in the clear, with its CRC. Raises FieldOutOfRange."""
    content = token.content
    return token.subclass << 60 | content << 16 | _checksum(token.token_class, token.subclass, content)


def token_of(token_class: int, block: int) -> Token | None:
    """What a deciphered block says, or None if its checksum is wrong (CRCError)."""
    subclass, content = block >> 60, block >> 16 & (1 << 44) - 1
    if block & 0xFFFF != _checksum(token_class, subclass, content):
        return None
    return _READERS.get((token_class, subclass), OtherToken)(token_class, subclass, content)


def _credit(_: int, subclass: int, content: int) -> Token:
    return CreditToken(Service(subclass), content >> 40, content >> 16 & 0xFFFFFF, content & 0xFFFF)


def _meter_test(_: int, subclass: int, content: int) -> Token:
    maker_bits = 8 if subclass == 0 else 16
    return MeterTestToken(subclass, content >> maker_bits, content & (1 << maker_bits) - 1)


def _management(_: int, subclass: int, content: int) -> Token:
    return ManagementToken(Management(subclass), content >> 40, content >> 16 & 0xFFFFFF, content & 0xFFFF)


def _first_section(_: int, __: int, content: int) -> Token:
    return FirstSection(
        ken_high=content >> 40,
        key_revision=content >> 36 & 15,
        rollover=bool(content >> 35 & 1),
        three_sections=bool(content >> 34 & 1),
        key_type=KeyType(content >> 32 & 3),
        key_word=content & 0xFFFFFFFF,
    )


def _second_section(_: int, __: int, content: int) -> Token:
    return SecondSection(content >> 40, content >> 32 & 0xFF, content & 0xFFFFFFFF)


_READERS = (
    {(0, service.value): _credit for service in Service}
    | {(1, subclass): _meter_test for subclass in (0, 1)}
    | {(2, command.value): _management for command in Management}
    | {(2, 3): _first_section, (2, 4): _second_section}
)


def join_class(token_class: int, block: int) -> int:
    """The 66-bit number of a class and a block: bits 28 and 27 go to 65 and 64, the class takes their places."""
    displaced = block >> _CLASS_PLACE & 3
    return displaced << 64 | block & ~(3 << _CLASS_PLACE) & _BLOCK | token_class << _CLASS_PLACE


def split_class(number: int) -> tuple[int, int]:
    """Class and block of a 66-bit number; the inverse of join_class."""
    block = number & ~(3 << _CLASS_PLACE) & _BLOCK | (number >> 64) << _CLASS_PLACE
    return number >> _CLASS_PLACE & 3, block


def digits_of(number: int) -> str:
    """The 20 digits that are printed for a 66-bit number."""
    return f"{number:0{DIGITS}d}"


def number_of(text: str) -> int | None:
    """The 66-bit number of 20 digits; None (FormatError) for any other text and for 2^66 and above."""
    if len(text) != DIGITS or not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number < 1 << 66 else None


def grouped(text: str) -> str:
    """Digits in groups of four, as they are printed on a slip."""
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))

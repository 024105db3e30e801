"""Tokens: what a token says <-> 64-bit data block <-> 20 digits (IEC 62055-41; C unless said).

A token has 66 bits: two class bits and a block of subclass (4), content (44) and CRC (16). Blocks of class 0 and 2
travel enciphered (`cipher.py`), class 1 in the clear. Printed, the 66 bits are an unsigned decimal of 20 digits.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import ClassVar

from meter_sim.sts import amount
from meter_sim.sts.crc import crc, crc_c
from meter_sim.sts.errors import FieldOutOfRange
from meter_sim.sts.identity import Encryption, KeyType

DIGITS = 20
_BLOCK = (1 << 64) - 1
_CLASS_PLACE = 27  # block bits 28 and 27 make room for the class bits


class Service(IntEnum):
    """What a class 0 token credits; the value is its subclass.

    Amounts are tenths of the unit, for the four in currency 1e-5 of the base currency.
    """

    ELECTRICITY = 0
    WATER = 1
    GAS = 2
    TIME = 3
    ELECTRICITY_CURRENCY = 4
    WATER_CURRENCY = 5
    GAS_CURRENCY = 6
    TIME_CURRENCY = 7

    @property
    def in_currency(self) -> bool:
        """Whether it is bought as money (subclass 4 to 7)."""
        return self >= Service.ELECTRICITY_CURRENCY

    @property
    def unit(self) -> str:
        """kWh, m3, min or currency."""
        return "currency" if self.in_currency else ("kWh", "m3", "m3", "min")[self.value]

    @property
    def words(self) -> str:
        """The name as people write it, such as `electricity in currency`."""
        return self.name.lower().replace("_", " in ")


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
        if self.service.in_currency:
            raise FieldOutOfRange(f"{self.service.words} is credited by a currency token")
        return _rnd_tid_data(self.rnd, self.tid, self.amount_code)


@dataclass(frozen=True, slots=True)
class CurrencyToken:
    """Class 0, subclass 4 to 7 (Ed. 3): an amount of money for one service; it has no RND and a checksum of its own.

    `amount_code` has 20 bits; the upper four, sign and exponent, stand where other credit tokens have their RND.
    """

    token_class: ClassVar[int] = 0
    service: Service
    tid: int
    amount_code: int

    @property
    def units(self) -> int:
        """What the meter credits, in 1e-5 of the base currency; may be negative."""
        return amount.decode_currency(self.amount_code)

    @property
    def subclass(self) -> int:
        """The four bits behind the class."""
        return self.service.value

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        if not self.service.in_currency:
            raise FieldOutOfRange(f"{self.service.words} is not credited by a currency token")
        code = _fits(self.amount_code, 20, "amount code")
        return _rnd_tid_data(code >> 16, self.tid, code & 0xFFFF)


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


def meter_test(number: int, manufacturer: int = 0) -> MeterTestToken:
    """The token that asks for one test, or for all of them (0).

    A maker code above 255 takes the form with 28 control bits. Raises FieldOutOfRange for a test beyond those bits.
    """
    form = MeterTestToken(0 if manufacturer <= 0xFF else 1, 0, manufacturer)
    if not 0 <= number <= form.control_bits:
        raise FieldOutOfRange(f"test {number} is outside 0 to {form.control_bits}")
    return replace(form, control=1 << number - 1 if number else (1 << form.control_bits) - 1)


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
class ExtendedToken:
    """Class 2, subclass 10: one of 64 further functions with ten bits of data, and a TID."""

    token_class: ClassVar[int] = 2
    subclass: ClassVar[int] = 10
    rnd: int
    tid: int
    index: int
    value: int

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        data = _fits(self.index, 6, "index") << 10 | _fits(self.value, 10, "value")
        return _rnd_tid_data(self.rnd, self.tid, data)


@dataclass(frozen=True, slots=True)
class FirstSection:
    """Class 2, subclass 3, Set1stSectionDecoderKey: the most significant word of a new key and what goes with it."""

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
    """Class 2, subclass 4, Set2ndSectionDecoderKey: the least significant word of a new key and the tariff index."""

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
class SupplyGroupSection:
    """Class 2, subclass 8 for a 64-bit key, the third of three: the supply group that goes with the new key.

    `pad` is zero in a token that was made by the rules.
    """

    token_class: ClassVar[int] = 2
    subclass: ClassVar[int] = 8
    supply_group: int
    pad: int = 0

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        return _fits(self.supply_group, 24, "SGC") << 20 | _fits(self.pad, 20, "pad")


@dataclass(frozen=True, slots=True)
class ThirdSection:
    """Class 2, subclass 8 for a 128-bit key, Set3rdSectionDecoderKey: its second word, and the SGC's lower half."""

    token_class: ClassVar[int] = 2
    subclass: ClassVar[int] = 8
    supply_group_low: int
    key_word: int

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        return _fits(self.supply_group_low, 12, "SGC, lower half") << 32 | _fits(self.key_word, 32, "key word")


@dataclass(frozen=True, slots=True)
class FourthSection:
    """Class 2, subclass 9 for a 128-bit key, Set4thSectionDecoderKey: its third word, and the SGC's upper half."""

    token_class: ClassVar[int] = 2
    subclass: ClassVar[int] = 9
    supply_group_high: int
    key_word: int

    @property
    def content(self) -> int:
        """The 44 bits behind the subclass. Raises FieldOutOfRange."""
        return _fits(self.supply_group_high, 12, "SGC, upper half") << 32 | _fits(self.key_word, 32, "key word")


@dataclass(frozen=True, slots=True)
class OtherToken:
    """A token whose checksum is right but whose kind is reserved or proprietary."""

    token_class: int
    subclass: int
    content: int


TidToken = CreditToken | CurrencyToken | ManagementToken | ExtendedToken
"""Tokens that carry a TID and work once."""
KeyChangeSection = FirstSection | SecondSection | SupplyGroupSection | ThirdSection | FourthSection
"""Tokens of a key change; they carry neither TID nor RND."""
Token = TidToken | MeterTestToken | KeyChangeSection | OtherToken


def tid_of(token: Token) -> int | None:
    """The TID that a token carries; None for kinds that carry none."""
    return token.tid if isinstance(token, TidToken) else None


def _rnd_tid_data(rnd: int, tid: int, data: int) -> int:
    return _fits(rnd, 4, "RND") << 40 | _fits(tid, 24, "TID") << 16 | _fits(data, 16, "data")


def _checksum(token_class: int, subclass: int, content: int) -> int:
    bits50 = token_class << 48 | subclass << 44 | content
    return crc_c(bits50) if token_class == 0 and 4 <= subclass <= 7 else crc(bits50)


def block_of(token: Token) -> int:
    """The 64-bit data block of a token, in the clear, with its CRC. Raises FieldOutOfRange."""
    content = token.content
    return token.subclass << 60 | content << 16 | _checksum(token.token_class, token.subclass, content)


def checksums(token_class: int, block: int) -> tuple[int, int]:
    """The checksum that a deciphered block carries, and the one that its content asks for."""
    return block & 0xFFFF, _checksum(token_class, block >> 60, block >> 16 & (1 << 44) - 1)


def token_of(token_class: int, block: int, encryption: Encryption = Encryption.EA07) -> Token | None:
    """What a deciphered block says, or None if its checksum is wrong (CRCError).

    The algorithm matters for the third and fourth section of a key change only, which differ with the key's length.
    """
    subclass, content = block >> 60, block >> 16 & (1 << 44) - 1
    found, reckoned = checksums(token_class, block)
    if found != reckoned:
        return None
    readers = _READERS if encryption.key_bits == 64 else _READERS_128
    return readers.get((token_class, subclass), OtherToken)(token_class, subclass, content)


def _credit(_: int, subclass: int, content: int) -> Token:
    return CreditToken(Service(subclass), content >> 40, content >> 16 & 0xFFFFFF, content & 0xFFFF)


def _currency(_: int, subclass: int, content: int) -> Token:
    return CurrencyToken(Service(subclass), content >> 16 & 0xFFFFFF, content >> 40 << 16 | content & 0xFFFF)


def _extended(_: int, __: int, content: int) -> Token:
    return ExtendedToken(content >> 40, content >> 16 & 0xFFFFFF, content >> 10 & 63, content & 1023)


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


def _supply_group_section(_: int, __: int, content: int) -> Token:
    return SupplyGroupSection(content >> 20, content & 0xFFFFF)


def _third_section(_: int, __: int, content: int) -> Token:
    return ThirdSection(content >> 32, content & 0xFFFFFFFF)


def _fourth_section(_: int, __: int, content: int) -> Token:
    return FourthSection(content >> 32, content & 0xFFFFFFFF)


_READERS = (
    {(0, service.value): _currency if service.in_currency else _credit for service in Service}
    | {(1, subclass): _meter_test for subclass in (0, 1)}
    | {(2, command.value): _management for command in Management}
    | {(2, 3): _first_section, (2, 4): _second_section, (2, 8): _supply_group_section, (2, 10): _extended}
)
_READERS_128 = _READERS | {(2, 8): _third_section, (2, 9): _fourth_section}


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

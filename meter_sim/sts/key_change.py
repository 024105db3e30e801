"""A new decoder key, split into key change token sections and joined again (IEC 62055-41; C).

Sections carry neither TID nor RND: the same change under the same parent key always gives the same digits. A 64-bit
key comes in two sections, or in three where the supply group goes with it; a 128-bit key always comes in four.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.errors import WrongIdentity
from meter_sim.sts.identity import (
    Encryption,
    KeyType,
    key_expiry_number,
    key_revision_number,
    supply_group_code,
    tariff_index,
)
from meter_sim.sts.token import (
    FirstSection,
    FourthSection,
    KeyChangeSection,
    SecondSection,
    SupplyGroupSection,
    ThirdSection,
)

_WORD = (1 << 32) - 1

PRINTED = (3, 4, 8, 9)
"""Subclasses of the sections in the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a complete set of sections puts into a meter's key register.

    `supply_group` is None where a set of two sections leaves the meter's own as it is.
    """

    key: DecoderKey
    key_type: KeyType
    key_revision: int
    tariff_index: str
    key_expiry: int
    rollover: bool
    supply_group: str | None = None


def split(new: NewKey) -> tuple[KeyChangeSection, ...]:
    """The sections of a key change in the order in which they are printed: subclass 3, 4, then 8 and 9.

    A 64-bit key with a supply group makes three sections, with the bit 3KCT set, without one two.

    Raises WrongIdentity for a KEN, KRN, TI or SGC of the wrong form and for a 128-bit key without a supply group.
    """
    long = new.key.encryption.key_bits == 128
    if long and new.supply_group is None:
        raise WrongIdentity("the four sections of a 128-bit key carry the supply group, which is missing")
    ken = key_expiry_number(new.key_expiry)
    words = [new.key.value >> shift & _WORD for shift in range(new.key.encryption.key_bits - 32, -1, -32)]
    first = FirstSection(
        ken_high=ken >> 4,
        key_revision=key_revision_number(new.key_revision),
        rollover=new.rollover,
        three_sections=not long and new.supply_group is not None,
        key_type=new.key_type,
        key_word=words[0],
    )
    second = SecondSection(ken & 15, int(tariff_index(new.tariff_index)), words[-1])
    if new.supply_group is None:
        return first, second
    group = int(supply_group_code(new.supply_group))
    if not long:
        return first, second, SupplyGroupSection(group)
    return first, second, ThirdSection(group & 0xFFF, words[1]), FourthSection(group >> 12, words[2])


def needed(first: FirstSection, encryption: Encryption, *, takes_three: bool) -> tuple[int, ...]:
    """Subclasses of the sections that complete a change, as its first section tells a meter.

    `takes_three` says whether a meter with a 64-bit key knows the set of three; one that does not is satisfied with
    two, whatever the first section says (G).
    """
    if encryption.key_bits == 128:
        return PRINTED
    return PRINTED[:3] if first.three_sections and takes_three else PRINTED[:2]


def supply_group_of(sections: Iterable[KeyChangeSection]) -> int | None:
    """The supply group that sections carry together, as a number of 24 bits; None where they carry none or half."""
    by_subclass = {section.subclass: section for section in sections}
    third, fourth = by_subclass.get(8), by_subclass.get(9)
    if isinstance(third, SupplyGroupSection):
        return third.supply_group
    if isinstance(third, ThirdSection) and isinstance(fourth, FourthSection):
        return fourth.supply_group_high << 12 | third.supply_group_low
    return None


def join(sections: Iterable[KeyChangeSection]) -> NewKey:
    """The key that a complete set of sections makes, in whatever order, and whichever change each was made for.

    There is no set identifier: sections of two changes under one parent key join unnoticed (L).

    Raises ValueError if the set is not complete.
    """
    sections = tuple(sections)
    by_subclass = {section.subclass: section for section in sections}
    first, second = by_subclass.get(3), by_subclass.get(4)
    if not isinstance(first, FirstSection) or not isinstance(second, SecondSection):
        raise ValueError("a key change needs its first and its second section")
    third, fourth = by_subclass.get(8), by_subclass.get(9)
    value = first.key_word << 32 | second.key_word
    encryption = Encryption.EA07
    if isinstance(third, ThirdSection) and isinstance(fourth, FourthSection):
        encryption = Encryption.EA11
        value = first.key_word << 96 | third.key_word << 64 | fourth.key_word << 32 | second.key_word
    elif isinstance(third, ThirdSection) or isinstance(fourth, FourthSection):
        raise ValueError("a key change of 128 bits needs all four sections")
    group = supply_group_of(sections)
    return NewKey(
        key=DecoderKey(encryption, value),
        key_type=first.key_type,
        key_revision=first.key_revision,
        tariff_index=f"{second.tariff_index:02d}",
        key_expiry=first.ken_high << 4 | second.ken_low,
        rollover=first.rollover,
        supply_group=None if group is None else f"{group:06d}",
    )

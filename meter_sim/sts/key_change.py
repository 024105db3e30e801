"""A new decoder key, split into key change token sections and joined again (IEC 62055-41; C).

Sections carry neither TID nor RND: the same change under the same parent key always gives the same digits.
Sets of three and four sections belong here as further tuple shapes.
"""

from dataclasses import dataclass

from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.errors import NotSupported
from meter_sim.sts.identity import Encryption, KeyType, key_expiry_number, key_revision_number, tariff_index
from meter_sim.sts.token import FirstSection, SecondSection

KeyChangeSection = FirstSection | SecondSection


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a complete set of sections puts into a meter's key register."""

    key: DecoderKey
    key_type: KeyType
    key_revision: int
    tariff_index: str
    key_expiry: int
    rollover: bool


def split(new: NewKey) -> tuple[KeyChangeSection, ...]:
    """The sections of a key change in the order in which they are printed.

    Raises NotSupported for keys that need four sections.
    """
    if new.key.encryption is not Encryption.EA07:
        raise NotSupported(f"key changes for EA{new.key.encryption} are not built yet; use EA07")
    ken = key_expiry_number(new.key_expiry)
    first = FirstSection(
        ken_high=ken >> 4,
        key_revision=key_revision_number(new.key_revision),
        rollover=new.rollover,
        three_sections=False,
        key_type=new.key_type,
        key_word=new.key.value >> 32,
    )
    second = SecondSection(ken & 15, int(tariff_index(new.tariff_index)), new.key.value & 0xFFFFFFFF)
    return first, second


def join(first: FirstSection, second: SecondSection) -> NewKey:
    """The key that two sections make together, whichever change each was made for.

    There is no set identifier: sections of two changes under one parent key join unnoticed (L).
    """
    return NewKey(
        key=DecoderKey(Encryption.EA07, first.key_word << 32 | second.key_word),
        key_type=first.key_type,
        key_revision=first.key_revision,
        tariff_index=f"{second.tariff_index:02d}",
        key_expiry=first.ken_high << 4 | second.ken_low,
        rollover=first.rollover,
    )

"""Vending keys: one per supply group and key revision, with the dates between which it may issue.

For rehearsal and tests with test keys only. A key's value does not show in reprs, errors or results.
"""

from dataclasses import dataclass, field

from meter_sim.sts.dkga import Dkga
from meter_sim.sts.errors import WrongIdentity
from meter_sim.sts.identity import GREATEST_KEN, KeyType, key_expiry_number, key_revision_number, supply_group_code
from meter_sim.sts.tid import BaseDate

# Values for tests that anybody may know: `old` are those of the published conformance suites (STS 531-1).
_TEST_KEYS = {
    "test:old": {Dkga.DKGA02: "ab" * 8, Dkga.DKGA04: "ab" * 8 + "94" * 8 + "01234567"},
    "test:new": {Dkga.DKGA02: "94" * 8, Dkga.DKGA04: "c3" * 8 + "6d" * 8 + "89abcdef"},
}

TEST_KEY_NAMES = tuple(_TEST_KEYS)
"""The built-in test keys, which have a value for each algorithm."""


def vending_key_value(text: str, dkga: Dkga) -> bytes:
    """The value of a vending key given as `test:old`, `test:new` or in hex.

    Raises WrongIdentity, without repeating the text, if it is neither.
    """
    if text in _TEST_KEYS:
        return bytes.fromhex(_TEST_KEYS[text][dkga])
    digits = 2 * dkga.vending_key_bytes
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != dkga.vending_key_bytes or len(text) != digits:
        names = " or ".join(TEST_KEY_NAMES)
        raise WrongIdentity(f"the vending key is neither {names} nor {digits} hex digits, as DKGA{dkga} needs")
    return value


@dataclass(frozen=True, slots=True)
class VendingKey:
    """A vending key and its attributes; SGC and KRN name it (C).

    `active_from` and `issue_until` are instants in seconds (UTC) or None for no bound. The key issues from the second
    `active_from` on, and until the minute of `issue_until` is over (G), so that the last minute of a base date can be
    sold up to its end. Key changes away from this key are issued until the minute of `key_change_until` is over, also
    when the key itself issues no more.
    """

    supply_group: str
    key_revision: int
    base_date: BaseDate
    dkga: Dkga
    value: bytes = field(repr=False)
    key_type: KeyType = KeyType.DUTK
    key_expiry: int = GREATEST_KEN
    active_from: int | None = None
    issue_until: int | None = None
    key_change_until: int | None = None

    def __post_init__(self) -> None:
        supply_group_code(self.supply_group)
        key_revision_number(self.key_revision)
        key_expiry_number(self.key_expiry)
        if len(self.value) != self.dkga.vending_key_bytes:
            raise WrongIdentity(f"a vending key for DKGA{self.dkga} has {self.dkga.vending_key_bytes} bytes")

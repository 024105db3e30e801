"""Chance that belongs to a connection and a purpose.

A draw is a pure function of seed, purpose, connection and count, so nothing that is added or left out elsewhere
shifts it. The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3;
SC11), checked in the tests against its published known answers.
"""

from enum import IntEnum
from functools import cache

_WORD = 0xFFFFFFFF
_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10

Words = tuple[int, int, int, int]


class Purpose(IntEnum):
    """What a draw is for. A number is never given out twice."""

    LOAD_DAY = 1
    TOKEN_RND = 2
    PURCHASE_AMOUNT = 3
    ENTRY_DELAY = 4
    PURCHASE_INTERVAL = 5
    FIRST_PURCHASE = 6
    HOUSEHOLD = 7
    """What a household is; the count says which trait (`Trait`)."""
    SPARE = 8
    SPARE_KEPT = 9
    WRONG_DIGIT = 10
    WHICH_DIGIT = 11
    MANNER = 12
    TROUBLE = 13
    COME_BACK = 14
    CAMPAIGN = 15
    CAMPAIGN_TIME = 16
    REACHED = 17
    ACCESS = 18
    CALLS_BACK = 19
    PAYDAY_TIME = 20
    DESK_SERVICE = 21
    DESK_ARRIVAL = 22
    BEHAVIOUR = 23
    SAMPLE = 24


class Trait(IntEnum):
    """What is drawn of a household: the count of a HOUSEHOLD draw. A number is never given out twice."""

    LOAD = 0
    """The load profile."""
    MODEL = 1
    """The meter's model."""
    CUSTOMER = 2
    """The kind of customer."""
    CANNOT_CHANGE = 3
    """Whether the meter takes no key change."""
    USE = 4
    """The home's share of its profile's mean."""
    CREDIT = 5
    """What is left in the register; with sub-count 1 the amount of the latest purchase."""
    TID = 6
    """The place of the latest purchase before the start."""
    DRAWER = 7
    """Whether a token lies in a drawer."""
    DRAWER_BOUGHT = 8
    """How long before the start that token was bought."""
    DRAWER_ENTERED = 9
    """How long after the start it is entered."""
    DRAWER_AMOUNT = 10
    """Its amount."""
    REGISTER = 11
    """What is wrong in the vending side's register."""
    MANUFACTURED = 12
    """When the meter was made."""


def philox4x32(counter: Words, key: tuple[int, int]) -> Words:
    """Four 32-bit words from a counter of four and a key of two (Philox4x32-10)."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & _WORD, p0 >> 32 ^ c3 ^ k1, p0 & _WORD
        k0, k1 = k0 + _W0 & _WORD, k1 + _W1 & _WORD
    return c0, c1, c2, c3


@cache
def _round_keys(seed: int) -> tuple[tuple[int, int], ...]:
    """The two key words of each round."""
    low, high = seed & _WORD, seed >> 32
    return tuple((low + number * _W0 & _WORD, high + number * _W1 & _WORD) for number in range(_ROUNDS))


def draw(seed: int, purpose: Purpose, connection: int, count: int, sub: int = 0) -> int:
    """The 32-bit draw of a connection for a purpose; `seed` has 64 bits, the others 32 each.

    It is the first word that `philox4x32` gives for (count, sub, purpose, connection) under the seed's two words.
    """
    c0, c1, c2, c3 = count & _WORD, sub, int(purpose), connection
    for k0, k1 in _round_keys(seed):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & 0xFFFFFFFF, p0 >> 32 ^ c3 ^ k1, p0 & 0xFFFFFFFF
    return c0

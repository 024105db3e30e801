"""EA07, the standard transfer algorithm (STA): a 64-bit block under a 64-bit key (IEC 62055-41; C).

Blocks and keys are unsigned integers, bit 0 the least significant. Sixteen rounds substitute each nibble by one of
two boxes that a key bit picks, move the bits by a permutation and rotate the key. The tables stand here and nowhere
else. A round is done a byte at a time: substitution and permutation of one byte, for each choice of its two boxes,
are one look-up.
"""

from functools import lru_cache

S1 = (14, 10, 7, 9, 12, 3, 2, 5, 13, 0, 15, 1, 4, 8, 6, 11)
S2 = (12, 8, 2, 13, 7, 6, 1, 3, 11, 5, 9, 15, 0, 4, 10, 14)
P = (
    55, 42, 10, 18, 24, 21, 44, 35, 2, 22, 56, 43, 27, 58, 9, 50,
    6, 36, 12, 61, 37, 38, 53, 16, 62, 3, 7, 4, 32, 20, 63, 25,
    51, 52, 54, 33, 49, 19, 46, 29, 48, 31, 23, 30, 41, 28, 13, 5,
    40, 60, 39, 11, 15, 17, 1, 0, 57, 34, 59, 8, 47, 14, 45, 26,
)  # fmt: skip
"""Bit b of the substituted block moves to place P[b]."""

_ROUNDS = 16
_MASK = (1 << 64) - 1

Table = tuple[int, ...]
Round = tuple[Table, Table, Table, Table, Table, Table, Table, Table]


def _inverse(table: Table) -> Table:
    back = [0] * len(table)
    for place, value in enumerate(table):
        back[value] = place
    return tuple(back)


def _moved(nibble: int, first_bit: int, permutation: Table) -> int:
    return sum((nibble >> bit & 1) << permutation[first_bit + bit] for bit in range(4))


def _byte_tables(boxes: tuple[Table, Table], permutation: Table) -> tuple[tuple[Table, ...], ...]:
    """For each byte of the block and each choice of boxes (high nibble's choice in bit 1): its 256 results."""

    def table(place: int, choice: int) -> Table:
        low = [_moved(boxes[choice & 1][nibble], 8 * place, permutation) for nibble in range(16)]
        high = [_moved(boxes[choice >> 1][nibble], 8 * place + 4, permutation) for nibble in range(16)]
        return tuple(above | below for above in high for below in low)

    return tuple(tuple(table(place, choice) for choice in range(4)) for place in range(8))


_NIBBLES = tuple(range(16))
_SAME = tuple(range(64))
INVERSE_BOXES = (_inverse(S2), _inverse(S1))
"""The boxes of deciphering, for key bit 0 and 1."""
INVERSE_P = _inverse(P)
FORTH = _byte_tables((S1, S2), P)
"""Substitution and permutation of each byte of the block, for each choice of its two boxes."""
BACK = _byte_tables(INVERSE_BOXES, INVERSE_P)
"""Inverse substitution, and the inverse permutation of the round that follows it."""
BACK_LAST = _byte_tables(INVERSE_BOXES, _SAME)
"""Inverse substitution alone, of the last round."""
UNMOVE: Round = tuple(table[0] for table in _byte_tables((_NIBBLES, _NIBBLES), INVERSE_P))  # type: ignore[assignment]
"""The inverse permutation alone, of the first round."""


def _rotated_right(value: int, places: int) -> int:
    return (value >> places | value << 64 - places) & _MASK


Keyed = tuple[tuple[Table, ...], ...]


def _keyed(bit: int, tables: tuple[tuple[Table, ...], ...]) -> Keyed:
    """For each byte of the block and each value of the key byte beside it: the table that the key picks.

    Key bit 4n + bit picks the box of nibble n.
    """
    return tuple(
        tuple(place[(byte >> bit & 1) | (byte >> 4 + bit & 1) << 1] for byte in range(256)) for place in tables
    )


_FORTH_KEYED = _keyed(3, FORTH)
_BACK_KEYED = _keyed(0, BACK)
_BACK_LAST_KEYED = _keyed(0, BACK_LAST)


def _choices(key: int, keyed: Keyed) -> Round:
    """The tables of one round."""
    a, b, c, d, e, f, g, h = keyed
    k = key.to_bytes(8, "little")
    return a[k[0]], b[k[1]], c[k[2]], d[k[3]], e[k[4]], f[k[5]], g[k[6]], h[k[7]]


@lru_cache(maxsize=4096)
def _forth(key: int) -> tuple[Round, ...]:
    state = _rotated_right(~key & _MASK, 12)
    rounds = []
    for _ in range(_ROUNDS):
        rounds.append(_choices(state, _FORTH_KEYED))
        state = _rotated_right(state, 63)
    return tuple(rounds)


@lru_cache(maxsize=4096)
def _back(key: int) -> tuple[Round, ...]:
    # A round is "move back, substitute back"; each round's substitution is joined with the next round's move.
    state = key
    rounds = [UNMOVE]
    for number in range(_ROUNDS):
        rounds.append(_choices(state, _BACK_KEYED if number < _ROUNDS - 1 else _BACK_LAST_KEYED))
        state = _rotated_right(state, 1)
    return tuple(rounds)


def _run(block: int, rounds: tuple[Round, ...]) -> int:
    for a, b, c, d, e, f, g, h in rounds:
        block = (
            a[block & 255]
            | b[block >> 8 & 255]
            | c[block >> 16 & 255]
            | d[block >> 24 & 255]
            | e[block >> 32 & 255]
            | f[block >> 40 & 255]
            | g[block >> 48 & 255]
            | h[block >> 56]
        )
    return block


def encrypt(block: int, key: int) -> int:
    """The 64-bit block enciphered under a 64-bit key."""
    return _run(block, _forth(key))


def decrypt(block: int, key: int) -> int:
    """The 64-bit block deciphered under a 64-bit key; the inverse of encrypt."""
    return _run(block, _back(key))

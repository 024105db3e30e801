"""The two checksums of a token, byte by byte independently.

Both are linear over GF(2) but for a constant: the checksum of 50 bits is the exclusive or of what each byte
contributes alone. The contributions are made by the scalar `crc.py`, which holds the rule.
"""

from collections.abc import Callable

import numpy as np
from numpy import uint8, uint16, uint64
from numpy.typing import NDArray

from meter_sim.sts import crc as scalar
from meter_sim.sts.compiled.jit import compiled

_BYTES = 7


def _contributions(checksum: Callable[[int], int]) -> NDArray[uint16]:
    """A row for each byte of the 50 bits, least significant first; the constant goes into row 0."""
    constant = checksum(0)
    rows = [[checksum(byte << 8 * place) ^ constant for byte in range(256)] for place in range(_BYTES)]
    rows[0] = [value ^ constant for value in rows[0]]
    return np.array(rows, dtype=uint16)


_CRC = _contributions(scalar.crc)
_CRC_C = _contributions(scalar.crc_c)


@compiled
def _summed(table: NDArray[uint16], bits50: uint64) -> uint64:
    total = uint64(table[0, bits50 & uint64(255)])
    for place in range(1, _BYTES):
        total ^= uint64(table[place, bits50 >> uint64(8 * place) & uint64(255)])
    return total


@compiled
def crc(bits50: uint64) -> uint64:
    """The 16-bit CRC of a token's 50 bits (class 2, subclass 4, content 44), as stored (C)."""
    return _summed(_CRC, bits50)


@compiled
def crc_c(bits50: uint64) -> uint64:
    """The 16-bit CRC_C of a currency token's 50 bits (C)."""
    return _summed(_CRC_C, bits50)


@compiled
def checksum(token_class: uint8, subclass_and_content: uint64) -> uint64:
    """The checksum that belongs to a class and the 48 bits of subclass and content (C)."""
    bits50 = uint64(token_class) << uint64(48) | subclass_and_content
    in_currency = token_class == 0 and (subclass_and_content >> uint64(46)) == uint64(1)
    return _summed(_CRC_C, bits50) if in_currency else _summed(_CRC, bits50)


@compiled
def seal(token_class: uint8, subclass: uint8, content: uint64) -> uint64:
    """The 64-bit block of subclass, content and checksum, in the clear (C)."""
    bits48 = uint64(subclass) << uint64(44) | content
    return uint64(bits48 << uint64(16) | checksum(token_class, bits48))


@compiled
def passes(token_class: uint8, block: uint64) -> bool:
    """Whether a block in the clear has the checksum of its class and subclass (C)."""
    return bool(checksum(token_class, block >> uint64(16)) == block & uint64(0xFFFF))


@compiled
def seal_all(
    token_class: NDArray[uint8], subclass: NDArray[uint8], content: NDArray[uint64], blocks: NDArray[uint64]
) -> None:
    """Blocks of whole columns."""
    for row in range(blocks.size):
        blocks[row] = seal(token_class[row], subclass[row], content[row])


@compiled
def passes_all(token_class: NDArray[uint8], blocks: NDArray[uint64], right: NDArray[np.bool_]) -> None:
    """Which blocks of whole columns have their checksum; none of a class above 3 has."""
    for row in range(blocks.size):
        right[row] = token_class[row] <= 3 and passes(token_class[row], blocks[row])

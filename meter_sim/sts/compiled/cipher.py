"""Blocks of whole columns enciphered and deciphered, whatever their class."""

import numpy as np
from numpy import uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled import ea07_sliced, ea11
from meter_sim.sts.compiled.jit import compiled

_GROUP = ea07_sliced.GROUP


@compiled
def crypt_ea07(blocks: NDArray[uint64], keys: NDArray[uint64], forth: bool) -> None:
    """Encipher (`forth`) or decipher a column in place under 64-bit keys."""
    group, space = np.zeros(_GROUP, uint64), ea07_sliced.workspace()
    for first in range(0, blocks.size, _GROUP):
        count = min(_GROUP, blocks.size - first)
        group[:count] = blocks[first : first + count]
        if forth:
            ea07_sliced.encrypt_group(group, keys, first, count, space)
        else:
            ea07_sliced.decrypt_group(group, keys, first, count, space)
        blocks[first : first + count] = group[:count]


@compiled
def crypt_ea11(blocks: NDArray[uint64], keys: NDArray[uint64], forth: bool) -> None:
    """Encipher (`forth`) or decipher a column in place under 128-bit keys."""
    space = ea11.workspace()
    if forth:
        ea11.encrypt_group(blocks, keys, 0, blocks.size, space)
    else:
        ea11.decrypt_group(blocks, keys, 0, blocks.size, space)

"""Tokens enciphered and deciphered many at a time, behind the event loop.

A token that is entered at a meter which holds the very key that it was made under says there what it was made to say.
The loop goes on from that, which saves it the slow way of one block after the other, and leaves what the token says and
the key here. Each is then really enciphered and really deciphered, 2,048 side by side, and its checksum is tested; one
cryptogram of each 2,048 is held against the cipher that does a block at a time. Should one not come out as it went in,
the run ends with a fault. That the ciphers are EA07 is what the conformance figures in the tests say.
"""

from pathlib import Path

import numpy as np
from numpy import int64, uint8, uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled import ea07, ea07_sliced
from meter_sim.sts.compiled.crc import passes
from meter_sim.sts.compiled.jit import compiler

_GROUP = ea07_sliced.GROUP
compiled = compiler(Path(__file__).parent)


@compiled
def first_wrong(clears: NDArray[uint64], keys: NDArray[uint64], number: int) -> int64:
    """The place of the first token that does not come out of both ciphers as it went in, or lacks its checksum; -1."""
    space = ea07_sliced.workspace()
    blocks = np.empty(_GROUP, uint64)
    columns = keys.reshape((keys.size, 1))
    for first in range(0, number, _GROUP):
        count = min(_GROUP, number - first)
        for row in range(count):
            blocks[row] = clears[first + row]
        cryptogram = ea07_sliced.encrypt_and_decrypt_group(blocks, columns, first, count, space)
        if cryptogram != ea07.encrypt(clears[first], keys[first]):
            return int64(first)
        for row in range(count):
            if blocks[row] != clears[first + row] or not passes(uint8(0), blocks[row]):
                return int64(first + row)
    return int64(-1)

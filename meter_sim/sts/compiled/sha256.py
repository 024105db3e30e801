"""The compression function of SHA-256 (FIPS 180-4), for many messages side by side.

The constants are what the standard says they are: the first bits of the roots of primes.
"""

import math

import numpy as np
from numpy import uint32
from numpy.typing import NDArray

from meter_sim.sts.compiled.jit import compiled

LANES = 64
"""Messages side by side."""


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _cube_root(number: int) -> int:
    """The integer part of the root."""
    root = 0
    for bit in range(number.bit_length() // 3, -1, -1):
        if (root | 1 << bit) ** 3 <= number:
            root |= 1 << bit
    return root


INITIAL = np.array([math.isqrt(prime << 64) & 0xFFFFFFFF for prime in _primes(8)], dtype=uint32)
"""The hash value before the first block."""

_K = np.array([_cube_root(prime << 96) & 0xFFFFFFFF for prime in _primes(64)], dtype=uint32)


@compiled
def _rotated(word: uint32, places: int) -> uint32:
    return uint32(word >> uint32(places) | word << uint32(32 - places))


@compiled
def compress(state: NDArray[uint32], message: NDArray[uint32]) -> None:
    """One block of 16 words into the hash value, 8 words, in place; a column is a message. The block is used up."""
    work = state.copy()
    for number in range(64):
        # The eight working variables stay where they are; their names move on by one place a round.
        a, b, c, d = -number % 8, (1 - number) % 8, (2 - number) % 8, (3 - number) % 8
        e, f, g, h = (4 - number) % 8, (5 - number) % 8, (6 - number) % 8, (7 - number) % 8
        word, word_1, word_9, word_14 = number % 16, (number + 1) % 16, (number + 9) % 16, (number + 14) % 16
        for lane in range(LANES):
            ee, aa = work[e, lane], work[a, lane]
            mixed = uint32(_rotated(ee, 6) ^ _rotated(ee, 11) ^ _rotated(ee, 25))
            chosen = uint32(ee & work[f, lane] ^ ~ee & work[g, lane])
            first = uint32(work[h, lane] + mixed + chosen + _K[number] + message[word, lane])
            mixed = uint32(_rotated(aa, 2) ^ _rotated(aa, 13) ^ _rotated(aa, 22))
            most = uint32(aa & work[b, lane] ^ aa & work[c, lane] ^ work[b, lane] & work[c, lane])
            work[d, lane] = uint32(work[d, lane] + first)
            work[h, lane] = uint32(first + mixed + most)
            near, far = message[word_1, lane], message[word_14, lane]
            near = uint32(_rotated(near, 7) ^ _rotated(near, 18) ^ near >> uint32(3))
            far = uint32(_rotated(far, 17) ^ _rotated(far, 19) ^ far >> uint32(10))
            message[word, lane] = uint32(message[word, lane] + near + message[word_9, lane] + far)
    for row in range(8):
        for lane in range(LANES):
            state[row, lane] = uint32(state[row, lane] + work[row, lane])

"""Draws (`meter_sim/draws.py`) and tables of values (`meter_sim/distribution.py`) in compiled code."""

from collections.abc import Sequence

import numpy as np
from numpy import int64, uint32, uint64
from numpy.typing import NDArray

from meter_sim.distribution import CELLS, Distribution
from meter_sim.engine.compiled.jit import Whole, compiled

KNOTS = CELLS + 1
"""Values of one table."""

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85


@compiled
def philox(k0: uint32, k1: uint32, c0: uint32, c1: uint32, c2: uint32, c3: uint32) -> uint32:
    """The first word of Philox4x32-10 for a key of two words and a counter of four."""
    for _ in range(10):
        p0, p1 = uint64(_M0) * uint64(c0), uint64(_M1) * uint64(c2)
        c0, c1 = uint32(uint32(p1 >> uint64(32)) ^ c1 ^ k0), uint32(p1)
        c2, c3 = uint32(uint32(p0 >> uint64(32)) ^ c3 ^ k1), uint32(p0)
        k0, k1 = uint32(k0 + uint32(_W0)), uint32(k1 + uint32(_W1))
    return c0


@compiled
def draw(seed: uint64, purpose: Whole, connection: Whole, count: Whole, sub: Whole) -> Whole:
    """The 32-bit draw of a connection for a purpose."""
    low, high = uint32(seed), uint32(seed >> uint64(32))
    return int64(philox(low, high, uint32(count), uint32(sub), uint32(purpose), uint32(connection)))


@compiled
def value_of(knots: NDArray[int64], word: Whole) -> Whole:
    """The value that the knots of a table give for a 32-bit draw; only the knots must fit into 63 bits."""
    cell, part = word >> 24, word & 0xFFFFFF
    low = knots[cell]
    rise = knots[cell + 1] - low
    return int64(low + (rise >> 24) * part + ((rise & 0xFFFFFF) * part >> 24))


@compiled
def value(tables: NDArray[int64], table: Whole, word: Whole) -> Whole:
    """The value that one row of tables gives for a 32-bit draw."""
    return value_of(tables[table], word)


def table_of(distributions: Sequence[Distribution]) -> NDArray[int64]:
    """A row of knots for each distribution."""
    knots = [distribution.knots for distribution in distributions]
    return np.array(knots, np.int64).reshape(len(knots), KNOTS)

"""How much is kept of the events of many connections: `Keep.level_of` over columns."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from meter_sim.detail import LEVELS, Detail, Keep
from meter_sim.distribution import NEVER
from meter_sim.draws import Purpose

_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10


def levels(
    keep: Keep,
    seed: int,
    connections: NDArray[np.int64],
    listed: NDArray[np.bool_] | None = None,
    traced: Collection[int] = (),
) -> NDArray[np.uint8]:
    """The level of each connection: 0 none, 1 refusals, 2 all.

    `listed` says which are listed by themselves, `traced` are the connections of the meters that `keep` names.
    """
    found = np.full(len(connections), LEVELS[keep.level], dtype=np.uint8)
    everything = np.isin(connections, np.array(sorted(traced), dtype=np.int64))
    if keep.share != NEVER:
        everything |= sample_draws(seed, connections) < np.uint64(keep.share)
    if listed is not None:
        everything |= listed
    found[everything] = LEVELS[Detail.ALL]
    return found


def sample_draws(seed: int, connections: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The SAMPLE draws of these connections."""
    c0 = np.zeros(len(connections), dtype=np.uint64)
    c1, c2 = c0, np.full(len(connections), Purpose.SAMPLE, dtype=np.uint64)
    c3 = connections.astype(np.uint64) & _WORD
    for number in range(_ROUNDS):
        k0, k1 = (np.uint64(word + number * step & 0xFFFFFFFF) for word, step in ((seed, _W0), (seed >> 32, _W1)))
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _WORD, (p0 >> _HALF) ^ c3 ^ k1, p0 & _WORD
    return c0

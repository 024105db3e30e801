"""The seeds of replications."""

from meter_sim.draws import philox4x32

REPLICATION_SEED = 0xFFFF0001
"""The purpose under which seeds of replications are drawn; no draw of a run has it."""


def replication_seed(seed: int, replication: int) -> int:
    """The seed of a replication: for replication 0 the scenario's own, else 64 bits drawn from it.

    It depends on nothing else, so replication r of every plan meets the same chance.
    """
    if replication == 0:
        return seed
    low, high, _, _ = philox4x32((replication, 0, REPLICATION_SEED, 0), (seed & 0xFFFFFFFF, seed >> 32))
    return high << 32 | low

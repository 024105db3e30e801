"""One shard, run where it is asked for."""

from dataclasses import dataclass

from meter_sim import __version__
from meter_sim.detail import Keep
from meter_sim.engine.shards import Shard
from meter_sim.scenario.scenario import Scenario
from meter_sim.sharded.engines import ENGINES
from meter_sim.sharded.run_folder import Done, RunFolder
from meter_sim.sharded.store import Store


class ElsewhereError(Exception):
    """A worker that cannot take part in a run; one line."""


@dataclass(frozen=True)
class Job:
    """What a worker gets once: all that any shard needs. It holds vending keys and is never written to a disk."""

    scenario: Scenario
    engine: str
    keep: Keep
    store: Store
    run: str
    version: str = __version__

    def carry_out(self, shard: Shard) -> Done:
        """Run a shard and keep what it left behind."""
        part = ENGINES[self.engine].run(self.scenario, shard.pieces, self.keep)
        return RunFolder(self.store, self.run).keep(shard, part)

    def check(self, where: str) -> None:
        """Raise ElsewhereError if the run cannot be carried out here: another version, or another disk."""
        if self.version != __version__:
            raise ElsewhereError(f"{where} has meter_sim {__version__}, not {self.version}; install the same")
        if not RunFolder(self.store, self.run).belongs():
            raise ElsewhereError(f"{where} does not see {self.store}; name a folder or URL that all workers see")

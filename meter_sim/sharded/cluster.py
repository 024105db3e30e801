"""Shards on a Dask cluster: its scheduler hands them to workers, and hands them out again where a worker is lost."""

from collections.abc import Iterator, Sequence
from typing import Any

from distributed import Client, KilledWorker, Worker, WorkerPlugin, as_completed, get_worker

from meter_sim.engine.shards import Shard
from meter_sim.sharded.run_folder import Done, RunError
from meter_sim.sharded.work import ElsewhereError, Job

CONNECT_WITHIN = 30
"""Seconds in which a scheduler has to answer, and in which a cluster has to have a worker."""
_NAME = "meter_sim"


class Holds(WorkerPlugin):  # type: ignore[misc]  # of a library whose types are not looked at
    """Holds the run at each worker, also at those that come later. It stays in memory, as the vending keys have to."""

    def __init__(self, job: Job) -> None:
        self.name = f"{_NAME}-{job.run}"
        self.job = job
        self.checked = False

    def setup(self, worker: Worker) -> None:
        """Called where a worker joins the run."""

    def carry_out(self, shard: Shard, worker: Worker) -> Done:
        """Run a shard on a worker, once it is seen that it can."""
        if not self.checked:
            self.job.check(f"the worker {worker.address}")
            self.checked = True
        return self.job.carry_out(shard)


def _carry_out(name: str, shard: Shard) -> Done:
    worker = get_worker()
    holds: Holds = worker.plugins[name]
    return holds.carry_out(shard, worker)


def on_cluster(job: Job, shards: Sequence[Shard], address: str) -> Iterator[Done]:
    """Run shards on the cluster of this scheduler; each as it is done. Raises RunError."""
    try:
        client = Client(address, timeout=CONNECT_WITHIN, set_as_default=False, name=_NAME)
    except (OSError, ValueError, TypeError):  # a time-out is an OSError
        raise RunError(f"--cluster {address}: no scheduler answers; start one, or name its address") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_WITHIN)
        except TimeoutError:
            raise RunError(f"--cluster {address}: it has no worker; start one") from None
        yield from _on(client, job, shards, address)


def _on(client: Client, job: Job, shards: Sequence[Shard], address: str) -> Iterator[Done]:
    holds, futures = Holds(job), []
    try:
        client.register_plugin(holds, name=holds.name)
        futures = [
            client.submit(_carry_out, holds.name, shard, key=f"{holds.name}-{shard.number}", pure=False)
            for shard in shards
        ]
        for future in as_completed(futures, loop=client.loop):
            yield future.result()
    except KilledWorker as error:
        raise RunError(f"--cluster {address}: workers were lost again and again: {error}") from None
    except ElsewhereError as error:
        raise RunError(f"--cluster {address}: {error}") from None
    except ImportError as error:
        raise RunError(f"--cluster {address}: a worker has not the same meter_sim: {error}") from None
    finally:
        client.cancel(futures)
        _forget(client, holds.name)


def _forget(client: Any, name: str) -> None:  # noqa: ANN401 (of a library whose types are not looked at)
    try:
        client.unregister_worker_plugin(name)
    except (OSError, KeyError, ValueError):  # the scheduler is gone, and the plugin with it
        return

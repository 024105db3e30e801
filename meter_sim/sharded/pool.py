"""Shards in processes of this machine."""

import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from meter_sim.engine.shards import Shard
from meter_sim.sharded.run_folder import Done, RunError
from meter_sim.sharded.work import Job
from meter_sim.worker_process import worker_pool

MOST_TRIES = 3
"""Times that a shard is tried whose worker process is ended from outside."""
_job: list[Job] = []
"""The run that this worker process takes part in."""


def _begin(job: Job) -> None:
    _job[:] = [job]


def _carry_out(shard: Shard) -> Done:
    return _job[0].carry_out(shard)


def in_processes(job: Job, shards: Sequence[Shard], workers: int) -> Iterator[Done]:
    """Run shards in so many processes, in this one if it is one; each as it is done.

    A process that is ended from outside costs the shards that were being run: they are tried again in new processes.
    Raises RunError where this happens to a shard again and again, OSError where a worker cannot write.
    """
    if workers <= 1:
        yield from map(job.carry_out, shards)
        return
    waiting, tries = list(shards), Counter[int]()
    while waiting:
        lost: list[Shard] = []
        yield from _in_one_pool(job, waiting, min(workers, len(waiting)), lost)
        tries.update(shard.number for shard in lost)
        given_up = [str(number) for number, times in sorted(tries.items()) if times >= MOST_TRIES]
        if given_up:
            raise RunError(
                f"a worker process was ended from outside {MOST_TRIES} times at shard {', '.join(given_up)}; "
                f"if memory ran out, take fewer than {workers} workers"
            )
        waiting = lost + waiting


def _in_one_pool(job: Job, waiting: list[Shard], workers: int, lost: list[Shard]) -> Iterator[Done]:
    """Run what waits; where the pool breaks, `lost` is what was being run and `waiting` what was not begun."""
    before = multiprocessing.active_children()
    pool = worker_pool(workers, _begin, job)
    running: dict[Future[Done], Shard] = {}
    ended = False
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                _submit(pool, waiting, running)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done = future.result()
                del running[future]
                yield done
        ended = True
    except BrokenProcessPool:
        for future, shard in running.items():
            if not (future.done() and future.exception() is None):
                lost.append(shard)
            else:
                yield future.result()
    finally:
        if not ended:  # what is still being run is not waited for
            for process in set(multiprocessing.active_children()).difference(before):
                process.kill()
        pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, waiting: list[Shard], running: dict[Future[Done], Shard]) -> None:
    with _without_key_presses():
        running[pool.submit(_carry_out, waiting[0])] = waiting[0]
    del waiting[0]


@contextmanager
def _without_key_presses() -> Iterator[None]:
    """Put off a key press that stops the run; processes that are started meanwhile never see one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

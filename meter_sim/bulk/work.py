"""Take a file through a function, chunk by chunk: read, work and write overlap, rows stay in order."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa

from meter_sim.bulk.token_file import Chunk, TokenFileError, create_rows, open_rows
from meter_sim.worker_process import worker_pool

Work = Callable[[Chunk], tuple[dict[str, pa.Array], dict[int, str], int]]
"""Columns to add to a chunk, faults by row of the chunk, and how many of its rows were refused."""
Step = Callable[[int, int], None]
"""Told how far the file is read, and of how much."""
Report = Callable[[int, str], None]
"""Told of a bad row: its number in the file and what is wrong with it."""

WORKERS = 2
"""Chunks that are worked on at a time. The result does not depend on it."""


class BadRowError(TokenFileError):
    """A bad row where none is allowed."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a file came to: rows read, bad ones among them, and rows whose tokens were refused."""

    rows: int = 0
    bad: int = 0
    refused: int = 0


def work_through(
    path: Path,
    out: Path,
    work: Work,
    *,
    strict: bool,
    on_step: Step,
    on_bad: Report,
    workers: int = WORKERS,
    processes: bool = False,
    chunk_rows: int | None = None,
) -> Tally:
    """Write the rows of a file, without vending keys, with the columns that `work` adds.

    Bad rows are reported by number and go on to the new file with their `error`; rows that cannot be read at all are
    only reported. With `strict` the first bad row ends it and nothing is written: raises BadRowError. Workers are
    threads, or processes for work that is not compiled. Raises TokenFileError where a file cannot be read or written.
    """
    source = open_rows(path, chunk_rows)
    rows = bad = refused = 0
    with create_rows(out) as sink:
        for chunk, added, faults, refusals in _worked(source.chunks(), work, workers, processes):
            wrong = sorted([*chunk.broken, *((int(chunk.numbers[row]), text) for row, text in faults.items())])
            for number, text in wrong:
                if strict:
                    raise BadRowError(f"{path}: row {number}: {text}")
                on_bad(number, text)
            try:
                sink.repeat(chunk, added)
            except (pa.ArrowException, ValueError, RecursionError) as error:
                raise TokenFileError(f"{out}: cannot be written: {' '.join(str(error).split())[:200]}") from None
            rows += len(chunk) + len(chunk.broken)
            bad += len(wrong)
            refused += refusals
            on_step(chunk.place, source.size)
    return Tally(rows, bad, refused)


def _pool(workers: int, processes: bool) -> Executor:
    if processes and workers > 1:
        return worker_pool(workers)
    return ThreadPoolExecutor(workers)


def _worked(
    chunks: Iterator[Chunk], work: Work, workers: int, processes: bool
) -> Iterator[tuple[Chunk, dict[str, pa.Array], dict[int, str], int]]:
    """The chunks with what was made of them, in their order, a few of them under way at a time."""
    start = list(islice(chunks, 2))
    if len(start) < 2:  # nothing that could be done side by side
        for chunk in start:
            yield chunk, *work(chunk)
        return
    under_way: deque[tuple[Chunk, Future[tuple[dict[str, pa.Array], dict[int, str], int]]]] = deque()
    with _pool(workers, processes) as pool:
        try:
            for chunk in chain(start, chunks):
                under_way.append((chunk, pool.submit(work, chunk)))
                if len(under_way) > workers:
                    first, future = under_way.popleft()
                    yield first, *future.result()
            while under_way:
                first, future = under_way.popleft()
                yield first, *future.result()
        finally:
            for _, future in under_way:
                future.cancel()

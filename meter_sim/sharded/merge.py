"""Sorted tables of many shards as one, in windows: no more of each is in memory than a batch of rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from meter_sim import arrow_columns

Keys = Callable[[pa.Table], NDArray[np.int64]]
"""The numbers that a table's rows are sorted by."""
MOST_ROWS = 1 << 18
"""Rows that are in memory at a time, over all files, about."""
_FEWEST = 1 << 10


class _Cursor:
    """The rows of one file that are still to come; `rows` are those that are in memory, `keys` their numbers."""

    def __init__(self, file: IO[bytes], schema: pa.Schema, keys: Keys, batch: int) -> None:
        self._schema = schema
        self._keys = keys
        self._batch = batch
        self._batches = pq.ParquetFile(file).iter_batches(batch_size=batch)
        self.rows = schema.empty_table()
        self.keys = np.zeros(0, dtype=np.int64)
        self.fill()

    def fill(self) -> None:
        """Read on until there is a batch of rows in memory, or the file is over.

        So a window takes about a batch of every file whose rows lie side by side with the others'.
        """
        while self.rows.num_rows < self._batch:
            batch = next(self._batches, None)
            if batch is None:
                return
            more = pa.Table.from_batches([batch]).cast(self._schema)
            self.rows = pa.concat_tables([self.rows, more]) if self.rows.num_rows else more
            self.keys = np.concatenate([self.keys, self._keys(more)])

    def take(self, until: int) -> tuple[pa.Table, NDArray[np.int64]]:
        """The rows in memory whose number is at most `until`."""
        number = int(np.searchsorted(self.keys, until, side="right"))
        taken = self.rows.slice(0, number), self.keys[:number]
        self.rows, self.keys = self.rows.slice(number), self.keys[number:]
        return taken


def merged(files: Sequence[IO[bytes]], schema: pa.Schema, keys: Keys) -> Iterator[pa.Table]:
    """The rows of sorted files in the order of their numbers; those with the same number stay in their order.

    A number is to be in one file only.
    """
    batch = max(MOST_ROWS // max(len(files), 1), _FEWEST)
    cursors = [_Cursor(file, schema, keys, batch) for file in files]
    while cursors := [cursor for cursor in cursors if cursor.rows.num_rows]:
        until = min(int(cursor.keys[-1]) for cursor in cursors)
        reached = [cursor for cursor in cursors if cursor.keys[0] <= until]
        taken = [cursor.take(until) for cursor in reached]
        for cursor in reached:
            cursor.fill()
        if len(taken) == 1:
            yield taken[0][0]
            continue
        together = pa.concat_tables([rows for rows, _ in taken]).combine_chunks()
        order = np.argsort(np.concatenate([numbers for _, numbers in taken]), kind="stable")
        yield together.take(arrow_columns.numbers(order.astype(np.int64)))

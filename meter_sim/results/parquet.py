"""Tables as Parquet files whose bytes depend on their rows alone, not on the pieces in which these came."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 1 << 17
"""Rows of each row group but the last."""


def write_rows(
    path: Path | IO[bytes], schema: pa.Schema, pieces: Iterable[pa.Table], row_group: int | None = None
) -> int:
    """Write the rows of tables one after the other; returns how many. Little more than a row group is in memory.

    A row group has so many rows, `ROW_GROUP` unless something else is said.
    """
    size = row_group or ROW_GROUP
    rows = 0
    with pq.ParquetWriter(path, schema) as writer:
        for group in row_groups(pieces, size):
            writer.write_table(group, row_group_size=size)
            rows += group.num_rows
        if not rows:
            writer.write_table(schema.empty_table())
    return rows


def row_groups(pieces: Iterable[pa.Table], size: int) -> Iterator[pa.Table]:
    """The rows of tables in tables of `size` rows and one chunk each; the last one may be shorter."""
    waiting: list[pa.Table] = []
    number = 0
    for piece in pieces:
        start = 0
        while piece.num_rows - start >= size - number:
            waiting.append(piece.slice(start, size - number))
            start += size - number
            yield pa.concat_tables(waiting).combine_chunks()
            waiting, number = [], 0
        if start < piece.num_rows:
            waiting.append(piece.slice(start))
            number += piece.num_rows - start
    if number:
        yield pa.concat_tables(waiting).combine_chunks()

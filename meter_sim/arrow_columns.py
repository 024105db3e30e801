"""Arrow columns to and from NumPy arrays and texts.

They go by the buffers, because `pyarrow.array`, `pyarrow.scalar` and `to_numpy` import pandas, which takes longer than
many a run.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def numbers(values: NDArray[np.integer], known: NDArray[np.bool_] | None = None) -> pa.Array:
    """A column of whole numbers of the array's width; null where they are not known."""
    kind = {
        "i1": pa.int8(), "i2": pa.int16(), "i4": pa.int32(), "i8": pa.int64(),
        "u1": pa.uint8(), "u2": pa.uint16(), "u4": pa.uint32(), "u8": pa.uint64(),
    }[values.dtype.str[1:]]  # fmt: skip
    return pa.Array.from_buffers(kind, len(values), [_validity(known), pa.py_buffer(np.ascontiguousarray(values))])


def flags(values: NDArray[np.bool_]) -> pa.BooleanArray:
    """A column of truth values."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bits(values)])


def texts(values: Sequence[str | None]) -> pa.StringArray:
    """A column of texts; null where there is None."""
    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()


def text(value: str | None) -> pa.StringScalar:
    """One text, to be broadcast."""
    return texts([value])[0]


def text_lists(values: Sequence[Sequence[str] | None]) -> pa.ListArray:
    """A column of lists of texts; null where there is None."""
    lengths = [len(value or ()) for value in values]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32) if lengths else np.zeros(1, dtype=np.int32)
    known = np.array([value is not None for value in values], dtype=np.bool_)
    inner = texts([item for value in values for item in value or ()])
    return pa.Array.from_buffers(
        pa.list_(pa.string()), len(values), [_validity(known), pa.py_buffer(offsets)], children=[inner]
    )


def fixed_texts(values: NDArray[np.bytes_], known: NDArray[np.bool_] | None = None) -> pa.StringArray:
    """A column of texts that all have the array's length; null where they are not known."""
    width = values.dtype.itemsize
    offsets = np.arange(0, width * (len(values) + 1), width, dtype=np.int32)
    data = np.ascontiguousarray(values).view(np.uint8) if len(values) else np.empty(0, dtype=np.uint8)
    return pa.Array.from_buffers(
        pa.string(), len(values), [_validity(known), pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def known(column: pa.Array) -> NDArray[np.bool_]:
    """Where a column is not null."""
    validity = column.buffers()[0] if len(column) else None
    if column.null_count == len(column) and len(column):
        return np.zeros(len(column), dtype=np.bool_)
    return np.ones(len(column), dtype=np.bool_) if validity is None else _unpacked(validity, column)


def as_numbers(column: pa.Array) -> NDArray[np.int64]:
    """A column of whole numbers or instants as an array; where it is null the number means nothing."""
    if len(column) == 0:
        return np.empty(0, dtype=np.int64)
    width = column.type.bit_width // 8
    data = np.frombuffer(column.buffers()[1], dtype=f"i{width}", count=column.offset + len(column))
    return data[column.offset :].astype(np.int64)


def _bits(values: NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little"))


def _validity(known: NDArray[np.bool_] | None) -> pa.Buffer | None:
    return None if known is None or known.all() else _bits(known)


def _unpacked(buffer: pa.Buffer, column: pa.Array) -> NDArray[np.bool_]:
    bits = np.unpackbits(np.frombuffer(buffer, dtype=np.uint8), bitorder="little")
    return bits[column.offset : column.offset + len(column)].astype(np.bool_)

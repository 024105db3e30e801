"""Columns of whole numbers as they come in: any integer dtype, one value for every row, checked against a range."""

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from meter_sim.sts.errors import FieldOutOfRange, StsError

Number = TypeVar("Number", bound=np.generic)


def whole(
    values: ArrayLike,
    dtype: type[Number],
    what: str,
    greatest: int,
    least: int = 0,
    error: type[StsError] = FieldOutOfRange,
) -> NDArray[Number]:
    """Whole numbers of a range in a dtype that holds them: a column, contiguous and writable, or a single value."""
    array = integers(values)
    if array.ndim > 1:
        raise ValueError(f"{what} has {array.ndim} dimensions, a column has one")
    if array.size:
        if array.dtype.kind not in "iubO":
            raise ValueError(f"{what} has the dtype {array.dtype}, it takes whole numbers")
        for value in (int(array.min()), int(array.max())):
            if not least <= value <= greatest:
                raise error(f"{what} {value} is outside {least} to {greatest}")
    return np.require(array, dtype, ["C", "W"])


def integers(values: ArrayLike) -> NDArray[np.generic]:
    """An array of the values; whole numbers that no integer dtype holds together stay Python's own."""
    array = np.asarray(values)
    if array.dtype.kind in "fO" and not isinstance(values, np.ndarray):
        array = np.asarray(values, dtype=np.object_)
    if array.dtype.kind == "O" and not all(isinstance(value, int | np.integer) for value in array.ravel()):
        return np.asarray(values, dtype=np.float64)  # not whole numbers: the caller says so
    return array


def column_of(
    values: ArrayLike,
    dtype: type[Number],
    what: str,
    greatest: int,
    least: int = 0,
    error: type[StsError] = FieldOutOfRange,
) -> NDArray[Number]:
    """The same where a single value makes a column of one row."""
    return np.atleast_1d(whole(values, dtype, what, greatest, least, error))


def common_rows(lengths: dict[str, int | None]) -> int:
    """The common length of named columns, where None stands for a single value; 1 where all are single values."""
    found = {name: length for name, length in lengths.items() if length is not None}
    if len(set(found.values())) > 1:
        raise ValueError("columns of different length: " + ", ".join(f"{name} {rows}" for name, rows in found.items()))
    return next(iter(found.values()), 1)


def length_of(column: NDArray[Number]) -> int | None:
    """The length of a column; None for a single value."""
    return len(column) if column.ndim else None


def spread(column: NDArray[Number], rows: int) -> NDArray[Number]:
    """A column of so many rows."""
    return column if column.ndim else np.full(rows, column, dtype=column.dtype)

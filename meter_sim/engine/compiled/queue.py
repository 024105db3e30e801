"""Heaps of those who wait: by instant, then by what decides between equal ones."""

import numpy as np
from numpy import int64
from numpy.typing import NDArray

from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.state import Number, Record


@inner
def _before(heap: Record, one: Number, other: Number) -> bool:
    if heap[one].at != heap[other].at:
        return bool(heap[one].at < heap[other].at)
    return bool(heap[one].order < heap[other].order)


@inner
def _swap(heap: Record, one: Number, other: Number) -> None:
    at, order, row, stamp = heap[one].at, heap[one].order, heap[one].row, heap[one].stamp
    heap[one].at = heap[other].at
    heap[one].order = heap[other].order
    heap[one].row = heap[other].row
    heap[one].stamp = heap[other].stamp
    heap[other].at = at
    heap[other].order = order
    heap[other].row = row
    heap[other].stamp = stamp


@inner
def push(heap: Record, number: Number, at: Number, order: Number, row: Number, stamp: Number) -> Number:
    """Add an element to a heap of so many; the new number."""
    heap[number].at = at
    heap[number].order = order
    heap[number].row = row
    heap[number].stamp = stamp
    place = number
    while place > 0:
        above = (place - 1) >> 1
        if not _before(heap, place, above):
            break
        _swap(heap, place, above)
        place = above
    return number + 1


@inner
def drop_first(heap: Record, number: Number) -> Number:
    """Take the first element off a heap of so many; the new number."""
    number -= 1
    _swap(heap, 0, number)
    place = int64(0)
    while True:
        least, left = place, 2 * place + 1
        if left < number and _before(heap, left, least):
            least = left
        if left + 1 < number and _before(heap, left + 1, least):
            least = left + 1
        if least == place:
            return number
        _swap(heap, place, least)
        place = least


@inner
def push_instant(heap: NDArray[np.int64], number: Number, instant: Number) -> Number:
    """Add an instant to a heap of so many; the new number."""
    place = number
    while place > 0:
        above = (place - 1) >> 1
        if heap[above] <= instant:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = instant
    return number + 1


@inner
def drop_first_instant(heap: NDArray[np.int64], number: Number) -> Number:
    """Take the first instant off a heap of so many; the new number."""
    number -= 1
    instant = heap[number]
    place = int64(0)
    while True:
        least, left = place, 2 * place + 1
        if left >= number:
            break
        if left + 1 < number and heap[left + 1] < heap[left]:
            left += 1
        if heap[left] >= instant:
            break
        least = left
        heap[place] = heap[least]
        place = least
    heap[place] = instant
    return number

"""Whole tokens in one pass: content -> digits under a key, and digits -> content.

A group of tokens at a time is sealed, enciphered and printed, or the same backwards, so that what lies between stays
in the processor's cache. Class 1 travels in the clear.
"""

import numpy as np
from numpy import uint8, uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled import ea07_sliced, ea11
from meter_sim.sts.compiled.crc import passes, seal
from meter_sim.sts.compiled.jit import compiled
from meter_sim.sts.compiled.number import NO_TOKEN, read, write

AUTHENTIC = 1
FORMAT_ERROR = 6
FUNCTION_ERROR = 8
CRC_ERROR = 13

_GROUP = ea07_sliced.GROUP


@compiled
def _seal_group(
    token_class: NDArray[uint8],
    subclass: NDArray[uint8],
    content: NDArray[uint64],
    first: int,
    count: int,
    blocks: NDArray[uint64],
    clear: NDArray[uint64],
) -> None:
    for row in range(count):
        block = seal(token_class[first + row], subclass[first + row], content[first + row])
        blocks[row] = block
        clear[row] = block


@compiled
def _print_group(
    token_class: NDArray[uint8],
    first: int,
    count: int,
    blocks: NDArray[uint64],
    clear: NDArray[uint64],
    digits: NDArray[uint8],
) -> None:
    for row in range(count):
        kind = token_class[first + row]
        write(kind, clear[row] if kind == 1 else blocks[row], digits, first + row)


@compiled
def _enter_group(
    digits: NDArray[uint8],
    first: int,
    count: int,
    token_class: NDArray[uint8],
    blocks: NDArray[uint64],
    clear: NDArray[uint64],
) -> None:
    for row in range(count):
        kind, block = read(digits, first + row)
        token_class[first + row] = kind
        blocks[row] = block
        clear[row] = block


@compiled
def _check_group(
    first: int,
    count: int,
    blocks: NDArray[uint64],
    clear: NDArray[uint64],
    token_class: NDArray[uint8],
    status: NDArray[uint8],
    subclass: NDArray[uint8],
    content: NDArray[uint64],
) -> None:
    for row in range(count):
        kind = token_class[first + row]
        block = clear[row] if kind == 1 else blocks[row]
        result = uint8(CRC_ERROR)
        if kind == NO_TOKEN:
            result = uint8(FORMAT_ERROR)
        elif kind == 3:
            result = uint8(FUNCTION_ERROR)
        elif passes(kind, block):
            result = uint8(AUTHENTIC)
        authentic = result == AUTHENTIC
        status[first + row] = result
        subclass[first + row] = uint8(block >> uint64(60)) if authentic else uint8(0)
        content[first + row] = block >> uint64(16) & uint64((1 << 44) - 1) if authentic else uint64(0)


@compiled
def issue_ea07(
    token_class: NDArray[uint8],
    subclass: NDArray[uint8],
    content: NDArray[uint64],
    keys: NDArray[uint64],
    digits: NDArray[uint8],
) -> None:
    """Digits of whole columns under 64-bit keys, a row of 20 bytes each."""
    blocks, clear, space = np.zeros(_GROUP, uint64), np.zeros(_GROUP, uint64), ea07_sliced.workspace()
    for first in range(0, content.size, _GROUP):
        count = min(_GROUP, content.size - first)
        _seal_group(token_class, subclass, content, first, count, blocks, clear)
        ea07_sliced.encrypt_group(blocks, keys, first, count, space)
        _print_group(token_class, first, count, blocks, clear, digits)


@compiled
def issue_ea11(
    token_class: NDArray[uint8],
    subclass: NDArray[uint8],
    content: NDArray[uint64],
    keys: NDArray[uint64],
    digits: NDArray[uint8],
) -> None:
    """Digits of whole columns under 128-bit keys, a row of 20 bytes each."""
    blocks, clear, space = np.zeros(_GROUP, uint64), np.zeros(_GROUP, uint64), ea11.workspace()
    for first in range(0, content.size, _GROUP):
        count = min(_GROUP, content.size - first)
        _seal_group(token_class, subclass, content, first, count, blocks, clear)
        ea11.encrypt_group(blocks, keys, first, count, space)
        _print_group(token_class, first, count, blocks, clear, digits)


@compiled
def read_ea07(
    digits: NDArray[uint8],
    keys: NDArray[uint64],
    status: NDArray[uint8],
    token_class: NDArray[uint8],
    subclass: NDArray[uint8],
    content: NDArray[uint64],
) -> None:
    """What a whole column of digits says under 64-bit keys."""
    blocks, clear, space = np.zeros(_GROUP, uint64), np.zeros(_GROUP, uint64), ea07_sliced.workspace()
    for first in range(0, content.size, _GROUP):
        count = min(_GROUP, content.size - first)
        _enter_group(digits, first, count, token_class, blocks, clear)
        ea07_sliced.decrypt_group(blocks, keys, first, count, space)
        _check_group(first, count, blocks, clear, token_class, status, subclass, content)


@compiled
def read_ea11(
    digits: NDArray[uint8],
    keys: NDArray[uint64],
    status: NDArray[uint8],
    token_class: NDArray[uint8],
    subclass: NDArray[uint8],
    content: NDArray[uint64],
) -> None:
    """What a whole column of digits says under 128-bit keys."""
    blocks, clear, space = np.zeros(_GROUP, uint64), np.zeros(_GROUP, uint64), ea11.workspace()
    for first in range(0, content.size, _GROUP):
        count = min(_GROUP, content.size - first)
        _enter_group(digits, first, count, token_class, blocks, clear)
        ea11.decrypt_group(blocks, keys, first, count, space)
        _check_group(first, count, blocks, clear, token_class, status, subclass, content)

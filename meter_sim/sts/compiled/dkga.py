"""Decoder keys of whole columns: the inputs of DKGA02's DES, and DKGA04 (IEC 62055-41, decoder key generation; C)."""

import numpy as np
from numpy import uint8, uint32, uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled.jit import compiled
from meter_sim.sts.compiled.pan import in_bcd, pan_block
from meter_sim.sts.compiled.sha256 import INITIAL, LANES, compress

MESSAGE_BYTES = 49
"""Length of DKGA04's message: with the padding it fills one block of SHA-256."""

_TARIFF_PLACE = 11
_GROUP_PLACE = 16
_TYPE_PLACE = 23
_REVISION_PLACE = 25
_PAN_PLACE = 27


@compiled
def dkga02_inputs(
    pan: NDArray[uint64],
    supply_group: NDArray[uint32],
    tariff_index: NDArray[uint8],
    key_revision: NDArray[uint8],
    key_type: NDArray[uint8],
    inputs: NDArray[uint64],
) -> None:
    """PANBlock and ControlBlock, joined by exclusive or: what DES enciphers (C)."""
    for row in range(pan.size):
        control = (
            uint64(key_type[row]) << uint64(60)
            | in_bcd(uint64(supply_group[row]), 6) << uint64(36)
            | in_bcd(uint64(tariff_index[row]), 2) << uint64(28)
            | uint64(key_revision[row]) << uint64(24)
            | uint64(0xFFFFFF)
        )
        inputs[row] = pan_block(pan[row], key_type[row]) ^ control


@compiled
def _write_decimal(message: NDArray[uint8], lane: int, place: int, digits: int, number: uint64) -> None:
    for position in range(place + digits - 1, place - 1, -1):
        rest = number // uint64(10)
        message[lane, position] = uint8(number - rest * uint64(10) + uint64(48))
        number = rest


@compiled
def _fill(lanes: NDArray[uint32], value: int | uint32) -> None:
    for lane in range(LANES):
        lanes[lane] = value


@compiled
def _word_of(message: NDArray[uint8], lane: int, place: int) -> uint32:
    """Four bytes of a message, the most significant first."""
    value = uint32(0)
    for position in range(place, place + 4):
        value = uint32(value << uint32(8) | uint32(message[lane, position]))
    return value


@compiled
def _hash_on(midstate: NDArray[uint32], block: NDArray[uint32], state: NDArray[uint32]) -> None:
    """The hash values after one more block."""
    for row in range(8):
        for lane in range(LANES):
            state[row, lane] = midstate[row, lane]
    compress(state, block)


@compiled
def _midstate(vending_key: NDArray[uint8], pad: int) -> NDArray[uint32]:
    """The hash value after the vending key, filled up with zeros and joined with a pad byte; in every lane."""
    state, block = np.empty((8, LANES), uint32), np.empty((16, LANES), uint32)
    for word in range(16):
        value = uint32(0)
        for position in range(4 * word, 4 * word + 4):
            byte = uint32(vending_key[position]) if position < vending_key.size else uint32(0)
            value = uint32(value << uint32(8) | byte ^ uint32(pad))
        _fill(block[word], value)
    for row in range(8):
        _fill(state[row], INITIAL[row])
    compress(state, block)
    return state


@compiled
def dkga04(
    pan: NDArray[uint64],
    supply_group: NDArray[uint32],
    tariff_index: NDArray[uint8],
    key_revision: NDArray[uint8],
    key_type: NDArray[uint8],
    vending_key: NDArray[uint8],
    sample: NDArray[uint8],
    keys: NDArray[uint64],
) -> None:
    """The first one or two words of HMAC-SHA-256 over each row's message (C).

    `sample` is the message of any meter under the same base date and algorithm: its other bytes are replaced. Key and
    pads make the hash values before the message; each row then takes one block for the message and one for the outer
    hash.
    """
    inner, outer = _midstate(vending_key, 0x36), _midstate(vending_key, 0x5C)
    message, block, state = np.zeros((LANES, 64), uint8), np.empty((16, LANES), uint32), np.empty((8, LANES), uint32)
    for lane in range(LANES):
        for position in range(MESSAGE_BYTES):
            message[lane, position] = sample[position]
        message[lane, MESSAGE_BYTES] = 0x80
    for first in range(0, pan.size, LANES):
        lanes = min(LANES, pan.size - first)
        for lane in range(lanes):
            row = first + lane
            _write_decimal(message, lane, _TARIFF_PLACE, 2, uint64(tariff_index[row]))
            _write_decimal(message, lane, _GROUP_PLACE, 6, uint64(supply_group[row]))
            _write_decimal(message, lane, _TYPE_PLACE, 1, uint64(key_type[row]))
            _write_decimal(message, lane, _REVISION_PLACE, 1, uint64(key_revision[row]))
            _write_decimal(message, lane, _PAN_PLACE, 18, pan[row])
        for word in range(15):
            for lane in range(LANES):
                block[word, lane] = _word_of(message, lane, 4 * word)
        _fill(block[15], 8 * (64 + MESSAGE_BYTES))
        _hash_on(inner, block, state)
        for word in range(8):
            for lane in range(LANES):
                block[word, lane] = state[word, lane]
        _fill(block[8], 1 << 31)
        for word in range(9, 15):
            _fill(block[word], 0)
        _fill(block[15], 8 * (64 + 32))
        _hash_on(outer, block, state)
        for lane in range(lanes):
            for word in range(keys.shape[1]):
                high, low = uint64(state[2 * word, lane]), uint64(state[2 * word + 1, lane])
                keys[first + lane, word] = high << uint64(32) | low

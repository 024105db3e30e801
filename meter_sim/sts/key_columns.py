"""Decoder keys in columns, and their derivation for many meters at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from numpy.typing import NDArray

from meter_sim.sts.compiled import dkga, pan
from meter_sim.sts.dkga import DecoderKey, Dkga, dkga04_message
from meter_sim.sts.errors import NotSupported, WrongIdentity
from meter_sim.sts.identity import Encryption, KeyIdentity, KeyType, MeterPan
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.whole_columns import common_rows

Words = NDArray[np.uint64]

_WORD_64 = (1 << 64) - 1


@dataclass(frozen=True, eq=False, slots=True)
class Keys:
    """Decoder keys of one algorithm, a row each.

    `words` is uint64 of shape (n, 1) for EA07 and (n, 2) for EA11, the most significant word first. It does not show
    in the repr. Raises ValueError for another shape or dtype.
    """

    encryption: Encryption
    words: Words = field(repr=False)

    def __post_init__(self) -> None:
        shape = (self.encryption.key_bits // 64,)
        if self.words.dtype != np.uint64 or self.words.ndim != 2 or self.words.shape[1:] != shape:
            raise ValueError(f"words of EA{self.encryption} keys are uint64 of shape (n, {shape[0]})")
        object.__setattr__(self, "words", np.require(self.words, np.uint64, ["C", "W"]))

    @staticmethod
    def of(keys: Sequence[DecoderKey]) -> "Keys":
        """The keys of a sequence. Raises ValueError where there is none or where the algorithms differ."""
        encryptions = {key.encryption for key in keys}
        if len(encryptions) != 1:
            raise ValueError(f"keys of one algorithm make a column, these have {len(encryptions)}")
        encryption = encryptions.pop()
        shifts = range(encryption.key_bits - 64, -1, -64)
        words = [[key.value >> shift & _WORD_64 for shift in shifts] for key in keys]
        return Keys(encryption, np.array(words, dtype=np.uint64))

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, row: int) -> DecoderKey:
        value = 0
        for word in self.words[row]:
            value = value << 64 | int(word)
        return DecoderKey(self.encryption, value)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Keys":
        """The keys of some rows, chosen by number or by a mask."""
        return Keys(self.encryption, self.words[rows])


_METER_COLUMNS = {
    "pan": np.uint64,
    "supply_group": np.uint32,
    "tariff_index": np.uint8,
    "key_revision": np.uint8,
    "key_type": np.uint8,
}


@dataclass(frozen=True, eq=False, slots=True)
class Meters:
    """What decoder keys are derived from besides the vending key, a meter a row.

    `pan` is the MeterPAN, its 18 digits as an integer (uint64); `supply_group` the SGC (uint32); `tariff_index` (TI),
    `key_revision` (KRN) and `key_type` (KT) are uint8. Raises ValueError for another dtype or shape, and where lengths
    differ; whether the values are right is what `valid` says.
    """

    pan: NDArray[np.uint64]
    supply_group: NDArray[np.uint32]
    tariff_index: NDArray[np.uint8]
    key_revision: NDArray[np.uint8]
    key_type: NDArray[np.uint8]

    def __post_init__(self) -> None:
        for name, dtype in _METER_COLUMNS.items():
            column: NDArray[np.generic] = getattr(self, name)
            if column.dtype != dtype or column.ndim != 1:
                raise ValueError(f"{name} is a column of {dtype.__name__}")
            object.__setattr__(self, name, np.require(column, dtype, ["C", "W"]))
        common_rows({name: len(getattr(self, name)) for name in _METER_COLUMNS})

    def __len__(self) -> int:
        return len(self.pan)


def valid(meters: Meters) -> NDArray[np.bool_]:
    """Which rows the scalar MeterPan and KeyIdentity would accept: IIN, both Luhn digits, ranges (C)."""
    right = np.empty(len(meters), dtype=np.bool_)
    pan.fit_all(meters.pan, meters.supply_group, meters.tariff_index, meters.key_revision, meters.key_type, right)
    return right


def derive(meters: Meters, algorithm: Dkga, vending_key: bytes, base_date: BaseDate, encryption: Encryption) -> Keys:
    """The decoder keys of many meters under one vending key (IEC 62055-41, decoder key generation; C).

    As in the scalar `derive`, a common key (DCTK) leaves the meter's own part out of DKGA02's PANBlock (C), but not of
    DKGA04's message (G).

    Raises WrongIdentity for a vending key of the wrong length and where a row is not `valid`, NotSupported for DKGA02
    with 128-bit keys.
    """
    if len(vending_key) != algorithm.vending_key_bytes:
        raise WrongIdentity(f"a vending key for DKGA{algorithm} has {algorithm.vending_key_bytes} bytes")
    if algorithm is Dkga.DKGA02 and encryption is not Encryption.EA07:
        raise NotSupported(f"DKGA02 makes 64-bit keys only; EA{encryption} needs DKGA04")
    right = valid(meters)
    if not right.all():
        raise WrongIdentity(f"row {int(np.argmin(right))} of the meters is not valid; `valid` tells which rows are")
    if algorithm is Dkga.DKGA02:
        return Keys(encryption, _dkga02(meters, vending_key))
    return Keys(encryption, _dkga04(meters, vending_key, base_date, encryption))


def _dkga02(meters: Meters, vending_key: bytes) -> Words:
    inputs = np.empty(len(meters), dtype=np.uint64)
    dkga.dkga02_inputs(
        meters.pan, meters.supply_group, meters.tariff_index, meters.key_revision, meters.key_type, inputs
    )
    des = Cipher(TripleDES(vending_key * 3), modes.ECB()).encryptor()
    enciphered = np.frombuffer(des.update(inputs.astype(">u8").tobytes()), dtype=">u8").astype(np.uint64)
    return (enciphered ^ inputs ^ np.uint64(int.from_bytes(vending_key, "big"))).reshape(-1, 1)


_ANY_PAN = MeterPan("0" * 18)


def _dkga04(meters: Meters, vending_key: bytes, base_date: BaseDate, encryption: Encryption) -> Words:
    sample = dkga04_message(KeyIdentity(_ANY_PAN, "000000", "00", 1, KeyType.DITK, encryption, base_date))
    words = np.empty((len(meters), encryption.key_bits // 64), dtype=np.uint64)
    dkga.dkga04(
        meters.pan,
        meters.supply_group,
        meters.tariff_index,
        meters.key_revision,
        meters.key_type,
        np.array(list(vending_key), dtype=np.uint8),
        np.array(list(sample), dtype=np.uint8),
        words,
    )
    return words

"""The coding of tokens and keys over NumPy arrays: a row for each token, the same results as the scalar modules.

Columns are one-dimensional arrays of equal length; where a single value is given instead, it holds for every row.
Whole numbers of any dtype come in and are checked; what goes out has the dtype that each function names. Columns whose
lengths differ raise ValueError. The loops are compiled on first use and kept on disk (`compiled/jit.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from numpy.typing import ArrayLike, NDArray

from meter_sim.sts import amount, tid
from meter_sim.sts.compiled import amount as amount_kernels
from meter_sim.sts.compiled import cipher, crc, dkga, number, pan, token
from meter_sim.sts.dkga import DecoderKey, Dkga, dkga04_message
from meter_sim.sts.errors import AmountOutOfRange, FieldOutOfRange, NotSupported, StsError, WrongIdentity
from meter_sim.sts.identity import GREATEST_KEN, Encryption, KeyIdentity, KeyType, MeterPan
from meter_sim.sts.key_change import PRINTED
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import DIGITS, Token, token_of

Number = TypeVar("Number", bound=np.generic)
Words = NDArray[np.uint64]
Digits = NDArray[np.bytes_]
"""Tokens as printed: dtype `S20`."""

NO_TID = -1
"""In place of a TID where a minute has none."""
NO_CODE = amount_kernels.NONE
"""In place of a code where an amount has none."""
NO_TOKEN = number.NO_TOKEN
"""The token class of a row whose text is not 20 digits of a number below 2^66."""

AUTHENTIC = token.AUTHENTIC
FORMAT_ERROR = token.FORMAT_ERROR
FUNCTION_ERROR = token.FUNCTION_ERROR
CRC_ERROR = token.CRC_ERROR

_WORD_32 = (1 << 32) - 1
_WORD_64 = (1 << 64) - 1
_CONTENT = (1 << 44) - 1
_INT_64 = (1 << 63) - 1


def _whole(
    values: ArrayLike,
    dtype: type[Number],
    what: str,
    greatest: int,
    least: int = 0,
    error: type[StsError] = FieldOutOfRange,
) -> NDArray[Number]:
    """Whole numbers of a range in a dtype that holds them: a column, contiguous and writable, or a single value."""
    array = _integers(values)
    if array.ndim > 1:
        raise ValueError(f"{what} has {array.ndim} dimensions, a column has one")
    if array.size:
        if array.dtype.kind not in "iubO":
            raise ValueError(f"{what} has the dtype {array.dtype}, it takes whole numbers")
        for value in (int(array.min()), int(array.max())):
            if not least <= value <= greatest:
                raise error(f"{what} {value} is outside {least} to {greatest}")
    return np.require(array, dtype, ["C", "W"])


def _integers(values: ArrayLike) -> NDArray[np.generic]:
    """An array of the values; whole numbers that no integer dtype holds together stay Python's own."""
    array = np.asarray(values)
    if array.dtype.kind in "fO" and not isinstance(values, np.ndarray):
        array = np.asarray(values, dtype=np.object_)
    if array.dtype.kind == "O" and not all(isinstance(value, int | np.integer) for value in array.ravel()):
        return np.asarray(values, dtype=np.float64)  # not whole numbers: the caller says so
    return array


def _column(
    values: ArrayLike,
    dtype: type[Number],
    what: str,
    greatest: int,
    least: int = 0,
    error: type[StsError] = FieldOutOfRange,
) -> NDArray[Number]:
    """The same where a single value makes a column of one row."""
    return np.atleast_1d(_whole(values, dtype, what, greatest, least, error))


def _rows(lengths: dict[str, int | None]) -> int:
    """The common length of named columns, where None stands for a single value; 1 where all are single values."""
    found = {name: length for name, length in lengths.items() if length is not None}
    if len(set(found.values())) > 1:
        raise ValueError("columns of different length: " + ", ".join(f"{name} {rows}" for name, rows in found.items()))
    return next(iter(found.values()), 1)


def _length(column: NDArray[Number]) -> int | None:
    return len(column) if column.ndim else None


def _spread(column: NDArray[Number], rows: int) -> NDArray[Number]:
    """A column of so many rows."""
    return column if column.ndim else np.full(rows, column, dtype=column.dtype)


# --- keys ----------------------------------------------------------------------------------------------------------


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
        _rows({name: len(getattr(self, name)) for name in _METER_COLUMNS})

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


# --- TIDs and amounts ----------------------------------------------------------------------------------------------


def tids_at(base_date: BaseDate, minutes: ArrayLike) -> NDArray[np.int32]:
    """The TIDs (int32) of minutes on the axis under a base date; NO_TID outside 1 to 2^24 - 1 (C)."""
    column = _column(minutes, np.int64, "minute", _INT_64, -_INT_64 - 1)
    has_one = (column > base_date.minute) & (column <= base_date.minute + tid.GREATEST)
    return np.where(has_one, column - base_date.minute * has_one, NO_TID).astype(np.int32)


def skip_reserved(tids: ArrayLike) -> NDArray[np.int32]:
    """The TIDs (int32) that ordinary tokens get: the minute 00:01 of each day is left out, 00:02 taken (C)."""
    column = _column(tids, np.int32, "TID", tid.GREATEST, NO_TID)
    return np.where(column % tid.MINUTES_A_DAY == tid.RESERVED_MINUTE, column + 1, column).astype(np.int32)


def encode_amount(amounts: ArrayLike) -> NDArray[np.int32]:
    """The 16-bit codes (int32) of amounts in tenths or watts, rounded up (C); NO_CODE below 0 and above GREATEST."""
    array = np.atleast_1d(_integers(amounts))
    if array.dtype.kind == "u":  # numbers beyond int64 have no code either
        array = np.minimum(array, amount.GREATEST + 1)
    elif array.dtype.kind == "O":
        array = np.clip(array, -1, amount.GREATEST + 1)
    column = _column(array, np.int64, "amount", _INT_64, -_INT_64 - 1)
    codes = np.empty(len(column), dtype=np.int32)
    amount_kernels.encode_all(column, codes)
    return codes


def decode_amount(codes: ArrayLike) -> NDArray[np.int64]:
    """The amounts (int64) in tenths or watts that 16-bit codes stand for (C). Raises FieldOutOfRange."""
    column = _column(codes, np.uint16, "amount code", 0xFFFF)
    amounts = np.empty(len(column), dtype=np.int64)
    amount_kernels.decode_all(column, amounts)
    return amounts


def encode_currency(units: ArrayLike) -> NDArray[np.int32]:
    """The 20-bit codes (int32) of amounts in 1e-5 of the base currency, rounded towards positive infinity (C).

    NO_CODE beyond GREATEST_CURRENCY on either side. Numbers beyond int64 are coded one by one by the scalar code.
    """
    array = np.atleast_1d(_integers(units))
    if array.dtype.kind == "O" or (array.dtype.kind == "u" and array.size and int(array.max()) > _INT_64):
        return np.array([_currency_code(int(value)) for value in array], dtype=np.int32)
    column = _column(array, np.int64, "amount", _INT_64, -_INT_64 - 1)
    codes = np.empty(len(column), dtype=np.int32)
    amount_kernels.encode_currency_all(column, codes)
    return codes


def _currency_code(units: int) -> int:
    try:
        return amount.encode_currency(units)
    except AmountOutOfRange:
        return NO_CODE


def decode_currency(codes: ArrayLike) -> NDArray[np.object_]:
    """The amounts in 1e-5 of the base currency of 20-bit codes (C): Python's integers, as int64 would not hold them.

    Raises FieldOutOfRange.
    """
    column = _column(codes, np.int32, "amount code", (1 << 20) - 1)
    distinct, places = np.unique(column, return_inverse=True)
    amounts = np.array([amount.decode_currency(int(code)) for code in distinct], dtype=np.object_)
    return amounts[places.reshape(-1)]


# --- blocks and digits ---------------------------------------------------------------------------------------------


def _token_columns(
    token_class: ArrayLike, subclass: ArrayLike, content: ArrayLike, keys: Keys | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Words]:
    classes = _whole(token_class, np.uint8, "token class", 3)
    subclasses = _whole(subclass, np.uint8, "subclass", 15)
    contents = _whole(content, np.uint64, "content", _CONTENT)
    rows = _rows(
        {
            "token_class": _length(classes),
            "subclass": _length(subclasses),
            "content": _length(contents),
            "keys": None if keys is None else len(keys),
        }
    )
    return _spread(classes, rows), _spread(subclasses, rows), _spread(contents, rows)


def _class_and_blocks(token_class: ArrayLike, blocks: ArrayLike, greatest: int) -> tuple[NDArray[np.uint8], Words]:
    classes = _whole(token_class, np.uint8, "token class", greatest)
    column = _column(blocks, np.uint64, "block", _WORD_64)
    rows = _rows({"token_class": _length(classes), "blocks": len(column)})
    return _spread(classes, rows), column


def seal(token_class: ArrayLike, subclass: ArrayLike, content: ArrayLike) -> Words:
    """The 64-bit blocks (uint64), in the clear, of subclass, content and CRC, or CRC_C for currency (C).

    Raises FieldOutOfRange for a class above 3, a subclass above 15 and content above 44 bits.
    """
    classes, subclasses, contents = _token_columns(token_class, subclass, content)
    blocks = np.empty(len(contents), dtype=np.uint64)
    crc.seal_all(classes, subclasses, contents, blocks)
    return blocks


def passes(token_class: ArrayLike, blocks: ArrayLike) -> NDArray[np.bool_]:
    """Which blocks in the clear have the checksum of their class and subclass; a row of NO_TOKEN has none (C)."""
    classes, column = _class_and_blocks(token_class, blocks, NO_TOKEN)
    right = np.empty(len(column), dtype=np.bool_)
    crc.passes_all(classes, column, right)
    return right


def encrypt(blocks: ArrayLike, keys: Keys) -> Words:
    """Blocks (uint64) enciphered, each under the key of its row (C)."""
    return _crypt(blocks, keys, forth=True)


def decrypt(blocks: ArrayLike, keys: Keys) -> Words:
    """Blocks (uint64) deciphered, each under the key of its row (C)."""
    return _crypt(blocks, keys, forth=False)


def _crypt(blocks: ArrayLike, keys: Keys, *, forth: bool) -> Words:
    column = _column(blocks, np.uint64, "block", _WORD_64).copy()
    _rows({"blocks": len(column), "keys": len(keys)})
    kernel = cipher.crypt_ea07 if keys.encryption is Encryption.EA07 else cipher.crypt_ea11
    kernel(column, keys.words, forth)
    return column


def _paper(rows: int) -> Digits:
    return np.zeros(rows, dtype=f"S{DIGITS}")


def _as_bytes(digits: Digits) -> NDArray[np.uint8]:
    """Digits as a row of 20 bytes each, in the same memory where that is possible.

    Texts that are longer than 20 characters become empty, so that they are no tokens.
    """
    if digits.dtype.kind != "S" or digits.ndim != 1:
        raise ValueError(f"digits are a column of S{DIGITS}, not of {digits.dtype} with {digits.ndim} dimensions")
    if digits.dtype.itemsize > DIGITS:
        digits = np.where(np.char.str_len(digits) > DIGITS, b"", digits)
    column = np.require(digits, f"S{DIGITS}", ["C", "W"])
    return column.view(np.uint8).reshape(len(column), DIGITS)


def digits_of(token_class: ArrayLike, blocks: ArrayLike) -> Digits:
    """The 20 digits (S20) of classes and blocks (C). Raises FieldOutOfRange for a class above 3."""
    classes, column = _class_and_blocks(token_class, blocks, 3)
    digits = _paper(len(column))
    number.write_all(classes, column, _as_bytes(digits))
    return digits


def blocks_of(digits: Digits) -> tuple[NDArray[np.uint8], Words]:
    """Classes (uint8) and blocks (uint64) of texts (S20); the inverse of digits_of (C).

    Where a text is not 20 ASCII digits, or 2^66 or more, the class is NO_TOKEN and the block 0 (FormatError).
    """
    texts = _as_bytes(digits)
    classes, blocks = np.empty(len(texts), dtype=np.uint8), np.empty(len(texts), dtype=np.uint64)
    number.read_all(texts, classes, blocks)
    return classes, blocks


# --- whole tokens --------------------------------------------------------------------------------------------------


def issue(token_class: ArrayLike, subclass: ArrayLike, content: ArrayLike, keys: Keys) -> Digits:
    """The 20 digits (S20) of tokens, each under the key of its row; class 1 travels in the clear (C).

    Raises FieldOutOfRange for a class above 3, a subclass above 15 and content above 44 bits.
    """
    classes, subclasses, contents = _token_columns(token_class, subclass, content, keys)
    digits = _paper(len(keys))
    kernel = token.issue_ea07 if keys.encryption is Encryption.EA07 else token.issue_ea11
    kernel(classes, subclasses, contents, keys.words, _as_bytes(digits))
    return digits


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """What a column of digits says, a row for each.

    `status` (uint8) is AUTHENTIC, FORMAT_ERROR (not 20 digits below 2^66), FUNCTION_ERROR (class 3) or CRC_ERROR.
    `token_class` (uint8) is NO_TOKEN after a format error; `subclass` (uint8) and `content` (uint64, 44 bits) are
    zero where the status is not AUTHENTIC. The content, which may hold parts of a key, does not show in the repr.
    """

    status: NDArray[np.uint8]
    token_class: NDArray[np.uint8]
    subclass: NDArray[np.uint8]
    content: NDArray[np.uint64] = field(repr=False)

    def __len__(self) -> int:
        return len(self.status)


def read(digits: Digits, keys: Keys) -> Reading:
    """What texts (S20) say, each under the key of its row; class 1 is read in the clear (C)."""
    texts = _as_bytes(digits)
    rows = _rows({"digits": len(texts), "keys": len(keys)})
    status, classes, subclasses = (np.empty(rows, dtype=np.uint8) for _ in range(3))
    contents = np.empty(rows, dtype=np.uint64)
    kernel = token.read_ea07 if keys.encryption is Encryption.EA07 else token.read_ea11
    kernel(texts, keys.words, status, classes, subclasses, contents)
    return Reading(status, classes, subclasses, contents)


def token_at(reading: Reading, row: int, encryption: Encryption) -> Token | None:
    """One row of a reading as the token that the scalar code would find; None where it is not authentic."""
    if reading.status[row] != AUTHENTIC:
        return None
    token_class = reading.token_class[row]
    block = seal(token_class, reading.subclass[row], reading.content[row])[0]
    return token_of(int(token_class), int(block), encryption)


# --- key changes ---------------------------------------------------------------------------------------------------


def key_change_contents(
    new: Keys,
    *,
    key_type: ArrayLike,
    key_revision: ArrayLike,
    tariff_index: ArrayLike,
    key_expiry: ArrayLike,
    rollover: ArrayLike,
    supply_group: ArrayLike | None = None,
) -> list[tuple[int, Words]]:
    """The sections of key changes in the order in which they are printed: each one's subclass and its 44 bits (C).

    64-bit keys make two sections (subclass 3 and 4), with a supply group three (and 8, the bit 3KCT set); 128-bit keys
    make four (3, 4, 8 and 9) and need a supply group. `supply_group` and `tariff_index` are numbers here.

    Raises WrongIdentity for a KT, KRN, TI, KEN or SGC out of range and for 128-bit keys without a supply group.
    """
    long = new.encryption.key_bits == 128
    if long and supply_group is None:
        raise WrongIdentity("the four sections of a 128-bit key carry the supply group, which is missing")

    def checked(values: ArrayLike, what: str, greatest: int, least: int = 0) -> Words:
        return _whole(values, np.uint64, what, greatest, least, WrongIdentity)

    kinds = checked(key_type, "key type", max(KeyType))
    revisions = checked(key_revision, "key revision number", 9, 1)
    tariffs = checked(tariff_index, "tariff index", 99)
    kens = checked(key_expiry, "key expiry number", GREATEST_KEN)
    rollovers = checked(rollover, "rollover", 1)
    groups = checked(0 if supply_group is None else supply_group, "supply group code", 999_999)
    _rows(
        {
            "new": len(new),
            "key_type": _length(kinds),
            "key_revision": _length(revisions),
            "tariff_index": _length(tariffs),
            "key_expiry": _length(kens),
            "rollover": _length(rollovers),
            "supply_group": _length(groups),
        }
    )
    most, least = new.words[:, 0] >> 32, new.words[:, -1] & _WORD_32
    three_sections = np.uint64(not long and supply_group is not None)
    first = kens >> 4 << 40 | revisions << 36 | rollovers << 35 | three_sections << 34 | kinds << 32 | most
    second = (kens & 15) << 40 | tariffs << 32 | least
    sections = [first, second]
    if long:
        sections += [(groups & 0xFFF) << 32 | new.words[:, 0] & _WORD_32, groups >> 12 << 32 | new.words[:, 1] >> 32]
    elif supply_group is not None:
        sections.append(_spread(groups, len(new)) << 20)
    return [
        (subclass, np.asarray(section, dtype=np.uint64)) for subclass, section in zip(PRINTED, sections, strict=False)
    ]


def issue_key_change(
    new: Keys,
    parent: Keys,
    *,
    key_type: ArrayLike,
    key_revision: ArrayLike,
    tariff_index: ArrayLike,
    key_expiry: ArrayLike,
    rollover: ArrayLike,
    supply_group: ArrayLike | None = None,
) -> Digits:
    """The digits (S20) of key changes under the parent keys that the meters hold: shape (n, sections), as printed (C).

    The arguments are those of key_change_contents, and so are the errors.
    """
    _rows({"new": len(new), "parent": len(parent)})
    contents = key_change_contents(
        new,
        key_type=key_type,
        key_revision=key_revision,
        tariff_index=tariff_index,
        key_expiry=key_expiry,
        rollover=rollover,
        supply_group=supply_group,
    )
    return np.stack([issue(2, subclass, content, parent) for subclass, content in contents], axis=1)

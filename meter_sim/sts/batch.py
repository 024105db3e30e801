"""The coding of tokens and keys over NumPy arrays: a row for each token, the same results as the scalar modules.

Columns are one-dimensional arrays of equal length; where a single value is given instead, it holds for every row.
Whole numbers of any dtype come in and are checked; what goes out has the dtype that each function names. Columns whose
lengths differ raise ValueError. The loops are compiled on first use and kept on disk (`compiled/jit.py`).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from meter_sim.sts import amount, tid
from meter_sim.sts.compiled import amount as amount_kernels
from meter_sim.sts.compiled import cipher, crc, number, token
from meter_sim.sts.errors import AmountOutOfRange, WrongIdentity
from meter_sim.sts.identity import GREATEST_KEN, Encryption, KeyType
from meter_sim.sts.key_change import PRINTED
from meter_sim.sts.key_columns import Keys, Meters, derive, valid
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import DIGITS, Token, token_of
from meter_sim.sts.whole_columns import column_of, common_rows, integers, length_of, spread, whole

__all__ = [
    "AUTHENTIC",
    "CRC_ERROR",
    "FORMAT_ERROR",
    "FUNCTION_ERROR",
    "NO_CODE",
    "NO_TID",
    "NO_TOKEN",
    "Digits",
    "Keys",
    "Meters",
    "Reading",
    "blocks_of",
    "decode_amount",
    "decode_currency",
    "decrypt",
    "derive",
    "digits_of",
    "encode_amount",
    "encode_currency",
    "encrypt",
    "issue",
    "issue_key_change",
    "key_change_contents",
    "passes",
    "read",
    "seal",
    "skip_reserved",
    "tids_at",
    "token_at",
    "valid",
]

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


# --- TIDs and amounts ----------------------------------------------------------------------------------------------


def tids_at(base_date: BaseDate, minutes: ArrayLike) -> NDArray[np.int32]:
    """The TIDs (int32) of minutes on the axis under a base date; NO_TID outside 1 to 2^24 - 1 (C)."""
    column = column_of(minutes, np.int64, "minute", _INT_64, -_INT_64 - 1)
    has_one = (column > base_date.minute) & (column <= base_date.minute + tid.GREATEST)
    return np.where(has_one, column - base_date.minute * has_one, NO_TID).astype(np.int32)


def skip_reserved(tids: ArrayLike) -> NDArray[np.int32]:
    """The TIDs (int32) that ordinary tokens get: the minute 00:01 of each day is left out, 00:02 taken (C)."""
    column = column_of(tids, np.int32, "TID", tid.GREATEST, NO_TID)
    return np.where(column % tid.MINUTES_A_DAY == tid.RESERVED_MINUTE, column + 1, column).astype(np.int32)


def encode_amount(amounts: ArrayLike) -> NDArray[np.int32]:
    """The 16-bit codes (int32) of amounts in tenths or watts, rounded up (C); NO_CODE below 0 and above GREATEST."""
    array = np.atleast_1d(integers(amounts))
    if array.dtype.kind == "u":  # numbers beyond int64 have no code either
        array = np.minimum(array, amount.GREATEST + 1)
    elif array.dtype.kind == "O":
        array = np.clip(array, -1, amount.GREATEST + 1)
    column = column_of(array, np.int64, "amount", _INT_64, -_INT_64 - 1)
    codes = np.empty(len(column), dtype=np.int32)
    amount_kernels.encode_all(column, codes)
    return codes


def decode_amount(codes: ArrayLike) -> NDArray[np.int64]:
    """The amounts (int64) in tenths or watts that 16-bit codes stand for (C). Raises FieldOutOfRange."""
    column = column_of(codes, np.uint16, "amount code", 0xFFFF)
    amounts = np.empty(len(column), dtype=np.int64)
    amount_kernels.decode_all(column, amounts)
    return amounts


def encode_currency(units: ArrayLike) -> NDArray[np.int32]:
    """The 20-bit codes (int32) of amounts in 1e-5 of the base currency, rounded towards positive infinity (C).

    NO_CODE beyond GREATEST_CURRENCY on either side. Numbers beyond int64 are coded one by one by the scalar code.
    """
    array = np.atleast_1d(integers(units))
    if array.dtype.kind == "O" or (array.dtype.kind == "u" and array.size and int(array.max()) > _INT_64):
        return np.array([_currency_code(int(value)) for value in array], dtype=np.int32)
    column = column_of(array, np.int64, "amount", _INT_64, -_INT_64 - 1)
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
    column = column_of(codes, np.int32, "amount code", (1 << 20) - 1)
    distinct, places = np.unique(column, return_inverse=True)
    amounts = np.array([amount.decode_currency(int(code)) for code in distinct], dtype=np.object_)
    return amounts[places.reshape(-1)]


# --- blocks and digits ---------------------------------------------------------------------------------------------


def _token_columns(
    token_class: ArrayLike, subclass: ArrayLike, content: ArrayLike, keys: Keys | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Words]:
    classes = whole(token_class, np.uint8, "token class", 3)
    subclasses = whole(subclass, np.uint8, "subclass", 15)
    contents = whole(content, np.uint64, "content", _CONTENT)
    rows = common_rows(
        {
            "token_class": length_of(classes),
            "subclass": length_of(subclasses),
            "content": length_of(contents),
            "keys": None if keys is None else len(keys),
        }
    )
    return spread(classes, rows), spread(subclasses, rows), spread(contents, rows)


def _class_and_blocks(token_class: ArrayLike, blocks: ArrayLike, greatest: int) -> tuple[NDArray[np.uint8], Words]:
    classes = whole(token_class, np.uint8, "token class", greatest)
    column = column_of(blocks, np.uint64, "block", _WORD_64)
    rows = common_rows({"token_class": length_of(classes), "blocks": len(column)})
    return spread(classes, rows), column


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
    column = column_of(blocks, np.uint64, "block", _WORD_64).copy()
    common_rows({"blocks": len(column), "keys": len(keys)})
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
    rows = common_rows({"digits": len(texts), "keys": len(keys)})
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
        return whole(values, np.uint64, what, greatest, least, WrongIdentity)

    kinds = checked(key_type, "key type", max(KeyType))
    revisions = checked(key_revision, "key revision number", 9, 1)
    tariffs = checked(tariff_index, "tariff index", 99)
    kens = checked(key_expiry, "key expiry number", GREATEST_KEN)
    rollovers = checked(rollover, "rollover", 1)
    groups = checked(0 if supply_group is None else supply_group, "supply group code", 999_999)
    common_rows(
        {
            "new": len(new),
            "key_type": length_of(kinds),
            "key_revision": length_of(revisions),
            "tariff_index": length_of(tariffs),
            "key_expiry": length_of(kens),
            "rollover": length_of(rollovers),
            "supply_group": length_of(groups),
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
        sections.append(spread(groups, len(new)) << 20)
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
    common_rows({"new": len(new), "parent": len(parent)})
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

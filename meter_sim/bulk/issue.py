"""Issue what the rows of a file ask for: tokens, and the sections of key changes."""

import re
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meter_sim.arrow_columns import fixed_texts, text_lists
from meter_sim.bulk.columns import Columns, FieldError, Ints, Mask
from meter_sim.bulk.keys import ENCRYPTIONS, KeyColumns, VendingKeys, read_keys
from meter_sim.bulk.token_file import KEY_FIELDS, UNREADABLE, Chunk
from meter_sim.sts import batch
from meter_sim.sts.identity import GREATEST_KEN, Encryption
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import DIGITS, Management, meter_test

Digits = NDArray[np.bytes_]

_LIMITS = (
    Management.SET_MAXIMUM_POWER_LIMIT.value,
    Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT.value,
)
_RESERVED = (Management.SET_TARIFF_RATE.value, Management.SET_WATER_METER_FACTOR.value)
_EXTENDED = 10


def issue(chunk: Chunk, keys: VendingKeys) -> tuple[dict[str, pa.Array], dict[int, str], int]:
    """The columns `token`, `tokens` and `error` for the rows of a chunk, the faults by row, and that none is refused.

    A row with some `new` field is a key change and gets `tokens`, any other row gets `token`.
    """
    columns = Columns(chunk)
    changes = columns.any_given("new.")
    refuse_strange(columns, chunk)
    parents = read_keys(columns, keys, where=columns.all())
    tokens, there = _tokens(columns, parents, ~changes)
    sections = _key_changes(columns, parents, changes, keys)
    added: dict[str, pa.Array] = {"token": fixed_texts(tokens, there)}
    if any(name == "tokens" or name.startswith("new.") for name in chunk.columns):
        added["tokens"] = text_lists(sections)
    added["error"] = columns.errors
    return added, columns.faults, 0


def refuse_strange(columns: Columns, chunk: Chunk) -> None:
    """Note rows whose `new` cannot be read, or has fields that name no key."""
    for name in chunk.columns:
        inner = name.removeprefix("new.")
        if inner != name and inner not in KEY_FIELDS:
            what = "new: is not an object with the fields of the new key"
            reason = (
                what if inner == UNREADABLE else f"{name} is no field of a key, allowed are {', '.join(KEY_FIELDS)}"
            )
            for row in np.flatnonzero(columns.given(name)):
                columns.fault(int(row), reason)


# -- tokens ----------------------------------------------------------------------------------------------------


def _tokens(columns: Columns, keys: KeyColumns, where: Mask) -> tuple[Digits, Mask]:
    token_class = columns.whole("token_class", 0, 2, where=where)
    where = where & columns.good
    missing = np.where(token_class == 1, 0, -1)
    subclass = columns.whole("subclass", 0, 15, where=where & (token_class != 1), default=missing)
    for row in np.flatnonzero(where & (subclass < 0)):
        columns.fault(int(row), "subclass is missing")
    credit = where & (token_class == 0)
    management = where & (token_class == 2)
    known = (credit & (subclass <= 7)) | (where & (token_class == 1))
    known |= management & np.isin(subclass, (*(command.value for command in Management), _EXTENDED))
    for row in np.flatnonzero(where & columns.good & ~known):
        columns.fault(int(row), f"class {token_class[row]} subclass {subclass[row]} is no token that is issued")
    high, data = _data(columns, credit, management, subclass)
    timed = where & columns.good & (token_class != 1)
    content = _timed(columns, keys, timed, high, data)
    tests = where & columns.good & (token_class == 1)
    subclass, content = _tests(columns, tests, subclass, content)
    digits = np.zeros(columns.rows, dtype=f"S{DIGITS}")
    for encryption in ENCRYPTIONS:
        rows = keys.rows_of(encryption, where & columns.good)
        if len(rows):
            digits[rows] = batch.issue(token_class[rows], subclass[rows], content[rows], keys.of(encryption, rows))
    return digits, where & columns.good


def _data(columns: Columns, credit: Mask, management: Mask, subclass: Ints) -> tuple[Ints, Ints]:
    """The upper four bits of the content (RND, or S&E of money) and the lower sixteen."""
    units, money = credit & (subclass < 4), credit & (subclass >= 4)
    limit = management & np.isin(subclass, _LIMITS)
    high = columns.whole("rnd", 0, 15, where=units | management, default=0)
    data = np.zeros(columns.rows, dtype=np.int64)
    if units.any():
        tenths = columns.distinct("units", lambda text: _scaled(text, 10, "tenths"), where=units)
        data = np.where(units, _coded(columns, "units", tenths, batch.encode_amount, units), data)
    if money.any():
        amounts = columns.distinct("currency", lambda text: _scaled(text, 100_000, "0.00001"), where=money)
        codes = _coded(columns, "currency", amounts, batch.encode_currency, money)
        data, high = np.where(money, codes & 0xFFFF, data), np.where(money, codes >> 16, high)
    if limit.any():
        watts = columns.distinct("watts", lambda text: _scaled(text, 1, "watts"), where=limit)
        data = np.where(limit, _coded(columns, "watts", watts, batch.encode_amount, limit), data)
    for name, numbers, default in (
        ("register", (Management.CLEAR_CREDIT.value,), None),
        ("pad", (Management.CLEAR_TAMPER_CONDITION.value,), 0),
        ("data", _RESERVED, None),
    ):
        chosen = management & np.isin(subclass, numbers)
        if chosen.any():
            data = np.where(chosen, columns.whole(name, 0, 0xFFFF, where=chosen, default=default), data)
    extended = management & (subclass == _EXTENDED)
    if extended.any():
        index = columns.whole("index", 0, 63, where=extended)
        data = np.where(extended, index << 10 | columns.whole("value", 0, 1023, where=extended), data)
    return high, data


_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")


def _scaled(text: str, per_unit: int, what: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise FieldError(f"{text!r} is not a number")
    value = Fraction(text) * per_unit
    if value.denominator != 1:
        raise FieldError(f"{text!r} is not a whole number of {what}")
    if abs(value) > 1 << 62:
        raise FieldError(f"{text!r} is too large, a file may ask for at most 2^62 times {what}")
    return value.numerator


def _coded(
    columns: Columns, name: str, amounts: Ints, encode: Callable[[Ints], NDArray[np.int32]], where: Mask
) -> Ints:
    codes = encode(amounts).astype(np.int64)
    for row in np.flatnonzero(where & columns.good & (codes < 0)):
        columns.fault(int(row), f"{name}: {amounts[row]} is more than a token can carry, or below 0")
    return np.where(codes < 0, 0, codes)


def _timed(columns: Columns, keys: KeyColumns, where: Mask, high: Ints, data: Ints) -> Ints:
    """The content of tokens with a TID: that of the minute `issued`, which is UTC."""
    minutes = columns.instants("issued", where=where) // 60  # seconds are dropped (C)
    reserved = columns.flags("reserved_minute", where=where)
    tids = np.zeros(columns.rows, dtype=np.int64)
    for base in BaseDate:
        rows = np.flatnonzero(where & columns.good & (keys.base_date == base.value))
        if len(rows):
            found = batch.tids_at(base, minutes[rows])
            ordinary = np.where(found < 0, found, batch.skip_reserved(found))
            tids[rows] = np.where(reserved[rows], found, ordinary)
    for row in np.flatnonzero(where & columns.good & (tids < 0)):
        columns.fault(int(row), f"issued: has no TID under base date {keys.base_date[row]}")
    return high << 40 | np.where(tids < 0, 0, tids) << 16 | data


def _tests(columns: Columns, where: Mask, subclass: Ints, content: Ints) -> tuple[Ints, Ints]:
    """Class 1: the meter test of a row, all of them where it names none."""
    if not where.any():
        return subclass, content
    makers = columns.whole("manufacturer", 0, 0xFFFF, where=where, default=0)
    tests = columns.whole("test", 0, 36, where=where, default=0)
    subclass, content = subclass.copy(), content.copy()
    for row in np.flatnonzero(where & columns.good):
        try:
            token = meter_test(int(tests[row]), int(makers[row]))
        except ValueError as error:
            columns.fault(int(row), str(error))
            continue
        subclass[row], content[row] = token.subclass, token.content
    return subclass, content


# -- key changes -----------------------------------------------------------------------------------------------


def _key_changes(columns: Columns, parents: KeyColumns, where: Mask, keys: VendingKeys) -> list[tuple[str, ...] | None]:
    found: list[tuple[str, ...] | None] = [None] * columns.rows
    if not (where & columns.good).any():
        return found
    new = read_keys(columns, keys, where=where & columns.good, parent=parents)
    good = where & columns.good
    for name, before, after in (
        ("ea", parents.encryption, new.encryption),
        ("meter_pan", parents.pan, new.pan),
    ):
        for row in np.flatnonzero(good & (before != after)):
            columns.fault(int(row), f"new.{name}: a key change leaves it as it is, another one is another meter")
    expiry = columns.whole("key_expiry_number", 0, GREATEST_KEN, where=good, default=GREATEST_KEN)
    later = (new.base_date > parents.base_date).astype(np.int64)
    rollover = columns.flags("rollover", where=good, default=later)
    three = columns.flags("three_kct", where=good)
    good &= columns.good
    for encryption in ENCRYPTIONS:
        long = encryption is Encryption.EA11
        for with_group in (True,) if long else (False, True):
            rows = parents.rows_of(encryption, good if long else good & (three == with_group))
            if len(rows) == 0:
                continue
            sections = batch.issue_key_change(
                new.of(encryption, rows),
                parents.of(encryption, rows),
                key_type=new.key_type[rows],
                key_revision=new.key_revision[rows],
                tariff_index=new.tariff_index[rows],
                key_expiry=expiry[rows],
                rollover=rollover[rows],
                supply_group=new.supply_group[rows] if with_group else None,
            )
            for row, tokens in zip(rows.tolist(), sections.astype(f"U{DIGITS}").tolist(), strict=True):
                found[row] = tuple(tokens)
    return found

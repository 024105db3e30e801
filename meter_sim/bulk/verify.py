"""Say of the tokens of a file whether they decipher under the keys that its rows name, and what they say.

Without state: a token is looked at for itself. What a meter would answer, given what was entered before, is `feed`.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from meter_sim.arrow_columns import flags, numbers, text, texts
from meter_sim.bulk.columns import Columns, Ints, Mask
from meter_sim.bulk.issue import refuse_strange
from meter_sim.bulk.keys import ENCRYPTIONS, KeyColumns, VendingKeys, read_keys
from meter_sim.bulk.token_file import Chunk
from meter_sim.bulk.tokens_field import listed
from meter_sim.sts import batch, key_change, words
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import (
    FirstSection,
    FourthSection,
    KeyChangeSection,
    Management,
    SecondSection,
    Service,
    SupplyGroupSection,
    ThirdSection,
)

AUTHENTIC = "Authentic"
MISMATCH = "Mismatch"
"""The result of a key change whose sections make another key than the row's `new` names."""
_RESULTS = {
    batch.AUTHENTIC: AUTHENTIC,
    batch.FORMAT_ERROR: "FormatError",
    batch.FUNCTION_ERROR: "FunctionError",
    batch.CRC_ERROR: "CRCError",
}
_NOTHING = 0
"""Status of a row that has nothing to verify."""

_KINDS = {(0, service.value): service.words for service in Service}
_KINDS |= {(1, 0): "meter test", (1, 1): "meter test"}
_KINDS |= {(2, command.value): command.standard_name for command in Management}
_KINDS |= {
    (2, 3): "Set1stSectionDecoderKey",
    (2, 4): "Set2ndSectionDecoderKey",
    (2, 8): "Set3rdSectionDecoderKey",
    (2, 9): "Set4thSectionDecoderKey",
    (2, 10): "extended function",
}
_RESERVED = "reserved or proprietary"
_LIMITS = (0, 6)
_TIMED_CLASS_2 = (0, 1, 2, 5, 6, 7, 10)

ADDED = ("result", "kind", "tid", "tid_time", "value", "unit", "error")
"""The columns that are added, in this order."""


def verify(chunk: Chunk, keys: VendingKeys) -> tuple[dict[str, pa.Array], dict[int, str], int]:
    """The columns of `ADDED` for the rows of a chunk, the faults by row, and how many rows are not authentic.

    `result` is Authentic, FormatError, FunctionError (class 3) or CRCError, of the worst section of a key change, or
    Mismatch; `kind` and `value` say what the token is; `tid_time` is the TID's minute, UTC, under the row's base date.
    """
    columns = Columns(chunk)
    single, several = columns.given("token"), columns.given("tokens")
    for row in np.flatnonzero(~single & ~several):
        columns.fault(int(row), "token is missing")
    refuse_strange(columns, chunk)
    key_columns = read_keys(columns, keys, where=columns.all())
    said = _Said(columns.rows)
    rows = np.flatnonzero(single & ~several & columns.good)
    _read_single(columns, key_columns, rows, said)
    if several.any():
        _read_several(columns, key_columns, several & columns.good, keys, said)
    for faulty in columns.faults:
        said.clear(faulty)
    status = said.status
    refused = int(np.count_nonzero((status != batch.AUTHENTIC) & (status != _NOTHING))) + len(said.mismatches)
    return said.columns() | {"error": columns.errors}, columns.faults, refused


class _Said:
    """What the rows of a chunk say, as it is found out."""

    def __init__(self, rows: int) -> None:
        self.status = np.zeros(rows, dtype=np.uint8)
        self.kind: pa.Array = pa.nulls(rows, pa.string())
        self.tid: pa.Array = pa.nulls(rows, pa.int64())
        self.minute = np.zeros(rows, dtype=np.int64)
        self.value: pa.Array = pa.nulls(rows, pa.string())
        self.unit: pa.Array = pa.nulls(rows, pa.string())
        self.changes: dict[int, str] = {}
        self.mismatches: set[int] = set()

    def clear(self, row: int) -> None:
        """Say nothing of a row that has a fault."""
        self.status[row] = _NOTHING
        self.changes.pop(row, None)
        self.mismatches.discard(row)

    def columns(self) -> dict[str, pa.Array]:
        """The columns of `ADDED` but the errors."""
        rows = len(self.status)
        names = texts([_RESULTS.get(code) for code in range(256)])
        result = names.take(numbers(self.status))
        kind, value = self.kind, self.value
        if self.changes:
            change = np.zeros(rows, dtype=np.bool_)
            for row in self.changes:
                change[row] = True
            said = texts([self.changes.get(row) or None for row in range(rows)])
            kind = pc.if_else(flags(change), text("key change"), kind)
            value = pc.if_else(flags(change), said, value)
        if self.mismatches:
            other = np.zeros(rows, dtype=np.bool_)
            other[list(self.mismatches)] = True
            result = pc.if_else(flags(other), text(MISMATCH), result)
        time = numbers(self.minute * 60).cast(pa.timestamp("s")).cast(pa.string())
        return {
            "result": result,
            "kind": kind,
            "tid": self.tid,
            "tid_time": pc.if_else(pc.is_valid(self.tid), time, text(None)),
            "value": value,
            "unit": self.unit,
        }


# -- one token a row -------------------------------------------------------------------------------------------


def _read_single(columns: Columns, keys: KeyColumns, rows: Ints, said: _Said) -> None:
    if len(rows) == 0:
        return
    digits = columns.tokens("token")
    count = columns.rows
    status, token_class, subclass = (np.zeros(count, dtype=np.uint8) for _ in range(3))
    content = np.zeros(count, dtype=np.uint64)
    wanted = np.zeros(count, dtype=np.bool_)
    wanted[rows] = True
    for encryption in ENCRYPTIONS:
        chosen = keys.rows_of(encryption, wanted)
        if len(chosen):
            reading = batch.read(digits[chosen], keys.of(encryption, chosen))
            status[chosen], token_class[chosen] = reading.status, reading.token_class
            subclass[chosen], content[chosen] = reading.subclass, reading.content
    said.status = status
    _say(keys, status == batch.AUTHENTIC, token_class, subclass, content, said)


def _say(
    keys: KeyColumns,
    authentic: Mask,
    token_class: NDArray[np.uint8],
    subclass: NDArray[np.uint8],
    content: NDArray[np.uint64],
    said: _Said,
) -> None:
    """Kind, TID and value of authentic tokens."""
    code = token_class.astype(np.int64) << 4 | subclass
    kinds = texts([_KINDS.get((number >> 4, number & 15), _RESERVED) for number in range(64)])
    short = keys.encryption == 0
    code = np.where(short & (code == 0x29), 0x2F, code)  # subclass 9 is for 128-bit keys
    said.kind = pc.if_else(flags(authentic), kinds.take(numbers(code & 63)), text(None))
    number = content.astype(np.int64)
    timed = authentic & (
        ((token_class == 0) & (subclass <= 7)) | ((token_class == 2) & np.isin(subclass, _TIMED_CLASS_2))
    )
    tid = number >> 16 & 0xFFFFFF
    said.tid = numbers(tid, timed)
    starts = np.zeros(int(max(BaseDate)) + 1, dtype=np.int64)
    for base in BaseDate:
        starts[base.value] = base.minute
    said.minute = np.where(timed, starts[np.where(timed, keys.base_date, BaseDate.Y1993.value)] + tid, 0)
    _say_values(authentic, token_class, subclass, number, said)


def _say_values(
    authentic: Mask, token_class: NDArray[np.uint8], subclass: NDArray[np.uint8], content: Ints, said: _Said
) -> None:
    data = content & 0xFFFF
    credit = authentic & (token_class == 0) & (subclass < 4)
    money = authentic & (token_class == 0) & (subclass >= 4) & (subclass <= 7)
    limit = authentic & (token_class == 2) & np.isin(subclass, _LIMITS)
    plain = authentic & (token_class == 2) & np.isin(subclass, (1, 2, 5, 7))
    amounts = batch.decode_amount(data.astype(np.uint16))
    whole = numbers(np.where(credit, amounts // 10, np.where(limit, amounts, data))).cast(pa.string())
    tenth = texts(list("0123456789")).take(numbers(amounts % 10))
    value = pc.if_else(
        flags(credit),
        pc.binary_join_element_wise(whole, tenth, text(".")),
        pc.if_else(flags(limit | plain), whole, text(None)),
    )
    others = np.flatnonzero(authentic & ~credit & ~limit & ~plain)
    if len(others):
        values: list[str | None] = [None] * len(authentic)
        if money.any():
            amounts_of_money = batch.decode_currency((content >> 40 & 15) << 16 | data)
            for row in np.flatnonzero(money):
                values[row] = words.currency_text(int(amounts_of_money[row]))
        for row in others:
            if values[row] is None:
                values[row] = _other_value(int(token_class[row]), int(subclass[row]), int(content[row]))
        value = pc.coalesce(value, texts(values))
    said.value = value
    units = texts([Service(number).unit if number < 8 else None for number in range(16)])
    credited = pc.if_else(flags(credit | money), units.take(numbers(subclass & 15)), text(None))
    said.unit = pc.if_else(flags(limit), text("W"), credited)


def _other_value(token_class: int, subclass: int, content: int) -> str | None:
    if token_class == 1 and subclass <= 1:
        maker_bits = 8 if subclass == 0 else 16
        return f"control 0x{content >> maker_bits:X} maker {content & (1 << maker_bits) - 1}"
    if token_class == 2 and subclass == 10:
        return f"{content >> 10 & 63} {content & 1023}"
    if token_class == 2 and subclass == 3:
        return f"{content >> 36 & 15}.{content >> 32 & 3}"
    return None


# -- key changes -----------------------------------------------------------------------------------------------


def _read_several(columns: Columns, keys: KeyColumns, where: Mask, vending: VendingKeys, said: _Said) -> None:
    changed = columns.any_given("new.") & where
    new = None
    if changed.any():
        new = read_keys(columns, vending, where=changed & columns.good, parent=keys)
    column = columns.texts("tokens")
    for encryption in ENCRYPTIONS:
        chosen = keys.rows_of(encryption, where & columns.good)
        if len(chosen) == 0:
            continue
        lists = [listed(column[int(row)].as_py() or "") for row in chosen]
        parent = np.repeat(chosen, [len(tokens) for tokens in lists])
        flat = np.array([_joined(token) for tokens in lists for token in tokens], dtype="S20")
        reading = batch.read(flat, keys.of(encryption, parent)) if len(flat) else None
        place = 0
        for row, tokens in zip(chosen.tolist(), lists, strict=True):
            places = range(place, place + len(tokens))
            place += len(tokens)
            if reading is None or not tokens:
                columns.fault(row, "tokens is empty")
                continue
            said.status[row] = max(int(reading.status[at]) for at in places)
            said.changes[row] = ""
            if said.status[row] != batch.AUTHENTIC:
                continue
            sections = [batch.token_at(reading, at, encryption) for at in places]
            made = _made(sections)
            if made is None:
                columns.fault(row, "tokens: are no whole set of key change sections")
                continue
            said.changes[row] = _change_text(made)
            if new is not None and changed[row] and not _is_named(made, new, row):
                said.mismatches.add(row)


def _joined(token: str) -> bytes:
    return token.encode() if len(token) == 20 and token.isascii() else b"-"


_SECTIONS = (FirstSection, SecondSection, SupplyGroupSection, ThirdSection, FourthSection)


def _made(tokens: Sequence[object]) -> key_change.NewKey | None:
    sections: list[KeyChangeSection] = [token for token in tokens if isinstance(token, _SECTIONS)]
    subclasses = {section.subclass for section in sections}
    if len(sections) != len(tokens) or len(subclasses) != len(sections):
        return None
    try:
        made = key_change.join(sections)
    except ValueError:
        return None
    long = made.key.encryption.key_bits == 128
    return made if len(sections) == (4 if long else 2 if made.supply_group is None else 3) else None


def _change_text(made: key_change.NewKey) -> str:
    group = "" if made.supply_group is None else f" SGC {made.supply_group}"
    kind = f"KRN {made.key_revision} KT {made.key_type.value} TI {made.tariff_index}"
    return f"{kind} KEN {made.key_expiry} RO {int(made.rollover)}{group}"


def _is_named(made: key_change.NewKey, new: KeyColumns, row: int) -> bool:
    """Whether a change makes the key that the row names as the new one, with its KRN, KT, TI and SGC."""
    return (
        made.key == new.decoder_key(row)
        and made.key_revision == new.key_revision[row]
        and made.key_type.value == new.key_type[row]
        and int(made.tariff_index) == new.tariff_index[row]
        and (made.supply_group is None or int(made.supply_group) == new.supply_group[row])
    )

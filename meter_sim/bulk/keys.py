"""The decoder keys that the rows of a file name, whatever algorithms and vending keys are mixed in it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meter_sim.bulk.columns import Columns, Ints, Mask
from meter_sim.bulk.token_file import VENDING_KEY
from meter_sim.sts import batch
from meter_sim.sts.dkga import DecoderKey, Dkga, dkga_named
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import (
    Encryption,
    KeyType,
    encryption_named,
    supply_group_code,
    tariff_index,
)
from meter_sim.sts.tid import BaseDate
from meter_sim.vending.vending_key import vending_key_value

ENCRYPTIONS = list(Encryption)
"""Algorithms by the numbers that `KeyColumns.encryption` has."""
_DEFAULTS = {
    "dkga": 4,
    "ea": 0,
    "base_date": 2014,
    "key_revision": 1,
    "tariff_index": 1,
    "key_type": KeyType.DUTK.value,
}


@dataclass(frozen=True, slots=True)
class VendingKeys:
    """The vending keys (`test:old`, `test:new` or hex) of rows that name none; they do not show in the repr.

    `to_key` is that of the new key of a key change; None stands for the row's own.
    """

    key: str = field(repr=False)
    to_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """What names a decoder key, in columns, and the keys: 128-bit in two words, 64-bit in the first of them.

    Rows with a fault, and those that were not asked for, have no meaning. Keys and vending keys do not show in a repr.
    """

    dkga: Ints
    encryption: Ints
    pan: NDArray[np.uint64]
    supply_group: Ints
    tariff_index: Ints
    key_revision: Ints
    key_type: Ints
    base_date: Ints
    words: NDArray[np.uint64]
    vending_keys: tuple[bytes, ...]
    vending_key_places: Ints

    def of(self, encryption: Encryption, rows: Ints) -> batch.Keys:
        """The keys of some rows that are all of one algorithm."""
        return batch.Keys(encryption, np.ascontiguousarray(self.words[rows, : encryption.key_bits // 64]))

    def decoder_key(self, row: int) -> DecoderKey:
        """The key of one row."""
        encryption = ENCRYPTIONS[int(self.encryption[row])]
        high, low = (int(word) for word in self.words[row])
        return DecoderKey(encryption, high if encryption.key_bits == 64 else high << 64 | low)

    def vending_key(self, row: int) -> bytes:
        """The vending key of one row."""
        return self.vending_keys[int(self.vending_key_places[row])]

    def rows_of(self, encryption: Encryption, where: Mask) -> Ints:
        """The rows of an algorithm among some."""
        return np.flatnonzero(where & (self.encryption == ENCRYPTIONS.index(encryption)))

    def __repr__(self) -> str:
        return f"KeyColumns of {len(self.pan)} rows"


def read_keys(columns: Columns, vending: VendingKeys, *, where: Mask, parent: KeyColumns | None = None) -> KeyColumns:
    """The keys that fields named in the conformance files' way describe, for the rows of `where`.

    With a `parent`, the keys after a key change, from the fields of `new`. Fields that are not there are as in the
    parent; without one DKGA 04, EA07, base date 2014, KRN 1, TI 01 and DUTK. Faults are noted in `columns`, vending
    keys never repeated there.
    """
    prefix = "" if parent is None else "new."

    def default(name: str) -> int | Ints:
        return _DEFAULTS[name] if parent is None else np.asarray(getattr(parent, _COLUMN_OF.get(name, name)))

    dkga = columns.distinct(f"{prefix}dkga", lambda text: int(dkga_named(text)), where=where, default=default("dkga"))
    encryption = columns.distinct(
        f"{prefix}ea", lambda text: ENCRYPTIONS.index(encryption_named(text)), where=where, default=default("ea")
    )
    base = columns.distinct(f"{prefix}base_date", _base_date, where=where, default=default("base_date"))
    pan = columns.pans(f"{prefix}meter_pan", where=where, default=None if parent is None else parent.pan)
    group = columns.distinct(
        f"{prefix}supply_group_code",
        lambda text: int(supply_group_code(text)),
        where=where,
        default=None if parent is None else parent.supply_group,
    )
    index = columns.distinct(
        f"{prefix}tariff_index", lambda text: int(tariff_index(text)), where=where, default=default("tariff_index")
    )
    revision = columns.whole(f"{prefix}key_revision_number", 1, 9, where=where, default=default("key_revision"))
    kind = columns.whole(f"{prefix}key_type", 0, 3, where=where, default=default("key_type"))
    own = parent is not None and vending.to_key is None
    texts = _Texts(vending.key if parent is None or vending.to_key is None else vending.to_key)
    default_key = columns.distinct(VENDING_KEY, texts.place, default=0) if own else 0
    key = columns.distinct(f"{prefix}{VENDING_KEY}", texts.place, default=default_key)
    names = _Names(key, dkga, encryption, base, pan, group, index, revision, kind)
    words, vending_keys, places = _derived(columns, texts.texts, names, where, prefix)
    return KeyColumns(dkga, encryption, pan, group, index, revision, kind, base, words, vending_keys, places)


_COLUMN_OF = {"ea": "encryption"}


def _base_date(text: str) -> int:
    try:
        return BaseDate(int(text)).value
    except ValueError:
        years = ", ".join(str(base.value) for base in BaseDate)
        raise StsError(f"{text!r} is not a base date, allowed are {years}") from None


class _Texts:
    """Distinct texts of vending keys by place; the first is that of rows that name none."""

    def __init__(self, default: str) -> None:
        self.texts = [default]
        self._places = {default: 0}

    def place(self, text: str) -> int:
        if text not in self._places:
            self._places[text] = len(self.texts)
            self.texts.append(text)
        return self._places[text]


@dataclass(frozen=True, slots=True)
class _Names:
    """What names the keys, in columns."""

    key: Ints
    dkga: Ints
    encryption: Ints
    base: Ints
    pan: NDArray[np.uint64]
    group: Ints
    index: Ints
    revision: Ints
    kind: Ints


def _derived(
    columns: Columns, texts: list[str], names: _Names, where: Mask, prefix: str
) -> tuple[NDArray[np.uint64], tuple[bytes, ...], Ints]:
    """The keys and the vending keys that they come from, for each vending key, base date and algorithm in one go."""
    words = np.zeros((columns.rows, 2), dtype=np.uint64)
    values: list[bytes] = []
    value_places = np.zeros(columns.rows, dtype=np.int64)
    rows = np.flatnonzero(where & columns.good)
    if len(rows) == 0:
        return words, tuple(values), value_places
    combined = names.key << 24 | names.dkga << 20 | names.encryption << 16 | names.base
    groups, member = np.unique(combined[rows], return_inverse=True)
    order = np.argsort(member, kind="stable")
    bounds = np.searchsorted(member[order], np.arange(len(groups) + 1))
    for number in range(len(groups)):
        chosen = rows[order[bounds[number] : bounds[number + 1]]]
        first = int(chosen[0])
        dkga = next(dkga for dkga in Dkga if int(dkga) == names.dkga[first])
        encryption = ENCRYPTIONS[int(names.encryption[first])]
        meters = batch.Meters(
            names.pan[chosen],
            names.group[chosen].astype(np.uint32),
            names.index[chosen].astype(np.uint8),
            names.revision[chosen].astype(np.uint8),
            names.kind[chosen].astype(np.uint8),
        )
        try:
            value = vending_key_value(texts[int(names.key[first])], dkga)
            found = batch.derive(meters, dkga, value, BaseDate(int(names.base[first])), encryption)
        except StsError as error:
            for row in chosen:
                columns.fault(int(row), f"{prefix.replace('.', ': ')}{error}")
            continue
        words[chosen, : found.words.shape[1]] = found.words
        value_places[chosen] = len(values)
        values.append(value)
    return words, tuple(values), value_places

"""Key change tokens for a population of meters, each set proved on a simulated meter before it is written.

The sections are made in columns and compiled; the proof is the scalar code's: a meter that holds the old key, derived
for it alone, takes the sections in printed order and must then hold the new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from meter_sim.arrow_columns import text_lists, texts
from meter_sim.bulk.columns import Columns
from meter_sim.bulk.issue import issue
from meter_sim.bulk.keys import ENCRYPTIONS, KeyColumns, VendingKeys, read_keys
from meter_sim.bulk.token_file import Chunk
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.model import MeterModel
from meter_sim.meter.models import BUILT_IN, default_model
from meter_sim.sts import cipher
from meter_sim.sts.dkga import DecoderKey, Dkga, derive
from meter_sim.sts.identity import Encryption, KeyIdentity, KeyType, MeterPan
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import CreditToken, CurrencyToken

_FILL = 1000
"""TID that the store of the simulated meter is filled with; whether it is zeros afterwards is what RO decides."""


@dataclass(frozen=True, slots=True)
class Target:
    """What every meter of a population is to hold, as fields of `new` and of the change; None is left to the row.

    A row that says a field itself keeps what it says.
    """

    key_revision: int
    base_date: str | None = None
    dkga: str | None = None
    supply_group: str | None = None
    tariff_index: str | None = None
    key_type: int | None = None
    key_expiry: int | None = None
    rollover: bool | None = None
    three_sections: bool | None = None

    def fields(self) -> dict[str, str]:
        """The fields and their texts."""
        said = {
            "new.key_revision_number": self.key_revision,
            "new.base_date": self.base_date,
            "new.dkga": self.dkga,
            "new.supply_group_code": self.supply_group,
            "new.tariff_index": self.tariff_index,
            "new.key_type": self.key_type,
            "key_expiry_number": self.key_expiry,
            "rollover": None if self.rollover is None else str(self.rollover).lower(),
            "three_kct": None if self.three_sections is None else str(self.three_sections).lower(),
        }
        return {name: str(value) for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class KeyChangeSets:
    """Makes and proves the sets for the rows of a file.

    `model` is the kind of meter that a set is proved on where a row names none; None stands for the ordinary one of its
    algorithm, or the one that takes sets of three.
    """

    keys: VendingKeys
    target: Target
    model: str | None = None

    def make(self, chunk: Chunk) -> tuple[dict[str, pa.Array], dict[int, str], int]:
        """The fields of the new key, `tokens` and `error` for a chunk, the faults by row, and that none is refused.

        A set that does not take its simulated meter to the new key is not written; its row says why.
        """
        wanted = _with(chunk, self.target.fields())
        added, faults, _ = issue(wanted, self.keys)
        sections = added["tokens"].to_pylist() if "tokens" in added else [None] * len(chunk)
        columns = Columns(wanted)
        columns.faults.update(faults)
        where = columns.good
        old = read_keys(columns, self.keys, where=where)
        new = read_keys(columns, self.keys, where=where, parent=old)
        models = columns.texts("model").to_pylist()
        three = columns.flags("three_kct")
        later = (new.base_date > old.base_date).astype(np.int64)
        rollover = columns.flags("rollover", default=later)
        expiry = columns.whole("key_expiry_number", 0, 255, default=255)
        for row in np.flatnonzero(where).tolist():
            after = _After(new, row, bool(three[row]), bool(rollover[row]), int(expiry[row]))
            reason = _disproved(old, after, sections[row] or (), models[row] or self.model)
            if reason:
                columns.fault(row, f"not proved: {reason}")
                sections[row] = None
        result = {name: wanted.columns[name] for name in self.target.fields()}
        tokens = text_lists(sections)
        return result | {"tokens": tokens, "error": columns.errors}, columns.faults, 0


def _with(chunk: Chunk, fields: dict[str, str]) -> Chunk:
    """A chunk in which empty fields say what the target says."""
    columns = dict(chunk.columns)
    view = Columns(chunk)
    for name, said in fields.items():
        constant = texts([said] * len(chunk))
        columns[name] = pc.coalesce(view.texts(name), constant) if name in columns else constant
    return replace(chunk, columns=columns)


@dataclass(frozen=True, slots=True)
class _After:
    """What a row's meter must hold after the change."""

    keys: KeyColumns
    row: int
    three: bool
    rollover: bool
    expiry: int


def _register(keys: KeyColumns, row: int, key: DecoderKey, expiry: int) -> KeyRegister:
    return KeyRegister(
        key=key,
        key_type=KeyType(int(keys.key_type[row])),
        supply_group=f"{keys.supply_group[row]:06d}",
        key_revision=int(keys.key_revision[row]),
        tariff_index=f"{keys.tariff_index[row]:02d}",
        key_expiry=expiry,
    )


def _identity(keys: KeyColumns, row: int) -> KeyIdentity:
    return KeyIdentity(
        pan=MeterPan(f"{int(keys.pan[row]):018d}"),
        supply_group=f"{keys.supply_group[row]:06d}",
        tariff_index=f"{keys.tariff_index[row]:02d}",
        key_revision=int(keys.key_revision[row]),
        key_type=KeyType(int(keys.key_type[row])),
        encryption=ENCRYPTIONS[int(keys.encryption[row])],
        base_date=BaseDate(int(keys.base_date[row])),
    )


def _scalar_key(keys: KeyColumns, row: int) -> DecoderKey:
    """The key of a row, derived by the scalar code."""
    dkga = next(dkga for dkga in Dkga if int(dkga) == keys.dkga[row])
    return derive(_identity(keys, row), dkga, keys.vending_key(row))


def _model(name: str | None, encryption: Encryption, three: bool) -> MeterModel | str:
    """The model that a set is proved on; a set of three needs one that takes it."""
    if name is None:
        return BUILT_IN["keypad_3kct"] if three and encryption is Encryption.EA07 else default_model(encryption)
    if name not in BUILT_IN:
        return f"no meter model is called {name!r}"
    if BUILT_IN[name].encryption is not encryption:
        return f"the model {name} is EA{BUILT_IN[name].encryption}"
    return BUILT_IN[name]


def _disproved(old: KeyColumns, after: _After, sections: Sequence[str], model_name: str | None) -> str:
    """Why a set does not do at a simulated meter what it should; empty if it does."""
    row, new = after.row, after.keys
    old_key, new_key = _scalar_key(old, row), _scalar_key(new, row)
    model = _model(model_name, old_key.encryption, after.three)
    if isinstance(model, str):
        return model
    before = _register(old, row, old_key, 255)
    meter = Meter(_identity(old, row).pan, before, model=model, manufacture_tid=_FILL)
    answers = [meter.enter(digits, second) for second, digits in enumerate(sections)]
    if [answer.status.accepted for answer in answers] != [True] * len(sections) or answers[-1].name != "Accept":
        said = ", ".join(f"{answer.name} ({answer.reason})" if answer.reason else answer.name for answer in answers)
        return f"the meter answers {said}"
    wanted = _register(new, row, new_key, after.expiry)
    carries_group = len(sections) > 2
    if not carries_group:
        wanted = replace(wanted, supply_group=before.supply_group)
    if meter.keys != wanted:
        return f"the meter then holds {meter.keys.shown}, TI {meter.keys.tariff_index}, or another key"
    if (meter.tids.smallest == 0) != after.rollover:
        return "the TID store was not treated as the rollover bit says"
    service = model.services[0]
    if wanted.key_type is not KeyType.DDTK:
        token = CurrencyToken(service, _FILL + 1, 1) if service.in_currency else CreditToken(service, 0, _FILL + 1, 1)
        if meter.enter(cipher.encipher(token, new_key), len(sections)).name != "Accept":
            return f"credit for {service.words} under the new key is not accepted"
    return ""

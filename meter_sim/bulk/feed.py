"""Feed the tokens of a file to simulated meters, each meter's in the order of the rows, and say what they answer.

A meter begins with the key that the first row with its MeterPAN names, its TID store filled with zeros or with the TID
of `manufactured`; from then on it goes its own way, whatever later rows say of its key. No load draws on it. Memory
goes by the number of meters.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from meter_sim.bulk.columns import Columns, FieldError, Ints, Mask
from meter_sim.bulk.keys import ENCRYPTIONS, KeyColumns, VendingKeys, read_keys
from meter_sim.bulk.token_file import Chunk
from meter_sim.bulk.tokens_field import listed
from meter_sim.meter.answer import Answer
from meter_sim.meter.credit import per_tenth
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.models import BUILT_IN, default_model
from meter_sim.sts.errors import TidOutOfRange
from meter_sim.sts.identity import GREATEST_KEN, KeyType, MeterPan
from meter_sim.sts.tid import BaseDate, tid_at
from meter_sim.sts.words import currency_text, tenths_text

ADDED = (
    "answer",
    "status",
    "display",
    "reason",
    "registers",
    "switch",
    "krn_kt",
    "ti",
    "sgc",
    "ken",
    "pending",
    "smallest_tid",
    "error",
)
"""The columns that are added, in this order. Of several `tokens` answers, statuses, displays and reasons stand in one
text, ` | ` between them; the state is that after the last."""
_MODELS = list(BUILT_IN)
_NO_MODEL = -1


@dataclass(slots=True)
class _Fed:
    meter: Meter
    now: int


@dataclass(slots=True)
class Feeder:
    """The simulated meters of a file, and how tokens are entered at them.

    A row's `entered` (a UTC instant) is when it is keyed in; without it, that is `pause` seconds after the meter's
    entry before, or when a lock-out ends. Sections of one row are `between` seconds apart. `model` is the kind of meter
    where a row names none (None: the ordinary one of its algorithm).
    """

    keys: VendingKeys
    model: str | None = None
    pause: int = 120
    between: int = 40
    _meters: dict[int, _Fed] = field(default_factory=dict)

    def feed(self, chunk: Chunk) -> tuple[dict[str, pa.Array], dict[int, str], int]:
        """The columns of `ADDED` for a chunk, the faults by row, and how many rows were not accepted."""
        columns = Columns(chunk)
        everything = columns.all()
        pans = columns.pans("meter_pan", where=everything)
        new = self._first_rows(columns, pans)
        keys = read_keys(columns, self.keys, where=new)
        models = columns.distinct("model", _model, where=new, default=_NO_MODEL)
        expiry = columns.whole("key_expiry_number", 0, GREATEST_KEN, where=new, default=GREATEST_KEN)
        made = columns.instants("manufactured", where=new & columns.given("manufactured")) // 60
        entered = columns.instants("entered", where=columns.given("entered"))
        timed, has_made = columns.given("entered"), columns.given("manufactured")
        single = columns.texts("token").to_pylist()
        several = columns.texts("tokens").to_pylist()
        said: dict[str, list[str | None]] = {name: [None] * columns.rows for name in ADDED[:-1]}
        refused = 0
        for row in range(columns.rows):
            tokens = listed(several[row]) if several[row] else [single[row]] if single[row] else []
            if not tokens:
                columns.fault(row, "token is missing")
            if new[row] and row not in columns.faults:
                self._begin(columns, row, keys, models, expiry, made[row] if has_made[row] else None)
            fed = self._meters.get(int(pans[row]))
            if row in columns.faults:
                continue
            if fed is None:
                columns.fault(row, "the first row of this meter had a fault, its key is not known")
                continue
            fed.now = int(entered[row]) if timed[row] else max(fed.now + self.pause, fed.meter.lockout.until)
            answers = []
            for place, digits in enumerate(tokens):
                fed.now += self.between if place else 0
                answers.append(fed.meter.enter("".join(digits.replace("-", " ").split()), fed.now))
            refused += not all(answer.status.accepted for answer in answers)
            for name, text in _state(fed, answers).items():
                said[name][row] = text
        added = {name: pa.array(texts, pa.string()) for name, texts in said.items()}
        return added | {"error": columns.errors}, columns.faults, refused

    def _first_rows(self, columns: Columns, pans: np.typing.NDArray[np.uint64]) -> Mask:
        """The rows that bring a meter that was not there before."""
        _, first = np.unique(pans, return_index=True)
        new = np.zeros(columns.rows, dtype=np.bool_)
        new[first] = True
        for row in np.flatnonzero(new):
            new[row] = int(pans[row]) not in self._meters
        return new & columns.good

    def _begin(
        self, columns: Columns, row: int, keys: KeyColumns, models: Ints, expiry: Ints, made: int | None
    ) -> None:
        encryption = ENCRYPTIONS[keys.encryption[row]]
        name = self.model if models[row] == _NO_MODEL else _MODELS[models[row]]
        model = default_model(encryption) if name is None else BUILT_IN[name]
        if model.encryption is not encryption:
            columns.fault(row, f"model: {model.name} is EA{model.encryption}")
            return
        fill = 0
        if made is not None:
            try:
                fill = tid_at(BaseDate(int(keys.base_date[row])), int(made))
            except TidOutOfRange as error:
                columns.fault(row, f"manufactured: {error}")
                return
        register = KeyRegister(
            key=keys.decoder_key(row),
            key_type=KeyType(int(keys.key_type[row])),
            supply_group=f"{keys.supply_group[row]:06d}",
            key_revision=int(keys.key_revision[row]),
            tariff_index=f"{keys.tariff_index[row]:02d}",
            key_expiry=int(expiry[row]),
        )
        pan = int(keys.pan[row])
        self._meters[pan] = _Fed(Meter(MeterPan(f"{pan:018d}"), register, model=model, manufacture_tid=fill), 0)


def _model(text: str) -> int:
    if text not in BUILT_IN:
        raise FieldError(f"no meter model is called {text!r}, allowed are {', '.join(BUILT_IN)}")
    return _MODELS.index(text)


def _state(fed: _Fed, answers: list[Answer]) -> dict[str, str]:
    """What a meter answered, and the state that it is in after it."""
    meter, keys = fed.meter, fed.meter.keys
    return {
        "answer": " | ".join(answer.name for answer in answers),
        "status": " | ".join(str(int(answer.status)) for answer in answers),
        "display": " | ".join(" ".join(answer.display) for answer in answers),
        "reason": " | ".join(answer.reason for answer in answers if answer.reason),
        "registers": ", ".join(
            f"{currency_text(register.balance)} {service.words}"
            if service.in_currency
            else tenths_text(register.balance // per_tenth(service), service.unit)
            for service, register in meter.registers.items()
        ),
        "switch": "closed" if meter.switch_closed else "open",
        "krn_kt": keys.shown,
        "ti": keys.tariff_index,
        "sgc": keys.supply_group,
        "ken": str(keys.key_expiry),
        "pending": str(len(meter.pending.held(fed.now))),
        "smallest_tid": str(meter.tids.smallest),
    }

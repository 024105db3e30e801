"""Feed the tokens of a file to simulated meters, each meter's in the order of the rows, and say what they answer.

A meter begins with the key that the first good row with its MeterPAN names, its TID store filled with zeros or with
the TID of `manufactured`; from then on it goes its own way, whatever later rows say of its key. No load draws on it.
Memory goes by the number of meters.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meter_sim.arrow_columns import texts
from meter_sim.bulk.columns import Columns, FieldError, Mask
from meter_sim.bulk.keys import ENCRYPTIONS, VendingKeys, read_keys
from meter_sim.bulk.token_file import Chunk
from meter_sim.bulk.tokens_field import listed
from meter_sim.meter.answer import Answer
from meter_sim.meter.credit import per_tenth
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.models import BUILT_IN, default_model
from meter_sim.sts.errors import StsError, TidOutOfRange
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
    entries: bool = False


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
        pans = columns.pans("meter_pan", where=columns.all())
        entered = columns.instants("entered", where=columns.given("entered"))
        timed = columns.given("entered")
        starts = _Starts(chunk, self._unknown(pans) & columns.good, self.keys)
        single = columns.texts("token").to_pylist()
        several = columns.texts("tokens").to_pylist()
        said: dict[str, list[str | None]] = {name: [None] * columns.rows for name in ADDED[:-1]}
        refused = 0
        for row in range(columns.rows):
            tokens = listed(several[row]) if several[row] else [single[row]] if single[row] else []
            if not tokens:
                columns.fault(row, "token is missing")
            fed = self._meters.get(int(pans[row]))
            if row not in columns.faults and fed is None:
                try:
                    fed = self._meters[int(pans[row])] = _Fed(starts.meter(row, self.model), 0)
                except (StsError, FieldError) as error:
                    columns.fault(row, str(error))
            if row in columns.faults or fed is None:
                continue
            if timed[row] and entered[row] < fed.now and fed.entries:
                columns.fault(row, "entered: is before the meter's entry before it")
                continue
            fed.entries = True
            fed.now = int(entered[row]) if timed[row] else max(fed.now + self.pause, fed.meter.lockout.until)
            answers = []
            for place, digits in enumerate(tokens):
                fed.now += self.between if place else 0
                answers.append(fed.meter.enter("".join(digits.replace("-", " ").split()), fed.now))
            refused += not all(answer.status.accepted for answer in answers)
            for name, value in _state(fed, answers).items():
                said[name][row] = value
        added = {name: texts(column) for name, column in said.items()}
        return added | {"error": columns.errors}, columns.faults, refused

    def _unknown(self, pans: NDArray[np.uint64]) -> Mask:
        """The rows of meters that are not there yet."""
        distinct, places = np.unique(pans, return_inverse=True)
        return np.array([int(pan) not in self._meters for pan in distinct], dtype=np.bool_)[places]


class _Starts:
    """What the rows of a chunk say of the meters that may begin with them.

    Its faults count for a row only if the meter begins there.
    """

    def __init__(self, chunk: Chunk, where: Mask, keys: VendingKeys) -> None:
        self._columns = columns = Columns(chunk)
        self._keys = read_keys(columns, keys, where=where)
        self._models = columns.distinct("model", _model, where=where, default=_NO_MODEL)
        self._expiry = columns.whole("key_expiry_number", 0, GREATEST_KEN, where=where, default=GREATEST_KEN)
        self._made = columns.instants("manufactured", where=where & columns.given("manufactured")) // 60
        self._has_made = columns.given("manufactured")

    def meter(self, row: int, default: str | None) -> Meter:
        """The meter that begins with a row, with the default's model where the row names none.

        Raises StsError or FieldError.
        """
        if row in self._columns.faults:
            raise FieldError(self._columns.faults[row])
        keys = self._keys
        encryption = ENCRYPTIONS[keys.encryption[row]]
        name = default if self._models[row] == _NO_MODEL else _MODELS[self._models[row]]
        model = default_model(encryption) if name is None else BUILT_IN[name]
        if model.encryption is not encryption:
            raise FieldError(f"model: {model.name} is EA{model.encryption}")
        fill = 0
        if self._has_made[row]:
            try:
                fill = tid_at(BaseDate(int(keys.base_date[row])), int(self._made[row]))
            except TidOutOfRange as error:
                raise FieldError(f"manufactured: {error}") from None
        register = KeyRegister(
            key=keys.decoder_key(row),
            key_type=KeyType(int(keys.key_type[row])),
            supply_group=f"{keys.supply_group[row]:06d}",
            key_revision=int(keys.key_revision[row]),
            tariff_index=f"{keys.tariff_index[row]:02d}",
            key_expiry=int(self._expiry[row]),
        )
        return Meter(MeterPan(f"{int(keys.pan[row]):018d}"), register, model=model, manufacture_tid=fill)


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

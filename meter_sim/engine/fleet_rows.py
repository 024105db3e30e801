"""The fleet engine's log as rows of the event log, text for text those of the reference engine.

Texts are made once for each combination of numbers that they are made from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meter_sim.engine.compiled import decoder, log
from meter_sim.meter.answer import Answer, Status
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.model import MeterModel
from meter_sim.results.record import EventKind
from meter_sim.results.tables import events_of_columns
from meter_sim.sts import amount, words
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.identity import Encryption, KeyType, MeterPan
from meter_sim.sts.tid import GREATEST as GREATEST_TID
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import (
    DIGITS,
    CreditToken,
    Management,
    MeterTestToken,
    Service,
    digits_of,
    join_class,
    token_of,
)
from meter_sim.vending.refusal import REFUSAL_NAMES

_KINDS = tuple(kind.value for kind in EventKind)


@dataclass(frozen=True, slots=True)
class World:
    """What the numbers of a log stand for.

    `connections`, `meters`, `customers` and `areas` are the numbers of the connections and the names at them, by row
    of the columns; `models` those of `decoder.model_table`, `points_of_sale` the names by place, `base_dates` those of
    the vending keys by SGC (as a number) and KRN.
    """

    connections: NDArray[np.int64]
    meters: Sequence[str]
    customers: Sequence[str]
    areas: Sequence[str]
    models: Sequence[MeterModel]
    points_of_sale: Sequence[str]
    base_dates: Mapping[tuple[int, int], BaseDate]


def label_text(label: int, customer: str) -> str:
    """A label as the event log has it."""
    kind, number = label >> 16 & 15, (label >> 24) + 1
    if kind in _WITH_PURCHASE:
        text = f"{customer} #{number}{_WITH_PURCHASE[kind]}"
    elif kind == log.LABEL_DRAWER:
        text = f"{customer} drawer"
    elif kind == log.LABEL_PHASE:
        text = f"{log.CHANNELS[label >> 20 & 15].value} {number}"
    else:
        text = _FIXED[kind]
    times, part = label >> 8 & 255, label & 15
    if times:
        text += " again" * times
    if not part:
        return text
    return f"{text}.kct.{part}" if label >> 4 & 1 else f"{text}.{part}"


_WITH_PURCHASE = {
    log.LABEL_PURCHASE: "",
    log.LABEL_FREE: " free",
    log.LABEL_LENT: " lent",
    log.LABEL_SPARE: " spare",
}
_FIXED = {log.NO_LABEL: "", log.LABEL_CREW: "crew", log.LABEL_HELP: "help", log.LABEL_CREW_CREDIT: "crew credit"}


def result_text(result: int) -> str:
    """The name of a result: a Status, a refusal of the vending side, or Issued."""
    if result == log.ISSUED:
        return "Issued"
    if result >= log.FIRST_REFUSAL:
        return REFUSAL_NAMES[result - log.FIRST_REFUSAL]
    return Status(result).standard_name if result else ""


def reason_text(reason: int, a: int = 0, b: int = 0, c: int = 0, d: int = 0, *, clear: int = 0, area: str = "") -> str:
    """A reason of the meter or of the vending side in words.

    `clear` is the block of a meter test in the clear, `area` the connection's.
    """
    if reason == decoder.NO_SUCH_TEST:
        return _no_such_test(clear)
    if reason in (log.AREA_IS_DOWN, log.AREA_IS_BUSY):
        what = "is down" if reason == log.AREA_IS_DOWN else f"did {a} sales in this hour already"
        return f"the vending of the area {area} {what}"
    return _REASONS[reason](a, b, c, d)


def _no_such_test(clear: int) -> str:
    token = token_of(1, clear)
    assert isinstance(token, MeterTestToken)
    return f"test {', '.join(map(str, token.tests)) or 'none'} is not built in"


def _key(supply_group: int, key_revision: int) -> str:
    return f"the vending key of supply group {supply_group:06d}, key revision {key_revision}"


def _wrong_record(a: int, b: int, c: int, d: int) -> str:
    parts = (
        ("meter", f"{a:018d}", f"{b:018d}"),
        ("supply group", f"{c >> 16:06d}", f"{d >> 16:06d}"),
        ("key revision", c >> 8 & 255, d >> 8 & 255),
        ("tariff index", f"{c & 255:02d}", f"{d & 255:02d}"),
    )
    return ", ".join(f"{name} {was} is {now}" for name, was, now in parts if was != now)


_REASONS: dict[int, Callable[[int, int, int, int], str]] = {
    decoder.NOTHING: lambda a, b, c, d: "",
    decoder.NOT_DIGITS: lambda a, b, c, d: "not 20 decimal digits below 2^66",
    decoder.CLASS_3: lambda a, b, c, d: "class 3 is reserved",
    decoder.LOCKED: lambda a, b, c, d: f"locked for {a} s more",
    decoder.NOT_UNDER_KEY: lambda a, b, c, d: f"does not decipher under the meter's key ({a}.{b})",
    decoder.TID_OLD: lambda a, b, c, d: f"TID {a} is below the smallest in the store, {b}",
    decoder.TID_USED: lambda a, b, c, d: f"TID {a} is in the store",
    decoder.TID_EXPIRED: lambda a, b, c, d: f"TID {a} is beyond the key expiry number {b}",
    decoder.DEFAULT_KEY: lambda a, b, c, d: "the key register holds a default key, which takes no credit",
    decoder.NO_REGISTER: lambda a, b, c, d: f"this meter has no register for {Service(a).words}",
    decoder.OVERFLOWS: lambda a, b, c, d: "the credit register would overflow",
    decoder.BELOW_ZERO: lambda a, b, c, d: "the credit register would fall below zero",
    decoder.RESERVED_COMMAND: lambda a, b, c, d: f"{Management(a).standard_name} is reserved",
    decoder.NOT_ELECTRIC: lambda a, b, c, d: f"a meter without electricity has no {Management(a).standard_name}",
    decoder.ONE_PHASE: lambda a, b, c, d: "a one-phase meter has no unbalance limit",
    decoder.NOT_IN_METER: lambda a, b, c, d: f"register {a} is not in this meter",
    decoder.ABOVE_LIMIT: lambda a, b, c, d: f"{a} W is above this meter's {b} W",
    decoder.PAD_BITS: lambda a, b, c, d: "the pad bits are not zero",
    decoder.EXTENDED: lambda a, b, c, d: f"extended function {a} is not built in",
    decoder.UNKNOWN: lambda a, b, c, d: f"class {a} subclass {b} is unknown to this meter",
    decoder.NO_KEY_CHANGES: lambda a, b, c, d: "this meter takes no key changes and must be replaced",
    decoder.WRONG_KRN: lambda a, b, c, d: f"key revision number {a} is outside 1 to 9",
    decoder.WRONG_TI: lambda a, b, c, d: f"tariff index {a} is outside 0 to 99",
    decoder.TWO_SECTIONS_ONLY: lambda a, b, c, d: "this meter takes key changes in two sections only",
    decoder.WRONG_SGC: lambda a, b, c, d: f"{a} is not a supply group code",
    decoder.WRONG_KEY_TYPE: lambda a, b, c, d: f"a {KeyType(a).name} may not be followed by a {KeyType(b).name}",
    decoder.CHECKSUM: lambda a, b, c, d: "the checksum is wrong",
    decoder.NOT_A_TEST: lambda a, b, c, d: f"class 1 subclass {a} is not built in",
    decoder.OTHER_MAKER: lambda a, b, c, d: f"made for maker {a}, this meter's maker is {b}",
    decoder.SHOWN: lambda a, b, c, d: "",
    log.KEY_IS_UNKNOWN: lambda a, b, c, d: f"no vending key for supply group {a:06d}, key revision {b}",
    log.KEY_IS_NOT_ACTIVE: lambda a, b, c, d: f"{_key(a, b)} may not issue yet",
    log.KEY_ISSUES_NO_MORE: lambda a, b, c, d: f"{_key(a, b)} may not issue any more",
    log.NO_CHANGE_FROM_KEY: lambda a, b, c, d: f"no key change away from {_key(a, b)} is issued any more",
    log.BEYOND_KEN: lambda a, b, c, d: f"TID {a} is beyond key expiry number {b} of {_key(c, d)}",
    log.TID_IS_OUTSIDE: lambda a, b, c, d: f"TID {a} is outside 1 to {GREATEST_TID} for base date {b}",
    log.AMOUNT_IS_OUTSIDE: lambda a, b, c, d: (
        f"amount {a} is outside 0 to {amount.GREATEST} (tenths of the unit, or watts)"
    ),
    log.RECORD_WAS_WRONG: _wrong_record,
    log.TAKES_NO_CHANGES: lambda a, b, c, d: "the meter takes no key changes",
    log.KEY_WENT: lambda a, b, c, d: f"{a}.{b} to {c}.{d}",
    log.CHANNEL: lambda a, b, c, d: log.CHANNELS[a].value,
    log.VISITED: lambda a, b, c, d: log.VISIT_OUTCOMES[a].value,
    log.NEW_METER: lambda a, b, c, d: f"{a:018d}",
}


def why_text(pan: int, key_revision: int, issued_pan: int, issued_revision: int) -> str:
    """What the vending side could add to a CRCError: for which meter and key revision the token was made."""
    if not issued_revision:
        return ""
    if issued_pan != pan:
        return f"; it was made for another meter, {issued_pan:018d}"
    if issued_revision == key_revision:
        return ""
    return f"; it was made under key revision {issued_revision}, the meter holds {key_revision}"


def says_text(token_class: int, clear: int, *, is_long: bool, base_date: BaseDate | None) -> str:
    """A token in the clear in one line."""
    if token_class == 0 and clear >> 60 in _PLAIN:  # most tokens by far
        tid = words.tid_text(clear >> 32 & 0xFFFFFF, base_date)
        return f"{_credit_text(clear >> 60, clear >> 16 & 0xFFFF)}, TID {tid}"
    token = token_of(token_class, clear, Encryption.EA11 if is_long else Encryption.EA07)
    assert token is not None
    return words.summary(token, base_date)


_PLAIN = frozenset(service.value for service in Service if not service.in_currency)


@lru_cache(maxsize=1 << 16)
def _credit_text(service: int, amount_code: int) -> str:
    return words.credit_text(CreditToken(Service(service), 0, 0, amount_code))


def display_text(status: int, shown: tuple[str, ...] = ()) -> str:
    """What a meter's display shows after an entry, its lines side by side."""
    return " | ".join(Answer(Status(status), shown=shown).display)


def shown_by_test(
    model: MeterModel, pan: int, clear: int, used: int, power: int, limits: int, state: int
) -> tuple[str, ...]:
    """What a meter shows to a meter test: a meter in the state that the log kept of it is asked once more.

    `clear` is the token's block, `used` watt-seconds, `power` watts; `limits` and `state` are the reason's arguments C
    and D.
    """
    supply_group, rest = state >> 32, state & 0xFFFFFFFF
    keys = KeyRegister(
        key=DecoderKey(model.encryption, 0),
        key_type=KeyType(rest >> 18 & 3),
        supply_group=f"{supply_group:06d}",
        key_revision=rest >> 24,
        tariff_index=f"{rest >> 8 & 255:02d}",
        key_expiry=rest & 255,
    )
    meter = Meter(MeterPan(f"{pan:018d}"), keys, model=model, manufacture_tid=0)
    meter.register.used = used
    meter.tampered = bool(rest >> 17 & 1)
    meter.switch_closed = bool(rest >> 16 & 1)
    power_limit, unbalance_limit = (limits >> 32) - 1, (limits & 0xFFFFFFFF) - 1
    meter.power_limit = None if power_limit < 0 else power_limit
    meter.unbalance_limit = None if unbalance_limit < 0 else unbalance_limit
    return meter.enter(digits_of(join_class(1, clear)), 0, power).shown


def events_table(events: NDArray[np.void], world: World) -> pa.Table:
    """The event log of records of LOG, sorted by second and connection; one second's events stay in their order."""
    numbers = world.connections[events["row"]]
    order = np.lexsort((np.arange(len(events)), numbers, events["time"]))
    events = events[order]
    rows = events["row"].tolist()
    return events_of_columns(
        {
            "time": events["time"].tolist(),
            "connection": numbers[order].tolist(),
            "meter": [world.meters[row] for row in rows],
            "event": [_KINDS[kind] for kind in events["kind"].tolist()],
            "label": _texts(lambda label, row: label_text(label, world.customers[row]), events["label"].tolist(), rows),
            "digits": _digits(events),
            "says": _says(events, world),
            "result": _texts(result_text, events["result"].tolist()),
            "status": [result if 0 < result < log.FIRST_REFUSAL else None for result in events["result"].tolist()],
            "reason": _reasons(events, world),
            "display": _displays(events, world),
            "credited_ws": events["credited"].tolist(),
            "register_ws": events["register"].tolist(),
            "switch": ["closed" if closed else "open" for closed in events["switch_closed"].tolist()],
            "key_revision": events["key_revision"].tolist(),
            "presumed_key_revision": events["presumed"].tolist(),
            "point_of_sale": ["" if pos < 0 else world.points_of_sale[pos] for pos in events["pos"].tolist()],
        }
    )


def _texts(text: Callable[..., str], *columns: list[Any]) -> list[str]:
    """A text for each row, made once for all rows that have the same numbers."""
    known = cache(text)
    return [known(*row) for row in zip(*columns, strict=True)]


def _columns(events: NDArray[np.void], *names: str) -> list[list[Any]]:
    return [events[name].tolist() for name in names]


def _digits(events: NDArray[np.void]) -> list[str]:
    pairs = zip(events["digits_high"].tolist(), events["digits_low"].tolist(), strict=True)
    return ["" if high == log.NO_DIGITS else f"{high * log.HALF + low:0{DIGITS}d}" for high, low in pairs]


def _says(events: NDArray[np.void], world: World) -> list[str]:
    def text(says: int, token_class: int, clear: int, is_long: bool, group: int, revision: int) -> str:
        if says == log.NOTHING_SAID:
            return ""
        base = world.base_dates[group, revision] if says == log.SAYS_ISSUED and revision else None
        return says_text(token_class, clear, is_long=is_long, base_date=base)

    names = ("says", "clear_class", "clear", "clear_is_long", "issued_group", "issued_revision")
    return _texts(text, *_columns(events, *names))


def _reasons(events: NDArray[np.void], world: World) -> list[str]:
    def text(row: int, reason: int, a: int, b: int, c: int, d: int, clear: int) -> str:
        return reason_text(reason, a, b, c, d, clear=clear, area=world.areas[row])

    local = np.isin(events["reason"], (log.AREA_IS_DOWN, log.AREA_IS_BUSY))
    tests = events["reason"] == decoder.NO_SUCH_TEST
    reasons = _texts(
        text,
        np.where(local, events["row"], 0).tolist(),
        *_columns(events, "reason", "a", "b", "c", "d"),
        np.where(tests, events["clear"], np.uint64(0)).tolist(),
    )
    crc_errors = np.flatnonzero((events["result"] == int(Status.CRC)) & (events["says"] == log.SAYS_ISSUED))
    whys = _texts(why_text, *_columns(events[crc_errors], "pan", "key_revision", "issued_pan", "issued_revision"))
    for place, why in zip(crc_errors.tolist(), whys, strict=True):
        reasons[place] += why
    return reasons


def _displays(events: NDArray[np.void], world: World) -> list[str]:
    results = events["result"].tolist()
    displays = _texts(
        lambda result: display_text(result) if 0 < result < log.FIRST_REFUSAL else "",
        results,
    )
    for place in np.flatnonzero(events["reason"] == decoder.SHOWN).tolist():
        model, pan, clear, *arguments = (int(events[name][place]) for name in ("model", "pan", "clear", *"abcd"))
        displays[place] = display_text(results[place], shown_by_test(world.models[model], pan, clear, *arguments))
    return displays

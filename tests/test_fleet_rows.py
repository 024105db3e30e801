"""The fleet engine's log says what the reference engine's journal says."""

import random
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import simpy

from meter_sim.engine.area import AreaRun
from meter_sim.engine.clerk import _difference
from meter_sim.engine.compiled import decoder, log
from meter_sim.engine.fleet_rows import World, events_table, label_text, reason_text, result_text, why_text
from meter_sim.engine.journal import _why
from meter_sim.local_time import LocalCalendar
from meter_sim.meter.answer import Answer, Status
from meter_sim.people.crew import VisitOutcome
from meter_sim.people.customer import mistyped
from meter_sim.programme import Area, Channel, Outage
from meter_sim.results.record import Event, EventKind, Record
from meter_sim.results.tables import events_table as reference_table
from meter_sim.sts import cipher, words
from meter_sim.sts.identity import MeterPan
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import CreditToken, Service, number_of, split_class
from meter_sim.vending.refusal import REFUSALS, Refusal
from meter_sim.vending.secure_module import IssuedToken
from tests.kit import PAN, at, module, record, vending_key
from tests.test_fleet_decoder import METER, MODELS, TABLE, Pair, live

OTHER_PAN = MeterPan.of("600727", "01000000016")


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (log.NO_LABEL, ""),
        (log.label_purchase(0), "household #1"),
        (log.label_purchase(123_456), "household #123457"),
        (log.label_free(2), "household #3 free"),
        (log.label_lent(2), "household #3 lent"),
        (log.label_spare(2), "household #3 spare"),
        (log.label_drawer(), "household drawer"),
        (log.label_crew(), "crew"),
        (log.label_help(), "help"),
        (log.label_crew_credit(), "crew credit"),
        (log.label_part(log.label_crew(), 4), "crew.4"),
        (log.label_part(log.label_help(), 1), "help.1"),
        (log.label_kct_part(log.label_purchase(6), 3), "household #7.kct.3"),
        (log.label_again(log.label_again(log.label_free(6))), "household #7 free again again"),
        (log.label_kct_part(log.label_again(log.label_spare(0)), 2), "household #1 spare again.kct.2"),
        *(
            (log.label_part(log.label_phase(place, 11), 2), f"{channel.value} 12.2")
            for place, channel in enumerate(Channel)
        ),
    ],
)
def test_labels(label, text):
    assert label_text(label, "household") == text


def refusal_of(ask):
    with pytest.raises(Refusal) as caught:
        ask()
    return caught.value


def credit_refused(secure, tid=16_000_000, revision=1, tenths=10, when="2024-06-01"):
    return refusal_of(
        lambda: secure.issue_credit(
            record(revision), service=Service.ELECTRICITY, amount=tenths, tid=tid, rnd=0, at=at(when)
        )
    )


def area_refusal(area, sales):
    env = simpy.Environment(initial_time=1000)
    run, refusals = AreaRun(area, env, LocalCalendar((0,), (0,))), []

    def buying():
        for _ in range(sales):
            refusals.append((yield from run.sale(1)))

    env.process(buying())
    env.run(until=2000)
    return refusals[-1]


def test_refusals_of_the_vending_side():
    dated = module(
        vending_key(4, 2014, "test:new", active_from=at("2025-01-01")),
        vending_key(5, 2014, "test:new", issue_until=at("2020-01-01"), key_change_until=at("2021-01-01")),
        vending_key(6, 1993, "test:new", key_expiry=200),
    )
    change = lambda: dated.issue_key_change(record(5), record(2), at=at("2024-06-01"))  # noqa: E731
    made = {
        (log.VENDING_KEY_UNKNOWN, log.KEY_IS_UNKNOWN, 123457, 9): credit_refused(dated, revision=9),
        (log.VENDING_KEY_NOT_ACTIVE, log.KEY_IS_NOT_ACTIVE, 123457, 4): credit_refused(dated, revision=4),
        (log.ISSUE_UNTIL_PASSED, log.KEY_ISSUES_NO_MORE, 123457, 5): credit_refused(dated, revision=5),
        (log.KEY_CHANGE_UNTIL_PASSED, log.NO_CHANGE_FROM_KEY, 123457, 5): refusal_of(change),
        (log.KEY_EXPIRED, log.BEYOND_KEN, 16_000_000, 200, 123457, 6): credit_refused(dated, revision=6),
        (log.TID_OUT_OF_RANGE, log.TID_IS_OUTSIDE, 1 << 24, 1993): credit_refused(dated, 1 << 24),
        (log.AMOUNT_OUT_OF_RANGE, log.AMOUNT_IS_OUTSIDE, 10**9): credit_refused(dated, tenths=10**9),
        (log.VENDING_DOWN, log.AREA_IS_DOWN): area_refusal(Area("North", outages=(Outage(900, 1100),)), 1),
        (log.VENDING_BUSY, log.AREA_IS_BUSY, 2): area_refusal(Area("North", sales_per_hour=2), 3),
    }
    for (result, *reason), refusal in made.items():
        assert result_text(result) == type(refusal).__name__
        assert reason_text(*reason, area="North") == str(refusal)
    assert {type(refusal).__name__ for refusal in made.values()} == {kind.__name__ for kind in REFUSALS[:-1]}


def test_other_reasons():
    was = replace(record(1, "07", "000123"), pan=OTHER_PAN)
    for true in (record(1, "07", "000123"), record(9, "10", "999999"), replace(was, key_revision=2)):
        packed = [
            log.packed_record(int(one.supply_group), one.key_revision, int(one.tariff_index)) for one in (was, true)
        ]
        pans = int(was.pan.digits), int(true.pan.digits)
        assert reason_text(log.RECORD_WAS_WRONG, *pans, *packed) == _difference(was, true)
    assert reason_text(log.TAKES_NO_CHANGES) == "the meter takes no key changes"
    assert reason_text(log.KEY_WENT, 1, 2, 3, 1) == "1.2 to 3.1"
    assert [reason_text(log.CHANNEL, place) for place in range(len(Channel))] == [one.value for one in Channel]
    assert [reason_text(log.VISITED, place) for place in range(len(VisitOutcome))] == [o.value for o in VisitOutcome]
    assert reason_text(log.NEW_METER, int(PAN.digits)) == PAN.digits
    assert result_text(log.ISSUED) == "Issued"
    assert result_text(0) == ""


@pytest.mark.parametrize("pan", [PAN, OTHER_PAN])
@pytest.mark.parametrize("revision", [1, 2, None])
def test_why_a_token_did_not_decipher(pan, revision):
    token = CreditToken(Service.ELECTRICITY, 0, 5, 5)
    issued = IssuedToken("", token, None if revision is None else replace(record(revision), pan=pan))
    expected = _why(SimpleNamespace(meter=SimpleNamespace(pan=PAN)), Answer(Status.CRC), issued, 2)
    assert why_text(int(PAN.digits), 2, int(pan.digits), revision or 0) == expected


def test_the_rows_of_a_log():
    """Entries of drawn lives and a token that was handed out, row for row as they are written of Python objects."""
    events, rows, draw = np.zeros(2000, dtype=log.LOG), [], random.Random(8)
    numbers, place = np.array([70, 30, 50]), 0
    world = World(
        connections=numbers,
        meters=("M70", "M30", "M50"),
        customers=("one", "two", "three"),
        areas=("North", "South", "South"),
        models=MODELS,
        points_of_sale=("shop", "phone"),
        base_dates={(123457, 1): BaseDate.Y1993, (123457, 2): BaseDate.Y2014},
    )

    def expected(pair, where, kind, **more):
        fields = dict.fromkeys(("label", "digits", "says", "result", "reason", "display", "point_of_sale"), "")
        fields |= {"status": None, "credited_ws": 0}
        meter = pair.meter
        state = {
            "register_ws": meter.register.balance,
            "switch": "closed" if meter.switch_closed else "open",
            "key_revision": meter.keys.key_revision,
            "presumed_key_revision": 5,
        }
        rows.append(
            Event(
                **(fields | more | state),
                time=pair.now,
                connection=int(numbers[where]),
                meter=world.meters[where],
                event=kind,
            )
        )

    for model in (12, 0, 3, 13, 14, 15, 16, 18):
        where = model % 3
        pair = Pair(model, draw)
        credited = 0
        for answer in live(pair, 100):
            event, digits = events[place], pair.entered[-1]
            number = number_of(digits)
            token_class = 255 if number is None else split_class(number)[0]
            log.begin_row(event, pair.record, pair.now, where, log.ENTRY, 5)
            event["label"] = log.label_free(place)
            event["digits_high"], event["digits_low"] = divmod(int(digits), log.HALF)
            log.put_answer(event, TABLE, token_class, int(answer.status), pair.answer, pair.power)
            now_credited = pair.meter.register.credited
            expected(
                pair,
                where,
                EventKind.ENTRY,
                label=f"{world.customers[where]} #{place + 1} free",
                digits=digits,
                says="" if answer.token is None else words.summary(answer.token),
                result=answer.name,
                status=answer.status,
                reason=answer.reason,
                display=" | ".join(answer.display),
                credited_ws=now_credited - credited,
            )
            credited, place = now_credited, place + 1

    pair = Pair(0, draw)
    key = pair.meter.keys.key
    for revision, base in ((1, BaseDate.Y1993), (2, BaseDate.Y2014)):
        token = CreditToken(Service.ELECTRICITY, 3, 6_000_000 + revision, 77)
        token_class, block = split_class(int(cipher.encipher(token, key)))
        clear = decoder.deciphered(pair.record, TABLE, np.uint64(block))
        event = events[place]
        log.begin_row(event, pair.record, pair.now, 1, log.PURCHASE, 5)
        event["digits_high"], event["digits_low"] = log.digits_of(token_class, np.uint64(block))
        log.put_issued(event, 0, clear, np.uint64(int(PAN.digits)), 123457, revision, False)
        event["result"], event["pos"], event["label"] = (
            log.ISSUED,
            revision - 1,
            log.label_kct_part(log.label_help(), 2),
        )
        says, pos = words.summary(token, base), world.points_of_sale[revision - 1]
        digits = cipher.encipher(token, key)
        expected(
            pair,
            1,
            EventKind.PURCHASE,
            label="help.kct.2",
            digits=digits,
            says=says,
            result="Issued",
            point_of_sale=pos,
        )
        place += 1
        # The same digits at a meter with another key, and refused by an area of its own name.
        pair.record["key_high"] ^= np.uint64(1 << 40)
        event = events[place]
        status = decoder.enter(pair.record, TABLE, pair.tids, 0, np.uint64(block), pair.now, pair.answer)
        log.begin_row(event, pair.record, pair.now, 1, log.ENTRY, 5)
        log.put_issued(event, 0, clear, np.uint64(int(OTHER_PAN.digits)), 123457, revision, False)
        log.put_answer(event, TABLE, 0, status, pair.answer, 0)
        pair.record["key_high"] ^= np.uint64(1 << 40)
        shown = pair.meter.keys.shown
        expected(
            pair,
            1,
            EventKind.ENTRY,
            says=says,
            result="CRCError",
            status=13,
            reason=f"does not decipher under the meter's key ({shown}); it was made for another meter, {OTHER_PAN}",
            display="rEJEct",
        )
        place += 1
    log.begin_row(events[place], pair.record, pair.now, 0, log.SALE_REFUSED, 5)
    log.put_reason(events[place], log.AREA_IS_DOWN, 0, 0, 0, 0)
    events[place]["result"] = log.VENDING_DOWN
    reason = "the vending of the area North is down"
    expected(pair, 0, EventKind.SALE_REFUSED, result="VendingDown", reason=reason)

    rows.sort(key=lambda row: (row.time, row.connection))
    nothing = dict.fromkeys(("days", "area_days", "readings", "totals", "findings", "unlisted_entries"), ())
    table = events_table(events[: place + 1], world)
    reference = reference_table(Record(events=tuple(rows), **nothing, outcome=None))
    assert table.schema == reference.schema
    for name in reference.schema.names:
        assert table[name].to_pylist() == reference[name].to_pylist(), name


def test_a_log_without_events():
    world = World(np.zeros(0, dtype=np.int64), (), (), (), (), (), {})
    assert events_table(np.zeros(0, dtype=log.LOG), world).num_rows == 0


def test_mistyped_digits():
    draw = random.Random(2)
    for _ in range(500):
        digits, word = f"{draw.randrange(10**20):020d}", draw.getrandbits(32)
        halves = log.mistyped(np.uint64(int(digits[:10])), np.uint64(int(digits[10:])), word)
        assert "".join(f"{int(half):010d}" for half in halves) == mistyped(digits, word)


def test_the_names_of_kinds():
    kinds = {name: value for name, value in vars(log).items() if name in EventKind.__members__}
    assert {name: EventKind[name] for name in kinds} == {name: tuple(EventKind)[at] for name, at in kinds.items()}
    assert METER.itemsize

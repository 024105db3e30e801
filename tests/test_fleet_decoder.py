"""The decoder over records answers and changes as Meter does, entry for entry."""

import random
from dataclasses import replace

import numpy as np
import pytest

from meter_sim.engine.compiled import decoder, log
from meter_sim.engine.fleet_rows import display_text, reason_text, says_text, shown_by_test
from meter_sim.meter.answer import Status
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.models import BUILT_IN, KEYPAD, KEYPAD_EA11
from meter_sim.meter.tid_store import history
from meter_sim.sts import amount, cipher, words
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.identity import Encryption, KeyType
from meter_sim.sts.key_change import NewKey, split
from meter_sim.sts.token import (
    CreditToken,
    CurrencyToken,
    ExtendedToken,
    Management,
    ManagementToken,
    OtherToken,
    Service,
    digits_of,
    meter_test,
    number_of,
    split_class,
)
from tests.kit import PAN, examples

ALL_SERVICES = tuple(Service)
MODELS = (
    *BUILT_IN.values(),
    replace(KEYPAD, name="maker", manufacturer=7, firmware="2.1", extended_functions=(0, 5, 63)),
    replace(KEYPAD, name="fixed", takes_key_changes=False, tamper_opens_switch=False, lockout_after=1, tid_store=1),
    replace(KEYPAD, name="strict", greatest_limit=5000, tid_store=3, kcts=3, lockout_first=1 << 40, phases=3),
    replace(KEYPAD, name="all", services=ALL_SERVICES, currency_cap=(1 << 63) - 1, lockout_longest=(1 << 60)),
    replace(KEYPAD, name="small", services=ALL_SERVICES, credit_cap=0, register_cap=50, currency_cap=1000, tid_store=7),
    replace(KEYPAD_EA11, name="long", services=(Service.TIME_CURRENCY, Service.WATER), tid_store=5, manufacturer=700),
)
TABLE = decoder.model_table(MODELS)
METER = np.dtype([*decoder.DECODER_FIELDS, ("of_the_engine", "i8")])
BASE = 6_000_000


class Pair:
    """A meter and the record that is to be like it."""

    def __init__(self, model_number, draw, *, latest=None):
        model, self.draw, self.now = MODELS[model_number], draw, 1_700_000_000
        self.model, self.old_keys = model, []
        key = DecoderKey(model.encryption, draw.getrandbits(model.encryption.key_bits))
        key_type = draw.choice(tuple(KeyType))
        keys = KeyRegister(key, key_type, "000457", draw.randint(1, 9), "07", draw.choice((255, BASE >> 16)))
        has_electricity = Service.ELECTRICITY in model.services
        credit = draw.choice((0, 1, 1000, model.credit_cap // 2, model.credit_cap)) if has_electricity else 0
        others = [(service, draw.randint(0, model.cap(service))) for service in model.services if service]
        self.meter = Meter(PAN, keys, model=model, manufacture_tid=BASE, credit=credit, registers=others)
        self.records, self.tids = np.zeros(3, dtype=METER), np.full(300, -7, dtype=np.int32)
        self.record = self.records[1]
        decoder.new_meter(
            self.record,
            TABLE,
            self.tids,
            model_number,
            100,
            np.uint64(int(PAN.digits)),
            *key_words(key),
            int(key_type),
            457,
            keys.key_revision,
            7,
            keys.key_expiry,
            BASE,
            credit,
        )
        for service, balance in others:
            self.record["others"][service - 1] = balance
        decoder.set_switch(self.record, TABLE)
        if latest is not None:
            self.meter.tids.load(history(model.tid_store, BASE, latest, 77))
            decoder.fill_history(self.record, self.tids, BASE, latest, 77)
        self.answer = np.zeros(decoder.ANSWER_SIZE, dtype=np.int64)
        self.greatest = BASE if latest is None else latest
        self.entered = []

    def enter(self, digits, power=0):
        """Enter digits at both; the answers."""
        number = number_of(digits)
        token_class, block = (255, 0) if number is None else split_class(number)
        before, before_tids = self.records.tobytes(), self.tids.tobytes()
        entry = (self.record, TABLE, self.tids, token_class, np.uint64(block), self.now, self.answer)
        same(self, decoder.would_answer(*entry), self.meter.would_answer(digits, self.now))
        assert (self.records.tobytes(), self.tids.tobytes()) == (before, before_tids)
        keys, register = self.meter.keys, self.meter.register
        totals = register.credited, register.cleared
        expected = self.meter.enter(digits, self.now, power)
        status = decoder.enter(*entry)
        same(self, status, expected, power)
        assert self.answer[decoder.CREDITED] == register.credited - totals[0]
        assert self.answer[decoder.CLEARED] == register.cleared - totals[1]
        assert self.answer[decoder.KEY_CHANGED] == (self.meter.keys is not keys)
        if status != Status.LOCKED_OUT:
            assert (before == self.records.tobytes()) or expected.status.accepted or status == Status.CRC
        if self.meter.keys is not keys:
            self.old_keys.append(keys.key)
        self.entered.append(digits)
        self.power = power
        return expected

    def same_state(self):
        meter, record = self.meter, self.record
        keys, register = meter.keys, meter.register
        assert (register.balance, register.credited, register.used, register.cleared) == tuple(
            int(record[name]) for name in ("balance", "credited", "used", "cleared")
        )
        others = [0] * decoder.OTHERS
        for service, held in meter.registers.items():
            if service:
                others[service - 1] = held.balance
        assert record["others"].tolist() == others
        assert (int(record["key_high"]), int(record["key_low"])) == tuple(map(int, key_words(keys.key)))
        assert int(record["key_type"]) == keys.key_type
        assert f"{int(record['supply_group']):06d}" == keys.supply_group
        assert int(record["key_revision"]) == keys.key_revision
        assert f"{int(record['tariff_index']):02d}" == keys.tariff_index
        assert int(record["key_expiry"]) == keys.key_expiry
        at, size, head = (int(record[name]) for name in ("tids_at", "tids_size", "tids_head"))
        assert tuple(int(self.tids[at + (head + place) % size]) for place in range(size)) == meter.tids.tids
        assert (self.tids[:at] == -7).all()
        assert (self.tids[at + size :] == -7).all()
        assert int(record["lockout_until"]) == meter.lockout.until
        assert int(record["lockout_wrong"]) == meter.lockout._wrong
        limits = (meter.power_limit, meter.unbalance_limit)
        assert [int(record["power_limit"]), int(record["unbalance_limit"])] == [
            -1 if limit is None else limit for limit in limits
        ]
        assert (bool(record["tampered"]), bool(record["switch_closed"])) == (meter.tampered, meter.switch_closed)
        assert decoder.may_supply(record, TABLE) == meter.may_supply
        held = meter.pending.held(self.now)
        mask = decoder.pending_held(record, TABLE, self.now)
        assert tuple(subclass for place, subclass in enumerate((3, 4, 8, 9)) if mask >> place & 1) == held
        assert decoder.pending_count(record, TABLE, self.now) == len(held)
        assert int(record["of_the_engine"]) == 0


def same(pair, status, expected, power=0):
    """Status, reason, token and display of an answer are those that Meter gives."""
    answer = [int(number) for number in pair.answer]
    assert status == expected.status
    clear = answer[decoder.CLEAR] & (1 << 64) - 1
    assert reason_text(*answer[decoder.REASON : decoder.D + 1], clear=clear) == expected.reason
    assert answer[decoder.READ] == (expected.token is not None)
    if expected.token is not None:
        is_long = pair.model.encryption is Encryption.EA11
        said = says_text(expected.token.token_class, clear, is_long=is_long, base_date=None)
        assert said == words.summary(expected.token)
    if answer[decoder.REASON] == decoder.SHOWN:
        used, _, limits, state = answer[decoder.A : decoder.D + 1]
        shown = shown_by_test(pair.model, int(PAN.digits), clear, used, power, limits, state)
        assert shown == expected.shown
        assert display_text(status, shown) == " | ".join(expected.display)
    else:
        assert display_text(status) == " | ".join(expected.display)


def key_words(key):
    if key.encryption is Encryption.EA07:
        return np.uint64(key.value), np.uint64(0)
    return np.uint64(key.value >> 64), np.uint64(key.value & (1 << 64) - 1)


def tid_near(pair):
    """A TID above all, in the store, between its entries, or below."""
    draw, tids = pair.draw, pair.meter.tids.tids
    kind = draw.randrange(8)
    if kind < 4:
        tid = max(tids) + draw.choice((1, 1, 2, 60))
    elif kind < 6:
        tid = draw.choice(tids) + draw.choice((0, 0, 1, -1, 30))
    else:
        tid = draw.randint(max(min(tids) - 3, 0), max(tids))
    return min(max(tid, 0), (1 << 24) - 1)


def credit(pair):
    draw = pair.draw
    service = draw.choice((*pair.model.services * 3, *Service))
    if service.in_currency:
        return CurrencyToken(service, tid_near(pair), draw.choice((draw.getrandbits(20), draw.getrandbits(14))))
    return CreditToken(service, draw.getrandbits(4), tid_near(pair), draw.choice((0, 500, draw.getrandbits(16))))


def management(pair):
    draw = pair.draw
    command = draw.choice(tuple(Management))
    data = draw.choice((0, *range(9), 0xFFFF, amount.encode(5000), amount.encode(5001), draw.getrandbits(16)))
    return ManagementToken(command, draw.getrandbits(4), tid_near(pair), data)


def extended(pair):
    return ExtendedToken(1, tid_near(pair), pair.draw.choice((0, 5, 6, 63)), pair.draw.getrandbits(10))


def by_luck(pair):
    """Any content of any class and subclass with a right checksum."""
    return OtherToken(pair.draw.choice((0, 1, 2, 2)), pair.draw.randrange(16), pair.draw.getrandbits(44))


def sections(pair):
    """The sections of a change that a point of sale could have made, or one with a group that does not exist."""
    draw, encryption = pair.draw, pair.model.encryption
    with_group = encryption is Encryption.EA11 or draw.random() < 0.4
    made = split(
        NewKey(
            key=DecoderKey(encryption, draw.getrandbits(encryption.key_bits)),
            key_type=draw.choice((KeyType.DUTK, KeyType.DUTK, *KeyType)),
            key_revision=draw.randint(1, 9),
            tariff_index=f"{draw.randint(0, 99):02d}",
            key_expiry=draw.choice((255, BASE >> 16, draw.getrandbits(8))),
            rollover=draw.random() < 0.3,
            supply_group=f"{draw.randint(0, 999_999):06d}" if with_group else None,
        )
    )
    if draw.random() < 0.1:
        made = [*made[:-1], OtherToken(2, made[-1].subclass, draw.getrandbits(44))]
    return made


def asking(pair):
    draw = pair.draw
    token = meter_test(draw.choice((0, *range(1, 20))), draw.choice((0, 0, 0, 7, 700)))
    return replace(token, control=draw.choice((0, token.control, 0xFF, token.control | 0x1800)))


def sealed(pair, token):
    key = pair.meter.keys.key
    if pair.draw.random() < 0.06:
        key = DecoderKey(key.encryption, pair.draw.getrandbits(key.encryption.key_bits))
    elif pair.old_keys and pair.draw.random() < 0.06:
        key = pair.old_keys[-1]
    return cipher.encipher(token, None if token.token_class == 1 else key)


def live(pair, entries):
    """So many entries and what lies between them."""
    draw, todo = pair.draw, []
    for _ in range(entries):
        pair.now += draw.choice((0, 1, 5, 30, 30, 119, 120, 121, 599, 600, 2000))
        happened = draw.randrange(30)
        if happened == 0:
            pair.meter.tamper()
            pair.record["tampered"] = True
            decoder.set_switch(pair.record, TABLE)
        elif happened < 6:
            demand = draw.choice((0, 10, 10**9, 10**15))
            assert decoder.use(pair.record, demand) == pair.meter.use(demand)
        elif happened < 9:
            assert decoder.set_switch(pair.record, TABLE) == pair.meter.set_switch()
        kind = draw.randrange(24)
        if todo and kind < 14:
            digits = sealed(pair, todo.pop())
        elif kind < 6:
            digits = sealed(pair, credit(pair))
        elif kind < 9:
            digits = sealed(pair, management(pair))
        elif kind < 10:
            digits = sealed(pair, extended(pair))
        elif kind < 13:
            todo = list(sections(pair))
            if draw.random() < 0.5:
                todo.append(draw.choice(todo))
            draw.shuffle(todo)
            digits = sealed(pair, todo.pop())
        elif kind < 17:
            digits = sealed(pair, by_luck(pair))
        elif kind < 19:
            digits = sealed(pair, asking(pair))
        elif kind < 21 and pair.entered:
            digits = draw.choice(pair.entered[-10:])
        else:
            wrong = list(sealed(pair, credit(pair)))
            wrong[draw.randrange(20)] = str(draw.randrange(10))
            digits = draw.choice(("".join(wrong), "".join(wrong), "9" * 20, digits_of(draw.getrandbits(66))))
        yield pair.enter(digits, draw.randint(0, 5000))
        pair.same_state()


@pytest.mark.parametrize("number", range(len(MODELS)), ids=[model.name for model in MODELS])
def test_it_answers_and_changes_as_a_meter_does(number):
    seen = set()
    for seed in range(examples(6)):
        draw = random.Random(f"{number} {seed}")
        pair = Pair(number, draw, latest=draw.choice((None, BASE + 10, BASE + 100_000)))
        pair.same_state()
        seen |= {answer.status for answer in live(pair, 150)}
    assert {Status.ACCEPT, Status.OLD, Status.USED, Status.CRC, Status.FUNCTION} <= seen


def test_every_reason_is_met():
    seen = set()
    for number in range(len(MODELS)):
        for seed in range(examples(6)):
            draw = random.Random(f"reasons {number} {seed}")
            pair = Pair(number, draw)
            for _ in live(pair, 60):
                seen.add(int(pair.answer[decoder.REASON]))
    assert seen == set(range(decoder.REASONS))


@pytest.mark.parametrize(("first", "longest", "wrong"), [(10, 1280, 12), (1, 0, 5), (3, 3 << 40, 80), (0, 5, 4)])
def test_lock_outs_double(first, longest, wrong):
    model = replace(KEYPAD, lockout_first=first, lockout_longest=longest)
    table = decoder.model_table([model])
    pair = Pair(0, random.Random(1))
    meter, record = Meter(PAN, pair.meter.keys, model=model, manufacture_tid=BASE), pair.record
    answer, now = pair.answer, 1000
    digits = digits_of(5)
    token_class, block = split_class(5)
    for _ in range(wrong):
        status = decoder.enter(record, table, pair.tids, token_class, np.uint64(block), now, answer)
        assert status == meter.enter(digits, now).status == Status.CRC
        assert int(record["lockout_until"]) == meter.lockout.until
        now = max(now, meter.lockout.until) + 1


@pytest.mark.parametrize("negative", [0, 1])
@pytest.mark.parametrize("held", [0, 1, 5_000_000_000, (1 << 63) - 1])
@pytest.mark.parametrize("cap", [1, (1 << 62) + 5, (1 << 63) - 2, (1 << 63) - 1])
def test_money_beyond_all_registers(negative, held, cap):
    model = replace(KEYPAD, services=(Service.GAS_CURRENCY,), currency_cap=cap)
    table, key = decoder.model_table([model]), DecoderKey(Encryption.EA07, 77)
    keys = KeyRegister(key, KeyType.DUTK, "123457", 1, "01", 255)
    records, tids = np.zeros(1, dtype=METER), np.zeros(50, dtype=np.int32)
    answer = np.zeros(decoder.ANSWER_SIZE, dtype=np.int64)
    for exponent in (*range(12, 19), 31):
        for mantissa in (0, 1, 7402, 7403, 7404, 7405, 16_383):
            token = CurrencyToken(Service.GAS_CURRENCY, BASE + 1, negative << 19 | exponent << 14 | mantissa)
            meter = Meter(PAN, keys, model=model, manufacture_tid=BASE, registers=[(Service.GAS_CURRENCY, held)])
            digits = cipher.encipher(token, key)
            expected = meter.enter(digits, 0)
            record = records[0]
            decoder.new_meter(
                record, table, tids, 0, 0, np.uint64(1), np.uint64(77), np.uint64(0), 2, 0, 1, 1, 255, BASE, 0
            )
            record["others"][5] = held
            token_class, block = split_class(int(digits))
            status = decoder.enter(record, table, tids, token_class, np.uint64(block), 0, answer)
            assert status == expected.status, (exponent, mantissa)
            assert int(record["others"][5]) == meter.registers[Service.GAS_CURRENCY].balance
            assert reason_text(int(answer[0])) == expected.reason


def test_a_token_known_in_the_clear_need_not_be_enciphered():
    for number in (0, 3):
        pair = Pair(number, random.Random(3))
        pair.record["key_type"] = KeyType.DUTK
        twin, twin_tids = pair.records.copy(), pair.tids.copy()
        twin_answer = np.zeros_like(pair.answer)
        for step in range(60):
            token = credit(pair)
            digits = cipher.encipher(token, pair.meter.keys.key)
            token_class, block = split_class(int(digits))
            clear = int(decoder.deciphered(pair.record, TABLE, np.uint64(block)))
            entry = (TABLE, pair.tids, token_class, np.uint64(block), step, pair.answer)
            known = (TABLE, twin_tids, token_class, np.uint64(clear), step, twin_answer)
            assert decoder.would_answer(pair.record, *entry) == decoder.would_answer_clear(twin[1], *known)
            assert decoder.enter(pair.record, *entry) == decoder.enter_clear(twin[1], *known)
            assert pair.records.tobytes() == twin.tobytes()
            assert pair.tids.tobytes() == twin_tids.tobytes()
            assert pair.answer.tolist() == twin_answer.tolist()


def test_digits_and_their_class_and_block():
    draw = random.Random(4)
    numbers = [0, 1, (1 << 66) - 1, 1 << 66, 10**20 - 1, *((k << 64) + d for k in (1, 2, 3) for d in (-1, 0, 1))]
    numbers += [draw.randrange(10**20) for _ in range(300)] + [draw.getrandbits(66) for _ in range(300)]
    for number in numbers:
        halves = [np.uint64(half) for half in divmod(number, log.HALF)]
        token_class, block = (int(value) for value in log.class_and_block(*halves))
        if number >= 1 << 66:
            assert (token_class, block) == (255, 0)
            continue
        assert (token_class, block) == split_class(number)
        assert [int(half) for half in log.digits_of(token_class, np.uint64(block))] == [int(half) for half in halves]

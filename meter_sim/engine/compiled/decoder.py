"""The decoder of `meter/meter.py` over records: one record a meter, answers as numbers.

The order of checks, what an accepted token does and what a refused one leaves alone are those of `Meter`; only the
meter of a fleet has power at all times. An answer is a Status, and in a scratch array the reason for it, as a number
with its arguments, and what the token did. `engine/fleet_rows.py` writes reasons as text.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import int32, int64, uint8, uint16, uint64
from numpy.typing import NDArray

from meter_sim.engine.compiled.jit import compiled
from meter_sim.meter.answer import Status, section_taken
from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.meter.meter import ALL_REGISTERS as _ALL_REGISTERS
from meter_sim.meter.meter import GREATEST_SGC as _GREATEST_SGC
from meter_sim.meter.model import MeterModel
from meter_sim.sts import amount as coding
from meter_sim.sts.compiled import ea07, ea11
from meter_sim.sts.compiled.amount import decode
from meter_sim.sts.compiled.crc import passes
from meter_sim.sts.compiled.number import NO_TOKEN as _NO_TOKEN
from meter_sim.sts.identity import Encryption, KeyType
from meter_sim.sts.key_change import PRINTED
from meter_sim.sts.token import Management, Service

Record = Any
"""A record of a structured array; numba reads and writes its fields by name."""
Field = tuple[str, str] | tuple[str, str, tuple[int, ...]]

_SERVICES = len(Service)
OTHERS = _SERVICES - 1
"""Registers of services other than electricity; a service's register is at its number less one."""
SECTIONS = len(PRINTED)

DECODER_FIELDS: list[Field] = [
    ("tids_at", "i8"),
    ("tids_size", "i4"),
    ("tids_head", "i4"),
    ("balance", "i8"),
    ("credited", "i8"),
    ("used", "i8"),
    ("cleared", "i8"),
    ("key_high", "u8"),
    ("key_low", "u8"),
    ("lockout_until", "i8"),
    ("lockout_wrong", "i4"),
    ("power_limit", "i4"),
    ("model", "i2"),
    ("key_type", "u1"),
    ("key_revision", "u1"),
    ("key_expiry", "u1"),
    ("tariff_index", "u1"),
    ("switch_closed", "b1"),
    ("tampered", "b1"),
    ("supply_group", "i4"),
    ("unbalance_limit", "i4"),
    ("pan", "u8"),
    ("pending_latest", "i8"),
    ("pending", "u1"),
    ("sections", "u8", (SECTIONS,)),
    ("others", "i8", (OTHERS,)),
]
"""The state of one meter, as fields of its record.

`tids_at`, `tids_size` and `tids_head` say where its TID store lies in the array of all TIDs, and where in it the
smallest TID is; from there they rise, around the end. `balance` and the totals beside it are those of the electricity
register in watt-seconds, `others` the balances of the other services, each in its own unit. `key_high` is the key of
EA07, or the upper word of EA11's, of which `key_low` is the lower. A limit of -1 W is none. Bit n of `pending` says
that the section that is printed n-th is held; `sections` are their 44 bits.
"""

MODEL = np.dtype(
    [
        ("services", "u1"),
        ("main_service", "u1"),
        ("phases", "u1"),
        ("kcts", "u1"),
        ("is_long", "b1"),
        ("tamper_opens_switch", "b1"),
        ("enforce_key_expiry", "b1"),
        ("takes_key_changes", "b1"),
        ("tid_store", "i4"),
        ("manufacturer", "i4"),
        ("lockout_after", "i8"),
        ("lockout_first", "i8"),
        ("lockout_longest", "i8"),
        ("kct_timeout", "i8"),
        ("greatest_limit", "i8"),
        ("extended_functions", "u8"),
        ("caps", "i8", (len(Service),)),
    ]
)
"""What the decoder needs of a MeterModel. Bit n of `services` is service n; `is_long` says that keys have 128 bits."""

# What an answer's scratch array holds, place by place.
REASON = 0
"""Why, as a number; 0 where there is no reason."""
A, B, C, D = 1, 2, 3, 4
"""The reason's arguments; of a meter test (SHOWN) what is needed to show it."""
READ = 5
"""1 where the digits could be read, so that the answer has a token."""
CLEAR = 6
"""The block in the clear, as the bits of an int64."""
CREDITED, CLEARED = 7, 8
"""What went to and off the electricity register, watt-seconds."""
KEY_CHANGED = 9
"""1 where the meter holds another key now."""
ANSWER_SIZE = 10

NOTHING = 0
NOT_DIGITS = 1
CLASS_3 = 2
LOCKED = 3
"""A: seconds until entries are taken again."""
NOT_UNDER_KEY = 4
"""A: the meter's KRN, B: its key type."""
TID_OLD = 5
"""A: TID, B: the smallest in the store."""
TID_USED = 6
"""A: TID."""
TID_EXPIRED = 7
"""A: TID, B: KEN."""
DEFAULT_KEY = 8
NO_REGISTER = 9
"""A: service."""
OVERFLOWS = 10
BELOW_ZERO = 11
RESERVED_COMMAND = 12
"""A: subclass."""
NOT_ELECTRIC = 13
"""A: subclass."""
ONE_PHASE = 14
NOT_IN_METER = 15
"""A: the register's number."""
ABOVE_LIMIT = 16
"""A: watts, B: the greatest limit."""
PAD_BITS = 17
EXTENDED = 18
"""A: the function's index."""
UNKNOWN = 19
"""A: class, B: subclass."""
NO_KEY_CHANGES = 20
WRONG_KRN = 21
"""A: KRN."""
WRONG_TI = 22
"""A: TI."""
TWO_SECTIONS_ONLY = 23
WRONG_SGC = 24
"""A: the number."""
WRONG_KEY_TYPE = 25
"""A: the key type that is held, B: the new one."""
CHECKSUM = 26
NOT_A_TEST = 27
"""A: subclass."""
OTHER_MAKER = 28
"""A: maker of the token, B: maker of the meter."""
NO_SUCH_TEST = 29
SHOWN = 30
"""A: watt-seconds used, B: left to the caller for the watts drawn now, C and D: see `unpacked_test`."""
REASONS = 31

_ACCEPT = int(Status.ACCEPT)
_OVERFLOW = int(Status.OVERFLOW)
_KEY_TYPE = int(Status.KEY_TYPE)
_FORMAT = int(Status.FORMAT)
_RANGE = int(Status.RANGE)
_FUNCTION = int(Status.FUNCTION)
_OLD = int(Status.OLD)
_USED = int(Status.USED)
_KEY_EXPIRED = int(Status.KEY_EXPIRED)
_DDTK = int(Status.DDTK)
_CRC = int(Status.CRC)
_MFR_CODE = int(Status.MFR_CODE)
_LOCKED_OUT = int(Status.LOCKED_OUT)
_IS_ACCEPTED = np.array([False, *(status.accepted for status in Status)])
_SECTION_TAKEN = np.array([int(section_taken(subclass)) for subclass in PRINTED])

_ELECTRICITY = int(Service.ELECTRICITY)
_FIRST_CURRENCY = int(Service.ELECTRICITY_CURRENCY)
_ELECTRIC = 1 << Service.ELECTRICITY | 1 << Service.ELECTRICITY_CURRENCY
_POWER_LIMIT = int(Management.SET_MAXIMUM_POWER_LIMIT)
_CLEAR_CREDIT = int(Management.CLEAR_CREDIT)
_TARIFF_RATE = int(Management.SET_TARIFF_RATE)
_CLEAR_TAMPER = int(Management.CLEAR_TAMPER_CONDITION)
_UNBALANCE_LIMIT = int(Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT)
_WATER_FACTOR = int(Management.SET_WATER_METER_FACTOR)
_EXTENDED_SUBCLASS = 10

_DEFAULT_KEY_TYPE = int(KeyType.DDTK)
_MAY_BECOME = np.array([[old.may_become(new) for new in KeyType] for old in KeyType])
_BUILT_IN_TESTS = sum(1 << number - 1 for number in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18))
"""Bit n-1 is test n; the third, total energy, is for meters with an electricity register."""
_TOTAL_TEST = 1 << 2

# The exponents of money whose every amount is less than 2^63; an amount of any other is more than a register holds.
_BEYOND = uint64(1 << 63)
_EXPONENTS = sum(coding.decode_currency(exponent << 14 | (1 << 14) - 1) < 1 << 63 for exponent in range(32))
_MONEY_STEPS = np.array([10**exponent for exponent in range(_EXPONENTS)], dtype=uint64)
_MONEY_OFFSETS = np.array([coding.decode_currency(exponent << 14) for exponent in range(_EXPONENTS)], dtype=uint64)
_NEXT_OFFSET = uint64(coding.decode_currency(_EXPONENTS << 14))
_NEXT_MANTISSAS = uint64(-(-((1 << 63) - coding.decode_currency(_EXPONENTS << 14)) // 10**_EXPONENTS))
_NEXT_STEP = uint64(10**_EXPONENTS)


def model_table(models: Sequence[MeterModel]) -> NDArray[np.void]:
    """The models as records of MODEL; a meter's `model` is its place among them. Raises OverflowError beyond int64."""
    table = np.zeros(len(models), dtype=MODEL)
    for row, model in zip(table, models, strict=True):
        row["services"] = sum(1 << service for service in model.services)
        row["main_service"] = _ELECTRICITY if Service.ELECTRICITY in model.services else model.services[0].value
        row["phases"] = model.phases
        row["kcts"] = model.kcts
        row["is_long"] = model.encryption is Encryption.EA11
        for name in ("tamper_opens_switch", "enforce_key_expiry", "takes_key_changes", "tid_store", "manufacturer"):
            row[name] = getattr(model, name)
        for name in ("lockout_after", "lockout_first", "lockout_longest", "kct_timeout", "greatest_limit"):
            row[name] = getattr(model, name)
        row["extended_functions"] = sum(1 << index for index in set(model.extended_functions))
        row["caps"] = [model.cap(service) for service in Service]
    return table


# -- supply ------------------------------------------------------------------------------------------------------------


@compiled
def may_supply(m: Record, models: NDArray[np.void]) -> bool:
    """Whether the load switch may be closed: no tampering, credit."""
    model = models[m.model]
    if m.tampered and model.tamper_opens_switch:
        return False
    if model.main_service == _ELECTRICITY:
        return bool(m.balance > 0)
    return bool(m.others[int64(model.main_service) - 1] > 0)


@compiled
def set_switch(m: Record, models: NDArray[np.void]) -> bool:
    """Open or close the load switch as the state asks; returns whether it moved."""
    closed = may_supply(m, models)
    moved = m.switch_closed != closed
    m.switch_closed = closed
    return bool(moved)


@compiled
def use(m: Record, demand: int64) -> int64:
    """Book demand in watt-seconds since the last booking; returns what was supplied."""
    if not m.switch_closed:
        return int64(0)
    used = min(demand, m.balance)
    m.balance -= used
    m.used += used
    return int64(used)


# -- the TID store -----------------------------------------------------------------------------------------------------


@compiled
def fill_tids(m: Record, tids: NDArray[int32], tid: int64) -> None:
    """Set every entry of the TID store."""
    for place in range(m.tids_at, m.tids_at + m.tids_size):
        tids[place] = tid
    m.tids_head = 0


@compiled
def fill_history(m: Record, tids: NDArray[int32], manufacture_tid: int64, latest: int64, spacing: int64) -> None:
    """Set the TID store as it is after a purchase each `spacing` minutes up to `latest`."""
    size = int64(m.tids_size)
    for place in range(size):
        tids[m.tids_at + size - 1 - place] = max(latest - place * spacing, manufacture_tid)
    m.tids_head = 0


@compiled
def _tid_place(m: Record, place: int64) -> int64:
    """Where in the array of all TIDs the store's entry of this place is, 0 the smallest."""
    inside = m.tids_head + place
    return int64(m.tids_at + (inside - m.tids_size if inside >= m.tids_size else inside))


@compiled
def _tids_below(m: Record, tids: NDArray[int32], tid: int64) -> int64:
    """How many entries of the TID store are below a TID."""
    low, high = int64(0), int64(m.tids_size)
    while low < high:
        middle = (low + high) >> 1
        if tids[_tid_place(m, middle)] < tid:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def newest_tid(m: Record, tids: NDArray[int32]) -> int64:
    """The greatest TID of the store."""
    return int64(tids[_tid_place(m, int64(m.tids_size) - 1)])


@compiled
def add_newest_tid(m: Record, tids: NDArray[int32], tid: int64) -> None:
    """Store an accepted TID that no other is greater than, in place of the smallest."""
    tids[m.tids_at + m.tids_head] = tid
    m.tids_head = 0 if m.tids_head + 1 == m.tids_size else m.tids_head + 1


@compiled
def _check_tid(m: Record, tids: NDArray[int32], tid: int64) -> int:
    """The Status of a TID by the store alone: Accept, OldError or UsedError."""
    if tid > newest_tid(m, tids):
        return _ACCEPT
    if tid < tids[_tid_place(m, int64(0))]:
        return _OLD
    return _USED if tids[_tid_place(m, _tids_below(m, tids, tid))] == tid else _ACCEPT


@compiled
def _add_tid(m: Record, tids: NDArray[int32], tid: int64) -> None:
    """Store an accepted TID in place of the smallest."""
    if tid >= newest_tid(m, tids):
        add_newest_tid(m, tids, tid)
        return
    below = _tids_below(m, tids, tid)
    for place in range(below - 1):
        tids[_tid_place(m, int64(place))] = tids[_tid_place(m, int64(place + 1))]
    tids[_tid_place(m, below - 1)] = tid


# -- setting up --------------------------------------------------------------------------------------------------------


@compiled
def new_meter(
    m: Record,
    models: NDArray[np.void],
    tids: NDArray[int32],
    model: int64,
    tids_at: int64,
    pan: uint64,
    key_high: uint64,
    key_low: uint64,
    key_type: int64,
    supply_group: int64,
    key_revision: int64,
    tariff_index: int64,
    key_expiry: int64,
    manufacture_tid: int64,
    credit: int64,
) -> None:
    """Set a record up as a new meter, with so many watt-seconds on its electricity register.

    Its TID store lies at `tids_at` and as long as its model says. What registers of other services hold at first, and
    an older store, are to be set afterwards, then the switch.
    """
    m.model = model
    m.pan = pan
    m.key_high = key_high
    m.key_low = key_low
    m.key_type = key_type
    m.supply_group = supply_group
    m.key_revision = key_revision
    m.tariff_index = tariff_index
    m.key_expiry = key_expiry
    m.tids_at = tids_at
    m.tids_size = models[model].tid_store
    fill_tids(m, tids, manufacture_tid)
    m.balance = credit
    m.credited = 0
    m.used = 0
    m.cleared = 0
    for place in range(OTHERS):
        m.others[place] = 0
    m.lockout_until = 0
    m.lockout_wrong = 0
    m.power_limit = -1
    m.unbalance_limit = -1
    m.tampered = False
    m.pending = 0
    m.pending_latest = 0
    m.switch_closed = may_supply(m, models)


# -- a block in the clear ----------------------------------------------------------------------------------------------


@compiled
def _content_of(clear: uint64) -> uint64:
    """The 44 bits behind the subclass."""
    return uint64(clear >> uint64(16) & uint64((1 << 44) - 1))


@compiled
def _data(clear: uint64) -> uint16:
    """The last 16 bits of the content, in tokens with a TID: an amount, or what a command is about."""
    return uint16(clear >> uint64(16))


# -- the key change ----------------------------------------------------------------------------------------------------


@compiled
def pending_held(m: Record, models: NDArray[np.void], now: int64) -> int:
    """Which sections are pending at this second: bit n is the one that is printed n-th."""
    if now >= m.pending_latest + models[m.model].kct_timeout:
        return 0
    return int(m.pending)


@compiled
def pending_count(m: Record, models: NDArray[np.void], now: int64) -> int:
    """How many sections are pending at this second."""
    held = pending_held(m, models, now)
    return (held & 1) + (held >> 1 & 1) + (held >> 2 & 1) + (held >> 3)


@compiled
def _section_place(subclass: int64) -> int64:
    """The place of a key change section in the order of printing."""
    return subclass - 3 if subclass <= 4 else subclass - 6


@compiled
def _content(m: Record, place: int64, section: int64, content: uint64) -> uint64:
    """The 44 bits of a pending section, or of the one just entered."""
    return uint64(content if place == section else m.sections[place])


@compiled
def _completes(m: Record, models: NDArray[np.void], section: int64, content: uint64, now: int64) -> bool:
    """Whether a section completes a change with those that are pending."""
    model = models[m.model]
    held = pending_held(m, models, now) | 1 << section
    if not held & 1:
        return False
    wanted = 3
    if model.is_long:
        wanted = 15
    elif _content(m, int64(0), section, content) >> uint64(34) & uint64(1) and model.kcts >= 3:
        wanted = 7
    return bool(held & wanted == wanted)


@compiled
def _new_group(m: Record, models: NDArray[np.void], section: int64, content: uint64) -> int64:
    """The supply group that a complete set carries; -1 where it carries none."""
    model = models[m.model]
    third = _content(m, int64(2), section, content)
    if model.is_long:
        fourth = _content(m, int64(3), section, content)
        return int64(fourth >> uint64(32) << uint64(12) | third >> uint64(32))
    first = _content(m, int64(0), section, content)
    if first >> uint64(34) & uint64(1) and model.kcts >= 3:
        return int64(third >> uint64(20))
    return int64(-1)


@compiled
def _judge_section(
    m: Record, models: NDArray[np.void], subclass: int64, content: uint64, now: int64, answer: NDArray[int64]
) -> int:
    """The Status of a key change section."""
    model = models[m.model]
    if not model.takes_key_changes:
        answer[REASON] = NO_KEY_CHANGES
        return _FUNCTION
    if subclass == 3:
        revision = int64(content >> uint64(36) & uint64(15))
        if revision < 1 or revision > 9:
            answer[REASON], answer[A] = WRONG_KRN, revision
            return _RANGE
    elif subclass == 4:
        tariff_index = int64(content >> uint64(32) & uint64(255))
        if tariff_index > 99:
            answer[REASON], answer[A] = WRONG_TI, tariff_index
            return _RANGE
    elif not model.is_long:
        if model.kcts < 3:
            answer[REASON] = TWO_SECTIONS_ONLY
            return _FUNCTION
        if content & uint64(0xFFFFF):
            answer[REASON] = PAD_BITS
            return _FORMAT
        group = int64(content >> uint64(20))
        if group > _GREATEST_SGC:
            answer[REASON], answer[A] = WRONG_SGC, group
            return _RANGE
    section = _section_place(subclass)
    if not _completes(m, models, section, content, now):
        return int(_SECTION_TAKEN[section])
    group = _new_group(m, models, section, content)
    if group > _GREATEST_SGC:
        answer[REASON], answer[A] = WRONG_SGC, group
        return _RANGE
    key_type = int64(_content(m, int64(0), section, content) >> uint64(32) & uint64(3))
    if not _MAY_BECOME[m.key_type, key_type]:
        answer[REASON], answer[A], answer[B] = WRONG_KEY_TYPE, m.key_type, key_type
        return _KEY_TYPE
    return _ACCEPT


@compiled
def _take_section(
    m: Record,
    models: NDArray[np.void],
    tids: NDArray[int32],
    status: int,
    subclass: int64,
    content: uint64,
    now: int64,
    answer: NDArray[int64],
) -> None:
    """Keep an accepted section, or change the key that it completes."""
    section = _section_place(subclass)
    if status != _ACCEPT:
        m.pending = pending_held(m, models, now) | 1 << section
        m.pending_latest = now
        m.sections[section] = content
        return
    word = uint64(0xFFFFFFFF)
    first = _content(m, int64(0), section, content)
    second = _content(m, int64(1), section, content)
    group = _new_group(m, models, section, content)
    if models[m.model].is_long:
        third = _content(m, int64(2), section, content)
        fourth = _content(m, int64(3), section, content)
        m.key_high = (first & word) << uint64(32) | third & word
        m.key_low = (fourth & word) << uint64(32) | second & word
    else:
        m.key_high = (first & word) << uint64(32) | second & word
    m.key_type = first >> uint64(32) & uint64(3)
    m.key_revision = first >> uint64(36) & uint64(15)
    m.tariff_index = second >> uint64(32) & uint64(255)
    m.key_expiry = first >> uint64(40) << uint64(4) | second >> uint64(40)
    if group >= 0:
        m.supply_group = group
    m.pending = 0
    if first >> uint64(35) & uint64(1):
        fill_tids(m, tids, int64(0))
    answer[KEY_CHANGED] = 1


# -- tokens with a TID -------------------------------------------------------------------------------------------------


@compiled
def _money(clear: uint64) -> tuple[bool, uint64]:
    """Sign and size of a currency token's amount in 1e-5 of the base currency; 2^63 for all that is more."""
    code = clear >> uint64(56) << uint64(16) & uint64(0xF0000) | clear >> uint64(16) & uint64(0xFFFF)
    exponent, mantissa = int64(code >> uint64(14) & uint64(31)), code & uint64(0x3FFF)
    size = uint64(_BEYOND)
    if exponent < _EXPONENTS:
        size = mantissa * _MONEY_STEPS[exponent] + _MONEY_OFFSETS[exponent]
    elif exponent == _EXPONENTS and mantissa < _NEXT_MANTISSAS:
        size = mantissa * _NEXT_STEP + _NEXT_OFFSET
    return bool(code >> uint64(19)), size


@compiled
def _judge_credit(m: Record, models: NDArray[np.void], service: int64, clear: uint64, answer: NDArray[int64]) -> int:
    """The Status of a credit token, once its TID is right."""
    model = models[m.model]
    if not int64(model.services) >> service & 1:
        answer[REASON], answer[A] = NO_REGISTER, service
        return _FUNCTION
    balance = int64(m.balance if service == _ELECTRICITY else m.others[max(service - 1, 0)])
    room = int64(model.caps[service]) - balance
    if service < _FIRST_CURRENCY:
        credited = decode(_data(clear))
        if service == _ELECTRICITY:
            credited *= WS_PER_TENTH
        if credited > room:
            answer[REASON] = OVERFLOWS
            return _OVERFLOW
        return _ACCEPT
    negative, size = _money(clear)
    if negative:
        if room < 0 and size < uint64(-room):
            answer[REASON] = OVERFLOWS
            return _OVERFLOW
        if size > uint64(balance):
            answer[REASON] = BELOW_ZERO
            return _RANGE
    elif room < 0 or size > uint64(room):
        answer[REASON] = OVERFLOWS
        return _OVERFLOW
    return _ACCEPT


@compiled
def _judge_management(
    m: Record, models: NDArray[np.void], subclass: int64, clear: uint64, answer: NDArray[int64]
) -> int:
    """The Status of a management token, once its TID is right."""
    model = models[m.model]
    data = int64(_data(clear))
    if subclass in (_TARIFF_RATE, _WATER_FACTOR):
        answer[REASON], answer[A] = RESERVED_COMMAND, subclass
        return _FUNCTION
    if subclass in (_POWER_LIMIT, _UNBALANCE_LIMIT):
        if not int64(model.services) & _ELECTRIC:
            answer[REASON], answer[A] = NOT_ELECTRIC, subclass
            return _FUNCTION
        if subclass == _UNBALANCE_LIMIT and model.phases == 1:
            answer[REASON] = ONE_PHASE
            return _FUNCTION
        watts = decode(_data(clear))
        if watts > model.greatest_limit:
            answer[REASON], answer[A], answer[B] = ABOVE_LIMIT, watts, model.greatest_limit
            return _RANGE
    elif subclass == _CLEAR_CREDIT:
        held = data == _ALL_REGISTERS or (data < _SERVICES and int64(model.services) >> data & 1)
        if not held:
            answer[REASON], answer[A] = NOT_IN_METER, data
            return _RANGE
    elif subclass == _CLEAR_TAMPER and data != 0:
        answer[REASON] = PAD_BITS
        return _FORMAT
    return _ACCEPT


@compiled
def _manage(m: Record, models: NDArray[np.void], subclass: int64, clear: uint64, answer: NDArray[int64]) -> None:
    """Carry out a management token."""
    code = _data(clear)
    if subclass == _POWER_LIMIT:
        m.power_limit = decode(code)
    elif subclass == _UNBALANCE_LIMIT:
        m.unbalance_limit = decode(code)
    elif subclass == _CLEAR_TAMPER:
        m.tampered = False
    else:
        which = int64(code)
        if which in (_ALL_REGISTERS, _ELECTRICITY):
            answer[CLEARED] = m.balance
            m.cleared += m.balance
            m.balance = 0
        for place in range(OTHERS):
            if which in (_ALL_REGISTERS, place + 1):
                m.others[place] = 0


# -- entry -------------------------------------------------------------------------------------------------------------


@compiled
def _judge(
    m: Record,
    models: NDArray[np.void],
    tids: NDArray[int32],
    token_class: int64,
    clear: uint64,
    now: int64,
    answer: NDArray[int64],
) -> int:
    """The Status of an authentic token of class 0 or 2; nothing changes."""
    subclass = int64(clear >> uint64(60))
    if token_class == 2:
        is_section = subclass in (3, 4, 8) or (subclass == 9 and models[m.model].is_long)
        if is_section:
            return _judge_section(m, models, subclass, _content_of(clear), now, answer)
        known = subclass <= 2 or (subclass >= 5 and subclass <= 7) or subclass == _EXTENDED_SUBCLASS
    else:
        known = subclass < _SERVICES
    if not known:
        answer[REASON], answer[A], answer[B] = UNKNOWN, token_class, subclass
        return _FUNCTION
    tid = int64(clear >> uint64(32) & uint64(0xFFFFFF))
    status = _check_tid(m, tids, tid)
    if status != _ACCEPT:
        answer[REASON], answer[A] = TID_USED, tid
        if status == _OLD:
            answer[REASON], answer[B] = TID_OLD, tids[_tid_place(m, int64(0))]
        return status
    if models[m.model].enforce_key_expiry and tid >> 16 > m.key_expiry:
        answer[REASON], answer[A], answer[B] = TID_EXPIRED, tid, m.key_expiry
        return _KEY_EXPIRED
    if token_class == 0:
        if m.key_type == _DEFAULT_KEY_TYPE:
            answer[REASON] = DEFAULT_KEY
            return _DDTK
        return _judge_credit(m, models, subclass, clear, answer)
    if subclass != _EXTENDED_SUBCLASS:
        return _judge_management(m, models, subclass, clear, answer)
    index = clear >> uint64(26) & uint64(63)
    if not models[m.model].extended_functions >> index & uint64(1):
        answer[REASON], answer[A] = EXTENDED, int64(index)
        return _FUNCTION
    return _ACCEPT


@compiled
def _carry_out(
    m: Record,
    models: NDArray[np.void],
    tids: NDArray[int32],
    token_class: int64,
    clear: uint64,
    now: int64,
    status: int,
    answer: NDArray[int64],
) -> None:
    """Do what an accepted token of class 0 or 2 says, and store its TID."""
    subclass = int64(clear >> uint64(60))
    if token_class == 0:
        if subclass == _ELECTRICITY:
            credited = decode(_data(clear)) * WS_PER_TENTH
            m.balance += credited
            m.credited += credited
            answer[CREDITED] = credited
        elif subclass < _FIRST_CURRENCY:
            m.others[subclass - 1] += decode(_data(clear))
        else:
            negative, size = _money(clear)
            m.others[subclass - 1] += -int64(size) if negative else int64(size)
    elif subclass in (3, 4, 8, 9):
        content = _content_of(clear)
        _take_section(m, models, tids, status, subclass, content, now, answer)
        return
    elif subclass != _EXTENDED_SUBCLASS:
        _manage(m, models, subclass, clear, answer)
    _add_tid(m, tids, int64(clear >> uint64(32) & uint64(0xFFFFFF)))


@compiled
def _count_wrong(m: Record, models: NDArray[np.void], now: int64) -> None:
    """Note a wrong entry, which may lock the keypad."""
    model = models[m.model]
    m.lockout_wrong += 1
    if model.lockout_after and m.lockout_wrong >= model.lockout_after:
        doublings = min(int64(m.lockout_wrong) - model.lockout_after, 32)
        longest = int64(model.lockout_longest)
        seconds = longest
        if model.lockout_first <= longest >> doublings:
            seconds = int64(model.lockout_first) << doublings
        m.lockout_until = now + seconds


@compiled
def _test(m: Record, models: NDArray[np.void], block: uint64, answer: NDArray[int64]) -> int:
    """The Status of a class 1 token; nothing changes."""
    model = models[m.model]
    answer[CLEAR] = int64(block)
    if not passes(uint8(1), block):
        answer[REASON] = CHECKSUM
        return _CRC
    answer[READ] = 1
    subclass = int64(block >> uint64(60))
    if subclass > 1:
        answer[REASON], answer[A] = NOT_A_TEST, subclass
        return _FUNCTION
    content = _content_of(block)
    maker_bits, maker_mask, control_mask = uint64(8), uint64(0xFF), uint64((1 << 36) - 1)
    if subclass == 1:
        maker_bits, maker_mask, control_mask = uint64(16), uint64(0xFFFF), uint64((1 << 28) - 1)
    maker = int64(content & maker_mask)
    if maker != 0 and maker != model.manufacturer:
        answer[REASON], answer[A], answer[B] = OTHER_MAKER, maker, model.manufacturer
        return _MFR_CODE
    control = content >> maker_bits
    built_in = uint64(_BUILT_IN_TESTS)
    if int64(model.services) >> _ELECTRICITY & 1:
        built_in |= uint64(_TOTAL_TEST)
    if control != control_mask and not control & built_in:
        answer[REASON] = NO_SUCH_TEST
        return _FUNCTION
    answer[REASON], answer[A], answer[B] = SHOWN, m.used, 0
    answer[C] = int64(m.power_limit + 1) << 32 | int64(m.unbalance_limit + 1)
    answer[D] = (
        int64(m.supply_group) << 32
        | int64(m.key_revision) << 24
        | int64(m.key_type) << 18
        | int64(m.tampered) << 17
        | int64(m.switch_closed) << 16
        | int64(m.tariff_index) << 8
        | int64(m.key_expiry)
    )
    return _ACCEPT


@compiled
def _begin(answer: NDArray[int64]) -> None:
    answer[REASON] = NOTHING
    answer[READ] = 0
    answer[CREDITED] = 0
    answer[CLEARED] = 0
    answer[KEY_CHANGED] = 0


@compiled
def deciphered(m: Record, models: NDArray[np.void], block: uint64) -> uint64:
    """A block in the clear, under the key that the meter holds."""
    if models[m.model].is_long:
        return ea11.decrypt(block, uint64(m.key_high), uint64(m.key_low))
    return ea07.decrypt(block, uint64(m.key_high))


@compiled
def enter_clear(
    m: Record,
    models: NDArray[np.void],
    tids: NDArray[int32],
    token_class: int64,
    clear: uint64,
    now: int64,
    answer: NDArray[int64],
) -> int:
    """As `enter`, for a token of class 0 or 2 of which is known what it says under the meter's key.

    That is so for a token that was made under the very key that the meter holds; its digits need not be known.
    """
    _begin(answer)
    if now < m.lockout_until:
        answer[REASON], answer[A] = LOCKED, m.lockout_until - now
        return _LOCKED_OUT
    answer[CLEAR] = int64(clear)
    if not passes(uint8(token_class), clear):
        _count_wrong(m, models, now)
        answer[REASON], answer[A], answer[B] = NOT_UNDER_KEY, m.key_revision, m.key_type
        return _CRC
    answer[READ] = 1
    status = _judge(m, models, tids, token_class, clear, now, answer)
    if _IS_ACCEPTED[status]:
        _carry_out(m, models, tids, token_class, clear, now, status, answer)
        m.lockout_wrong = 0
        m.lockout_until = 0
        if may_supply(m, models):
            m.switch_closed = True
    return status


@compiled
def enter(
    m: Record,
    models: NDArray[np.void],
    tids: NDArray[int32],
    token_class: int64,
    block: uint64,
    now: int64,
    answer: NDArray[int64],
) -> int:
    """Take an entry and answer it, as Meter.enter does; returns its Status.

    Class 255 stands for digits that are no number of 66 bits. What comes with the answer is in `answer`.
    """
    if token_class == 0 or token_class == 2:
        clear = uint64(0) if now < m.lockout_until else deciphered(m, models, block)
        return enter_clear(m, models, tids, token_class, clear, now, answer)
    _begin(answer)
    if token_class == 1:
        status = _test(m, models, block, answer)
        if status == _CRC and now >= m.lockout_until:
            _count_wrong(m, models, now)
        return status
    if token_class == _NO_TOKEN:
        answer[REASON] = NOT_DIGITS
        return _FORMAT
    answer[REASON] = CLASS_3
    return _FUNCTION


@compiled
def would_answer_clear(
    m: Record,
    models: NDArray[np.void],
    tids: NDArray[int32],
    token_class: int64,
    clear: uint64,
    now: int64,
    answer: NDArray[int64],
) -> int:
    """As `would_answer`, for a token of class 0 or 2 of which is known what it says under the meter's key."""
    _begin(answer)
    answer[CLEAR] = int64(clear)
    if not passes(uint8(token_class), clear):
        answer[REASON], answer[A], answer[B] = NOT_UNDER_KEY, m.key_revision, m.key_type
        return _CRC
    answer[READ] = 1
    return _judge(m, models, tids, token_class, clear, now, answer)


@compiled
def would_answer(
    m: Record,
    models: NDArray[np.void],
    tids: NDArray[int32],
    token_class: int64,
    block: uint64,
    now: int64,
    answer: NDArray[int64],
) -> int:
    """What the meter would answer to an entry now, without a lock-out; nothing changes. Returns the Status.

    In `answer` what a token would do (CREDITED, CLEARED, KEY_CHANGED) is left at zero.
    """
    if token_class == 0 or token_class == 2:
        return would_answer_clear(m, models, tids, token_class, deciphered(m, models, block), now, answer)
    _begin(answer)
    if token_class == 1:
        return _test(m, models, block, answer)
    if token_class == _NO_TOKEN:
        answer[REASON] = NOT_DIGITS
        return _FORMAT
    answer[REASON] = CLASS_3
    return _FUNCTION

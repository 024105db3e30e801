"""The meters of a population drawn in compiled loops: the rules of `population.py` and `steady_state.py` on columns.

What is drawn from stands in small tables of the records below; a model, load or customer is its place in them.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy import int64, uint64
from numpy.typing import NDArray

from meter_sim import compiled_draws, distribution, draws
from meter_sim.compiled_draws import Whole, about, draw, part_of, product_over, value
from meter_sim.draws import Purpose, Trait
from meter_sim.local_time import DAY
from meter_sim.people import customer as people
from meter_sim.scenario import meter_numbers, population, register_errors, steady_state
from meter_sim.scenario.register_errors import RegisterError
from meter_sim.sts import tid
from meter_sim.sts.compiled.jit import compiler

Record = Any
"""A record of the kinds below, as a kernel sees it."""
Records = NDArray[np.void]

WORLD = np.dtype(
    [
        ("seed", "u8"),
        ("start", "i8"),
        ("drawer", "i8"),
        ("errors", "i8", (len(RegisterError),)),
        ("tariff", "i8"),
        ("no_load", "i8"),
        ("use", "i8"),
        ("credit", "i8"),
        ("bought_before", "i8"),
        ("entered_after", "i8"),
    ],
    align=True,
)
"""What is the same for all meters; `use` to `entered_after` are tables, -1: none. `drawer` and `errors` are chances."""
AREA = np.dtype(
    [
        ("cannot_change", "i8"),
        ("models", "i8"),
        ("loads", "i8"),
        ("customers", "i8"),
        ("behind", "i8"),
    ],
    align=True,
)
"""An area: its first row of `picks` for each trait, and the first behind."""
MODEL = np.dtype(
    [
        ("rigid", "i8"),
        ("tid_store", "i8"),
        ("credit_cap", "i8"),
        ("cap", "i8"),
        ("electricity", "?"),
        ("is_ea11", "?"),
    ],
    align=True,
)
"""A model; `rigid` is the one like it that takes no key change, `cap` what its first register holds."""
CUSTOMER = np.dtype(
    [
        ("when_below", "i8"),
        ("every", "i8"),
        ("first", "i8"),
        ("after_midnight", "i8"),
        ("amount", "i8"),
        ("mean_amount", "i8"),
        ("mean_every", "i8"),
        ("payday_span", "i8"),
        ("amount_is_use", "?"),
        ("has_level", "?"),
        ("has_first", "?"),
        ("never", "?"),
        ("blocked", "?"),
        ("no_load", "?"),
    ],
    align=True,
)
"""A kind of customer; `every`, `after_midnight` and `amount` are tables, -1: none; spans and means are seconds.

`payday_span` is 0 for who has no paydays.
"""
KEY = np.dtype(
    [("group", "i8"), ("revision", "i8"), ("base", "i8"), ("key_type", "i8"), ("key_expiry", "i8")], align=True
)
"""A vending key with its base date's minute; rows: the record's, that of another group, that of another revision."""

_MODULES = (compiled_draws, distribution, draws, people, meter_numbers, population, register_errors, steady_state, tid)
compiled = compiler(Path(__file__), *(Path(str(module.__file__)) for module in _MODULES))

_ONE, _GREATEST_SHARE = distribution.ONE, population.GREATEST_LOAD_SHARE
_WS_PER_TENTH, _LEAST_AMOUNT = people.WS_PER_TENTH, people.LEAST_AMOUNT
_USE_PER_TENTH = DAY * people.WS_PER_TENTH
_ZERO_CREDIT, _ZERO_TENTHS = steady_state.ZERO_BUYER_CREDIT, steady_state.ZERO_BUYER_TENTHS
_ZERO_LEAST, _ZERO_SPAN = steady_state.ZERO_BUYER_SINCE[0], steady_state.ZERO_BUYER_SINCE[1]
_AGE_LEAST, _AGE_GREATEST = steady_state.METER_AGE
_MONTH, _LEAST_BEFORE = steady_state.MONTH, steady_state.LEAST_BEFORE
_GREATEST_TID, _MINUTES_A_DAY, _RESERVED = tid.GREATEST, tid.MINUTES_A_DAY, tid.RESERVED_MINUTE
_IIN, _MAKER = int(meter_numbers.IIN), meter_numbers.MAKER
_HOUSEHOLD = int(Purpose.HOUSEHOLD)
_FIRST, _INTERVAL, _PAYDAY = int(Purpose.FIRST_PURCHASE), int(Purpose.PURCHASE_INTERVAL), int(Purpose.PAYDAY_TIME)
_LOAD, _MODEL, _CUSTOMER, _CANNOT = int(Trait.LOAD), int(Trait.MODEL), int(Trait.CUSTOMER), int(Trait.CANNOT_CHANGE)
_USE, _CREDIT, _TID, _DRAWER = int(Trait.USE), int(Trait.CREDIT), int(Trait.TID), int(Trait.DRAWER)
_BOUGHT, _ENTERED, _AMOUNT = int(Trait.DRAWER_BOUGHT), int(Trait.DRAWER_ENTERED), int(Trait.DRAWER_AMOUNT)
_REGISTER, _MANUFACTURED = int(Trait.REGISTER), int(Trait.MANUFACTURED)
_ERRORS = len(RegisterError)
_OTHER_GROUP, _OTHER_REVISION, _OTHER_TARIFF, _SWAPPED, _DEAD = (
    list(RegisterError).index(error)
    for error in (
        RegisterError.SUPPLY_GROUP,
        RegisterError.KEY_REVISION,
        RegisterError.TARIFF_INDEX,
        RegisterError.SWAPPED,
        RegisterError.DEAD,
    )
)


@compiled
def _check_digit(number: Whole) -> int64:
    """The Luhn check digit behind a number."""
    total = int64(0)
    doubled = True
    while number:
        rest = number // 10
        digit = number - rest * 10
        if doubled:
            digit = 2 * digit if digit < 5 else 2 * digit - 9
        total += int64(digit)
        doubled = not doubled
        number = rest
    return int64((10 - total % 10) % 10)


@compiled
def pan_of(connection: Whole, generation: Whole) -> int64:
    """The MeterPAN of a connection's first meter, or of the one that replaced it so many times; a number."""
    serial = (_MAKER + generation) * 100_000_000 + connection
    body = (_IIN * 10_000_000_000 + serial) * 10 + _check_digit(serial)
    return int64(body * 10 + _check_digit(body))


@compiled
def _word(world: Record, connection: Whole, trait: Whole) -> int64:
    """The draw of a household's trait."""
    return draw(world.seed, _HOUSEHOLD, connection, trait, 0)


@compiled
def _picked(
    picks: NDArray[int64], first: Whole, behind: Whole, world: Record, connection: Whole, trait: Whole
) -> int64:
    """The place that a draw picks among these rows (bound, place); drawn only where there is a choice."""
    if behind - first > 1:
        word = _word(world, connection, trait)
        while word >= picks[first, 0]:
            first += 1
    return int64(picks[first, 1])


@compiled
def _error(world: Record, connection: Whole) -> int64:
    """What a record has wrong, in the order of `RegisterError`; behind the last: nothing."""
    if world.errors[_ERRORS - 1] == 0:
        return int64(_ERRORS)
    word = _word(world, connection, _REGISTER)
    place = int64(0)
    while place < _ERRORS and word >= world.errors[place]:
        place += 1
    return place


@compiled
def swapped_in(
    worlds: Records,
    area: Record,
    models: Records,
    picks: NDArray[int64],
    first: Whole,
    number: Whole,
    pairs: NDArray[int64],
) -> int64:
    """How many records of an area have another's PAN drawn; `pairs` gets each connection and its partner's, -1: none.

    Partners are neighbours among those of one algorithm. What does not fit into `pairs` is only counted.
    """
    world = worlds[0]
    found = int64(0)
    waiting = np.full(2, -1, np.int64)
    for connection in range(first, first + number):
        if _error(world, connection) != _SWAPPED:
            continue
        if found < pairs.shape[0]:
            model = _picked(picks, area.models, area.loads, world, connection, _MODEL)
            algorithm = int64(models[model].is_ea11)
            pairs[found, 0] = connection
            pairs[found, 1] = -1
            if waiting[algorithm] < 0:
                waiting[algorithm] = found
            else:
                other = waiting[algorithm]
                pairs[found, 1] = pairs[other, 0]
                pairs[other, 1] = connection
                waiting[algorithm] = -1
        found += 1
    return found


@compiled
def _bought(customer: Record, tables: NDArray[int64], word: Whole, mean_use: Whole) -> int64:
    """Tenths of a purchase."""
    tenths = value(tables, customer.amount, word)
    if customer.amount_is_use:
        tenths = product_over(mean_use, max(tenths, int64(0)), _USE_PER_TENTH)
    return max(tenths, int64(_LEAST_AMOUNT))


@compiled
def _has_first_purchase(customer: Record) -> bool:
    """Whether a kind of customer buys by the calendar alone."""
    return not customer.has_level and (customer.every >= 0 or customer.after_midnight >= 0)


@compiled
def _first_purchase(
    world: Record, customer: Record, tables: NDArray[int64], paydays: NDArray[int64], connection: Whole
) -> int64:
    """The instant of the first purchase of who buys by the calendar; `paydays` are this customer's next ones."""
    if customer.every >= 0:
        if customer.has_first:
            return int64(customer.first)
        interval = value(tables, customer.every, draw(world.seed, _INTERVAL, connection, 0, 0))
        return int64(world.start + part_of(max(interval, int64(1)), draw(world.seed, _FIRST, connection, 0, 0)))
    instant = world.start - 1
    place = 0
    while instant < world.start:
        day, midnight, last = paydays[place, 0], paydays[place, 1], paydays[place, 2]
        after = value(tables, customer.after_midnight, draw(world.seed, _PAYDAY, connection, day, 0))
        instant = midnight + min(max(after, 0), last)
        place += 1
    return int64(instant)


@compiled
def _spacing(customer: Record, mean_use: Whole) -> int64:
    """Seconds between purchases to be expected of a kind of customer at a home of this mean use."""
    if customer.every >= 0:
        return int64(customer.mean_every)
    known = customer.payday_span > 0
    span = int64(customer.payday_span)
    if customer.has_level or not known:
        amount = int64(customer.mean_amount) if customer.mean_amount > 0 else int64(0)
        if customer.amount_is_use or mean_use:
            to_amount = amount if customer.amount_is_use else product_over(amount * _WS_PER_TENTH, DAY, mean_use)
            span = min(span, to_amount) if known else to_amount
            known = True
    return span if known else int64(_MONTH)


@compiled
def _steady_credit(
    world: Record,
    customer: Record,
    tables: NDArray[int64],
    paydays: NDArray[int64],
    connection: Whole,
    mean_use: Whole,
) -> int64:
    """Watt-seconds that are left of a customer's latest purchase."""
    place = _word(world, connection, _CREDIT)
    if customer.never:
        return part_of(int64(_ZERO_CREDIT), place)
    if _has_first_purchase(customer):
        first = _first_purchase(world, customer, tables, paydays, connection)
        return about(product_over(mean_use, max(first - world.start, 0), DAY), place)
    word = draw(world.seed, _HOUSEHOLD, connection, _CREDIT, 1)
    return int64(customer.when_below + part_of(_bought(customer, tables, word, mean_use) * _WS_PER_TENTH, place))


@compiled
def _in_history(minute: Whole, latest: Whole, spacing: Whole, entries: Whole) -> bool:
    """Whether a minute is one of the latest so many entries of a TID store."""
    back = (latest - minute) // spacing
    return bool(back * spacing == latest - minute and 0 <= back < entries)


@compiled
def _put_drawer(
    row: Record,
    world: Record,
    customer: Record,
    model: Record,
    tables: NDArray[int64],
    mean_use: Whole,
    latest: Whole,
    base: Whole,
    made: Whole,
) -> None:
    """The token in a drawer, if there is one. `latest` (-1: none) and `made` are minutes on the axis."""
    connection = row.connection
    if not world.drawer or _word(world, connection, _DRAWER) >= world.drawer:
        return
    before = value(tables, world.bought_before, _word(world, connection, _BOUGHT))
    issued_at = world.start - max(before, _LEAST_BEFORE)
    while issued_at // 60 % _MINUTES_A_DAY == _RESERVED or (
        latest >= 0 and _in_history(issued_at // 60, latest, row.tid_spacing, model.tid_store)
    ):
        issued_at -= 60
    if issued_at // 60 < made or not 1 <= issued_at // 60 - base <= _GREATEST_TID:
        return
    after = value(tables, world.entered_after, _word(world, connection, _ENTERED))
    row.drawer_issued_at = issued_at
    row.drawer_enter_at = world.start + max(after, 1)
    row.drawer_tenths = _bought(customer, tables, _word(world, connection, _AMOUNT), mean_use)


@compiled
def draw_meters(
    out: Records,
    first: Whole,
    place: Whole,
    area: Record,
    worlds: Records,
    keys: Records,
    models: Records,
    means: NDArray[int64],
    customers: Records,
    picks: NDArray[int64],
    paydays: NDArray[int64],
    tables: NDArray[int64],
    pairs: NDArray[int64],
) -> None:
    """The meters of connections from `first` on, of one area with this place; `out` is zero and gets `SETUP` records.

    `means` are the loads' in watt-seconds a day. `paydays` are by customer: local day, its first second, its last
    second after that. `pairs` are the connections of swapped records from `first` on, with their partners.
    """
    world = worlds[0]
    pair = 0
    for number in range(out.shape[0]):
        row = out[number]
        connection = first + number
        at = _picked(picks, area.models, area.loads, world, connection, _MODEL)
        model = models[at]
        rigid = area.cannot_change > 0 and _word(world, connection, _CANNOT) < area.cannot_change
        error = _error(world, connection)
        dead = error == _DEAD
        pan = pan_of(connection, 0)
        true_pan = pan
        if error == _SWAPPED:
            if pairs[pair, 1] >= 0:
                true_pan = pan_of(pairs[pair, 1], 0)
            pair += 1
        key = keys[1 if error == _OTHER_GROUP else 2 if error == _OTHER_REVISION else 0]
        row.connection = connection
        row.pan = pan
        row.true_pan = true_pan
        row.model = model.rigid if rigid else at
        row.area = place
        row.group = keys[0].group
        row.true_group = key.group
        row.revision = keys[0].revision
        row.true_revision = key.revision
        row.tariff = world.tariff
        row.true_tariff = world.tariff % 99 + 1 if error == _OTHER_TARIFF else world.tariff
        row.key_type = key.key_type
        row.key_expiry = key.key_expiry
        row.has_truth = true_pan != pan or error < _SWAPPED
        row.dead = dead
        row.tid_latest = -1

        who = int64(-1)
        if area.customers < area.behind and not dead:
            who = _picked(picks, area.customers, area.behind, world, connection, _CUSTOMER)
        row.customer = who
        customer = customers[who if who >= 0 else 0]  # looked at only where there is one
        load, share = int64(world.no_load), int64(_ONE)
        if model.electricity:
            load = _picked(picks, area.loads, area.customers, world, connection, _LOAD)
            if world.use >= 0 and means[load]:
                share = value(tables, world.use, _word(world, connection, _USE))
                share = min(max(share, int64(1)), int64(_GREATEST_SHARE))
        if dead or (who >= 0 and customer.no_load):
            load = int64(world.no_load)
        mean_use = means[load] * share // _ONE
        row.load = load
        row.load_share = share

        if not dead:
            blocked = who >= 0 and customer.blocked
            if model.electricity and not blocked:
                credit = int64(0)
                if world.credit >= 0:
                    credit = value(tables, world.credit, _word(world, connection, _CREDIT))
                elif who >= 0:
                    credit = _steady_credit(world, customer, tables, paydays[who], connection, mean_use)
                row.credit = min(credit, model.credit_cap)
            elif who >= 0 and not blocked:
                bought = int64(_ZERO_TENTHS)
                if not customer.never:
                    word = draw(world.seed, _HOUSEHOLD, connection, _CREDIT, 1)
                    bought = _bought(customer, tables, word, int64(0))
                part = part_of(bought, _word(world, connection, _CREDIT))
                row.other = min(part, model.cap)

        age = part_of(int64(_AGE_GREATEST - _AGE_LEAST), _word(world, connection, _MANUFACTURED))
        made = min(max((world.start - _AGE_LEAST - age) // 60 - key.base, 0), _GREATEST_TID)
        row.manufacture_tid = made
        if who < 0:
            continue
        word = _word(world, connection, _TID)
        spacing = int64(_MONTH) if customer.never else _spacing(customer, mean_use)
        minutes = min(max(spacing // 60, int64(1)), int64(_GREATEST_TID))
        if customer.never:
            latest = (world.start - _ZERO_LEAST - part_of(int64(_ZERO_SPAN - _ZERO_LEAST), word)) // 60
        else:
            latest = world.start // 60 - 1 - part_of(minutes, word)
        latest = min(latest, key.base + _GREATEST_TID)
        has_history = latest - key.base >= max(made, 1)
        if has_history:
            row.tid_latest = latest - key.base
            row.tid_spacing = minutes
        if not customer.never:
            known = latest if has_history else int64(-1)
            _put_drawer(row, world, customer, model, tables, mean_use, known, keys[0].base, made + key.base)


@compiled
def pans_of(connections: NDArray[int64], generation: Whole, pans: NDArray[uint64]) -> None:
    """The MeterPANs of these connections' meters of a generation."""
    for row in range(connections.size):
        pans[row] = uint64(pan_of(connections[row], generation))

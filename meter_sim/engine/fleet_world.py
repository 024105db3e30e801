"""What all pieces of a run have in common, as the kernels take it: customers, models, keys, days, the programme."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meter_sim.distribution import Distribution
from meter_sim.engine.compiled import outreach
from meter_sim.engine.compiled.decoder import model_table
from meter_sim.engine.compiled.draws import table_of
from meter_sim.engine.compiled.load import Loads, loads_of
from meter_sim.engine.compiled.phase import PROGRAMME
from meter_sim.engine.compiled.state import (
    CUSTOMER,
    LATE,
    PHASE,
    POINT_OF_SALE,
    STEP,
    VENDING_KEY,
)
from meter_sim.engine.local_days import local_days
from meter_sim.local_time import DAY
from meter_sim.people.customer import Customer
from meter_sim.programme import Area, Channel, Programme, Visit
from meter_sim.programme import Phase as ProgrammePhase
from meter_sim.scenario.meter_columns import MeterKinds, kinds_of
from meter_sim.scenario.scenario import Scenario
from meter_sim.vending.point_of_sale import AfterLastMinute

Records = NDArray[np.void]
Numbers = NDArray[np.int64]
MOST_CREW_PHASES = 62
"""Phases by crew of one area, each of which is a bit."""


class FleetError(Exception):
    """A run that the fleet engine cannot do; one line, which names the other engine."""


class Tables:
    """Distributions with their places, each once."""

    def __init__(self) -> None:
        self._places: dict[Distribution, int] = {}

    def place(self, distribution: Distribution | None) -> int:
        """The place of a distribution; -1 for none."""
        return -1 if distribution is None else self._places.setdefault(distribution, len(self._places))

    @property
    def knots(self) -> Numbers:
        """The tables, a row each; one row at least."""
        return table_of(list(self._places) or [Distribution((0,) * 257)])


@dataclass(frozen=True, slots=True)
class Steps:
    """What a programme does in an area at known instants, and its phases there."""

    steps: Records
    phases: Records


class World:
    """The tables of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.kinds: MeterKinds = kinds_of(scenario)
        self._tables = Tables()
        self.points_of_sale = self._made_points_of_sale()
        self.customers = np.zeros(max(len(self.kinds.customers), 1), CUSTOMER)
        for place, customer in enumerate(self.kinds.customers):
            self._put_customer(self.customers[place], customer)
        self.desk_tables = {
            (area.name, desk): self._tables.place(getattr(area, desk).service)
            for area in scenario.areas
            for desk in ("help_desk", "office")
            if getattr(area, desk) is not None
        }
        self.tables = self._tables.knots
        self.models = model_table(self.kinds.models)
        self.vending_keys = self._made_vending_keys()
        self.groups = np.array([int(group) for group in self.kinds.supply_groups], np.int64)
        self.days = tuple(local_days(scenario))
        self.closes = np.array([end for _, end in self.days], np.int64)
        self.local_days = np.array([day for day, _ in self.days], np.int64)
        self.midnights, self.whole_days = _regular_days(scenario, self.days)
        self.loads: Loads = loads_of(self.kinds.loads, scenario.calendar, scenario.seed, scenario.start, scenario.end)
        programme = scenario.programme
        self.replacement = -1
        if programme is not None and programme.replacement is not None:
            self.replacement = self.kinds.models.index(programme.replacement)

    @cached_property
    def several_lists(self) -> bool:
        """Whether a TID may be given twice to a meter: by points of sale with lists of their own, or after a wrap."""
        points = self.scenario.points_of_sale
        wraps = any(point.after_last_minute is AfterLastMinute.WRAP for point in points)
        return wraps or (len(points) > 1 and not all(point.shared_tid_list for point in points))

    def _made_points_of_sale(self) -> Records:
        points = self.scenario.points_of_sale
        table = np.zeros(len(points), POINT_OF_SALE)
        for place, point in enumerate(points):
            wraps = point.after_last_minute is AfterLastMinute.WRAP
            table[place] = point.clock_offset, wraps, 0 if point.shared_tid_list else place + 1
        return table

    def _put_customer(self, row: Any, customer: Customer) -> None:  # noqa: ANN401
        mistakes, trouble, campaign = customer.mistakes, customer.trouble, customer.campaign
        names = [point.name for point in self.scenario.points_of_sale]
        paydays = customer.paydays
        place = self._tables.place
        values: dict[str, int] = {
            "when_below": -1 if customer.when_below is None else customer.when_below,
            "first": -1 if customer.first is None else customer.first,
            "every": place(customer.every),
            "amount": place(customer.amount),
            "enter_after": place(customer.enter_after),
            "paydays_at": -1 if paydays is None else place(paydays.after_midnight),
            "payday_mask": 0 if paydays is None else sum(1 << day for day in set(paydays.days)),
            "payday_greatest": 0 if paydays is None else max(paydays.days),
            "never": customer.never is not None,
            "amount_is_use": customer.amount_is_use,
            "free_tenths": customer.free_tenths,
            "between_entries": customer.between_entries,
            "retry_after": customer.retry_after,
            "pos": names.index(customer.point_of_sale),
            "wrong_digit": mistakes.wrong_digit,
            "credit_first": mistakes.credit_first,
            "one_section": mistakes.one_section,
            "tries": mistakes.tries,
            "asks": trouble.asks,
            "tries_again_after": place(trouble.tries_again_after),
            "sittings": trouble.sittings,
            "answers": campaign.answers,
            "answers_after": place(campaign.answers_after),
            "at_deadline": campaign.at_deadline,
            "deadline_within": campaign.deadline_within,
            "spare_share": customer.spare.share,
            "spare_kept": place(customer.spare.kept),
        }
        for name, value in values.items():
            row[name] = value

    def _made_vending_keys(self) -> Records:
        keys = self.scenario.vending_keys
        table = np.zeros(len(keys), VENDING_KEY)
        for place, key in enumerate(keys):
            table[place] = (
                int(key.supply_group),
                key.key_revision,
                key.base_date.minute,
                int(key.key_type),
                key.key_expiry,
                -LATE if key.active_from is None else key.active_from,
                LATE if key.issue_until is None else key.issue_until // 60,
                LATE if key.key_change_until is None else key.key_change_until // 60,
            )
        return table

    # -- the programme in an area ------------------------------------------------------------------------------

    def steps(self, area: str) -> Steps:
        """What the programme does in an area. Raises FleetError for more phases by crew than there are bits."""
        programme = self.scenario.programme
        if programme is None or not area:
            return Steps(np.zeros(0, STEP), np.zeros(0, PHASE))
        own = [phase for phase in programme.phases if phase.area == area]
        crews = [phase for phase in own if phase.channel is Channel.CREW]
        if len(crews) > MOST_CREW_PHASES:
            raise FleetError(
                f"the area {area} has {len(crews)} phases by crew, the fleet engine takes {MOST_CREW_PHASES}; "
                "take --engine reference"
            )
        phases = np.zeros(len(own), PHASE)
        for place, phase in enumerate(own):
            phases[place] = (
                phase.number,
                list(Channel).index(phase.channel),
                phase.start,
                -1 if phase.end is None else phase.end,
                phase.send_over,
                phase.reaches,
                phase.visit is Visit.UNCONFIRMED,
                crews.index(phase) if phase.channel is Channel.CREW else -1,
                phase.print_with,
            )
        return Steps(self._in_order(_planned(programme, own, self.scenario.start), own), phases)

    def _in_order(self, planned: Iterable[tuple[int, int, int, int]], own: Sequence[ProgrammePhase]) -> Records:
        """Steps in the order of happening, with what is printed with purchases after each."""
        printing: dict[int, int] = {}
        over, rows = False, []
        for at, order, kind, place in sorted(planned):
            if at >= self.scenario.end:
                continue
            happens = kind
            if kind == outreach.BEGIN_PRINTING:
                if over:
                    happens = outreach.BEGIN_NOTHING
                else:
                    printing[place] = own[place].print_with
            elif kind == outreach.AFTER_CREDIT:
                printing[-1] = 1
            elif kind == outreach.END_PRINTING and place >= 0:
                printing.pop(place, None)
            elif kind == outreach.END_PRINTING:
                over = True
                if not printing:
                    continue
                printing.clear()
            rows.append((at, order, happens, max(place, 0), max(printing.values(), default=0)))
        return np.array(rows, STEP)


def _planned(programme: Programme, own: Sequence[ProgrammePhase], start: int) -> list[tuple[int, int, int, int]]:
    """The steps in an area: instant, order of planning, what, and which of the area's phases."""
    number = len(programme.phases)
    credit_until, change_until = programme.credit_until, programme.key_change_until
    planned = []
    begins = {
        Channel.WITH_PURCHASE: outreach.BEGIN_PRINTING,
        Channel.CREW: outreach.BEGIN_CREWS,
    }
    for place, phase in enumerate(own):
        kind = begins.get(phase.channel, outreach.BEGIN_TELLING)
        order = phase.number + (number + 2 if phase.channel is Channel.CREW else 0)
        planned.append((phase.start, order, kind, place))
        if phase.end is None or phase.channel not in begins:
            continue
        kind = outreach.END_CREWS if phase.channel is Channel.CREW else outreach.END_PRINTING
        planned.append((phase.end, (phase.start - start + 1) << 24 | PROGRAMME << 20 | phase.number, kind, place))
    over = credit_until is not None and change_until is not None and change_until // 60 <= credit_until // 60
    if credit_until is not None and not programme.replace_all and not over and own:
        planned.append((credit_until // 60 * 60 + 60, number, outreach.AFTER_CREDIT, 0))
    if change_until is not None:
        planned.append((change_until // 60 * 60 + 60, number + 1, outreach.END_PRINTING, -1))
    return planned


def _regular_days(scenario: Scenario, days: Sequence[tuple[int, int]]) -> tuple[Numbers, Numbers]:
    """Of each day of the books its midnight, and how many days in a row are whole and without a change of offset.

    0 is a day without such a change that is not whole, -1 one with a change.
    """
    midnights, whole = np.zeros(len(days), np.int64), np.zeros(len(days), np.int64)
    for place in range(len(days) - 1, -1, -1):
        day, end = days[place]
        midnight = scenario.calendar.midnight(day)
        midnights[place] = midnight
        _, after, offset = scenario.calendar.piece(midnight)
        has_one = midnight == day * DAY - offset and (after is None or midnight + DAY <= after)
        if not has_one:
            whole[place] = -1
        elif end == midnight + DAY and midnight >= scenario.start:
            follows = place + 1 < len(days) and days[place + 1][0] == day + 1
            whole[place] = 1 + (max(int(whole[place + 1]), 0) if follows else 0)
    return midnights, whole


def openings_of(scenario: Scenario, area: Area) -> tuple[Numbers, Numbers]:
    """The openings and closings of an area's depot that are worked in a run."""
    opens: list[int] = []
    closes: list[int] = []
    if area.depot is not None and scenario.programme is not None:
        hours, calendar = area.depot.hours, scenario.calendar
        day = hours.day_open_after(calendar, scenario.start)
        while True:
            begin, end = hours.span(calendar, day)
            if begin >= scenario.end:
                break
            if begin >= (opens[-1] if opens else scenario.start):
                opens.append(begin)
                closes.append(end)
            day += 1
            while not hours.open_on(day):
                day += 1
    return np.array(opens, np.int64), np.array(closes, np.int64)

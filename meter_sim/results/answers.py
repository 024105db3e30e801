"""What a planner has to answer: ten questions put to a run, by name.

The questions are those that planners of the 2023-2024 rollover asked. Rates are meters a day; energies kWh, times hours
or seconds as the name says; dates local.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from meter_sim import arrow_columns
from meter_sim.local_time import DAY, date_of
from meter_sim.people.help_desk import Outcome as DeskOutcome
from meter_sim.programme import Cause, Channel, Programme, TrueState
from meter_sim.results.area_day import CHANGED_BY, column
from meter_sim.results.census import Group, Sums
from meter_sim.results.part import Part
from meter_sim.results.series import Series
from meter_sim.results.summary_types import Json
from meter_sim.scenario.scenario import Scenario

BUFFERS = (90, 120)
"""Days of buffer before the deadline that a plan should keep: three to four months."""
LAST_MONTH = 30
"""Days in which queues are looked at, the deadline's the last of them."""
_NO_WAITS = np.empty(0, dtype=np.int64)
_NEW = column("true", TrueState.NEW)
_DONE = (TrueState.NEW.value, TrueState.OUT_OF_SCOPE.value)


class Answers:
    """Puts the questions to one run."""

    def __init__(self, scenario: Scenario, programme: Programme, series: tuple[Series, ...], part: Part) -> None:
        self._scenario = scenario
        self._programme = programme
        self._series = series
        self._census = part.census
        self._groups: dict[str, list[tuple[Group, int]]] = {}
        for group, number in part.census.groups.items():
            self._groups.setdefault(group.area, []).append((group, number))
        self._fates: dict[str, Counter[str]] = {}
        for (area, fate, why), number in part.census.fates.items():
            self._fates.setdefault(area, Counter())[f"{fate}: {why}" if why else fate] += number
        calendar = scenario.calendar
        deadline = scenario.end if programme.credit_until is None else programme.credit_until
        self._deadline = date_of(calendar.day(min(deadline, scenario.end - 1)))
        self._after = (self._deadline + timedelta(days=1)).isoformat()
        self._deadline_instant = min(deadline, scenario.end)
        self._month = (self._deadline - timedelta(days=LAST_MONTH - 1)).isoformat()
        self._waits = self._waits_of_last_month(part)

    def all(self) -> dict[str, Json]:
        """The ten answers."""
        return {
            "rate_and_start": self._by_area(self._rate),
            "channels_and_crews": self._by_area(self._mix),
            "never_come": self._by_area(self._never_come),
            "drawers": self._by_area(self._drawers),
            "replacements": self._by_area(self._replacements),
            "without_supply_after_deadline": self._by_area(self._without_supply),
            "revisits": self._by_area(self._revisits),
            "queues_in_last_month": self._by_area(self._queues),
            "key_changes_after_deadline": self._by_area(self._late_changes),
            "presumed_and_true": self._by_area(self._presumed),
        }

    def _by_area(self, answer: Callable[[Series], dict[str, Json]]) -> dict[str, Json]:
        return {series.area: answer(series) for series in self._series}

    def _areas_of(self, series: Series) -> tuple[Series, ...]:
        """The areas that a series stands for: itself, or each of all together."""
        return self._series[:-1] if series is self._series[-1] else (series,)

    def _living(self, series: Series) -> list[tuple[Group, int]]:
        """The groups of meters in the field, each with its number."""
        areas = self._areas_of(series)
        return [pair for one in areas for pair in self._groups.get(one.area, ()) if not pair[0].dead]

    def _dead(self, series: Series) -> int:
        areas = self._areas_of(series)
        return sum(number for one in areas for group, number in self._groups.get(one.area, ()) if group.dead)

    def _sums(self, series: Series) -> Sums:
        rows = [self._census.sums.get(one.area, Sums()) for one in self._areas_of(series)]
        return Sums(*map(sum, zip(*rows, strict=True)))

    # -- 1 and 2 -----------------------------------------------------------------------------------------------

    def _scope(self, series: Series) -> int:
        return sum(number for group, number in self._living(series) if group.true != TrueState.OUT_OF_SCOPE.value)

    def _first_start(self, series: Series) -> date | None:
        starts = [
            phase.start for phase in self._programme.phases if series is self._series[-1] or phase.area == series.area
        ]
        return date_of(self._scenario.calendar.day(min(starts))) if starts else None

    def _rate(self, series: Series) -> dict[str, Json]:
        """Question 1: the daily rate that is needed, and the latest start for a buffer of three to four months."""
        scope, start = self._scope(series), self._first_start(series)
        changed = series.last(_NEW, self._after)
        rise, over = series.best_rise(_NEW, LAST_MONTH)
        answer: dict[str, Json] = {
            "meters_in_scope": scope,
            "deadline": self._deadline.isoformat(),
            "changed_at_deadline": changed,
            "left_at_deadline": scope - changed,
            "changed_at_end": series.last(_NEW),
            "best_rate_over_30_days": round(rise / over, 2),
        }
        for percent in (50, 90, 95):
            answer[f"date_of_{percent}_percent"] = series.reaches(_NEW, max(ceil(scope * percent / 100), 1))
        if start is None:
            return answer
        days = (self._deadline - start).days
        answer["first_start"] = start.isoformat()
        answer["mean_rate"] = round(changed / days, 2) if days > 0 else None
        for buffer in BUFFERS:
            left = days - buffer
            answer[f"rate_needed_with_buffer_of_{buffer}_days"] = round(scope / left, 2) if left > 0 else None
            latest = None
            if rise > 0:
                needed = -(-scope * over // rise)
                latest = (self._deadline - timedelta(days=buffer + needed)).isoformat()
            answer[f"latest_start_with_buffer_of_{buffer}_days"] = latest
        return answer

    def _mix(self, series: Series) -> dict[str, Json]:
        """Question 2: how meters came by their key in each area, and how many crews it takes."""
        changed = {how: series.total(f"changed_{how}") for how in CHANGED_BY}
        answer: dict[str, Json] = {"changed_by": {how: number for how, number in changed.items() if number}}
        by_crew = changed[Channel.CREW.value] + changed["replaced"]
        time_for = series.total("visits_time_for")
        if not by_crew:
            return answer
        answer["visits_time_per_change"] = round(time_for / by_crew, 2)
        needed: dict[str, Json] = {}
        for area in self._scenario.areas:
            if area.depot is None or series.area not in (area.name, self._series[-1].area):
                continue
            phases = [phase for phase in self._programme.phases if phase.area == area.name]
            starts = [phase.start for phase in phases if phase.channel is Channel.CREW]
            own = next(one for one in self._series if one.area == area.name)
            own_changed = own.total("changed_crew") + own.total("changed_replaced")
            if not starts or not own_changed:
                continue
            calendar, hours = self._scenario.calendar, area.depot.hours
            last = calendar.day(self._deadline_instant) - BUFFERS[0]
            days = sum(hours.open_on(day) for day in range(calendar.day(min(starts)), last))
            per_change = own.total("visits_time_for") / own_changed
            per_crew = days * area.depot.visits_per_day
            needed[area.name] = ceil(self._scope(own) * per_change / per_crew) if per_crew else None
        answer["crews"] = {
            area.name: area.depot.crews
            for area in self._scenario.areas
            if area.depot is not None and area.name in needed
        }
        answer["crews_needed_with_buffer_of_90_days"] = needed
        return answer

    # -- 3 to 6 ------------------------------------------------------------------------------------------------

    def _never_come(self, series: Series) -> dict[str, Json]:
        """Question 3: who never comes (zero buyers, bypassed, vacant), and which records are dead."""
        living = self._living(series)
        left = [pair for pair in living if pair[0].true not in _DONE]
        dead = self._dead(series)
        return {
            "zero_buyers": _counted((group.never_buys, number) for group, number in living if group.never_buys),
            "no_purchase_in_the_run": sum(number for group, number in living if not group.bought),
            "unchanged_zero_buyers": _counted((group.never_buys, number) for group, number in left if group.never_buys),
            "unchanged_buyers": _counted(
                (group.customer or "nobody", number) for group, number in left if not group.never_buys
            ),
            "dead_records": dead,
            "dead_records_found": dead - series.last("dead_records"),
        }

    def _drawers(self, series: Series) -> dict[str, Json]:
        """Question 4: tokens in drawers, and tokens bought but not entered when the key changes."""
        sums = self._sums(series)
        fates: Counter[str] = Counter()
        for one in self._areas_of(series):
            fates.update(self._fates.get(one.area, {}))
        return {
            "tokens_issued": sums.tokens_issued,
            "end_states": dict(sorted(fates.items())),
            "credit_tokens_open_at_key_change": sums.lost_tokens,
            "kwh_in_them": _kwh(sums.lost_tenths),
            "tokens_replaced": series.total("replaced_tokens"),
            "kwh_replaced": _kwh(series.total("replaced_tenths")),
        }

    def _replacements(self, series: Series) -> dict[str, Json]:
        """Question 5: which makes cannot change, where they are, how many meters to order and when."""
        cannot = [pair for pair in self._living(series) if not pair[0].takes_key_changes]
        months: Counter[str] = Counter()
        for day, number in zip(series.dates, series.column("visits_replaced").tolist(), strict=True):
            months[day[:7]] += number
        return {
            "cannot_change": _counted((group.model, number) for group, number in cannot),
            "replaced": series.total("visits_replaced"),
            "replaced_by_month": {month: number for month, number in sorted(months.items()) if number},
            "still_waiting": series.last("replacements_waiting"),
            "stock_at_end": series.last("stock"),
            "cannot_change_at_end": sum(self._cannot_at_end(area) for area in self._areas_of(series)),
            "meters_to_order": sum(self._to_order(area) for area in self._areas_of(series)),
        }

    def _cannot_at_end(self, area: Series) -> int:
        """Meters that no key change token helps and that were not replaced, whether a crew is to come or not."""
        living = self._groups.get(area.area, ())
        return sum(
            number
            for group, number in living
            if not group.dead and not group.takes_key_changes and group.true not in _DONE
        )

    def _to_order(self, area: Series) -> int:
        """New meters that an area lacks: for those that wait, or for all that cannot change, if that is more."""
        return max(max(area.last("replacements_waiting"), self._cannot_at_end(area)) - area.last("stock"), 0)

    def _without_supply(self, series: Series) -> dict[str, Json]:
        """Question 6: who is without supply after the deadline and for how long, and what was lent."""
        after = self._after
        return {
            "hours_by_cause": {cause.value: series.total(column("off", cause, "_s"), after) // 3600 for cause in Cause},
            "most_meters_a_day": {cause.value: series.most(column("off", cause, "_meters"), after) for cause in Cause},
            "kwh_lent": _kwh(series.total("lent_tenths")),
            "kwh_paid_back": _kwh(series.total("paid_back_tenths")),
            "kwh_still_owed": _kwh(self._sums(series).debt_tenths),
        }

    # -- 7 to 10 -----------------------------------------------------------------------------------------------

    def _revisits(self, series: Series) -> dict[str, Json]:
        """Question 7: revisits because nobody is home."""
        visits, locked = series.total("visits"), series.total("visits_no_access")
        return {
            "visits": visits,
            "no_access": locked,
            "percent_no_access": round(100 * locked / visits, 1) if visits else None,
            "appointments": series.total("appointments"),
            "revisits": series.total("revisits"),
            "waiting_at_end": series.last("visits_waiting"),
        }

    def _queues(self, series: Series) -> dict[str, Json]:
        """Question 8: the help desks' and offices' queues in the last month before the deadline."""
        first = self._month
        answer: dict[str, Json] = {}
        for desk in ("help_desk", "office"):
            if not series.total(f"{desk}_requests"):
                continue
            several = [self._waits.get((one.area, desk), _NO_WAITS) for one in self._areas_of(series)]
            waits = np.sort(np.concatenate(several)).tolist()
            answer[desk] = {
                "requests": series.total(f"{desk}_requests", first, self._after),
                **{
                    outcome.value.replace(" ", "_"): series.total(
                        f"{desk}_{outcome.value.replace(' ', '_')}", first, self._after
                    )
                    for outcome in DeskOutcome
                },
                "mean_wait_s": sum(waits) // len(waits) if waits else None,
                "nine_of_ten_wait_at_most_s": waits[(9 * len(waits) - 1) // 10] if waits else None,
                "longest_wait_s": series.most(f"{desk}_longest_wait_s", first, self._after),
                "longest_queue": series.most(f"{desk}_longest_queue", first, self._after),
            }
        return answer

    def _waits_of_last_month(self, part: Part) -> dict[tuple[str, str], NDArray[np.int64]]:
        """Seconds of waiting of the requests in the last month, by area and desk."""
        at, waited = (arrow_columns.as_numbers(part.waits.column(name).combine_chunks()) for name in ("at", "waited"))
        codes = [part.waits.column(name).combine_chunks().dictionary_encode() for name in ("area", "desk")]
        areas, desks = (code.dictionary.to_pylist() for code in codes)
        area, desk = (arrow_columns.as_numbers(code.indices) for code in codes)
        calendar = self._scenario.calendar
        offset = np.array(calendar.offsets)[np.maximum(np.searchsorted(calendar.starts, at, "right") - 1, 0)]
        day = (at + offset) // DAY
        last = self._deadline.toordinal() - date_of(0).toordinal()
        there = np.flatnonzero((last - LAST_MONTH < day) & (day <= last))
        there = there[np.argsort(area[there] * len(desks) + desk[there], kind="stable")]
        place = area[there] * len(desks) + desk[there]
        starts = np.flatnonzero(np.diff(place, prepend=-1))
        return {
            (areas[place[start] // len(desks)], desks[place[start] % len(desks)]): values
            for start, values in zip(starts, np.split(waited[there], starts[1:]), strict=False)
        }

    def _late_changes(self, series: Series) -> dict[str, Json]:
        """Question 9: how long KCTs are still issued after credit under the old key stops."""
        late = slice(bisect_left(series.dates, self._after), None)
        issued = list(zip(series.dates[late], series.column("key_changes_issued")[late].tolist(), strict=True))
        total, gone = sum(number for _, number in issued), 0
        ninety = last = None
        for day, number in issued:
            gone += number
            if number:
                last = day
            if ninety is None and total and gone * 10 >= total * 9:
                ninety = day
        return {
            "issued_after_deadline": total,
            "nine_of_ten_issued_by": ninety,
            "last_issued": last,
            "refused_after_deadline": series.total("key_changes_refused", self._after)
            + series.total("sales_refused", self._after),
            "left_at_end": self._scope(series) - series.last(_NEW),
        }

    def _presumed(self, series: Series) -> dict[str, Json]:
        """Question 10: what the register says (presumed) against what is true (actual)."""
        table: dict[str, Counter[str]] = {}
        for group, number in self._living(series):
            table.setdefault(group.register, Counter())[group.true] += number
        return {
            "by_register_and_true_state": {
                register: dict(sorted(true.items())) for register, true in sorted(table.items())
            },
            "presumed_changed_but_not": series.last("presumed_not_changed"),
            "changed_but_not_presumed": series.last("changed_not_presumed"),
            "most_presumed_changed_but_not": series.most("presumed_not_changed"),
            "records_corrected": series.total("corrected_records"),
        }


def _counted(numbers: Iterable[tuple[str, int]]) -> dict[str, Json]:
    counted: Counter[str] = Counter()
    for name, number in numbers:
        counted[name] += number
    return dict(sorted(counted.items()))


def _kwh(tenths: int) -> float:
    return tenths / 10

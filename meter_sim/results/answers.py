"""What a planner has to answer: ten questions put to a run, by name.

The questions are those that planners of the 2023-2024 rollover asked. Rates are meters a day; energies kWh, times hours
or seconds as the name says; dates local.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from math import ceil

from meter_sim.local_time import date_of
from meter_sim.people.help_desk import Outcome as DeskOutcome
from meter_sim.programme import Cause, Channel, Programme, TrueState
from meter_sim.results.area_day import CHANGED_BY, column
from meter_sim.results.outcome import MeterEnd, Outcome
from meter_sim.results.series import Series
from meter_sim.results.summary_types import Json
from meter_sim.scenario.scenario import Scenario

BUFFERS = (90, 120)
"""Days of buffer before the deadline that a plan should keep: three to four months."""
LAST_MONTH = 30
"""Days before the deadline in which queues are looked at."""
_NEW = column("true", TrueState.NEW)
_DONE = (TrueState.NEW.value, TrueState.OUT_OF_SCOPE.value)


class Answers:
    """Puts the questions to one run."""

    def __init__(self, scenario: Scenario, programme: Programme, series: tuple[Series, ...], outcome: Outcome) -> None:
        self._scenario = scenario
        self._programme = programme
        self._series = series
        self._meters = outcome.meters
        self._waits = outcome.waits
        calendar = scenario.calendar
        deadline = scenario.end if programme.credit_until is None else programme.credit_until
        self._deadline = date_of(calendar.day(min(deadline, scenario.end - 1)))
        self._after = (self._deadline + timedelta(days=1)).isoformat()
        self._deadline_instant = min(deadline, scenario.end)

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

    def _in(self, series: Series) -> list[MeterEnd]:
        return [meter for meter in self._meters if series is self._series[-1] or meter.area == series.area]

    def _living(self, series: Series) -> list[MeterEnd]:
        return [meter for meter in self._in(series) if not meter.dead]

    # -- 1 and 2 -----------------------------------------------------------------------------------------------

    def _scope(self, series: Series) -> int:
        return sum(meter.true != TrueState.OUT_OF_SCOPE.value for meter in self._living(series))

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
        left = [meter for meter in living if meter.true not in _DONE]
        dead = sum(meter.dead for meter in self._in(series))
        return {
            "zero_buyers": _counted(meter.never_buys for meter in living if meter.never_buys),
            "no_purchase_in_the_run": sum(not meter.purchases for meter in living),
            "unchanged_zero_buyers": _counted(meter.never_buys for meter in left if meter.never_buys),
            "unchanged_buyers": _counted(meter.customer or "nobody" for meter in left if not meter.never_buys),
            "dead_records": dead,
            "dead_records_found": dead - series.last("dead_records"),
        }

    def _drawers(self, series: Series) -> dict[str, Json]:
        """Question 4: tokens in drawers, and tokens bought but not entered when the key changes."""
        meters = self._in(series)
        fates: Counter[str] = Counter()
        for meter in meters:
            for (fate, why), number in meter.fates.items():
                fates[f"{fate}: {why}" if why else fate] += number
        return {
            "tokens_issued": sum(meter.tokens_issued for meter in meters),
            "end_states": dict(sorted(fates.items())),
            "credit_tokens_open_at_key_change": sum(meter.lost_tokens for meter in meters),
            "kwh_in_them": _kwh(sum(meter.lost_tenths for meter in meters)),
            "tokens_replaced": series.total("replaced_tokens"),
            "kwh_replaced": _kwh(series.total("replaced_tenths")),
        }

    def _replacements(self, series: Series) -> dict[str, Json]:
        """Question 5: which makes cannot change, where they are, how many meters to order and when."""
        cannot = [meter for meter in self._living(series) if not meter.takes_key_changes]
        months: Counter[str] = Counter()
        for day in series.days:
            months[day.date[:7]] += day.counts.get("visits_replaced", 0)
        return {
            "cannot_change": _counted(meter.model for meter in cannot),
            "replaced": series.total("visits_replaced"),
            "replaced_by_month": {month: number for month, number in sorted(months.items()) if number},
            "still_waiting": series.last("replacements_waiting"),
            "stock_at_end": series.last("stock"),
            "meters_to_order": sum(
                max(area.last("replacements_waiting") - area.last("stock"), 0) for area in self._areas_of(series)
            ),
        }

    def _without_supply(self, series: Series) -> dict[str, Json]:
        """Question 6: who is without supply after the deadline and for how long, and what was lent."""
        after = self._after
        return {
            "hours_by_cause": {cause.value: series.total(column("off", cause, "_s"), after) // 3600 for cause in Cause},
            "most_meters_a_day": {cause.value: series.most(column("off", cause, "_meters"), after) for cause in Cause},
            "kwh_lent": _kwh(series.total("lent_tenths")),
            "kwh_paid_back": _kwh(series.total("paid_back_tenths")),
            "kwh_still_owed": _kwh(sum(meter.debt_tenths for meter in self._in(series))),
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
        first = (self._deadline - timedelta(days=LAST_MONTH)).isoformat()
        answer: dict[str, Json] = {}
        for desk in ("help_desk", "office"):
            if not series.total(f"{desk}_requests"):
                continue
            waits = sorted(
                wait.waited
                for wait in self._waits
                if wait.desk == desk
                and first <= self._date(wait.at) < self._after
                and (series is self._series[-1] or wait.area == series.area)
            )
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

    def _date(self, instant: int) -> str:
        return date_of(self._scenario.calendar.day(instant)).isoformat()

    def _late_changes(self, series: Series) -> dict[str, Json]:
        """Question 9: how long KCTs are still issued after credit under the old key stops."""
        issued = [(day.date, day.counts.get("key_changes_issued", 0)) for day in series.days if day.date >= self._after]
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
        for meter in self._living(series):
            table.setdefault(meter.register, Counter())[meter.true] += 1
        return {
            "by_register_and_true_state": {
                register: dict(sorted(true.items())) for register, true in sorted(table.items())
            },
            "presumed_changed_but_not": series.last("presumed_not_changed"),
            "changed_but_not_presumed": series.last("changed_not_presumed"),
            "most_presumed_changed_but_not": series.most("presumed_not_changed"),
            "records_corrected": series.total("corrected_records"),
        }


def _counted(names: Iterable[str]) -> dict[str, Json]:
    return dict(sorted(Counter(names).items()))


def _kwh(tenths: int) -> float:
    return tenths / 10

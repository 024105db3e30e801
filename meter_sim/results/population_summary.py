"""What a run came to for a population: the ten answers, and the measures by which plans are compared."""

from meter_sim.meter.answer import Status
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.programme import Cause, Programme, RegisterState, TrueState
from meter_sim.results.answers import Answers
from meter_sim.results.area_day import COST_PARTS, FLOWS, STATES, column
from meter_sim.results.census import Census
from meter_sim.results.outcome import Fate
from meter_sim.results.part import Part
from meter_sim.results.series import Series, series_of
from meter_sim.results.summary_types import Json
from meter_sim.scenario.scenario import Scenario

_NEW = column("true", TrueState.NEW)
_MOVED = (column("register", RegisterState.ISSUED), column("register", RegisterState.PRESUMED))
_MONEY = 100_000


def population_summary(scenario: Scenario, part: Part) -> dict[str, Json]:
    """The part of a summary that speaks of areas; empty for a run without."""
    if not part.areas.areas:
        return {}
    series = series_of(part.areas)
    summary: dict[str, Json] = {
        "areas": {one.area: _area(one) for one in series},
        "measures": dict(_measures(series[-1], part.census, scenario.programme)),
    }
    if scenario.programme is not None:
        summary["answers"] = Answers(scenario, scenario.programme, series, part).all()
    return summary


def _area(series: Series) -> dict[str, Json]:
    """An area over the run: states at the end, the sum of what flows."""
    at_end: dict[str, Json] = {name: series.last(name) for name in STATES if series.most(name)}
    over_run: dict[str, Json] = {name: series.total(name) for name in FLOWS if series.most(name)}
    return {
        "at_end": at_end,
        "over_run": over_run,
        "register_start_ws": int(series.column("register_start_ws")[0]),
        "register_end_ws": series.last("register_end_ws"),
        "entries": {
            status.standard_name: number for status, number in zip(Status, series.entries(), strict=True) if number
        },
    }


def _measures(series: Series, census: Census, programme: Programme | None) -> dict[str, int | float]:
    """Numbers by which plans are compared, of all areas together."""
    entries = dict(zip(Status, series.entries(), strict=True))
    measures: dict[str, int | float] = {}
    if programme is not None:
        measures = {
            "meters_changed": series.last(_NEW),
            "meters_left": _scope(series) - series.last(_NEW),
            "meter_days_unchanged": _unchanged(series),
            "meters_presumed_changed": sum(series.last(name) for name in _MOVED),
            "presumed_changed_but_not": series.last("presumed_not_changed"),
            "visits": series.total("visits"),
            "visits_no_access": series.total("visits_no_access"),
            "meters_replaced": series.total("visits_replaced"),
            "key_changes_issued": series.total("key_changes_issued"),
        }
    measures |= {
        "sales": series.total("purchases"),
        "kwh_sold": series.total("bought_tenths") / 10,
        "entries_taken": sum(number for status, number in entries.items() if status.accepted),
        "entries_turned_down": sum(number for status, number in entries.items() if not status.accepted),
        "kwh_used": round(series.total("used_ws") / WS_PER_KWH, 1),
        "kwh_not_served": round(series.total("unserved_ws") / WS_PER_KWH, 1),
    }
    for cause in Cause:
        name = cause.value.replace(" ", "_")
        measures[f"hours_off_{name}"] = series.total(column("off", cause, "_s")) // 3600
    for desk in ("help_desk", "office"):
        requests = series.total(f"{desk}_requests")
        measures[f"{desk}_requests"] = requests
        measures[f"{desk}_mean_wait_s"] = series.total(f"{desk}_wait_s") // requests if requests else 0
        measures[f"{desk}_longest_wait_s"] = series.most(f"{desk}_longest_wait_s")
    measures["tokens_refused_for_ever"] = sum(
        number for (_, fate, _), number in census.fates.items() if fate == Fate.FOR_EVER
    )
    measures["cost"] = sum(series.total(f"cost_{part}") for part in COST_PARTS) / _MONEY
    for part in COST_PARTS:
        measures[f"cost_{part}"] = series.total(f"cost_{part}") / _MONEY
    return measures


def _unchanged(series: Series) -> int:
    """Days of each meter in scope on which it did not hold the new key: how fast a programme is."""
    out = column("true", TrueState.OUT_OF_SCOPE)
    return series.total("meters") - series.total(out) - series.total(_NEW)


def _scope(series: Series) -> int:
    out = column("true", TrueState.OUT_OF_SCOPE)
    return series.last("meters") - series.last(out)

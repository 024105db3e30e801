"""The top of a report: what a run came to in a few sentences, and the numbers that stand out."""

from collections.abc import Iterator

from meter_sim.results.html.answer import Answer, Row
from meter_sim.results.html.costs import money, total_cost
from meter_sim.results.html.parts import Figure
from meter_sim.results.html.questions_of_work import CHANNELS
from meter_sim.results.html.wording import (
    calendar_of,
    capital,
    count,
    day,
    first_and_last_day,
    hours,
    kwh,
    listed,
    local_text,
    number,
    percent,
    wait,
)
from meter_sim.results.measures import ACCEPTED
from meter_sim.results.summary_types import Json

_TOLD = 6
"""Listed meters that the top speaks of by name; of more, their sums."""


def in_short(summary: dict[str, Json]) -> Iterator[str]:
    """The sentences for who reads no more than these."""
    first, last = first_and_last_day(summary)
    areas = mapping(summary.get("areas"))
    what = f"{summary['scenario']}: rehearsed from {day(first)} to {day(last)}"
    if areas:
        meters = Row(mapping(mapping(list(areas.values())[-1]).get("at_end"))).whole("meters")
        where = f" in {count(len(areas) - 1, 'area')}" if len(areas) > 2 else ""
        yield f"{what} with {count(meters, 'meter')}{where}."
    else:
        yield f"{what} with {count(len(mapping(summary['meters'])), 'meter')}."
    answers = mapping(summary.get("answers"))
    if answers:
        yield from _programme(answers)
        cost = total_cost(summary)
        if cost:
            yield f"It cost {money(cost)}."
    else:
        yield from _meters(summary)
    yield _expectations(summary)


def _programme(answers: dict[str, Json]) -> Iterator[str]:
    told = {name: Answer(mapping(answer)).all for name, answer in answers.items()}
    rate, never, off = told["rate_and_start"], told["never_come"], told["without_supply_after_deadline"]
    scope, changed = rate.whole("meters_in_scope"), rate.whole("changed_at_deadline")
    if not scope:
        yield "No meter is in scope."
        return
    yield (
        f"At the deadline, {day(rate['deadline'])}, {percent(changed, scope)} of the meters in scope held the new key "
        f"({number(changed)} of {number(scope)}); at the end of the run {percent(rate.whole('changed_at_end'), scope)}."
    )
    ways = sorted(told["channels_and_crews"].counts("changed_by").items(), key=lambda pair: -pair[1])
    if ways:
        yield f"They were changed {listed(f'{CHANNELS.get(how, how)} ({number(value)})' for how, value in ways)}."
    needed, latest = (rate[f"{name}_with_buffer_of_90_days"] for name in ("rate_needed", "latest_start"))
    if needed is not None:
        by = f"; at the best rate seen, a start by {day(latest)}" if latest else ""
        yield f"A buffer of 90 days before the deadline takes {number(needed)} meters a day from the first start{by}."
    unchanged = sum(never.counts("unchanged_zero_buyers").values())
    left = scope - rate.whole("changed_at_end")
    if left:
        yield (
            f"{capital(count(left, 'meter'))} did not hold the new key at the end; {number(unchanged)} of them "
            f"{'belongs' if unchanged == 1 else 'belong'} to customers who never buy."
        )
    without = sorted(off.counts("hours_by_cause").items(), key=lambda pair: -pair[1])
    if without:
        total, causes = (
            sum(value for _, value in without),
            listed(f"{hours(value)} {cause}" for cause, value in without),
        )
        yield f"After the deadline meters were without supply for {hours(total)}, all meters added up: {causes}."
    visits = told["revisits"]
    if visits.whole("visits"):
        share = percent(visits.whole("no_access"), visits.whole("visits"))
        yield f"Crews made {count(visits.whole('visits'), 'visit')}; at {share} nobody opened."
    presumed = told["presumed_and_true"].whole("presumed_changed_but_not")
    yield (
        f"The register counts {count(presumed, 'meter')} as changed that "
        f"{'does' if presumed == 1 else 'do'} not hold the new key."
    )


def _meters(summary: dict[str, Json]) -> Iterator[str]:
    """What became of the meters of a run without a programme."""
    meters = {name: Row(mapping(meter)) for name, meter in mapping(summary["meters"]).items()}
    calendar = calendar_of(summary)
    if len(meters) <= _TOLD:
        for name, meter in meters.items():
            changed = listed(local_text(instant, calendar) for instant in instants(meter, "key_changed"))
            key = f"; its key changed on {changed}" if changed else ""
            left = kwh(kwh_of(meter["register_ws"]))
            yield f"{name}: {_supply(seconds_off(meter))}{key}; {left} of credit at the end."
    elif meters:
        yield f"All meters together: {_supply(sum(map(seconds_off, meters.values())))}."
    entries = Row(summary).counts("entries")
    refused = {name: value for name, value in entries.items() if name not in ACCEPTED}
    told = f": {listed(f'{number(value)} {name}' for name, value in refused.items())}" if refused else ""
    total = sum(entries.values())
    if not total:
        yield "No token was entered."
        return
    failed = sum(refused.values())
    was = "was" if failed == 1 else "were"
    yield f"Of {count(total, 'token entry', 'token entries')} {number(failed)} {was} refused{told}."


def _supply(seconds: int) -> str:
    if not seconds:
        return "never without supply"
    return f"without supply for {wait(seconds)}"


def _expectations(summary: dict[str, Json]) -> str:
    told = mapping(summary["expectations"])
    met, failed = Row(told).whole("met"), told.get("failed")
    missed = len(failed) if isinstance(failed, list) else 0
    if not met and not missed:
        return "The scenario states no expectation."
    if missed:
        return f"{capital(count(missed, 'expectation'))} of the scenario {'was' if missed == 1 else 'were'} not met."
    return f"All {count(met, 'expectation')} of the scenario were met." if met > 1 else "The one expectation was met."


def figures(summary: dict[str, Json]) -> tuple[Figure, ...]:
    """The numbers that stand out."""
    answers = mapping(summary.get("answers"))
    if not answers:
        meters = [Row(mapping(meter)) for meter in mapping(summary["meters"]).values()]
        entries = Row(summary).counts("entries")
        refused = sum(value for name, value in entries.items() if name not in ACCEPTED)
        return (
            Figure(number(len(meters)), "meter" if len(meters) == 1 else "meters"),
            Figure(kwh(kwh_of(sum(meter.whole("used_ws") for meter in meters))), "used"),
            Figure(wait(sum(map(seconds_off, meters))), "without supply"),
            Figure(f"{number(refused)} of {number(sum(entries.values()))}", "entries refused"),
        )
    told = {name: Answer(mapping(answer)).all for name, answer in answers.items()}
    rate = told["rate_and_start"]
    scope = rate.whole("meters_in_scope")
    cost = total_cost(summary)
    found = [
        Figure(percent(rate.whole("changed_at_deadline"), scope), "changed at the deadline"),
        Figure(number(scope - rate.whole("changed_at_end")), "meters left at the end"),
        Figure(
            hours(sum(told["without_supply_after_deadline"].counts("hours_by_cause").values())),
            "without supply after the deadline",
        ),
        Figure(number(told["revisits"].whole("visits")), "visits by crews"),
    ]
    return (*found, Figure(number(cost / 100_000, 0), "cost, in the base currency")) if cost else tuple(found)


def mapping(value: Json) -> dict[str, Json]:
    """A part of a summary that holds values by name."""
    return value if isinstance(value, dict) else {}


def kwh_of(energy: Json) -> float:
    """Watt-seconds as kWh, to two decimals downwards."""
    return energy * 100 // 3_600_000 / 100 if isinstance(energy, int) else 0.0


def seconds_off(meter: Row) -> int:
    """A listed meter's seconds without supply."""
    return sum(meter.counts("seconds_without_supply").values())


def instants(meter: Row, name: str) -> list[Json]:
    """A list of instants of a listed meter."""
    value = meter[name]
    return value if isinstance(value, list) else []

"""The pictures of a result, each at the question that it answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meter_sim.results import plots
from meter_sim.results.html import answer_pictures
from meter_sim.results.html.answer import Answer, Row
from meter_sim.results.html.pictures import Picture, picture
from meter_sim.results.html.questions_of_work import DESKS, WAYS
from meter_sim.results.html.short import mapping
from meter_sim.results.html.wording import day, month, number
from meter_sim.results.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Drawn = tuple[Picture, ...]
_SEEN = "The numbers stand in the text and the table beside it."
MOST_METERS = 6
"""Listed meters that get pictures of their own; of more, the first ones."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures by question of the summary and by listed meter, of the costs and of the vending keys."""

    of_questions: dict[str, Drawn] = field(default_factory=dict)
    of_meters: dict[str, Drawn] = field(default_factory=dict)
    of_costs: Drawn = ()
    of_keys: Drawn = ()


def pictures_of(result: Result) -> Pictures:
    """All pictures that a result has something to show for."""
    answers = mapping(result.summary.get("answers"))
    told = {name: Answer(mapping(answer)).all for name, answer in answers.items()}
    return Pictures(
        of_questions={name: draw(result, told[name]) for name, draw in _OF_QUESTIONS.items() if name in told},
        of_meters={name: _of_meter(result, name) for name in list(mapping(result.summary["meters"]))[:MOST_METERS]},
        of_costs=_drawn(
            lambda: plots.costs(result),
            f"Costs since the start of the run, upon each other by part, all areas together. {_SEEN}",
            "Costs since the start by part, all areas together.",
        )
        if result.has_areas
        else (),
        of_keys=_drawn(
            lambda: plots.tid_years(result),
            "TIDs over the years under each base date as rising lines that end when 24 bits of minutes are used up, "
            "and below them a bar for each vending key. The span of this run is marked.",
            "The years of the TID, and when the vending keys issue.",
        ),
    )


def _drawn(draw: "Callable[[], Figure]", alt: str, caption: str) -> Drawn:
    """The picture; none for a result that has nothing for it."""
    try:
        return (picture(draw, alt, caption),)
    except plots.PictureError:
        return ()


def _migration(result: Result, row: Row) -> Drawn:
    return _drawn(
        lambda: plots.migration(result),
        "Meters by local day, all areas together: those that truly hold the new key against those that the register "
        f"counts as changed, with the phases and the deadline. {number(row.whole('changed_at_deadline'))} of "
        f"{number(row.whole('meters_in_scope'))} held it on {day(row['deadline'])}.",
        "Meters on the new key by local day, all areas together: true, and what the register says.",
    )


def _channels(_: Result, row: Row) -> Drawn:
    return _bars(
        "How meters came to the new key",
        {WAYS.get(how, how): value for how, value in row.counts("changed_by").items()},
        "meters",
    )


def _unchanged(_: Result, row: Row) -> Drawn:
    left = {f"never buys: {why}": value for why, value in row.counts("unchanged_zero_buyers").items()}
    left |= {f"buys: {kind}": value for kind, value in row.counts("unchanged_buyers").items()}
    return _bars("Meters without the new key at the end, by their customer", left, "meters")


def _refusals(result: Result, _: Row) -> Drawn:
    return _drawn(
        lambda: plots.refusals(result),
        f"Tokens that meters refused, by result and local day or week, all areas together. {_SEEN}",
        "Entries that meters refused, by result.",
    )


def _replaced(_: Result, row: Row) -> Drawn:
    months = {month(when): value for when, value in row.counts("replaced_by_month").items()}
    return _bars("Meters replaced by month", months, "meters")


def _without_supply(result: Result, row: Row) -> Drawn:
    hours = sum(row.counts("hours_by_cause").values())
    return _drawn(
        lambda: plots.without_supply(result),
        "Meters without supply by cause and local day, all areas together, with the deadline. "
        f"After it all meters' time without supply came to {number(hours)} hours.",
        "Meters without supply by cause.",
    )


def _workload(result: Result, row: Row) -> Drawn:
    return _drawn(
        lambda: plots.workload(result),
        "Visits of crews by outcome and meters that wait for one; requests at help desks and offices by outcome, and "
        f"their queues. Crews made {number(row.whole('visits'))} visits in all.",
        "Visits of crews, requests at desks, and who waits for them.",
    )


def _requests(_: Result, row: Row) -> Drawn:
    found = {
        f"{name}: {outcome.replace('_', ' ')}": row.below(desk).whole(outcome)
        for desk, name in DESKS.items()
        for outcome in ("served", "gave_up", "turned_away")
        if desk in row.values
    }
    return _bars("Requests in the 30 days before the deadline", found if any(found.values()) else {}, "requests")


def _key_changes(result: Result, row: Row) -> Drawn:
    return _drawn(
        lambda: answer_pictures.key_changes(result),
        "Key changes issued and refused over the run, with the deadline. After it "
        f"{number(row.whole('issued_after_deadline'))} were issued.",
        "Key changes issued and refused, all areas together.",
    )


def _register(result: Result, row: Row) -> Drawn:
    return _drawn(
        lambda: answer_pictures.register(result),
        "Meters that the register counts as changed and that are not, and the other way round, by local day. The most "
        f"that were wrongly counted as changed on a day are {number(row.whole('most_presumed_changed_but_not'))}.",
        "Meters about which the register is wrong, all areas together.",
    )


def _bars(title: str, values: dict[str, int], unit: str) -> Drawn:
    """A picture of counts; none where there is nothing to count."""
    if not values:
        return ()
    told = ", ".join(f"{name} {number(value)}" for name, value in values.items())
    return _drawn(lambda: answer_pictures.counts(title, values, unit), f"{title}, as bars: {told}.", f"{title}.")


def _of_meter(result: Result, meter: str) -> Drawn:
    credit = _drawn(
        lambda: plots.meter_diary(result, meter),
        f"Credit of {meter} over time, with every token entered, refused ones by result, key changes and spans without "
        "supply. The table of its events has the same.",
        f"Credit of {meter}, its entries and its key changes.",
    )
    store = _drawn(
        lambda: plots.tid_store(result, meter),
        f"The TIDs that the store of {meter} held after each entry, and where the TIDs of tokens that it took and "
        "refused lay against them.",
        f"The TID store of {meter}: what it held, took and refused.",
    )
    return credit + store


_OF_QUESTIONS: dict[str, Callable[[Result, Row], Drawn]] = {
    "rate_and_start": _migration,
    "channels_and_crews": _channels,
    "never_come": _unchanged,
    "drawers": _refusals,
    "replacements": _replaced,
    "without_supply_after_deadline": _without_supply,
    "revisits": _workload,
    "queues_in_last_month": _requests,
    "key_changes_after_deadline": _key_changes,
    "presumed_and_true": _register,
}

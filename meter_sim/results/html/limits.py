"""What a run does not tell: said of this run, from its scenario and its summary."""

from collections.abc import Iterator

from meter_sim.results.html.answer import Answer, Row
from meter_sim.results.html.parts import Section
from meter_sim.results.html.resolved_tree import Tree, below, phases, text_at, trees
from meter_sim.results.html.short import mapping
from meter_sim.results.html.wording import count, day, days_after, first_and_last_day, listed, number
from meter_sim.results.summary_types import Json

_FEW = 1000
"""Meters below which a share rests on few of them."""
_SOON = 90
"""Days after the deadline below which a run says little of what comes then."""
_PRICED = {
    "visit": ("visits",),
    "call": ("help_desk_requests",),
    "office_visit": ("office_requests",),
    "meter": ("visits_replaced",),
    "token": ("tokens_printed",),
    "message": ("messages",),
    "kwh": ("unserved_refused_tokens_ws", "unserved_not_migrated_ws", "unserved_no_sale_ws"),
}
"""What each cost is multiplied with."""


def limits_section(summary: dict[str, Json], tree: Tree, anchor: str, replications: int = 1) -> Section:
    """A point for each thing that this run does not tell; `replications` are the runs of the same plan."""
    points = [*_of_chance(summary, replications), *_of_time(summary, tree), *_of_areas(summary, tree)]
    points += [*_of_homes(summary, tree), *_of_the_world(summary)]
    return Section(anchor, "What this run does not tell you", points=tuple(points))


def _of_chance(summary: dict[str, Json], replications: int) -> Iterator[str]:
    if replications > 1:
        yield (
            f"The answers are those of one run of {number(replications)} (replication 0). The comparison has "
            "the means of all, and its intervals are those of chance within the model: they do not say how far "
            "the assumptions are wrong."
        )
    else:
        yield (
            f"It is one run with one seed ({summary['seed']}). Another seed gives other numbers, and nothing "
            "here has an interval: run the plan with --replications 20 to see how much of a number is chance."
        )
    areas = list(mapping(summary.get("areas")).values())
    meters = Row(mapping(mapping(areas[-1]).get("at_end"))).whole("meters") if areas else 0
    if 0 < meters < _FEW:
        yield (
            f"There are {count(meters, 'meter')}, so one meter is {100 / meters:.1f} % of them. Do not carry "
            "such shares over to a town of another size without more runs or more meters."
        )


def _of_time(summary: dict[str, Json], tree: Tree) -> Iterator[str]:
    answers = mapping(summary.get("answers"))
    if not answers:
        return
    deadline = str(Answer(mapping(answers["rate_and_start"])).all["deadline"])
    _, last = first_and_last_day(summary)
    given = text_at(tree, "programme", "credit_until")
    if not given:
        yield (
            "The programme states no last minute of credit under the old key, so the end of the run "
            f"({day(last)}) counts as one."
        )
        return
    after = days_after(last, deadline)
    if after == 0:
        yield "The run ends by the deadline: it does not show who is without supply afterwards."
    elif after < _SOON:
        yield (
            f"The run ends {count(after, 'day')} after the deadline: who still has credit then, and runs out "
            "later, is not counted."
        )


def _of_areas(summary: dict[str, Json], tree: Tree) -> Iterator[str]:
    areas = below(tree, "areas")
    if not areas:
        yield (
            "There are no areas: nothing is said of crews, help desks, offices, queues, costs, or of what a "
            "register of many meters presumes."
        )
        return
    parts = {part: [name for name in areas if below(areas, name, part)] for part in ("depot", "help_desk", "office")}
    if parts["depot"]:
        yield (
            "The number of crews stays what it is, and so does the number of visits a day "
            f"({listed(parts['depot'][:8])}): nobody is ill, hired or lent to another area, and neither the "
            "way between homes nor the weather counts."
        )
    elif "programme" in tree:
        yield "No area has field crews: what visits would bring is not shown."
    if not parts["help_desk"] and not parts["office"]:
        yield (
            "No area has a help desk or an office: customers whose tokens are refused get no help, and there "
            "are no queues."
        )
    vending = [below(areas, name, "vending") for name in areas]
    if not any("sales_per_hour" in each or trees(each, "outages") for each in vending):
        yield "Vending never fails and sells without limit: a rush before the deadline or an outage is not rehearsed."
    if "programme" in tree and not phases(tree):
        yield "The programme has no phases: nobody's key is changed by it."
    if (
        "population" in tree
        and not any(value.strip("0%. ") for value in map(str, below(tree, "population", "register_errors").values()))
        and not text_at(tree, "population", "file")
    ):
        yield "The register is taken to be right at the start: no wrong supply groups, swapped meters or dead records."
    flows = Row(mapping(mapping(list(mapping(summary.get("areas")).values())[-1]).get("over_run")))
    free = [
        name.replace("_", " ")
        for name, done in _PRICED.items()
        if any(flows.whole(what) for what in done) and text_at(tree, "costs", name).split(" ")[0] in ("", "0")
    ]
    if free:
        yield f"These have no price in the scenario and count as nothing, though there were some: {listed(free)}."
    if any(flows.whole(f"cost_{part}") for part in ("visits", "calls", "meters", "tokens", "messages")):
        yield "Costs hold what is listed under the assumptions: no planning, printing, transport or lost goodwill."


def _of_homes(summary: dict[str, Json], tree: Tree) -> Iterator[str]:
    yield (
        "What homes use is drawn from load profiles by season, kind of day and hour: constant within an hour, "
        "the same from year to year, and not changed by prices, weather or by running out of credit before."
    )
    if below(tree, "customers"):
        yield (
            "Customers do what their kind does; the shares and habits are assumptions (table above), not "
            "measured of your customers. They do not learn from each other or from the news."
        )
    else:
        yield "There are no customers: only what the timeline states happens."
    services = {
        name for meter in mapping(summary["meters"]).values() for name in mapping(mapping(meter).get("registers"))
    }
    if services:
        yield f"Nothing draws on the registers of {listed(sorted(services))}: they are only credited."


def _of_the_world(summary: dict[str, Json]) -> Iterator[str]:
    yield (
        "Tokens are real ones under the scenario's keys, but no security module, printer, network or real "
        "meter took part: makers' meters may answer otherwise, so try the tokens at a bench before you rely on it."
    )
    told = mapping(summary["expectations"])
    if not told.get("met") and not told.get("failed"):
        yield "The scenario states no expectation, so nothing was checked against what should come of it."

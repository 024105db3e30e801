"""What a run took for granted, from its resolved scenario: a table for each part that the scenario has."""

from collections.abc import Iterator, Sequence

from meter_sim.results.html.parts import Section, Table, cut
from meter_sim.results.html.pictures import Picture
from meter_sim.results.html.resolved_tree import Tree, below, phases, text_at, trees, vending_keys, words
from meter_sim.results.html.wording import NOTHING, count, spaced
from meter_sim.results.summary_types import Json

_DESKS = ("depot", "help_desk", "office", "vending")
_OF_AREA = (*_DESKS, "models", "loads", "customers", "cannot_change")
_OF_CUSTOMER = (
    ("based on", "based_on"),
    ("share", "share"),
    ("never buys", "never"),
    ("buys", "buy"),
    ("amount", "amount"),
    ("free units", "free_units"),
    ("enters after", "enter_after"),
    ("between entries", "between_entries"),
    ("mistakes", "mistakes"),
    ("trouble", "trouble"),
    ("campaign", "campaign"),
    ("spare tokens", "spare"),
    ("behaviour", "behaviour"),
)
_KINDS = 4
"""Kinds of customer in a table."""
_OF_PHASE = {
    "with_purchase": ("print_with",),
    "sent": ("send_over", "reaches"),
    "fetched": ("send_over", "reaches"),
    "office": ("send_over", "reaches"),
    "crew": ("visit",),
}
_OF_METER = {
    "model": "model",
    "area": "area",
    "customer": "customer",
    "load": "load",
    "credit at the start": "credit",
    "supply group": "supply_group",
    "key revision": "key_revision",
    "algorithm": "encryption",
}


def assumptions_section(
    summary: dict[str, Json], tree: Tree, anchor: str, pictures: tuple[Picture, ...] = ()
) -> Section:
    """The section with all tables, and the pictures of the vending keys."""
    told = (
        "This is what the scenario states, with every default written out (scenario.yaml in the result has all of it). "
        "Each line is an assumption: where it does not fit your utility, the numbers above do not either.",
    )
    return Section(anchor, "Assumptions", told, tables=tuple(_tables(summary, tree)), pictures=pictures)


def _tables(summary: dict[str, Json], tree: Tree) -> Iterator[Table]:
    yield _named("The run", _run(summary, tree))
    yield _keys(tree)
    if "population" in tree:
        yield _named("The population", _population(tree))
    customers = below(tree, "customers")
    if customers:
        yield from _customers(customers)
    areas = below(tree, "areas")
    if areas:
        rows = []
        for name in areas:
            area = below(areas, name)
            told = "; ".join(
                f"{spaced(part)}: {words(area[part])}" for part in _OF_AREA if part in area and words(area[part])
            )
            rows.append((name, text_at(area, "share") or NOTHING, told))
        yield _cut("Areas: what their connections share", ("area", "share", "what there is"), rows)
    if "programme" in tree:
        yield _named("The programme", _programme(tree))
        yield _phases(tree)
    costs = below(tree, "costs")
    if areas and costs:
        yield _named("Costs", [(spaced(name), words(value)) for name, value in costs.items()])
    meters = {text_at(meter, "name"): meter for meter in trees(tree, "meters")}
    if meters:
        yield _several("Meters that are listed by themselves", "meter", meters, _OF_METER)
    for part in ("meter_models", "loads"):
        if below(tree, part):
            named = [(name, words(value)) for name, value in below(tree, part).items()]
            yield _cut(f"{spaced(part).capitalize()} of the scenario's own", ("name", "values"), named)


def _customers(customers: Tree) -> Iterator[Table]:
    """A column for each kind of customer, a few kinds to a table; lines that none of them has are left out."""
    names = list(customers)
    for first in range(0, len(names), _KINDS):
        kinds = names[first : first + _KINDS]
        lines = [(title, *(text_at(customers, kind, key) or NOTHING for kind in kinds)) for title, key in _OF_CUSTOMER]
        used = [line for line in lines if any(cell != NOTHING for cell in line[1:])]
        yield _cut("Kinds of customer", ("customer", *kinds), used)


def _run(summary: dict[str, Json], tree: Tree) -> list[tuple[str, str]]:
    return [
        ("scenario", str(summary["scenario"])),
        ("start", f"{text_at(tree, 'start')} local time"),
        ("end", f"{text_at(tree, 'end')} local time"),
        ("time zone", str(summary["timezone"])),
        ("seed", str(summary["seed"])),
        ("engine", str(summary["engine"])),
        ("meter_sim", f"version {summary['meter_sim']}"),
        ("holidays", text_at(tree, "holidays") or "none"),
        ("points of sale", text_at(tree, "points_of_sale")),
        ("timeline", count(len(trees(tree, "timeline")), "action")),
    ]


def _keys(tree: Tree) -> Table:
    heads = ("supply group", "key revision", "base date", "key derivation", "key type", "expiry number", "issued until")
    names = ("key_revision", "base_date", "dkga", "key_type", "key_expiry", "issue_until")
    rows = [(group, *(text_at(key, name) or "the end" for name in names)) for group, key in vending_keys(tree)]
    return _cut("Vending keys (their values appear nowhere)", heads, rows)


def _population(tree: Tree) -> list[tuple[str, str]]:
    population = below(tree, "population")
    told = [(spaced(name), words(value)) for name, value in population.items()]
    return [
        (name, f"{int(value):,}" if name == "count" and value.isdecimal() else value) for name, value in told if value
    ]


def _programme(tree: Tree) -> list[tuple[str, str]]:
    programme = below(tree, "programme")
    return [(spaced(name), words(value)) for name, value in programme.items() if name != "phases" and words(value)]


def _phases(tree: Tree) -> Table:
    rows = []
    for area, phase in phases(tree):
        channel = text_at(phase, "channel")
        how = [f"{spaced(name)} {text_at(phase, name)}" for name in _OF_PHASE.get(channel, ()) if name in phase]
        rows.append((area, spaced(channel), text_at(phase, "start"), text_at(phase, "end") or NOTHING, ", ".join(how)))
    return _cut("Phases of the programme", ("area", "channel", "start", "end", "how"), rows)


def _named(caption: str, rows: Sequence[tuple[str, str]]) -> Table:
    return _cut(caption, ("what", "value"), rows)


def _several(caption: str, head: str, parts: Tree | dict[str, Tree], columns: dict[str, str]) -> Table:
    """A row for each part; columns that all parts leave out are left out."""
    found = {name: part for name, part in parts.items() if isinstance(part, dict)}
    used = {title: name for title, name in columns.items() if any(text_at(part, name) for part in found.values())}
    rows = [(name, *(text_at(part, key) or NOTHING for key in used.values())) for name, part in found.items()]
    return _cut(caption, (head, *used), rows)


def _cut(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """All columns hold words."""
    return cut(caption, heads, rows, range(1, len(heads)))

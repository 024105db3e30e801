"""What a run cost, by part and area."""

from meter_sim.results.area_day import ALL, COST_PARTS
from meter_sim.results.html.parts import Section, cut
from meter_sim.results.html.pictures import Picture
from meter_sim.results.html.wording import capital, listed, number, spaced
from meter_sim.results.summary_types import Json

_UNIT = 100_000
"""Money is kept in 1e-5 of the base currency."""


def costs_section(summary: dict[str, Json], anchor: str, pictures: tuple[Picture, ...]) -> Section:
    """What it cost, or that nothing was given to reckon it by."""
    areas = {name: _costs(area) for name, area in _mapping(summary.get("areas")).items()}
    whole = list(areas.values())[-1]
    total = sum(whole.values())
    if not total:
        return Section(
            anchor, "What it costs", ("No cost arose: the scenario gives none, or nothing with a price was done.",)
        )
    parts = [name for name in COST_PARTS if whole[name]]
    told = listed(f"{_money(whole[name])} for {spaced(name)}" for name in parts)
    several = len(areas) > 2
    rows = [
        ("all areas" if name == ALL else name, *(_money(costs[part]) for part in parts), _money(sum(costs.values())))
        for name, costs in areas.items()
        if several or name != ALL
    ]
    heads = ("area", *(spaced(name) for name in parts), "all")
    return Section(
        anchor,
        "What it costs",
        (f"All together {_money(total)} in the base currency: {told}.",),
        tables=(cut(capital("costs in the base currency"), heads, rows),),
        pictures=pictures,
    )


def total_cost(summary: dict[str, Json]) -> int:
    """The cost of all areas, in 1e-5 of the base currency."""
    areas = list(_mapping(summary.get("areas")).values())
    return sum(_costs(areas[-1]).values()) if areas else 0


def money(value: int) -> str:
    """An amount in the base currency."""
    return f"{_money(value)} in the base currency"


def _money(value: int) -> str:
    return number(value / _UNIT, 2)


def _costs(area: Json) -> dict[str, int]:
    flows = _mapping(_mapping(area).get("over_run"))
    costs = {part: flows.get(f"cost_{part}", 0) for part in COST_PARTS}
    return {part: value for part, value in costs.items() if isinstance(value, int)}


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}

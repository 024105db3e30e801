"""A population's result in a few lines: a line an area, and what a planner looks for first."""

from collections.abc import Iterator

from meter_sim.results.summary_types import Json

_CAUSES = ("no_money", "never_buys", "not_entered", "refused_tokens", "not_migrated", "no_sale")


def area_report(summary: dict[str, Json]) -> Iterator[str]:
    """The lines of the areas of a summary; none for a run without areas."""
    areas = _dict(summary.get("areas", {}))
    answers = _dict(summary.get("answers", {}))
    if not areas:
        return
    rates = _dict(answers.get("rate_and_start", {}))
    yield (
        f"{'area':<14} {'meters':>8} {'in scope':>9} {'changed':>9} {'by deadline':>12} {'presumed':>9} "
        f"{'visits':>8} {'asked':>7} {'sales':>9}"
    )
    for name, area in areas.items():
        end, run = _dict(_dict(area)["at_end"]), _dict(_dict(area)["over_run"])
        rate = _dict(rates.get(name, {}))
        scope = _whole(rate.get("meters_in_scope", 0))
        presumed = sum(_whole(end.get(f"register_{state}", 0)) for state in ("issued", "presumed_changed"))
        asked = sum(_whole(run.get(f"{desk}_requests", 0)) for desk in ("help_desk", "office"))
        yield (
            f"{name:<14} {_whole(end.get('meters', 0)):>8} {scope:>9} {_of(rate.get('changed_at_end', 0), scope):>9} "
            f"{_of(rate.get('changed_at_deadline', 0), scope):>12} {_of(presumed, scope):>9} "
            f"{_whole(run.get('visits', 0)):>8} {asked:>7} {_whole(run.get('purchases', 0)):>9}"
        )
    measures = _dict(summary["measures"])
    off = ", ".join(
        f"{measures[f'hours_off_{cause}']} h {cause.replace('_', ' ')}"
        for cause in _CAUSES
        if measures[f"hours_off_{cause}"]
    )
    yield f"without supply: {off or 'nobody'}"
    if measures["cost"]:
        yield f"cost: {measures['cost']:,.2f} in the base currency"


def _of(number: Json, scope: int) -> str:
    """A number as a share of the meters in scope."""
    return f"{100 * _whole(number) / scope:.1f} %" if scope else "-"


def _dict(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def _whole(value: Json) -> int:
    assert isinstance(value, int)
    return value

"""A result in a few lines, as `meter-sim run` prints it."""

from collections.abc import Iterator

from meter_sim.results.area_report import area_report
from meter_sim.results.result import Result
from meter_sim.results.summary import kwh_text


def report(result: Result) -> Iterator[str]:
    """The lines of a report: the areas, the balance of each listed meter, entries, and the expectations."""
    summary = result.summary
    yield f"{summary['scenario']}: {summary['start']} to {summary['end']}, seed {summary['seed']}"
    meters = summary["meters"]
    assert isinstance(meters, dict)
    yield from area_report(summary)
    titles = f"{'meter':<12} {'initial':>9} {'credited':>9} {'used':>9} {'cleared':>8} {'left':>9}"
    if meters:
        yield f"{titles} kWh {'without supply':>15}  key"
    for name, meter in meters.items():
        assert isinstance(meter, dict)
        energies = [
            kwh_text(_whole(meter[f"{part}_ws"])) for part in ("initial", "credited", "used", "cleared", "register")
        ]
        without = meter["seconds_without_supply"]
        assert isinstance(without, dict)
        key = f"{meter['key_revision']} (presumed {meter['presumed_key_revision']})"
        yield (
            f"{name:<12} {energies[0]:>9} {energies[1]:>9} {energies[2]:>9} {energies[3]:>8} {energies[4]:>9}     "
            f"{_hours(sum(_whole(seconds) for seconds in without.values())):>15}  {key}"
        )
    entries = summary["entries"]
    assert isinstance(entries, dict)
    yield "entries: " + (", ".join(f"{count} {name}" for name, count in entries.items()) or "none")
    expectations = summary["expectations"]
    assert isinstance(expectations, dict)
    failed = expectations["failed"]
    assert isinstance(failed, list)
    yield f"expectations: {expectations['met']} met, {len(failed)} not met"


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"

"""The command line: meter-sim run, compare, calibrate, forecast, report, validate, schema, new, plot and more."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meter_sim import __version__
from meter_sim.cli_bench import benchsheet
from meter_sim.cli_bulk import keychange
from meter_sim.cli_calibrate import calibrate, forecast
from meter_sim.cli_experiment import Experiments, compare, experiment_options
from meter_sim.cli_fleet import Fleet, PlaceType, fleet_options, local
from meter_sim.cli_keypad import keypad
from meter_sim.cli_plot import plot
from meter_sim.cli_progress import progress
from meter_sim.cli_query import query
from meter_sim.cli_report import report
from meter_sim.cli_sets import overrides_of
from meter_sim.cli_token import token
from meter_sim.detail import Keep, fitting
from meter_sim.wrong_input import WrongInputError

if TYPE_CHECKING:
    from meter_sim.results.record import Finding
    from meter_sim.results.result import Result
    from meter_sim.scenario.scenario import Scenario
    from meter_sim.sharded.store import Url

NOT_MET = 1
"""Exit status where an expectation was not met. Wrong input ends with 2, and nothing is written then."""
_TOLD = 20
"""How many meters a message names."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="meter-sim")
def main() -> None:
    """Rehearse STS prepayment: tokens, keypad meters, key changes and TID rollover.

    For rehearsal and tests with test keys; a software module must not serve a live system.
    """


main.add_command(token)
main.add_command(keychange)
main.add_command(benchsheet)
main.add_command(compare)
main.add_command(plot)
main.add_command(calibrate)
main.add_command(forecast)
main.add_command(query)
main.add_command(report)
main.add_command(keypad)


def _folders(files: Sequence[Path], out: "Path | Url | None") -> "list[Path | Url]":
    """The result folder of each file: OUT itself for one file, OUT/stem for several; results/stem without --out."""
    if out is not None and len(files) == 1:
        return [out]
    folders = [(out or Path("results")) / file.stem for file in files]
    for place, folder in enumerate(folders):
        if folder in folders[:place]:
            raise WrongInputError(f"{files[place]}: two files would write {folder}, give them different names")
    return folders


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--set", "sets", multiple=True, metavar="PATH=VALUE", help="Override one value: --set meters.0.credit='5 kWh'."
)
@click.option("--seed", metavar="N", help="Override the seed.")
@click.option(
    "--out", type=PlaceType(), metavar="DIR", help="Where the result goes, a folder or a URL [results/FILE's name]."
)
@click.option(
    "--trace",
    "traces",
    multiple=True,
    metavar="METER",
    help="Print this meter's diary, line by line, and keep its events; may be given again.",
)
@click.option("--no-plot", is_flag=True, help="Leave out the pictures.")
@click.option(
    "--events",
    metavar="none|refusals|sample:P%|all",
    help="Which events are kept of meters that are not listed by themselves [all; of a large run refusals].",
)
@click.option("--allow-code", is_flag=True, help="Run behaviours in Python that a scenario names.")
@fleet_options
@experiment_options
def run(
    files: tuple[Path, ...],
    sets: tuple[str, ...],
    seed: str | None,
    out: "Path | Url | None",
    traces: tuple[str, ...],
    no_plot: bool,
    events: str | None,
    allow_code: bool,
    **options: object,
) -> None:
    """Run scenarios, write their results and check their expectations.

    With one of the options from --scenario to --baseline the result is an experiment: many runs, compared.

    Exit status 0: all expectations met; 1: some were not; 2: the input is wrong, and nothing was written.
    """
    from meter_sim.engine.habits import BehaviourError
    from meter_sim.results.result import ResultError
    from meter_sim.scenario.error import ScenarioError
    from meter_sim.scenario.reader import read_scenario
    from meter_sim.sharded.engines import needs_meters

    overrides = overrides_of(sets, seed)
    wanted = None if events is None else _kept(events)
    folders = _folders(files, out)
    fleet = Fleet.taken_from(options)
    experiments = Experiments.of(options)
    if experiments is not None:
        fleet.check_no_experiment()
        if traces:
            raise WrongInputError("--trace: a diary is that of a single run, leave out the options of an experiment")
        if experiments.run(files, local(folders), overrides, plot=not no_plot, detail=wanted, allow_code=allow_code):
            sys.exit(NOT_MET)
        return
    try:
        scenarios = [read_scenario(file, overrides, allow_code=allow_code, drawn=False) for file in files]
        engines = [fleet.engine_of(scenario, folder) for scenario, folder in zip(scenarios, folders, strict=True)]
        for place, engine in enumerate(engines):
            if needs_meters(scenarios[place], engine):
                scenarios[place] = read_scenario(files[place], overrides, allow_code=allow_code)
    except ScenarioError as error:
        raise WrongInputError(str(error)) from None
    for file, scenario in zip(files, scenarios, strict=True):
        _check_traces(file, scenario, traces)
    failed = False
    for scenario, folder, engine in zip(scenarios, folders, engines, strict=True):
        try:
            keep = _fitting(scenario, wanted, traces)
            if engine is None:
                failed |= _run_one(scenario, local([folder])[0], keep, traces, plot=not no_plot)
            else:
                assembled = fleet.run(scenario, engine, folder, keep, plot=not no_plot)
                _tell_diaries(scenario, assembled.result, traces)
                failed |= _tell(assembled.result, assembled.findings, folder)
        except (ResultError, BehaviourError) as error:
            raise WrongInputError(str(error)) from None
    if failed:
        sys.exit(NOT_MET)


def _kept(text: str) -> Keep:
    """What --events asks for: a level, or a share of the meters of which all is kept."""
    from meter_sim.scenario.kept_events import kept_events
    from meter_sim.scenario.quantities import QuantityError

    try:
        return kept_events(text)
    except QuantityError as error:
        raise WrongInputError(f"--events: {error}") from None


def _check_traces(file: Path, scenario: "Scenario", traces: Sequence[str]) -> None:
    for trace in traces:
        if not scenario.has_meter(trace):
            told = ", ".join(islice(scenario.names(), _TOLD))
            more = f" and {scenario.meter_count - _TOLD:,} more" if scenario.meter_count > _TOLD else ""
            raise WrongInputError(f"--trace: {file} has no meter {trace!r}, allowed are {told}{more}")


def _fitting(scenario: "Scenario", wanted: Keep | None, traces: Sequence[str]) -> Keep:
    """What is kept of a run; says so where it is less than all, and nobody asked for that."""
    keep = fitting(wanted, scenario.meter_days)
    if keep != (wanted or Keep()):
        told = f"{scenario.meter_days:,} meter-days: of events only {keep.level} are kept; --events all keeps every one"
        click.echo(told, err=True)
    return replace(keep, traced=frozenset(traces))


def _run_one(scenario: "Scenario", folder: Path, keep: Keep, traces: Sequence[str], *, plot: bool) -> bool:
    """Run one scenario as a whole, write and report it; whether an expectation was not met."""
    from meter_sim.engine.reference import run as run_reference
    from meter_sim.results.result import check_replaceable, result_of

    check_replaceable(folder)
    with progress(scenario) as on_day:
        record = run_reference(scenario, on_day, keep)
    result = result_of(scenario, record)
    _tell_diaries(scenario, result, traces)
    result.write(folder, plot=plot)
    return _tell(result, record.findings, folder)


def _tell_diaries(scenario: "Scenario", result: "Result", traces: Sequence[str]) -> None:
    from meter_sim.results.diary import diary

    for trace in dict.fromkeys(traces):
        if len(traces) > 1:
            click.echo(f"{trace}:")
        for line in diary(result.events_table, trace, scenario.calendar):
            click.echo(line)


def _tell(result: "Result", findings: "Sequence[Finding]", folder: "Path | Url") -> bool:
    """Report a result that is written; whether an expectation was not met."""
    from meter_sim.results.report import report as text_report

    for line in text_report(result):
        click.echo(line)
    click.echo(f"written to {folder}")
    failures = [finding for finding in findings if finding.failure]
    for finding in failures:
        click.echo(f"{finding.where}: {finding.place}: {finding.failure}", err=True)
    return bool(failures)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Override one value before checking.")
@click.option("--allow-code", is_flag=True, help="Import behaviours in Python that a scenario names.")
def validate(files: tuple[Path, ...], sets: tuple[str, ...], allow_code: bool) -> None:
    """Check scenario files without running them."""
    from meter_sim.scenario.error import ScenarioError
    from meter_sim.scenario.reader import read_scenario_file

    overrides = overrides_of(sets, None)
    faults: list[str] = []
    for path in files:
        try:
            file, scenario = read_scenario_file(path, overrides, allow_code=allow_code)
        except ScenarioError as error:
            faults.extend(error.faults)
        else:
            parts = [f"{len(scenario.meters)} meters", f"{len(scenario.timeline)} actions"]
            parts += [f"{len(file.scenarios)} scenarios"] if file.scenarios else []
            parts += [f"{len(file.sweeps)} sweeps"] if file.sweeps else []
            click.echo(f"{path}: good, {', '.join(parts)}")
    if faults:
        raise WrongInputError("\n".join(faults))


@main.command()
@click.option(
    "--as", "form", type=click.Choice(["json", "reference"]), default="json", help="A JSON schema, or a page to read."
)
def schema(form: str) -> None:
    """Print the JSON schema of scenario files, or the reference of their keys."""
    from meter_sim.scenario.json_schema import json_schema_text
    from meter_sim.scenario.reference import reference_text

    click.echo(json_schema_text() if form == "json" else reference_text(), nl=False)


@main.command()
@click.argument("name", type=click.Path(path_type=Path))
def new(name: Path) -> None:
    """Write a commented starter scenario NAME.yaml."""
    from meter_sim.scenario.starter import starter

    path = name if name.suffix in (".yaml", ".yml") else name.with_name(f"{name.name}.yaml")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(starter(path.stem))
    except FileExistsError:
        raise WrongInputError(f"{path}: is there already, choose another name") from None
    except OSError as error:
        raise WrongInputError(f"{path}: cannot be written: {error.strerror}") from None
    click.echo(f"written {path}; run it with: meter-sim run {path}")

"""What a notebook or script calls: the same as the command line, with faults in one line."""

import pytest
from click.testing import CliRunner

import meter_sim
from meter_sim.cli import main
from meter_sim.engine.fleet import run as run_fleet
from meter_sim.results.result import result_of
from meter_sim.scenario.reader import read_scenario
from meter_sim.sts import cipher, words
from meter_sim.sts.errors import NotSupported, StsError, WrongIdentity
from tests.keep_summaries import SCENARIOS

SELF_ENTRY = SCENARIOS / "rollover_self_entry.yaml"
HOUSEHOLD = SCENARIOS / "household_rollover.yaml"
SHORT = {"start": "2024-06-25 00:00", "end": "2024-08-01 00:00", "population.count": "12"}
FIT = {"customers.vacant.share": "1%..20%"}
FEW = {"set": SHORT, "evaluations": 3, "seeds": 1, "replications": 2, "engine": "reference"}
COUNTS = "date,percent\n2024-07-10,30\n2024-07-20,55\n2024-07-30,65\n"


@pytest.fixture
def counts(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(COUNTS)
    return path


# Runs -----------------------------------------------------------------------------------------------------------------


def test_a_run_does_not_depend_on_workers():
    whole = meter_sim.run(SELF_ENTRY, set=SHORT)
    shared = meter_sim.run(SELF_ENTRY, set=SHORT, engine="reference", workers=2)
    assert whole.record is not None
    assert shared.summary == whole.summary
    for name in ("events", "daily", "areas", "meters"):
        assert getattr(shared, name).equals(getattr(whole, name)), name


def test_the_fleet_engine_runs_from_python():
    scenario = read_scenario(SELF_ENTRY, SHORT)
    expected = result_of(scenario, run_fleet(scenario), "fleet")
    result = meter_sim.run(SELF_ENTRY, set=SHORT, engine="fleet")
    assert result.summary == expected.summary
    assert result.summary["engine"] == "fleet"
    assert result.areas.equals(expected.areas)
    assert result.has_areas


def test_a_run_keeps_the_events_that_are_asked_for():
    none = meter_sim.run(SELF_ENTRY, set=SHORT, events="none")
    refusals = meter_sim.run(SELF_ENTRY, set=SHORT, events="refusals")
    assert len(none.events) == 0
    assert 0 < len(refusals.events) < len(meter_sim.run(SELF_ENTRY, set=SHORT).events)
    assert len(meter_sim.run(SELF_ENTRY, set=SHORT, events="sample:100%").events) > len(refusals.events)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"engine": "steam"}, "engine: 'steam' is not known, allowed are auto, reference, fleet"),
        ({"engine": "fleet"}, "--engine fleet: the scenario has a timeline; take --engine reference"),
        ({"workers": 0}, "workers: 0 is below 1"),
        ({"events": "some"}, "events: 'some' is not known, allowed are none, refusals, all, and sample:1%"),
        ({"events": "sample:0%"}, "events: sample: 0% is not above 0% and at most 100%"),
    ],
)
def test_what_a_run_refuses(options, told):
    with pytest.raises(meter_sim.ScenarioError) as error:
        meter_sim.run(HOUSEHOLD, **options)
    assert str(error.value) == told


# Fits -----------------------------------------------------------------------------------------------------------------


def test_a_calibration_says_what_the_command_says(counts, tmp_path):
    fit = meter_sim.calibrate(SELF_ENTRY, counts, FIT, **FEW)
    sets = [part for path, value in SHORT.items() for part in ("--set", f"{path}={value}")]
    few = ["--evaluations", "3", "--seeds", "1", "--replications", "2", "--engine", "reference"]
    bounds = ["--fit", "customers.vacant.share=1%..20%"]
    out = tmp_path / "command"
    command = ["calibrate", str(SELF_ENTRY), "--observed", str(counts), *bounds, *sets, *few, "--out", str(out)]
    told = CliRunner().invoke(main, command)
    assert told.exit_code == 0, told.output
    assert told.stdout == f"{fit}\nwritten to {out}\n"
    written = fit.write(tmp_path / "python")
    assert {path.name: path.read_bytes() for path in written.iterdir()} == {
        path.name: path.read_bytes() for path in out.iterdir()
    }


def test_the_tables_of_a_calibration(counts):
    fit = meter_sim.calibrate(SELF_ENTRY, counts, ["customers.monthly.share"], **FEW)
    assert list(fit.values["path"]) == ["customers.monthly.share"]
    assert fit.values["low"][0] <= fit.values["value"][0] <= fit.values["high"][0]
    assert list(fit.values["unit"]) == ["%"]
    assert list(fit.counts["observed"]) == [30, 55, 65]
    assert list(fit.by_day["date"])[-1] == "2024-07-31"
    assert fit.plot().axes[0].get_ylabel() == "migrated, percent of the meters in scope"


def test_a_forecast_holds_later_counts_back(counts, tmp_path):
    ahead = meter_sim.forecast(SELF_ENTRY, counts, FIT, until="2024-07-25", deadline="2024-07-31", **FEW)
    assert list(ahead.calibration.counts["fitted"]) == ["yes", "yes", "no"]
    assert len(ahead.outcomes) == 2
    low, high = ahead.intervals[0.95]
    assert low <= ahead.mean <= high
    assert f"on 2024-07-31: {100 * ahead.mean:.1f} %" in str(ahead)
    assert (ahead.write(tmp_path / "ahead", plot=False) / "outcomes.csv").is_file()
    assert "outcomes on 2024-07-31" in [text.get_text() for text in ahead.plot().axes[0].get_legend().get_texts()]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"count": "guessed"}, "count: 'guessed' is not known, allowed are register, confirmed, true"),
        ({"engine": "steam"}, "engine: 'steam' is not known, allowed are auto, reference, fleet"),
        ({"evaluations": 2}, "evaluations: 2 is below 3"),
        ({"seeds": 0}, "seeds: 0 is below 1"),
        ({"replications": 1}, "replications: 1 is below 2"),
        ({"workers": 0}, "workers: 0 is below 1"),
        ({"until": "soon"}, "until: 'soon' is no date, write 2024-11-24, 2024-11 or 2024"),
        (
            {"deadline": "2030-01-01"},
            "--deadline: 2030-01-01 is not within the scenario's run of 2024-06-25 to 2024-07-31",
        ),
    ],
)
def test_what_a_forecast_refuses(counts, options, told):
    with pytest.raises(meter_sim.CalibrationError) as error:
        meter_sim.forecast(SELF_ENTRY, counts, FIT, **({"until": "2024-07-25"} | FEW | options))
    assert str(error.value) == told


# Keys -----------------------------------------------------------------------------------------------------------------

TOKEN = "47348047978762785803"
METER = {"pan": "600727000000000009", "supply_group": "123457"}


def test_a_token_of_the_readme_deciphers():
    found = cipher.decipher(TOKEN, meter_sim.decoder_key(**METER, key_revision=2))
    assert words.summary(found).startswith("20.0 kWh, TID ")
    assert cipher.decipher(TOKEN, meter_sim.decoder_key(**METER)) is None
    assert cipher.decipher(TOKEN, meter_sim.decoder_key(**METER, key_revision=2, vending_key="test:old")) is None


def test_a_key_shows_nowhere():
    key = "0123456789abcdef0123456789abcdef01234567"
    made = meter_sim.decoder_key(**METER, vending_key=key)
    assert f"{made.value:016x}" not in repr(made)
    with pytest.raises(WrongIdentity) as error:
        meter_sim.decoder_key(**METER, vending_key=key[:-1])
    assert key[:8] not in str(error.value)


@pytest.mark.parametrize(
    ("option", "kind", "told"),
    [
        ({"key_type": "DXTK"}, WrongIdentity, "key type 'DXTK' does not exist; use DITK, DDTK, DUTK, DCTK"),
        ({"base_date": 2024}, WrongIdentity, "base date 2024 does not exist; use 1993, 2014, 2035"),
        ({"dkga": "03"}, NotSupported, "DKGA03 is withdrawn; use 02 or 04"),
        ({"encryption": "09"}, NotSupported, "EA09 (DES) is deprecated; use 07 or 11"),
        ({"key_revision": 0}, StsError, "key revision number 0 is outside 1 to 9"),
    ],
)
def test_what_a_key_refuses(option, kind, told):
    with pytest.raises(kind) as error:
        meter_sim.decoder_key(**METER, **option)
    assert str(error.value) == told

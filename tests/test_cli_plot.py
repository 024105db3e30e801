"""The command plot: one picture into a file, the right one, whole or not there."""

import pytest
from click.testing import CliRunner

import meter_sim
from meter_sim.cli import main
from meter_sim.results import plots
from tests.keep_summaries import SCENARIOS
from tests.rollout import write
from tests.test_plots import BUSY

BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def cli(*words):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The folder of a household's result."""
    return meter_sim.run(SCENARIOS / "household_rollover.yaml").write(
        tmp_path_factory.mktemp("one") / "home", plot=False
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """The folder of a town's result."""
    place = tmp_path_factory.mktemp("two")
    assert cli("run", write(place, BUSY), "--no-plot", "--out", place / "town").exit_code == 0
    return place / "town"


@pytest.mark.parametrize("name", [name for name in plots.OF_RESULT if name != "timeline"])
def test_each_picture_of_a_town(town, tmp_path, name):
    out = tmp_path / f"{name}.png"
    outcome = cli("plot", town, "--picture", name, "--out", out)
    assert (outcome.exit_code, outcome.output) == (0, f"written {out}\n")
    assert out.read_bytes().startswith(BEGINNINGS["png"])
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", plots.OF_METER)
def test_each_picture_of_a_meter(home, tmp_path, name):
    assert cli("plot", home, "--picture", name, "--meter", "home", "--out", tmp_path / "a.png").exit_code == 0
    assert (tmp_path / "a.png").stat().st_size > 20_000


def test_the_only_meter_need_not_be_named(home, tmp_path):
    for name, named in (("a", ()), ("b", ("--meter", "home"))):
        assert cli("plot", home, "--picture", "tid_store", *named, "--out", tmp_path / f"{name}.png").exit_code == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_one_of_several_meters_has_to_be_named(tmp_path):
    folder = meter_sim.run(SCENARIOS / "kinds_of_meters.yaml").write(tmp_path / "kinds", plot=False)
    outcome = cli("plot", folder, "--picture", "tid_store", "--out", tmp_path / "a.png")
    assert outcome.exit_code == 2
    assert outcome.output.startswith("--picture: tid_store is of one meter, name it with --meter: ")
    assert outcome.output.count("\n") == 1
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("form", BEGINNINGS)
def test_the_same_bytes_in_each_form(home, tmp_path, form):
    for name in "ab":
        assert cli("plot", home, "--picture", "timeline", "--out", tmp_path / f"{name}.{form}").exit_code == 0
    first = (tmp_path / f"a.{form}").read_bytes()
    assert first.startswith(BEGINNINGS[form])
    assert first == (tmp_path / f"b.{form}").read_bytes()


def test_plans_of_an_experiment(home, tmp_path):
    out = tmp_path / "plans"
    sweep = ("--sweep", "meters.0.credit=5 kWh,12 kWh", "--replications", "2")
    household = SCENARIOS / "household_rollover.yaml"
    assert cli("run", household, *sweep, "--no-plot", "--out", out).exit_code == 0
    assert cli("plot", out, "--picture", "plans", "--out", tmp_path / "plans.png").exit_code == 0
    refused = cli("plot", tmp_path, "--picture", "plans", "--out", tmp_path / "none.png")
    assert refused.stderr == f"{tmp_path}: neither an experiment nor a result; name a folder that run wrote\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("--picture", "migratoin"),
            "--picture: 'migratoin' is not known, did you mean migration? allowed are timeline, programme, migration, "
            "refusals, without_supply, workload, costs, tid_years, meter_diary, tid_store, plans",
        ),
        (
            ("--picture", "migration"),
            "--picture: name the file that migration goes into, --out FILE ending in .png or .svg or .pdf",
        ),
        (("--picture", "migration", "--out", "a.gif"), "--out: a.gif does not end in .png or .svg or .pdf"),
        (
            ("--picture", "migration", "--out", "a.png"),
            "migration: the run has no areas, give its scenario a population or areas; of a listed meter draw "
            "meter_diary or tid_store",
        ),
        (
            ("--picture", "tid_store", "--meter", "hom", "--out", "a.png"),
            "tid_store: no listed meter is called 'hom', did you mean home? allowed are home",
        ),
        (
            ("--picture", "timeline", "--meter", "home", "--out", "a.png"),
            "--meter: timeline is of all meters, leave it out; it goes with meter_diary and tid_store",
        ),
        (("--picture", "timeline", "--out", "none/a.png"), "none/a.png: cannot be written: No such file or directory"),
        (("--out", "a.png"), "--out: goes with --picture NAME; without it timeline.png and programme.png are drawn"),
        (("--meter", "home"), "--meter: goes with --picture NAME; without it timeline.png and programme.png are drawn"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(home, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    outcome = cli("plot", home, *words)
    assert (outcome.exit_code, outcome.output) == (2, f"{told}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_what_is_no_result(tmp_path):
    outcome = cli("plot", tmp_path, "--picture", "migration", "--out", tmp_path / "a.png")
    assert outcome.stderr == f"{tmp_path}: not a result, summary.json is missing; name a folder that run wrote\n"
    assert list(tmp_path.iterdir()) == []

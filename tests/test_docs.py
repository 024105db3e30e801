"""Every scenario key and every option has a line in the docs, and the examples in the docs are what they say."""

import csv
import importlib
import json
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

import meter_sim
from meter_sim.bulk import feed, issue, key_change_sets, keys, verify
from meter_sim.bulk.token_file import KEY_FIELDS
from meter_sim.cli import main
from meter_sim.results import plots
from meter_sim.results.area_day import COLUMNS as AREA_COLUMNS
from meter_sim.results.tables import METERS
from meter_sim.scenario import (
    schema,
    schema_area,
    schema_customer,
    schema_experiment,
    schema_programme,
    schema_timeline,
    spread,
)
from meter_sim.scenario.reader import read_scenario, read_scenario_file
from meter_sim.scenario.schema_timeline import CLEAR_REGISTERS, ENTRY_NAMES, ISSUE_NAMES, METER_TESTS
from tests.kit import LONG

QUESTIONS = (
    "rate_and_start",
    "channels_and_crews",
    "never_come",
    "drawers",
    "replacements",
    "without_supply_after_deadline",
    "revisits",
    "queues_in_last_month",
    "key_changes_after_deadline",
    "presumed_and_true",
)
ROOT = Path(__file__).parent.parent
SCENARIO = (ROOT / "docs" / "scenario.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")


def models():
    for module in (schema, schema_area, schema_customer, schema_experiment, schema_programme, schema_timeline, spread):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module.__name__:
                yield value


KEYS = sorted({(model.__name__, key) for model in models() for key in model.allowed_keys()})


@pytest.mark.parametrize(("model", "key"), KEYS)
def test_every_key_has_a_line(model, key):
    """As `key` or `above.key` at the start of a table row."""
    assert re.search(rf"^\|[^|]*`([a-z_]+\.)*{key}`", SCENARIO, re.MULTILINE), f"{key} of {model}"


@pytest.mark.parametrize("name", [*ENTRY_NAMES, *ISSUE_NAMES, *METER_TESTS, *CLEAR_REGISTERS, "Waiting"])
def test_every_name_is_told(name):
    assert f"`{name}`" in SCENARIO


def commands(command, path):
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(child, f"{path} {name}")
    else:
        yield path, command


@pytest.mark.parametrize(("path", "command"), list(commands(main, "meter-sim")))
def test_every_command_and_option_is_told(path, command):
    assert f"`{path}" in README
    for parameter in command.params:
        for option in [*parameter.opts, *parameter.secondary_opts]:
            if option.startswith("--"):
                assert re.search(rf"{option}\b", README), f"{path} {option}"
                assert parameter.help, f"{path} {option} has no help"


@pytest.mark.parametrize("text", [README, SCENARIO], ids=["README.md", "scenario.md"])
def test_scenarios_in_the_docs_are_good(text, tmp_path):
    examples = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "supply_groups" in block]
    assert examples
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.yaml"
        file.write_text(example, encoding="utf-8")
        read_scenario(file)


def test_the_plans_of_the_readme_are_good(tmp_path):
    [plans] = [block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "overrides:" in block]
    household = (ROOT / "scenarios" / "household_rollover.yaml").read_text(encoding="utf-8")
    (tmp_path / "town.yaml").write_text(household + plans, encoding="utf-8")
    file, _ = read_scenario_file(tmp_path / "town.yaml")
    assert list(file.scenarios) == ["base", "early", "early_rural"]
    assert len(file.sweeps["level"]) == 5


def test_from_a_list_of_meters_to_a_report_as_the_readme_says(tmp_path, monkeypatch):
    """The commands as they stand there, but with 2 replications in place of 20 in the short form."""
    steps = README[README.index("## Your own meters") : README.index("## From a run to a report")]
    commands = re.findall(r"^ +\.venv/bin/meter-sim (.*)$", steps, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["validate", "run", "report", "run", "report"]
    (tmp_path / "town").mkdir()
    for name in ("meter_list.yaml", "meter_list.csv"):
        shutil.copy(ROOT / "scenarios" / name, tmp_path / "town" / name)
    monkeypatch.chdir(tmp_path)
    for command in commands:
        words = shlex.split(command if LONG else command.replace("--replications 20", "--replications 2"))
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
    for page in ("town.html", "plans.html"):
        assert "Ten questions of a planner" in Path(page).read_text(encoding="utf-8")


def test_files_that_the_readme_names_are_there():
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / link).exists(), link


def fields_that_are_read():
    """The names of fields in the calls that read them."""
    for module in (feed, issue, key_change_sets, keys, verify):
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        names = re.findall(r'columns\.\w+\(\s*"([a-z_]+)"', text)
        yield from (name for name in names if name != "new")
        yield from re.findall(r'\{prefix\}([a-z_]+)"', text)


@pytest.mark.parametrize(
    "name", sorted({*fields_that_are_read(), *KEY_FIELDS, *feed.ADDED, *verify.ADDED, "register", "pad", "data"})
)
def test_every_field_of_a_file_has_a_line(name):
    assert re.search(rf"^\|[^|]*`{name}`[^|]*\|", FILES, re.MULTILINE), name


def test_the_example_of_a_file_is_what_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [example] = re.findall(r"```csv\n(.*?)```", FILES, re.DOTALL)
    Path("requests.csv").write_text(example)
    result = CliRunner().invoke(main, ["token", "issue", "--from", "requests.csv", "--out", "tokens.csv"])
    assert result.exit_code == 1
    told = " ".join(FILES.split())
    assert f"`{result.stderr.strip()}`" in told
    first, second, _ = csv.DictReader(Path("tokens.csv").read_text().splitlines())
    assert f"`{first['token']}`" in told
    assert f"`{second['tokens']}`" in told


RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*AREA_COLUMNS, *METERS.names, *QUESTIONS])
def test_every_column_of_a_rollout_has_a_line(name):
    assert re.search(rf"^\|[^|]*`{name}`", RESULTS, re.MULTILINE)


@pytest.mark.parametrize("name", [*plots.OF_RESULT, *plots.OF_METER, "plans"])
def test_every_picture_has_a_line(name):
    assert re.search(rf"^\| `{name}` \|", RESULTS, re.MULTILINE)
    [option] = [each for each in main.commands["plot"].params if each.name == "picture"]
    assert re.search(rf"\b{name}\b", option.help)


RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
PLANNERS = (ROOT / "docs" / "planners.md").read_text(encoding="utf-8")
RULE = re.compile(r"^\| .* \| (C|L|G|C/L|C/G|L/G) \|(?: `([\w.]+)` \|)? `(test_\w+\.py)::(\w+)` \|$", re.MULTILINE)


def test_every_rule_has_a_mark_and_a_test():
    rows = [line for line in RULES.split("\n## ", 1)[1].splitlines() if line.startswith("| ") and "|---" not in line]
    headings = [row for row in rows if row.endswith("| test |")]
    assert len(RULE.findall(RULES)) == len(rows) - len(headings) > 50


@pytest.mark.parametrize("path", sorted({path for _, path, _, _ in RULE.findall(RULES) if path}))
def test_the_code_of_a_rule_is_there(path):
    place: object = importlib.import_module("meter_sim." + ".".join(path.split(".")[:2]))
    for name in path.split(".")[2:]:
        place = getattr(place, name)
    assert place.__doc__


@pytest.mark.parametrize(("file", "name"), sorted({(file, name) for _, _, file, name in RULE.findall(RULES)}))
def test_the_test_of_a_rule_is_there(file, name):
    assert f"\ndef {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


ANSWER = re.compile(r"`results/(\w+)/summary\.json`,\s`answers\.(\w+)\.([^`]+)`:\n\n```json\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(("scenario", "question", "area", "answer"), ANSWER.findall(PLANNERS))
def test_an_answer_to_a_planner_is_that_of_a_run(scenario, question, area, answer):
    """The kept summaries are those of runs (test_scenarios.py)."""
    kept = json.loads((ROOT / "tests" / "summaries" / f"{scenario}.json").read_text(encoding="utf-8"))
    given = kept["answers"][question][area]
    for key, value in json.loads(answer).items():
        expected = given[key]
        if key in ("office", "help_desk"):
            expected = {name: expected[name] for name in value}
        assert value == expected, key


def test_every_question_of_a_planner_is_answered():
    assert {question for _, question, _, _ in ANSWER.findall(PLANNERS)} == set(QUESTIONS)
    assert len(re.findall(r"^## \d+\. .*\?$", PLANNERS, re.MULTILINE)) == len(QUESTIONS)
    for name in re.findall(r"scenarios/(\w+)\.yaml", PLANNERS):
        assert (ROOT / "scenarios" / f"{name}.yaml").exists()


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(\w+)$", "\n".join(re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL)), re.MULTILINE)
    assert sorted(listed) == sorted(path.stem for path in (ROOT / "docs").glob("*.md") if path.stem != "index")


def test_the_api_page_has_every_public_name():
    api = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for name in set(meter_sim.__all__) - {"__version__"}:
        assert f":: meter_sim.{name}\n" in api

"""Runs in shards as whole processes: killed, told to stop, and by the command line."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.kit import LONG
from tests.shards_kit import BY, ON_WAY, TOWN, cli, contents, in_one_piece, same_files, town


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """The file of a larger town with `out` beside it, which is its result in one piece."""
    folder = tmp_path_factory.mktemp("larger")
    scenario = town(folder, TOWN.replace("count: 40", "count: 400").replace("end: 2024-12-01", "end: 2024-11-22"))
    return folder / "town.yaml", in_one_piece(scenario, folder / "out")


def command(file, out, *more):
    line = [
        sys.executable,
        "-m",
        "meter_sim",
        "run",
        str(file),
        "--out",
        str(out),
        "--no-plot",
        "--workers",
        "2",
        *BY,
        *more,
    ]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def test_a_run_that_is_killed_at_any_moment_goes_on(larger, tmp_path):
    file, files = larger
    chance = random.Random(7)
    begin = time.monotonic()
    process = command(file, tmp_path / "timed")
    process.communicate(timeout=300)
    takes = time.monotonic() - begin
    for number in range(20 if LONG else 3):
        out = tmp_path / f"out{number}"
        process = command(file, out, "--resume")
        time.sleep(chance.uniform(0.3, 1.0) * takes)
        process.kill()
        process.communicate()
        process = command(file, out, "--resume")
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        same_files(contents(out), files)
        assert not out.with_name(f"{out.name}.parts").exists()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_says_how_to_go_on(larger, tmp_path, by):
    file, files = larger
    process = command(file, tmp_path / "out")
    parts = tmp_path / "out.parts"
    deadline = time.monotonic() + 60
    while not list(parts.glob("shard-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, by) if by == signal.SIGINT else process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + by
    assert said.count("\n") == 1
    assert ON_WAY in said
    assert cli("run", file, "--out", tmp_path / "out", "--no-plot", "--resume", *BY).exit_code == 0
    same_files(contents(tmp_path / "out"), files)


def test_a_key_press_at_the_start_is_one_line(larger, tmp_path):
    file, _ = larger
    process = command(file, tmp_path / "out")
    deadline = time.monotonic() + 60
    while not (tmp_path / "out.parts" / "run.json").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.15)  # the workers are being started
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "stopped\n"


# -- the command line


def test_the_command_line_runs_in_shards(larger, tmp_path):
    file, files = larger
    result = cli("run", file, "--out", tmp_path / "out", "--no-plot", "--workers", 2, *BY)
    assert result.exit_code == 0, result.output
    same_files(contents(tmp_path / "out"), files)
    assert "expectations: 0 met, 0 not met" in result.stdout


def test_a_diary_of_a_run_in_shards(larger, tmp_path):
    file, _ = larger
    arguments = ("run", file, "--no-plot", "--events", "none", "--trace", "m20", "--trace", "kiosk")
    one = cli(*arguments, "--out", tmp_path / "one")
    several = cli(*arguments, "--out", tmp_path / "out", "--workers", 1, *BY)
    assert one.exit_code == several.exit_code == 0
    assert one.stdout.splitlines()[:-1] == several.stdout.splitlines()[:-1]
    assert "m20:" in one.stdout


def test_workers_of_an_experiment_stay_what_they_were(larger, tmp_path):
    file, _ = larger
    for option in (("--resume",), ("--engine", "reference"), ("--memory", "4"), ("--cluster", "tcp://127.0.0.1:1")):
        result = cli("run", file, "--replications", 2, *option, "--out", tmp_path / "out")
        assert result.exit_code == 2
        assert result.stderr == f"{option[0]}: is for a single run, leave out the options of an experiment\n"
    result = cli("run", file, "--replications", 2, "--out", "memory://out")
    assert result.stderr == "--out: memory://out: a URL is for a single run, leave out the options of an experiment\n"

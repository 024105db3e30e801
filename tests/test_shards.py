"""Runs in shards: how they are cut, spread, stopped and gone on with; the result is that of one piece."""

import errno
import json
import multiprocessing
import os
import shutil
import signal
import threading
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from meter_sim.detail import Detail, Keep
from meter_sim.engine.shards import MOST_METERS, Memory, ShardError, meters_of, shards_of, shares_something
from meter_sim.people.behaviour import Behaviour
from meter_sim.results import parquet
from meter_sim.results.result import ResultError
from meter_sim.scenario.reader import read_scenario
from meter_sim.sharded import assembly, identity, merge, run_folder
from meter_sim.sharded.engines import ENGINES, EngineError, engine_for
from meter_sim.sharded.run import RunError, Stopped, default_most_meters, run_sharded
from meter_sim.sharded.run_folder import Lock
from meter_sim.sharded.store import LocalStore, Url, UrlStore
from tests import shards_kit
from tests.shards_kit import ON_WAY, TOWN, cli, contents, in_one_piece, planned, same_files, stop_after, town


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The scenario, and its files as they are written in one piece."""
    folder = tmp_path_factory.mktemp("whole")
    scenario = town(folder)
    return scenario, in_one_piece(scenario, folder / "out")


# -- the cut


@pytest.mark.parametrize("most", [1, 3, 5, 16, 1000])
@pytest.mark.parametrize("knows_places", [True, False])
def test_every_meter_is_in_one_shard(whole, most, knows_places):
    scenario, _ = whole
    shards = shards_of(scenario, most, knows_places=knows_places)
    assert [shard.number for shard in shards] == list(range(len(shards)))
    found = [meter.name for shard in shards for meter in meters_of(scenario, shard.pieces)]
    assert sorted(found) == sorted(meter.name for meter in scenario.meters)
    assert sum(shard.meters for shard in shards) == len(scenario.meters)
    for shard in shards:
        assert len(meters_of(scenario, shard.pieces)) == shard.meters
    uncut = {"north"} if knows_places else {"north", "east"}
    for area in ("north", "south", "east"):
        pieces = [piece for shard in shards for piece in shard.pieces if piece.area == area]
        assert [piece.place for piece in pieces] == [sum(one.meters for one in pieces[:n]) for n in range(len(pieces))]
        assert {piece.of for piece in pieces} == {sum(piece.meters for piece in pieces)}
        assert (len(pieces) == 1) == (area in uncut or pieces[0].of <= most)
    cut = [piece.meters for shard in shards for piece in shard.pieces if piece.area not in uncut]
    assert max(cut) <= max(most, 2)


def test_small_areas_are_put_together(whole):
    scenario, _ = whole
    [alone] = shards_of(scenario, 1000)
    assert [piece.area for piece in alone.pieces] == ["", "north", "south", "east"]
    two = shards_of(scenario, 26)
    assert [[piece.area for piece in shard.pieces] for shard in two] == [["", "north"], ["south", "east"]]


def test_what_connections_share(whole):
    scenario, _ = whole
    north, south, _ = scenario.areas
    assert shares_something(north, scenario)
    assert shares_something(replace(north, help_desk=None), scenario)
    assert not shares_something(replace(north, help_desk=None, sales_per_hour=None), scenario)
    depot = replace(south, depot=object())
    assert shares_something(depot, scenario)
    assert not shares_something(depot, replace(scenario, programme=None))
    assert shares_something(replace(south, office=north.help_desk), scenario)


def test_a_run_with_a_timeline_is_one_shard(whole):
    scenario, _ = whole
    [alone] = shards_of(replace(scenario, timeline=(object(),)), 2)
    assert alone.meters == len(scenario.meters)


def test_an_area_nobody_lives_in_has_a_piece(whole):
    scenario, _ = whole
    meters = tuple(meter for meter in scenario.meters if meter.area != "east")
    pieces = [piece for shard in shards_of(replace(scenario, meters=meters), 5) for piece in shard.pieces]
    assert [piece.number for piece in pieces if piece.area == "east"] == [0]


def test_a_drawn_population_is_cut_by_its_areas(whole):
    class Drawn:
        areas = (("north", 8, 16), ("south", 24, 14_000_000), ("east", 14_000_024, 10))

    listed = tuple(meter for meter in whole[0].meters if meter.listed)
    shards = shards_of(replace(whole[0], meters=listed, population=Drawn()), MOST_METERS)
    south = [piece for shard in shards for piece in shard.pieces if piece.area == "south"]
    assert len(south) == 281
    assert south[0].first_connection == 24
    assert south[1].first_connection == 24 + MOST_METERS - 1
    assert (south[1].place, south[1].of) == (MOST_METERS, 14_000_001)


def test_an_area_that_does_not_fit_is_refused_with_its_figures(whole):
    scenario, _ = whole
    with pytest.raises(
        ShardError, match=r"the area north cannot be cut.*16 meters need 16\.0 GiB, there are 15\.0 GiB"
    ):
        shards_of(scenario, 5, memory=Memory(15 << 30, 1 << 30))
    shards = shards_of(scenario, 5, memory=Memory(16 << 30, 1 << 30))
    assert Memory(16 << 30, 1 << 30).workers(shards, 4) == 1
    assert Memory(40 << 30, 1 << 30).workers(shards, 4) == 2
    with pytest.raises(RunError, match="--memory"):
        planned(scenario, memory=1000)


def test_the_size_of_shards_follows_that_of_the_run():
    assert default_most_meters(42) == 100
    assert default_most_meters(640_000) == 10_000
    assert default_most_meters(11_500_000) == MOST_METERS


@pytest.mark.parametrize("most", [3, 1000])
def test_a_population_that_is_drawn_later_has_the_same_shards(whole, tmp_path, most):
    scenario, files = whole
    (tmp_path / "town.yaml").write_text(TOWN)
    later = read_scenario(tmp_path / "town.yaml", drawn=False)
    assert len(later.meters) == 2
    shards = shards_of(later, most)
    assert [(s.number, s.meters, [p.area for p in s.pieces]) for s in shards] == [
        (s.number, s.meters, [p.area for p in s.pieces]) for s in shards_of(scenario, most)
    ]
    for shard, other in zip(shards, shards_of(scenario, most), strict=True):
        assert [m.name for m in meters_of(later, shard.pieces)] == [m.name for m in meters_of(scenario, other.pieces)]
    run_sharded(planned(later, most_meters=most, workers=2), tmp_path / "out", plot=False)
    same_files(contents(tmp_path / "out"), files)
    assert list(later.names()) == [meter.name for meter in scenario.meters]
    assert all(later.has_meter(name) for name in later.names())
    assert not any(later.has_meter(name) for name in ("m7", "m48", "m", "m08", "n9", "m²"))


# -- the result


@pytest.mark.parametrize(("workers", "most"), [(1, 5), (2, 5), (3, 3), (7, 2), (1, 1000)])
def test_the_cut_and_the_workers_change_nothing(whole, tmp_path, workers, most):
    scenario, files = whole
    plan = planned(scenario, workers=workers, most_meters=most)
    assembled = run_sharded(plan, tmp_path / "out", plot=False)
    same_files(contents(tmp_path / "out"), files)
    assert assembled.result.summary["seed"] == 5
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_pictures_are_the_same(whole, tmp_path):
    scenario, _ = whole
    files = in_one_piece(scenario, tmp_path / "one", plot=True)
    run_sharded(planned(scenario), tmp_path / "out")
    same_files(contents(tmp_path / "out"), files)


@pytest.mark.parametrize("keep", [Keep(Detail.NONE), Keep(Detail.REFUSALS), Keep(Detail.NONE, 1 << 30)])
def test_what_is_kept_is_the_same(whole, tmp_path, keep):
    scenario, _ = whole
    keep = replace(keep, traced=frozenset({"m12", "apart"}))
    files = in_one_piece(scenario, tmp_path / "one", keep)
    assembled = run_sharded(planned(scenario, keep=keep), tmp_path / "out", plot=False)
    same_files(contents(tmp_path / "out"), files)
    assert set(assembled.result.events_table.column("meter").to_pylist()) == {"m12", "apart"}


def test_a_run_without_areas(tmp_path):
    text = (
        TOWN.split("areas:")[0]
        + "meters:"
        + TOWN.split("meters:")[1].split("population:")[0]
        + TOWN[TOWN.index("customers:") :]
    )
    text = text[: text.index("programme:")].replace("area: south,", "")
    scenario = town(tmp_path, text)
    files = in_one_piece(scenario, tmp_path / "one")
    run_sharded(planned(scenario, most_meters=1), tmp_path / "out", plot=False)
    same_files(contents(tmp_path / "out"), files)


def test_small_windows_and_row_groups_change_nothing(whole, tmp_path, monkeypatch):
    scenario, _ = whole
    monkeypatch.setattr(parquet, "ROW_GROUP", 50)
    monkeypatch.setattr(merge, "MOST_ROWS", 1)
    monkeypatch.setattr(merge, "_FEWEST", 3)
    monkeypatch.setattr(assembly, "MOST_FILES", 3)
    files = in_one_piece(scenario, tmp_path / "one")
    assert pq.ParquetFile(pa.BufferReader(files["events.parquet"])).num_row_groups > 10
    run_sharded(planned(scenario, most_meters=2), tmp_path / "out", plot=False)
    same_files(contents(tmp_path / "out"), files)


def test_an_earlier_result_is_replaced_and_something_else_is_not(whole, tmp_path):
    scenario, files = whole
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letters.txt").write_text("dear")
    with pytest.raises(ResultError, match=r"letters\.txt"):
        run_sharded(planned(scenario), tmp_path / "out", plot=False)
    assert not (tmp_path / "out.parts").exists()
    (tmp_path / "out" / "letters.txt").rename(tmp_path / "out" / "summary.json")
    run_sharded(planned(scenario), tmp_path / "out", plot=False)
    same_files(contents(tmp_path / "out"), files)


# -- going on


def unfinished(scenario, out, shards=2, **options):
    with pytest.raises(Stopped) as stopped:
        run_sharded(planned(scenario, **options), out, plot=False, on_progress=stop_after(shards))
    assert stopped.value.status == 130
    parts = out.with_name(f"{out.name}.parts")
    kept = len(list(parts.glob("shard-*")))
    assert kept == shards or options.get("workers", 1) > 1  # another may have been done meanwhile
    assert str(stopped.value).startswith(f"stopped; {kept} of ")
    assert str(stopped.value).endswith(ON_WAY)
    return parts


@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_that_was_stopped_goes_on(whole, tmp_path, workers):
    scenario, files = whole
    parts = unfinished(scenario, tmp_path / "out", workers=workers)
    with pytest.raises(RunError, match=r"a run that is not over lies here, \d of \d .* --resume, or remove") as refused:
        run_sharded(planned(scenario), tmp_path / "out", plot=False)
    assert "\n" not in str(refused.value)
    times = {path: path.stat().st_mtime_ns for path in parts.glob("shard-*/*")}
    steps = []
    run_sharded(
        planned(scenario), tmp_path / "out", resume=True, plot=False, on_progress=lambda p: steps.append(p.shards)
    )
    assert len(times) >= 2 * 9
    assert steps == [number + 1 for number in range(len(planned(scenario).shards))]
    same_files(contents(tmp_path / "out"), files)
    assert not parts.exists()


def test_a_run_that_was_never_begun_goes_on_from_the_start(whole, tmp_path):
    scenario, files = whole
    run_sharded(planned(scenario), tmp_path / "out", resume=True, plot=False)
    same_files(contents(tmp_path / "out"), files)


def test_what_another_run_left_is_refused(whole, tmp_path, monkeypatch):
    scenario, _ = whole
    parts = unfinished(scenario, tmp_path / "out")
    others = {
        r"another seed \(5, now 6\)": {"seed": "6"},
        "another scenario": {"population.use_varies": "31%"},
        "another vending keys": {"supply_groups.123457.vending_keys.1.key": "00dcba9876543210fedcba9876543210fedcba98"},
    }
    folder = tmp_path / "other"
    folder.mkdir()
    for what, overrides in others.items():
        with pytest.raises(RunError, match=f"was begun with {what};.*remove the folder") as refused:
            run_sharded(planned(town(folder, **overrides)), tmp_path / "out", resume=True)
        assert "\n" not in str(refused.value)
        assert "fedcba" not in str(refused.value)
    with pytest.raises(RunError, match=r"another choice of events \(all, now none\)"):
        run_sharded(planned(scenario, keep=Keep(Detail.NONE)), tmp_path / "out", resume=True)
    with pytest.raises(RunError, match="another choice of meters with a diary"):
        run_sharded(planned(scenario, keep=Keep(traced=frozenset({"m9"}))), tmp_path / "out", resume=True)
    with pytest.raises(RunError, match=r"another size of a shard \(5, now 7\)"):
        run_sharded(planned(scenario, most_meters=7), tmp_path / "out", resume=True)
    changed = replace(scenario, population_file=("population.csv", b"1"))
    with pytest.raises(RunError, match="another file of meter records"):
        run_sharded(planned(changed), tmp_path / "out", resume=True)
    monkeypatch.setattr(identity, "__version__", "0.0.0")
    with pytest.raises(RunError, match="another version of meter_sim"):
        run_sharded(planned(scenario), tmp_path / "out", resume=True)
    assert len(list(parts.glob("shard-*"))) == 2


def test_the_code_of_a_behaviour_counts(whole, monkeypatch):
    scenario, _ = whole
    [first, *rest] = scenario.meters
    python = replace(scenario, meters=(replace(first, customer=replace(first.customer, behaviour=Behaviour)), *rest))
    before = identity.identity_of(python, planned(python).choices, "00")
    monkeypatch.setattr(identity.inspect, "getsource", lambda _: "changed")
    assert identity.changed(before, identity.identity_of(python, planned(python).choices, "00")) == (
        "another code of a behaviour"
    )


def test_no_key_is_on_the_disk(whole, tmp_path):
    scenario, _ = whole
    parts = unfinished(scenario, tmp_path / "out", workers=2)
    for path in parts.rglob("*"):
        if path.is_file():
            assert b"fedcba98" not in path.read_bytes().lower(), path
            assert bytes.fromhex("fedcba9876543210") not in path.read_bytes(), path


def truncate(shard):
    path = shard / "events.parquet"
    path.write_bytes(path.read_bytes()[:-1])


def change(shard):
    content = bytearray((shard / "areas.npy").read_bytes())
    content[-1] ^= 1
    (shard / "areas.npy").write_bytes(content)


DAMAGES = {
    "truncated": truncate,
    "changed": change,
    "missing": lambda shard: (shard / "meters.parquet").unlink(),
    "no manifest": lambda shard: (shard / "manifest.json").unlink(),
    "odd manifest": lambda shard: (shard / "manifest.json").write_text("[1]"),
    "of another run": lambda shard: (shard / "manifest.json").write_text(
        (shard / "manifest.json").read_text().replace('"run": "', '"run": "0')
    ),
    "a file": lambda shard: (shutil.rmtree(shard), shard.write_text("")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_shard_is_run_again(whole, tmp_path, damage):
    scenario, files = whole
    parts = unfinished(scenario, tmp_path / "out")
    (parts / ".draft.left").mkdir()
    damage(parts / "shard-00001")
    meters = []
    run_sharded(
        planned(scenario), tmp_path / "out", resume=True, plot=False, on_progress=lambda p: meters.append(p.meters)
    )
    assert meters[-1] == len(scenario.meters)
    same_files(contents(tmp_path / "out"), files)
    assert not parts.exists()


def test_a_folder_that_is_no_work_folder_is_left_alone(whole, tmp_path):
    scenario, _ = whole
    parts = tmp_path / "out.parts"
    parts.mkdir()
    (parts / "letters.txt").write_text("dear")
    with pytest.raises(RunError, match=r"holds letters\.txt"):
        run_sharded(planned(scenario), tmp_path / "out", resume=True)
    (parts / "letters.txt").rename(parts / "run.json")
    with pytest.raises(RunError, match=r"run.json cannot be read"):
        run_sharded(planned(scenario), tmp_path / "out", resume=True)


def test_two_processes_do_not_work_in_one_folder(whole, tmp_path):
    scenario, _ = whole
    lock = Lock(LocalStore(tmp_path / "out.parts"))
    with pytest.raises(RunError, match="another process works here"):
        run_sharded(planned(scenario), tmp_path / "out")
    lock.release()
    run_sharded(planned(scenario), tmp_path / "out", plot=False)


# -- what goes wrong


@pytest.mark.parametrize("at", ["write_part", "assembly"])
def test_a_full_disk_is_one_line_and_costs_no_shard(whole, tmp_path, monkeypatch, at):
    scenario, files = whole

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    count = []

    shards = len(planned(scenario).shards)
    kept = 2 if at == "write_part" else shards

    def third(part, folder):
        count.append(1)
        if len(count) == 3:
            (folder / "events.parquet").write_bytes(b"half of it")
            full()
        written(part, folder)

    written = run_folder.write_part
    with monkeypatch.context() as patch:
        if at == "assembly":
            patch.setattr(assembly, "write_rows", full)
        else:
            patch.setattr(run_folder, "write_part", third)
        with pytest.raises(RunError, match=f"no space left on the disk; {kept} of {shards} shards .*{ON_WAY}"):
            run_sharded(planned(scenario), tmp_path / "out", plot=False)
    assert not list((tmp_path / "out.parts").glob(".draft*"))
    assert not (tmp_path / "out").exists()
    run_sharded(planned(scenario), tmp_path / "out", resume=True, plot=False)
    same_files(contents(tmp_path / "out"), files)


def test_folders_that_cannot_be_used(whole, tmp_path):
    scenario, _ = whole
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"file/.*: Not a directory"):
        run_sharded(planned(scenario), tmp_path / "file" / "out")
    (tmp_path / "out.parts").write_text("")
    with pytest.raises(RunError, match=r"out\.parts: "):
        run_sharded(planned(scenario), tmp_path / "out")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder(whole, tmp_path):
    scenario, _ = whole
    parts = unfinished(scenario, tmp_path / "out")
    parts.chmod(0)
    try:
        with pytest.raises(RunError, match="Permission denied"):
            run_sharded(planned(scenario), tmp_path / "out", resume=True)
    finally:
        parts.chmod(0o755)


def test_an_unreadable_shard(whole, tmp_path, monkeypatch):
    scenario, _ = whole
    unfinished(scenario, tmp_path / "out")

    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied", "somewhere")

    monkeypatch.setattr(LocalStore, "open", denied)
    with pytest.raises(RunError, match=f"somewhere: Permission denied; 2 of . shards are kept.*{ON_WAY}"):
        run_sharded(planned(scenario), tmp_path / "out", resume=True)


def test_a_worker_that_is_killed_costs_nothing(whole, tmp_path):
    scenario, files = whole

    def kill(progress):
        if progress.shards == 1:
            for process in multiprocessing.active_children():
                os.kill(process.pid, signal.SIGKILL)

    run_sharded(planned(scenario, workers=2), tmp_path / "out", plot=False, on_progress=kill)
    same_files(contents(tmp_path / "out"), files)


def test_workers_that_are_killed_again_and_again_are_given_up(whole, tmp_path):
    scenario, _ = whole
    over = threading.Event()

    def kill_all():
        while not over.wait(0.1):
            for process in multiprocessing.active_children():
                with suppress(ProcessLookupError, TypeError):
                    os.kill(process.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_all)
    killer.start()
    try:
        with pytest.raises(
            RunError, match="ended from outside 3 times at shard 0, 1; if memory ran out, take fewer than 2"
        ):
            run_sharded(planned(scenario, workers=2), tmp_path / "out", plot=False)
    finally:
        over.set()
        killer.join()


# -- the command line


def test_a_timeline_keeps_the_fleet_engine_away(tmp_path):
    household = str(shards_kit.SCENARIOS / "household_rollover.yaml")
    result = cli("run", household, "--engine", "fleet", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr.startswith("--engine fleet: ")
    assert result.stderr.endswith("; take --engine reference\n")
    result = cli("run", household, "--workers", 2, "--no-plot", "--out", tmp_path / "out")
    assert result.exit_code == 0
    cli("run", household, "--no-plot", "--out", tmp_path / "one")
    assert contents(tmp_path / "out") == contents(tmp_path / "one")


def test_the_engine_that_fits(whole):
    scenario, _ = whole
    assert engine_for(scenario, "auto") is ENGINES["reference"]
    large = replace(scenario, end=scenario.start + 86_400 * 100_000)
    assert engine_for(large, "auto") is ENGINES["fleet"]
    assert engine_for(large, "reference") is ENGINES["reference"]
    assert engine_for(scenario, "fleet") is ENGINES["fleet"]
    timed = replace(large, timeline=(object(),))
    assert engine_for(timed, "auto") is ENGINES["reference"]
    with pytest.raises(EngineError, match="--engine fleet: the scenario has a timeline; take --engine reference"):
        engine_for(timed, "fleet")
    [first, *rest] = large.meters
    python = replace(large, meters=(replace(first, customer=replace(first.customer, behaviour=object)), *rest))
    assert engine_for(python, "auto") is ENGINES["reference"]
    with pytest.raises(EngineError, match="the customer ordinary has a behaviour in Python; take --engine reference"):
        engine_for(python, "fleet")
    with pytest.raises(RunError, match="has a behaviour in Python, which runs in one process"):
        planned(python, workers=2)


def test_the_run_file_says_what_it_is(whole, tmp_path):
    parts = unfinished(whole[0], tmp_path / "out")
    head = json.loads((parts / "run.json").read_text())
    assert head["shards"] == len(planned(whole[0]).shards)
    assert head["identity"]["seed"] == "5"
    assert sorted(path.name for path in parts.iterdir()) == ["lock", "run.json", "shard-00000", "shard-00001"]
    manifest = json.loads((parts / "shard-00001" / "manifest.json").read_text())
    assert manifest["pieces"][0]["area"] == "north"
    assert set(manifest["files"]) == {path.name for path in (parts / "shard-00001").iterdir()} - {"manifest.json"}


# -- URLs


def test_a_result_at_a_url(whole, tmp_path):
    scenario, files = whole
    for place in ("memory://town/out", f"file://{tmp_path}/out"):
        url = Url(place)
        with pytest.raises(Stopped):
            run_sharded(planned(scenario), url, plot=False, on_progress=stop_after(2))
        parts = UrlStore(url.beside(".parts"))
        assert parts.names() == ["run.json", "shard-00000", "shard-00001"]
        with pytest.raises(RunError, match="a run that is not over lies here, 2 of "):
            run_sharded(planned(scenario), url, plot=False)
        run_sharded(planned(scenario), url, resume=True, plot=False)
        store = UrlStore(url)
        same_files({name: store.read(name) for name in store.names()}, files)
        assert parts.names() == []
        run_sharded(planned(scenario), url, plot=False)  # over the earlier one
        store.write("letters.txt", b"dear")
        with pytest.raises(ResultError, match=r"holds letters\.txt"):
            run_sharded(planned(scenario), url, plot=False)
    with pytest.raises(RunError, match="only this process sees it; take one worker"):
        run_sharded(planned(scenario, workers=2), Url("memory://town/other"))
    with pytest.raises(ResultError, match="nowhere://out"):
        run_sharded(planned(scenario), Url("nowhere://out"))

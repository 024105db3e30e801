"""Runs on a Dask cluster: a scheduler and two workers on this machine, one of which is lost on the way."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from functools import partial

import distributed
import pytest
from click.testing import CliRunner

from meter_sim.cli import main
from meter_sim.sharded import run
from meter_sim.sharded.run import RunError, run_sharded
from meter_sim.sharded.store import Url, UrlStore
from meter_sim.sharded.work import Job
from tests.shards_kit import contents, in_one_piece, planned, same_files, stop_after, town

pytestmark = pytest.mark.filterwarnings("default")


@contextmanager
def cluster(workers, folder):
    """The address of a scheduler with so many workers, and the workers' processes."""
    told = folder / "scheduler.json"
    common = ("--scheduler-file", str(told))
    folders = ("--local-directory", str(folder))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    python = [sys.executable, "-m"]
    at = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter")
    processes = [subprocess.Popen([*python, "distributed.cli.dask_scheduler", *common, *at], **quiet)]
    try:
        for _ in range(workers):
            line = ("distributed.cli.dask_worker", *common, *folders, "--nthreads", "1", "--no-nanny", "--no-dashboard")
            processes.append(subprocess.Popen([*python, *line], **quiet))
        with distributed.Client(scheduler_file=str(told), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
            address = client.scheduler.address
        yield address, processes[1:]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    scenario = town(folder)
    return scenario, in_one_piece(scenario, folder / "out"), folder / "town.yaml"


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(whole, tmp_path):
    scenario, files, _ = whole
    with cluster(2, tmp_path) as (address, workers):

        def kill(progress):
            if progress.shards == 2:
                os.kill(workers[0].pid, signal.SIGKILL)

        plan = planned(scenario, most_meters=2, cluster=address)
        run_sharded(plan, tmp_path / "out", plot=False, on_progress=kill)
        same_files(contents(tmp_path / "out"), files)
        assert workers[0].wait() == -signal.SIGKILL
        assert workers[1].poll() is None
        assert not (tmp_path / "out.parts").exists()
        url = Url(f"file://{tmp_path}/at_url")
        with pytest.raises(Exception, match="go on with --resume"):
            run_sharded(planned(scenario, cluster=address), url, plot=False, on_progress=stop_after(2))
        run_sharded(planned(scenario, cluster=address), url, resume=True, plot=False)
        same_files({name: UrlStore(url).read(name) for name in UrlStore(url).names()}, files)


def test_what_a_cluster_cannot_do_is_one_line(whole, tmp_path, monkeypatch):
    scenario, _, file = whole
    with cluster(1, tmp_path) as (address, _):
        monkeypatch.setattr(run, "Job", partial(Job, version="0.0.0"))
        with pytest.raises(RunError, match=rf"--cluster {address}: the worker tcp://.* has meter_sim .*, not 0\.0\.0"):
            run_sharded(planned(scenario, cluster=address), tmp_path / "out")
        with pytest.raises(RunError, match="only this process sees it"):
            run_sharded(planned(scenario, cluster=address), Url("memory://cluster/out"))
    monkeypatch.setattr("meter_sim.sharded.cluster.CONNECT_WITHIN", 1)
    arguments = ["run", str(file), "--cluster", "tcp://127.0.0.1:1", "--out", str(tmp_path / "there")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("--cluster tcp://127.0.0.1:1: no scheduler answers;")
    assert result.stderr.count("\n") == 1


def test_without_dask_a_line_says_what_to_install(whole, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "meter_sim.sharded.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RunError, match=r"pip install 'meter_sim\[cluster\]'"):
        run_sharded(planned(whole[0], cluster="tcp://127.0.0.1:1"), tmp_path / "out")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    result = CliRunner().invoke(main, ["run", str(whole[2]), "--out", "s3://bucket/out"])
    assert result.exit_code == 2
    assert result.stderr == (
        "s3://bucket/out: a URL needs fsspec, which is not installed; run: pip install 'meter_sim[cluster]'\n"
    )

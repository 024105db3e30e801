"""A run in shards, from its first to its result."""

import errno
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from meter_sim.detail import Keep
from meter_sim.distribution import NEVER
from meter_sim.engine.shards import MOST_METERS, Memory, Shard, ShardError, shards_of
from meter_sim.results.folder import ResultError, put_in_place
from meter_sim.results.result import FILES, SUMMARY, check_replaceable
from meter_sim.scenario.scenario import Scenario
from meter_sim.sharded.assembly import Assembled, assemble
from meter_sim.sharded.engines import Engine, EngineError, check_spread
from meter_sim.sharded.identity import Choices
from meter_sim.sharded.pool import in_processes
from meter_sim.sharded.run_folder import RESULT_DRAFT, Done, Lock, RunError, RunFolder
from meter_sim.sharded.store import LocalStore, Store, StoreError, Url, UrlStore, parts_of
from meter_sim.sharded.work import ElsewhereError, Job

__all__ = ["Plan", "Progress", "RunError", "Stopped", "default_most_meters", "plan_of", "run_sharded"]

_LEAST_SHARDS = 64
_FEWEST_METERS = 100


class Stopped(Exception):
    """A run that was told to stop; one line, and the exit status that says by what."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that is to be carried out in shards.

    `workers` are processes of this machine; `cluster` is the address of a cluster's scheduler, which takes their place.
    """

    scenario: Scenario
    engine: Engine
    keep: Keep
    shards: tuple[Shard, ...]
    choices: Choices
    workers: int
    cluster: str | None

    @property
    def meters(self) -> int:
        """Meters of all shards."""
        return sum(shard.meters for shard in self.shards)


@dataclass(slots=True)
class Progress:
    """How far a run is: shards, meters and rows of events that are done, of so many shards and meters."""

    shards: int
    of_shards: int
    meters: int
    of_meters: int
    events: int


def default_most_meters(meters: int) -> int:
    """Meters of a shard: so many that there are some dozen shards, and not so many that a shard takes long."""
    return min(max(-(-meters // _LEAST_SHARDS), _FEWEST_METERS), MOST_METERS)


def plan_of(
    scenario: Scenario,
    engine: Engine,
    keep: Keep,
    *,
    workers: int = 1,
    cluster: str | None = None,
    memory: int | None = None,
    most_meters: int | None = None,
) -> Plan:
    """How a scenario is to be run; `memory` is bytes of this machine, None where nobody knows.

    Raises RunError where it cannot be cut, or not be handed to other processes.
    """
    there = None if memory is None else Memory(memory, engine.bytes_per_meter)
    try:
        if workers > 1 or cluster is not None:
            check_spread(scenario)
        most = most_meters or default_most_meters(scenario.meter_count)
        shards = shards_of(scenario, most, knows_places=engine.knows_places, memory=there)
    except (ShardError, EngineError) as error:
        raise RunError(str(error)) from None
    fitting = workers if there is None else there.workers(shards, workers)
    choices = Choices(engine.name, _told_events(keep), tuple(sorted(keep.traced)), most)
    return Plan(scenario, engine, keep, shards, choices, fitting, cluster)


def _told_events(keep: Keep) -> str:
    return str(keep.level) if keep.share == NEVER else f"{keep.level} and a sample of {keep.share}/2^32"


def run_sharded(
    plan: Plan,
    out: Path | Url,
    *,
    resume: bool = False,
    plot: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
) -> Assembled:
    """Run all shards that are not done yet, and write the result.

    Raises RunError or ResultError where the run cannot begin, go on or end, and Stopped where it was told to stop;
    the shards that are done are kept then.
    """
    check_target(out)
    store = parts_of(out)
    if not store.is_shared and (plan.workers > 1 or plan.cluster is not None):
        raise RunError(f"{store}: only this process sees it; take one worker, or name another --out")
    with _told(store, plan):
        if plan.cluster is None:
            plan.engine.prepare()  # once, not in each worker
        lock = Lock(store)
        try:
            folder = RunFolder.begun(store, plan.scenario, plan.choices, plan.shards, resume)
            _run_all(plan, folder, on_progress)
            assembled = _write(plan, out, store, plot)
            store.remove_all()
        finally:
            lock.release()
    return assembled


def check_target(out: Path | Url) -> None:
    """Refuse, with a ResultError, a place that a result may not replace."""
    if isinstance(out, Path):
        check_replaceable(out)
        return
    try:
        strange = next((name for name in UrlStore(out).names() if name not in FILES), None)
    except (StoreError, OSError) as error:
        raise ResultError(_one_line(error)) from None
    if strange is not None:
        raise ResultError(f"{out}: holds {strange}, which is no result; name a new folder or an earlier result")


def _run_all(plan: Plan, folder: RunFolder, on_progress: Callable[[Progress], None] | None) -> None:
    folder.clear()
    progress = Progress(0, len(plan.shards), 0, plan.meters, 0)

    def tell(done: Done) -> None:
        progress.shards += 1
        progress.meters += done.meters
        progress.events += done.events
        if on_progress is not None:
            on_progress(progress)

    left = []
    for shard in plan.shards:
        done = folder.done(shard)
        if done is None:
            left.append(shard)
        else:
            tell(done)
    job = Job(plan.scenario, plan.engine.name, plan.keep, folder.store, folder.run)
    with closing(_each(plan, job, left)) as each:
        for done in each:
            tell(done)


def _each(plan: Plan, job: Job, left: Sequence[Shard]) -> Generator[Done]:
    """Run what is left; whatever was begun for it has ended when this is closed."""
    if not left:
        return
    if plan.cluster is None:
        yield from in_processes(job, left, plan.workers)
        return
    try:
        from meter_sim.sharded.cluster import on_cluster
    except ImportError:
        raise RunError("--cluster needs Dask, which is not installed; run: pip install 'meter_sim[cluster]'") from None
    yield from on_cluster(job, left, plan.cluster)


def _write(plan: Plan, out: Path | Url, store: Store, plot: bool) -> Assembled:
    if isinstance(out, Path):
        assert isinstance(store, LocalStore)
        draft = store.folder / RESULT_DRAFT
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        assembled = _assembled(plan, store, draft, plot)
        check_target(out)
        put_in_place(draft, out.resolve())
        return assembled
    target = UrlStore(out)
    with store.draft() as draft:
        assembled = _assembled(plan, store, draft, plot)
        check_target(out)
        for name in target.names():
            target.remove(name)
        target.keep(draft, "", SUMMARY)
    return assembled


def _assembled(plan: Plan, store: Store, draft: Path, plot: bool) -> Assembled:
    traced, shards = plan.choices.traced, len(plan.shards)
    return assemble(plan.scenario, plan.engine.name, store, shards, draft, traced=traced, plot=plot)


@contextmanager
def _told(store: Store, plan: Plan) -> Iterator[None]:
    """Say in one line why a run ended early, and how it goes on."""
    try:
        yield
    except RunError as error:
        raise RunError(_with_way_on(str(error), store, plan)) from None
    except (ElsewhereError, EngineError, StoreError) as error:
        raise RunError(_with_way_on(_one_line(error), store, plan)) from None
    except OSError as error:
        what = "no space left on the disk" if error.errno == errno.ENOSPC else error.strerror or _one_line(error)
        raise RunError(_with_way_on(f"{error.filename or store}: {what}", store, plan)) from None
    except pa.ArrowException as error:
        raise RunError(_with_way_on(f"{store}: {_one_line(error)}", store, plan)) from None
    except KeyboardInterrupt:
        raise Stopped(_with_way_on("stopped", store, plan), 130) from None
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
        raise Stopped(_with_way_on("stopped", store, plan), status) from None


def _with_way_on(text: str, store: Store, plan: Plan) -> str:
    """The line, with the shards that are kept where there are any and it does not name a way on itself."""
    try:
        kept = sum(name.startswith("shard-") for name in store.names())
    except (OSError, StoreError):
        kept = 0
    if not kept or "--resume" in text or "begin anew" in text:
        return text
    return f"{text}; {kept} of {len(plan.shards)} shards are kept in {store}, go on with --resume"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__

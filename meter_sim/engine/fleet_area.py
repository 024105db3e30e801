"""The fleet engine on an area, or on a piece of one that shares nothing: the memory and the run of its kernel."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled import loop, state
from meter_sim.engine.compiled.books import DAY_WIDTH
from meter_sim.engine.compiled.decoder import ANSWER_SIZE
from meter_sim.engine.compiled.hands import TOO_MUCH_IN_HAND
from meter_sim.engine.compiled.log import LOG
from meter_sim.engine.compiled.proof import first_wrong
from meter_sim.engine.compiled.register import MISSING_KEY
from meter_sim.engine.compiled.set_up import FIRST_CODES, record_codes, set_up
from meter_sim.engine.compiled.vending import TOO_MANY_RUNS
from meter_sim.engine.fleet_world import FleetError, Numbers, Records, World, openings_of
from meter_sim.meter.answer import Status
from meter_sim.people.help_desk import Desk
from meter_sim.programme import Area
from meter_sim.scenario.compiled_population import pans_of
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.sts.dkga import Dkga
from meter_sim.sts.identity import Encryption
from meter_sim.sts.key_columns import Meters, derive

_NOWHERE = Area("")
_POOL_TYPES: dict[str, np.dtype[Any]] = {
    "helds": state.HELD,
    "hands": state.HAND,
    "opens": state.OPEN,
    "keys": state.KEY,
    "processes": state.PROCESS,
}
_FILLED_TYPES: dict[str, np.dtype[Any]] = {
    "log": LOG,
    "waits": state.WAIT,
    "heap": state.HEAP,
    "tasks": state.HEAP,
    "appointments": state.HEAP,
    "returns": np.dtype(np.int64),
    "wanted": np.dtype(np.int64),
    "proof_clears": np.dtype(np.uint64),
}
_FAULTS = {
    MISSING_KEY: "a decoder key is wanted that cannot be made",
    TOO_MUCH_IN_HAND: f"a customer holds more than {state.MOST_HELD} tokens of one slip or message",
    TOO_MANY_RUNS: "the clock of the first point of sale is too far behind that of another one that sells to a meter",
}
_PROOFS = 8192
"""Tokens that are proved at a time."""
STATES = (
    *range(of.METERS, of.DEAD_RECORDS + 1),
    *range(of.TRUE, of.TRUE + 6),
    *range(of.REGISTER, of.REGISTER + 5),
    of.PRESUMED_NOT_CHANGED,
    of.CHANGED_NOT_PRESUMED,
    of.VISITS_WAITING,
    of.REPLACEMENTS_WAITING,
    of.STOCK,
)
"""Columns in which a kernel notes changes, which are added up over the days in the end."""


class AreaRun:
    """One run of the kernel.

    `setups` are the connections in the order of the scenario; `place` is where the first of them stands in its area,
    which has `of_area` in all.
    """

    def __init__(
        self,
        world: World,
        area: Area | None,
        setups: Records,
        listed: Sequence[MeterSetup],
        keep: NDArray[np.uint8],
        place: int,
        of_area: int,
    ) -> None:
        self.world = world
        self.setups = setups
        self._arrays: dict[str, Any] = {}
        self._area = area or _NOWHERE
        self._record = np.zeros(1, state.FLEET)
        self.fleet: Any = self._record[0]
        self._fill_globals(of_area)
        self._fill_area(listed)
        self._fill_pools()
        codes = np.zeros((len(setups), FIRST_CODES), np.int64)
        record_codes(self.fleet, setups, world.groups, codes)
        self._own_pans()
        self._derive_first(codes)
        means = np.array([load.mean for load in world.kinds.loads] or [0], np.int64)
        set_up(self.fleet, setups, codes, keep, self._tid_room, place, means)
        for row, meter in enumerate(listed):
            self._put_listed(row, meter)

    # -- memory ------------------------------------------------------------------------------------------------

    def _put(self, name: str, array: Any, room: int | None = None) -> None:  # noqa: ANN401
        """Give the kernel an array, and keep it alive."""
        self._arrays[name] = array
        self.fleet[name] = array.ctypes.data
        self.fleet[f"room_{name}"] = array.size if room is None else room

    def array(self, name: str) -> Any:  # noqa: ANN401
        """An array that the kernel has."""
        return self._arrays[name]

    def filled(self, name: str) -> Any:  # noqa: ANN401
        """What an array holds that fills up from the start."""
        return self._arrays[name][: int(self.fleet[f"n_{name}"])]

    def _grow(self, name: str, least: int) -> None:
        """Make a pool or an array larger, by half at least."""
        old = self._arrays[name]
        new = np.zeros(max(len(old) + len(old) // 2, len(old) + least), old.dtype)
        new[: len(old)] = old
        if name in _POOL_TYPES:
            new["next"][len(old) :] = np.arange(len(old) + 1, len(new) + 1)
            new["next"][-1] = self.fleet[f"free_{name}"]
            self.fleet[f"free_{name}"] = len(old)
            self.fleet[f"left_{name}"] += len(new) - len(old)
        self._put(name, new)

    def _fill_pools(self) -> None:
        meters = len(self.setups)
        sizes = {
            "helds": 2 * meters,
            "hands": meters + meters // 4,
            "opens": 4 * meters,
            "keys": 2 * meters + meters // 8,
            "processes": meters + meters // 4 + self._visits_a_day(),
            "heap": 2 * meters,
            "tasks": meters,
            "proof_clears": _PROOFS,
            "wanted": 4 * len(self.world.groups),
        }
        for name, dtype in _POOL_TYPES.items():
            pool = np.zeros(sizes[name] + 4 * state.MARGIN, dtype)
            pool["next"] = np.arange(1, len(pool) + 1)
            pool["next"][-1] = -1
            self._put(name, pool)
            self.fleet[f"free_{name}"] = 0
            self.fleet[f"left_{name}"] = len(pool)
        for name, dtype in _FILLED_TYPES.items():
            self._put(name, np.zeros(sizes.get(name, 0) + 4 * state.MARGIN, dtype))
        self._put("proof_keys", np.zeros(_PROOFS + 4 * state.MARGIN, np.uint64))
        self._put("put_back", np.zeros(2 * meters + state.MARGIN, state.HEAP))

    def _visits_a_day(self) -> int:
        depot = self._area.depot
        return 0 if depot is None else depot.crews * depot.visits_per_day

    # -- what a run and an area are ----------------------------------------------------------------------------

    def _fill_globals(self, of_area: int) -> None:
        world, scenario, fleet = self.world, self.world.scenario, self.fleet
        for name in ("customers", "models", "vending_keys", "points_of_sale", "groups"):
            self._put(name, getattr(world, name))
        self._put("tables", world.tables)
        self._put("closes", world.closes)
        self._put("midnights", world.midnights)
        self._put("local_days", world.local_days)
        self._put("whole_days", world.whole_days)
        self._arrays["loads"] = loads = world.loads._replace(boxes=world.loads.boxes.copy())
        loads.put_into(fleet)
        self._put("connections", np.zeros(len(self.setups), state.CONNECTION))
        sizes = [model.tid_store for model in world.kinds.models]
        self._tid_room = max(sizes, default=1)
        self._put("tids", np.zeros(len(self.setups) * self._tid_room + 1, np.int32))
        self._put("answer", np.zeros(ANSWER_SIZE, np.int64))
        self._put("counts", np.zeros((of.WIDTH, len(world.days)), np.int64))
        self._put("entries", np.zeros((len(Status), len(world.days)), np.int64))
        values: dict[str, int] = {
            "seed": scenario.seed,
            "start": scenario.start,
            "end": scenario.end,
            "days": len(world.days),
            "wraps_or_lists": world.several_lists,
            "replacement": world.replacement,
            "force_rollover": -1 if scenario.force_rollover is None else int(scenario.force_rollover),
            "kwh_price": scenario.costs.kwh,
            "in_area": max(of_area, 1),
            "readings_every": scenario.readings_every,
            "current": -1,
        }
        programme = scenario.programme
        if programme is not None:
            plan, lending = programme.plan, programme.lending
            values |= {
                "programme": 1,
                "replace_all": programme.replace_all,
                "from_revision": programme.from_revision,
                "scope_group": -1 if programme.supply_group is None else int(programme.supply_group),
                "to_revision": plan.key_revision,
                "to_group": -1 if plan.supply_group is None else int(plan.supply_group),
                "to_tariff": -1 if plan.tariff_index is None else int(plan.tariff_index),
                "to_expiry": -1 if plan.key_expiry is None else plan.key_expiry,
                "three_sections": plan.three_sections,
                "credit_until": -1 if programme.credit_until is None else programme.credit_until,
            }
            if lending is not None:
                values |= {
                    "lends": 1,
                    "lend_start": lending.start,
                    "lend_until": lending.until,
                    "lend_tenths": lending.tenths,
                    "pay_back": lending.pay_back,
                }
        for name, value in values.items():
            fleet[name] = value

    def _fill_area(self, listed: Sequence[MeterSetup]) -> None:
        world, area, fleet = self.world, self._area, self.fleet
        programme = world.steps(area.name)
        self._put("steps", programme.steps)
        self._put("phases", programme.phases)
        fleet["sales_per_hour"] = -1 if area.sales_per_hour is None else area.sales_per_hour
        fleet["busy_retry"] = area.busy_retry
        fleet["sales_hour"] = -1
        fleet["words_of"] = -1
        self._put("outages", np.array([at for span in area.outages for at in (span.start, span.end)], np.int64))
        hours = [desk.hours for desk in (area.help_desk, area.office, area.depot) if desk is not None]
        holidays = sorted({day for one in hours for day in one.holidays})
        self._put("holidays", np.array(holidays, np.int64))
        desks = np.zeros(2, state.DESK)
        for place, (name, desk) in enumerate((("help_desk", area.help_desk), ("office", area.office))):
            if desk is not None:
                self._fill_desk(desks[place], name, desk)
        self._put("desks", desks)
        opens, closes = openings_of(world.scenario, area)
        self._put("openings", opens)
        self._put("closings", closes)
        depot = area.depot
        fleet["barrier_at"] = state.LATE
        deliveries: list[int] = []
        if depot is not None and world.scenario.programme is not None:
            deliveries = [number for one in depot.deliveries for number in (one.at, one.meters)]
            fleet["depot"] = True
            fleet["counter_sells"] = world.replacement >= 0
            for name in (
                "crews",
                "visits_per_day",
                "no_access",
                "calls_back",
                "appointment_after",
                "revisit_after",
                "most_visits",
                "replacement_takes",
                "stock",
            ):
                fleet[name] = getattr(depot, name)
            self._arrays["counts"][of.STOCK, 0] += depot.stock
        self._put("deliveries", np.array(deliveries, np.int64))
        self._put("busy", np.zeros(max(int(fleet["crews"]), 1), np.int64))
        rows = np.zeros((len(listed), len(world.days), DAY_WIDTH), np.int64)
        self._put("day_rows", rows)
        readings = -(-(world.scenario.end - world.scenario.start) // world.scenario.readings_every)
        self._put("reading_rows", np.zeros(4 * len(listed) * readings, np.int64))

    def _fill_desk(self, row: Any, name: str, desk: Desk) -> None:  # noqa: ANN401
        free = np.zeros(max(desk.staff, 1), np.int64)
        waiting = np.zeros(2 * len(self.setups) + state.MARGIN, np.int64)
        self._arrays[f"{name}_free"], self._arrays[f"{name}_waiting"] = free, waiting
        values: dict[str, int] = {
            "there": True,
            "staff": desk.staff,
            "service": self.world.desk_tables[self._area.name, name],
            "patience": -1 if desk.patience is None else desk.patience,
            "opens": desk.hours.opens,
            "closes": desk.hours.closes,
            "weekdays": sum(1 << day for day in desk.hours.weekdays),
            "free": free.ctypes.data,
            "waiting": waiting.ctypes.data,
            "waiting_room": len(waiting),
        }
        for field, value in values.items():
            row[field] = value

    def _put_listed(self, row: int, meter: MeterSetup) -> None:
        """What only listed meters have: registers of several services, and rows of their own."""
        connection = self._arrays["connections"][row]
        for service, balance in meter.registers:
            connection["others"][service - 1] = balance
        connection["day_row"] = row
        self._arrays["day_rows"][row, 0, 0] = meter.credit
        loop.refresh_switch(self.fleet, row)

    # -- keys --------------------------------------------------------------------------------------------------

    def _own_pans(self) -> None:
        """The PANs under which records may be: the register's, the meter's own, the replacement's."""
        pans = np.zeros((len(self.setups), 3), np.uint64)
        pans[:, 0], pans[:, 1] = self.setups["pan"], self.setups["true_pan"]
        if self.world.replacement >= 0:
            column = np.zeros(len(self.setups), np.uint64)
            pans_of(np.ascontiguousarray(self.setups["connection"]), 1, column)
            pans[:, 2] = column
        self._pans = pans
        connections = self._arrays["connections"]
        connections["pans"] = pans
        connections["keys"] = -1
        connections["number"] = self.setups["connection"]

    def _derive_first(self, codes: Numbers) -> None:
        for column in range(codes.shape[1]):
            wanted = np.ones(len(codes), np.bool_)
            for before in range(column):
                wanted &= codes[:, column] != codes[:, before]
            rows = np.flatnonzero(wanted)
            self._make_keys(rows, codes[rows, column])

    def _make_wanted(self) -> None:
        """Make the keys that the kernel asked for."""
        pairs = self.filled("wanted").reshape(-1, 2)
        rows, codes = pairs[:, 0].copy(), pairs[:, 1].copy()
        self.fleet["n_wanted"] = 0
        _, first = np.unique(np.stack([rows, codes]), axis=1, return_index=True)
        for place in np.sort(first):
            self._make_keys(rows[place : place + 1], codes[place : place + 1])

    def _make_keys(self, rows: Numbers, codes: Numbers) -> None:
        """Derive the keys of these records, each connection at most once, and add them to the lists."""
        world = self.world
        short = int(len(rows) + 4 * state.MARGIN - self.fleet["left_keys"])
        if short > 0:
            self._grow("keys", short)
        models = np.where(codes & 3 == 2, world.replacement, self.setups["model"][rows])
        is_long = world.models["is_long"][models]
        for key, attributes in zip(world.scenario.vending_keys, world.vending_keys, strict=True):
            ours = (codes >> 13 == int(attributes["group"])) & (codes >> 2 & 15 == key.key_revision)
            for encryption in Encryption:
                mask = ours & (is_long == (encryption is Encryption.EA11))
                if not mask.any():
                    continue
                here, records = rows[mask], codes[mask]
                number = len(here)
                if key.dkga is Dkga.DKGA02 and encryption is Encryption.EA11:
                    self._add_keys(here, records, np.zeros((number, 1), np.uint64), there=False)
                    continue
                meters = Meters(
                    np.ascontiguousarray(self._pans[here, records & 3]),
                    np.full(number, int(key.supply_group), np.uint32),
                    (records >> 6 & 127).astype(np.uint8),
                    np.full(number, key.key_revision, np.uint8),
                    np.full(number, int(key.key_type), np.uint8),
                )
                words = derive(meters, key.dkga, key.value, key.base_date, encryption).words
                self._add_keys(here, records, words)

    def _add_keys(self, rows: Numbers, codes: Numbers, words: NDArray[np.uint64], *, there: bool = True) -> None:
        pool, connections = self._arrays["keys"], self._arrays["connections"]
        places = np.empty(len(rows), np.int64)
        free = int(self.fleet["free_keys"])
        nexts = pool["next"]
        if len(rows) > 1 and bool((nexts[free : free + len(rows)] == np.arange(free + 1, free + len(rows) + 1)).all()):
            places[:] = np.arange(free, free + len(rows))
            free += len(rows)
        else:
            for place in range(len(rows)):
                places[place] = free
                free = int(nexts[free])
        self.fleet["free_keys"] = free
        self.fleet["left_keys"] -= len(rows)
        pool["record"][places] = codes
        pool["there"][places] = there
        pool["high"][places] = words[:, 0]
        pool["low"][places] = words[:, 1] if words.shape[1] == 2 else 0
        pool["next"][places] = connections["keys"][rows]
        connections["keys"][rows] = places

    # -- the run -----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run to the end. Raises FleetError where the engine comes to a limit of its own."""
        loop.set_barrier(self.fleet)
        while loop.run_area(self.fleet) == loop.NEEDS:
            if self.fleet["n_wanted"]:
                self._make_wanted()
            self._prove()
            self._make_room()
        self._prove()
        if self.fleet["fault"]:
            raise FleetError(
                f"the fleet engine cannot run the area {self._area.name} to its end, as "
                f"{_FAULTS[int(self.fleet['fault'])]}; take --engine reference"
            )
        counts = self._arrays["counts"]
        states = list(STATES)
        counts[states] = counts[states].cumsum(axis=1)

    def _prove(self) -> None:
        """Encipher and decipher the tokens that were entered. Raises AssertionError if one does not come out right."""
        number = int(self.fleet["n_proof_clears"])
        if first_wrong(self._arrays["proof_clears"], self._arrays["proof_keys"], number) >= 0:
            raise AssertionError("a token was taken for what it is not")  # pragma: no cover
        self.fleet["n_proof_clears"] = 0

    def _make_room(self) -> None:
        least = 4 * state.MARGIN
        for name in _POOL_TYPES:
            more = self._visits_a_day() if name == "processes" else 0
            if self.fleet[f"left_{name}"] < state.MARGIN + more:
                self._grow(name, least + more)
        for name in _FILLED_TYPES:
            if self.fleet[f"room_{name}"] - self.fleet[f"n_{name}"] < state.MARGIN:
                self._grow(name, least)

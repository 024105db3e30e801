"""What the scenario in a result says of keys, phases and listed meters, read by the ordinary reader.

Its populations, customers and behaviours are not put together again: pictures need none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meter_sim.results.plots.needs import PictureError
from meter_sim.scenario.builder import build
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.form import validated
from meter_sim.scenario.quantities import Time
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.scenario.schema import HIDDEN_KEY
from meter_sim.scenario.source import Source, Value, parse
from meter_sim.scenario.zone import instant, zone_named
from meter_sim.sts.tid import BaseDate

if TYPE_CHECKING:
    from meter_sim.results.result import Result

_STAND_IN = "test:old"
"""In place of a key that the result does not tell; no picture depends on a key's value."""
_OF_ONE_METER = ("version", "name", "start", "end", "timezone", "supply_groups", "meter_models")
"""What a meter by itself needs of its scenario."""
_OF_ITS_HOME = ("customer", "area", "load")
_OF_THE_OLD_ONE = ("encryption", "credit", "registers")


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A vending key as pictures name it, with the instants (seconds, UTC) between which it issues; None is no bound."""

    supply_group: str
    key_revision: int
    base_date: BaseDate
    issue_from: int | None
    issue_until: int | None


@dataclass(frozen=True, slots=True)
class KeptPhase:
    """A phase of the programme; instants are seconds (UTC), None is no end."""

    area: str
    channel: str
    start: int
    end: int | None


class KeptScenario:
    """The scenario of a result. Raises PictureError if its text cannot be read."""

    def __init__(self, result: "Result") -> None:
        try:
            self._source = parse(result.scenario_text, "scenario.yaml")
            _put_stand_ins(self._source.tree)
            self._spec = validated(self._source)
        except ScenarioError as error:
            raise _unreadable(error) from None
        self._zone = zone_named(self._spec.timezone)

    @property
    def keys(self) -> tuple[KeptKey, ...]:
        """The vending keys, in the order of the file."""
        return tuple(
            KeptKey(
                group, key.key_revision, key.base_date, self._instant(key.issue_from), self._instant(key.issue_until)
            )
            for group, of_group in self._spec.supply_groups.items()
            for key in of_group.vending_keys
        )

    @property
    def phases(self) -> tuple[KeptPhase, ...]:
        """The phases of the programme by area; none without a programme."""
        return tuple(self._phases())

    @property
    def credit_until(self) -> int | None:
        """The last minute of credit under the old key, seconds (UTC)."""
        programme = self._spec.programme
        return None if programme is None else self._instant(programme.credit_until)

    @property
    def key_change_until(self) -> int | None:
        """The last minute in which key changes are issued, seconds (UTC)."""
        programme = self._spec.programme
        return None if programme is None else self._instant(programme.key_change_until)

    @property
    def has_programme(self) -> bool:
        """Whether keys are changed by a programme."""
        return self._spec.programme is not None

    def setup(self, meter: str) -> MeterSetup:
        """A listed meter as it is at the start."""
        return self._built(self._meter(meter))

    def base_date(self, supply_group: str, key_revision: int) -> BaseDate:
        """The base date of a vending key of the file."""
        wanted = supply_group, key_revision
        return next(key.base_date for key in self.keys if (key.supply_group, key.key_revision) == wanted)

    def replacement(self, meter: str, key_revision: int) -> MeterSetup:
        """The meter that the programme puts in place of a listed one, which holds a key of this revision.

        Its key is the one that the programme changes to; its credit and its TID of manufacture are not told here.
        Raises PictureError if nothing says what it is replaced by.
        """
        programme = self._spec.programme
        if programme is None or programme.replace_with is None:
            raise PictureError(f"scenario.yaml: nothing says by which model the meter {meter!r} is replaced")
        left = {key: value for key, value in self._meter(meter).items() if key not in _OF_THE_OLD_ONE}
        if programme.change_key.supply_group is not None:
            left["supply_group"] = programme.change_key.supply_group
        return self._built(left | {"model": programme.replace_with, "key_revision": str(key_revision)})

    def _phases(self) -> Iterator[KeptPhase]:
        programme = self._spec.programme
        for area, phases in programme.phases.items() if programme is not None else ():
            for phase in phases:
                start = self._instant(phase.start)
                assert start is not None
                yield KeptPhase(area, phase.channel.value, start, self._instant(phase.end))

    def _instant(self, time: Time | None) -> int | None:
        return None if time is None else instant(time, self._zone)

    def _meter(self, name: str) -> dict[str, Value]:
        """What the file says of a listed meter, without its home."""
        tree = self._source.tree
        assert isinstance(tree, dict)
        meters = tree["meters"]
        assert isinstance(meters, list)
        for meter in meters:
            if isinstance(meter, dict) and meter["name"] == name:
                return {key: value for key, value in meter.items() if key not in _OF_ITS_HOME}
        raise PictureError(f"scenario.yaml: no meter is called {name!r}")

    def _built(self, meter: dict[str, Value]) -> MeterSetup:
        """A meter put together by itself."""
        tree = self._source.tree
        assert isinstance(tree, dict)
        alone: dict[str, Value] = {key: value for key, value in tree.items() if key in _OF_ONE_METER}
        source = Source("scenario.yaml", alone | {"meters": [meter]})
        try:
            return build(source, validated(source), Path()).meters[0]
        except ScenarioError as error:
            raise _unreadable(error) from None


def _put_stand_ins(tree: Value) -> None:
    """Put a built-in test key where the result hides a key, so that the reader takes the text."""
    groups = tree.get("supply_groups") if isinstance(tree, dict) else None
    for group in groups.values() if isinstance(groups, dict) else ():
        keys = group.get("vending_keys") if isinstance(group, dict) else None
        for key in keys if isinstance(keys, list) else ():
            if isinstance(key, dict) and key.get("key") == HIDDEN_KEY:
                key["key"] = _STAND_IN


def _unreadable(error: ScenarioError) -> PictureError:
    return PictureError(f"the scenario in the result cannot be read: {error.faults[0]}")

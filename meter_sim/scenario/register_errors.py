"""What is wrong in the vending side's register at the start: records that say something else than the meters hold."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum, auto
from itertools import accumulate

from meter_sim.distribution import Chance, chance
from meter_sim.draws import Trait
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.household import Household
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.scenario.schema_area import RegisterErrorsSpec
from meter_sim.scenario.source import Place
from meter_sim.sts.identity import Encryption
from meter_sim.vending.secure_module import MeterRecord


class RegisterError(Enum):
    """What a record has wrong."""

    SUPPLY_GROUP = auto()
    KEY_REVISION = auto()
    TARIFF_INDEX = auto()
    SWAPPED = auto()
    DEAD = auto()


class RegisterErrors:
    """Which records are wrong, and what the meters of these hold. `groups` are the key revisions by supply group."""

    def __init__(self, faults: Faults, spec: RegisterErrorsSpec, groups: Mapping[str, list[int]]) -> None:
        self._faults = faults
        self._spec = spec
        self._groups = groups
        shares = (spec.supply_group, spec.key_revision, spec.tariff_index, spec.swapped, spec.dead)
        self._bounds = tuple(chance(bound) for bound in accumulate(shares))
        self._other_group: dict[tuple[str, int], str] = {}
        self._other_revision: dict[tuple[str, int], int] = {}

    def find_other_keys(self, keys: Iterable[tuple[str, int]]) -> None:
        """Find the wrong values for records of these supply groups and key revisions; what has none is noted."""
        path: Place = ("population", "register_errors")
        for group, revision in sorted(keys):
            groups = list(self._groups)
            place = groups.index(group)
            others = [name for name in groups[place + 1 :] + groups[:place] if revision in self._groups[name]]
            if others:
                self._other_group[group, revision] = others[0]
            elif self._spec.supply_group:
                what = f"no other supply group than {group} has a vending key of key revision {revision}"
                self._faults.add((*path, "supply_group"), what)
            revisions = self._groups[group]
            if len(revisions) > 1:
                behind = revisions.index(revision) + 1
                self._other_revision[group, revision] = revisions[behind % len(revisions)]
            elif self._spec.key_revision:
                what = f"supply group {group} has no other vending key than that of key revision {revision}"
                self._faults.add((*path, "key_revision"), what)

    def other_keys(self, group: str, revision: int) -> tuple[tuple[str, int], tuple[str, int]]:
        """The keys that meters hold instead, with a record of a wrong supply group and of a wrong key revision."""
        other, behind = self._other_group.get((group, revision)), self._other_revision.get((group, revision))
        return (group if other is None else other, revision), (group, revision if behind is None else behind)

    @property
    def bounds(self) -> tuple[Chance, ...]:
        """Up to which 32-bit draw a record has each error, in the order of `RegisterError`."""
        return self._bounds

    def drawn(self, household: Household) -> RegisterError | None:
        """What is wrong with a household's record, if anything."""
        if not self._bounds[-1]:
            return None
        place = bisect_right(self._bounds, household.word(Trait.REGISTER))
        return list(RegisterError)[place] if place < len(self._bounds) else None

    def truth(self, record: MeterRecord, error: RegisterError | None) -> MeterRecord:
        """What a meter holds whose record has this error."""
        name = record.supply_group, record.key_revision
        if error is RegisterError.SUPPLY_GROUP:
            return replace(record, supply_group=self._other_group[name])
        if error is RegisterError.KEY_REVISION:
            return replace(record, key_revision=self._other_revision[name])
        if error is RegisterError.TARIFF_INDEX:
            return replace(record, tariff_index=f"{int(record.tariff_index) % 99 + 1:02d}")
        return record

    @staticmethod
    def swap(meters: list[MeterSetup], swapped: Iterable[int]) -> None:
        """Let pairs have each other's PAN: neighbours of one area and algorithm among those at these places."""
        waiting: dict[tuple[str, Encryption], int] = {}
        for place in swapped:
            meter = meters[place]
            of = meter.area, meter.record.encryption
            if of not in waiting:
                waiting[of] = place
                continue
            other = waiting.pop(of)
            pans = meter.record.pan, meters[other].record.pan
            meters[place] = replace(meter, truth=replace(meter.record, pan=pans[1]))
            meters[other] = replace(meters[other], truth=replace(meters[other].record, pan=pans[0]))

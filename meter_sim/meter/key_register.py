"""The key register: the decoder key, what it is for, and the sections of a change under way."""

from dataclasses import dataclass, replace

from meter_sim.meter.model import MeterModel
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.identity import KeyType
from meter_sim.sts.key_change import NewKey, needed
from meter_sim.sts.token import FirstSection, KeyChangeSection


@dataclass(frozen=True, slots=True)
class KeyRegister:
    """What a meter knows of its key (C). It does not know the base date; only the key's value decides."""

    key: DecoderKey
    key_type: KeyType
    supply_group: str
    key_revision: int
    tariff_index: str
    key_expiry: int

    @property
    def shown(self) -> str:
        """KRN and key type as a display shows them, such as 1.2 before the rollover and 2.2 after (L)."""
        return f"{self.key_revision}.{self.key_type.value}"

    def changed(self, new: NewKey) -> "KeyRegister":
        """The register after a change; where the set carries no SGC the meter's own stays (C)."""
        return replace(
            self,
            key=new.key,
            key_type=new.key_type,
            key_revision=new.key_revision,
            tariff_index=new.tariff_index,
            key_expiry=new.key_expiry,
            supply_group=new.supply_group or self.supply_group,
        )


class PendingSections:
    """Sections entered but not yet complete; in RAM, so a power cycle loses them (C/L).

    Sections come in any order and a repeat replaces its like. Nothing says which change a section belongs to. All
    are dropped once `timeout` seconds have passed since the latest (L; default of the meter model 10 minutes).
    """

    def __init__(self, model: MeterModel) -> None:
        self._timeout = model.kct_timeout
        self._encryption = model.encryption
        self._takes_three = model.kcts >= 3
        self._sections: dict[int, KeyChangeSection] = {}
        self._latest = 0

    def held(self, now: int) -> tuple[int, ...]:
        """The subclasses of the sections that are pending at this second, in the order of printing."""
        self._expire(now)
        return tuple(sorted(self._sections))

    def kept_until(self, now: int) -> int:
        """The first second at which what is pending is dropped; `now` if nothing is."""
        return self._latest + self._timeout if self.held(now) else now

    def completed_by(self, section: KeyChangeSection, now: int) -> tuple[KeyChangeSection, ...]:
        """The whole set that a section completes, in the order of printing, or nothing; nothing changes."""
        self._expire(now)
        sections = {**self._sections, section.subclass: section}
        first = sections.get(3)
        if not isinstance(first, FirstSection):
            return ()
        wanted = needed(first, self._encryption, takes_three=self._takes_three)
        complete = all(subclass in sections for subclass in wanted)
        return tuple(sections[subclass] for subclass in wanted) if complete else ()

    def add(self, section: KeyChangeSection, now: int) -> None:
        """Keep a section that does not complete a set."""
        self._expire(now)
        self._latest = now
        self._sections[section.subclass] = section

    def clear(self) -> None:
        """Forget all sections, as a power cycle does."""
        self._sections.clear()

    def _expire(self, now: int) -> None:
        if now >= self._latest + self._timeout:
            self.clear()

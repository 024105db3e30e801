"""The key register: the decoder key, what it is for, and the sections of a change under way."""

from dataclasses import dataclass, replace

from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.identity import KeyType
from meter_sim.sts.key_change import KeyChangeSection, NewKey, join
from meter_sim.sts.token import FirstSection, SecondSection


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
        """The register after a two-section change; the SGC is not carried and stays (C)."""
        return replace(
            self,
            key=new.key,
            key_type=new.key_type,
            key_revision=new.key_revision,
            tariff_index=new.tariff_index,
            key_expiry=new.key_expiry,
        )


class PendingSections:
    """Sections entered but not yet complete; in RAM, so a power cycle loses them (C/L).

    Sections come in any order and a repeat replaces its like. Nothing says which change a section belongs to. All
    are dropped once `timeout` seconds have passed since the latest (L; default of the meter model 10 minutes).
    """

    def __init__(self, timeout: int) -> None:
        self._timeout = timeout
        self._first: FirstSection | None = None
        self._second: SecondSection | None = None
        self._latest = 0

    def held(self, now: int) -> tuple[int, ...]:
        """The subclasses of the sections that are pending at this second."""
        self._expire(now)
        return tuple(section.subclass for section in (self._first, self._second) if section is not None)

    def add(self, section: KeyChangeSection, now: int) -> NewKey | None:
        """Take a section; the new key if the set is now complete, after which nothing is pending."""
        self._expire(now)
        self._latest = now
        if isinstance(section, FirstSection):
            self._first = section
        else:
            self._second = section
        if self._first is None or self._second is None:
            return None
        new = join(self._first, self._second)
        self.clear()
        return new

    def clear(self) -> None:
        """Forget all sections, as a power cycle does."""
        self._first = self._second = None

    def _expire(self, now: int) -> None:
        if now >= self._latest + self._timeout:
            self.clear()

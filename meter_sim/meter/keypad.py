"""The keypad: digits with a time-out, and the lock-out after wrong entries (L)."""

from meter_sim.meter.model import MeterModel
from meter_sim.sts.token import DIGITS

BACKSPACE = "<"


class Keypad:
    """Collects digits; the twentieth completes an entry.

    A pause of more than `timeout` seconds between two keys forgets what was typed.
    """

    def __init__(self, timeout: int) -> None:
        self._timeout = timeout
        self._typed = ""
        self._latest = 0

    @property
    def typed(self) -> str:
        """The digits typed so far."""
        return self._typed

    def standing(self, now: int) -> str:
        """The digits that the next key would still find at this second."""
        return self._typed if now <= self.forgets_after else ""

    @property
    def forgets_after(self) -> int:
        """The last second at which a key still finds what was typed."""
        return self._latest + self._timeout

    def clear(self) -> None:
        """Forget what was typed, as a loss of power does."""
        self._typed = ""

    def press(self, key: str, now: int) -> str | None:
        """Press a digit or BACKSPACE; returns the 20 digits when they are complete. Other keys do nothing."""
        self._typed = self.standing(now)
        self._latest = now
        if key == BACKSPACE:
            self._typed = self._typed[:-1]
        elif len(key) == 1 and key in "0123456789":
            self._typed += key
        if len(self._typed) < DIGITS:
            return None
        entry, self._typed = self._typed, ""
        return entry


class Lockout:
    """Refuses entries for a while after wrong ones: the third locks for 10 s, each further one for twice as long.

    An accepted token clears it (L). What counts is the meter's to say (G): as wrong CRCError only, of any class, as
    accepted a credit, management or key change token, not a meter test. A power cycle changes nothing (G).
    """

    def __init__(self, model: MeterModel) -> None:
        self._after = model.lockout_after
        self._first = model.lockout_first
        self._longest = model.lockout_longest
        self._wrong = 0
        self._until = 0

    @property
    def until(self) -> int:
        """The first second at which entries are taken again."""
        return self._until

    def holds(self, now: int) -> bool:
        """Whether the meter is locked at this second."""
        return now < self._until

    def count_wrong(self, now: int) -> None:
        """Note a wrong entry."""
        self._wrong += 1
        if self._after and self._wrong >= self._after:
            doublings = min(self._wrong - self._after, 32)
            self._until = now + min(self._first << doublings, self._longest)

    def clear(self) -> None:
        """Note an accepted token."""
        self._wrong = 0
        self._until = 0

"""What becomes of every token that is issued for a connection: each is in exactly one end state."""

from collections import Counter
from dataclasses import dataclass

from meter_sim.meter.answer import Answer
from meter_sim.meter.meter import Meter
from meter_sim.results.outcome import Fate
from meter_sim.vending.secure_module import IssuedToken, MeterRecord


@dataclass(slots=True)
class _Open:
    """A token that the meter has not accepted yet; `tenths` are what it says, of a credit token for electricity."""

    record: MeterRecord | None
    tenths: int
    tried: bool = False


class Ledger:
    """The tokens of one connection, by their digits; those that were accepted are only counted.

    `issued` counts tokens, each once however often it is printed.
    """

    def __init__(self) -> None:
        self.issued = 0
        self.accepted = 0
        self._open: dict[str, _Open] = {}

    def issue(self, token: IssuedToken, tenths: int) -> bool:
        """Note a token that is handed out; whether it is another than those that are open already."""
        if token.digits in self._open:
            return False
        self.issued += 1
        self._open[token.digits] = _Open(token.record, tenths)
        return True

    def enter(self, digits: str, answer: Answer) -> None:
        """Note what the meter answered to a token that somebody meant to enter."""
        if digits not in self._open:
            return
        if answer.status.accepted:
            del self._open[digits]
            self.accepted += 1
        else:
            self._open[digits].tried = True

    def mistyped(self, digits: str) -> None:
        """Note that somebody meant to enter a token and keyed in something else."""
        if digits in self._open:
            self._open[digits].tried = True

    @property
    def open_credit(self) -> tuple[tuple[MeterRecord, int], ...]:
        """Of each credit token that the meter has not accepted: the record that it was made under, and its tenths."""
        return tuple((held.record, held.tenths) for held in self._open.values() if held.record and held.tenths)

    def fates(self, meter: Meter, now: int) -> Counter[tuple[Fate, str]]:
        """How many tokens are in each end state, with the result for those that are refused for ever."""
        counted: Counter[tuple[Fate, str]] = Counter()
        if self.accepted:
            counted[Fate.ACCEPTED, ""] = self.accepted
        for digits, held in self._open.items():
            if not held.tried:
                counted[Fate.UNENTERED, ""] += 1
                continue
            answer = meter.would_answer(digits, now)
            counted[(Fate.STILL_VALID, "") if answer.status.accepted else (Fate.FOR_EVER, answer.name)] += 1
        return counted

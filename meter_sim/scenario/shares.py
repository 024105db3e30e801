"""Shares: what comes to 100 %, who has which part of it, and how many of a whole number that makes."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from meter_sim.distribution import Chance
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.quantities import percentage_text
from meter_sim.scenario.source import Place


def complete_shares(
    faults: Faults, path: Place, shares: Mapping[str, Decimal | None], what: str, *, rest: bool = False
) -> dict[str, Decimal]:
    """Shares that come to 100 %; `what` they are of is said in the plural.

    With `rest` one may be left out (None) and takes what is left. What is wrong is noted at `path`.
    """
    given = sum((share for share in shares.values() if share is not None), Decimal(0))
    left_out = [name for name, share in shares.items() if share is None]
    for name in left_out[1:]:
        faults.add((*path, name), f"{left_out[0]} leaves its share out too, only one may take the rest")
    told = f"the shares of the {what} come to {percentage_text(given)}"
    if given > 1:
        faults.add(path, f"{told}, {'at most ' if left_out else ''}100% are {'allowed' if left_out else 'needed'}")
    elif given < 1 and not left_out:
        faults.add(path, f"{told}, 100% are needed{'; leave one share out for the rest' if rest else ''}")
    return {name: max(1 - given, Decimal(0)) if share is None else share for name, share in shares.items()}


@dataclass(frozen=True, slots=True)
class Choice:
    """Names with their shares, one of which a 32-bit draw picks; `bounds` are those of each, of 2^32."""

    names: tuple[str, ...]
    bounds: tuple[Chance, ...]

    def of(self, word: Callable[[], int]) -> str:
        """The name of a draw, which is made only where there is a choice."""
        return self.names[0] if len(self.names) == 1 else self.names[bisect_right(self.bounds, word())]


def choice(shares: Mapping[str, Decimal]) -> Choice | None:
    """The choice among those that have a share, by their proportions; None if none has."""
    having = {name: Fraction(share) for name, share in shares.items() if share}
    total = sum(having.values())
    return (
        Choice(tuple(having), tuple(round(part / total * (1 << 32)) for part in accumulate(having.values())))
        if having
        else None
    )


def area_counts(shares: Mapping[str, Decimal], count: int) -> dict[str, int]:
    """How many of `count` meters each area gets: the largest remainders are rounded up, of equal ones the earlier."""
    exact = {name: Fraction(share) * count for name, share in shares.items()}
    counts = {name: int(number) for name, number in exact.items()}
    by_remainder = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in by_remainder[: count - sum(counts.values())]:
        counts[name] += 1
    return counts


def some(shares: Mapping[str, Decimal]) -> Choice:
    """The choice among shares that come to something, if no fault was noted."""
    return choice(shares) or Choice(("",), (1 << 32,))

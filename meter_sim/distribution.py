"""Distributions as tables of whole numbers, so that no floating point decides a draw.

A table has the values at 257 evenly spaced quantiles; a 32-bit draw is turned into a value by whole-number
interpolation between two of them. The ends of an unbounded distribution are taken at 1/4096 and 4095/4096.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import cache, lru_cache
from statistics import NormalDist

CELLS = 256
ONE = 1 << 16
"""What a share of 1 is, where a distribution is one of shares of a mean."""

GREATEST = 1 << 38
"""The greatest value of a lognormal's table; what lies above is cut off, so that 64 bits hold every product."""

Chance = int
"""How likely something is, as a whole number of 2^32: it happens where a 32-bit draw is below it."""
NEVER: Chance = 0

_TAIL = 1 / 4096
_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)


@cache
def normal_quantiles() -> tuple[Decimal, ...]:
    """The standard normal quantiles of a table, rounded to 1e-6 so that they are the same on every machine."""
    normal = NormalDist()
    places = (min(max(cell / CELLS, _TAIL), 1 - _TAIL) for cell in range(CELLS + 1))
    return tuple(Decimal(f"{normal.inv_cdf(place):.6f}") for place in places)


def chance(share: Decimal) -> Chance:
    """The chance of a share from 0 to 1, rounded to the nearest 2^-32."""
    return int((share * (1 << 32)).to_integral_value(ROUND_HALF_EVEN))


def happens(chance: Chance, word: int) -> bool:
    """Whether something of this chance happens with a 32-bit draw."""
    return word < chance


@dataclass(frozen=True, slots=True)
class Distribution:
    """A table of 257 whole numbers that do not fall."""

    knots: tuple[int, ...]

    def value(self, word: int) -> int:
        """The value of a 32-bit draw."""
        cell, part = word >> 24, word & 0xFFFFFF
        low = self.knots[cell]
        return low + ((self.knots[cell + 1] - low) * part >> 24)

    @property
    def mean(self) -> Decimal:
        """The mean of all draws, but for the rounding down of each."""
        inner = sum(self.knots[1:-1])
        return Decimal(2 * inner + self.knots[0] + self.knots[-1]) / (2 * CELLS)


def constant(value: int) -> Distribution:
    """Always the same value."""
    return Distribution((value,) * (CELLS + 1))


def uniform(least: int, greatest: int) -> Distribution:
    """Every value from `least` to `greatest` alike; the last knot is one beyond, which no draw reaches."""
    return Distribution(tuple(least + (greatest - least + 1) * cell // CELLS for cell in range(CELLS + 1)))


def lognormal(median: int, sigma: Decimal) -> Distribution:
    """A lognormal with this median; `sigma` is the standard deviation of the logarithm."""
    with localcontext(_CONTEXT):
        values = [int((factor * median).to_integral_value()) for factor in _lognormal_factors(sigma)]
    return Distribution(tuple(min(value, GREATEST) for value in values))


def share_of_mean(variation: Decimal) -> Distribution:
    """A lognormal share with mean ONE and this coefficient of variation (0.2 for 20 %); 0 is no variation."""
    with localcontext(_CONTEXT):
        factors = _lognormal_factors((1 + variation * variation).ln().sqrt())
        mean = (sum(factors[1:-1], Decimal(0)) + (factors[0] + factors[-1]) / 2) / CELLS
        return Distribution(tuple(int((factor * ONE / mean).to_integral_value()) for factor in factors))


@lru_cache(256)
def _lognormal_factors(sigma: Decimal) -> tuple[Decimal, ...]:
    return tuple((sigma * quantile).exp() for quantile in normal_quantiles())

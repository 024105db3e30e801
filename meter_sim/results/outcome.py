"""How things stand for a population when a run is over: what no daily count tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """The end state of a token; each has exactly one."""

    ACCEPTED = "accepted"
    STILL_VALID = "refused and still valid"
    """Only ever entered wrongly or too early; the meter would take it now."""
    FOR_EVER = "refused for ever"
    UNENTERED = "not entered"


FATES = tuple(fate.value for fate in Fate)


@dataclass(frozen=True, slots=True)
class MeterEnd:
    """One meter of a population at the end. States by the names of `programme.py`; amounts in tenths of a kWh.

    `changed_at` is when its key changed last, seconds (UTC), None if it did not; `fates` counts its tokens by end
    state and, for those refused for ever, the result.
    """

    connection: int
    meter: str
    area: str
    model: str
    customer: str
    never_buys: str
    dead: bool
    takes_key_changes: bool
    true: str
    register: str
    channel: str
    purchases: int
    fates: Mapping[tuple[str, str], int]
    tokens_issued: int
    lost_tokens: int
    lost_tenths: int
    debt_tenths: int


@dataclass(frozen=True, slots=True)
class DeskWait:
    """A request at a desk: when it came, and seconds of waiting."""

    area: str
    desk: str
    at: int
    waited: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The meters of all areas at the end, and every request at a desk."""

    meters: tuple[MeterEnd, ...]
    waits: tuple[DeskWait, ...]

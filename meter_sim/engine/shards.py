"""How a run is cut into shards: areas, or pieces of areas, that share nothing with each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from meter_sim.programme import Area, Channel
from meter_sim.scenario.meter_columns import drawn_meter
from meter_sim.scenario.scenario import MeterSetup, Scenario

MOST_METERS = 50_000
"""Meters of a shard unless something else is asked for."""
_BY_PLACE = (Channel.SENT, Channel.FETCHED, Channel.OFFICE)
"""Channels that tell the customers of an area one after the other, by their place in it."""


class ShardError(Exception):
    """A run that cannot be cut; one line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some connections of one area; `area` is "" for meters that lie in none.

    They are the listed meters of the area, if `listed`, then `number` of its others, the first of them with the
    connection `first_connection`. `place` is how many connections of the area stand before the first of the piece,
    `of` how many the area has; the listed ones come first.
    """

    area: str
    first_connection: int
    number: int
    listed: bool
    place: int
    of: int
    listed_number: int = 0

    @property
    def meters(self) -> int:
        """Meters of the piece."""
        return self.number + (self.listed_number if self.listed else 0)


@dataclass(frozen=True, slots=True)
class Shard:
    """What one process runs at a time."""

    number: int
    pieces: tuple[Piece, ...]

    @property
    def meters(self) -> int:
        """Meters of all pieces."""
        return sum(piece.meters for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class _Members:
    """The connections of an area: how many are listed, and those of the others in order."""

    listed: int
    first_connection: int
    others: int
    connections: tuple[int, ...] | None
    """None where the others are numbered on from the first."""

    def connection(self, place: int) -> int:
        """The connection of one of the others."""
        return self.first_connection + place if self.connections is None else self.connections[place]


def shares_something(area: Area, scenario: Scenario) -> bool:
    """Whether what one connection of an area does can change what another meets.

    Crews belong to a programme; without one a depot has no work.
    """
    desks = area.help_desk is not None or area.office is not None
    depot = area.depot is not None and scenario.programme is not None
    return desks or depot or area.sales_per_hour is not None


def goes_by_place(area: str, scenario: Scenario) -> bool:
    """Whether a programme reaches the connections of an area one after the other, by their place in it."""
    programme = scenario.programme
    return programme is not None and any(
        phase.area == area and phase.channel in _BY_PLACE for phase in programme.phases
    )


def shards_of(
    scenario: Scenario, most_meters: int = MOST_METERS, *, knows_places: bool = True, memory: "Memory | None" = None
) -> tuple[Shard, ...]:
    """A run cut into shards of at most `most_meters`, in the order of the areas in the file.

    An area whose connections share something is never cut; small areas are put together. Without `knows_places` the
    engine that is to run takes a piece for its whole area, and areas that a programme goes through by place are not cut
    either. A run with a timeline is one shard, since an action may name several meters. Raises ShardError where an area
    that cannot be cut needs more memory than there is.
    """
    members = _members(scenario)
    pieces: list[list[Piece]] = []
    for name, of in members.items():
        area = next((area for area in scenario.areas if area.name == name), None)
        shared = area is not None and shares_something(area, scenario)
        whole = shared or bool(scenario.timeline) or (not knows_places and goes_by_place(name, scenario))
        if whole and memory is not None:
            memory.check(name, of.listed + of.others)
        pieces.append(list(_pieces(name, of, of.listed + of.others if whole else most_meters)))
    if scenario.timeline:
        return (Shard(0, tuple(piece for parts in pieces for piece in parts)),)
    return tuple(Shard(number, parts) for number, parts in enumerate(_packed(pieces, most_meters)))


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that there are, and bytes that an engine needs for a meter."""

    bytes_there: int
    bytes_per_meter: int

    def check(self, area: str, meters: int) -> None:
        """Raise ShardError if the meters of an area that cannot be cut do not fit."""
        needed = meters * self.bytes_per_meter
        if needed > self.bytes_there:
            what = f"the area {area}" if area else "the run"
            raise ShardError(
                f"{what} cannot be cut, since its meters share something, and is too large: {meters:,} meters need "
                f"{_gib(needed)}, there are {_gib(self.bytes_there)}; split the area, or name more with --memory"
            )

    def workers(self, shards: tuple[Shard, ...], wanted: int) -> int:
        """How many shards of this size fit side by side: at most as many as are wanted, at least one."""
        largest = max((shard.meters for shard in shards), default=0) * self.bytes_per_meter
        return max(min(wanted, self.bytes_there // largest if largest else wanted), 1)


def _gib(number: int) -> str:
    return f"{number / 2**30:,.1f} GiB"


def _members(scenario: Scenario) -> dict[str, _Members]:
    """The members of each area, in the order of the file; first those that lie in none."""
    listed: dict[str, int] = {}
    others: dict[str, list[int]] = {}
    for meter in scenario.meters:
        if meter.listed:
            listed[meter.area] = listed.get(meter.area, 0) + 1
        else:
            others.setdefault(meter.area, []).append(meter.connection)
    drawn = _drawn(scenario)
    names = dict.fromkeys(["", *(area.name for area in scenario.areas), *drawn, *others])
    members = {}
    for name in names:
        if name in drawn:
            members[name] = _Members(listed.get(name, 0), *drawn[name], None)
        else:
            own = tuple(others.get(name, ()))
            members[name] = _Members(listed.get(name, 0), own[0] if own else 0, len(own), own)
    if members[""].listed + members[""].others == 0:
        del members[""]
    return members


def _drawn(scenario: Scenario) -> Mapping[str, tuple[int, int]]:
    """The first connection and the number of a population that is drawn when it is needed, by area."""
    areas = () if scenario.population is None else scenario.population.areas
    return {name: (first, number) for name, first, number in areas}


def _pieces(area: str, of: _Members, most: int) -> Iterator[Piece]:
    """The pieces of an area: at least one, also of an area that nobody lives in."""
    whole, begin = of.listed + of.others, 0
    while True:
        listed = begin == 0
        number = min(max(most - (of.listed if listed else 0), 1), of.others - begin)
        place = 0 if listed else of.listed + begin
        first = of.connection(begin) if number else of.first_connection
        yield Piece(area, first, number, listed, place, whole, of.listed)
        begin += number
        if begin >= of.others:
            return


def _packed(pieces: list[list[Piece]], most: int) -> Iterator[tuple[Piece, ...]]:
    """Pieces in shards of at most so many meters; an area that is cut shares no shard with another."""
    together: list[Piece] = []
    for parts in pieces:
        if len(parts) > 1 or sum(piece.meters for piece in together) + parts[0].meters > most:
            if together:
                yield tuple(together)
            together = []
        if len(parts) > 1:
            yield from ((piece,) for piece in parts)
        else:
            together += parts
    if together:
        yield tuple(together)


def meters_of(scenario: Scenario, pieces: tuple[Piece, ...]) -> tuple[MeterSetup, ...]:
    """The meters of pieces of a scenario, in its order; those of a population that is drawn later are drawn."""
    wanted = {area: list(parts) for area, parts in groupby(sorted(pieces, key=_by_area), key=_by_area)}
    seen: dict[str, int] = {}
    found = []
    for meter in scenario.meters:
        parts = wanted.get(meter.area, ())
        if meter.listed:
            if any(piece.listed for piece in parts):
                found.append(meter)
            continue
        place = seen[meter.area] = seen.get(meter.area, -1) + 1
        if any(_first_place(piece) <= place < _first_place(piece) + piece.number for piece in parts):
            found.append(meter)
    return (*found, *_drawn_meters(scenario, pieces))


def _drawn_meters(scenario: Scenario, pieces: tuple[Piece, ...]) -> Iterator[MeterSetup]:
    population = scenario.population
    if population is None:
        return
    for piece in sorted(pieces, key=lambda piece: piece.first_connection):
        if piece.number:
            for setup in population.columns(piece.first_connection, piece.number):
                yield drawn_meter(setup, population.kinds)


def _by_area(piece: Piece) -> str:
    return piece.area


def _first_place(piece: Piece) -> int:
    """The place of a piece's first meter among those of its area that are not listed."""
    return piece.place if piece.listed else piece.place - piece.listed_number

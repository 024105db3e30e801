"""Parts of a run add up to the run in one piece: tables, summary and costs."""

from dataclasses import replace

import numpy as np
import pytest

from meter_sim.engine.reference import run
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.programme import Costs
from meter_sim.results.area_counts import PLACES, WIDTH, AreaCounts, joined_counts
from meter_sim.results.area_day import ALL, COLUMNS
from meter_sim.results.census import Census, census_of, census_of_table
from meter_sim.results.part import joined, part_of
from meter_sim.results.result import result_of
from meter_sim.results.series import Series
from meter_sim.results.tables import AREAS, areas_table, events_of, together_table
from meter_sim.scenario.meter_numbers import pan_of
from meter_sim.scenario.reader import read_scenario
from tests.rollout import DEPOT, DESK, write

CHANGES = {
    "population.count": "60",
    "customers.buyers.mistakes": {"wrong_digit": "40%"},
    "customers.buyers.trouble": {"asks": "100%"},
    "areas": {
        "north": {"share": "40%", "depot": DEPOT},
        "south": {"share": "20%", "help_desk": DESK, "office": DESK},
        "open": {"share": "40%", "vending": {"outages": [{"start": "2024-09-20 00:00", "end": "2024-10-05 00:00"}]}},
    },
    "programme.phases": {
        "north": {"start": "2024-09-15", "channel": "crew"},
        "south": {"start": "2024-09-16", "channel": "with_purchase"},
        "open": {"start": "2024-10-20", "channel": "with_purchase"},
    },
    "programme.credit_until": "2024-10-10 00:00",
    "costs": {"visit": "5.00 currency", "call": "2.00 currency", "kwh": "1.23457 currency", "token": "0.10 currency"},
    "end": "2024-11-05 00:00",
}
LISTED = [
    {"name": "b", "pan": pan_of(901).digits, "area": "open", "connection": "9", "supply_group": "123457",
     "key_revision": "1", "tariff_index": "01", "encryption": "EA07", "credit": "3 kWh", "load": "township"},
    {"name": "a", "pan": pan_of(902).digits, "area": "south", "connection": "4", "supply_group": "123457",
     "key_revision": "1", "tariff_index": "01", "encryption": "EA07", "credit": "3 kWh", "load": "township"},
]  # fmt: skip


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    return read_scenario(write(tmp_path_factory.mktemp("parts"), CHANGES | {"meters": LISTED}))


@pytest.fixture(scope="module")
def record(scenario):
    return run(scenario)


def piece(scenario, area, place=0, of=1):
    """What the engine leaves behind of an area, or of every so many-th connection of one that shares nothing."""
    there = [meter for meter in scenario.meters if meter.area == area][place::of]
    areas = tuple(one for one in scenario.areas if one.name == area)
    return part_of(run(replace(scenario, meters=tuple(there), areas=areas)))


@pytest.fixture(scope="module")
def parts(scenario):
    return [
        piece(scenario, "open", 1, 2),
        piece(scenario, "south"),
        piece(scenario, "north"),
        piece(scenario, "open", 0, 2),
    ]


def test_parts_add_up_to_the_run_in_one_piece(scenario, record, parts, tmp_path):
    """Row for row and byte for byte, in whatever order they come."""
    one = result_of(scenario, record)
    one.write(tmp_path / "one", plot=False)
    for number, order in enumerate((parts, parts[::-1])):
        several = result_of(scenario, joined(order, scenario))
        assert several.summary == one.summary
        several.write(tmp_path / f"several{number}", plot=False)
        for path in (tmp_path / "one").iterdir():
            assert path.read_bytes() == (tmp_path / f"several{number}" / path.name).read_bytes(), path.name
    assert one.summary["measures"]["cost_energy_not_sold"] > 0
    assert one.summary["areas"]["south"]["over_run"]["help_desk_requests"] > 0


def test_energy_not_sold_is_rounded_once_for_an_area():
    """Two pieces with half a kWh each at 3 a kWh: 3, not 1 + 1."""
    pieces = []
    for _ in range(2):
        counts = AreaCounts.none(("2024-09-01",), ("open",))
        counts.column("unserved_refused_tokens_ws")[:] = WS_PER_KWH // 2
        counts.column("help_desk_longest_queue")[:] = 4
        counts.column("help_desk_requests")[:] = 1
        assert counts.with_costs(Costs(kwh=3)).column("cost_energy_not_sold").tolist() == [[1]]
        pieces.append(counts)
    [day] = joined_counts(pieces, ("north", "open"), Costs(kwh=3, call=2)).days
    assert (day.counts["cost_energy_not_sold"], day.counts["cost_calls"]) == (3, 4)
    assert (day.counts["help_desk_longest_queue"], day.counts["help_desk_requests"]) == (4, 2)


def test_costs_that_a_product_of_64_bits_would_not_hold():
    """50 000 homes of 100 kWh a day, at 10 000 000 a kWh."""
    energy, price = 50_000 * 100 * WS_PER_KWH + 1, 10_000_000 * 100_000
    counts = AreaCounts.none(("2024-09-01",), ("open",))
    counts.column("unserved_no_sale_ws")[:] = energy
    cost = counts.with_costs(Costs(kwh=price)).column("cost_energy_not_sold")
    assert cost.tolist() == [[energy * price // WS_PER_KWH]]


def test_a_sum_may_need_more_than_64_bits():
    counts = AreaCounts.none(("2024-09-01", "2024-09-02", "2024-09-03"), ("open",))
    counts.column("money")[:] = (1 << 63) - 1
    counts.column("used_ws")[:] = -5
    series = Series("open", counts.of_area("open"))
    assert series.total("money") == 3 * ((1 << 63) - 1)
    assert series.total("used_ws") == -15


def test_a_day_of_all_areas():
    rng = np.random.default_rng(5)
    counts = AreaCounts(("2024-09-01", "2024-09-02"), ("a", "b"), rng.integers(0, 1000, (2, 2, WIDTH)))
    table = areas_table(counts)
    assert table.schema == AREAS
    assert table.column("area").to_pylist() == ["a", "b", ALL] * 2
    for name in ("visits", "help_desk_longest_queue"):
        each = counts.counts[:, :, PLACES[name]]
        wanted = each.max(axis=1) if name in COLUMNS[-4:] else each.sum(axis=1)
        assert table.column(name).to_pylist()[2::3] == wanted.tolist()
        assert [day.counts[name] for day in counts.together] == wanted.tolist()
    assert together_table(counts).equals(together_table(table))
    assert list(AreaCounts.of(counts.days).days) == list(counts.days)


def test_a_large_table_of_areas_comes_in_pieces(monkeypatch):
    rng = np.random.default_rng(6)
    counts = AreaCounts(tuple("abcdefg"), ("x", "y"), rng.integers(0, 1000, (7, 2, WIDTH)))
    whole = areas_table(counts)
    monkeypatch.setattr("meter_sim.results.tables.AREA_ROWS", 6)
    assert areas_table(counts).equals(whole)
    assert areas_table(counts).column("date").num_chunks == 4


def test_the_census_of_rows_and_of_the_table_is_the_same(record):
    census = census_of(record.outcome.meters)
    part = part_of(record)
    assert part.census == census
    assert census_of_table(part.meters, census.fates) == census
    half = len(record.outcome.meters) // 2
    assert census_of(record.outcome.meters[:half]) + census_of(record.outcome.meters[half:]) == census
    assert Census() + census == census


def test_the_summary_needs_no_rows_that_are_written_already(scenario, record):
    part = part_of(record)
    assert events_of(part.events) == list(record.events)
    assert {event.meter for event in events_of(part.listed_events)} == {"a", "b"}
    assert result_of(scenario, part.without_rows()).summary == result_of(scenario, record).summary
    assert result_of(scenario, part, "fleet").summary["engine"] == "fleet"


def test_parts_that_do_not_belong_together(scenario, parts):
    with pytest.raises(ValueError, match="not the same days"):
        joined_counts([parts[0].areas, AreaCounts.none(("2020-01-01",), ("north",))], ("north", "open"), Costs())
    with pytest.raises(ValueError, match="no area 'south'"):
        joined([parts[1]], replace(scenario, areas=scenario.areas[:1]))

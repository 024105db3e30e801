"""What the pictures of a result show: the numbers of its tables, with units, for every eye; and what they say is missing."""

from datetime import UTC, date, datetime
from functools import partial

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection

import meter_sim
from meter_sim.engine.journal import Journal
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.people.crew import VisitOutcome
from meter_sim.results import plots
from meter_sim.results.area_day import COST_PARTS
from meter_sim.results.compare import Plan, compared
from meter_sim.results.comparison_plot import comparison_figure
from meter_sim.results.plots import PictureError
from meter_sim.results.plots.days import DAILY_UP_TO
from meter_sim.results.plots.look import LOOKS, marker_of
from meter_sim.results.plots.tid_history import tid_history
from meter_sim.results.record import EventKind
from meter_sim.results.tables import together_table
from meter_sim.sts.dkga import Dkga
from meter_sim.sts.tid import GREATEST
from meter_sim.vending.vending_key import vending_key_value
from tests.keep_summaries import SCENARIOS
from tests.rollout import DEPOT, DESK, town
from tests.test_rollout_crews import DEPOT_OF_TWO, RIGID, crews, meter

HOUSEHOLD = SCENARIOS / "household_rollover.yaml"
BUSY = {
    "areas": {
        "north": {"share": "60%", "help_desk": DESK},
        "south": {"share": "40%", "depot": DEPOT | {"visits_per_day": "2"}, "office": DESK},
    },
    "population.cannot_change": "10%",
    "population.count": "60",
    "programme.key_change_until": "2024-11-29 12:00",
    "programme.phases": {
        "north": {"start": "2024-09-15", "channel": "with_purchase"},
        "south": [
            {"start": "2024-09-16", "channel": "crew", "end": "2024-11-04"},
            {"start": "2024-10-01", "channel": "office"},
        ],
    },
    "costs": {"visit": "209 currency", "call": "12.50 currency", "token": "0.05 currency", "kwh": "2.50 currency"},
    "end": "2024-12-01 00:00",
}
DAYS = 91


@pytest.fixture(scope="module")
def rollout(tmp_path_factory):
    return town(tmp_path_factory.mktemp("busy"), BUSY)


@pytest.fixture(scope="module")
def household():
    return meter_sim.run(HOUSEHOLD)


def of(result, name):
    return together_table(result.areas_kept).column(name).to_numpy()


def place(text):
    """A local instant as matplotlib counts it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() / 86_400


def named(axis, start):
    """The only line whose label starts so."""
    [line] = [line for line in axis.lines if str(line.get_label()).startswith(start)]
    return line


def texts(axis):
    """Labels of a panel's legend."""
    return [text.get_text() for text in axis.get_legend().get_texts()]


def bars(axis):
    """Heights of the bars by label."""
    return {str(each.get_label()): [bar.get_height() for bar in each] for each in axis.containers}


def annotated(axis):
    return {note.get_text(): note.xy[0] for note in axis.texts}


# -- areas


def test_migration_shows_what_is_true_and_what_is_presumed(rollout):
    above, below = plots.migration(rollout).axes
    true, presumed = of(rollout, "true_new_key"), of(rollout, "register_presumed_changed")
    issued = presumed + of(rollout, "register_issued")
    assert list(named(above, "truly on the new key").get_ydata()) == list(true)
    assert list(named(above, "register: presumed changed").get_ydata()) == list(presumed)
    assert list(named(above, "register: changes issued").get_ydata()) == list(issued)
    assert list(named(above, "in scope").get_ydata()) == list(of(rollout, "meters") - of(rollout, "true_out_of_scope"))
    assert named(above, "truly").get_xdata()[0] == place("2024-09-02")  # the end of the first local day
    assert f"truly on the new key ({true[-1]:,})" in texts(above)
    assert (true != issued).any()
    assert above.get_ylabel() == "meters"
    [share] = above.child_axes
    assert share.get_ylabel().startswith("%")
    assert below.get_xlabel() == "local date, Africa/Johannesburg"


def test_migration_marks_phases_and_deadlines(rollout):
    above, below = plots.migration(rollout).axes
    assert annotated(above) == {
        "last credit under the old key": pytest.approx(place("2024-11-24 22:14")),
        "last key changes": pytest.approx(place("2024-11-29 12:00")),
    }
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for each in below.containers for bar in each]
    end = place("2024-12-01")
    assert spans == [
        (place("2024-09-15"), end),
        (place("2024-09-16"), place("2024-11-04")),
        (place("2024-10-01"), end),
    ]
    assert [label.get_text() for label in below.get_yticklabels()] == ["north", "south", "south"]
    assert texts(below) == ["with purchase", "crew", "office"]


def test_refusals_are_those_of_the_table(rollout):
    above, below = plots.refusals(rollout).axes
    assert len(rollout.areas.date.unique()) == DAYS <= DAILY_UP_TO
    drawn = bars(above)
    assert len(drawn) >= 2
    for label, heights in drawn.items():
        name = label.split(" ")[0]
        assert heights == list(of(rollout, name))
        assert label == f"{name} ({sum(heights):,})"
        assert list(named(below, name).get_ydata()) == list(np.cumsum(heights))
    assert above.get_ylabel() == "entries refused a day"
    assert texts(above) == list(drawn) == texts(below)


def test_a_long_run_has_a_bar_for_each_week(tmp_path):
    result = town(tmp_path, {"population.count": "20"})
    above, _ = plots.refusals(result).axes
    values = of(result, "CRCError")
    assert len(values) > DAILY_UP_TO
    [heights] = [heights for label, heights in bars(above).items() if label.startswith("CRCError")]
    assert heights == [sum(values[day : day + 7]) for day in range(0, len(values), 7)]
    assert above.get_ylabel() == "entries refused a week"
    last = above.containers[0][-1]
    assert last.get_x() + last.get_width() == place("2025-01-01")


def test_without_supply_by_cause(rollout):
    [axis] = plots.without_supply(rollout).axes
    causes = {"no money": "no_money", "not entered": "not_entered", "not migrated": "not_migrated"}
    for label, name in causes.items():
        values = of(rollout, f"off_{name}_meters")
        if values.any():
            hours = of(rollout, f"off_{name}_s").sum() // 3600
            line = named(axis, label)
            assert list(line.get_ydata()) == list(values)
            assert line.get_label() == f"{label} ({hours:,} h)"
    assert list(named(axis, "in all").get_ydata()) == list(of(rollout, "off_meters"))
    assert "not migrated" in " ".join(texts(axis))
    assert axis.get_ylabel() == "meters without supply a day"


def test_workload_of_crews_and_desks(rollout):
    visits, waiting, help_desk, office, queues = plots.workload(rollout).axes
    for outcome in VisitOutcome:
        values = of(rollout, f"visits_{outcome.value.replace(' ', '_')}")
        label = f"{outcome.value} ({values.sum():,})"
        assert bars(visits).get(label, [0] * DAYS) == list(values)
    assert sum(map(sum, bars(visits).values())) == of(rollout, "visits").sum() > 10
    assert list(named(waiting, "for a visit").get_ydata()) == list(of(rollout, "visits_waiting"))
    for axis, desk in ((help_desk, "help_desk"), (office, "office")):
        assert sum(map(sum, bars(axis).values())) == of(rollout, f"{desk}_requests").sum() > 0
        assert axis.get_ylabel() == "requests a day"
        name = desk.replace("_", " ")
        assert list(named(queues, name).get_ydata()) == list(of(rollout, f"{desk}_longest_queue"))
    assert visits.get_legend().get_title().get_text() == "crews: visits by outcome"
    assert [axis.get_ylabel() for axis in (visits, waiting, queues)] == [
        "visits a day", "meters that wait", "people in the queue",
    ]  # fmt: skip


def test_costs_add_up(rollout):
    [axis] = plots.costs(rollout).axes
    parts = {part.replace("_", " "): np.cumsum(of(rollout, f"cost_{part}")) / 100_000 for part in COST_PARTS}
    parts = {name: values for name, values in parts.items() if values[-1]}
    areas = [area for area in axis.collections if isinstance(area, PolyCollection)]
    assert texts(axis) == [f"{name}: {values[-1]:,.2f}" for name, values in parts.items()]
    upper = sum(parts.values())
    assert areas[-1].get_paths()[0].vertices[:, 1].max() == pytest.approx(upper[-1])
    assert axis.get_legend().get_title().get_text() == f"by part; in all {upper[-1]:,.2f}"
    assert axis.get_ylabel() == "cost since the start, base currency"


def test_the_programme_picture_has_the_four_panels(rollout):
    states, refused, off, work = rollout.plot_programme().axes
    register = of(rollout, "register_presumed_changed") + of(rollout, "register_issued")
    assert list(named(states, "register: changed").get_ydata()) == list(register)
    assert [axis.get_ylabel() for axis in (states, refused, off, work)] == [
        "meters", "entries refused a day", "meters without supply\na day", "a day",
    ]  # fmt: skip


# -- one meter


def test_a_diary_shows_credit_and_entries(household):
    above, below = plots.meter_diary(household, "home").axes
    credit = above.lines[0]
    last = household.readings.iloc[-1]
    assert credit.get_ydata()[-1] == last.register_ws / WS_PER_KWH
    entries = household.events[household.events.event == "entry"]
    for name, number in entries.result.value_counts().items():
        assert len(named(above, name).get_xdata()) == len(named(below, name).get_xdata()) == number
        assert set(named(above, name).get_ydata()) == set(entries[entries.result == name].register_ws / WS_PER_KWH)
    assert [tick.get_text() for tick in below.get_yticklabels()] == ["1stKCT (1)", "Accept (13)", "CRCError (1)"]
    assert "CRCError" in annotated(above)
    assert annotated(above)["last TID of 1993"] == pytest.approx(place("2024-11-24 22:15"))
    assert annotated(above)["key 1.2 to 2.2"] == pytest.approx(place("2024-11-20 09:06"))
    assert above.get_ylabel() == "credit, kWh"
    [legend] = above.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "credit", "entry accepted", "entry refused", "key changed", "TID rollover",
    ]  # fmt: skip


def test_the_timeline_has_a_panel_a_meter(household):
    assert [axis.get_ylabel() for axis in household.plot().axes] == ["home\ncredit, kWh", "entries"]


LISTED = (
    "household_rollover", "not_migrated", "tokens_in_the_drawer", "wrong_order", "rollover_without_new_key",
    "new_key_without_rollover", "clock_ahead", "kinds_of_meters", "two_vendors", "wrapped_tid", "key_expiry",
    "default_key",
)  # fmt: skip


def stores_seen(monkeypatch):
    """What each meter's store holds after each entry, told by the meters themselves."""
    seen = {}
    entered = Journal.entered

    def noting(self, connection, *arguments):
        seen.setdefault(connection.setup.name, []).append(connection.meter.tids.tids)
        entered(self, connection, *arguments)

    monkeypatch.setattr(Journal, "entered", noting)
    return seen


def without_repeats(states):
    return [state for number, state in enumerate(states) if number == 0 or state != states[number - 1]]


@pytest.mark.parametrize("name", LISTED)
def test_the_store_is_replayed_as_the_meter_held_it(name, monkeypatch):
    seen = stores_seen(monkeypatch)
    result = meter_sim.run(SCENARIOS / f"{name}.yaml")
    assert result.summary["meters"]
    for meter_name in result.summary["meters"]:
        states = without_repeats([held.tids for held in tid_history(result, meter_name).held])
        held = without_repeats([states[0], *seen.get(meter_name, [])])
        assert states == held


@pytest.mark.parametrize(("model", "size"), [("keypad_20", 20), ("keypad_ea11", 50)])
def test_the_store_of_a_replaced_meter(tmp_path, monkeypatch, model, size):
    seen = stores_seen(monkeypatch)
    result = crews(
        tmp_path, [meter(1, "town", model="rigid", credit="12.3 kWh")], DEPOT_OF_TWO | {"stock": "1"},
        programme={"replace_with": model}, **RIGID,
    )  # fmt: skip
    history = tid_history(result, "town1")
    new = next(held for held in history.held if held.why == "meter replaced")
    assert len(new.tids) == size
    assert history.held[-1].tids == seen["town1"][-1]
    replaced = next(event for event in result.record.events if event.event is EventKind.REPLACED)
    base = datetime(2014, 1, 1, tzinfo=UTC).timestamp() // 60
    assert set(new.tids) == {replaced.time // 60 - 1440 - base}


def test_a_store_explains_old_and_used():
    result = meter_sim.run(SCENARIOS / "clock_ahead.yaml")
    history = tid_history(result, "home")
    assert len(history.held[0].tids) == 20
    figure = plots.tid_store(result, "home")
    old = [shown for shown in history.shown if shown.result == "OldError"]
    assert len(old) == 2
    for axis in figure.axes:
        assert list(named(axis, "OldError").get_ydata()) == [shown.tid for shown in old]
        assert named(axis, "OldError").get_marker() == marker_of("OldError")["marker"]
    for shown in old:
        held = [held for held in history.held if held.time <= shown.time][-1]
        assert shown.tid < held.tids[0]
    smallest = next(line for line in figure.axes[0].lines if line.get_drawstyle() == "steps-post")
    assert list(smallest.get_ydata()[:-1]) == [held.tids[0] for held in history.held]
    [legend] = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels[3:] == ["Accept (39)", "OldError (2)"]


def test_a_store_has_its_greatest_its_entries_and_its_rollover(household):
    figure = plots.tid_store(household, "home")
    history = tid_history(household, "home")
    assert annotated(figure.axes[0]) == {"rollover: all zeros": pytest.approx(place("2024-11-20 09:06"))}
    assert (
        figure.axes[-1].get_xlabel().endswith("1 entry that the meter could not decipher (CRCError) showed it no TID")
    )
    band, entries = figure.axes[0].collections
    assert band.get_paths()[0].vertices[:, 1].max() == max(held.tids[-1] for held in history.held)
    assert len(entries.get_segments()) == len({tid for held in history.held for tid in held.tids})
    for axis in figure.axes:
        low, high = axis.get_ylim()
        assert [tid for tid in named(axis, "Accept").get_ydata() if low < tid < high] or high - low < 2000
    assert {axis.get_ylabel() for axis in figure.axes} == {"TID", ""}
    assert {child.get_ylabel() for axis in figure.axes for child in axis.child_axes} == {
        "", "UTC, base date 1993", "UTC, base date 2014",
    }  # fmt: skip


def test_events_that_do_not_fit_their_scenario_are_told():
    result = meter_sim.run(SCENARIOS / "clock_ahead.yaml")
    text = result.scenario_text.replace("tid_store: '20'", "tid_store: '50'").replace("tid_store: 20", "tid_store: 50")
    assert text != result.scenario_text
    other = meter_sim.run(SCENARIOS / "clock_ahead.yaml")
    object.__setattr__(other, "scenario_text", text)
    with pytest.raises(PictureError, match=r"tid_store: the events of 'home' do not fit its scenario.*OldError to TID"):
        plots.tid_store(other, "home")


# -- years


def test_the_years_of_the_tid(household):
    above, below = plots.tid_years(household).axes
    for year, last in ((1993, "2024-11-24 20:15"), (2014, "2045-11-24 20:15"), (2035, "2066-11-24 20:15")):
        line = named(above, f"1 January {year}")
        assert list(line.get_xdata()) == pytest.approx([place(f"{year}-01-01"), place(last)])
        assert list(line.get_ydata()) == [0, GREATEST / 1_000_000]
    ends = {text.replace("\n", " "): x for text, x in annotated(above).items()}
    assert ends["base 1993 ends 24 Nov 2024 20:15 UTC"] == pytest.approx(place("2024-11-24 20:15"))
    assert ends["base 2014 ends 24 Nov 2045 20:15 UTC"] == pytest.approx(place("2045-11-24 20:15"))
    assert f"last TID, {GREATEST:,}" in ends
    assert texts(above) == [f"1 January {year} 00:00" for year in (1993, 2014, 2035)] + ["the run"]
    assert [tick.get_text() for tick in below.get_yticklabels()] == ["123457, KRN 1", "123457, KRN 2"]
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for each in below.containers for bar in each]
    assert spans == [
        (place("1993-01-01"), pytest.approx(place("2024-11-24 20:15"))),
        (place("2014-01-01"), pytest.approx(place("2045-11-24 20:16"))),
    ]
    start, end = place("2024-10-31 22:00"), place("2024-12-30 22:00")
    run = above.patches[-1]
    assert (run.get_x(), run.get_x() + run.get_width()) == (start, pytest.approx(end))
    assert above.get_ylabel() == "TID, million minutes since the base date"
    assert below.get_xlabel() == "1 January of the year, UTC"


def test_a_key_given_in_hex_hinders_no_picture(tmp_path):
    """A result does not tell it, and no picture needs it."""
    key = vending_key_value("test:new", Dkga("04")).hex()
    file = tmp_path / "hex.yaml"
    file.write_text(HOUSEHOLD.read_text(encoding="utf-8").replace("test:new", f'"{key}"'), encoding="utf-8")
    result = meter_sim.run(file)
    assert key not in result.scenario_text
    assert len(plots.tid_store(result, "home").axes) == 4
    assert len(plots.tid_years(result).axes) == 2


# -- plans


def test_plans_is_the_comparison():
    several = [Plan(name, 0, {}, {"cost": {1: value, 2: value + 1}}) for name, value in (("base", 5.0), ("other", 9.0))]
    rows = compared(several)
    figure, same = plots.plans(rows), comparison_figure(rows)
    assert [axis.get_title() for axis in figure.axes] == [axis.get_title() for axis in same.axes] == ["cost"]
    assert [list(line.get_xdata()) for line in figure.axes[0].lines] == [
        list(line.get_xdata()) for line in same.axes[0].lines
    ]


# -- for every eye


def test_looks_differ_without_colour():
    assert len({str(look.line) for look in LOOKS}) == len({look.hatch for look in LOOKS}) == len(LOOKS)
    shown = ("Accept", "CRCError", "OldError", "UsedError", "FunctionError")
    assert len({marker_of(name)["marker"] for name in shown}) == len(shown)


# -- what is missing


@pytest.mark.parametrize("name", ["programme", "migration", "refusals", "without_supply", "workload", "costs"])
def test_a_picture_of_areas_needs_areas(household, name):
    with pytest.raises(PictureError, match=f"^{name}: the run has no areas, give its scenario a population or areas"):
        plots.OF_RESULT[name](household)


@pytest.mark.parametrize("name", ["meter_diary", "tid_store"])
def test_a_picture_of_a_meter_needs_a_listed_meter(household, rollout, name):
    with pytest.raises(PictureError, match=f"^{name}: no listed meter is called 'hom', did you mean home"):
        plots.OF_METER[name](household, "hom")
    with pytest.raises(ValueError, match=f"^{name}: the run has no listed meter, list one under meters"):
        plots.OF_METER[name](rollout, "m1")


@pytest.mark.parametrize(
    ("draw", "what"),
    [
        (plots.migration, "migration: the scenario has no programme, give it one"),
        (plots.workload, "workload: the run has no visits and no requests, give an area a depot, help_desk or office"),
        (plots.costs, "costs: nothing costs anything in this run, say under costs"),
        (plots.timeline, "timeline: the run has no listed meter, list one"),
    ],
)
def test_what_a_quiet_town_has_not(tmp_path, draw, what):
    result = town(tmp_path, {"programme": None, "population.count": "2", "end": "2024-09-03 00:00"})
    with pytest.raises(PictureError, match=f"^{what}") as told:
        draw(result)
    assert "\n" not in str(told.value)


def test_there_is_nothing_to_compare():
    with pytest.raises(PictureError, match=r"^plans: there is nothing to compare, run several plans"):
        plots.plans([])


def test_a_scenario_that_cannot_be_read(household):
    other = meter_sim.run(HOUSEHOLD)
    object.__setattr__(other, "scenario_text", "name: [")
    for draw in (plots.tid_years, partial(plots.OF_METER["tid_store"], meter="home")):
        with pytest.raises(PictureError, match=r"^the scenario in the result cannot be read: scenario\.yaml"):
            draw(other)


def test_days_are_local(rollout):
    assert rollout.areas.date.min() == "2024-09-01"
    assert (
        plots.refusals(rollout).axes[0].containers[0][0].get_x()
        == date(2024, 9, 1).toordinal() - date(1970, 1, 1).toordinal()
    )


def spill(figure):
    """How many inches anything that is drawn reaches beyond the figure."""
    figure.draw_without_rendering()
    box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    width, height = figure.get_size_inches()
    return max(-box.x0, -box.y0, box.x1 - width, box.y1 - height)


@pytest.mark.parametrize("name", [name for name in plots.OF_RESULT if name != "timeline"])
def test_a_picture_of_a_town_holds_all_that_is_drawn(rollout, name):
    assert spill(plots.OF_RESULT[name](rollout)) <= 0.02


@pytest.mark.parametrize(
    "scenario", ["household_rollover", "tokens_in_the_drawer", "clock_ahead", "wrong_order", "key_expiry"]
)
def test_a_picture_of_a_meter_holds_all_that_is_drawn(scenario):
    result = meter_sim.run(SCENARIOS / f"{scenario}.yaml")
    assert spill(result.plot()) <= 0.02
    assert spill(plots.tid_years(result)) <= 0.02
    for name in result.summary["meters"]:
        for draw in plots.OF_METER.values():
            assert spill(draw(result, name)) <= 0.02

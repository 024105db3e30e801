"""Calibration: counts read, parameters bounded, known values found again, and what the counts cannot tell said."""

from pathlib import Path

import numpy as np
import pytest

from meter_sim.calibration.calibration import Choices, Errors, calibrate
from meter_sim.calibration.curve import Count, at_points, shares_of
from meter_sim.calibration.error import CalibrationError
from meter_sim.calibration.forecast import forecast
from meter_sim.calibration.observed import Point, check_in_run, days_of, read_observed
from meter_sim.calibration.parameter import check_bounds, parameters_of
from meter_sim.calibration.runs import Runs, subject_of
from meter_sim.calibration.uncertainty import BOUNDS_VARIANCE, draws, spread_of, verdicts
from meter_sim.draws import philox4x32
from meter_sim.results.area_counts import AreaCounts
from meter_sim.results.area_day import AreaDay
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.reader import read_scenario_file

TOWN = Path(__file__).parent.parent / "scenarios" / "rollover_self_entry.yaml"
FIRST, LAST = days_of("2024-06-01", "")[0], days_of("2025-02-28", "")[0]


def counts_file(tmp_path, text):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding="utf-8")
    return path


# Counts ---------------------------------------------------------------------------------------------------------------


def test_counts_are_read_by_date(tmp_path):
    path = counts_file(
        tmp_path,
        "date,migrated,in_scope,percent,within,note\n"
        "2024-11-24,3000,4000,80,0.5,both: the count itself\n"
        "2024-03,,,44,,a month\n"
        "2023,,,1,,\n",
    )
    year, month, day = read_observed(path)
    assert (day.share, day.within, day.migrated, day.in_scope) == (0.75, 0.005, 3000, 4000)
    assert (month.share, month.within) == (0.44, 0.01)
    assert (month.first, month.last) == (days_of("2024-03-01", "")[0], days_of("2024-03-31", "")[0])
    assert year.last - year.first == 364
    assert day.first == day.last == days_of("2024-11-24", "")[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "date;percent\n2024-01-01;3\n",
            ":1: the columns date and percent, or date, migrated and in_scope are needed, parted by commas",
        ),
        (
            f'date,percent,note\n2024-01-01,3,"{"x" * 140_000}\n',
            ":1: no CSV: field larger than field limit (131072); see that every quote is closed",
        ),
        ("date,percent\n", ": no counts, write a row for each date"),
        ("date,percent\n2024-02-30,3\n", ":2: date: '2024-02-30' is no date, write 2024-11-24, 2024-11 or 2024"),
        ("date,percent\nyesterday,3\n", ":2: date: 'yesterday' is no date, write 2024-11-24, 2024-11 or 2024"),
        ("date,percent\n2024-01-01,130\n", ":2: percent: 130 is not from 0 to 100"),
        ("date,percent\n2024-01-01,many\n", ":2: percent: 'many' is not a number, write one such as 54.2"),
        ("date,migrated,in_scope\n2024-01-01,5,\n", ":2: give percent, or migrated with in_scope above 0"),
        ("date,migrated,in_scope\n2024-01-01,5,4\n", ":2: migrated: 5 is more than the 4 in scope"),
        (
            "date,migrated,in_scope\n2024-01-01,4e6,9\n",
            ":2: migrated: '4e6' is not a whole number, write one such as 3610000",
        ),
        (
            "date,percent,within\n2024-01-01,5,0\n",
            ":2: within: 0 is not above 0 and at most 100 percentage points",
        ),
    ],
)
def test_a_bad_count_is_one_line(tmp_path, text, told):
    path = counts_file(tmp_path, text)
    with pytest.raises(CalibrationError) as error:
        read_observed(path)
    assert str(error.value) == f"{path}{told}"


def test_counts_outside_the_run_are_refused(tmp_path):
    points = read_observed(counts_file(tmp_path, "date,percent\n2024-05,3\n"))
    with pytest.raises(CalibrationError, match="is not within the scenario's run of 2024-06-01 to 2025-02-28"):
        check_in_run(points, FIRST, LAST)


# The curve ------------------------------------------------------------------------------------------------------------

DAYS = AreaCounts.of(
    AreaDay(
        f"2024-06-0{day}",
        "town",
        {
            "meters": 90,
            "dead_records": 10,
            "register_issuable": 60 - 20 * day,
            "register_issued": 10 * day,
            "register_presumed_changed": 10 * day,
            "register_out_of_scope": 30,
            "true_new_key": 6 * day,
        },
        (),
    )
    for day in (1, 2)
)


@pytest.mark.parametrize(
    ("count", "shares"),
    [
        (Count.REGISTER, [20 / 70, 40 / 70]),
        (Count.CONFIRMED, [10 / 70, 20 / 70]),
        (Count.TRUE, [6 / 60, 12 / 60]),
    ],
)
def test_what_counts_as_migrated(count, shares):
    """A register counts records without a meter among those in scope; the truth does not."""
    assert shares_of(DAYS, count).tolist() == pytest.approx(shares)


def test_a_month_is_compared_with_its_mean():
    curve = np.linspace(0, 1, 101)
    points = tuple(Point("", "", first, last, 0.5, 0.01) for first, last in ((100, 100), (110, 120)))
    assert at_points(curve, 100, points).tolist() == pytest.approx([0.0, 0.15])


# Parameters -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town():
    file, _ = read_scenario_file(TOWN, drawn=False)
    return file


def test_values_between_bounds(town):
    share, every, tries = parameters_of(
        [
            "customers.vacant.share=10%..30%,customers.weekly.buy.every.lognormal.median=5 days..40 days",
            "customers.often.mistakes.tries=1..9",
        ],
        town,
    )
    assert [share.text(place) for place in (0, 0.12345, 1, 2)] == ["10%", "12.47%", "30%", "30%"]
    assert every.text(0.5) == "22.5 days"
    assert [tries.text(place) for place in (0, 0.5, 0.58)] == ["1", "5", "6"]
    assert share.place("15%") == 0.25


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("customers.vacant.share", ("7%", "28%")),
        ("areas.town.help_desk.staff", ("1", "2")),
        ("population.use_varies", ("20%", "80%")),
    ],
)
def test_without_bounds_they_are_half_and_twice_what_the_file_says(town, text, bounds):
    [parameter] = parameters_of([text], town)
    assert (parameter.text(0), parameter.text(1)) == bounds


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "--fit: give at least one PATH=LOW..HIGH, such as customers.zero.share=20%..40%"),
        ("a.b=3", "--fit a.b: write PATH=LOW..HIGH, such as customers.zero.share=20%..40%"),
        ("a.b=3%..4 h", "--fit a.b: from 3% to 4 h: write both with the same unit"),
        ("a.b=5..3", "--fit a.b: the upper bound 3 is not above the lower one 5"),
        ("a.b=x..3", "--fit a.b: 'x' is not a number or a quantity, such as 4, 10% or 5 kWh"),
        (
            "programme.change_key",
            "--fit programme.change_key: the file has no number there (nothing stands there); write"
            " programme.change_key=LOW..HIGH",
        ),
    ],
)
def test_a_bad_parameter_is_one_line(town, text, told):
    with pytest.raises(CalibrationError) as error:
        parameters_of([text], town)
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed=1..9", "the seed is the same in all scenarios"),
        ("customers.vacant.share=1%..2%,customers.vacant.share=3%..4%", "is swept too, leave one out"),
        ("customers.vacant.shar=1%..2%", "--fit: with customers.vacant.shar=1%: --fit customers.vacant.shar"),
        ("customers.vacant.share=1%..60%", "the shares of the customers come to"),
    ],
)
def test_what_the_scenario_cannot_have_is_refused_before_a_run(town, text, told):
    with pytest.raises(ScenarioError, match=told.replace(".", r"\.")):
        check_bounds(parameters_of([text], town), town)


# The fit, to a curve that is known ------------------------------------------------------------------------------------

FITS = ("customers.vacant.share=5%..20%", "customers.often.share=20%..40%")
DATES = ("2024-07-15", "2024-08-15", "2024-09-15", "2024-10-15", "2024-11-15", "2024-12-15", "2025-01-15", "2025-02-15")


def plateau_and_pace(subject, texts, seed):
    """A curve that saturates below the share of the vacant, the faster the more buy often, with some chance."""
    vacant, often = (float(text.rstrip("%")) / 100 for text in texts)
    days = np.arange(subject.last_day - subject.first_day + 1)
    chance = 0.002 * (philox4x32((seed & 0xFFFF, 1, 2, 3), (4, 5))[0] / 2**32 - 0.5)
    return (1 - 2 * vacant) * (1 - np.exp(-days * often / 20)) + chance


def plateau_only(subject, texts, seed):
    return plateau_and_pace(subject, (texts[0], "30%"), seed)


def sum_only(subject, texts, seed):
    vacant, often = (float(text.rstrip("%")) for text in texts)
    return plateau_and_pace(subject, (f"{vacant + often - 20}%", "30%"), seed)


def subject(town, fits=FITS):
    return subject_of(town, parameters_of(fits, town), Count.REGISTER, "reference", 1)


def points_of(curve, within=0.01, dates=DATES):
    days = [days_of(date, "")[0] for date in dates]
    return tuple(
        Point("counts.csv:2", date, day, day, float(curve[day - FIRST]), within)
        for date, day in zip(dates, days, strict=True)
    )


def test_known_values_are_found_again(town):
    what = subject(town)
    points = points_of(plateau_and_pace(what, ("13%", "26%"), 0))
    done = calibrate(what, points, Choices(40, 2, 10), one_run=plateau_and_pace)
    vacant, often = done.estimates
    assert vacant.value == pytest.approx(13, abs=0.3)
    assert often.value == pytest.approx(26, abs=0.7)
    assert vacant.low < 13 < vacant.high
    assert often.low < 26 < often.high
    assert vacant.verdict == often.verdict == ""
    errors = Errors.of(done.fitted)
    assert errors.points == 8
    assert errors.greatest < 0.3
    assert done.evaluations <= 40
    assert all(each.is_inside(0.95) for each in done.compared)


def test_intervals_hold_the_truth_about_as_often_as_they_say(town):
    """Counts that scatter as they say of themselves."""
    what = subject(town)
    truth = plateau_and_pace(what, ("13%", "26%"), 0)
    inside = 0
    for trial in range(40):
        generator = np.random.default_rng(trial)
        points = tuple(
            Point("", point.date, point.first, point.last, point.share + 0.02 * generator.standard_normal(), 0.02)
            for point in points_of(truth)
        )
        done = calibrate(what, points, Choices(30, 1, 2), one_run=plateau_and_pace)
        inside += sum(each.low <= value <= each.high for each, value in zip(done.estimates, (13, 26), strict=True))
    assert 70 <= inside <= 80


def test_a_value_that_moves_nothing_is_told(town):
    what = subject(town)
    done = calibrate(what, points_of(plateau_only(what, ("13%", ""), 0)), Choices(20, 1, 4), one_run=plateau_only)
    vacant, often = done.estimates
    assert vacant.verdict == ""
    assert often.verdict == "near the fit moves no point by half a percentage point"
    assert (often.low, often.high) == (20, 40)


def test_values_that_are_told_only_together(town):
    what = subject(town, ("customers.vacant.share=8%..12%", "customers.often.share=20%..24%"))
    done = calibrate(what, points_of(sum_only(what, ("10%", "22%"), 0), 0.001), Choices(20, 1, 4), one_run=sum_only)
    first, second = done.estimates
    assert first.verdict.endswith("told only together with customers.often.share")
    assert second.verdict.endswith("told only together with customers.vacant.share")
    assert first.value + second.value == pytest.approx(32, abs=0.3)
    assert first.high - first.low > 2.5


def test_fewer_counts_than_values_still_give_bands(town):
    what = subject(town)
    points = points_of(plateau_and_pace(what, ("13%", "26%"), 0), dates=("2024-07-01",))
    done = calibrate(what, points, Choices(15, 1, 4), one_run=plateau_and_pace)
    assert any(each.verdict for each in done.estimates)
    assert done.scale == 1


def test_counts_that_scatter_widen_the_intervals(town):
    what = subject(town)
    smooth = points_of(plateau_and_pace(what, ("13%", "26%"), 0))
    rough = tuple(
        Point("", point.date, point.first, point.last, point.share + (-1) ** number * 0.05, point.within)
        for number, point in enumerate(smooth)
    )
    widths = []
    for points in (smooth, rough):
        done = calibrate(what, points, Choices(30, 1, 4), one_run=plateau_and_pace)
        widths.append(done.estimates[0].high - done.estimates[0].low)
    assert done.scale > 3
    assert widths[1] > 3 * widths[0]


def test_the_same_input_gives_the_same_fit(town):
    what = subject(town)
    points = points_of(plateau_and_pace(what, ("9%", "31%"), 0))
    one, two = (calibrate(what, points, Choices(20, 2, 5), one_run=plateau_and_pace) for _ in range(2))
    assert one.estimates == two.estimates
    assert (one.drawn == two.drawn).all()


def test_no_values_are_run_twice(town):
    runs = Runs(subject(town), one_run=plateau_and_pace)
    told = []
    runs.on_run = lambda: told.append(1)
    runs.mean([("10%", "30%"), ("10%", "30%"), ("11%", "30%")], (1, 2))
    runs.curves([(("10%", "30%"), 2)])
    assert len(told) == 4


# A forecast -----------------------------------------------------------------------------------------------------------


def test_counts_after_the_day_are_held_back(town):
    what = subject(town)
    points = points_of(plateau_and_pace(what, ("13%", "26%"), 0))
    choices = Choices(30, 1, 20, until=days_of("2024-10-31", "")[1])
    ahead = forecast(calibrate(what, points, choices, one_run=plateau_and_pace))
    done = ahead.calibration
    assert (len(done.fitted), len(done.held_back)) == (4, 4)
    assert ahead.deadline == days_of("2024-11-24", "")[0]
    assert len(ahead.outcomes) == 20
    true = plateau_and_pace(what, ("13%", "26%"), 0)[ahead.deadline - FIRST]
    low, high = ahead.intervals[0.95]
    assert low < true < high
    assert ahead.intervals[0.5][0] > low
    assert ahead.inside(0.95) == 4
    assert forecast(done, LAST).outcomes.tolist() == done.drawn[:, -1].tolist()


def test_held_back_counts_do_not_change_the_fit(town):
    what = subject(town)
    points = points_of(plateau_and_pace(what, ("13%", "26%"), 0))
    choices = Choices(15, 1, 3, until=points[3].last)
    changed = points[:4] + tuple(Point("", each.date, each.first, each.last, 0.01, 0.01) for each in points[4:])
    one, two = (calibrate(what, each, choices, one_run=plateau_and_pace) for each in (points, changed))
    assert one.estimates == two.estimates
    assert Errors.of(two.held_back).greatest > 50


def test_no_count_to_fit_is_refused(town):
    what = subject(town)
    with pytest.raises(CalibrationError, match="--until: the first count is of 2024-07-15"):
        calibrate(what, points_of(np.zeros(LAST - FIRST + 1)), Choices(until=FIRST), one_run=plateau_and_pace)


def test_a_deadline_outside_the_run_is_refused(town):
    done = calibrate(subject(town), points_of(np.zeros(LAST - FIRST + 1)), Choices(3, 1, 2), one_run=plateau_and_pace)
    with pytest.raises(CalibrationError, match="--deadline: 2025-03-01 is not within the scenario's run"):
        forecast(done, LAST + 1)


# The algebra ----------------------------------------------------------------------------------------------------------


def test_without_counts_a_value_is_anywhere_between_its_bounds():
    spread = spread_of(np.zeros((3, 1)), np.zeros(3), np.zeros((3, 3)))
    assert spread.covariance[0, 0] == pytest.approx(BOUNDS_VARIANCE)


def test_one_value_and_many_counts_are_a_mean():
    """With slope 1 at n counts of standard deviation 1 in units of the bounds, the variance is 1/n."""
    number = 10_000
    residuals = np.where(np.arange(number) % 2, 1.0, -1.0)
    spread = spread_of(np.ones((number, 1)), residuals, np.zeros((number, number)))
    assert spread.covariance[0, 0] == pytest.approx(1 / number, rel=0.01)


def test_fewer_counts_tell_less():
    """Three counts off by 2 or 0; without the third, which no value moves, nothing is surer. Before, it was ten times."""
    slopes = np.array([[20.0, 0.0], [30.0, 0.0], [0.0, 20.0]])
    residuals = np.array([2.0, 0.5, 0.0])
    three = spread_of(slopes, residuals, np.zeros((3, 3)))
    two = spread_of(slopes[:2], residuals[:2], np.zeros((2, 2)))
    assert two.half_widths(0.95)[0] >= three.half_widths(0.95)[0]
    assert two.freedom == pytest.approx(4 + 2 - 1, abs=0.05)  # a value that moves nothing uses up no count
    assert three.freedom == pytest.approx(4 + 3 - 2, abs=0.05)


def test_a_count_has_a_band_of_its_own(town):
    """A count that nobody trusts is held against a band as wide as that."""
    what = subject(town)
    sure = points_of(plateau_and_pace(what, ("13%", "26%"), 0))
    last = sure[-1]
    doubtful = (*sure[:-1], Point("", last.date, last.first, last.last, last.share, 0.08))
    of_sure, of_doubtful = (
        calibrate(what, points, Choices(30, 1, 4), one_run=plateau_and_pace) for points in (sure, doubtful)
    )
    widths = [done.compared[-1].highs[0.5] - done.compared[-1].lows[0.5] for done in (of_sure, of_doubtful)]
    assert widths[1] > 4 * widths[0]
    assert of_doubtful.bands[0].high[-1] - of_doubtful.bands[0].low[-1] < widths[1] / 2


def test_the_chance_of_runs_widens():
    slopes = np.full((4, 1), 100.0)
    without, with_it = (
        spread_of(slopes, np.zeros(4), chance).covariance[0, 0] for chance in (np.zeros((4, 4)), np.ones((4, 4)))
    )
    assert with_it == pytest.approx(without + 1 / 100**2, rel=0.01)


def test_draws_have_the_spread_and_keep_to_the_bounds():
    covariance = np.array([[0.01, 0.008], [0.008, 0.01]])
    drawn = draws(np.array([0.5, 0.5]), covariance, 4000, 7)
    assert np.cov(drawn, rowvar=False) == pytest.approx(covariance, abs=0.001)
    assert (draws(np.array([0.5, 0.99]), covariance, 100, 7) <= 1).all()
    assert (draws(np.array([0.5, 0.5]), covariance, 4000, 7) == drawn).all()


def test_a_value_at_its_bound_is_told():
    [told] = verdicts(np.array([[30.0]]), np.array([[0.0001]]), np.array([1.0]), np.array([0.01]), ("a",))
    assert told == "lies at its bound"

"""The report as a page: what it says of a run, that it needs nothing else, and what it refuses."""

import base64
import re
import shutil
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

import meter_sim
from meter_sim.cli import main
from meter_sim.results.html.plans_compared import measure_title
from meter_sim.results.html.questions import QUESTIONS
from meter_sim.results.html.wording import count, day, listed, month, number, percent, wait
from tests.rollout import by_hand, meter
from tests.test_answers import DOORS, QUEUES, TOWN

SCENARIOS = Path(__file__).parent.parent / "scenarios"
HOUSEHOLD = SCENARIOS / "household_rollover.yaml"
VOID = {"meta", "img", "br", "link", "input", "hr", "wbr"}
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def cli(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


class Page(HTMLParser):
    """A page as a tree is not needed: its texts by section, its ids, its links and its pictures."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.pictures, self.headings = [], [], [], [], []
        self.sections, self.tables, self.tags = {}, [], set()
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.add(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if tag == "img":
            inside = [name for _, name in self.open if name]
            self.pictures.append(values | {"section": inside[-1]})
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append((tag, values.get("id") if tag == "section" else None))

    def handle_endtag(self, tag):
        assert self.open[-1][0] == tag, (self.open, tag)
        self.open.pop()

    def handle_data(self, text):
        inside = [tag for tag, _ in self.open]
        if "style" in inside:
            return
        for name in (name for _, name in self.open if name):
            self.sections[name] = self.sections.get(name, "") + text.replace("\u00a0", " ")
        if inside and re.fullmatch("h[1-6]", inside[-1]):
            self.headings[-1][1] += text
        if inside and inside[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += text.replace("\u00a0", " ")

    def says(self, section):
        return " ".join(self.sections[section].split())


def page_of(*folders, options=()):
    out = Path(folders[0]).parent / "page.html"
    result = cli("report", *folders, "--out", out, *options)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"written to {out}\n"
    return out.read_text(encoding="utf-8")


def page_in_words(*folders, options=()):
    """The page with its pictures left blank, for what it says; drawing them takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("meter_sim.results.html.pictures._svg", lambda figure: b"<svg/>")
        return page_of(*folders, options=options)


@pytest.fixture(scope="module")
def town_text(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    by_hand(folder, **TOWN).write(folder / "result", plot=False)
    return page_of(folder / "result")


@pytest.fixture(scope="module")
def town(town_text):
    return Page(town_text)


@pytest.fixture(scope="module")
def home_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home") / "home"
    meter_sim.run(HOUSEHOLD).write(folder, plot=False)
    return folder


@pytest.fixture(scope="module")
def home_text(home_folder):
    return page_of(home_folder)


@pytest.fixture(scope="module")
def home(home_text):
    return Page(home_text)


PLANS = """
overrides:
  early: {customers.weekly.buy.when_below: 20 kWh}
  rural: {meters.0.load: rural}
scenarios: {base: [], early: [early], rural: [rural]}
"""


@pytest.fixture(scope="module")
def plans_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plans")
    text = HOUSEHOLD.read_text(encoding="utf-8").split("timeline:")[0]
    (folder / "plans.yaml").write_text(text + PLANS, encoding="utf-8")
    result = cli(
        "run", folder / "plans.yaml", "--scenario", "all", "--replications", 3, "--no-plot", "--out", folder / "plans"
    )
    assert result.exit_code == 0, result.stderr
    return folder / "plans"


# -- the ten answers of a town whose numbers are worked out by hand in test_answers.py


ANSWERS = {
    "rate_and_start": (
        "Of 19 meters in scope 13 (68.4 %) held the new key at the end of 16 September 2024, the deadline; 6 did not.",
        "At the end of the run it was 14 (73.7 %).",
        "Of the meters in scope 50 % held it by 2 July 2024; 90 % and 95 % were not reached within the run.",
        "From the first start, 10 June 2024, to the deadline 0.13 meters a day were changed; in the best 30 days 0.33 a day.",
        "To be done 90 days before the deadline takes 2.38 meters a day from the first start on; at the best rate seen the "
        "start would have to be 22 April 2024 or earlier.",
        "A buffer of 120 days cannot be kept from this start",
    ),
    "channels_and_crews": (
        "14 meters came to the new key: 7 by key change tokens printed with purchases, 2 by key change tokens sent as "
        "messages, 4 by crews and 1 by a new meter.",
        "Each change by a crew took the time of 2 visits, failed ones counted.",
        "In crews 2 crews would change every meter of the area by visits alone and keep a buffer of 90 days; there is 1.",
    ),
    "never_come": (
        "2 customers never buy anything (1 blocked and 1 vacant); in this run 8 meters saw no purchase.",
        "Without the new key at the end are 2 meters of those who never buy and 3 meters of those who do (1 c8, 1 late and 1 "
        "nobody).",
        "4 records of the register had no meter in the field; 2 of them were found.",
    ),
    "drawers": (
        "Of 47 tokens issued",
        "When the key of their meter changed, 2 credit tokens made under the old key had not been accepted: 35 kWh.",
        "The vending side gave 2 tokens in place of others, over 75 kWh.",
    ),
    "replacements": (
        "2 meters cannot take key change tokens (2 rigid).",
        "1 meter was replaced: 1 in July 2024.",
        "At the end 1 meter that cannot change is still there; a crew is to replace 1 of them.",
        "No new meters lie in stock, so 1 meter has to be ordered.",
    ),
    "without_supply_after_deadline": (
        "all meters' time without supply came to 490 h no money (at most 1 meter on a day), 720 h never buys (at most 1 "
        "meter on a day) and 158 h not migrated (at most 1 meter on a day).",
        "Over the run 15 kWh were lent and 5 kWh paid back; 10 kWh are still owed.",
    ),
    "revisits": (
        "Crews made 9 visits; at 0 (0.0 %) nobody opened.",
        "At the end 1 meter still waits for a crew.",
    ),
    "queues_in_last_month": (
        "Help desk: no request in the 30 days before the deadline.",
        "Nobody asked at an office in the run.",
    ),
    "key_changes_after_deadline": (
        "After the deadline 1 more key change was issued: nine of ten by 25 September 2024, the last on 25 September 2024.",
        "The vending side then refused 1 sale or key change.",
        "At the end of the run 5 meters in scope did not hold the new key.",
    ),
    "presumed_and_true": (
        "At the end of the run the register counts no meters as changed that do not hold the new key, and no meters as "
        "unchanged that do.",
        "On the worst day 2 meters were counted as changed and were not.",
    ),
}


@pytest.mark.parametrize("name", [question.name for question in QUESTIONS])
def test_each_answer_in_words(town, name):
    said = town.says(name.replace("_", "-"))
    for sentence in ANSWERS[name]:
        assert sentence in said


def test_the_questions_are_those_of_the_summary_in_order(tmp_path):
    assert [question.name for question in QUESTIONS] == list(by_hand(tmp_path, **DOORS).summary["answers"])


def test_the_top_speaks_for_itself(town):
    said = town.says("short")
    assert "By hand: rehearsed from 3 June 2024 to 16 October 2024 with 19 meters in 4 areas." in said
    assert "At the deadline, 16 September 2024, 68.4 % of the meters in scope held the new key (13 of 19)" in said
    assert "5 meters did not hold the new key at the end; 2 of them belong to customers who never buy." in said
    assert (
        "without supply for 1,368 h, all meters added up: 720 h never buys, 490 h no money and 158 h not migrated."
        in said
    )
    assert "Crews made 9 visits; at 0.0 % nobody opened." in said


def test_tables_have_each_area(town):
    [table] = [table for table in town.tables if table[0][:3] == ["area", "in scope", "by deadline"]]
    assert [row[:3] for row in table[1:]] == [
        ["shops", "10", "6 (60.0 %)"],
        ["crews", "6", "5 (83.3 %)"],
        ["posts", "2", "2 (100.0 %)"],
        ["left", "1", "0 (0.0 %)"],
        ["all areas", "19", "13 (68.4 %)"],
    ]
    [table] = [table for table in town.tables if table[0][0] == "register"]
    assert table == [
        ["register", "old key", "new key", "cannot change", "all"],
        ["not started", "1", "0", "0", "1"],
        ["issuable", "3", "0", "1", "4"],
        ["issued", "0", "9", "0", "9"],
        ["presumed changed", "0", "5", "0", "5"],
    ]


def test_visits_to_closed_doors(tmp_path):
    by_hand(tmp_path, **DOORS).write(tmp_path / "doors", plot=False)
    said = Page(page_in_words(tmp_path / "doors")).says("revisits")
    assert "Crews made 12 visits; at 10 (83.3 %) nobody opened." in said
    assert "2 customers called back for an appointment, and" in said


@pytest.fixture(scope="module")
def queues(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    prices = {"call": "12 currency", "office_visit": "15 currency"}
    by_hand(folder, **QUEUES, costs=prices).write(folder / "queues", plot=False)
    return folder / "queues"


def test_queues(queues):
    """The desk of test_answers.py: ten ask at once and wait 0 to 90 minutes; the office, where four give up after 25."""
    said = Page(page_in_words(queues)).says("queues-in-last-month")
    assert "Help desk: 11 requests in the 30 days before the deadline; 0 gave up and 0 were turned away." in said
    assert "They waited 41 min on average, nine of ten at most 1 h 20 min, the longest 1 h 30 min" in said
    assert "the longest queue held 9 customers." in said
    assert "Office: 15 requests in the 30 days before the deadline; 4 gave up and 0 were turned away." in said


PRICES = {"visit": "209 currency", "meter": "2280 currency"}


def test_costs_by_area(tmp_path):
    """Nine visits, and one new meter, all in one area."""
    by_hand(tmp_path, **TOWN, costs=PRICES).write(tmp_path / "town", plot=False)
    page = Page(page_in_words(tmp_path / "town"))
    assert "All together 4,161.00 in the base currency: 1,881.00 for visits and 2,280.00 for meters." in page.says(
        "costs"
    )
    [table] = [table for table in page.tables if table[0] == ["area", "visits", "meters", "all"]]
    assert table[2] == ["crews", "1,881.00", "2,280.00", "4,161.00"]
    assert table[-1] == ["all areas", "1,881.00", "2,280.00", "4,161.00"]
    assert "It cost 4,161.00 in the base currency." in page.says("short")


def test_an_area_alone_stands_for_all(tmp_path):
    one = {"areas": {"one": {}}, "meters": [meter(1, "one"), meter(2, "one")]}
    programme = {"change_key": {"from": "1", "to": "2"}, "phases": {"one": {"start": "2024-07-01", "channel": "sent"}}}
    by_hand(tmp_path, **one, programme=programme).write(tmp_path / "one", plot=False)
    page = Page(page_in_words(tmp_path / "one"))
    assert next(table[1][0] for table in page.tables if table[0][0] == "area") == "one"
    assert not [row for table in page.tables for row in table if row[0] == "all areas"]
    assert "No crew made a visit." in page.says("revisits")


# -- the other sections


def test_assumptions(town):
    said = town.says("assumptions")
    for line in ("credit until 2024-09-16 23:59", "keypad", "lend start 2024-06-04 00:00"):
        assert line in said
    [phases] = [table for table in town.tables if table[0][:2] == ["area", "channel"]]
    assert ["crews", "crew", "2024-06-10", "–", "visit unconfirmed"] in phases
    assert "test:old" not in said
    assert "test:new" not in said


def test_a_vending_key_in_hex_is_nowhere(tmp_path):
    key = "0123456789abcdef0123456789abcdef01234567"
    text = HOUSEHOLD.read_text(encoding="utf-8").replace("key: test:new", f'key: "{key}"')
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    assert cli("run", tmp_path / "own.yaml", "--no-plot", "--out", tmp_path / "own").exit_code == 0
    text = page_of(tmp_path / "own")
    assert key not in text.lower()
    assert "hidden" not in Page(text).says("assumptions")


def test_limits_of_a_small_town(town):
    said = town.says("limits")
    for sentence in (
        "It is one run with one seed",
        "one meter is 5.3 % of them",
        "The run ends 30 days after the deadline",
        "The number of crews stays what it is, and so does the number of visits a day (crews)",
        "Vending never fails and sells without limit",
        "These have no price in the scenario and count as nothing, though there were some: visit, call, meter, token, message",
        "The scenario states no expectation",
    ):
        assert sentence in said


def test_limits_of_a_household(home):
    said = home.says("limits")
    assert "There are no areas" in said
    assert "The number of crews" not in said
    assert "The scenario states no expectation" not in said


def test_no_deadline_and_none_within_the_run(tmp_path):
    programme = {"change_key": {"from": "1", "to": "2"}, "phases": {}}
    sections = {
        "areas": {"one": {}},
        "meters": TOWN["meters"][:0],
        "population": {"count": "3"},
        "programme": programme,
    }
    by_hand(tmp_path, **sections).write(tmp_path / "bare", plot=False)
    said = Page(page_in_words(tmp_path / "bare")).says("limits")
    assert (
        "states no last minute of credit under the old key, so the end of the run (16 October 2024) counts as one"
        in said
    )
    assert "The programme has no phases" in said
    assert "There are no customers" in said


def test_a_household_alone(home):
    assert (
        "home: never without supply; its key changed on 20 November 2024 09:06; 11.72 kWh of credit at the end."
        in home.says("short")
    )
    assert "Of 15 token entries 1 was refused: 1 CRCError." in home.says("short")
    assert "All 8 expectations of the scenario were met." in home.says("short")
    [balance] = [table for table in home.tables if table[0][:2] == ["meter", "initial, kWh"]]
    assert balance[1] == ["home", "12.00", "732.80", "733.07", "0.00", "11.72", "0 s", "2 (presumed 2)"]
    [refused] = [table for table in home.tables if table[0][-1] == "why"]
    assert refused[1][0] == "2024-11-20 09:07"
    assert refused[1][4] == "CRCError"
    assert "made under key revision 1, the meter holds 2" in refused[1][5]
    [diary] = [table for table in home.tables if table[0][:2] == ["local time", "event"]]
    assert len(diary) == 32
    assert ["2024-11-20 09:06", "key changed", "1.2 to 2.2", "72.62"] in diary
    assert "questions" not in home.sections
    assert "costs" not in home.sections


def test_an_expectation_that_was_not_met(tmp_path):
    text = HOUSEHOLD.read_text(encoding="utf-8").replace("expect: CRCError", "expect: Accept")
    (tmp_path / "wrong.yaml").write_text(text, encoding="utf-8")
    assert cli("run", tmp_path / "wrong.yaml", "--no-plot", "--out", tmp_path / "wrong").exit_code == 1
    page = Page(page_in_words(tmp_path / "wrong"))
    assert "1 expectation of the scenario was not met." in page.says("short")
    assert "CRCError" in page.says("expectations")


# -- several results, and experiments


def test_several_results(home_folder, tmp_path):
    meter_sim.run(HOUSEHOLD, set={"meters.0.load": "rural"}).write(tmp_path / "rural", plot=False)
    page = Page(page_in_words(tmp_path / "rural", home_folder))
    said = page.says("short")
    assert "2 plans were compared, 1 run of each." in said
    assert "home against rural: " in said
    assert "One run of each cannot tell this from chance." in said
    assert "No plan has two runs" in page.says("compared")
    assert [text for level, text in page.headings if level == 2][2:] == ["Plans compared", "rural", "home", "Words"]
    assert page.ids.count("result-1-limits") == page.ids.count("result-2-limits") == 1


def test_two_results_of_the_same_name(home_folder, tmp_path):
    meter_sim.run(HOUSEHOLD, seed=8).write(tmp_path / "home", plot=False)
    page = Page(page_in_words(tmp_path / "home", home_folder))
    assert [text for level, text in page.headings if level == 2][3:5] == ["home (1)", "home (2)"]
    assert "not the same seeds" in page.says("compared")


def test_an_experiment(plans_folder):
    page = Page(page_in_words(plans_folder))
    said = page.says("short")
    assert "3 plans were compared, 3 runs of each." in said
    assert "early against base: " in said
    [table] = [table for table in page.tables if table[0][0] == "measure"]
    heads = ["measure", "base, 3 runs", "early, 3 runs", "early against base", "rural, 3 runs", "rural against base"]
    assert list(table[0]) == heads
    [row] = [row for row in table if row[0] == "used, kWh"]
    assert row[5].startswith("\N{MINUS SIGN}")
    assert row[5].endswith("*")
    assert "The answers are those of one run of 3 (replication 0)" in page.says("limits")
    assert "used kWh" not in said


def test_many_plans_stand_one_below_the_other(plans_folder, monkeypatch):
    side_by_side = Page(page_in_words(plans_folder))
    monkeypatch.setattr("meter_sim.results.html.plans_compared._MOST_SIDE_BY_SIDE", 2)
    page = Page(page_in_words(plans_folder))
    [table] = [table for table in page.tables if table[0][0] == "measure"]
    rows = [row for row in table if row[0] == "used, kWh"]
    assert [row[1:3] for row in rows] == [["base", "3"], ["early", "3"], ["rural", "3"]]
    assert [row[4] for row in rows] == ["", "base", "base"]
    [wide] = [table for table in side_by_side.tables if table[0][0] == "measure"]
    [line] = [row for row in wide if row[0] == "used, kWh"]
    assert line[1:] == [rows[0][3], rows[1][3], rows[1][5], rows[2][3], rows[2][5]]


def test_an_experiment_with_another_baseline_and_level(plans_folder):
    page = Page(page_in_words(plans_folder, options=("--baseline", "rural", "--level", "80%")))
    assert "base against rural: " in page.says("short")
    assert "80 % interval" in page.says("compared")
    assert "plans, plan rural" in page.says("short")


def test_an_experiment_of_one_plan(plans_folder, tmp_path):
    out = tmp_path / "alone"
    cli("run", plans_folder.parent / "plans.yaml", "--replications", 2, "--no-plot", "--out", out)
    page = Page(page_in_words(out))
    assert "base was run 2 times, each with a seed of its own." in page.says("short")


def test_an_experiment_without_the_result_of_its_baseline(plans_folder, tmp_path):
    shutil.copytree(plans_folder, tmp_path / "plans")
    shutil.rmtree(tmp_path / "plans" / "base")
    result = cli("report", tmp_path / "plans", "--out", tmp_path / "page.html")
    assert result.exit_code == 2
    assert "not a result, summary.json is missing" in result.stderr


# -- one page that needs nothing else


def test_every_question_has_its_picture(town):
    """But for the queues: nobody asked in the last month."""
    told = {picture["section"]: picture["alt"] for picture in town.pictures}
    assert {name for name in told if name in {question.name.replace("_", "-") for question in QUESTIONS}} == {
        "rate-and-start", "channels-and-crews", "never-come", "drawers", "replacements",
        "without-supply-after-deadline", "revisits", "key-changes-after-deadline", "presumed-and-true",
    }  # fmt: skip
    assert "13 of 19 held it on 16\u00a0September\u00a02024" in told["rate-and-start"]
    assert told["channels-and-crews"].endswith("as bars: with a purchase 7, sent as messages 2, crew 4, new meter 1.")
    assert "never buys: blocked 1, never buys: vacant 1, buys: c8 1" in told["never-come"]
    assert told["replacements"] == "Meters replaced by month, as bars: July\u00a02024 1."
    assert "After it 1 were issued." in told["key-changes-after-deadline"]


def test_queues_and_costs_have_pictures(queues):
    told = {picture["section"]: picture["alt"] for picture in Page(page_in_words(queues)).pictures}
    assert (
        "help desk: served 11, help desk: gave up 0, help desk: turned away 0, office: served 11"
        in (told["queues-in-last-month"])
    )
    assert told["costs"].startswith("Costs since the start of the run")


def test_a_listed_meter_has_its_credit_and_its_tid_store(home):
    assert [(picture["section"], picture["alt"].split(",")[0]) for picture in home.pictures] == [
        ("diary-1", "Credit of home over time"),
        ("diary-1", "The TIDs that the store of home held after each entry"),
        (
            "assumptions",
            "TIDs over the years under each base date as rising lines that end when 24 bits of minutes are used up",
        ),
    ]


@pytest.mark.parametrize("which", ["town_text", "home_text"])
def test_the_page_reaches_nothing(which, request):
    text = request.getfixturevalue(which)
    page = Page(text)
    assert not re.search(r"https?:|url\(|@import|<script|javascript:", text)
    assert not {"script", "link", "iframe", "object", "form"} & page.tags
    for link in page.links:
        assert link.startswith("#")
        assert link[1:] in page.ids
    assert len(page.ids) == len(set(page.ids))
    assert page.pictures
    for picture in page.pictures:
        assert len(picture["alt"]) > 40
        kind, content = re.fullmatch(r"data:image/(svg\+xml|png);base64,(.*)", picture["src"]).groups()
        content = base64.b64decode(content, validate=True)
        if kind == "png":
            assert content.startswith(b"\x89PNG")
        else:
            assert content.startswith(b"<svg")
            assert set(re.findall(r"https?://[^\"' <]+", content.decode())) <= NAMESPACES


@pytest.mark.parametrize("which", ["town", "home"])
def test_headings_go_down_one_by_one(which, request):
    levels = [level for level, _ in request.getfixturevalue(which).headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_same_bytes_again(home_folder, home_text, plans_folder):
    assert page_of(home_folder) == home_text
    assert page_of(plans_folder) == page_of(plans_folder)


def test_names_cannot_be_markup(tmp_path):
    name = "<b>A & B</b> \"x\" <script>alert('1')</script>"
    text = HOUSEHOLD.read_text(encoding="utf-8").replace(
        "name: One household across the rollover", f"name: |-\n  {name}"
    )
    (tmp_path / "odd.yaml").write_text(text, encoding="utf-8")
    assert cli("run", tmp_path / "odd.yaml", "--no-plot", "--out", tmp_path / "a<i>&'\"b").exit_code == 0
    meter_sim.run(HOUSEHOLD, seed=9).write(tmp_path / "other", plot=False)
    text = page_of(tmp_path / "a<i>&'\"b", tmp_path / "other")
    page = Page(text)
    assert not {"script", "b", "i"} & page.tags
    assert "&lt;script&gt;" in text
    assert name in page.says("short")
    assert "a<i>&'\"b" in page.says("short")


# -- the command


def test_no_result(tmp_path):
    (tmp_path / "empty").mkdir()
    result = cli("report", tmp_path / "empty", "--out", tmp_path / "page.html")
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [tmp_path / "empty"])
    line = f"{tmp_path / 'empty'}: neither an experiment nor a result; name a folder that run wrote\n"
    assert result.stderr == line


def test_a_summary_that_lacks_something(home_folder, tmp_path):
    shutil.copytree(home_folder, tmp_path / "home")
    file = tmp_path / "home" / "summary.json"
    file.write_text(file.read_text().replace('"expectations"', '"others"'), encoding="utf-8")
    result = cli("report", tmp_path / "home", "--out", tmp_path / "page.html")
    assert (result.exit_code, (tmp_path / "page.html").exists()) == (2, False)
    assert result.stderr == "home: is not whole, KeyError 'expectations'; run it again with this version\n"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--out", "page.pdf"), "--out: page.pdf does not end in .html, name a page such as report.html"),
        (("--level", "5%"), "--level: 5% is not from 50% to below 100%"),
        (("--baseline", "nobody"), "--baseline: nothing is called 'nobody', allowed are home"),
    ],
)
def test_wrong_options(home_folder, options, line):
    result = cli("report", home_folder, *options)
    assert (result.exit_code, result.stderr) == (2, f"{line}\n")


def test_places_where_no_page_can_stand(home_folder, tmp_path):
    (tmp_path / "folder.html").mkdir()
    result = cli("report", home_folder, "--out", tmp_path / "folder.html")
    assert (result.exit_code, result.stderr) == (2, f"--out: {tmp_path / 'folder.html'} is a folder, name a file\n")
    inside = home_folder / "report.html"
    result = cli("report", home_folder, "--out", inside)
    assert (result.exit_code, inside.exists()) == (2, False)
    assert f"--out: {inside} lies in {home_folder}" in result.stderr
    nowhere = tmp_path / "nowhere" / "page.html"
    result = cli("report", home_folder, "--out", nowhere)
    assert (result.exit_code, result.stderr) == (2, f"{nowhere}: cannot be written: No such file or directory\n")


def test_an_earlier_page_is_replaced(home_folder, home_text, tmp_path):
    out = tmp_path / "page.html"
    out.write_text("old", encoding="utf-8")
    assert cli("report", home_folder, "--out", out).exit_code == 0
    assert out.read_text(encoding="utf-8") == home_text
    assert list(tmp_path.iterdir()) == [out]


def test_the_page_has_a_name_of_its_own(home_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli("report", home_folder).stdout == "written to report.html\n"


# -- wording


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (number(1234567), "1,234,567"),
        (number(0.7), "0.7"),
        (number(1234.0), "1,234"),
        (number(None), "–"),
        (number(2.5, 2), "2.50"),
        (count(1, "meter"), "1 meter"),
        (count(0, "meter"), "no meters"),
        (count(2297, "entry", "entries"), "2,297 entries"),
        (percent(1, 3), "33.3 %"),
        (percent(99999, 100000), "99.9 %"),
        (percent(1, 100000), "0.1 %"),
        (percent(0, 5), "0.0 %"),
        (percent(5, 5), "100.0 %"),
        (percent(0, 0), "–"),
        (wait(0), "0 s"),
        (wait(59), "59 s"),
        (wait(90), "2 min"),
        (wait(3599), "1 h 00 min"),
        (wait(3900), "1 h 05 min"),
        (wait(None), "–"),
        (day("2024-11-24"), "24 November 2024"),
        (month("2024-07"), "July 2024"),
        (listed([]), ""),
        (listed(["a"]), "a"),
        (listed(["a", "b"]), "a and b"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (measure_title("hours_off_no_money"), "hours without supply, no money"),
        (measure_title("help_desk_mean_wait_s"), "help desk mean wait, s"),
        (measure_title("kwh_not_served"), "not served, kWh"),
        (measure_title("used_kwh"), "used, kWh"),
        (measure_title("meters_left"), "meters left"),
    ],
)
def test_wording(made, text):
    assert made.replace("\u00a0", " ") == text

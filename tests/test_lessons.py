"""Lessons: their scenarios hold, their steps can be done by the book and otherwise, their words are complete."""

import re
from dataclasses import fields
from importlib.resources import files

import pytest

from meter_sim.engine.reference import run
from meter_sim.meter.answer import STATUS_BY_NAME
from meter_sim.meter.display import PAGES, WORDS
from meter_sim.practice import commands as of
from meter_sim.practice.happening import Kind
from meter_sim.practice.lesson import AWAY, POINTS, Outcome
from meter_sim.practice.session import Session
from meter_sim.practice.shelf import LESSONS, PRACTICE, built_in
from meter_sim.practice.steps import Do, steps_of
from meter_sim.practice.why import CHECKS
from meter_sim.practice.words import LANGUAGES, words_of
from meter_sim.results.record import EventKind
from meter_sim.scenario.reader import read_scenario
from meter_sim.scenario.scenario import Expectation
from meter_sim.sts.words import TEST_NAMES
from meter_sim.vending.refusal import REFUSAL_NAMES

SCENARIOS = built_in()
STATIC = files("meter_sim.web").joinpath("static")


def learner(name):
    return Learner(Session(SCENARIOS[name] if name in SCENARIOS else read_scenario(f"scenarios/{name}.yaml")))


class Learner:
    """Does what a step asks for, or something else."""

    def __init__(self, session):
        self.session = session

    @property
    def step(self):
        return self.session.progress.current

    @property
    def passed(self):
        return [one.outcome.value for one in self.session.progress.passed]

    def do(self, kind, after=1, **more):
        at = self.session.now + after
        meter = {} if kind in (of.Look, of.Skip, of.Wait) else {"meter": self.step.meter if self.step else "home"}
        return self.session.do(kind(at=at, **({} if kind is of.Wait else meter) | more))

    def enter(self, label):
        return self.do(of.Enter, digits=self.session.progress.digits[label])

    def to_the_end(self):
        for _ in range(40):
            if self.step is not None:
                self.by_the_book()
        assert self.step is None

    def by_the_book(self):
        step = self.step
        self.session.do(of.Wait(at=max(step.at, self.session.now)))
        if step.do is Do.BUY:
            self.do(of.Buy, amount=step.amount, service=step.service)
        elif step.do in (Do.CHANGE_KEY, Do.CHANGE_WITH_PURCHASE):
            self.do(of.ChangeKey, to=step.to, with_purchase=step.do is Do.CHANGE_WITH_PURCHASE)
        elif step.do is Do.ENTER:
            self.do(of.Enter, digits=step.digits or self.session.progress.digits[step.label])
        elif step.do is Do.POWER:
            self.do(of.Power, on=False)
            self.do(of.Power, on=True, after=20)
        elif step.do is Do.TAMPER:
            self.do(of.Tamper)
        elif step.do is Do.ORDER:
            order, value = step.wanted
            self.do(of.Order, order=order, value=value)
        else:
            self.do(of.Look)


@pytest.mark.parametrize("name", [PRACTICE, *LESSONS])
def test_the_scenario_of_a_lesson_holds(name):
    assert [finding for finding in run(SCENARIOS[name]).findings if finding.failure] == []


@pytest.mark.parametrize("name", LESSONS)
def test_by_the_book_every_step_is_right_at_once(name):
    pupil = learner(name)
    pupil.to_the_end()
    progress = pupil.session.progress
    assert set(pupil.passed) == {"right"}
    assert progress.points == progress.most_points == 2 * len(progress.steps)
    pupil.do(of.Look)
    assert pupil.session.progress == progress


def test_a_timeline_of_the_household_is_a_lesson_too():
    pupil = learner("household_rollover")
    kinds = [step.do.value for step in pupil.session.progress.steps]
    assert kinds == ["buy", "enter", "change_key", "enter", "enter", "enter", "order", "enter", "buy", "enter", "look"]
    pupil.to_the_end()
    assert set(pupil.passed) <= {"right", "otherwise"}


def test_a_purchase_that_the_timeline_enters_asks_for_each_token():
    steps = steps_of(read_scenario("scenarios/not_migrated.yaml"))
    assert {step.do for step in steps} >= {Do.BUY, Do.ENTER}
    waits = steps_of(SCENARIOS["key_change"])
    assert [step.do.value for step in waits][:2] == ["change_with_purchase", "buy"]


def test_what_nobody_can_be_asked_to_do_is_no_step():
    scenario = read_scenario("scenarios/wrong_order.yaml")
    assert any(action.expect and action.expect.result == "TimedOut" for action in scenario.timeline)
    assert "TimedOut" not in [step.result for step in steps_of(scenario)]


def test_another_token_is_told_and_the_step_can_be_put_right():
    pupil = learner("key_change")
    pupil.by_the_book()
    pupil.by_the_book()
    pupil.enter("slip")
    [tried] = pupil.session.progress.tries
    assert (tried.fault, tried.happened.result) == ("another token", "CRCError")
    pupil.by_the_book()
    assert pupil.passed == ["right", "right", "corrected"]


def test_another_amount_and_another_thing_are_told():
    pupil = learner("top_up")
    pupil.do(of.Buy, amount=300)
    pupil.do(of.ChangeKey, to=2)
    pupil.do(of.Enter, digits="1")
    assert [tried.fault for tried in pupil.session.progress.tries] == [
        "another amount",
        "another thing",
        "another thing",
    ]
    pupil.by_the_book()
    assert pupil.passed == ["corrected"]


def test_sections_the_other_way_round_go_on():
    pupil = learner("key_change")
    pupil.by_the_book()
    pupil.by_the_book()
    pupil.enter("slip.kct.2")
    assert pupil.session.progress.tries[-1].happened.result == "2ndKCT"
    pupil.enter("slip.kct.1")
    assert pupil.session.progress.passed[-2].tries[-1].fault == "answer"
    assert pupil.passed[-2:] == ["otherwise", "before"]
    pupil.by_the_book()
    assert pupil.session.connection("home").meter.keys.key_revision == 2
    assert pupil.passed[-1] == "right"


def test_a_section_that_was_lost_is_keyed_in_again():
    pupil = learner("key_change")
    for _ in range(3):
        pupil.by_the_book()
    pupil.do(of.Wait, after=1200)
    pupil.enter("slip.kct.2")
    assert pupil.passed[-1] == "otherwise"
    pupil.enter("slip")
    assert pupil.session.progress.tries[-1].fault == "answer"
    pupil.enter("slip.kct.1")
    pupil.enter("slip")
    assert pupil.passed[-1] == "corrected"


def test_a_lock_out_is_waited_for():
    pupil = learner("top_up")
    pupil.by_the_book()
    for _ in range(3):
        pupil.do(of.Enter, digits="0" * 20)
    pupil.enter("slip")
    assert pupil.session.progress.tries[-1].happened.result == "LockedOut"
    pupil.do(of.Wait, after=10)
    pupil.enter("slip")
    assert pupil.passed == ["right", "corrected"]


def test_a_state_that_is_not_as_it_should_be_is_told():
    pupil = learner("key_change")
    pupil.do(of.Skip)
    pupil.by_the_book()
    [tried] = pupil.session.progress.passed[-1].tries
    assert pupil.passed == ["skipped", "otherwise"]
    assert (tried.fault, tried.happened.failure) == ("state", "presumed_key_revision: expected 2, got 1")


def test_what_the_display_should_show_is_a_mark_too():
    pupil = learner("key_change")
    for _ in range(5):
        pupil.do(of.Skip)
    pupil.by_the_book()
    assert pupil.passed[-1] == "otherwise"
    assert pupil.session.progress.passed[-1].tries[-1].happened.entry.answer == ("KRN 1.2",)


def test_a_display_that_differs_is_told_as_such():
    pupil = learner("key_change")
    for _ in range(5):
        pupil.do(of.Skip)
    pupil.by_the_book()
    assert pupil.session.progress.passed[-1].tries[-1].fault == "display"


LESSON = """
name: A lesson
start: 2024-11-25 08:00
end: 2025-11-25 08:00
timezone: Africa/Johannesburg
seed: 3
supply_groups:
  "123457":
    vending_keys:
      - {key_revision: 1, base_date: 1993, dkga: "02", key: test:old, issue_until: 2024-11-24 20:15Z}
      - {key_revision: 2, base_date: 2014, dkga: "04", key: test:new}
meters:
  - {name: home, pan: "600727000000000009", supply_group: "123457", key_revision: 1}
  - {name: other, pan: "600727010000000164", supply_group: "123457", key_revision: 2}
timeline:
"""


def own(folder, *actions):
    path = folder / "own.yaml"
    path.write_text(
        LESSON
        + "".join(f"  - {{at: 2024-11-25 {9 + place:02d}:00, {action}}}\n" for place, action in enumerate(actions))
    )
    return Learner(Session(read_scenario(path)))


@pytest.mark.parametrize("expect", ["", ", expect: Issued"])
def test_a_step_that_wants_a_slip_stays_until_one_comes(tmp_path, expect):
    pupil = own(tmp_path, f"buy: 5 kWh, meter: home, as: slip{expect}", "enter: slip, meter: home")
    pupil.by_the_book()
    [tried] = pupil.session.progress.tries
    assert (tried.fault, tried.happened.result, pupil.passed) == ("answer", "IssueUntilPassed", [])
    pupil.do(of.ChangeKey, to=2)
    for _, token in pupil.session.slips[-1].tokens:
        pupil.do(of.Enter, digits=token.digits)
    pupil.by_the_book()
    assert pupil.passed == ["corrected"]
    pupil.by_the_book()
    assert pupil.passed == ["corrected", "right"]


def test_a_refusal_that_the_step_is_about_goes_on(tmp_path):
    pupil = own(tmp_path, "buy: 5 kWh, meter: home, expect: IssueUntilPassed", "observe: the register, meter: home")
    pupil.by_the_book()
    assert pupil.passed == ["right"]


def test_the_right_thing_at_another_meter_is_told(tmp_path):
    pupil = own(tmp_path, "buy: 5 kWh, meter: other, as: slip", "enter: slip, meter: other")
    pupil.by_the_book()
    pupil.do(of.Enter, meter="home", digits=pupil.session.progress.digits["slip"])
    [tried] = pupil.session.progress.tries
    assert (tried.fault, tried.happened.meter) == ("another meter", "home")


def test_every_order_of_a_lesson_can_be_given_to_the_counter(tmp_path):
    pupil = own(
        tmp_path,
        "manage: {test: tariff_index}, meter: other",
        "manage: {power_limit: 700 W}, meter: other",
        "manage: {clear_credit: electricity}, meter: other",
        "manage: {clear_tamper: true}, meter: other",
    )
    orders = [step.wanted for step in pupil.session.progress.steps if step.do is Do.ORDER]
    assert orders == [("test", 5), ("power_limit", 700), ("clear_credit", 0), ("clear_tamper", 0)]
    pupil.to_the_end()
    assert set(pupil.passed) == {"right"}


def test_an_order_that_the_counter_does_not_take_is_no_step(tmp_path):
    pupil = own(
        tmp_path,
        "manage: {extended: {function: 3, value: 4}}, meter: other, as: special",
        "enter: special, meter: other",
        "manage: {test: power, manufacturer: 7}, meter: other",
        "observe: nothing else, meter: other",
    )
    assert [step.do for step in pupil.session.progress.steps] == [Do.LOOK]


def test_a_step_that_is_left_out_brings_no_points():
    pupil = learner("drawer")
    for _ in pupil.session.progress.steps:
        pupil.do(of.Skip)
    assert set(pupil.passed) == {"skipped"}
    assert pupil.session.progress.points == 0


# -- words -----------------------------------------------------------------------------------------------------

PARTS = (
    *("page", "captions", "display", "results", "results_of", "refusals", "checks", "faults", "outcomes"),
    *("kinds", "states", "orders", "fields", "reasons", "events", "steps"),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_words_of_english_and_no_others(language):
    words, english = words_of(language), words_of("en")
    assert words.language == language
    assert words.draft == (language != "en")
    assert bool(words.page["draft"]) == words.draft
    for part in PARTS:
        own, original = getattr(words, part), getattr(english, part)
        assert own.keys() == original.keys()
        for name, text in own.items():
            assert bool(text) == bool(original[name]) or name == "draft", name
            assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", original[name])), name
    assert set(words.lessons) == set(LESSONS)
    for name, lesson in words.lessons.items():
        assert len(lesson.steps) == len(steps_of(SCENARIOS[name]))
        assert all(step.do and step.learn for step in lesson.steps)


def test_the_words_cover_what_can_come_and_nothing_else():
    words = words_of("en")
    assert set(words.display) == {word.text for word in WORDS if word.text}
    assert set(words.results) == set(STATUS_BY_NAME)
    assert set(words.refusals) == {*REFUSAL_NAMES, "Issued", "Waiting"}
    assert set(words.checks) == {*CHECKS, "checksum_of_test"}
    kinds = {*CHECKS, "test", "short", "long"}
    assert all(name.split()[0] in STATUS_BY_NAME and name.split()[1] in kinds for name in words.results_of)
    assert set(words.outcomes) == {outcome.value for outcome in Outcome} == {outcome.value for outcome in POINTS}
    assert set(words.steps) == {do.value for do in Do}
    assert set(words.captions) == {*PAGES, "typed", "answer"}
    assert set(words.faults) == {*AWAY, "answer", "display", "state"}
    assert set(words.kinds) == {kind.value for kind in Kind}
    expected = {part.name for part in fields(Expectation)} - {"where", "place", "result", "display"}
    assert set(words.states) == expected | {"open", "closed", "nothing"}
    commands = {"SetMaximumPowerLimit", "SetMaximumPhasePowerUnbalanceLimit", "ClearCredit", "ClearTamperCondition"}
    assert set(words.orders) == {*TEST_NAMES.values(), *commands, "ClearCredit 65535"}
    assert set(words.events) < {kind.value for kind in EventKind}
    assert {name: lesson.title for name, lesson in words.lessons.items()} | {PRACTICE: words.page["free_practice"]} == {
        name: scenario.name for name, scenario in SCENARIOS.items()
    }


def said_of(session):
    """Whatever decoder and counter gave as a reason in a session, and what happened in it."""
    return [row.reason for row in session.rows() if row.reason], {row.event.value for row in session.rows()}


def unknown(reasons):
    patterns = [re.sub(r"\\{\w+\\}", ".+?", re.escape(text)) for text in words_of("en").reasons.values()]
    parts = {part for reason in reasons for part in reason.split("; ")}
    return {part for part in parts if not any(re.fullmatch(pattern, part) for pattern in patterns)}


def test_reasons_and_events_have_words():
    heard = []
    for name in LESSONS:
        pupil = learner(name)
        pupil.to_the_end()
        heard.append(said_of(pupil.session))
    free = learner(PRACTICE)
    free.do(of.Buy, amount=200)
    token = free.session.slips[-1].tokens[0][1].digits
    test, wrong_test = "18446744073843772416", "18446744073843772417"
    for digits in (token, token, test, wrong_test, "1", "55047175088215438354", "0" * 20, "1" * 20, token):
        free.do(of.Enter, digits=digits)
    free.do(of.Enter, meter="neighbour", digits=token)
    free.do(of.Order, order="test", value=11)
    free.do(of.Order, order="power_limit", value=500)
    free.do(of.Enter, after=100, digits=free.session.slips[-1].tokens[0][1].digits)
    free.do(of.Tamper)
    free.do(of.Power, on=False)
    free.do(of.Enter, digits=token)
    free.do(of.Power, on=True)
    free.do(of.Wait, after=30 * 86_400)
    free.do(of.Buy, amount=200)
    heard.append(said_of(free.session))
    words = words_of("en")
    for reasons, events in heard:
        told = {"the seal is broken", "1.2 to 2.2"}
        assert unknown(set(reasons) - told) == set()
        assert events <= set(words.events)
    for text in fields_of_a_section():
        assert text in words.reasons.values()


def fields_of_a_section():
    pupil = learner(PRACTICE)
    pupil.do(of.ChangeKey, to=2)
    pupil.do(of.Enter, digits=pupil.session.slips[-1].tokens[0][1].digits)
    return [value for name, value in pupil.session.latest_entry.entry.why.fields if name.startswith("NK")]


def test_every_label_of_the_page_is_used_and_known():
    sources = "".join(
        part.read_text(encoding="utf-8") for part in STATIC.iterdir() if part.name.endswith((".js", ".html"))
    )
    labels = set(words_of("en").page)
    used = {label for label in labels if re.search(rf"[\"'`]{label}[\"'`]", sources)}
    made = {"fields_from_meter", "fields_from_vending", "fields_from_nobody", "not_reached"}
    assert labels - used == made
    asked = set(re.findall(r"data-w=\"(\w+)\"", sources)) | set(re.findall(r"words\.page\(\"(\w+)\"", sources))
    assert asked <= labels

"""How far a learner has come in a lesson: each step with what was tried, and the score.

A fold over what happened. A step is passed by doing what it asks for; the meter's answer decides how well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from meter_sim.meter.answer import STATUS_BY_NAME
from meter_sim.practice.happening import Happening, Kind
from meter_sim.practice.steps import Do, Step


class Outcome(StrEnum):
    """How a step was passed."""

    RIGHT = "right"
    """As asked, at once."""
    CORRECTED = "corrected"
    """As asked, after something else was tried."""
    OTHERWISE = "otherwise"
    """What was asked was done, but something else came of it."""
    BEFORE = "before"
    """It was done already when the step came."""
    SKIPPED = "skipped"


POINTS = {
    Outcome.RIGHT: 2,
    Outcome.CORRECTED: 1,
    Outcome.OTHERWISE: 1,
    Outcome.BEFORE: 1,
    Outcome.SKIPPED: 0,
}
AWAY = ("another thing", "another meter", "another token", "another amount")
"""Faults of a try that leaves the step where it was."""
MOST_POINTS = 2
"""Points of a step."""

_DOES = {
    Kind.BOUGHT: Do.BUY,
    Kind.KEY_CHANGE: Do.CHANGE_KEY,
    Kind.KEY_CHANGE_WAITS: Do.CHANGE_WITH_PURCHASE,
    Kind.ENTERED: Do.ENTER,
    Kind.ORDER: Do.ORDER,
    Kind.POWER_ON: Do.POWER,
    Kind.TAMPERED: Do.TAMPER,
    Kind.LOOKED: Do.LOOK,
}
_BRINGS_SLIP = (Do.BUY, Do.CHANGE_KEY, Do.ORDER)


@dataclass(frozen=True, slots=True)
class Try:
    """What the learner did at a step.

    `fault` says what was wrong with it: one of AWAY, which is not what the step asks for, or `answer`, `display` or
    `state`, which is, but something else came of it; empty if nothing was. `happened` is the thing itself.
    """

    happened: Happening
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """A step that is behind the learner."""

    step: Step
    outcome: Outcome
    tries: tuple[Try, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """A lesson under way: `passed` steps, then the tries at the current one.

    `digits` are the tokens by the names that the timeline gives them, `accepted` the digits that did what they were
    made for, `pending` those of sections whose key change was not complete yet.
    """

    steps: tuple[Step, ...]
    passed: tuple[Passed, ...] = ()
    tries: tuple[Try, ...] = ()
    digits: Mapping[str, str] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()

    @property
    def current(self) -> Step | None:
        """The step that is to be done now; None at the end."""
        return self.steps[len(self.passed)] if len(self.passed) < len(self.steps) else None

    @property
    def points(self) -> int:
        """Points so far."""
        return sum(POINTS[passed.outcome] for passed in self.passed)

    @property
    def most_points(self) -> int:
        """Points of a lesson without a mistake."""
        return MOST_POINTS * len(self.steps)

    def after(self, happened: Happening) -> "Progress":
        """The lesson after something that happened."""
        step = self.current
        if step is None:
            return self
        if happened.kind is Kind.SKIPPED:
            return self._pass(Outcome.SKIPPED)
        if happened.kind in (Kind.POWER_OFF, Kind.PUT_UP):
            return self
        fault = self._fault(step, happened)
        tried = replace(self._noted(happened), tries=(*self.tries, Try(happened, fault)))
        if fault in AWAY:
            return tried
        tried = replace(tried, digits=_named(self.digits, step, happened))
        if not fault:
            return tried._pass(Outcome.CORRECTED if self.tries else Outcome.RIGHT)
        return tried._pass(Outcome.OTHERWISE) if _goes_on(step, happened) else tried

    def _noted(self, happened: Happening) -> "Progress":
        """The tokens that did something, after an entry; sections did once the last of them was accepted."""
        entry = happened.entry
        if entry is None or not entry.accepted:
            return self
        if entry.result != "Accept":
            return replace(self, pending=self.pending | {entry.digits})
        if entry.why.is_section:
            return replace(self, accepted=self.accepted | self.pending | {entry.digits}, pending=frozenset())
        return replace(self, accepted=self.accepted | {entry.digits})

    def _pass(self, outcome: Outcome) -> "Progress":
        step = self.current
        assert step is not None
        after = replace(self, passed=(*self.passed, Passed(step, outcome, self.tries)), tries=())
        following = after.current
        if following is not None and after._is_done(following):
            return after._pass(Outcome.BEFORE)
        return after

    def _is_done(self, step: Step) -> bool:
        """Whether the token that a step asks for was taken before, and the step does not want it refused."""
        token = self.digits.get(step.label)
        wants_it = not step.result or _is_accepted(step.result)
        return step.do is Do.ENTER and token is not None and token in self.accepted and wants_it

    def _fault(self, step: Step, happened: Happening) -> str:
        if _DOES.get(happened.kind) is not step.do:
            return "another thing"
        if happened.meter not in ("", step.meter):
            return "another meter"
        if step.do is Do.ENTER:
            wanted = step.digits or self.digits.get(step.label)
            if happened.entry is None or happened.entry.digits != wanted:
                return "another token"
        elif (happened.amount, happened.service, happened.to, happened.order) != (
            step.amount,
            step.service,
            step.to,
            step.order,
        ):
            return "another amount"
        if not _as_expected(step, happened):
            return "answer"
        if not _shows_as_expected(step, happened):
            return "display"
        return "state" if happened.failure else ""


def _as_expected(step: Step, happened: Happening) -> bool:
    if step.result:
        return happened.result == step.result
    entry = happened.entry
    return not _lacks_slip(step, happened) if entry is None else entry.accepted


def _shows_as_expected(step: Step, happened: Happening) -> bool:
    shown = None if step.expect is None else step.expect.display
    return shown is None or happened.entry is None or shown == " | ".join(happened.entry.answer)


def _lacks_slip(step: Step, happened: Happening) -> bool:
    """Whether the counter refused a slip that later steps take for granted."""
    return step.do in _BRINGS_SLIP and step.result in ("", "Issued") and happened.slip is None


def _goes_on(step: Step, happened: Happening) -> bool:
    """Whether a step is behind the learner although something else than expected came of it."""
    entry = happened.entry
    if entry is None:
        return not _lacks_slip(step, happened)
    if entry.result in ("LockedOut", "NotReady"):
        return False
    return entry.accepted or not _wants_acceptance(step)


def _wants_acceptance(step: Step) -> bool:
    return not step.result or _is_accepted(step.result)


def _is_accepted(result: str) -> bool:
    status = STATUS_BY_NAME.get(result)
    return status is not None and status.accepted


def _named(digits: Mapping[str, str], step: Step, happened: Happening) -> Mapping[str, str]:
    """The names of the timeline's tokens, with those of a slip that a step asked for."""
    slip = happened.slip
    if slip is None:
        return digits
    sections = [token.digits for _, token in slip.tokens]
    named = dict(digits)
    if happened.kind is not Kind.KEY_CHANGE:
        named[step.label] = sections.pop()
    lead = step.label if happened.kind is Kind.KEY_CHANGE else f"{step.label}.kct"
    named |= {f"{lead}.{place}": token for place, token in enumerate(sections, 1)}
    return named

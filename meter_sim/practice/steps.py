"""The steps of a lesson, from the timeline of a scenario: what the learner is to do, one thing at a time.

A purchase that the timeline also enters is several steps: buy, then key in each token. Entries that the keypad is to
forget, tokens that were never issued, and orders that the counter does not take are no steps: nobody can be asked to do
that by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from meter_sim.meter.answer import STATUS_BY_NAME
from meter_sim.scenario import quantities
from meter_sim.scenario.scenario import (
    Action,
    Buy,
    ChangeKey,
    Enter,
    Expectation,
    Manage,
    Observe,
    PowerCycle,
    Scenario,
    Tamper,
)
from meter_sim.sts.identity import Encryption
from meter_sim.sts.token import Management, MeterTestToken, Service, grouped
from meter_sim.sts.words import TEST_NAMES


class Do(StrEnum):
    """What a step asks for."""

    BUY = "buy"
    CHANGE_KEY = "change_key"
    CHANGE_WITH_PURCHASE = "change_with_purchase"
    ENTER = "enter"
    ORDER = "order"
    POWER = "power"
    TAMPER = "tamper"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `at` is the second from which it is due, `expect` what must come of it besides its `result`.

    `label` is the token that is issued or entered, under the name that the timeline gives it, and `digits` are those
    of an entry that is no token of the timeline. `asked` says in short what to ask the counter for, `wanted` an
    order by the name and value that the counter takes.
    """

    number: int
    at: int
    meter: str
    do: Do
    result: str = ""
    expect: Expectation | None = None
    label: str = ""
    digits: str = ""
    asked: str = ""
    amount: int = 0
    service: Service = Service.ELECTRICITY
    to: int = 0
    order: str = ""
    wanted: tuple[str, int] | None = None


_ORDERS = {
    Management.SET_MAXIMUM_POWER_LIMIT: "power_limit",
    Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT: "unbalance_limit",
    Management.CLEAR_CREDIT: "clear_credit",
    Management.CLEAR_TAMPER_CONDITION: "clear_tamper",
}


def steps_of(scenario: Scenario) -> tuple[Step, ...]:
    """The steps of a scenario's timeline, in the order of time."""
    waiting: dict[str, int] = {}
    actions = sorted(scenario.timeline, key=lambda action: action.at)
    sections = {setup.name: 4 if setup.model.encryption is Encryption.EA11 else 2 for setup in scenario.meters}
    untaken = {action.label for action in actions if isinstance(action, Manage) and _order_wanted(action.order) is None}
    steps = [step for action in actions for step in _of(action, waiting, sections[action.meter])]
    steps = [step for step in steps if step.label not in untaken]
    return tuple(replace(step, number=number) for number, step in enumerate(steps, 1))


def _of(action: Action, waiting: dict[str, int], sections: int) -> Iterator[Step]:
    expect = action.expect
    result = "" if expect is None else expect.result or ""
    step = Step(0, action.at, action.meter, Do.LOOK, result, expect)
    if isinstance(action, Buy):
        yield from _buy(action, step, waiting)
    elif isinstance(action, ChangeKey):
        three = action.plan.three_sections and sections == 2
        step = replace(step, to=action.plan.key_revision, label=action.label, asked=f"KRN {action.plan.key_revision}")
        if action.with_purchase:
            waiting[action.meter] = 3 if three else sections
            yield replace(step, do=Do.CHANGE_WITH_PURCHASE)
        else:
            yield replace(step, do=Do.CHANGE_KEY)
    elif isinstance(action, Enter):
        if result in ("TimedOut", "NoToken"):
            return
        own = action.issued_to is None
        label, digits = ("", action.text) if own else (action.text, "")
        yield replace(step, do=Do.ENTER, label=label, digits=digits, asked=grouped(digits))
    elif isinstance(action, PowerCycle):
        yield replace(step, do=Do.POWER, asked=quantities.duration_text(action.off_for))
    elif isinstance(action, Tamper):
        yield replace(step, do=Do.TAMPER, asked=action.cause)
    elif isinstance(action, Observe):
        yield replace(step, asked=action.note)
    elif isinstance(action, Manage):
        asked, wanted = order_text(action.order), _order_wanted(action.order)
        issue = replace(step, do=Do.ORDER, label=action.label, asked=asked, order=asked, wanted=wanted)
        if result and result not in STATUS_BY_NAME:
            yield issue
            return
        yield replace(issue, result="Issued", expect=None)
        yield replace(step, do=Do.ENTER, label=action.label)


def _buy(action: Buy, step: Step, waiting: dict[str, int]) -> Iterator[Step]:
    buy = replace(
        step,
        do=Do.BUY,
        label=action.label,
        asked=str(quantities.Bought(action.amount, action.service.unit)),
        amount=action.amount,
        service=action.service,
    )
    refused = bool(step.result) and step.result != "Issued" and step.result not in STATUS_BY_NAME
    sections = 0 if refused else waiting.pop(action.meter, 0)
    if action.enter_after is None or refused:
        yield buy
        return
    yield replace(buy, result="Issued", expect=None)
    bare = replace(step, do=Do.ENTER, result="", expect=None)
    for place in range(1, sections + 1):
        yield replace(bare, label=f"{action.label}.kct.{place}")
    yield replace(step, do=Do.ENTER, label=action.label)


def _order_wanted(order: object) -> tuple[str, int] | None:
    """The order by its name at the counter, with its value; None for one that the counter does not take."""
    if isinstance(order, MeterTestToken):
        takes = order.manufacturer == 0 and len(order.tests) == 1
        return ("test", order.tests[0]) if takes else None
    if isinstance(order, tuple) and order[0] in _ORDERS:
        return _ORDERS[order[0]], order[1]
    return None


def order_text(order: object) -> str:
    """What an order is for, in short."""
    if isinstance(order, MeterTestToken):
        return ", ".join(TEST_NAMES.get(test, str(test)) for test in order.tests)
    if isinstance(order, tuple) and isinstance(order[0], Management):
        return f"{order[0].standard_name} {order[1]}"
    return str(order)

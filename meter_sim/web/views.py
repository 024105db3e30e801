"""What the server tells of a session: the forms of its answers. No vending key is in any of them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class View(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True)


class Fault(View):
    """Why a request was refused, in one line: where, what, what instead."""

    error: str


class FaceView(View):
    """The display: its characters, the unit beside them, and the small word above them."""

    text: str
    unit: str
    caption: str


class RegisterView(View):
    """A credit register: what is left and what was used, in `unit`."""

    service: str
    balance: str
    total: str
    unit: str


class MeterView(View):
    """A meter. `power` is watts, `locked_for` seconds; `credit`, `unit` and `total` are those that the face shows.

    `key` is KRN and key type as displays show them; `presumed_key_revision` what the counter's register says.
    """

    name: str
    pan: str
    drn: str
    face: FaceView
    typed: str
    power: int
    switch: str
    powered: bool
    tampered: bool
    locked_for: int
    credit: str
    unit: str
    total: str
    key: str
    key_revision: int
    presumed_key_revision: int
    supply_group: str
    tariff_index: str
    encryption: str
    model: str
    services: tuple[str, ...]
    registers: tuple[RegisterView, ...]
    pending_sections: tuple[int, ...]
    power_limit: int | None
    smallest_tid: int


class TokenView(View):
    """A token on a slip; `name` is such as 3.kct.1, the first section of slip 3."""

    name: str
    digits: str


class SlipView(View):
    """A slip: what was asked for, and the tokens in printed order."""

    number: int
    at: str
    meter: str
    pan: str
    kind: str
    asked: str
    says: str
    tokens: tuple[TokenView, ...]


class FieldView(View):
    """A field of a token."""

    name: str
    value: str


class CheckView(View):
    """A check that the meter makes, and its outcome: passed, failed or not reached."""

    check: str
    outcome: str


class WhyView(View):
    """A token taken apart.

    `found` and `reckoned` are the checksum in the deciphered block and the one that its content asks for, in hex;
    `fields_from` says whether the meter read the fields, or only the vending side knows them.
    """

    token_class: int | None
    block: str
    key: str
    found: str
    reckoned: str
    fields: tuple[FieldView, ...]
    fields_from: str
    made_under: str
    checks: tuple[CheckView, ...]


class EntryView(View):
    """An entry and the meter's answer: `result` by the standard's name, `display` line by line.

    `credited` is what the token brought, such as `20 kWh`.
    """

    at: str
    meter: str
    digits: str
    label: str
    result: str
    accepted: bool
    display: tuple[str, ...]
    reason: str
    credited: str
    why: WhyView


class IssueView(View):
    """What the counter answered: `Issued` with a slip, `Waiting`, or the name of its refusal with the reason."""

    result: str
    reason: str
    slip: SlipView | None


class PressedView(View):
    """What came of keys: the meter, and the entries that they completed."""

    entries: tuple[EntryView, ...]
    meter: MeterView


class TokenAnswer(View):
    """What came of a token: the entry, and the meter after it."""

    entry: EntryView
    meter: MeterView


class TryView(View):
    """What the learner did at a step, and what was wrong with it (empty if nothing was).

    Of an entry `what` is its token's name on the slip, else its digits; `shown` what the display said, `check` the
    check that refused it.
    """

    fault: str
    kind: str
    meter: str
    what: str
    result: str
    shown: str
    token_class: int | None
    check: str
    reason: str
    state: str


class StepView(View):
    """A step of a lesson. `token` names the token to key in as its slip does, `digits` where it is no slip's.

    `order` and `value` are what to ask of the counter with POST orders. `outcome` is how the step was passed; empty
    while it is not.
    """

    number: int
    at: int
    at_text: str
    meter: str
    do: str
    asked: str
    token: str
    digits: str
    result: str
    shows: str
    to: int
    order: str
    value: int
    outcome: str
    tries: tuple[TryView, ...]


class LessonView(View):
    """A lesson: the number of the step to do now (0 at the end), whether its time has come, and the score."""

    steps: tuple[StepView, ...]
    current: int
    due: bool
    tries: tuple[TryView, ...]
    points: int
    most_points: int


class ClockView(View):
    """Session time: seconds (UTC) and as local text. `speed` is as asked for, `held` whether it goes slower now."""

    now: int
    text: str
    zone: str
    speed: int
    held: bool
    ended: bool
    end: int
    day_before_rollover: int | None


class KeyView(View):
    """A vending key that the counter has: never its value."""

    supply_group: str
    key_revision: int
    base_date: int
    issue_until: str


class LogView(View):
    """A line of the diary."""

    at: str
    meter: str
    event: str
    text: str


class SessionView(View):
    """A whole session. `session` opens it: keep it to yourself."""

    session: str
    scenario: str
    name: str
    saved: bool
    clock: ClockView
    meters: tuple[MeterView, ...]
    keys: tuple[KeyView, ...]
    slips: tuple[SlipView, ...]
    entry: EntryView | None
    lesson: LessonView | None
    log: tuple[LogView, ...]


class SavedView(View):
    """A session that is kept."""

    session: str
    saved: bool


class ScenarioView(View):
    """A scenario that can be practised; with steps it is a lesson."""

    name: str
    title: str
    steps: int
    first: bool


class MeterPutUp(View):
    """A meter that was put up, and the session that it is in."""

    session: str
    meter: MeterView


Meters = Annotated[tuple[MeterView, ...], Field(description="The meters of the session.")]

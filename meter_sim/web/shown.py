"""A session as the server's answers tell it: pure functions from the session to its views."""

from meter_sim.engine.connection import Connection
from meter_sim.meter import display
from meter_sim.meter.credit import CreditRegister, register_text
from meter_sim.practice.happening import Entry, Happening, Slip
from meter_sim.practice.lesson import Passed, Try
from meter_sim.practice.session import Session
from meter_sim.practice.steps import Step
from meter_sim.results.diary import what
from meter_sim.results.record import Event
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import Service, grouped
from meter_sim.web.views import (
    CheckView,
    ClockView,
    EntryView,
    FaceView,
    FieldView,
    KeyView,
    LessonView,
    LogView,
    MeterView,
    RegisterView,
    SessionView,
    SlipView,
    StepView,
    TokenView,
    TryView,
    WhyView,
)
from meter_sim.web.visits import Visit

_MOST_SLIPS = 40
_MOST_ROWS = 60
_DAY = 86_400


def session_view(visit: Visit) -> SessionView:
    """The whole session."""
    session = visit.session
    latest = session.latest_entry
    return SessionView(
        session=visit.key,
        scenario=visit.scenario,
        name=session.scenario.name,
        saved=visit.is_saved,
        clock=clock_view(visit),
        meters=meters_view(session),
        keys=tuple(_keys(session)),
        slips=tuple(slip_view(session, slip) for slip in session.slips[-_MOST_SLIPS:]),
        entry=None if latest is None or latest.entry is None else entry_view(session, latest, latest.entry),
        lesson=lesson_view(session),
        log=tuple(_row(session, row) for row in session.rows(_MOST_ROWS)),
    )


def clock_view(visit: Visit) -> ClockView:
    """The session's clock."""
    session = visit.session
    eve = day_before_rollover(session)
    return ClockView(
        now=session.now,
        text=_time(session, session.now),
        zone=session.scenario.timezone,
        speed=visit.speed,
        held=visit.is_held,
        ended=session.now >= session.last_second,
        end=session.last_second,
        day_before_rollover=eve if eve is not None and eve > session.now else None,
    )


def day_before_rollover(session: Session) -> int | None:
    """A day before the last minute of the first base date that ends within the session; None if none does."""
    bases = {key.base_date for key in session.scenario.vending_keys}
    lasts = sorted(BaseDate(base).first_impossible - 60 for base in bases)
    within = [last - _DAY for last in lasts if session.scenario.start <= last - _DAY <= session.last_second]
    return within[0] if within else None


# -- meters ----------------------------------------------------------------------------------------------------


def meters_view(session: Session) -> tuple[MeterView, ...]:
    """All meters of the session."""
    return tuple(meter_view(session, connection) for connection in session.site.connections.values())


def meter_view(session: Session, connection: Connection) -> MeterView:
    """A meter, settled to the present."""
    now = session.now
    connection.settle(now)
    meter, shown = connection.meter, session.shown[connection.setup.name]
    typed = connection.keypad.standing(now) if meter.powered else ""
    power = connection.power(now)
    registers = {service: _register(service, register) for service, register in meter.registers.items()}
    first = registers.get(Service.ELECTRICITY) or next(iter(registers.values()))
    credit, total, unit = first.balance, first.total, "" if first.unit == "currency" else first.unit
    reading = display.Reading(
        credit, unit, meter.keys.shown, meter.keys.tariff_index, meter.keys.supply_group, power, total, meter.pan.drn
    )
    face = display.face(
        reading,
        powered=meter.powered,
        typed=typed,
        answer=shown.answer,
        since=now - shown.since,
        locked=meter.lockout.holds(now),
        page=display.PAGES[shown.page],
    )
    return MeterView(
        name=connection.setup.name,
        pan=meter.pan.digits,
        drn=meter.pan.drn,
        face=FaceView(text=face.text, unit=face.unit, caption=face.caption),
        typed=typed,
        power=power,
        switch="closed" if meter.switch_closed else "open",
        powered=meter.powered,
        tampered=meter.tampered,
        locked_for=max(meter.lockout.until - now, 0),
        credit=credit,
        unit=unit,
        total=total,
        key=meter.keys.shown,
        key_revision=meter.keys.key_revision,
        presumed_key_revision=session.site.presumed(connection),
        supply_group=meter.keys.supply_group,
        tariff_index=meter.keys.tariff_index,
        encryption=f"EA{meter.model.encryption}",
        model=meter.model.name,
        services=tuple(register.service for register in registers.values()),
        registers=tuple(registers.values()),
        pending_sections=meter.pending.held(now),
        power_limit=meter.power_limit,
        smallest_tid=meter.tids.smallest,
    )


def _register(service: Service, register: CreditRegister) -> RegisterView:
    balance, total = (register_text(service, amount).split()[0] for amount in (register.balance, register.used))
    return RegisterView(service=service.name.lower(), balance=balance, total=total, unit=service.unit)


# -- the counter -----------------------------------------------------------------------------------------------


def _keys(session: Session) -> list[KeyView]:
    return [
        KeyView(
            supply_group=key.supply_group,
            key_revision=key.key_revision,
            base_date=key.base_date.value,
            issue_until="" if key.issue_until is None else _time(session, key.issue_until),
        )
        for key in session.scenario.vending_keys
    ]


def slip_view(session: Session, slip: Slip) -> SlipView:
    """A slip."""
    return SlipView(
        number=slip.number,
        at=_time(session, slip.at),
        meter=slip.meter,
        pan=session.site.connections[slip.meter].meter.pan.digits,
        kind=slip.kind,
        asked=slip.asked,
        says=slip.says,
        tokens=tuple(TokenView(name=name, digits=token.digits) for name, token in slip.tokens),
    )


# -- entries ---------------------------------------------------------------------------------------------------


def entry_view(session: Session, happened: Happening, entry: Entry) -> EntryView:
    """An entry, with the token taken apart."""
    why = entry.why
    found, reckoned = why.checksum or ("", "")
    return EntryView(
        at=_time(session, happened.at),
        meter=happened.meter,
        digits=entry.digits,
        label=entry.label,
        result=entry.result,
        accepted=entry.accepted,
        display=entry.shown,
        reason=entry.reason,
        credited=entry.credited,
        why=WhyView(
            token_class=why.token_class,
            block=why.block,
            key=why.key,
            found=found,
            reckoned=reckoned,
            fields=tuple(FieldView(name=name, value=value) for name, value in why.fields),
            fields_from=why.fields_from,
            made_under=why.made_under,
            checks=tuple(CheckView(check=kept.check, outcome=kept.outcome) for kept in why.checks),
        ),
    )


# -- lessons ---------------------------------------------------------------------------------------------------


def lesson_view(session: Session) -> LessonView | None:
    """How far the learner has come; None where the scenario has no timeline."""
    progress = session.progress
    if not progress.steps:
        return None
    names = {token.digits: name for slip in session.slips for name, token in slip.tokens}
    current = progress.current
    passed: dict[int, Passed] = {one.step.number: one for one in progress.passed}
    return LessonView(
        steps=tuple(
            _step(session, step, passed.get(step.number), names.get(progress.digits.get(step.label, ""), ""))
            for step in progress.steps
        ),
        current=0 if current is None else current.number,
        due=current is None or session.now >= current.at,
        tries=tuple(map(_try, progress.tries)),
        points=progress.points,
        most_points=progress.most_points,
    )


def _step(session: Session, step: Step, passed: Passed | None, token: str) -> StepView:
    order, value = step.wanted or ("", 0)
    return StepView(
        number=step.number,
        at=step.at,
        at_text=_time(session, step.at),
        meter=step.meter,
        do=step.do,
        asked=step.asked,
        token=token,
        digits=grouped(step.digits),
        result=step.result,
        shows=_shows(step),
        to=step.to,
        order=order,
        value=value,
        outcome="" if passed is None else passed.outcome,
        tries=() if passed is None else tuple(map(_try, passed.tries)),
    )


def _shows(step: Step) -> str:
    """What the display should show at a step, as far as the lesson says."""
    if step.expect is not None and step.expect.display is not None:
        return step.expect.display
    return display.result_word(step.result) if step.do == "enter" and step.result else ""


def _try(tried: Try) -> TryView:
    happened = tried.happened
    entry, slip = happened.entry, happened.slip
    said = "" if entry is None else entry.label or grouped(entry.digits)
    return TryView(
        fault=tried.fault,
        kind=happened.kind,
        meter=happened.meter,
        what=said if slip is None else slip.asked,
        result=happened.result,
        shown="" if entry is None else " | ".join(entry.answer),
        token_class=None if entry is None else entry.why.token_class,
        check="" if entry is None else entry.why.failed,
        reason=happened.reason,
        state=happened.failure,
    )


# -- the diary -------------------------------------------------------------------------------------------------


def _row(session: Session, row: Event) -> LogView:
    return LogView(at=_time(session, row.time), meter=row.meter, event=row.event, text=what(row))


def _time(session: Session, instant: int) -> str:
    return session.scenario.calendar.text(instant)

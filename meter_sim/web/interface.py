"""The HTTP interface: sessions, meters, tokens, and what is asked of the counter."""

from collections.abc import Container
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Request, Response
from fastapi import Header as HeaderParameter

from meter_sim.practice import commands as of
from meter_sim.practice import words as practice_words
from meter_sim.practice.error import NotHereError, PracticeError
from meter_sim.practice.happening import Happening
from meter_sim.practice.saved import SavedSession
from meter_sim.practice.steps import steps_of
from meter_sim.scenario import quantities
from meter_sim.scenario.fields import nearest
from meter_sim.sts.token import Service
from meter_sim.web import asked, shown, views
from meter_sim.web.options import Options
from meter_sim.web.visits import Visit, Visits, check_room

_COOKIE_SECONDS = 400 * 86_400
"""The longest that browsers keep a cookie."""
SESSION_HEADER = "X-Session"

Responses = dict[int | str, dict[str, Any]]
_FAULTS: Responses = {
    status: {"model": views.Fault, "description": words}
    for status, words in (
        (401, "The secret of the address is missing or wrong"),
        (403, "Asked from another page, or by another name than a loopback one"),
        (408, "The body came too slowly"),
        (409, "Cannot be done now, or with these values"),
        (413, "The body is too long"),
        (422, "The body or the address has not the right form"),
        (429, "Too many requests a second"),
        (500, "A fault of the program"),
    )
}
_NOT_FOUND: Responses = {404: {"model": views.Fault, "description": "No such session, meter or scenario"}}
router = APIRouter(responses=_FAULTS)


async def _visits(request: Request) -> Visits:
    """Dependencies are coroutines: a plain function would run in a thread of its own, beside the sessions."""
    visits: Visits = request.app.state.visits
    return visits


async def _options(request: Request) -> Options:
    options: Options = request.app.state.options
    return options


Kept = Annotated[Visits, Depends(_visits)]
Given = Annotated[Options, Depends(_options)]
Header = Annotated[
    str | None,
    HeaderParameter(
        alias=SESSION_HEADER, description="The session, as POST /sessions names it; a browser has it as a cookie"
    ),
]


def session_cookie(options: Options) -> str:
    """The name of the cookie: a browser has one jar for all ports of a host."""
    return f"meter_sim_session_{options.port}"


async def _named(request: Request, given: Given, header: Header = None) -> str:
    return header or request.cookies.get(session_cookie(given), "")


Named = Annotated[str, Depends(_named)]


async def _visit(visits: Kept, key: Named) -> Visit:
    if not key:
        raise NotHereError(
            f"session: none is named, begin one with POST /sessions and send its name in {SESSION_HEADER}"
        )
    return visits.visit(key)


Here = Annotated[Visit, Depends(_visit)]
Pan = Annotated[str, Path(min_length=1, max_length=60, description="PAN of 18 digits, or the meter's name")]


def _opened(visit: Visit, options: Options, response: Response) -> Visit:
    response.set_cookie(session_cookie(options), visit.key, max_age=_COOKIE_SECONDS, httponly=True, samesite="strict")
    return visit


# -- sessions --------------------------------------------------------------------------------------------------


@router.get("/scenarios", tags=["sessions"])
async def scenarios(visits: Kept) -> tuple[views.ScenarioView, ...]:
    """What can be practised; what has steps is a lesson."""
    shelf = visits.shelf
    return tuple(
        views.ScenarioView(name=name, title=kept.name, steps=len(steps_of(kept)), first=name == shelf.first)
        for name, kept in shelf.scenarios.items()
    )


@router.post("/sessions", status_code=201, tags=["sessions"], responses=_NOT_FOUND)
async def begin(
    wanted: asked.NewSession, visits: Kept, given: Given, response: Response, key: Named
) -> views.SessionView:
    """Begin a session, or take one up again; its name comes in the answer and as a cookie."""
    visits.put_away_idle()
    kept = visits.found(key) if wanted.keep else None
    return shown.session_view(_opened(kept or visits.begin(wanted.scenario), given, response))


@router.post("/sessions/from-file", status_code=201, tags=["sessions"])
async def load(kept: SavedSession, visits: Kept, given: Given, response: Response) -> views.SessionView:
    """Begin a session from a saved file: its commands are done again, and must bring the same answers."""
    visits.put_away_idle()
    return shown.session_view(_opened(visits.load(kept), given, response))


@router.get("/session", tags=["sessions"], responses=_NOT_FOUND)
async def session(visit: Here) -> views.SessionView:
    """The whole session, come to the present."""
    return shown.session_view(visit)


@router.delete("/session", status_code=204, tags=["sessions"], responses=_NOT_FOUND)
async def forget(visit: Here, visits: Kept, given: Given, response: Response) -> None:
    """Forget the session, also where it was saved."""
    visits.forget(visit)
    response.delete_cookie(session_cookie(given))


@router.post("/session/save", tags=["sessions"], responses=_NOT_FOUND)
async def save(visit: Here, visits: Kept) -> views.SavedView:
    """Keep the session as it is now: it is found again under the same name after a restart."""
    visits.save(visit)
    return views.SavedView(session=visit.key, saved=True)


@router.get("/session/file", tags=["sessions"], responses=_NOT_FOUND, response_model=SavedSession)
async def file(visit: Here) -> Response:
    """The session as a file to keep: scenario, commands and their times, and no key."""
    name = f"attachment; filename=session-{len(visit.session.commands)}.json"
    return Response(visit.file(), media_type="application/json", headers={"Content-Disposition": name})


@router.post("/session/clock", tags=["sessions"], responses=_NOT_FOUND)
async def clock(visit: Here, wanted: asked.SetClock) -> views.ClockView:
    """Set how fast the clock goes, or jump to a later second; it never goes back."""
    if wanted.jump_to is not None and wanted.jump_by is not None:
        raise PracticeError("clock: give one of jump_to and jump_by")
    at = wanted.jump_to
    if wanted.jump_by is not None:
        at = visit.session.now + wanted.jump_by
    if at is not None:
        visit.jump(at)
    if wanted.speed is not None:
        visit.go_at(wanted.speed)
    return shown.clock_view(visit)


@router.post("/session/lesson", tags=["sessions"], responses=_NOT_FOUND)
async def lesson(visit: Here, wanted: asked.LessonStep) -> views.LessonView:
    """Say that something was looked at, or leave a step of the lesson out."""
    now = visit.session.now
    if not visit.session.progress.steps:
        raise PracticeError("lesson: this scenario is none, begin a session of a scenario with steps")
    visit.do(of.Look(at=now) if wanted.do == "look" else of.Skip(at=now))
    view = shown.lesson_view(visit.session)
    assert view is not None
    return view


@router.get("/words/{language}", tags=["sessions"])
async def words(language: Literal["en", "fr", "pt", "sw"]) -> practice_words.Words:
    """The words of page and lessons in a language; those that nobody has checked say that they are a draft."""
    return practice_words.words_of(language)


# -- meters ----------------------------------------------------------------------------------------------------


@router.get("/meters", tags=["meters"], responses=_NOT_FOUND)
async def meters(visit: Here) -> views.Meters:
    """The meters of the session."""
    return shown.meters_view(visit.session)


@router.post("/meters", status_code=201, tags=["meters"], responses=_NOT_FOUND)
async def put_up(
    wanted: asked.WantedMeter, visits: Kept, given: Given, response: Response, key: Named
) -> views.MeterPutUp:
    """Put up a meter, in a new session where none is named."""
    visit = visits.visit(key) if key else visits.new()
    check_room(visit, given.most_meters)
    [happened] = visit.do(of.PutUp(at=visit.session.now, **wanted.model_dump()))
    if not key:
        _opened(visits.take_in(visit), given, response)
    return views.MeterPutUp(session=visit.key, meter=_meter(visit, happened.meter))


@router.get("/meters/{pan}", tags=["meters"], responses=_NOT_FOUND)
async def meter(visit: Here, pan: Pan) -> views.MeterView:
    """A meter: its display, registers, key register and supply."""
    return _meter(visit, pan)


@router.post("/meters/{pan}/tokens", tags=["meters"], responses=_NOT_FOUND)
async def enter(visit: Here, pan: Pan, wanted: asked.Token) -> views.TokenAnswer:
    """Give a meter a whole token: the result by the standard's name, what it shows, and why."""
    [happened] = visit.do(of.Enter(at=visit.session.now, meter=pan, digits=wanted.token))
    return views.TokenAnswer(entry=_entry(visit, happened), meter=_meter(visit, pan))


@router.post("/meters/{pan}/keys", tags=["meters"], responses=_NOT_FOUND)
async def press(visit: Here, pan: Pan, wanted: asked.Keys) -> views.PressedView:
    """Press keys; the twentieth digit completes an entry."""
    happened = visit.do(of.Press(at=visit.session.now, meter=pan, keys=wanted.keys))
    return views.PressedView(entries=tuple(_entry(visit, one) for one in happened), meter=_meter(visit, pan))


@router.post("/meters/{pan}/supply", tags=["meters"], responses=_NOT_FOUND)
async def supply(visit: Here, pan: Pan, wanted: asked.Supply) -> views.MeterView:
    """Cut or restore the supply to a meter."""
    visit.do(of.Power(at=visit.session.now, meter=pan, on=wanted.on))
    return _meter(visit, pan)


@router.post("/meters/{pan}/tampering", tags=["meters"], responses=_NOT_FOUND)
async def tamper(visit: Here, pan: Pan) -> views.MeterView:
    """Break the seal of a meter; a ClearTamperCondition token puts it right."""
    visit.do(of.Tamper(at=visit.session.now, meter=pan))
    return _meter(visit, pan)


# -- the counter -----------------------------------------------------------------------------------------------


@router.post("/meters/{pan}/purchases", tags=["counter"], responses=_NOT_FOUND)
async def buy(visit: Here, pan: Pan, wanted: asked.Purchase) -> views.IssueView:
    """Buy an amount: a slip with a credit token, behind the sections of a key change that waits."""
    amount, service = _bought(wanted, visit.session.connection(pan).meter.registers)
    return _issued(visit, of.Buy(at=visit.session.now, meter=pan, amount=amount, service=service))


@router.post("/meters/{pan}/key-changes", tags=["counter"], responses=_NOT_FOUND)
async def change_key(visit: Here, pan: Pan, wanted: asked.KeyChange) -> views.IssueView:
    """Issue a key change, at once or with the next purchase."""
    return _issued(visit, of.ChangeKey(at=visit.session.now, meter=pan, **wanted.model_dump()))


@router.post("/meters/{pan}/orders", tags=["counter"], responses=_NOT_FOUND)
async def order(visit: Here, pan: Pan, wanted: Annotated[asked.NewOrder, Body()]) -> views.IssueView:
    """Issue a management or test token."""
    return _issued(visit, of.Order(at=visit.session.now, meter=pan, order=wanted.order, value=wanted.value))


def _bought(wanted: asked.Purchase, has: Container[Service]) -> tuple[int, int]:
    """The amount, and the service that is named; else one of the unit that the meter has, else the unit's first."""
    try:
        bought = quantities.bought(wanted.amount)
    except quantities.QuantityError as error:
        raise PracticeError(f"purchases: amount: {error}") from None
    allowed = {service.name.lower(): service for service in Service if service.unit == bought.unit}
    if wanted.service is None:
        return bought.amount, next((one for one in allowed.values() if one in has), next(iter(allowed.values())))
    if wanted.service not in allowed:
        raise PracticeError(
            f"purchases: service: {bought.unit} buys no {wanted.service!r}, {nearest(wanted.service, list(allowed))}"
        )
    return bought.amount, allowed[wanted.service]


def _issued(visit: Visit, command: of.Buy | of.ChangeKey | of.Order) -> views.IssueView:
    [happened] = visit.do(command)
    slip = None if happened.slip is None else shown.slip_view(visit.session, happened.slip)
    return views.IssueView(result=happened.result, reason=happened.reason, slip=slip)


def _meter(visit: Visit, pan: str) -> views.MeterView:
    return shown.meter_view(visit.session, visit.session.connection(pan))


def _entry(visit: Visit, happened: Happening) -> views.EntryView:
    assert happened.entry is not None
    return shown.entry_view(visit.session, happened, happened.entry)

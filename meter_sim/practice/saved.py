"""A session as a file: the scenario's name and fingerprint, and the commands. No key and no state stand in it.

Loading does the commands again. What comes of them must be what came of them when the session was saved.
"""

import json
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from meter_sim.practice.commands import AS_WHOLE, Command
from meter_sim.practice.error import PracticeError
from meter_sim.practice.session import Session
from meter_sim.practice.shelf import Shelf, fingerprint
from meter_sim.scenario.error import one_line

FORMAT = 2
"""Version of the file's form."""
MOST_COMMANDS = 20_000
"""Commands of a session; a wait up to the present may stand behind them."""
_HASH = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class SavedSession(BaseModel):
    """What a saved file says.

    `answers` is the hash of all that came of the commands, `speed` session seconds a second.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Annotated[int, Field(ge=FORMAT, le=FORMAT), AS_WHOLE]
    scenario: Annotated[str, Field(min_length=1, max_length=200)]
    fingerprint: _HASH
    answers: _HASH
    speed: Annotated[Literal[0, 1, 60, 3600, 43200], AS_WHOLE] = 1
    commands: Annotated[tuple[Command, ...], Field(max_length=MOST_COMMANDS + 1, strict=False)]


def saved(name: str, session: Session, speed: int = 1) -> bytes:
    """A session of the scenario of this name, as the bytes of a file; a command a line."""
    kept = {
        "format": FORMAT,
        "scenario": name,
        "fingerprint": fingerprint(session.scenario),
        "answers": answers(session),
        "speed": speed,
    }
    lines = [json.dumps(command.model_dump(exclude_defaults=False), ensure_ascii=False) for command in session.commands]
    head = json.dumps(kept, ensure_ascii=False, indent=1).removesuffix("\n}")
    body = ",\n  ".join(lines)
    return (
        f'{head},\n "commands": [\n  {body}\n ]\n}}\n'.encode() if lines else f'{head},\n "commands": []\n}}\n'.encode()
    )


def read(data: bytes, where: str) -> SavedSession:
    """What a file's bytes say. Raises PracticeError."""
    try:
        return SavedSession.model_validate_json(data)
    except ValidationError as error:
        raise PracticeError(f"{where}: no saved session: {first_fault(error)}") from None


def loaded(kept: SavedSession, shelf: Shelf, where: str) -> tuple[str, Session]:
    """The scenario's name and the session that a file says. Raises PracticeError."""
    scenario = shelf.scenarios.get(kept.scenario)
    if scenario is None:
        raise PracticeError(
            f"{where}: is of the scenario {kept.scenario!r}, which is not here; start the server with its file"
        )
    if fingerprint(scenario) != kept.fingerprint:
        raise PracticeError(f"{where}: the scenario {kept.scenario!r} is not what it was; take the file of that time")
    session = Session(scenario)
    for place, command in enumerate(kept.commands):
        try:
            session.do(command)
        except PracticeError as error:
            raise PracticeError(f"{where}: commands[{place}]: {error}") from None
    if answers(session) != kept.answers:
        raise PracticeError(f"{where}: its commands bring other answers than when it was saved; begin a new session")
    return kept.scenario, session


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong, in one line without the input."""
    detail = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return fault_line(detail["loc"], detail["msg"])


def fault_line(place: tuple[str | int, ...], message: str) -> str:
    """A fault of a form in one line: where, what."""
    path = ".".join(map(str, place))
    return one_line(f"{path}: {message}" if path else message)


def answers(session: Session) -> str:
    """A hash of all that came of a session's commands, each on the one before."""
    return sha256(session.proof).hexdigest()

"""A session's commands as lines of text, one as each is done: what is left of a session whose server was killed.

The first line says which scenario, each further one a command with the hash of all that came of them, or a speed of the
clock.
"""

import json
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, ValidationError

from meter_sim.practice.commands import Command, Wait
from meter_sim.practice.error import PracticeError
from meter_sim.practice.saved import FORMAT, SavedSession, answers, first_fault
from meter_sim.practice.session import Session
from meter_sim.practice.shelf import fingerprint

_NOTHING = sha256(b"").hexdigest()
"""The hash of what came of no command."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Command | None = None
    answers: str = ""
    speed: int | None = None


def beginning(name: str, session: Session, speed: int) -> bytes:
    """The journal of a session so far."""
    head = {"format": FORMAT, "scenario": name, "fingerprint": fingerprint(session.scenario)}
    lines = [_text(head), speed_line(speed)]
    lines += [_text({"command": command.model_dump()}) for command in session.commands[:-1]]
    if session.commands:
        lines.append(command_line(session.commands[-1], session))
    return b"".join(lines)


def command_line(command: Command, session: Session) -> bytes:
    """The line of the command that a session has just done."""
    return _text({"command": command.model_dump(), "answers": answers(session)})


def speed_line(speed: int) -> bytes:
    """The line of a speed of the clock that was set."""
    return _text({"speed": speed})


def read_journal(data: bytes, where: str) -> SavedSession:
    """What a journal says, as a saved session. A last line that is half there was never answered, and is left out.

    Raises PracticeError.
    """
    head, *rest = data[: data.rfind(b"\n") + 1].splitlines() or [b""]
    commands: list[Command] = []
    proof, speed = _NOTHING, 1
    try:
        for text in rest:
            line = _Line.model_validate_json(text)
            speed = speed if line.speed is None else line.speed
            if line.command is not None:
                if commands and isinstance(commands[-1], Wait):
                    commands.pop()  # the time of the next command says it too
                commands.append(line.command)
                proof = line.answers
        kept = json.loads(head)
        return SavedSession.model_validate(kept | {"answers": proof, "speed": speed, "commands": tuple(commands)})
    except ValidationError as error:
        raise PracticeError(f"{where}: no journal of a session: {first_fault(error)}") from None
    except (ValueError, TypeError):
        raise PracticeError(f"{where}: no journal of a session") from None


def _text(kept: dict[str, object]) -> bytes:
    return f"{json.dumps(kept, ensure_ascii=False)}\n".encode()

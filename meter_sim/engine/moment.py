"""Moments of a run: an instant and the place within its second (docs/model.md, section 3)."""

from enum import IntEnum

import simpy
from simpy.core import Environment
from simpy.events import EventPriority

_FIRST = 16
"""SimPy's own priorities (0 and 1) come before every moment."""


class Phase(IntEnum):
    """The order of what falls on one second at one connection."""

    BOOKS = 0
    POWER = 1
    PROGRAMME = 2
    DELIVERY = 3
    ENTRY = 4
    PURCHASE = 5
    SHARED = 6
    LOAD = 7
    LIMIT = 8
    OBSERVATION = 9


class Moment(simpy.Event):
    """An event at an instant, in its phase; within a phase in the order in which moments were made."""

    def __init__(self, env: Environment, instant: int, phase: Phase) -> None:
        if instant < env.now:
            raise AssertionError(f"a moment at {instant}, and it is {env.now} already")
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, EventPriority(_FIRST + phase), instant - int(env.now))


class Turns:
    """Puts those who ask for something shared in one second into the order of their connections."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._waiting: list[tuple[int, simpy.Event]] = []

    def wait(self, connection: int) -> simpy.Event:
        """An event that fires in the shared phase of this second, in the order of connections."""
        event = self._env.event()
        if not self._waiting:
            moment = Moment(self._env, int(self._env.now), Phase.SHARED)
            assert moment.callbacks is not None
            moment.callbacks.append(self._release)
        self._waiting.append((connection, event))
        return event

    def _release(self, moment: simpy.Event) -> None:
        del moment
        waiting, self._waiting = self._waiting, []
        for _, asked in sorted(waiting, key=lambda turn: turn[0]):
            asked.succeed()

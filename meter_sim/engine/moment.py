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
    LOAD = 6
    LIMIT = 7
    OBSERVATION = 8


class Moment(simpy.Event):
    """An event at an instant, in its phase; within a phase in the order in which moments were made."""

    def __init__(self, env: Environment, instant: int, phase: Phase) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, EventPriority(_FIRST + phase), instant - int(env.now))

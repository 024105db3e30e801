"""What a customer holds in the hand: a slip's tokens, and how far their entry got."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from meter_sim.people.customer import Manner
from meter_sim.vending.point_of_sale import Slip
from meter_sim.vending.secure_module import IssuedToken


@dataclass(slots=True)
class Held:
    """A token on paper or on a phone; `section` is one of a key change, `done` one that needs no entry any more."""

    label: str
    token: IssuedToken
    section: bool
    done: bool = False


@dataclass(slots=True)
class Hand:
    """The tokens of one hand-out. `count` belongs to its draws; `tries` counts the entries of all sittings."""

    count: int
    tokens: list[Held] = field(default_factory=list)
    tries: int = 0

    @property
    def left(self) -> list[Held]:
        """What is still to be entered; sections are not once all credit of the same hand was accepted."""
        credit = [held for held in self.tokens if not held.section]
        if credit and all(held.done for held in credit):
            return []
        return [held for held in self.tokens if not held.done]

    @property
    def has_sections(self) -> bool:
        """Whether a key change is among it that is still to be entered."""
        return any(held.section and not held.done for held in self.tokens)

    def take(self, slip: Slip, label: str) -> None:
        """Add what a slip says, in printed order."""
        for place, token in enumerate(slip.key_change, 1):
            self.tokens.append(Held(f"{label}.kct.{place}", token, section=True))
        if slip.token is not None:
            self.tokens.append(Held(label, slip.token, section=False))

    def take_sections(self, slip: Slip, label: str) -> None:
        """Put the sections of a change in front, in place of those that are there."""
        sections = [Held(f"{label}.{place}", token, section=True) for place, token in enumerate(slip.key_change, 1)]
        self.tokens = sections + [held for held in self.tokens if not held.section]

    def in_order(self, manner: Manner) -> Iterator[Held]:
        """The tokens as they are entered in one sitting; one that comes twice is skipped if it was accepted."""
        sections = [held for held in self.tokens if held.section]
        credit = [held for held in self.tokens if not held.section]
        if manner is Manner.FIRST_SECTION_ONLY:
            yield from (*sections[:1], *credit)
        elif manner is Manner.CREDIT_FIRST:
            yield from (*credit, *sections, *credit)
        else:
            yield from self.tokens

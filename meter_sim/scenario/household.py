"""One connection of a population and its draws."""

from meter_sim.draws import Purpose, Trait, draw


class Household:
    """A connection with the draws of its traits."""

    __slots__ = ("_seed", "connection")

    def __init__(self, seed: int, connection: int) -> None:
        self._seed = seed
        self.connection = connection

    def word(self, trait: Trait, sub: int = 0) -> int:
        """The 32-bit draw of a trait."""
        return draw(self._seed, Purpose.HOUSEHOLD, self.connection, trait, sub)

    def draw(self, purpose: Purpose, count: int) -> int:
        """The 32-bit draw that an engine makes for a purpose."""
        return draw(self._seed, purpose, self.connection, count)

    def between(self, trait: Trait, least: int, greatest: int) -> int:
        """A whole number from `least` up to below `greatest`, each alike."""
        return least + ((greatest - least) * self.word(trait) >> 32)

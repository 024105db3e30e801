"""The words on a meter's face: a table of them, and what the face shows in a state.

The standard leaves most of the display to makers. Each word has a mark: C certain, L likely (seen in makers' leaflets),
G our own choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

WORD_SECONDS = 4
"""Seconds for which each line of an answer stays before the next one, and before the face returns to rest (G)."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word on the display, with the certainty of the rule and where it comes from."""

    text: str
    certainty: str
    source: str


_LEAFLETS = "leaflets of several makers"
_OWN = "no rule: meters differ"

RESULT_WORDS: Mapping[str, Word] = {
    "Accept": Word("Accept", "L", _LEAFLETS),
    "1stKCT": Word("1St", "L", _LEAFLETS),
    "2ndKCT": Word("2nd", "L", _LEAFLETS),
    "3rdKCT": Word("3rd", "G", "as the first two"),
    "4thKCT": Word("4th", "G", "as the first two"),
    "OldError": Word("OLd", "L", _LEAFLETS),
    "UsedError": Word("USEd", "L", _LEAFLETS),
    "LockedOut": Word("LOc", "G", _OWN),
    "NotReady": Word("", "C", "a meter without power shows nothing"),
}
"""What the face says to an entry, by the result's standard name."""
REJECT = Word("rEJEct", "L", _LEAFLETS)
"""What it says to every other result."""
CONNECTED = Word("connct", "G", _OWN)
"""What it says after Accept when the load switch closes with it."""
WORDS: tuple[Word, ...] = (*RESULT_WORDS.values(), REJECT, CONNECTED)
"""Every word that the face has."""


def result_word(name: str) -> str:
    """The word for a result's standard name, such as `OLd` for OldError."""
    return RESULT_WORDS.get(name, REJECT).text


def answer_lines(lines: tuple[str, ...], *, reconnected: bool) -> tuple[str, ...]:
    """The lines that the face shows one after the other for an answer; `reconnected` if supply came with it."""
    return (*lines, CONNECTED.text) if reconnected else lines


PAGES = ("credit", "key", "tariff", "supply_group", "power", "total", "number")
"""What the display key goes through, from rest on (G)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the face can tell of a meter at rest; `credit` and `total` are as displayed, `unit` goes with them."""

    credit: str
    unit: str
    key: str
    tariff: str
    supply_group: str
    power: int
    total: str
    number: str


@dataclass(frozen=True, slots=True)
class Face:
    """One moment of the display: the characters, and the small words above and beside them."""

    text: str
    unit: str = ""
    caption: str = ""


def face(
    reading: Reading,
    *,
    powered: bool,
    typed: str = "",
    answer: tuple[str, ...] = (),
    since: int = 0,
    locked: bool = False,
    page: str = "credit",
) -> Face:
    """What the display shows.

    `typed` are the digits that stand, `answer` the lines of the latest answer and `since` the seconds since it was
    given, `locked` whether the keypad is locked out, `page` what the display key went on to.
    """
    if not powered:
        return Face("")
    if typed:
        return Face(typed, caption="typed")
    if since < answer_seconds(answer):
        return Face(answer[since // WORD_SECONDS], caption="answer")
    if locked:
        return Face(RESULT_WORDS["LockedOut"].text, caption="answer")
    return {
        "credit": Face(reading.credit, reading.unit, "credit"),
        "key": Face(reading.key, caption="key"),
        "tariff": Face(reading.tariff, caption="tariff"),
        "supply_group": Face(reading.supply_group, caption="supply_group"),
        "power": Face(str(reading.power), "W", "power"),
        "total": Face(reading.total, reading.unit, "total"),
        "number": Face(reading.number, caption="number"),
    }[page]


def answer_seconds(answer: tuple[str, ...]) -> int:
    """Seconds for which an answer is shown."""
    return WORD_SECONDS * len(answer)

"""The words of page and lessons, a file for each language. English is the original, the others are drafts."""

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

LANGUAGES = ("en", "fr", "pt", "sw")


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StepWords(_Words):
    """A step of a lesson: what to do, and what to learn from what the meter answers."""

    do: str
    learn: str


class LessonWords(_Words):
    """A lesson."""

    title: str
    about: str
    steps: tuple[StepWords, ...]


class Words(_Words):
    """A language.

    `page` are the labels of the page, `steps` what to do at a step of a lesson that has no words of its own, `display`
    what a word of the display means, `results` why the meter answers so, `refusals` why the counter does, `checks` the
    meter's checks, `faults` what was wrong with a try, `outcomes` how a step was passed.
    """

    language: str
    name: str
    draft: bool
    page: dict[str, str]
    captions: dict[str, str]
    display: dict[str, str]
    results: dict[str, str]
    refusals: dict[str, str]
    checks: dict[str, str]
    faults: dict[str, str]
    outcomes: dict[str, str]
    steps: dict[str, str]
    lessons: dict[str, LessonWords]


@cache
def words_of(language: str) -> Words:
    """The words of a language, one of LANGUAGES."""
    text = files("meter_sim.practice").joinpath("words", f"{language}.yaml").read_text(encoding="utf-8")
    return Words.model_validate(yaml.safe_load(text))

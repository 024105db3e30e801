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
    what a word of the display means, `results` why the meter answers so, `results_of` the same where the result alone
    does not tell, `refusals` why the counter does, `checks` the meter's checks, `faults` what was wrong with a try,
    `outcomes` how a step was passed, `kinds` what was done instead, `states` what a lesson expects of a state, `orders`
    what a slip is for, `fields` those of a token that have no name of the standard's, `events` those of the diary.
    `reasons` are the sentences of decoder and counter; in English just as they give them, with their values left open.
    """

    language: str
    name: str
    draft: bool
    page: dict[str, str]
    captions: dict[str, str]
    display: dict[str, str]
    results: dict[str, str]
    results_of: dict[str, str]
    refusals: dict[str, str]
    checks: dict[str, str]
    faults: dict[str, str]
    outcomes: dict[str, str]
    kinds: dict[str, str]
    states: dict[str, str]
    orders: dict[str, str]
    fields: dict[str, str]
    reasons: dict[str, str]
    events: dict[str, str]
    steps: dict[str, str]
    lessons: dict[str, LessonWords]


@cache
def words_of(language: str) -> Words:
    """The words of a language, one of LANGUAGES."""
    text = files("meter_sim.practice").joinpath("words", f"{language}.yaml").read_text(encoding="utf-8")
    return Words.model_validate(yaml.safe_load(text))

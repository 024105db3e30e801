"""The ten questions of a planner, answered in words: one section each, from the answers of a summary.

The questions are those that planners asked in the TID rollover of 2023 and 2024. Sentences speak of all areas together;
the table below them has each area.
"""

from collections.abc import Sequence
from typing import NamedTuple

from meter_sim.results.html import questions_of_people, questions_of_progress, questions_of_work
from meter_sim.results.html.answer import Answer
from meter_sim.results.html.parts import Section, Table
from meter_sim.results.html.pictures import Picture
from meter_sim.results.summary_types import Json


class Question(NamedTuple):
    """A question: its name in the summary, its words, and what answers it."""

    name: str
    title: str
    heading: str


QUESTIONS = (
    Question("rate_and_start", "Rate and start", "What daily rate is needed, and when must the work start?"),
    Question("channels_and_crews", "Channels and crews", "Self-service, visits or a mix, and how many crews?"),
    Question("never_come", "Who never comes", "Who never comes, and which records are dead?"),
    Question("drawers", "Tokens in drawers", "What becomes of tokens that are bought and not entered?"),
    Question("replacements", "Meters to replace", "Which meters cannot change, and how many must be ordered?"),
    Question("without_supply_after_deadline", "Without supply", "Who is without supply after the deadline, how long?"),
    Question("revisits", "Revisits", "How many visits find nobody at home?"),
    Question("queues_in_last_month", "Queues", "How long are the queues in the month before the deadline?"),
    Question("key_changes_after_deadline", "After the deadline", "How long are key changes still issued?"),
    Question("presumed_and_true", "Presumed and true", "What does the register say, and what is true?"),
)
"""The questions in the order of the summary."""


def question_sections(
    answers: dict[str, Json], lead: str, pictures: dict[str, tuple[Picture, ...]]
) -> tuple[Section, ...]:
    """A section for each question; `lead` begins their anchors, `pictures` are those of each question by name."""
    sections = []
    for place, question in enumerate(QUESTIONS, 1):
        told = answers.get(question.name)
        sentences, tables = _ANSWERED[question.name](Answer(told if isinstance(told, dict) else {}))
        sections.append(
            Section(
                f"{lead}{question.name.replace('_', '-')}",
                f"{place}. {question.heading}",
                points=tuple(sentences),
                tables=tuple(tables),
                pictures=pictures.get(question.name, ()),
            )
        )
    return tuple(sections)


Answered = tuple[Sequence[str], Sequence[Table]]

_ANSWERED = {
    "rate_and_start": questions_of_progress.rate,
    "channels_and_crews": questions_of_work.channels,
    "never_come": questions_of_people.never_come,
    "drawers": questions_of_people.drawers,
    "replacements": questions_of_work.replacements,
    "without_supply_after_deadline": questions_of_people.without_supply,
    "revisits": questions_of_work.revisits,
    "queues_in_last_month": questions_of_work.queues,
    "key_changes_after_deadline": questions_of_progress.late_changes,
    "presumed_and_true": questions_of_progress.presumed,
}

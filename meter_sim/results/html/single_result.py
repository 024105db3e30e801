"""One result as a section of a report: its answers, its costs, its listed meters, its assumptions and its limits."""

from collections.abc import Iterator
from dataclasses import dataclass

from meter_sim.results.html.assumptions import assumptions_section
from meter_sim.results.html.costs import costs_section
from meter_sim.results.html.limits import limits_section
from meter_sim.results.html.meters import meter_sections
from meter_sim.results.html.parts import Section
from meter_sim.results.html.pictures_of_result import MOST_METERS, pictures_of
from meter_sim.results.html.questions import question_sections
from meter_sim.results.html.resolved_tree import tree_of
from meter_sim.results.html.short import mapping
from meter_sim.results.html.wording import count
from meter_sim.results.result import Result


@dataclass(frozen=True, slots=True)
class Shown:
    """A result that a report shows, under a name of its own; `replications` are the runs of its plan."""

    name: str
    result: Result
    replications: int = 1


def result_sections(shown: Shown, lead: str) -> Iterator[Section]:
    """The sections of a result; `lead` begins their anchors."""
    result, summary = shown.result, shown.result.summary
    pictures = pictures_of(result)
    answers = mapping(summary.get("answers"))
    if answers:
        yield Section(
            f"{lead}questions",
            "Ten questions of a planner",
            ("Sentences speak of all areas together; where there are several, the tables have each.",),
            sections=question_sections(answers, lead, pictures.of_questions),
        )
    if mapping(summary.get("areas")):
        yield costs_section(summary, f"{lead}costs", pictures.of_costs)
    own = list(meter_sections(result, lead, pictures.of_meters))
    if own:
        meters = mapping(summary["meters"])
        told = (
            (f"{count(len(meters), 'meter')} are listed; the first {MOST_METERS} have their diary here.",)
            if len(meters) > MOST_METERS
            else ()
        )
        yield Section(f"{lead}meters", "Meters that are listed by themselves", told, sections=tuple(own))
    if result.failures:
        yield Section(f"{lead}expectations", "Expectations that were not met", points=result.failures)
    tree = tree_of(result.scenario_text)
    yield assumptions_section(summary, tree, f"{lead}assumptions", pictures.of_keys)
    yield limits_section(summary, tree, f"{lead}limits", shown.replications)

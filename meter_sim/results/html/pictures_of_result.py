"""The pictures of a result, each at the question that it answers."""

from dataclasses import dataclass, field

from meter_sim.results.html.pictures import Picture, picture
from meter_sim.results.result import Result


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures by question of the summary and by listed meter (those of all meters under an empty name)."""

    of_questions: dict[str, tuple[Picture, ...]] = field(default_factory=dict)
    of_meters: dict[str, tuple[Picture, ...]] = field(default_factory=dict)
    of_costs: tuple[Picture, ...] = ()


def pictures_of(result: Result) -> Pictures:
    """All pictures that a result has something to show for."""
    questions: dict[str, tuple[Picture, ...]] = {}
    meters: dict[str, tuple[Picture, ...]] = {}
    if result.has_areas:
        drawn = picture(
            result.plot_programme,
            "By local day: meters by what they hold and what the register presumes, entries refused, meters "
            "without supply, visits and requests. The tables of the questions have the numbers.",
            "The run by local day, all areas together.",
        )
        questions["rate_and_start"] = (drawn,)
    if result.readings_table.num_rows:
        drawn = picture(
            result.plot,
            "Credit of each listed meter over time, with entries accepted and refused, key changes and spans "
            "without supply. The diaries below have every event.",
            "Credit of each listed meter, its entries and its key changes.",
        )
        meters[""] = (drawn,)
    return Pictures(questions, meters)

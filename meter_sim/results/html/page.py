"""The report of result and experiment folders as the text of one page, which needs nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from meter_sim import __version__
from meter_sim.results.compare import LEVEL, baseline_name
from meter_sim.results.experiment_folder import EXPERIMENT, Compared, read_compared
from meter_sim.results.folder import ResultError
from meter_sim.results.html.parts import Brief, Page, Section
from meter_sim.results.html.plans_compared import comparison_of, comparison_section, comparison_sentences
from meter_sim.results.html.short import figures, in_short
from meter_sim.results.html.single_result import Shown, result_sections
from meter_sim.results.html.words import words_section
from meter_sim.results.result import read_result


def report_of(folders: Sequence[Path], baseline: str | None = None, level: float = LEVEL) -> str:
    """The report of folders that `run` wrote: the same text for the same folders.

    Of an experiment the first run of its baseline is shown in full. Raises ResultError for a folder that is neither,
    CompareError if nothing has the name `baseline`.
    """
    several = [read_compared(folder) for folder in folders]
    comparison = comparison_of(several, baseline, level)
    shown = _named_apart([_shown(each, baseline) for each in several])
    briefs, sections = [], []
    if comparison is not None:
        briefs.append(Brief("Plans compared", tuple(comparison_sentences(comparison))))
        sections.append(comparison_section(comparison, "compared"))
    alone = len(shown) == 1 and comparison is None
    for place, one in enumerate(shown, 1):
        brief, parts = _told(one, "" if len(shown) == 1 else f"result-{place}-")
        briefs.append(replace(brief, title="" if alone else one.name))
        sections += parts if len(shown) == 1 else [Section(f"result-{place}", one.name, sections=parts)]
    sections.append(words_section("words"))
    titles = list(dict.fromkeys(str(one.result.summary["scenario"]) for one in shown))
    return page_text(
        Page(
            title=titles[0] if len(titles) == 1 else f"{len(shown)} results",
            subtitle="Report of a rehearsal" if len(shown) == 1 else f"Report of {len(shown)} rehearsals",
            briefs=tuple(briefs),
            sections=tuple(sections),
            foot=f"Made by meter_sim {__version__} from simulated runs, for rehearsal: nothing here was measured.",
        )
    )


def _told(one: Shown, lead: str) -> tuple[Brief, tuple[Section, ...]]:
    """What a result says: at the top, and in its sections. Raises ResultError for one that lacks something."""
    summary = one.result.summary
    try:
        return Brief("", tuple(in_short(summary)), figures(summary)), tuple(result_sections(one, lead))
    except (AssertionError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        what = " ".join(f"{type(error).__name__} {error}".split())[:200]
        raise ResultError(f"{one.name}: is not whole, {what}; run it again with this version") from None


def page_text(page: Page) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("meter_sim.results.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html").render(page=page)


def _shown(compared: Compared, baseline: str | None) -> Shown:
    """The result that stands for a folder: the folder's own, or replication 0 of an experiment's baseline."""
    folder = Path(compared.folder)
    name = folder.resolve().name
    if not (folder / EXPERIMENT).is_file():
        return Shown(name, read_result(folder))
    known = {plan.name for plan in compared.plans}
    base = baseline_name(compared.plans, baseline if baseline in known else None)
    plan = next(plan for plan in compared.plans if plan.name == base)
    return Shown(f"{name}, plan {plan.label}", read_result(folder / plan.label), len(plan.seeds))


def _named_apart(shown: Sequence[Shown]) -> list[Shown]:
    """Each under its own name: two of the same name are numbered."""
    names = [one.name for one in shown]
    return [
        replace(one, name=f"{one.name} ({names[: place + 1].count(one.name)})") if names.count(one.name) > 1 else one
        for place, one in enumerate(shown)
    ]

"""A scenario written out in full: defaults, load profiles and tables, but no vending key given in hex."""

import re
from collections.abc import Mapping
from pathlib import PurePath

import yaml

from meter_sim.scenario import schema
from meter_sim.scenario.schema_experiment import SECTIONS
from meter_sim.vending.vending_key import TEST_KEY_NAMES


class _Dumper(yaml.SafeDumper):
    """Quotes digit strings and decimals as our reader wants them, and writes lists of numbers in one line."""


class _Entry(str):
    """What the timeline enters; it stands in quotes, whatever it is."""

    __slots__ = ()


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if re.fullmatch(r"[0-9]+\.[0-9]+", text):
        return dumper.represent_scalar("tag:yaml.org,2002:float", text)
    style = '"' if text.isdecimal() or isinstance(text, _Entry) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


def _sequence(dumper: yaml.SafeDumper, parts: list[object]) -> yaml.SequenceNode:
    flow = all(isinstance(part, int) for part in parts)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", parts, flow_style=flow)


_Dumper.add_representer(str, _quoted)
_Dumper.add_representer(_Entry, _quoted)
_Dumper.add_representer(list, _sequence)


def population_name(file: str) -> str:
    """The name under which a result keeps a population's file, beside the resolved scenario."""
    return f"population{PurePath(file).suffix.lower()}"


def resolved_text(
    spec: schema.ScenarioSpec, profiles: Mapping[str, schema.LoadSpec], tables: Mapping[str, tuple[int, ...]]
) -> str:
    """The YAML text of a scenario that runs to the same bytes; keys given in hex must be put in again first."""
    full = spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(SECTIONS))
    full["points_of_sale"] |= {name: pos.model_dump(mode="json") for name, pos in spec.points_of_sale.named.items()}
    for group in full["supply_groups"].values():
        for key in group["vending_keys"]:
            if key["key"] not in TEST_KEY_NAMES:
                key["key"] = schema.HIDDEN_KEY
    if spec.population is not None and spec.population.file is not None:
        full["population"]["file"] = population_name(spec.population.file)
    for action in full["timeline"]:
        if "enter" in action:
            action["enter"] = _Entry(action["enter"])
    full["loads"] = {
        name: profile.model_dump(mode="json", exclude_none=True)
        for name, profile in profiles.items()
        if name not in schema.BUILT_IN_LOADS
    }
    full["tables"] = {name: list(table) for name, table in sorted(tables.items())}
    return yaml.dump(full, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)

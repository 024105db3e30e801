"""Behaviours of a user's own: Python classes that a scenario names, loaded only where the user allows code."""

import importlib
import sys
from pathlib import Path

from meter_sim.people.behaviour import Behaviour

NOT_ALLOWED = "this runs Python code of the scenario's author; look at it, then allow it with --allow-code"


class BehaviourFault(ValueError):
    """Says why a behaviour cannot be loaded."""


def behaviour_at(path: str, folder: Path) -> type[Behaviour]:
    """The class of an import path `module:Class`; modules beside the scenario, in `folder`, are found too.

    Raises BehaviourFault.
    """
    module_name, _, name = path.partition(":")
    place = str(folder.resolve())
    sys.path.insert(0, place)
    try:
        importlib.invalidate_caches()
        found = getattr(importlib.import_module(module_name), name, None)
    except (Exception, SystemExit) as error:  # whatever the user's code raises is the user's to mend
        text = " ".join(str(error).split())
        raise BehaviourFault(f"{path!r} cannot be imported: {type(error).__name__}: {text}") from None
    finally:
        sys.path.remove(place)
    if found is None:
        raise BehaviourFault(f"the module {module_name} has no {name}")
    if not (isinstance(found, type) and issubclass(found, Behaviour)):
        raise BehaviourFault(f"{path!r} is no class made from meter_sim.people.behaviour.Behaviour")
    return found

"""Single values of a scenario that the command line overrides."""

from collections.abc import Sequence

from meter_sim.wrong_input import WrongInputError


def overrides_of(sets: Sequence[str], seed: str | None) -> dict[str, str]:
    """The values of --set and --seed by path. Raises WrongInputError."""
    overrides = {}
    for text in sets:
        path, equals, value = text.partition("=")
        if not equals or not path:
            raise WrongInputError("--set: write PATH=VALUE, such as --set 'meters.0.credit=5 kWh'")
        overrides[path] = value
    if seed is not None:
        overrides["seed"] = seed
    return overrides

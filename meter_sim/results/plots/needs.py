"""What a picture needs of a result, and what is said where it is not there."""

from typing import TYPE_CHECKING

from meter_sim.scenario.fields import nearest

if TYPE_CHECKING:
    from meter_sim.results.result import Result


class PictureError(ValueError):
    """A picture that cannot be drawn: which, why, and what instead; one line."""


def need_areas(result: "Result", picture: str) -> None:
    """Raise PictureError for a run without areas."""
    if not result.has_areas:
        raise PictureError(
            f"{picture}: the run has no areas, give its scenario a population or areas; "
            "of a listed meter draw meter_diary or tid_store"
        )


def need_listed(result: "Result", picture: str) -> list[str]:
    """The meters that are listed by themselves. Raises PictureError if there are none."""
    listed = result.summary["meters"]
    assert isinstance(listed, dict)
    if not listed:
        raise PictureError(
            f"{picture}: the run has no listed meter, list one under meters in its scenario; of areas draw migration"
        )
    return list(listed)


def need_meter(result: "Result", picture: str, meter: str) -> None:
    """Raise PictureError for a meter that is not listed by itself."""
    listed = need_listed(result, picture)
    if meter not in listed:
        raise PictureError(f"{picture}: no listed meter is called {meter!r}, {nearest(meter, listed)}")

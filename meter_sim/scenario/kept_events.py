"""Which events a run keeps, as people say it: `none`, `refusals`, `all`, or a share of the meters."""

from meter_sim.detail import Detail, Keep
from meter_sim.distribution import chance
from meter_sim.scenario.quantities import QuantityError, percentage


def kept_events(text: str) -> Keep:
    """What a level, or `sample:1%`, asks for: of so many meters all events and of the rest none.

    Raises QuantityError.
    """
    if text in tuple(Detail):
        return Keep(Detail(text))
    word, colon, share = text.partition(":")
    if word != "sample" or not colon:
        raise QuantityError(f"{text!r} is not known, allowed are none, refusals, all, and sample:1%")
    try:
        sampled = percentage(share)
    except QuantityError as error:
        raise QuantityError(f"sample: {error}") from None
    if not 0 < sampled <= 1:
        raise QuantityError(f"sample: {share} is not above 0% and at most 100%")
    return Keep(Detail.NONE, chance(sampled))

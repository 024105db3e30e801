from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.distribution import constant, lognormal, uniform
from meter_sim.people.customer import Customer, amount_bought, entry_delay, first_purchase, next_purchase

WORDS = st.integers(0, 0xFFFFFFFF)
WEEK = 7 * 86_400
WEEKLY = Customer("weekly", uniform(100, 300), lognormal(1500, Decimal(1)), every=constant(WEEK))


@given(WORDS, WORDS)
def test_an_interval_buyer(place, word):
    first = first_purchase(WEEKLY, 1000, place, word)
    assert 1000 <= first < 1000 + WEEK
    assert next_purchase(WEEKLY, first, word) == first + WEEK
    assert 100 <= amount_bought(WEEKLY, word) <= 300


def test_least_values():
    small = Customer("small", constant(0), constant(0), every=constant(0), first=77)
    assert amount_bought(small, 5) == 1
    assert entry_delay(small, 5) == 1
    assert first_purchase(small, 1000, 5, 5) == 77
    assert next_purchase(small, 77, 5) == 78


def test_a_level_buyer_has_no_interval():
    with pytest.raises(ValueError, match="buys at a level"):
        next_purchase(Customer("low", constant(1), constant(1), when_below=5), 0, 0)

from collections import Counter
from decimal import Decimal
from math import exp
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.distribution import CELLS, constant, lognormal, normal_quantiles, share_of_mean, uniform
from meter_sim.draws import Purpose, draw, philox4x32

# Known answers that Random123 publishes for philox4x32, 10 rounds: counter, key, output.
KNOWN = """
00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1
"""


@pytest.mark.parametrize("row", KNOWN.strip().splitlines())
def test_philox_known_answers(row):
    words = [int(word, 16) for word in row.split()]
    assert list(philox4x32(tuple(words[:4]), tuple(words[4:6]))) == words[6:]


def test_a_draw_belongs_to_all_that_names_it():
    """Each part of the name changes the draw, and the words of counter and key are those of docs/model.md."""
    known = draw(7, Purpose.LOAD_DAY, 3, 20_000)
    assert known == philox4x32((20_000, 0, 1, 3), (7, 0))[0]
    assert draw(7 + (9 << 32), Purpose.LOAD_DAY, 3, 20_000) == philox4x32((20_000, 0, 1, 3), (7, 9))[0]
    assert draw(7, Purpose.TOKEN_RND, 3, 20_000, 5) == philox4x32((20_000, 5, 2, 3), (7, 0))[0]
    others = [
        draw(8, Purpose.LOAD_DAY, 3, 20_000),
        draw(7, Purpose.ENTRY_DELAY, 3, 20_000),
        draw(7, Purpose.LOAD_DAY, 4, 20_000),
        draw(7, Purpose.LOAD_DAY, 3, 20_001),
        draw(7, Purpose.LOAD_DAY, 3, 20_000, 1),
    ]
    assert len({known, *others}) == 6


def test_purpose_numbers_stay():
    assert {purpose.name: purpose.value for purpose in Purpose} == {
        "LOAD_DAY": 1,
        "TOKEN_RND": 2,
        "PURCHASE_AMOUNT": 3,
        "ENTRY_DELAY": 4,
        "PURCHASE_INTERVAL": 5,
        "FIRST_PURCHASE": 6,
        "HOUSEHOLD": 7,
        "SPARE": 8,
        "SPARE_KEPT": 9,
        "WRONG_DIGIT": 10,
        "WHICH_DIGIT": 11,
        "MANNER": 12,
        "TROUBLE": 13,
        "COME_BACK": 14,
        "CAMPAIGN": 15,
        "CAMPAIGN_TIME": 16,
        "REACHED": 17,
        "ACCESS": 18,
        "CALLS_BACK": 19,
        "PAYDAY_TIME": 20,
        "DESK_SERVICE": 21,
        "DESK_ARRIVAL": 22,
        "BEHAVIOUR": 23,
        "SAMPLE": 24,
    }


def test_normal_quantiles_do_not_depend_on_a_last_bit():
    """No quantile lies so near to a rounding edge that another machine's libm could round it the other way."""
    normal = NormalDist()
    for place, quantile in enumerate(normal_quantiles()):
        exact = normal.inv_cdf(min(max(place / CELLS, 1 / 4096), 4095 / 4096))
        assert abs(float(quantile) - exact) < 0.5e-6 - 1e-12


WORDS = st.integers(0, 0xFFFFFFFF)
TABLES = [constant(5), uniform(10, 500), lognormal(1500, Decimal("1.0")), share_of_mean(Decimal("0.2"))]


@given(st.sampled_from(TABLES), WORDS, WORDS)
def test_values_do_not_fall_and_stay_within_the_table(table, one, other):
    low, high = sorted((one, other))
    assert table.knots[0] <= table.value(low) <= table.value(high) <= table.knots[-1]


def test_kinds():
    assert {constant(5).value(word) for word in (0, 1 << 31, 0xFFFFFFFF)} == {5}
    assert (uniform(10, 500).value(0), uniform(10, 500).value(0xFFFFFFFF)) == (10, 500)
    three = uniform(1, 3)
    drawn = Counter(three.value(word << 14) for word in range(1 << 18))
    assert sorted(drawn) == [1, 2, 3]
    assert max(drawn.values()) - min(drawn.values()) < (1 << 18) // CELLS * 2
    assert lognormal(1500, Decimal("1.0")).value(1 << 31) == 1500
    assert lognormal(1500, Decimal("0.5")).value(3 << 30) == pytest.approx(
        1500 * 2.718281828 ** (0.5 * 0.67449), rel=1e-3
    )
    assert share_of_mean(Decimal(0)).knots == (65_536,) * 257


@pytest.mark.parametrize("sigma", ["0.1", "0.6", "1.0", "2.5"])
def test_lognormal_tables(sigma):
    normal = NormalDist()
    for place, knot in enumerate(lognormal(1500, Decimal(sigma)).knots):
        quantile = normal.inv_cdf(min(max(place / CELLS, 1 / 4096), 4095 / 4096))
        assert knot == pytest.approx(1500 * exp(float(sigma) * quantile), rel=1e-5, abs=0.51)


@given(st.integers(0, 2**64 - 1), st.sampled_from(list(Purpose)), WORDS, WORDS, WORDS)
def test_a_draw_is_the_generator_s_first_word(seed, purpose, connection, count, sub):
    words = philox4x32((count, sub, purpose, connection), (seed & 0xFFFFFFFF, seed >> 32))
    assert draw(seed, purpose, connection, count, sub) == words[0]

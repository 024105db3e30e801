import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.sts import amount
from meter_sim.sts.errors import AmountOutOfRange


@pytest.mark.parametrize(
    ("tenths", "code", "credited"),
    [
        (0, 0x0000, 0),
        (1, 0x0001, 1),
        (16_383, 0x3FFF, 16_383),
        (16_384, 0x4000, 16_384),
        (20_000, 0x416A, 20_004),  # 2000.0 kWh bought are 2000.4 credited
        (180_214, 0x7FFF, 180_214),
        (180_223, 0x8000, 180_224),  # 18 022.3 kWh carry into the next exponent
        (180_224, 0x8000, 180_224),
        (1_818_624, 0xC000, 1_818_624),
        (18_201_624, 0xFFFF, 18_201_624),
    ],
)
def test_amounts(tenths, code, credited):
    assert amount.encode(tenths) == code
    assert amount.decode(code) == credited


@given(st.integers(0, 0xFFFF))
def test_every_code_reads_back(code):
    assert amount.encode(amount.decode(code)) == code


@given(st.integers(0, amount.GREATEST))
def test_rounding_is_up_and_to_the_next_value(tenths):
    code = amount.encode(tenths)
    assert amount.decode(code) >= tenths
    assert code == 0 or amount.decode(code - 1) < tenths


@pytest.mark.parametrize("tenths", [-1, amount.GREATEST + 1])
def test_out_of_range(tenths):
    with pytest.raises(AmountOutOfRange):
        amount.encode(tenths)


@pytest.mark.parametrize(
    ("units", "code", "credited"),
    [
        (0, 0x00000, 0),
        (1, 0x00001, 1),
        (16_383, 0x03FFF, 16_383),
        (16_384, 0x04000, 16_384),
        (100_000, 0x04000 | 8362, 100_004),  # 1 of the currency is credited as 1.00004
        (180_215, 0x08000, 180_224),  # rounding up carries into the next exponent
        (1_638_300_000, None, 1_638_342_624),
        (-1, 0x80001, -1),
        (-100_000, 0x84000 | 8361, -99_994),  # towards positive infinity: less is taken back
        (-180_223, 0x84000 | 16_383, -180_214),
        (-180_224, 0x88000, -180_224),
        (amount.GREATEST_CURRENCY, 0x7FFFF, amount.GREATEST_CURRENCY),
        (-amount.GREATEST_CURRENCY, 0xFFFFF, -amount.GREATEST_CURRENCY),
    ],
)
def test_amounts_of_money(units, code, credited):
    found = amount.encode_currency(units)
    assert code is None or found == code
    assert amount.decode_currency(found) == credited


def test_the_greatest_amount_of_money():
    offset = sum(2**14 * 10 ** (i - 1) for i in range(1, 32))
    assert (2**14 - 1) * 10**31 + offset == amount.GREATEST_CURRENCY
    for units in (amount.GREATEST_CURRENCY + 1, -amount.GREATEST_CURRENCY - 1):
        with pytest.raises(AmountOutOfRange):
            amount.encode_currency(units)


@given(st.integers(0, (1 << 20) - 1))
def test_every_code_of_money_reads_back(code):
    units = amount.decode_currency(code)
    assert amount.encode_currency(units) == (0 if code == 0x80000 else code)  # there is no minus zero


@given(st.integers(-(10**20), 10**20))
def test_money_is_rounded_towards_positive_infinity_by_less_than_a_step(units):
    credited = amount.decode_currency(amount.encode_currency(units))
    assert credited >= units
    assert credited - units <= abs(units) // 1638 + 1  # a step is at most 10 / 2^14 of what its exponent holds
    assert (credited < 0) <= (units < 0)

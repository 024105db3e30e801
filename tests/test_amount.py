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

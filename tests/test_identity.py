import pytest

from meter_sim.sts import identity
from meter_sim.sts.errors import WrongCheckDigit, WrongIdentity
from meter_sim.sts.identity import KeyType, MeterPan

DITK, DDTK, DUTK, DCTK = KeyType


@pytest.mark.parametrize(("wrong", "right"), [("12345678904", "3"), ("11111111113", "5")])
def test_a_wrong_drn_names_the_right_check_digit(wrong, right):
    with pytest.raises(WrongCheckDigit, match=f"should end in {right}"):
        identity.drn(wrong)
    assert identity.drn(wrong[:-1] + right) == wrong[:-1] + right


def test_both_lengths_of_drn():
    assert MeterPan("600727000000000009").drn == "00000000000"
    assert MeterPan("600727000000000009").iin == "600727"
    assert MeterPan("000001000000000082").drn == "0100000000008"
    assert MeterPan("000001000000000082").iin == "0000"


@pytest.mark.parametrize(
    ("digits", "says"),
    [
        ("600727000000000008", "MeterPAN .* should end in 9"),
        ("600727000000000017", "DRN 00000000001 .* should end in 0"),
        ("60072700000000000", "not 18 decimal digits"),
        ("60072700000000000x", "not 18 decimal digits"),
        ("６00727000000000009", "not 18 decimal digits"),
        ("123456000000000009", "starts with neither 600727"),
    ],
)
def test_wrong_pans(digits, says):
    with pytest.raises((WrongIdentity, WrongCheckDigit), match=says):
        MeterPan(digits)


def test_a_pan_made_from_a_drn():
    assert MeterPan.of("600727", "00000000000").digits == "600727000000000009"
    assert str(MeterPan.of("0000", "0100000000008")) == "000001000000000082"


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (identity.supply_group_code, "12345"),
        (identity.tariff_index, "1"),
        (identity.drn, "123456789012"),
        (identity.key_revision_number, 0),
        (identity.key_revision_number, 10),
        (identity.key_expiry_number, 256),
        (identity.key_expiry_number, -1),
    ],
)
def test_wrong_values(check, value):
    with pytest.raises(WrongIdentity):
        check(value)


@pytest.mark.parametrize(
    ("parent", "children"),
    [(DITK, {DDTK, DUTK, DCTK}), (DDTK, {DDTK, DUTK}), (DUTK, {DDTK, DUTK}), (DCTK, {DDTK, DCTK})],
)
def test_which_key_type_may_follow(parent, children):
    assert {child for child in KeyType if parent.may_become(child)} == children


@pytest.mark.parametrize(
    ("ken", "tid", "expired"), [(85, 85 << 16 | 0xFFFF, False), (85, 86 << 16, True), (255, (1 << 24) - 1, False)]
)
def test_key_expiry(ken, tid, expired):
    assert identity.ken_expires(ken, tid) is expired

import re

import pytest

from meter_sim.sts import identity
from meter_sim.sts.errors import NotSupported, StsError, WrongCheckDigit, WrongIdentity
from meter_sim.sts.identity import Encryption, IdRecord, KeyType, MeterPan, encryption_named

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


RECORD = "600727000000000009" + "2612" + "02" + "11" + "123457" + "07" + "3"


def test_id_records():
    record = IdRecord.of(RECORD)
    assert record == IdRecord(MeterPan("600727000000000009"), Encryption.EA11, "123457", "07", 3, "2612", "02")
    assert record.digits == RECORD
    assert IdRecord(record.pan, record.encryption, "123457", "07", 3).digits == RECORD.replace("2612", "0000")
    assert IdRecord.of("000001000000000082" + RECORD[18:]).pan.iin == "0000"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RECORD[:-1], "is not 35 decimal digits"),
        ("x" + RECORD[1:], "is not 35 decimal digits"),
        ("600727000000000008" + RECORD[18:], "it should end in 9"),
        (RECORD[:18] + "2613" + RECORD[22:], "card expiry 2613 is neither YYMM nor 0000"),
        (RECORD[:18] + "2600" + RECORD[22:], "card expiry 2600 is neither YYMM nor 0000"),
        (RECORD[:24] + "09" + RECORD[26:], "EA09 (DES) is deprecated; use 07 or 11"),
        (RECORD[:24] + "12" + RECORD[26:], "EA '12' does not exist"),
        (RECORD[:-1] + "0", "key revision number 0 is outside 1 to 9"),
    ],
)
def test_wrong_id_records(text, message):
    with pytest.raises(StsError, match=re.escape(message)):
        IdRecord.of(text)


def test_algorithms_by_name():
    assert encryption_named("07") is encryption_named("EA07") is Encryption.EA07
    assert encryption_named("11") is Encryption.EA11
    with pytest.raises(NotSupported, match="EA09"):
        encryption_named("EA09")
    for code in ("", "7", "EA", "ea07", "0007"):
        with pytest.raises(NotSupported, match="does not exist"):
            encryption_named(code)


def test_the_token_carrier_of_an_id_record():
    record = IdRecord.of(RECORD[:22] + "01" + RECORD[24:])
    assert record.token_carrier == "01"
    assert record.digits == RECORD[:22] + "01" + RECORD[24:]
    with pytest.raises(WrongIdentity, match="token carrier type 'x1' is not 2 decimal digits"):
        IdRecord(record.pan, record.encryption, "123457", "07", 3, token_carrier="x1")

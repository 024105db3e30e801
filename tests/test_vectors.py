"""The conformance figures: every EA07 row of the token kinds that are built, issued and decoded."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from meter_sim.sts import amount, cipher
from meter_sim.sts.dkga import DecoderKey, Dkga, derive, dkga04_message
from meter_sim.sts.identity import Encryption, KeyIdentity, KeyType, MeterPan
from meter_sim.sts.key_change import NewKey, join, split
from meter_sim.sts.tid import BaseDate, is_reserved, minute_of, tid_at
from meter_sim.sts.token import CreditToken, FirstSection, Management, ManagementToken, SecondSection, Service, Token
from tests.kit import at

FILE = json.loads((Path(__file__).parent / "vectors" / "sts531.json").read_text())
ROWS = FILE["rows"]

NEXT = {
    "EA11": [row["name"] for row in ROWS if row["ea"] == "11"],
    "currency": ["POS currency 1", "POS currency 16383", "POS currency 180224", "POS currency -1"],
    "three sections": ["POS key change TI, three sections"],
}
"""Rows of kinds that are not built yet."""
LATER = {name for names in NEXT.values() for name in names}
BUILT = [row for row in ROWS if row["name"] not in LATER]
TOKENS = [row for row in BUILT if "token" in row]
CHANGES = [row for row in BUILT if "new" in row]


def named(row):
    return row["name"]


def key(row) -> DecoderKey:
    identity = KeyIdentity(
        MeterPan(row["meter_pan"]),
        row["supply_group_code"],
        row["tariff_index"],
        row["key_revision_number"],
        KeyType(row["key_type"]),
        Encryption(row["ea"]),
        BaseDate(int(row["base_date"])),
    )
    return derive(identity, Dkga(row["dkga"]), bytes.fromhex(row["vending_key"]))


def token(row) -> Token:
    tid = tid_at(BaseDate(int(row["base_date"])), minute_of(at(row["issued"])))
    tid += is_reserved(tid)
    if row["token_class"] == 0:
        tenths = int(Decimal(str(row["units"])) * 10)
        return CreditToken(Service(row["subclass"]), row["rnd"], tid, amount.encode(tenths))
    data = amount.encode(row["watts"]) if "watts" in row else row.get("register", row.get("pad"))
    return ManagementToken(Management(row["subclass"]), row["rnd"], tid, data)


def test_every_row_is_tested_or_listed_for_later():
    assert FILE["origin"]
    assert len(TOKENS) == 46
    assert len(CHANGES) == 6
    assert len(TOKENS) + len(CHANGES) + len(LATER) == len(ROWS) == 72
    assert all(row["ea"] == "07" for row in BUILT)


def listed(value: int, hex_digits: str) -> bool:
    order = "little" if len(hex_digits) == 16 else "big"  # how the file lists keys
    return value == int.from_bytes(bytes.fromhex(hex_digits), order)


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_decoder_keys(row):
    assert listed(key(row).value, row["decoder_key"])
    if "new" in row:
        assert listed(key(row["new"]).value, row["new_decoder_key"])


@pytest.mark.parametrize("row", TOKENS, ids=named)
def test_tokens(row):
    assert cipher.encipher(token(row), key(row)) == row["token"]
    assert cipher.decipher(row["token"], key(row)) == token(row)


@pytest.mark.parametrize("row", CHANGES, ids=named)
def test_key_changes(row):
    new = NewKey(
        key(row["new"]),
        KeyType(row["new"]["key_type"]),
        row["new"]["key_revision_number"],
        row["new"]["tariff_index"],
        row["key_expiry_number"],
        row["rollover"],
    )
    assert [cipher.encipher(section, key(row)) for section in split(new)] == row["tokens"]
    first, second = (cipher.decipher(digits, key(row)) for digits in row["tokens"])
    assert isinstance(first, FirstSection)
    assert isinstance(second, SecondSection)
    assert join(first, second) == new


def test_the_message_of_dkga04():
    identity = KeyIdentity(
        MeterPan("600727000000000009"), "123457", "01", 1, KeyType.DUTK, Encryption.EA11, BaseDate.Y1993
    )
    assert dkga04_message(identity).hex() == (
        "04023034023933023131023031000406313233343537013201311236303037323730303030303030303030303900000080"
    )

"""The conformance figures, every row, issued and decoded by the scalar code."""

from decimal import Decimal

import pytest

from meter_sim.sts import cipher, ea11
from meter_sim.sts.dkga import DecoderKey, dkga04_message
from meter_sim.sts.identity import Encryption, KeyIdentity, KeyType, MeterPan
from meter_sim.sts.key_change import join, split
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import CurrencyToken
from tests.sts531 import CHANGES, FILE, ROWS, TOKENS, key, named, new_key, token


def test_every_row_is_tested():
    assert FILE["origin"]
    assert len(TOKENS) == 63
    assert len(CHANGES) == 9
    assert len(TOKENS) + len(CHANGES) == len(ROWS) == 72


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
    found = cipher.decipher(row["token"], key(row))
    assert found == token(row)
    if "credited" in row:
        assert isinstance(found, CurrencyToken)
        assert found.units == Decimal(row["credited"]) * 100_000


@pytest.mark.parametrize("row", CHANGES, ids=named)
def test_key_changes(row):
    assert [cipher.encipher(section, key(row)) for section in split(new_key(row))] == row["tokens"]
    sections = [cipher.decipher(digits, key(row)) for digits in row["tokens"]]
    assert join(sections) == new_key(row)
    assert join(reversed(sections)) == new_key(row)


def test_the_message_of_dkga04():
    identity = KeyIdentity(
        MeterPan("600727000000000009"), "123457", "01", 1, KeyType.DUTK, Encryption.EA11, BaseDate.Y1993
    )
    assert dkga04_message(identity).hex() == (
        "04023034023933023131023031000406313233343537013201311236303037323730303030303030303030303900000080"
    )


RFC_2994_KEY = 0x00112233445566778899AABBCCDDEEFF


@pytest.mark.parametrize(
    ("plain", "enciphered"),
    [(0x0123456789ABCDEF, 0x8B1DA5F56AB3D07C), (0xFEDCBA9876543210, 0x04B68240B13BE95D)],
)
def test_ea11_against_rfc_2994(plain, enciphered):
    """The two blocks of the RFC's appendix."""
    assert ea11.encrypt(plain, RFC_2994_KEY) == enciphered
    assert ea11.decrypt(enciphered, RFC_2994_KEY) == plain


CURRENCY_KEY = DecoderKey(Encryption.EA07, 0x87F3ECBB2E46B48F)


@pytest.mark.parametrize(
    ("digits", "credited"),
    [
        ("42334201269947232996", "1.00004"),
        ("24081984266066772647", "16383.42624"),
        ("64220455784342673901", "180224.42624"),
        ("27792899833666285579", "-0.99994"),
    ],
)
def test_currency_figures(digits, credited):
    found = cipher.decipher(digits, CURRENCY_KEY)
    assert isinstance(found, CurrencyToken)
    assert found.units == Decimal(credited) * 100_000

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.sts import cipher, ea07
from meter_sim.sts import token as tokens
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.errors import FieldOutOfRange, NotSupported
from meter_sim.sts.identity import Encryption, KeyType
from meter_sim.sts.token import (
    CreditToken,
    CurrencyToken,
    ExtendedToken,
    FirstSection,
    FourthSection,
    Management,
    ManagementToken,
    MeterTestToken,
    OtherToken,
    SecondSection,
    Service,
    SupplyGroupSection,
    ThirdSection,
)

BITS64 = st.integers(0, (1 << 64) - 1)
KEYS = st.builds(DecoderKey, st.just(Encryption.EA07), BITS64)
WORD, NIBBLE, DATA = st.integers(0, 0xFFFFFFFF), st.integers(0, 15), st.integers(0, 0xFFFF)
TID = st.integers(0, (1 << 24) - 1)
TEST_TOKENS = st.builds(MeterTestToken, st.just(0), st.integers(0, (1 << 36) - 1), st.integers(0, 255)) | st.builds(
    MeterTestToken, st.just(1), st.integers(0, (1 << 28) - 1), DATA
)
TOKENS = (
    st.builds(CreditToken, st.sampled_from(list(Service)[:4]), NIBBLE, TID, DATA)
    | st.builds(CurrencyToken, st.sampled_from(list(Service)[4:]), TID, st.integers(0, (1 << 20) - 1))
    | st.builds(ExtendedToken, NIBBLE, TID, st.integers(0, 63), st.integers(0, 1023))
    | TEST_TOKENS
    | st.builds(ManagementToken, st.sampled_from(Management), NIBBLE, TID, DATA)
    | st.builds(FirstSection, NIBBLE, NIBBLE, st.booleans(), st.booleans(), st.sampled_from(KeyType), WORD)
    | st.builds(SecondSection, NIBBLE, st.integers(0, 255), WORD)
    | st.builds(OtherToken, st.just(0), st.integers(8, 15), st.integers(0, (1 << 44) - 1))
)
THIRD_64 = st.builds(SupplyGroupSection, st.integers(0, (1 << 24) - 1), st.integers(0, (1 << 20) - 1))
THIRD_128 = st.builds(ThirdSection, st.integers(0, 0xFFF), WORD) | st.builds(FourthSection, st.integers(0, 0xFFF), WORD)
LONG_KEYS = st.builds(DecoderKey, st.just(Encryption.EA11), st.integers(0, (1 << 128) - 1))


@given(st.tuples(TOKENS | THIRD_64, KEYS) | st.tuples(TOKENS | THIRD_128, LONG_KEYS))
def test_every_kind_of_token_reads_back(pair):
    token, key = pair
    digits = cipher.encipher(token, key)
    assert len(digits) == 20
    assert cipher.decipher(digits, key) == token


def test_kinds_of_the_other_key_length_are_reserved():
    """Subclass 9 is for 128-bit keys, and a third section means what the meter's key length says."""
    short, long = DecoderKey(Encryption.EA07, 7), DecoderKey(Encryption.EA11, 7)
    fourth, third = FourthSection(1, 2), SupplyGroupSection(123456)
    assert cipher.decipher(cipher.encipher(fourth, short), short) == OtherToken(2, 9, fourth.content)
    assert cipher.decipher(cipher.encipher(third, long), long) == ThirdSection(123456 >> 12, (123456 & 0xFFF) << 20)


@given(st.integers(0, (1 << 66) - 1))
def test_class_and_block_of_every_number(number):
    token_class, block = tokens.split_class(number)
    assert 0 <= block < 1 << 64
    assert tokens.join_class(token_class, block) == number
    assert tokens.number_of(tokens.digits_of(number)) == number


KNOWN_TESTS = {
    "56493153725450313471": (0, (0,)),
    "18446744073843772416": (0, (4,)),
    "36893488147553322496": (0, (5,)),
    "00000000137573173770": (0, (14,)),
    "00000000549890034216": (0, (16,)),
    "00000001099645848124": (0, (17,)),
    "02305843005052951967": (1, (0,)),
}


@pytest.mark.parametrize("digits", KNOWN_TESTS)
def test_known_meter_test_tokens(digits):
    token = cipher.decipher(digits, None)
    assert isinstance(token, MeterTestToken)
    assert (token.subclass, token.tests) == KNOWN_TESTS[digits]
    assert cipher.encipher(token, None) == digits


@pytest.mark.parametrize(
    "text",
    ["", "1", "1" * 19, "1" * 21, "12345678901234567x90", "９" * 20, "-1234567890123456789", str(1 << 66), "9" * 20],
)
def test_texts_that_are_no_number(text):
    assert tokens.number_of(text) is None
    assert cipher.decipher(text, None) is None


def test_the_greatest_number():
    assert tokens.number_of(str((1 << 66) - 1)) == (1 << 66) - 1


def test_class_3_says_nothing():
    assert cipher.decipher(tokens.digits_of(tokens.join_class(3, 0)), DecoderKey(Encryption.EA07, 0)) is None


@pytest.mark.parametrize(
    "token",
    [
        CreditToken(Service.ELECTRICITY, 16, 0, 0),
        CreditToken(Service.ELECTRICITY, 0, 1 << 24, 0),
        CreditToken(Service.ELECTRICITY, 0, 0, 1 << 16),
        CreditToken(Service.GAS_CURRENCY, 0, 0, 0),
        CurrencyToken(Service.GAS, 0, 0),
        CurrencyToken(Service.GAS_CURRENCY, 0, 1 << 20),
        ExtendedToken(0, 0, 64, 0),
        ExtendedToken(0, 0, 0, 1024),
        SupplyGroupSection(1 << 24),
        SupplyGroupSection(0, 1 << 20),
        ThirdSection(1 << 12, 0),
        FourthSection(0, 1 << 32),
        MeterTestToken(1, 1 << 28),
        MeterTestToken(0, 0, 256),
    ],
)
def test_fields_that_do_not_fit(token):
    with pytest.raises(FieldOutOfRange):
        tokens.block_of(token)


def test_meter_tests_by_number():
    assert tokens.meter_test(4) == MeterTestToken(0, 8)
    assert tokens.meter_test(0) == MeterTestToken(0, (1 << 36) - 1)
    assert tokens.meter_test(36, 255) == MeterTestToken(0, 1 << 35, 255)
    assert tokens.meter_test(0, 256) == MeterTestToken(1, (1 << 28) - 1, 256)
    assert tokens.meter_test(28, 65_535) == MeterTestToken(1, 1 << 27, 65_535)
    with pytest.raises(FieldOutOfRange, match="test 29 is outside 0 to 28"):
        tokens.meter_test(29, 256)


def test_class_0_needs_a_key():
    with pytest.raises(NotSupported, match="needs a decoder key"):
        cipher.encipher(CreditToken(Service.ELECTRICITY, 0, 1, 1), None)


# EA07 as the standard words it, bit by bit, against the look-up tables.


def slow_rounds(block, key, boxes, key_bit, key_turn, permute_first, permutation):
    for _ in range(16):
        if permute_first:
            block = sum((block >> bit & 1) << permutation[bit] for bit in range(64))
        block = sum(
            boxes[key >> 4 * nibble + key_bit & 1][block >> 4 * nibble & 15] << 4 * nibble for nibble in range(16)
        )
        if not permute_first:
            block = sum((block >> bit & 1) << permutation[bit] for bit in range(64))
        key = (key << key_turn | key >> 64 - key_turn) & (1 << 64) - 1
    return block


@given(BITS64, BITS64)
def test_ea07_equals_the_plain_wording(block, key):
    inverted = ~key & (1 << 64) - 1
    turned = (inverted >> 12 | inverted << 52) & (1 << 64) - 1
    enciphered = slow_rounds(block, turned, (ea07.S1, ea07.S2), 3, 1, False, ea07.P)
    assert ea07.encrypt(block, key) == enciphered
    back = [ea07.P.index(bit) for bit in range(64)]
    inverse = tuple(tuple(box.index(value) for value in range(16)) for box in (ea07.S2, ea07.S1))
    assert slow_rounds(enciphered, key, inverse, 0, 63, True, back) == block
    assert ea07.decrypt(enciphered, key) == block


@given(TOKENS, KEYS, st.integers(0, 19), st.integers(1, 9))
def test_a_changed_digit_never_reads_as_the_same_token(token, key, place, change):
    digits = cipher.encipher(token, key)
    digit = str((int(digits[place]) + change) % 10)
    assert cipher.decipher(digits[:place] + digit + digits[place + 1 :], key) != token


def test_a_changed_digit_is_refused_but_for_one_in_65536():
    """Of 9 * 20 * 400 tokens with one digit changed, 72 000, about 1.1 pass the checksum by chance."""
    passed = tried = 0
    for number in range(400):
        key = DecoderKey(Encryption.EA07, 0x0123456789ABCDEF * (2 * number + 1) & (1 << 64) - 1)
        digits = cipher.encipher(CreditToken(Service.ELECTRICITY, number & 15, 1_000_000 + number, number), key)
        for place in range(20):
            for digit in "0123456789":
                if digit != digits[place]:
                    tried += 1
                    passed += cipher.decipher(digits[:place] + digit + digits[place + 1 :], key) is not None
    assert tried == 72_000
    assert passed <= 8  # Poisson with mean 1.1 (less what is out of range): beyond 8 once in 200 000


def test_no_key_reads_class_1_only():
    assert cipher.decipher("56493153725450313471", None) == tokens.meter_test(0)
    clear = tokens.digits_of(tokens.join_class(2, tokens.block_of(SecondSection(1, 2, 3))))
    assert cipher.decipher(clear, None) is None

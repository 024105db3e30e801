"""The batch codec says what the scalar codec says, row by row."""

import ast
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from meter_sim.sts import amount, batch, cipher, dkga, key_change, tid
from meter_sim.sts import crc as scalar_crc
from meter_sim.sts import token as scalar_token
from meter_sim.sts.batch import Keys, Meters
from meter_sim.sts.compiled import ea07, ea11, jit, sha256
from meter_sim.sts.dkga import DecoderKey, Dkga
from meter_sim.sts.errors import AmountOutOfRange, FieldOutOfRange, NotSupported, StsError, WrongIdentity
from meter_sim.sts.identity import Encryption, KeyIdentity, KeyType, MeterPan, luhn
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import OtherToken
from tests.kit import LONG, PAN, examples
from tests.sts531 import CHANGES, ROWS, TOKENS, identity, key, new_key, token
from tests.test_vectors import CURRENCY_KEY, RFC_2994_KEY

PACKAGE = Path(jit.__file__).parents[2]


def paper(*texts: str):
    return np.array([text.encode() for text in texts], dtype="S20")


def meters(*identities: KeyIdentity) -> Meters:
    return Meters(
        np.array([int(each.pan.digits) for each in identities], dtype=np.uint64),
        np.array([int(each.supply_group) for each in identities], dtype=np.uint32),
        np.array([int(each.tariff_index) for each in identities], dtype=np.uint8),
        np.array([each.key_revision for each in identities], dtype=np.uint8),
        np.array([each.key_type.value for each in identities], dtype=np.uint8),
    )


def some_meters(rows: int = 3) -> Meters:
    return meters(*[KeyIdentity(PAN, "123457", "01", 1, KeyType.DUTK, Encryption.EA07, BaseDate.Y1993)] * rows)


def columns_of(tokens):
    return [[getattr(each, name) for each in tokens] for name in ("token_class", "subclass", "content")]


# --- the conformance figures ---------------------------------------------------------------------------------------


def test_decoder_keys_of_the_figures():
    """Rows that share vending key, base date and algorithm make one batch."""
    rows = ROWS + [row["new"] for row in CHANGES]
    batches = {}
    for row in rows:
        shared = Dkga(row["dkga"]), bytes.fromhex(row["vending_key"]), identity(row).base_date, identity(row).encryption
        batches.setdefault(shared, []).append(row)
    assert sum(map(len, batches.values())) == len(rows) == 81
    for (algorithm, vending_key, base_date, encryption), members in batches.items():
        found = batch.derive(meters(*map(identity, members)), algorithm, vending_key, base_date, encryption)
        assert [found[i] for i in range(len(found))] == [key(row) for row in members]
        assert batch.valid(meters(*map(identity, members))).all()


@pytest.mark.parametrize("encryption", Encryption)
def test_tokens_of_the_figures(encryption):
    rows = [row for row in TOKENS if row["ea"] == encryption]
    assert rows
    tokens, keys = [token(row) for row in rows], Keys.of([key(row) for row in rows])
    printed = [row["token"] for row in rows]
    classes, subclasses, contents = columns_of(tokens)
    assert batch.issue(classes, subclasses, contents, keys).tolist() == [text.encode() for text in printed]
    reading = batch.read(paper(*printed), keys)
    assert (reading.status == batch.AUTHENTIC).all()
    assert reading.content.tolist() == contents
    assert [batch.token_at(reading, i, encryption) for i in range(len(rows))] == tokens


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: row["name"])
def test_key_changes_of_the_figures(row):
    new, parent = new_key(row), Keys.of([key(row)])
    printed = batch.issue_key_change(
        Keys.of([new.key]),
        parent,
        key_type=new.key_type,
        key_revision=[new.key_revision],
        tariff_index=int(new.tariff_index),
        key_expiry=new.key_expiry,
        rollover=new.rollover,
        supply_group=None if new.supply_group is None else int(new.supply_group),
    )
    assert printed.tolist() == [[text.encode() for text in row["tokens"]]]
    parents = parent.take(np.zeros(len(row["tokens"]), dtype=np.int64))
    reading = batch.read(printed[0], parents)
    sections = [batch.token_at(reading, i, parents.encryption) for i in range(len(reading))]
    assert key_change.join(sections) == new


def test_the_blocks_of_rfc_2994():
    keys = Keys.of([DecoderKey(Encryption.EA11, RFC_2994_KEY)] * 2)
    plain = np.array([0x0123456789ABCDEF, 0xFEDCBA9876543210], dtype=np.uint64)
    enciphered = np.array([0x8B1DA5F56AB3D07C, 0x04B68240B13BE95D], dtype=np.uint64)
    assert (batch.encrypt(plain, keys) == enciphered).all()
    assert (batch.decrypt(enciphered, keys) == plain).all()


def test_the_currency_figures():
    printed = paper("42334201269947232996", "24081984266066772647", "64220455784342673901", "27792899833666285579")
    reading = batch.read(printed, Keys.of([CURRENCY_KEY] * 4))
    codes = reading.content >> 40 << 16 | reading.content & 0xFFFF
    assert batch.decode_currency(codes).tolist() == [100_004, 1_638_342_624, 18_022_442_624, -99_994]
    assert batch.encode_currency([100_000, -100_000]).tolist() == [codes[0], codes[3]]


# --- as the scalar code, whatever comes ----------------------------------------------------------------------------

BLOCKS = st.integers(0, (1 << 64) - 1)
CONTENTS = st.integers(0, (1 << 44) - 1)
CLASSES = st.integers(0, 3)
SUBCLASSES = st.integers(0, 15)
ENCRYPTIONS = st.sampled_from(Encryption)
DRNS = st.one_of(st.from_regex(r"[0-9]{10}", fullmatch=True), st.from_regex(r"[0-9]{12}", fullmatch=True))
PANS = DRNS.map(lambda body: MeterPan.of("600727" if len(body) == 10 else "0000", body + luhn(body)))


def decoder_keys(encryption: Encryption):
    return st.builds(DecoderKey, st.just(encryption), st.integers(0, (1 << encryption.key_bits) - 1))


def keys_of_one_kind(least: int = 1, most: int = 5):
    return ENCRYPTIONS.flatmap(lambda kind: st.lists(decoder_keys(kind), min_size=least, max_size=most))


@settings(max_examples=examples(50))
@given(keys_of_one_kind(), st.data())
def test_ciphers(keys, data):
    blocks = data.draw(st.lists(BLOCKS, min_size=len(keys), max_size=len(keys)))
    column = Keys.of(keys)
    assert batch.encrypt(np.array(blocks, np.uint64), column).tolist() == [
        cipher.encrypt_block(block, each) for block, each in zip(blocks, keys, strict=True)
    ]
    assert batch.decrypt(np.array(blocks, np.uint64), column).tolist() == [
        cipher.decrypt_block(block, each) for block, each in zip(blocks, keys, strict=True)
    ]


@settings(max_examples=examples(50))
@given(BLOCKS, decoder_keys(Encryption.EA07), decoder_keys(Encryption.EA11))
def test_ciphers_of_one_block(block, short, long):
    """The form for compiled loops that have one block in hand."""
    one, key_07 = np.uint64(block), np.uint64(short.value)
    assert ea07.encrypt(one, key_07) == cipher.encrypt_block(block, short)
    assert ea07.decrypt(one, key_07) == cipher.decrypt_block(block, short)
    words = Keys.of([long]).words[0]
    assert ea11.encrypt(one, words[0], words[1]) == cipher.encrypt_block(block, long)
    assert ea11.decrypt(one, words[0], words[1]) == cipher.decrypt_block(block, long)


@pytest.mark.parametrize("encryption", Encryption)
@pytest.mark.parametrize("rows", [0, 1, 63, 64, 255, 256, 257, 2047, 2048, 2049, 5000])
def test_ciphers_at_the_edges_of_their_groups(encryption, rows):
    rng = np.random.default_rng(rows)
    keys = Keys(encryption, rng.integers(0, 1 << 64, (rows, encryption.key_bits // 64), dtype=np.uint64))
    blocks = rng.integers(0, 1 << 64, rows, dtype=np.uint64)
    enciphered = batch.encrypt(blocks, keys)
    for row in {0, rows // 2, rows - 1} & set(range(rows)):
        assert enciphered[row] == cipher.encrypt_block(int(blocks[row]), keys[row])
    assert (batch.decrypt(enciphered, keys) == blocks).all()
    contents = blocks >> 20
    printed = batch.issue(2, 5, contents, keys)
    assert printed.shape == (rows,)
    reading = batch.read(printed, keys)
    assert len(reading) == rows
    assert (reading.content == contents).all()


@settings(max_examples=examples(100))
@given(st.lists(st.tuples(CLASSES, SUBCLASSES, CONTENTS), min_size=1, max_size=8), BLOCKS)
def test_checksums(rows, noise):
    classes, subclasses, contents = (list(column) for column in zip(*rows, strict=True))
    sealed = [scalar_token.block_of(OtherToken(*row)) for row in rows]
    assert batch.seal(classes, subclasses, contents).tolist() == sealed
    assert batch.passes(classes, np.array(sealed, np.uint64)).all()
    spoilt = [block ^ noise & 0xFFFF for block in sealed] + [noise]
    expected = [
        scalar_token.token_of(kind, block) is not None for kind, block in zip([*classes, 0], spoilt, strict=True)
    ]
    assert batch.passes([*classes, 0], np.array(spoilt, np.uint64)).tolist() == expected


def test_the_checksums_are_linear_but_for_a_constant():
    """On this the compiled tables rest."""
    for checksum in (scalar_crc.crc, scalar_crc.crc_c):
        for a, b in [(0x2ABCDEF012345, 0x1FEDCBA987654), (1, 1 << 49)]:
            assert checksum(a ^ b) == checksum(a) ^ checksum(b) ^ checksum(0)


@settings(max_examples=examples(100))
@given(st.lists(st.tuples(CLASSES, BLOCKS), min_size=1, max_size=8))
@example([(3, (1 << 64) - 1), (0, 0), (0, 3 << 27), (1, 1), (2, (1 << 64) - 1 - (3 << 27))])
def test_digits(rows):
    classes, blocks = (list(column) for column in zip(*rows, strict=True))
    printed = [scalar_token.digits_of(scalar_token.join_class(*row)).encode() for row in rows]
    found = batch.digits_of(classes, np.array(blocks, np.uint64))
    assert found.dtype == "S20"
    assert found.tolist() == printed
    back = batch.blocks_of(found)
    assert [column.tolist() for column in back] == [classes, blocks]


POWERS = [k << 64 for k in range(5)]
NEAR_POWERS = [power + step for power in POWERS for step in (-1, 0, 1) if power + step >= 0]
NUMBERS = st.one_of(st.integers(0, 10**20 - 1), st.sampled_from(NEAR_POWERS))


@settings(max_examples=examples(100))
@given(st.lists(NUMBERS, min_size=1, max_size=8))
@example(NEAR_POWERS)
def test_numbers(numbers):
    classes, blocks = batch.blocks_of(paper(*[f"{each:020d}" for each in numbers]))
    for row, each in enumerate(numbers):
        found = (batch.NO_TOKEN, 0) if each >= 1 << 66 else scalar_token.split_class(each)
        assert (classes[row], blocks[row]) == found


TEXTS = st.one_of(
    st.text("0123456789", min_size=0, max_size=24),
    st.text("0123456789 -:/", min_size=20, max_size=20),
    st.binary(max_size=22).map(lambda data: data.decode("latin-1")),
)


@settings(max_examples=examples(100))
@given(st.lists(TEXTS, min_size=1, max_size=8), decoder_keys(Encryption.EA07))
@example(["", "1" * 19, "1" * 20, "1" * 21, "0" * 19 + " ", "²" * 20, "0" * 20, "9" * 20], CURRENCY_KEY)
def test_texts(texts, decoder_key):
    """Whatever is entered; a text of S22 that is too long is refused, not cut."""
    assume(not any(text.endswith("\0") for text in texts))  # NumPy drops these
    column = np.array([text.encode("latin-1") for text in texts], dtype="S24")
    classes, blocks = batch.blocks_of(column)
    reading = batch.read(column, Keys.of([decoder_key] * len(texts)))
    for row, text in enumerate(texts):
        found = scalar_token.number_of(text)
        assert (classes[row], blocks[row]) == (
            (batch.NO_TOKEN, 0) if found is None else scalar_token.split_class(found)
        )
        assert (reading.status[row] == batch.FORMAT_ERROR) == (found is None)
        assert batch.token_at(reading, row, Encryption.EA07) == cipher.decipher(text, decoder_key)


@settings(max_examples=examples(50))
@given(keys_of_one_kind(), st.data())
def test_tokens_there_and_back(keys, data):
    rows = [data.draw(st.tuples(CLASSES, SUBCLASSES, CONTENTS)) for _ in keys]
    classes, subclasses, contents = (list(column) for column in zip(*rows, strict=True))
    printed = batch.issue(classes, subclasses, np.array(contents, np.uint64), Keys.of(keys))
    expected = [cipher.encipher(OtherToken(*row), each) for row, each in zip(rows, keys, strict=True)]
    assert printed.tolist() == [text.encode() for text in expected]
    wrong = data.draw(st.booleans())
    readers = [replace(each, value=each.value ^ wrong) for each in keys]
    reading = batch.read(printed, Keys.of(readers))
    for row, (text, reader, content) in enumerate(zip(expected, readers, contents, strict=True)):
        found = cipher.decipher(text, reader)
        assert batch.token_at(reading, row, reader.encryption) == found
        assert reading.token_class[row] == classes[row]
        if classes[row] == 3:
            assert reading.status[row] == batch.FUNCTION_ERROR
        elif found is None:
            assert (reading.status[row], reading.subclass[row], reading.content[row]) == (batch.CRC_ERROR, 0, 0)
        elif not wrong or classes[row] == 1:
            assert (reading.status[row], reading.content[row]) == (batch.AUTHENTIC, content)


@settings(max_examples=examples(100))
@given(st.sampled_from(BaseDate), st.lists(st.integers(-(1 << 63), (1 << 63) - 1)), st.lists(st.integers(-5, 1 << 25)))
def test_tids(base_date, anywhere, near):
    near += [0, 1, 2, tid.GREATEST, tid.GREATEST + 1]
    minutes = anywhere + [base_date.minute + step for step in near]
    found = batch.tids_at(base_date, minutes)
    assert found.dtype == np.int32
    for minute, each in zip(minutes, found.tolist(), strict=True):
        try:
            assert tid.tid_at(base_date, minute) == each
        except tid.TidOutOfRange:
            assert each == batch.NO_TID
    skipped = batch.skip_reserved(found)
    assert skipped.tolist() == [each + (each != batch.NO_TID and tid.is_reserved(each)) for each in found.tolist()]


AMOUNTS = st.one_of(
    st.integers(-2, amount.GREATEST + 2),
    st.sampled_from([edge + step for edge in (0, 16_384, 180_224, 1_818_624, amount.GREATEST) for step in (-1, 0, 1)]),
    st.integers(-(1 << 63), (1 << 63) - 1),
)


@settings(max_examples=examples(100))
@given(st.lists(AMOUNTS, min_size=1))
def test_amounts(amounts):
    codes = batch.encode_amount(amounts)
    assert codes.dtype == np.int32
    for each, code in zip(amounts, codes.tolist(), strict=True):
        try:
            assert amount.encode(each) == code
        except AmountOutOfRange:
            assert code == batch.NO_CODE


def test_every_amount_code():
    codes = np.arange(1 << 16)
    amounts = batch.decode_amount(codes)
    assert amounts.tolist() == [amount.decode(code) for code in range(1 << 16)]
    assert (batch.encode_amount(amounts) == codes).all()


CURRENCY_EDGES = [
    amount.decode_currency(exponent << 14) + step for exponent in range(16) for step in (-(10**exponent), -1, 0, 1)
]
UNITS = st.one_of(st.integers(-(1 << 63), (1 << 63) - 1), st.sampled_from(CURRENCY_EDGES), st.integers(-(10**7), 10**7))


@settings(max_examples=examples(100))
@given(st.lists(UNITS, min_size=1))
@example([sign * edge for edge in CURRENCY_EDGES for sign in (1, -1)] + [-(1 << 63), (1 << 63) - 1])
def test_currency_amounts(units):
    assert batch.encode_currency(units).tolist() == [amount.encode_currency(each) for each in units]


@settings(max_examples=examples(50))
@given(st.lists(st.integers(0, (1 << 20) - 1)))
@example([(1 << 20) - 1, (1 << 19) - 1, 0, 0, 1 << 19])
def test_currency_codes(codes):
    found = batch.decode_currency(codes)
    assert found.dtype == object
    assert found.tolist() == [amount.decode_currency(code) for code in codes]


IDENTITIES = st.builds(
    KeyIdentity,
    pan=PANS,
    supply_group=st.from_regex(r"[0-9]{6}", fullmatch=True),
    tariff_index=st.from_regex(r"[0-9]{2}", fullmatch=True),
    key_revision=st.integers(1, 9),
    key_type=st.sampled_from(KeyType),
    encryption=ENCRYPTIONS,
    base_date=st.sampled_from(BaseDate),
)


@settings(max_examples=examples(100))
@given(st.lists(IDENTITIES, min_size=1, max_size=5), st.sampled_from(Dkga), st.data())
def test_key_derivation(identities, algorithm, data):
    """Both lengths of DRN, every key type, DCTK's rule included."""
    encryption, base_date = identities[0].encryption, identities[0].base_date
    identities = [replace(each, encryption=encryption, base_date=base_date) for each in identities]
    length = data.draw(st.sampled_from([algorithm.vending_key_bytes] * 9 + [7, 0]))
    vending_key = data.draw(st.binary(min_size=length, max_size=length))
    column = meters(*identities)
    assert batch.valid(column).all()
    try:
        expected = [dkga.derive(each, algorithm, vending_key) for each in identities]
    except StsError as refused:
        with pytest.raises(type(refused), match=str(refused)):
            batch.derive(column, algorithm, vending_key, base_date, encryption)
    else:
        found = batch.derive(column, algorithm, vending_key, base_date, encryption)
        assert [found[i] for i in range(len(found))] == expected


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 200])
@pytest.mark.parametrize("algorithm", Dkga)
def test_key_derivation_at_the_edges_of_its_groups(rows, algorithm):
    bodies = [f"12{serial:08d}" for serial in range(rows)]
    identities = [
        KeyIdentity(
            MeterPan.of("600727", body + luhn(body)), "123457", "01", 2, KeyType.DUTK, Encryption.EA07, BaseDate.Y2014
        )
        for body in bodies
    ]
    vending_key = bytes(range(algorithm.vending_key_bytes))
    found = batch.derive(meters(*identities), algorithm, vending_key, BaseDate.Y2014, Encryption.EA07)
    assert [found[i] for i in range(rows)] == [dkga.derive(each, algorithm, vending_key) for each in identities]


def test_the_constants_of_sha_256():
    """Two of FIPS 180-4's list; the rest is shown by the keys."""
    assert sha256.INITIAL[0] == 0x6A09E667
    assert sha256._K[63] == 0xC67178F2


NEAR_PANS = st.one_of(
    st.integers(0, (1 << 64) - 1),
    st.tuples(PANS, st.integers(0, 17), st.integers(0, 9)).map(
        lambda each: int(each[0].digits[: each[1]] + str(each[2]) + each[0].digits[each[1] + 1 :])
    ),
)


@settings(max_examples=examples(200))
@given(NEAR_PANS, st.integers(0, 1_000_001), st.integers(0, 101), st.integers(0, 11), st.integers(0, 4))
@example(600727000000000009, 999_999, 99, 9, 3)
@example(600727000000000009, 1_000_000, 99, 9, 3)
@example(600727000000000009, 0, 100, 1, 0)
@example(600727000000000009, 0, 0, 0, 0)
@example(600727000000000009, 0, 0, 10, 0)
@example(600727000000000009, 0, 0, 1, 4)
def test_validity(pan, group, tariff, revision, kind):
    """A row is valid where the scalar code takes it."""
    columns = [(pan, np.uint64), (group, np.uint32), (tariff, np.uint8), (revision, np.uint8), (kind, np.uint8)]
    column = Meters(*[np.array([value], dtype) for value, dtype in columns])
    try:
        KeyIdentity(
            MeterPan(f"{pan:018d}"),
            f"{group:06d}",
            f"{tariff:02d}",
            revision,
            KeyType(kind),
            Encryption.EA07,
            BaseDate.Y1993,
        )
    except ValueError:
        assert not batch.valid(column)[0]
        with pytest.raises(WrongIdentity, match="row 0"):
            batch.derive(column, Dkga.DKGA02, bytes(8), BaseDate.Y1993, Encryption.EA07)
    else:
        assert batch.valid(column)[0]


@settings(max_examples=examples(100))
@given(
    ENCRYPTIONS.flatmap(lambda kind: st.tuples(decoder_keys(kind), decoder_keys(kind))),
    st.lists(
        st.tuples(
            st.sampled_from(KeyType),
            st.integers(0, 10),
            st.integers(0, 100),
            st.integers(-1, 256),
            st.booleans(),
            st.integers(0, 1_000_000),
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_key_changes(keys, rows, with_group):
    new, parent = keys
    changes = [
        key_change.NewKey(
            new, kind, revision, f"{tariff:02d}", expiry, rollover, f"{group:06d}" if with_group else None
        )
        for kind, revision, tariff, expiry, rollover, group in rows
    ]
    kinds, revisions, tariffs, expiries, rollovers, groups = (list(column) for column in zip(*rows, strict=True))
    columns = {
        "key_type": kinds,
        "key_revision": revisions,
        "tariff_index": tariffs,
        "key_expiry": expiries,
        "rollover": rollovers,
        "supply_group": groups if with_group else None,
    }
    news, parents = Keys.of([new] * len(rows)), Keys.of([parent] * len(rows))
    try:
        expected = [key_change.split(change) for change in changes]
    except WrongIdentity:
        with pytest.raises(WrongIdentity):
            batch.key_change_contents(news, **columns)
        return
    contents = batch.key_change_contents(news, **columns)
    assert [subclass for subclass, _ in contents] == [section.subclass for section in expected[0]]
    for row, sections in enumerate(expected):
        assert [int(column[row]) for _, column in contents] == [section.content for section in sections]
    printed = batch.issue_key_change(news, parents, **columns)
    assert printed.tolist() == [[cipher.encipher(each, parent).encode() for each in sections] for sections in expected]


# --- what is refused -----------------------------------------------------------------------------------------------


def some_keys(rows: int = 3, encryption: Encryption = Encryption.EA07) -> Keys:
    return Keys.of([DecoderKey(encryption, 0x0123456789ABCDEF + row) for row in range(rows)])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: batch.issue(0, 0, [1, 2], some_keys()), "content 2, keys 3"),
        (lambda: batch.issue([0, 0], 0, 1, some_keys()), "token_class 2, keys 3"),
        (lambda: batch.read(paper("1"), some_keys()), "digits 1, keys 3"),
        (lambda: batch.encrypt(np.zeros(2, np.uint64), some_keys()), "blocks 2, keys 3"),
        (lambda: batch.seal([0, 1], [1, 2, 3], 0), "token_class 2, subclass 3"),
        (lambda: batch.digits_of([0, 1], [1, 2, 3]), "token_class 2, blocks 3"),
        (
            lambda: batch.issue_key_change(
                some_keys(), some_keys(2), key_type=2, key_revision=1, tariff_index=1, key_expiry=255, rollover=True
            ),
            "new 3, parent 2",
        ),
        (lambda: replace(some_meters(), pan=np.zeros(2, np.uint64)), "pan 2, supply_group 3"),
        (lambda: replace(some_meters(), pan=np.zeros(3, np.int64)), "pan is a column of uint64"),
        (lambda: Keys(Encryption.EA11, np.zeros((2, 1), np.uint64)), r"shape \(n, 2\)"),
        (lambda: Keys(Encryption.EA07, np.zeros((2, 1), np.int64)), "uint64"),
        (lambda: Keys.of([]), "0"),
        (lambda: Keys.of([DecoderKey(Encryption.EA07, 1), DecoderKey(Encryption.EA11, 1)]), "2"),
        (lambda: batch.blocks_of(np.array(["1" * 20])), "S20"),
        (lambda: batch.encode_amount([1.5]), "float64"),
        (lambda: batch.encode_amount([[1]]), "2 dimensions"),
    ],
)
def test_wrong_columns(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: batch.seal(4, 0, 0), FieldOutOfRange),
        (lambda: batch.seal(0, 16, 0), FieldOutOfRange),
        (lambda: batch.seal(0, 0, 1 << 44), FieldOutOfRange),
        (lambda: batch.seal(0, 0, -1), FieldOutOfRange),
        (lambda: batch.issue(0, 0, 1 << 44, some_keys()), FieldOutOfRange),
        (lambda: batch.digits_of(batch.NO_TOKEN, [1]), FieldOutOfRange),
        (lambda: batch.decode_amount([1 << 16]), FieldOutOfRange),
        (lambda: batch.decode_currency([1 << 20]), FieldOutOfRange),
        (lambda: batch.decode_currency([-1]), FieldOutOfRange),
        (
            lambda: batch.derive(some_meters(), Dkga.DKGA02, bytes(8), BaseDate.Y1993, Encryption.EA11),
            NotSupported,
        ),
    ],
)
def test_values_out_of_range(call, error):
    with pytest.raises(error):
        call()


def test_single_values_hold_for_every_row():
    keys = some_keys()
    assert (batch.issue(0, 0, 7, keys) == batch.issue([0] * 3, [0] * 3, [7] * 3, keys)).all()
    assert batch.seal(1, 0, 7).shape == (1,)
    assert not batch.passes(batch.NO_TOKEN, [0])[0]


def test_arrays_that_cannot_be_written_and_slices_are_taken():
    blocks = np.arange(20, dtype=np.uint64)
    blocks.setflags(write=False)
    keys = some_keys(20)
    expected = batch.encrypt(blocks.copy(), keys)
    assert (batch.encrypt(blocks, keys) == expected).all()
    odd = np.arange(1, 20, 2)
    assert (batch.encrypt(blocks[1::2], keys.take(odd)) == expected[odd]).all()
    assert (batch.encrypt(blocks[1::2], keys.take(blocks % 2 == 1)) == expected[odd]).all()
    printed = batch.digits_of(0, blocks)
    printed.setflags(write=False)
    assert (batch.blocks_of(printed[1::2])[1] == blocks[1::2]).all()
    assert (blocks == np.arange(20)).all()


def test_keys_do_not_show():
    keys = Keys.of([DecoderKey(Encryption.EA11, 0x0123456789ABCDEF << 64 | 0x76543210)])
    assert repr(keys) == "Keys(encryption=<Encryption.EA11: '11'>)"
    assert keys[0].value == 0x0123456789ABCDEF << 64 | 0x76543210
    assert keys[-1] == keys[0]
    section = batch.key_change_contents(
        keys, key_type=2, key_revision=1, tariff_index=1, key_expiry=255, rollover=False, supply_group=0
    )[0][1]
    printed = batch.issue(2, 3, section, keys)
    assert "content" not in repr(batch.read(printed, keys))
    with pytest.raises(ValueError, match=r"columns of different length: digits 2, keys 1$"):
        batch.read(paper("1", "2"), keys)


# --- wrong keys ----------------------------------------------------------------------------------------------------

WRONG_KEYS = 10_000_000 if LONG else 200_000


def central_interval(trials: int, chance: float, tail: float) -> tuple[int, int]:
    """The least and the greatest count that a binomial variable stays within but for `tail` on either side."""
    term = math.exp(trials * math.log1p(-chance))
    below, count, least = 0.0, 0, -1
    while True:
        if least < 0 and below + term > tail:
            least = count
        below += term
        if 1 - below <= tail:
            return least, count
        term *= (trials - count) / (count + 1) * chance / (1 - chance)
        count += 1


def test_the_interval():
    """Ten throws of a coin: P(X < 1) = 1/1024, P(X < 2) = 11/1024."""
    assert central_interval(10, 0.5, 0.005) == (1, 9)
    assert central_interval(10, 0.5, 0.02) == (2, 8)
    assert central_interval(10_000_000, 2**-16, 0.0005)[0] > 100


@pytest.mark.parametrize("encryption", Encryption)
def test_wrong_keys_pass_the_checksum_once_in_65536(encryption):
    rng = np.random.default_rng(62055)
    passed = seen = 0
    while seen < WRONG_KEYS:
        rows = min(500_000, WRONG_KEYS - seen)
        shape = (rows, encryption.key_bits // 64)
        right = Keys(encryption, rng.integers(0, 1 << 64, shape, dtype=np.uint64))
        wrong = Keys(encryption, rng.integers(0, 1 << 64, shape, dtype=np.uint64))
        contents = rng.integers(0, 1 << 44, rows, dtype=np.uint64)
        classes, subclasses = 2 * rng.integers(0, 2, rows), rng.integers(0, 8, rows)
        printed = batch.issue(classes, subclasses, contents, right)
        assert (batch.read(printed, right).status == batch.AUTHENTIC).all()
        passed += int((batch.read(printed, wrong).status == batch.AUTHENTIC).sum())
        seen += rows
    least, most = central_interval(WRONG_KEYS, 2**-16, 0.0005)
    assert most < WRONG_KEYS // 10_000
    assert least > 0 or not LONG
    assert least <= passed <= most


# --- the cache of compiled functions -------------------------------------------------------------------------------

DERIVE = """
import sys
import numpy as np
from meter_sim.sts.compiled import dkga, number
inputs = np.zeros(1, dtype=np.uint64)
one = np.ones(1, dtype=np.uint8)
dkga.dkga02_inputs(np.full(1, 600727000000000009, np.uint64), np.full(1, 123457, np.uint32), one, one, one, inputs)
stats = dkga.dkga02_inputs.stats
print(hex(inputs[0]), sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def run(package: Path, cache: Path) -> list[str]:
    """A fresh process with the package of a folder: what DKGA02 enciphers for one meter, cache hits and misses."""
    more = {"PYTHONPATH": str(package), "NUMBA_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DERIVE],
        env=os.environ | more,
        cwd=package,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


RIGHT_INPUT = hex(0x0072700000000000 ^ 0x1123457011FFFFFF)


def test_the_cache_serves_a_second_process_and_never_goes_stale(tmp_path):
    """A helper of `pan.py` changes; the kernel that calls it stands in `dkga.py`, which does not."""
    package, cache = tmp_path / "copy", tmp_path / "cache"
    shutil.copytree(PACKAGE / "sts", package / "meter_sim" / "sts", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "meter_sim" / "__init__.py").touch()
    assert run(package, cache) == [RIGHT_INPUT, "0", "1"]
    assert run(package, cache) == [RIGHT_INPUT, "1", "0"]

    helper = package / "meter_sim" / "sts" / "compiled" / "pan.py"
    before = helper.read_text()
    text = before.replace("def in_bcd(number: uint64, digits: int) -> uint64:", "{0}\n    number = number + uint64(1)")
    text = text.replace("{0}", "def in_bcd(number: uint64, digits: int) -> uint64:")
    assert text != before
    helper.write_text(text)
    changed = run(package, cache)
    assert changed[0] != RIGHT_INPUT
    assert changed[1:] == ["0", "1"]

    helper.write_text(before)
    assert run(package, cache) == [RIGHT_INPUT, "1", "0"]
    assert len(list(cache.iterdir())) == 2


def test_without_a_place_to_write_there_is_no_cache_and_no_error(tmp_path):
    (tmp_path / "file").touch()
    assert run(PACKAGE.parent, tmp_path / "file" / "cache") == [RIGHT_INPUT, "0", "1"]


def test_a_package_can_add_its_own_sources(tmp_path):
    own = tmp_path / "kernels"
    own.mkdir()
    (own / "one.py").write_text("a = 1\n")
    before = jit.fingerprint([*jit.SOURCES, own])
    assert before == jit.fingerprint([*jit.SOURCES, own]) != jit.fingerprint(jit.SOURCES)
    (own / "one.py").write_text("a = 2\n")
    assert jit.fingerprint([*jit.SOURCES, own]) != before
    (own / "one.py").rename(own / "two.py")
    assert jit.fingerprint([*jit.SOURCES, own]) != before


def test_the_name_of_the_cache_covers_every_module_that_kernels_import():
    covered = {path for source in jit.SOURCES for path in ([source] if source.is_file() else source.glob("*.py"))}
    for path in jit.SOURCES[0].glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("meter_sim"):
                folder = PACKAGE.parent.joinpath(*node.module.split("."))
                named = {folder / f"{alias.name}.py" for alias in node.names} if folder.is_dir() else set()
                assert (named or {folder.with_suffix(".py")}) <= covered, (path.name, node.module)


def test_others_who_use_numba_keep_their_setting(monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", "elsewhere")
    jit.compiler()(lambda value: value)
    assert numba.config.CACHE_DIR == "elsewhere"


def test_old_folders_go_but_neither_the_newest_nor_the_recent(tmp_path):
    now = jit.time.time()
    days = {f"compiled-{name * 16}": age for name, age in zip("abcdef", (0, 1, 2, 30, 40, 50), strict=True)}
    for name, age in days.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.nbc").touch()
        os.utime(tmp_path / name, (now - 86_400 * age,) * 2)
    others = [tmp_path / "compiled-mine", tmp_path / "else"]
    for other in others:
        other.mkdir()
        os.utime(other, (0, 0))
    jit._remove_older(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*list(days)[:4], *(other.name for other in others)}
    for age, path in enumerate(sorted(tmp_path.glob("compiled-[a-f]*"))):
        os.utime(path, (now - age,) * 2)
    (tmp_path / f"compiled-{'0' * 16}").mkdir()
    jit._remove_older(tmp_path)
    assert len(list(tmp_path.glob("compiled-*"))) == 6


def test_numbers_that_no_dtype_holds_together():
    blocks = [1, 2**63, 2**64 - 1]
    assert batch.digits_of(0, blocks).tolist() == batch.digits_of(0, np.array(blocks, dtype=np.uint64)).tolist()
    assert batch.encode_amount(np.array([2**63, 5], dtype=np.uint64)).tolist() == [batch.NO_CODE, 5]
    assert batch.encode_amount([2**70, -(2**70), 5]).tolist() == [batch.NO_CODE, batch.NO_CODE, 5]
    units = [10**20, -(10**20), 2**63, 7, amount.GREATEST_CURRENCY]
    assert batch.encode_currency(units).tolist() == [amount.encode_currency(value) for value in units]
    assert batch.encode_currency([amount.GREATEST_CURRENCY + 1]).tolist() == [batch.NO_CODE]
    assert batch.encode_currency(np.array([2**63], dtype=np.uint64)).tolist() == [amount.encode_currency(2**63)]
    for wrong in ([0.5], ["1"], [None]):
        with pytest.raises((ValueError, TypeError)):
            batch.encode_amount(wrong)


@pytest.mark.parametrize("length", [21, 22, 23, 40])
def test_longer_texts_are_format_errors(length):
    texts = np.array([b"1" * length, b"0" * 20], dtype=f"S{length}")
    assert batch.blocks_of(texts)[0].tolist() == [batch.NO_TOKEN, 0]


def test_a_rollover_bit_is_one_bit():
    key = batch.Keys.of([DecoderKey(Encryption.EA07, 1)])
    with pytest.raises(StsError, match="rollover 2 is outside 0 to 1"):
        batch.key_change_contents(key, key_type=2, key_revision=1, tariff_index=1, key_expiry=255, rollover=2)


CACHE = """
import sys, numpy as np
from meter_sim.sts import batch
print(batch.encode_amount(np.array([2000]))[0])
"""


def cached(folder, **more):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), **more}
    done = subprocess.run([sys.executable, "-c", CACHE], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "2000\n"), done.stderr


@pytest.mark.parametrize("content", [b"", b"cut"])
@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"])
def test_a_damaged_cache_is_mended(tmp_path, kind, content):
    cached(tmp_path)
    files = [path for path in tmp_path.rglob(kind) if "encode_all" in path.name]
    assert files
    for path in files:
        path.write_bytes(content)
    cached(tmp_path)
    assert all(path.stat().st_size > 100 for path in tmp_path.rglob(kind) if "encode_all" in path.name)


@pytest.mark.skipif(sys.platform != "linux", reason="limits and home folders are set as Linux has them")
def test_no_home_and_a_full_disk_are_no_reason_to_fail(tmp_path):
    nobody = "import pwd\ndef none(uid): raise KeyError(uid)\npwd.getpwuid = none\n" + CACHE
    gone = ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in gone}
    done = subprocess.run([sys.executable, "-c", nobody], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "2000\n"), done.stderr
    full = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n" + CACHE
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", full], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "2000\n"), done.stderr

"""Random entries at meters of every model: never an exception, and a refusal changes nothing but the diagnostics.

The lock-out is off, so that every entry is looked at. In the long form more than a million texts.
"""

import random
from dataclasses import replace

import pytest

from meter_sim.meter.answer import Answer
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.models import BUILT_IN
from meter_sim.sts import cipher, token
from meter_sim.sts.crc import crc, crc_c
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.identity import KeyType
from tests import kit

PLAIN = 80_000 if kit.LONG else 1_500
"""Random digit strings for each of the 13 models: more than 1 040 000 in the long form."""
DEEP = 20_000 if kit.LONG else 1_500
"""Random tokens for each model that decipher under its key."""
NOW = 1_700_000_000


def new(name, seed):
    model = replace(BUILT_IN[name], lockout_after=0, extended_functions=(1, 2, 3), credit_cap=10**14)
    key = DecoderKey(model.encryption, random.Random(seed).getrandbits(model.encryption.key_bits))
    register = KeyRegister(key, KeyType.DUTK, kit.SGC, 1, "01", 128)
    return Meter(kit.PAN, register, model=model, manufacture_tid=1_000_000)


def state(meter, now):
    """All that a token may change."""
    return (
        meter.keys,
        tuple((register.balance, register.credited, register.cleared) for register in meter.registers.values()),
        meter.tids.tids,
        meter.pending.held(now),
        tuple(sorted(meter.extended.items())),
        (meter.power_limit, meter.unbalance_limit, meter.tampered, meter.switch_closed, meter.powered),
        meter.lockout.until,
    )


def check(meter, text, now):
    """Enter a text; the answer, after a look at what it changed."""
    before = state(meter, now)
    answer = meter.enter(text, now)
    assert isinstance(answer, Answer)
    assert answer.display
    if not answer.status.accepted:
        after = state(meter, now)
        assert after == before, (text, answer)
    return answer


@pytest.mark.parametrize("name", BUILT_IN)
def test_random_digit_strings(name):
    source = random.Random(f"plain {name}")
    meter = new(name, name)
    names = set()
    for number in range(PLAIN):
        length = 20 if number % 10 else source.randrange(0, 41)
        text = "".join(source.choices("0123456789", k=length))
        if number % 50 == 49:
            text = text[:5] + source.choice(["x", " ", "-", "١", "𝟙", "\0", "²", "\n", "é"]) + text[5:]
        if meter.register.balance and number % 100 == 0:
            meter.tamper()
        names.add(check(meter, text, NOW + number).name)
    assert {"CRCError", "FormatError", "FunctionError"} <= names


def random_token(source, key):
    """Any class but 3, subclass and content, with its right checksum, under a key."""
    token_class, subclass = source.choice([0, 0, 1, 2, 2, 2]), source.randrange(16)
    if token_class == 2 and source.random() < 0.5:
        subclass = source.choice([3, 4, 8, 9])
    content = source.getrandbits(44)
    if source.random() < 0.5:  # a TID that a meter may take
        content = content & ~(0xFFFFFF << 16) | source.randrange(990_000, 1_100_000) << 16
    if source.random() < 0.3:  # pads and registers that mean something
        content = content & ~0xFFFF | source.choice([0, 1, 4, 0xFFFF])
    if token_class == 2 and source.random() < 0.7:  # supply groups that mean something
        if subclass == 8 and key.encryption.key_bits == 64:
            content = source.randrange(1_100_000) << 20
        elif subclass == 9:
            content = source.randrange(256) << 32 | source.getrandbits(32)
    bits = token_class << 48 | subclass << 44 | content
    check_bits = crc_c(bits) if token_class == 0 and 4 <= subclass <= 7 else crc(bits)
    block = subclass << 60 | content << 16 | check_bits
    return token.digits_of(
        token.join_class(token_class, block if token_class == 1 else cipher.encrypt_block(block, key))
    )


@pytest.mark.parametrize("name", BUILT_IN)
def test_random_tokens_under_the_meter_s_own_key(name):
    """They reach every check behind the checksum; the key changes now and then, as a set happens to be complete."""
    source = random.Random(f"deep {name}")
    meter = new(name, name)
    names = set()
    first_key = meter.keys.key
    for number in range(DEEP):
        if number % 200 == 0:  # a change of key may have filled the store with zeros
            meter.tids.fill(1_000_000)
        text = random_token(source, meter.keys.key)
        answer = check(meter, text, NOW + number)
        names.add(answer.name)
        assert answer.name != "CRCError", (text, answer)
        if meter.keys.key_type in (KeyType.DDTK, KeyType.DITK):
            meter.keys = replace(meter.keys, key_type=KeyType.DUTK)
    assert meter.keys.key != first_key
    assert names & {"OldError", "UsedError"}
    expected = {"Accept", "FunctionError", "1stKCT", "2ndKCT", "KeyTypeError", "RangeError"}
    assert expected <= names
    if meter.model.kcts >= 3:
        assert "3rdKCT" in names
    if meter.model.kcts == 4:
        assert "4thKCT" in names

# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. A token taken apart
#
# **Shows** what stands in the 20 digits that a customer keys in, how a meter reads them, and why it refuses a wrong
# one. **For** makers of vending software and meters, trainers, and everybody who was ever asked "but why does it say
# CRC error?"
#
# The key is one of the built-in test keys, which everybody knows. Real vending keys belong in a hardware security
# module, never in a notebook.

# %%
import os
import random
from datetime import UTC, datetime

import pandas as pd

import meter_sim
from meter_sim.sts import amount, cipher, token, words
from meter_sim.sts.identity import KeyType
from meter_sim.sts.key_change import NewKey, split
from meter_sim.sts.tid import BaseDate

SIZE = os.environ.get("METER_SIM_NOTEBOOK_SIZE", "full")
tries = {"full": 655_360, "ci": 20_000}[SIZE]
print(f"size {SIZE}: {tries:,} tries in section 4")


def table(pairs):
    """Names and values below each other."""
    return (
        pd.DataFrame(pairs, columns=["what", "value"])
        .style.hide()
        .set_table_styles([{"selector": "th, td", "props": "text-align: left"}])
    )


# %% [markdown]
# ## 1. Twenty digits are one number
#
# The token is printed in groups of four. It is one whole number of 66 bits, so it has to be below 2^66. Look at the
# last line: a quarter of all 20-digit strings are no token at all, and a meter says so (*FormatError*) before it has
# looked at any key.

# %%
digits = "47348047978762785803"
number = token.number_of(digits)
table(
    [
        ("as printed", token.grouped(digits)),
        ("as a number", f"{number:,}"),
        ("as 66 bits", f"{number:066b}"),
        ("2^66", f"{2**66:,}"),
        ("20 digits that are 2^66 or more", f"{1 - 2**66 / 10**20:.0%}"),
    ]
)

# %% [markdown]
# ## 2. Two bits say what kind it is, 64 are the block
#
# The class travels in the clear, hidden among the other bits: 0 is credit, 1 a meter test that anybody may enter, 2
# management and key changes. What is left is a block of 64 bits, and without the key it says nothing.

# %%
token_class, block = token.split_class(number)
table([("class", token_class), ("block as it travels", f"{block:016X}")])

# %% [markdown]
# ## 3. Under the right key the block has five fields
#
# A meter has a key of its own. It is made from the vending key of its supply group and from who the meter is: its
# number (PAN), the supply group, the key revision. The fields of a credit token happen to end at whole hexadecimal
# digits, so they can be read off the deciphered block: look how the 16 digits fall into 1 + 1 + 6 + 4 + 4.

# %%
key = meter_sim.decoder_key("600727000000000009", "123457", key_revision=2, vending_key="test:new")
clear = f"{cipher.decrypt_block(block, key):016X}"
table(
    [
        ("deciphered block", clear),
        ("subclass: which service", clear[0]),
        ("RND: four random bits", clear[1]),
        ("TID: minutes since the base date", f"{clear[2:8]} = {int(clear[2:8], 16):,}"),
        ("amount, coded", f"{clear[8:12]} = {int(clear[8:12], 16):,} tenths of a kWh"),
        ("CRC: the check", clear[12:]),
    ]
)

# %% [markdown]
# The same in words. The TID, with the base date of the key (2014), is the minute in which the token was made: that is
# how a meter without a clock can tell an old token from a new one.

# %%
found = cipher.decipher(digits, key)
table(words.fields(found, BaseDate.Y2014))

# %% [markdown]
# ## 4. Why a wrong token is refused
#
# A meter can only decipher and see whether the check (CRC) is right. So a mistyped token, a token of another meter and
# a token under another key nearly always look the same: *CRCError*. (A number of 2^66 or more is no token at all, a
# *FormatError*; one whose class the meter does not take is a *FunctionError*.) Here is the good token with each digit
# changed to each other digit, then the good token at other keys. Look for a `0` and for `None`.

# %%
changed = [digits[:place] + str(new) + digits[place + 1 :] for place in range(20) for new in range(10)]
mistyped = [each for each in changed if each != digits]
others = {
    "another meter": meter_sim.decoder_key("600727010000000164", "123457", key_revision=2),
    "the key before the revision": meter_sim.decoder_key("600727000000000009", "123457", key_revision=1),
    "another supply group": meter_sim.decoder_key("600727000000000009", "123458", key_revision=2),
}
table(
    [
        ("tokens with one digit wrong", len(mistyped)),
        ("of these decipher", sum(cipher.decipher(each, key) is not None for each in mistyped)),
        *((f"the good token at {where}", str(cipher.decipher(digits, other))) for where, other in others.items()),
    ]
)

# %% [markdown]
# The check has 16 bits, so by pure chance one block in 65,536 passes. That is measured here with blocks drawn at
# random. With ten or so expected, three more or less are nothing to wonder at. It is why a meter also looks at the TID
# and the amount, and locks its keypad after some wrong entries.

# %%
draws = random.Random(2024)
passed = sum(token.token_of(0, cipher.decrypt_block(draws.getrandbits(64), key)) is not None for _ in range(tries))
table([("blocks drawn", f"{tries:,}"), ("passed by chance", passed), ("expected", f"{tries / 65_536:.1f}")])

# %% [markdown]
# ## 5. Why the minutes ran out
#
# 24 bits hold 16,777,216 minutes, which is 31.9 years. The table says when the count of each base date is over: the
# first minute that has no TID any more. The first of them was the rollover of 2024. A new base date needs a new vending
# key, and that needs every meter.

# %%
ends = [(f"base {base.value}", datetime.fromtimestamp(base.first_impossible, UTC)) for base in BaseDate]
table([(name, f"{end:%d %B %Y %H:%M} UTC") for name, end in ends])

# %% [markdown]
# ## 6. Why a kilowatt-hour may be given away
#
# 16 bits are to hold anything from 0.1 kWh to 1.8 GWh. So large amounts are coded in coarser steps, always rounded up.
# What the meter credits is the value in the last column; a vending account that books the one before it is wrong by the
# difference.

# %%
bought = [200, 500, 16_383, 20_000, 180_223, 1_000_000]
pd.DataFrame(
    [
        {
            "bought, kWh": f"{tenths / 10:,.1f}",
            "coded": f"0x{amount.encode(tenths):04X}",
            "credited, kWh": f"{amount.decode(amount.encode(tenths)) / 10:,.1f}",
        }
        for tenths in bought
    ]
).style.hide()

# %% [markdown]
# ## 7. A key change in two tokens
#
# The new key of a meter comes as tokens under the **old** key: two for a 64-bit key, each with one half. Look at RO in
# the first: it tells the meter to fill its TID store with zeros, because the count starts again. Look also for what is
# missing: these tokens carry no TID and no random bits, so printing them again gives the same digits, and it does no
# harm.

# %%
old = meter_sim.decoder_key("600727000000000009", "123457", base_date=1993, dkga="02", vending_key="test:old")
change = NewKey(key, KeyType.DUTK, key_revision=2, tariff_index="01", key_expiry=255, rollover=True)
first, second = split(change)
table(
    [
        ("first token", token.grouped(cipher.encipher(first, old))),
        *((name, value) for name, value in words.fields(first) if name != "NKHO"),
        ("second token", token.grouped(cipher.encipher(second, old))),
        *((name, value) for name, value in words.fields(second) if name != "NKLO"),
    ]
)

# %% [markdown]
# The two fields left out are the halves of the new key. A meter needs both tokens; with one of them it goes on under
# its old key and forgets the half after some minutes.
#
# ## What this does not tell
#
# * Whether a meter takes a token depends on its state too: tokens it has had, its key, its register. Notebook 2 follows
#   one meter.
# * Tokens of real systems are only as readable as their vending keys are known, and those must never leave the security
#   module.
# * Some rules are sure, some only likely, some our own choice; `docs/rules.md` has a mark and a test for each.

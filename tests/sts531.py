"""The conformance figures (STS 531-1) as tokens, keys and key changes of the project's own types."""

import json
from decimal import Decimal
from pathlib import Path

from meter_sim.sts import amount
from meter_sim.sts.dkga import DecoderKey, Dkga, derive
from meter_sim.sts.identity import Encryption, KeyIdentity, KeyType, MeterPan
from meter_sim.sts.key_change import NewKey
from meter_sim.sts.tid import BaseDate, is_reserved, minute_of, tid_at
from meter_sim.sts.token import CreditToken, CurrencyToken, Management, ManagementToken, Service, Token
from tests.kit import at

PATH = Path(__file__).parent / "vectors" / "sts531.json"
FILE = json.loads(PATH.read_text())
ROWS = FILE["rows"]
TOKENS = [row for row in ROWS if "token" in row]
CHANGES = [row for row in ROWS if "new" in row]


def named(row):
    return row["name"]


def identity(row) -> KeyIdentity:
    return KeyIdentity(
        MeterPan(row["meter_pan"]),
        row["supply_group_code"],
        row["tariff_index"],
        row["key_revision_number"],
        KeyType(row["key_type"]),
        Encryption(row["ea"]),
        BaseDate(int(row["base_date"])),
    )


def key(row) -> DecoderKey:
    return derive(identity(row), Dkga(row["dkga"]), bytes.fromhex(row["vending_key"]))


def token(row) -> Token:
    tid = tid_at(BaseDate(int(row["base_date"])), minute_of(at(row["issued"])))
    tid += is_reserved(tid)
    if "currency" in row:
        code = amount.encode_currency(int(Decimal(str(row["currency"])) * 100_000))
        return CurrencyToken(Service(row["subclass"]), tid, code)
    if row["token_class"] == 0:
        tenths = int(Decimal(str(row["units"])) * 10)
        return CreditToken(Service(row["subclass"]), row["rnd"], tid, amount.encode(tenths))
    data = amount.encode(row["watts"]) if "watts" in row else row.get("register", row.get("pad"))
    return ManagementToken(Management(row["subclass"]), row["rnd"], tid, data)


def new_key(row) -> NewKey:
    new = row["new"]
    carries_group = row["ea"] == "11" or row.get("three_kct", False)
    return NewKey(
        key(new),
        KeyType(new["key_type"]),
        new["key_revision_number"],
        new["tariff_index"],
        row["key_expiry_number"],
        row["rollover"],
        new["supply_group_code"] if carries_group else None,
    )

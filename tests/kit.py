"""What many tests need: a supply group with an old and a new key, meters that hold them, tokens for them."""

import os
from datetime import UTC, datetime

from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.model import MeterModel
from meter_sim.sts.dkga import Dkga
from meter_sim.sts.identity import Encryption, KeyType, MeterPan
from meter_sim.sts.tid import BaseDate, minute_of, tid_at
from meter_sim.sts.token import Management, Service
from meter_sim.vending.secure_module import MeterRecord, SecureModule
from meter_sim.vending.vending_key import VendingKey, vending_key_value

PAN = MeterPan("600727000000000009")
SGC = "123457"
LONG = os.environ.get("METER_SIM_LONG") == "1"
"""Whether the long forms of the tests run, as .ci/long has them."""


def examples(few: int) -> int:
    """How many examples to draw: so few, or in the long form 20 times as many."""
    return 20 * few if LONG else few


def at(text: str) -> int:
    """Seconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def vending_key(revision: int, base: int, name: str, dkga: str = "04", group: str = SGC, **more: object) -> VendingKey:
    algorithm = Dkga(dkga)
    return VendingKey(group, revision, BaseDate(base), algorithm, vending_key_value(name, algorithm), **more)  # type: ignore[arg-type]


def module(*more: VendingKey) -> SecureModule:
    """A module with key revision 1 (1993), 2 (2014) and 3 (2014, another value)."""
    return SecureModule(
        [
            vending_key(1, 1993, "test:old", "02"),
            vending_key(2, 2014, "test:new"),
            vending_key(3, 2014, "test:old"),
            *more,
        ]
    )


def record(revision: int = 1, tariff: str = "01", group: str = SGC) -> MeterRecord:
    return MeterRecord(PAN, Encryption.EA07, group, revision, tariff)


def meter(
    revision: int = 1,
    *,
    made: str = "2020-01-01",
    credit: int = 0,
    key_type: KeyType = KeyType.DUTK,
    key_expiry: int = 255,
    secure: SecureModule | None = None,
    **model: object,
) -> Meter:
    secure = secure or module()
    base = secure.vending_key(SGC, revision).base_date
    register = KeyRegister(secure.decoder_key(record(revision)), key_type, SGC, revision, "01", key_expiry)
    return Meter(
        PAN,
        register,
        model=MeterModel(**model),  # type: ignore[arg-type]
        manufacture_tid=tid_at(base, minute_of(at(made))),
        credit=credit,
    )


def tid(time: str, revision: int = 1) -> int:
    return tid_at(module().vending_key(SGC, revision).base_date, minute_of(at(time)))


def credit(
    time: str, tenths: int = 100, revision: int = 1, service: Service = Service.ELECTRICITY, rnd: int = 5
) -> str:
    """The digits of a credit token."""
    return (
        module()
        .issue_credit(record(revision), service=service, amount=tenths, tid=tid(time, revision), rnd=rnd, at=at(time))
        .digits
    )


def order(time: str, command: Management, data: int = 0, revision: int = 1) -> str:
    """The digits of a management token."""
    return (
        module()
        .issue_management(record(revision), command=command, data=data, tid=tid(time, revision), rnd=5, at=at(time))
        .digits
    )


def key_change(
    old: int, new: int, rollover: bool | None = None, tariff: str = "01", ken: int | None = None
) -> list[str]:
    """The digits of a key change's sections."""
    issued = module().issue_key_change(
        record(old), record(new, tariff), at=at("2024-11-20"), rollover=rollover, key_expiry=ken
    )
    return [token.digits for token in issued]

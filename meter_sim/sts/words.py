"""What a token says, in words: for diaries and for people who decode a token by hand."""

from datetime import UTC, datetime

from meter_sim.sts import amount
from meter_sim.sts.tid import BaseDate, instant_of
from meter_sim.sts.token import (
    CreditToken,
    CurrencyToken,
    ExtendedToken,
    FirstSection,
    FourthSection,
    Management,
    ManagementToken,
    MeterTestToken,
    SecondSection,
    Service,
    SupplyGroupSection,
    ThirdSection,
    Token,
)

Fields = tuple[tuple[str, str], ...]
"""Pairs of a field's name and its value in words."""

TEST_NAMES = {
    0: "everything",
    1: "load switch",
    2: "display",
    3: "total energy",
    4: "key revision and key type",
    5: "tariff index",
    6: "token reader",
    7: "maximum power limit",
    8: "tamper status",
    9: "power",
    10: "firmware version",
    11: "phase power unbalance limit",
    14: "encryption algorithm",
    15: "number of key change tokens supported",
    16: "supply group code",
    17: "key expiry number",
    18: "decoder reference number",
}
"""What each meter test asks for (C)."""

_REGISTERS = {service.value: service.words for service in Service} | {0xFFFF: "all registers"}


def tenths_text(tenths: int, unit: str) -> str:
    """An amount in tenths as people write it, such as `50.0 kWh`."""
    return f"{tenths // 10}.{tenths % 10} {unit}"


def currency_text(units: int) -> str:
    """An amount in 1e-5 of the base currency as people write it, such as `-0.99994`; at least two decimals."""
    whole, rest = divmod(abs(units), 100_000)
    decimals = f"{rest:05d}".rstrip("0").ljust(2, "0")
    return f"{'-' if units < 0 else ''}{whole}.{decimals}"


def credit_text(token: CreditToken | CurrencyToken) -> str:
    """What a credit token credits, with its unit, such as `50.0 kWh` or `1.00004 currency`."""
    if isinstance(token, CurrencyToken):
        return f"{currency_text(token.units)} {token.service.unit}"
    return tenths_text(token.tenths, token.service.unit)


def tid_text(tid: int, base_date: BaseDate | None) -> str:
    """A TID and, where the base date is known, the UTC minute that it names."""
    if base_date is None:
        return str(tid)
    minute = datetime.fromtimestamp(instant_of(base_date, tid), UTC)
    return f"{tid} ({minute:%Y-%m-%d %H:%M} UTC, base {base_date.value})"


def summary(token: Token, base_date: BaseDate | None = None) -> str:
    """A token in one line."""
    if isinstance(token, CreditToken | CurrencyToken):
        return f"{credit_text(token)}, TID {tid_text(token.tid, base_date)}"
    if isinstance(token, MeterTestToken):
        return f"meter test: {_tests(token)}"
    if isinstance(token, ManagementToken):
        return f"{token.command.standard_name} {_data(token)}, TID {tid_text(token.tid, base_date)}"
    if isinstance(token, ExtendedToken):
        return f"extended function {token.index} with {token.value}, TID {tid_text(token.tid, base_date)}"
    if isinstance(token, FirstSection):
        rollover = ", rollover" if token.rollover else ""
        return f"1st section of a key change to {token.key_revision}.{token.key_type.value}{rollover}"
    if isinstance(token, SecondSection):
        return f"2nd section of a key change, TI {token.tariff_index:02d}"
    if isinstance(token, SupplyGroupSection):
        return f"3rd section of a key change, SGC {token.supply_group:06d}"
    if isinstance(token, ThirdSection):
        return "3rd section of a key change"
    if isinstance(token, FourthSection):
        return "4th section of a key change"
    return f"class {token.token_class} subclass {token.subclass}, {_RESERVED}"


def fields(token: Token, base_date: BaseDate | None = None) -> Fields:
    """Every field of a token with its meaning, most significant first."""
    kind = ("class", str(token.token_class)), ("subclass", f"{token.subclass}, {_kind(token)}")
    if isinstance(token, CreditToken):
        return (
            *kind,
            ("RND", str(token.rnd)),
            ("TID", tid_text(token.tid, base_date)),
            ("amount", f"{tenths_text(token.tenths, token.service.unit)} (coded 0x{token.amount_code:04X})"),
        )
    if isinstance(token, CurrencyToken):
        sign = "-" if token.amount_code >> 19 else "+"
        return (
            *kind,
            (
                "S&E",
                f"{token.amount_code >> 16}, sign {sign} and the upper bits of exponent {token.amount_code >> 14 & 31}",
            ),
            ("TID", tid_text(token.tid, base_date)),
            ("amount", f"{credit_text(token)} (coded 0x{token.amount_code:05X})"),
        )
    if isinstance(token, ExtendedToken):
        return (
            *kind,
            ("RND", str(token.rnd)),
            ("TID", tid_text(token.tid, base_date)),
            ("index", f"{token.index}, the extended function"),
            ("value", str(token.value)),
        )
    if isinstance(token, MeterTestToken):
        maker = "00, any maker" if token.manufacturer == 0 else str(token.manufacturer)
        return (*kind, ("control", f"0x{token.control:09X}, asks for {_tests(token)}"), ("manufacturer code", maker))
    if isinstance(token, ManagementToken):
        return (
            *kind,
            ("RND", str(token.rnd)),
            ("TID", tid_text(token.tid, base_date)),
            (_DATA_NAMES[token.command], _data(token)),
        )
    if isinstance(token, FirstSection):
        rollover = "1, the TID store is filled with zeros" if token.rollover else "0, the TID store is kept"
        return (
            *kind,
            ("KENHO", f"{token.ken_high}, upper half of the key expiry number"),
            ("KRN", f"{token.key_revision}, the new key revision number"),
            ("RO", rollover),
            ("3KCT", "1, a set of three sections" if token.three_sections else "0, two (64-bit key) or four (128-bit)"),
            ("KT", f"{token.key_type.value}, {token.key_type.name}"),
            ("NKHO", f"0x{token.key_word:08X}, the most significant 32 bits of the new decoder key"),
        )
    if isinstance(token, SecondSection):
        return (
            *kind,
            ("KENLO", f"{token.ken_low}, lower half of the key expiry number"),
            ("TI", f"{token.tariff_index:02d}, the new tariff index"),
            ("NKLO", f"0x{token.key_word:08X}, the least significant 32 bits of the new decoder key"),
        )
    if isinstance(token, SupplyGroupSection):
        return (*kind, ("SGC", f"{token.supply_group:06d}, the new supply group code"), ("pad", str(token.pad)))
    if isinstance(token, ThirdSection):
        return (
            *kind,
            ("SGC low", f"0x{token.supply_group_low:03X}, lower half of the new supply group code"),
            ("NKMO1", f"0x{token.key_word:08X}, the second 32 bits of the new decoder key"),
        )
    if isinstance(token, FourthSection):
        return (
            *kind,
            ("SGC high", f"0x{token.supply_group_high:03X}, upper half of the new supply group code"),
            ("NKMO2", f"0x{token.key_word:08X}, the third 32 bits of the new decoder key"),
        )
    return (*kind, ("content", f"0x{token.content:011X}"))


_RESERVED = "reserved or proprietary"

_DATA_NAMES = {
    Management.SET_MAXIMUM_POWER_LIMIT: "limit",
    Management.CLEAR_CREDIT: "register",
    Management.SET_TARIFF_RATE: "rate",
    Management.CLEAR_TAMPER_CONDITION: "pad",
    Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT: "limit",
    Management.SET_WATER_METER_FACTOR: "factor",
}


def _data(token: ManagementToken) -> str:
    if _DATA_NAMES[token.command] == "limit":
        return f"{amount.decode(token.data)} W"
    if token.command is Management.CLEAR_CREDIT:
        return _REGISTERS.get(token.data, f"register {token.data}")
    return f"0x{token.data:04X}"


def _tests(token: MeterTestToken) -> str:
    return ", ".join(TEST_NAMES.get(test, f"test {test}") for test in token.tests) or "nothing"


def _kind(token: Token) -> str:
    if isinstance(token, CreditToken | CurrencyToken):
        return f"transfer credit, {token.service.words}"
    if isinstance(token, MeterTestToken):
        return "initiate meter test or display"
    if isinstance(token, ManagementToken):
        return token.command.standard_name
    if isinstance(token, FirstSection):
        return "Set1stSectionDecoderKey"
    if isinstance(token, SecondSection):
        return "Set2ndSectionDecoderKey"
    if isinstance(token, SupplyGroupSection | ThirdSection):
        return "Set3rdSectionDecoderKey"
    if isinstance(token, FourthSection):
        return "Set4thSectionDecoderKey"
    return "extended function" if isinstance(token, ExtendedToken) else _RESERVED

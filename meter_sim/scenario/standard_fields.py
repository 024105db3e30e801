"""Field types of a scenario file that name things of the standard: supply groups, key revisions, meters, algorithms."""

from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from meter_sim.scenario.fields import digit_string, nearest, one_of, read_by, whole, wrong
from meter_sim.sts.dkga import Dkga, dkga_named
from meter_sim.sts.identity import GREATEST_KEN, Encryption, KeyType, MeterPan, supply_group_code, tariff_index
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import Service


def _encryption(text: str) -> Encryption:
    names = {f"EA{ea.value}": ea for ea in Encryption}
    if text == "EA09":
        raise wrong("EA09 (DES) is deprecated, use EA07 or EA11")
    if text not in names:
        raise wrong(f"{text!r} is not allowed, use EA07 or EA11")
    return names[text]


def _service(value: object) -> Service:
    if isinstance(value, Service):
        return value
    names = {service.name.lower(): service for service in Service}
    if not isinstance(value, str) or value not in names:
        raise wrong(f"{value!r} is no service, {nearest(str(value), list(names))}")
    return names[value]


def _base_date(text: str) -> BaseDate:
    years = {str(base.value): base for base in BaseDate}
    if text not in years:
        raise wrong(f"{text!r} is not a base date, allowed are {', '.join(years)}")
    return years[text]


SupplyGroup = Annotated[str, digit_string(supply_group_code)]
TariffIndex = Annotated[str, digit_string(tariff_index)]
Pan = Annotated[str, digit_string(lambda text: MeterPan(text).digits)]
KeyRevision = Annotated[int, whole(1, 9)]
KeyExpiry = Annotated[int, whole(0, GREATEST_KEN)]
KeyTypeName = Annotated[
    KeyType,
    one_of(KeyType, *KeyType.__members__),
    PlainSerializer(lambda kt: kt.name),
    WithJsonSchema({"type": "string", "enum": list(KeyType.__members__)}),
]
EncryptionName = Annotated[
    Encryption,
    read_by(_encryption, "an algorithm such as EA07"),
    PlainSerializer(lambda ea: f"EA{ea}"),
    WithJsonSchema({"type": "string", "enum": [f"EA{ea.value}" for ea in Encryption]}),
]
BaseDateYear = Annotated[BaseDate, read_by(_base_date, "a base date such as 2014"), PlainSerializer(int)]
DkgaCode = Annotated[Dkga, digit_string(lambda text: dkga_named(text))]
MakerCode = Annotated[int, whole(0, 0xFFFF)]
ServiceName = Annotated[
    Service,
    BeforeValidator(lambda value: _service(value)),
    PlainSerializer(lambda service: service.name.lower()),
    WithJsonSchema({"type": "string", "enum": [service.name.lower() for service in Service]}),
]

"""The decoder key of a meter, by what people name it with."""

from meter_sim.sts.dkga import DecoderKey, derive, dkga_named
from meter_sim.sts.errors import WrongIdentity
from meter_sim.sts.identity import KeyIdentity, KeyType, MeterPan, encryption_named
from meter_sim.sts.tid import BaseDate
from meter_sim.vending.vending_key import vending_key_value


def decoder_key(
    pan: str,
    supply_group: str,
    *,
    key_revision: int = 1,
    tariff_index: str = "01",
    key_type: str = "DUTK",
    encryption: str = "07",
    base_date: int = 2014,
    dkga: str = "04",
    vending_key: str = "test:new",
) -> DecoderKey:
    """The decoder key that a meter with this PAN (18 digits) holds under a vending key, for rehearsal and tests.

    `vending_key` is `test:old`, `test:new` or hex; neither it nor the decoder key's value shows in a repr. `key_type`
    is DITK, DDTK, DUTK or DCTK, `encryption` 07 or 11, `dkga` 02 or 04, `base_date` 1993, 2014 or 2035.

    Raises StsError, a ValueError, naming what is wrong with an identity and what is allowed.
    """
    if key_type not in KeyType.__members__:
        raise WrongIdentity(f"key type {key_type!r} does not exist; use {', '.join(KeyType.__members__)}")
    if base_date not in tuple(BaseDate):
        raise WrongIdentity(f"base date {base_date} does not exist; use {', '.join(str(base) for base in BaseDate)}")
    algorithm = dkga_named(dkga)
    identity = KeyIdentity(
        MeterPan(pan),
        supply_group,
        tariff_index,
        key_revision,
        KeyType[key_type],
        encryption_named(encryption),
        BaseDate(base_date),
    )
    return derive(identity, algorithm, vending_key_value(vending_key, algorithm))

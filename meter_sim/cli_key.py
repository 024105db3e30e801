"""Options that name a decoder key: a meter's identity and a vending key, now and after a key change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import click

from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import (
    GREATEST_KEN,
    IdRecord,
    KeyType,
    encryption_named,
    key_expiry_number,
)
from meter_sim.sts.key_change import NewKey
from meter_sim.sts.tid import BaseDate

Command = TypeVar("Command", bound=Callable[..., None])

BASES = [str(base.value) for base in BaseDate]
"""The base dates, as options name them."""


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """The options that name a decoder key: a meter's identity and a vending key."""

    pan: str
    sgc: str
    krn: int
    ti: str
    kt: str
    ea: str
    dkga: str
    base: str
    key: str

    @property
    def base_date(self) -> BaseDate:
        """The base date under which TIDs count."""
        return BaseDate(int(self.base))

    def decoder_key(self) -> DecoderKey:
        """The decoder key that they name. Raises StsError."""
        from meter_sim.vending.decoder_key import decoder_key

        return decoder_key(
            self.pan,
            self.sgc,
            key_revision=self.krn,
            tariff_index=self.ti,
            key_type=self.kt,
            encryption=self.ea,
            base_date=self.base_date,
            dkga=self.dkga,
            vending_key=self.key,
        )


_IN_ID_RECORD = ("pan", "sgc", "krn", "ti", "ea")


def named_key(options: dict[str, str | int | None], instead: str = "or --id-record") -> KeyOptions:
    """The key that options name, spelt out or by an IDRecord. Raises StsError."""
    digits = options.pop("id_record")
    if digits is not None:
        given = [f"--{name}" for name in _IN_ID_RECORD if options[name] is not None]
        if given:
            raise StsError(f"{given[0]} stands in --id-record, leave it out")
        card = IdRecord.of(str(digits))
        options |= {
            "pan": card.pan.digits,
            "sgc": card.supply_group,
            "krn": card.key_revision,
            "ti": card.tariff_index,
            "ea": card.encryption.value,
        }
    if options["pan"] is None or options["sgc"] is None:
        raise StsError(f"give --pan, --sgc and what else names the key, {instead}")
    defaults = {"krn": 1, "ti": "01", "ea": "07"}
    return KeyOptions(**{name: defaults.get(name) if value is None else value for name, value in options.items()})  # type: ignore[arg-type]


def options_in_order(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Options in the order in which the help shows them."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def key_options() -> Callable[[Command], Command]:
    """The options that name a decoder key."""
    return options_in_order(
        click.option("--pan", help="MeterPAN, 18 digits."),
        click.option("--sgc", help="Supply group code, 6 digits."),
        click.option("--krn", type=int, help="Key revision number, 1 to 9.  [default: 1]"),
        click.option("--ti", help="Tariff index, 2 digits.  [default: 01]"),
        click.option(
            "--kt",
            type=click.Choice([kind.name for kind in KeyType]),
            default="DUTK",
            show_default=True,
            help="Key type.",
        ),
        click.option("--ea", help="Encryption algorithm of the meter: 07 or 11.  [default: 07]"),
        click.option(
            "--id-record", metavar="DIGITS", help="IDRecord, 35 digits, in place of --pan, --sgc, --krn, --ti and --ea."
        ),
        click.option("--dkga", default="04", show_default=True, help="Decoder key generation: 02 or 04."),
        click.option("--base", type=click.Choice(BASES), default="2014", show_default=True, help="Base date."),
        click.option(
            "--key",
            default="test:new",
            envvar="METER_SIM_KEY",
            help="Vending key: test:old, test:new or hex; hex better in METER_SIM_KEY than here.  [default: test:new]",
        ),
    )


change_options = options_in_order(
    click.option("--to-krn", type=int, metavar="N", help="Key change to this key revision."),
    click.option("--to-sgc", metavar="SGC", help="Supply group after the key change.  [default: --sgc]"),
    click.option("--to-ti", metavar="TI", help="Tariff index after the key change.  [default: --ti]"),
    click.option(
        "--to-kt", type=click.Choice([kind.name for kind in KeyType]), help="Key type after it.  [default: --kt]"
    ),
    click.option("--to-base", type=click.Choice(BASES), help="Base date after the key change.  [default: --base]"),
    click.option("--to-dkga", metavar="DKGA", help="Decoder key generation after it.  [default: --dkga]"),
    click.option("--to-key", envvar="METER_SIM_TO_KEY", help="Vending key after the key change.  [default: --key]"),
    click.option("--ken", type=int, default=None, help="Key expiry number of the new key.  [default: 255]"),
    click.option("--rollover/--no-rollover", default=None, help="The rollover bit.  [default: set for a later base]"),
    click.option(
        "--three-sections", is_flag=True, default=None, help="EA07: the set of three, which carries the supply group."
    ),
)
"""The options of a key change: what the meter holds after it."""

_CHANGED = ("krn", "sgc", "ti", "kt", "base", "dkga", "key")
CHANGE_NAMES = (*(f"to_{name}" for name in _CHANGED), "ken", "rollover", "three_sections")
"""The names of the parameters that `change_options` make."""


def named_change(
    old: KeyOptions, options: Mapping[str, object], *, to_key_typed: bool
) -> tuple[NewKey, KeyOptions] | None:
    """The new key that the options of a key change ask for, and what names it; None where they ask for none.

    A vending key that comes from the environment alone asks for nothing. Raises StsError.
    """
    given = [name for name in CHANGE_NAMES if options[name] is not None and (name != "to_key" or to_key_typed)]
    if options["to_krn"] is None:
        if given:
            raise StsError(f"--{given[0].replace('_', '-')} goes with --to-krn")
        return None
    said = {name: options[f"to_{name}"] for name in _CHANGED if options[f"to_{name}"] is not None}
    new = replace(old, **said)  # type: ignore[arg-type]
    long = encryption_named(new.ea).key_bits == 128
    if long and options["three_sections"]:
        raise StsError("--three-sections is for EA07, a key change of EA11 always has four")
    ken, rollover = options["ken"], options["rollover"]
    key = NewKey(
        key=new.decoder_key(),
        key_type=KeyType[new.kt],
        key_revision=new.krn,
        tariff_index=new.ti,
        key_expiry=key_expiry_number(GREATEST_KEN if ken is None else int(str(ken))),
        rollover=new.base_date > old.base_date if rollover is None else bool(rollover),
        supply_group=new.sgc if long or options["three_sections"] else None,
    )
    return key, new


def instant_of(text: str) -> int:
    """Seconds of an instant on the command line, UTC also without the Z. Raises StsError."""
    from meter_sim.scenario.quantities import QuantityError, time, utc_seconds

    try:
        return utc_seconds(time(text).naive)
    except QuantityError as error:
        raise StsError(f"--at: {error}") from None

"""`meter-sim token`: issue, decode and verify single tokens under test keys."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import click

from meter_sim.sts import amount, cipher, words
from meter_sim.sts.dkga import DecoderKey, derive, dkga_named
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import (
    Encryption,
    IdRecord,
    KeyIdentity,
    KeyType,
    MeterPan,
    encryption_named,
    key_expiry_number,
)
from meter_sim.sts.key_change import NewKey, split
from meter_sim.sts.tid import BaseDate, is_reserved, minute_of, tid_at
from meter_sim.sts.token import (
    CreditToken,
    CurrencyToken,
    ExtendedToken,
    Management,
    ManagementToken,
    Service,
    Token,
    grouped,
    meter_test,
    number_of,
    split_class,
)
from meter_sim.wrong_input import WrongInputError

NOT_VERIFIED = 1
"""Exit status where a token does not decipher under the key."""

Command = TypeVar("Command", bound=Callable[..., None])

_BASES = [str(base.value) for base in BaseDate]


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
        from meter_sim.vending.vending_key import vending_key_value

        encryption = encryption_named(self.ea)
        dkga = dkga_named(self.dkga)
        identity = KeyIdentity(
            MeterPan(self.pan), self.sgc, self.ti, self.krn, KeyType[self.kt], encryption, self.base_date
        )
        return derive(identity, dkga, vending_key_value(self.key, dkga))


_IN_ID_RECORD = ("pan", "sgc", "krn", "ti", "ea")


def _named_key(options: dict[str, str | int | None], instead: str = "or --id-record") -> KeyOptions:
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


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _key_options() -> Callable[[Command], Command]:
    return _options(
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
        click.option("--base", type=click.Choice(_BASES), default="2014", show_default=True, help="Base date."),
        click.option(
            "--key",
            default="test:new",
            envvar="METER_SIM_KEY",
            help="Vending key: test:old, test:new or hex; hex better in METER_SIM_KEY than here.  [default: test:new]",
        ),
    )


@click.group()
def token() -> None:
    """Issue, decode and verify single tokens under test keys."""


# -- issue -----------------------------------------------------------------------------------------------------

_ORDERS = (
    "--units, --currency, --power-limit, --unbalance-limit, --clear-credit, --clear-tamper, --extended, --test "
    "and --to-krn"
)


@token.command()
@_key_options()
@_options(
    click.option("--at", metavar="TIME", help="Time of issue, such as 2024-11-20T09:00Z; UTC also without the Z."),
    click.option("--rnd", type=click.IntRange(0, 15), default=0, show_default=True, help="The four random bits."),
    click.option("--reserved-minute", is_flag=True, help="Keep 00:01, which an ordinary token leaves out."),
    click.option("--units", metavar="AMOUNT", help="Credit in kWh, m3 or min, such as 50 or 12.5."),
    click.option(
        "--service",
        type=click.Choice([service.name.lower() for service in Service if not service.in_currency]),
        default="electricity",
        show_default=True,
        help="What --units or --currency credits.",
    ),
    click.option("--currency", metavar="AMOUNT", help="Credit in the base currency, such as 12.50; may be below zero."),
    click.option("--power-limit", type=int, metavar="W", help="SetMaximumPowerLimit."),
    click.option("--unbalance-limit", type=int, metavar="W", help="SetMaximumPhasePowerUnbalanceLimit."),
    click.option("--clear-credit", type=click.IntRange(0, 0xFFFF), metavar="REGISTER", help="ClearCredit; 65535: all."),
    click.option("--clear-tamper", is_flag=True, default=None, help="ClearTamperCondition."),
    click.option(
        "--extended",
        type=(click.IntRange(0, 63), click.IntRange(0, 1023)),
        metavar="FUNCTION VALUE",
        help="Class 2 subclass 10: an extended function and its ten bits.",
    ),
    click.option("--test", type=click.IntRange(0, 36), metavar="N", help="Meter test N; 0 is everything."),
    click.option(
        "--maker", type=click.IntRange(0, 0xFFFF), metavar="N", help="With --test: the maker.  [default: 0, any]"
    ),
    click.option("--to-krn", type=int, metavar="N", help="Key change to this key revision; prints its tokens."),
)
@_options(
    click.option("--to-sgc", metavar="SGC", help="Supply group after the key change.  [default: --sgc]"),
    click.option("--to-ti", metavar="TI", help="Tariff index after the key change.  [default: --ti]"),
    click.option(
        "--to-kt", type=click.Choice([kind.name for kind in KeyType]), help="Key type after it.  [default: --kt]"
    ),
    click.option("--to-base", type=click.Choice(_BASES), help="Base date after the key change.  [default: --base]"),
    click.option("--to-dkga", metavar="DKGA", help="Decoder key generation after it.  [default: --dkga]"),
    click.option("--to-key", envvar="METER_SIM_TO_KEY", help="Vending key after the key change.  [default: --key]"),
    click.option("--ken", type=int, default=None, help="Key expiry number of the new key.  [default: 255]"),
    click.option("--rollover/--no-rollover", default=None, help="The rollover bit.  [default: set for a later base]"),
    click.option(
        "--three-sections", is_flag=True, default=None, help="EA07: the set of three, which carries the supply group."
    ),
)
def issue(at: str | None, rnd: int, reserved_minute: bool, **options: str | int | bool | None) -> None:
    """Issue a token, or the two to four of a key change, under a meter's key.

    Give one of --units, --currency, --power-limit, --unbalance-limit, --clear-credit, --clear-tamper, --extended,
    --test and --to-krn.
    """
    try:
        old = _named_key({name: options.pop(name) for name in (*KeyOptions.__slots__, "id_record")})
        for digits in _issued(old, at, rnd, reserved_minute, options):
            click.echo(grouped(digits))
    except StsError as error:
        raise WrongInputError(f"token issue: {error}") from None


def _issued(
    old: KeyOptions, at: str | None, rnd: int, reserved_minute: bool, options: dict[str, str | int | bool | None]
) -> list[str]:
    change = {
        name: options.pop(name)
        for name in list(options)
        if name.startswith("to_") or name in ("ken", "rollover", "three_sections")
    }
    service = Service[str(options.pop("service")).upper()]
    maker = options.pop("maker")
    orders = {name: value for name, value in options.items() if value is not None}
    if len(orders) + (change["to_krn"] is not None) != 1:
        raise StsError(f"give one of {_ORDERS}")
    if change["to_krn"] is not None:
        return _key_change(old, change)
    wrong = [name for name, value in change.items() if value is not None and name != "to_key"]
    if wrong:
        raise StsError(f"--{wrong[0].replace('_', '-')} goes with --to-krn")
    [(order, value)] = orders.items()
    if maker is not None and order != "test":
        raise StsError("--maker goes with --test")
    if order == "test":
        return [cipher.encipher(meter_test(int(str(value)), int(maker or 0)), None)]
    if at is None:
        raise StsError("give the time of issue, such as --at 2024-11-20T09:00Z")
    tid = tid_at(old.base_date, minute_of(_instant(at)))
    if is_reserved(tid) and not reserved_minute:
        tid += 1
    return [cipher.encipher(_timed(order, value, service, rnd, tid), old.decoder_key())]


def _timed(order: str, value: str | int | bool | tuple[int, int], service: Service, rnd: int, tid: int) -> Token:
    if order == "units":
        return CreditToken(service, rnd, tid, amount.encode(_whole("--units", str(value), 10, "tenths")))
    if order == "currency":
        units = _whole("--currency", str(value), 100_000, "0.00001")
        return CurrencyToken(Service(service + 4), tid, amount.encode_currency(units))
    if isinstance(value, tuple):
        return ExtendedToken(rnd, tid, *value)
    if order == "power_limit":
        return ManagementToken(Management.SET_MAXIMUM_POWER_LIMIT, rnd, tid, amount.encode(int(value)))
    if order == "unbalance_limit":
        command = Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT
        return ManagementToken(command, rnd, tid, amount.encode(int(value)))
    if order == "clear_credit":
        return ManagementToken(Management.CLEAR_CREDIT, rnd, tid, int(value))
    return ManagementToken(Management.CLEAR_TAMPER_CONDITION, rnd, tid, 0)


def _key_change(old: KeyOptions, change: dict[str, str | int | bool | None]) -> list[str]:
    def after(name: str) -> str:
        value = change[f"to_{name}"]
        return str(getattr(old, name) if value is None else value)

    new = KeyOptions(
        pan=old.pan,
        sgc=after("sgc"),
        krn=int(after("krn")),
        ti=after("ti"),
        kt=after("kt"),
        ea=old.ea,
        dkga=after("dkga"),
        base=after("base"),
        key=after("key"),
    )
    rollover, ken = change["rollover"], change["ken"]
    long = encryption_named(new.ea).key_bits == 128
    if long and change["three_sections"]:
        raise StsError("--three-sections is for EA07, a key change of EA11 always has four")
    sections = split(
        NewKey(
            key=new.decoder_key(),
            key_type=KeyType[new.kt],
            key_revision=new.krn,
            tariff_index=new.ti,
            key_expiry=key_expiry_number(255 if ken is None else int(ken)),
            rollover=new.base_date > old.base_date if rollover is None else bool(rollover),
            supply_group=new.sgc if long or change["three_sections"] else None,
        )
    )
    key = old.decoder_key()
    return [cipher.encipher(section, key) for section in sections]


def _instant(text: str) -> int:
    from meter_sim.scenario.quantities import QuantityError, time, utc_seconds

    try:
        return utc_seconds(time(text).naive)
    except QuantityError as error:
        raise StsError(f"--at: {error}") from None


def _whole(option: str, text: str, per_unit: int, what: str) -> int:
    from meter_sim.scenario.quantities import QuantityError, number

    negative = option == "--currency" and text.startswith("-")
    try:
        value = number(text[negative:]) * per_unit
    except QuantityError as error:
        raise StsError(f"{option}: {error}") from None
    if value != value.to_integral_value():
        raise StsError(f"{option}: {text} is not a whole number of {what}")
    return -int(value) if negative else int(value)


# -- decode and verify -----------------------------------------------------------------------------------------


def _reading_options(command: Command) -> Command:
    return _options(
        click.argument("digits", nargs=-1, required=True),
        _key_options(),
        click.option(
            "--decoder-key", help="Decoder key in hex, most significant byte first, instead of a vending key."
        ),
    )(command)


@token.command()
@_reading_options
def decode(digits: tuple[str, ...], decoder_key: str | None, **options: str | int) -> None:
    """Say every field of a token in words. DIGITS may be in groups; class 1 needs no key.

    Exit status 1 if the token says nothing under the key.
    """
    text = _joined(digits)
    found, base, failure = _read("token decode", text, decoder_key, options)
    rows = [("token", grouped(text)), *(words.fields(found, base) if found is not None else []), ("result", failure)]
    for name, value in rows:
        click.echo(f"{name:<18} {value or 'authentic, the checksum is right'}")
    if failure:
        sys.exit(NOT_VERIFIED)


@token.command()
@_reading_options
def verify(digits: tuple[str, ...], decoder_key: str | None, **options: str | int) -> None:
    """Say in one line whether a token deciphers under a key, and what it is; exit status 1 if it does not."""
    text = _joined(digits)
    found, base, failure = _read("token verify", text, decoder_key, options)
    if found is None:
        click.echo(failure)
        sys.exit(NOT_VERIFIED)
    click.echo(f"Authentic: {words.summary(found, base)}")


def _joined(digits: tuple[str, ...]) -> str:
    """Digits as one text, whether they came in groups, in quotes or with hyphens."""
    return "".join("".join(digits).replace("-", " ").split())


def _read(
    command: str, text: str, decoder_key: str | None, options: dict[str, str | int]
) -> tuple[Token | None, BaseDate | None, str]:
    """What digits say under the key that the options name; else why they say nothing."""
    number = number_of(text)
    if number is None:
        return None, None, "FormatError: not 20 decimal digits below 2^66"
    token_class, _ = split_class(number)
    if token_class == 3:
        return None, None, "FunctionError: class 3 is reserved"
    key, base = None, None
    if token_class != 1:
        try:
            key, base = _reading_key(decoder_key, options)
        except StsError as error:
            raise WrongInputError(f"{command}: {error}") from None
    found = cipher.decipher(text, key)
    return found, base, "" if found is not None else "CRCError: does not decipher under this key"


def _reading_key(decoder_key: str | None, options: dict[str, str | int]) -> tuple[DecoderKey, BaseDate | None]:
    if decoder_key is not None:
        try:
            value = bytes.fromhex(decoder_key)
        except ValueError:
            value = b""
        if len(value) not in (8, 16):
            raise StsError("--decoder-key is neither 16 hex digits (EA07) nor 32 (EA11)")
        encryption = Encryption.EA07 if len(value) == 8 else Encryption.EA11
        return DecoderKey(encryption, int.from_bytes(value, "big")), None
    named = _named_key(dict(options), "--id-record or --decoder-key")
    return named.decoder_key(), named.base_date

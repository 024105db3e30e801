"""`meter-sim token`: issue, decode and verify single tokens under test keys."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

from meter_sim.cli_bulk import (
    feed,
    file_options,
    refuse_with_a_file,
    refuse_without_a_file,
    vending_keys,
    work_through_file,
)
from meter_sim.cli_key import (
    CHANGE_NAMES,
    KeyOptions,
    change_options,
    instant_of,
    key_options,
    named_change,
    named_key,
    options_in_order,
)
from meter_sim.sts import amount, cipher, words
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import (
    Encryption,
)
from meter_sim.sts.key_change import split
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


@click.group()
def token() -> None:
    """Issue, decode, verify and feed tokens under test keys, one at a time or files of them."""


token.add_command(feed)


# -- issue -----------------------------------------------------------------------------------------------------

_ORDERS = (
    "--units, --currency, --power-limit, --unbalance-limit, --clear-credit, --clear-tamper, --extended, --test "
    "and --to-krn"
)


@token.command()
@file_options
@key_options()
@options_in_order(
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
)
@change_options
@click.pass_context
def issue(
    context: click.Context,
    /,
    source: Path | None,
    out: Path | None,
    strict: bool,
    at: str | None,
    rnd: int,
    reserved_minute: bool,
    **options: str | int | bool | None,
) -> None:
    """Issue a token, or the two to four of a key change, under a meter's key; or those of a file.

    Give one of --units, --currency, --power-limit, --unbalance-limit, --clear-credit, --clear-tamper, --extended,
    --test and --to-krn. With --from, the rows of a file say what to issue.
    """
    if source is not None:
        from meter_sim.bulk.issue import issue as issue_rows

        refuse_with_a_file("token issue", context, ("key", "to_key"))
        keys = vending_keys(str(options["key"]), str(options["to_key"] or "") or None)
        work_through_file("token issue", source, out, lambda chunk: issue_rows(chunk, keys), strict=strict)
        return
    refuse_without_a_file("token issue", out, strict)
    try:
        old = named_key({name: options.pop(name) for name in (*KeyOptions.__slots__, "id_record")})
        typed = context.get_parameter_source("to_key") is ParameterSource.COMMANDLINE
        for digits in _issued(old, at, rnd, reserved_minute, options, to_key_typed=typed):
            click.echo(grouped(digits))
    except StsError as error:
        raise WrongInputError(f"token issue: {error}") from None


def _issued(
    old: KeyOptions,
    at: str | None,
    rnd: int,
    reserved_minute: bool,
    options: dict[str, str | int | bool | None],
    *,
    to_key_typed: bool,
) -> list[str]:
    change = named_change(old, {name: options.pop(name) for name in CHANGE_NAMES}, to_key_typed=to_key_typed)
    service = Service[str(options.pop("service")).upper()]
    maker = options.pop("maker")
    orders = {name: value for name, value in options.items() if value is not None}
    if len(orders) + (change is not None) != 1:
        raise StsError(f"give one of {_ORDERS}")
    if change is not None:
        key = old.decoder_key()
        return [cipher.encipher(section, key) for section in split(change[0])]
    [(order, value)] = orders.items()
    if maker is not None and order != "test":
        raise StsError("--maker goes with --test")
    if order == "test":
        return [cipher.encipher(meter_test(int(str(value)), int(maker or 0)), None)]
    if at is None:
        raise StsError("give the time of issue, such as --at 2024-11-20T09:00Z")
    tid = tid_at(old.base_date, minute_of(instant_of(at)))
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


def _reading_options(*, required: bool) -> Callable[[Command], Command]:
    return options_in_order(
        click.argument("digits", nargs=-1, required=required),
        key_options(),
        click.option(
            "--decoder-key", help="Decoder key in hex, most significant byte first, instead of a vending key."
        ),
    )


@token.command()
@_reading_options(required=True)
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
@file_options
@_reading_options(required=False)
@click.option(
    "--to-key",
    envvar="METER_SIM_TO_KEY",
    help="With --from: vending key after a key change, where a row has no new.vending_key.  [default: the row's own]",
)
@click.pass_context
def verify(
    context: click.Context,
    /,
    source: Path | None,
    out: Path | None,
    strict: bool,
    digits: tuple[str, ...],
    decoder_key: str | None,
    to_key: str | None,
    **options: str | int,
) -> None:
    """Say in one line whether a token deciphers under a key, and what it is; exit status 1 if it does not.

    With --from, say it of every row of a file; without state, for that is token feed.
    """
    if source is not None:
        from meter_sim.bulk.verify import verify as verify_rows

        refuse_with_a_file("token verify", context, ("key", "to_key"))
        keys = vending_keys(str(options["key"]), to_key)
        work = lambda chunk: verify_rows(chunk, keys)  # noqa: E731
        work_through_file("token verify", source, out, work, strict=strict, refused="not authentic")
        return
    refuse_without_a_file("token verify", out, strict)
    if not digits:
        raise WrongInputError("token verify: give the digits of a token, or a file of them with --from")
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
    named = named_key(dict(options), "--id-record or --decoder-key")
    return named.decoder_key(), named.base_date

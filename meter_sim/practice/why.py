"""The last token taken apart: block, class, fields, checksum, date, and the check that refused it."""

from dataclasses import dataclass

from meter_sim.meter.answer import Answer, Status
from meter_sim.meter.key_register import KeyRegister
from meter_sim.sts import cipher, words
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import KeyChangeSection, OtherToken, Token, checksums, number_of, split_class
from meter_sim.vending.secure_module import IssuedToken

_KEY_WORDS = {"NKHO", "NKLO", "NKMO1", "NKMO2"}
_NOT_SHOWN = "32 bits of the new decoder key, not shown here"

CHECKS = ("power", "digits", "class", "lockout", "checksum", "maker", "tid", "expiry", "default_key", "change", "value")
"""The checks of a meter in their order (L); which of them a token meets depends on its kind."""

_CLASS_1 = ("power", "digits", "class", "checksum", "maker", "value")
_SECTION = ("power", "digits", "class", "lockout", "checksum", "value", "change")
_WITH_TID = ("power", "digits", "class", "lockout", "checksum", "tid", "expiry", "default_key", "value")
_UNREAD = ("power", "digits", "class", "lockout", "checksum")
_UNKNOWN = (*_UNREAD, "value")
_UNLOOKED = (Status.NOT_READY, Status.LOCKED_OUT)
"""The meter answers so before it deciphers anything."""

_FAILS_AT = {
    Status.NOT_READY: "power",
    Status.LOCKED_OUT: "lockout",
    Status.CRC: "checksum",
    Status.MFR_CODE: "maker",
    Status.OLD: "tid",
    Status.USED: "tid",
    Status.KEY_EXPIRED: "expiry",
    Status.DDTK: "default_key",
    Status.KEY_TYPE: "change",
    Status.OVERFLOW: "value",
    Status.RANGE: "value",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A check and what came of it: `passed`, `failed`, or `not reached`."""

    check: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Why:
    """A token taken apart.

    `block` is the 64-bit block as it travels, in hex; `key` the key revision and type under which the meter deciphered
    it; `checksum` what the deciphered block carries and what it should carry, None where nothing was deciphered and for
    sections of a key change, whose checksum tells of the new key; `fields` what it says, `fields_from` whether
    that is what the `meter` read, what the `vending` side made (where the meter cannot read it), or `nobody` knows.
    """

    digits: str
    token_class: int | None
    block: str
    key: str
    checksum: tuple[str, str] | None
    fields: words.Fields
    fields_from: str
    made_under: str
    checks: tuple[Checked, ...]

    @property
    def failed(self) -> str:
        """The check that refused it; empty if none did."""
        return next((checked.check for checked in self.checks if checked.outcome == "failed"), "")

    @property
    def is_section(self) -> bool:
        """Whether the meter read a section of a key change."""
        return any(checked.check == "change" for checked in self.checks)


def taken_apart(
    digits: str, keys: KeyRegister, answer: Answer, issued: IssuedToken | None, base_date: BaseDate | None
) -> Why:
    """Take an entry apart as the meter met it.

    `keys` is what the meter held then, `issued` the token that the vending side knows under these digits, `base_date`
    that of the vending key which the token was made under.
    """
    number = number_of(digits)
    token_class, block = (None, 0) if number is None else split_class(number)
    said, source = answer.token, "meter"
    if said is None and issued is not None:
        said, source = issued.token, "vending"
    record = None if issued is None else issued.record
    return Why(
        digits=digits,
        token_class=token_class,
        block="" if number is None else f"{block:016X}",
        key=keys.shown if token_class in (0, 2) and answer.status not in _UNLOOKED else "",
        checksum=_checksums(token_class, block, keys, answer),
        fields=() if said is None else _fields(said, base_date),
        fields_from=source if said is not None else "nobody",
        made_under="" if record is None else str(record.key_revision),
        checks=_checks(token_class, answer),
    )


def _checksums(token_class: int | None, block: int, keys: KeyRegister, answer: Answer) -> tuple[str, str] | None:
    if token_class is None or token_class == 3 or answer.status in _UNLOOKED:
        return None
    if isinstance(answer.token, KeyChangeSection):
        return None
    clear = block if token_class == 1 else cipher.decrypt_block(block, keys.key)
    found, reckoned = checksums(token_class, clear)
    return f"{found:04X}", f"{reckoned:04X}"


def _fields(token: Token, base_date: BaseDate | None) -> words.Fields:
    return tuple((name, _NOT_SHOWN if name in _KEY_WORDS else value) for name, value in words.fields(token, base_date))


def _checks(token_class: int | None, answer: Answer) -> tuple[Checked, ...]:
    if token_class == 1:
        met: tuple[str, ...] = _CLASS_1
    elif answer.token is None:
        met = _UNREAD
    elif isinstance(answer.token, OtherToken):
        met = _UNKNOWN
    else:
        met = _SECTION if isinstance(answer.token, KeyChangeSection) else _WITH_TID
    failed = "" if answer.status.accepted else _failed(token_class, answer)
    place = met.index(failed) if failed in met else len(met)
    return tuple(
        Checked(check, "passed" if at < place else "failed" if at == place else "not reached")
        for at, check in enumerate(met)
    )


def _failed(token_class: int | None, answer: Answer) -> str:
    if answer.status in _FAILS_AT:
        return _FAILS_AT[answer.status]
    if answer.token is not None:
        return "value"  # FunctionError and FormatError of a token that was read
    return "digits" if token_class is None else "class"

"""The secure module: holds vending keys and issues and verifies tokens under the decoder keys made from them.

A software module for rehearsal and tests; it must not serve a live system.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from meter_sim.sts import amount as coding
from meter_sim.sts import cipher, key_change
from meter_sim.sts.dkga import DecoderKey, derive
from meter_sim.sts.errors import AmountOutOfRange as AmountTooLarge
from meter_sim.sts.errors import WrongIdentity
from meter_sim.sts.identity import Encryption, KeyIdentity, MeterPan, ken_expires
from meter_sim.sts.tid import GREATEST as GREATEST_TID
from meter_sim.sts.tid import in_range, minute_of
from meter_sim.sts.token import (
    CreditToken,
    CurrencyToken,
    ExtendedToken,
    Management,
    ManagementToken,
    MeterTestToken,
    Service,
    Token,
    number_of,
    split_class,
)
from meter_sim.vending.refusal import (
    AmountOutOfRange,
    IssueUntilPassed,
    KeyChangeUntilPassed,
    KeyExpired,
    RequestRepeated,
    TidOutOfRange,
    VendingKeyNotActive,
    VendingKeyUnknown,
)
from meter_sim.vending.vending_key import VendingKey

_MOST_DERIVED = 100_000
"""Decoder keys that a secure module keeps at hand."""


@dataclass(frozen=True, slots=True)
class MeterRecord:
    """What the vending side believes of a meter; it says which decoder key tokens for it are made under."""

    pan: MeterPan
    encryption: Encryption
    supply_group: str
    key_revision: int
    tariff_index: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as the secure module hands it out, and under which record it was made (None: class 1, no key)."""

    digits: str
    token: Token
    record: MeterRecord | None


class SecureModule:
    """Vending keys by supply group and key revision, and what can be done with them.

    A request may have an id. Asked the same under the same id again, the module answers with the very tokens that it
    made the first time, whatever TID, RND and time come with the repeat, so that a lost response never costs a second
    TID. Asked something else under a known id it refuses with RequestRepeated.
    """

    def __init__(self, keys: Iterable[VendingKey]) -> None:
        self._answered: dict[str, tuple[object, tuple[IssuedToken, ...]]] = {}
        self._derived: dict[MeterRecord, DecoderKey] = {}
        self._keys: dict[tuple[str, int], VendingKey] = {}
        for key in keys:
            name = key.supply_group, key.key_revision
            if name in self._keys:
                raise WrongIdentity(f"two vending keys for supply group {name[0]}, key revision {name[1]}")
            self._keys[name] = key

    @property
    def supply_groups(self) -> tuple[str, ...]:
        """The supply groups of its vending keys, in their order."""
        return tuple(dict.fromkeys(group for group, _ in self._keys))

    def vending_key(self, supply_group: str, key_revision: int) -> VendingKey:
        """The vending key of an SGC and KRN. Raises VendingKeyUnknown."""
        try:
            return self._keys[supply_group, key_revision]
        except KeyError:
            raise VendingKeyUnknown(
                f"no vending key for supply group {supply_group}, key revision {key_revision}"
            ) from None

    def decoder_key(self, record: MeterRecord) -> DecoderKey:
        """The key that a meter of this record holds, if the record is true. Raises VendingKeyUnknown."""
        known = self._derived.get(record)
        if known is not None:
            return known
        vending_key = self.vending_key(record.supply_group, record.key_revision)
        identity = KeyIdentity(
            pan=record.pan,
            supply_group=record.supply_group,
            tariff_index=record.tariff_index,
            key_revision=record.key_revision,
            key_type=vending_key.key_type,
            encryption=record.encryption,
            base_date=vending_key.base_date,
        )
        if len(self._derived) >= _MOST_DERIVED:
            self._derived.clear()
        key = self._derived[record] = derive(identity, vending_key.dkga, vending_key.value)
        return key

    def issue_credit(
        self,
        record: MeterRecord,
        *,
        service: Service,
        amount: int,
        tid: int,
        rnd: int,
        at: int,
        request: str | None = None,
    ) -> IssuedToken:
        """A credit token, issued at the instant `at` of the point of sale's clock.

        `amount` is tenths of the service's unit, for a service in currency 1e-5 of the base currency; such a token has
        no RND (C). The amount is rounded to what a token can say, in the customer's favour (C); book what the token
        says. Raises a Refusal.
        """

        def made() -> tuple[IssuedToken, ...]:
            self._check(record, tid, at)
            try:
                if service.in_currency:
                    token: Token = CurrencyToken(service, tid, coding.encode_currency(amount))
                else:
                    token = CreditToken(service, rnd, tid, coding.encode(amount))
            except AmountTooLarge as error:
                raise AmountOutOfRange(str(error)) from None
            return (self._issued(token, record),)

        [issued] = self._once(request, ("credit", record, service, amount), made)
        return issued

    def issue_management(
        self,
        record: MeterRecord,
        *,
        command: Management,
        data: int,
        tid: int,
        rnd: int,
        at: int,
        request: str | None = None,
    ) -> IssuedToken:
        """A class 2 token with a TID, `data` already coded. Raises a Refusal."""

        def made() -> tuple[IssuedToken, ...]:
            self._check(record, tid, at)
            return (self._issued(ManagementToken(command, rnd, tid, data), record),)

        [issued] = self._once(request, ("management", record, command, data), made)
        return issued

    def issue_extended(
        self, record: MeterRecord, *, index: int, value: int, tid: int, rnd: int, at: int, request: str | None = None
    ) -> IssuedToken:
        """A class 2 subclass 10 token: function `index` (6 bits) with `value` (10 bits). Raises a Refusal."""

        def made() -> tuple[IssuedToken, ...]:
            self._check(record, tid, at)
            return (self._issued(ExtendedToken(rnd, tid, index, value), record),)

        [issued] = self._once(request, ("extended", record, index, value), made)
        return issued

    def issue_meter_test(self, token: MeterTestToken) -> IssuedToken:
        """A class 1 token; it travels in the clear and fits every meter."""
        return IssuedToken(cipher.encipher(token, None), token, None)

    def issue_key_change(
        self,
        old: MeterRecord,
        new: MeterRecord,
        *,
        at: int,
        rollover: bool | None = None,
        key_expiry: int | None = None,
        three_sections: bool = False,
        request: str | None = None,
    ) -> tuple[IssuedToken, ...]:
        """The sections that take a meter from one record's key to another's, made under the old key.

        The parent key may be past its issued-until but not past its `key_change_until`, the new one must be valid at
        `at`. The rollover bit is set
        exactly when the new base date is later (L), unless `rollover` forces it. `key_expiry` defaults to the new
        vending key's KEN. `three_sections` makes the set of a 64-bit key carry the supply group; that of a 128-bit key
        always does. Raises a Refusal.
        """

        def made() -> tuple[IssuedToken, ...]:
            parent = self.vending_key(old.supply_group, old.key_revision)
            child = self.vending_key(new.supply_group, new.key_revision)
            if parent.key_change_until is not None and minute_of(at) > minute_of(parent.key_change_until):
                raise KeyChangeUntilPassed(f"no key change away from {_named(parent)} is issued any more")
            _check_dates(child, at)
            with_group = three_sections or new.encryption.key_bits == 128
            sections = key_change.split(
                key_change.NewKey(
                    key=self.decoder_key(new),
                    key_type=child.key_type,
                    key_revision=new.key_revision,
                    tariff_index=new.tariff_index,
                    key_expiry=child.key_expiry if key_expiry is None else key_expiry,
                    rollover=child.base_date > parent.base_date if rollover is None else rollover,
                    supply_group=new.supply_group if with_group else None,
                )
            )
            return tuple(self._issued(section, old) for section in sections)

        return self._once(request, ("key change", old, new, rollover, key_expiry, three_sections), made)

    def answered(self, request: str) -> tuple[IssuedToken, ...]:
        """What was answered under a request's id, for a reprint; empty if the id is unknown."""
        return self._answered[request][1] if request in self._answered else ()

    def verify(self, record: MeterRecord, digits: str) -> Token | str:
        """What digits say under a record's key, or why they say nothing: FormatError, FunctionError or CRCError."""
        number = number_of(digits)
        if number is None:
            return "FormatError"
        token_class, _ = split_class(number)
        if token_class == 3:
            return "FunctionError"
        return cipher.decipher(digits, None if token_class == 1 else self.decoder_key(record)) or "CRCError"

    def _once(
        self, request: str | None, asked: object, made: Callable[[], tuple[IssuedToken, ...]]
    ) -> tuple[IssuedToken, ...]:
        """What `made` makes, or what was answered under this request's id before."""
        if request is None:
            return made()
        if request not in self._answered:
            self._answered[request] = asked, made()
        before, tokens = self._answered[request]
        if before != asked:
            raise RequestRepeated(f"the request {request!r} was made before, and for something else")
        return tokens

    def _check(self, record: MeterRecord, tid: int, at: int) -> None:
        key = self.vending_key(record.supply_group, record.key_revision)
        _check_dates(key, at)
        if not in_range(tid):
            raise TidOutOfRange(f"TID {tid} is outside 1 to {GREATEST_TID} for base date {key.base_date.value}")
        if ken_expires(key.key_expiry, tid):
            raise KeyExpired(f"TID {tid} is beyond key expiry number {key.key_expiry} of {_named(key)}")

    def _issued(self, token: Token, record: MeterRecord) -> IssuedToken:
        return IssuedToken(cipher.encipher(token, self.decoder_key(record)), token, record)


def _named(key: VendingKey) -> str:
    return f"the vending key of supply group {key.supply_group}, key revision {key.key_revision}"


def _check_dates(key: VendingKey, at: int) -> None:
    if key.active_from is not None and at < key.active_from:
        raise VendingKeyNotActive(f"{_named(key)} may not issue yet")
    if key.issue_until is not None and minute_of(at) > minute_of(key.issue_until):
        raise IssueUntilPassed(f"{_named(key)} may not issue any more")

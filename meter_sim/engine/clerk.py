"""What staff with the register in front of them do about a meter that refuses tokens, at a desk or on a visit.

They ask what the meter shows (its test tokens tell SGC, KRN and TI), compare it with the register, and hand out what
helps: the sections of a change once more, a corrected record, new tokens for those that the meter will never accept.
"""

from dataclasses import replace

from meter_sim.engine.connection import Connection
from meter_sim.engine.hand import Hand, Held
from meter_sim.engine.register_view import RegisterView, truth_of
from meter_sim.engine.site import Sale, Site
from meter_sim.results.record import EventKind
from meter_sim.sts.token import CreditToken
from meter_sim.vending.point_of_sale import Slip
from meter_sim.vending.refusal import Refusal
from meter_sim.vending.secure_module import MeterRecord


class Clerk:
    """Staff at a help desk, at an office or in a crew."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def clear_up(self, connection: Connection, hand: Hand, pos: str) -> None:
        """Put right what can be put right for a customer who asks; the hand then holds what is to be entered."""
        self._site.journal.happened(connection, EventKind.HELP)
        self.put_register_right(connection)
        self._sections(connection, hand, pos)
        self._replace_tokens(connection, hand, pos)

    def put_register_right(self, connection: Connection) -> bool:
        """Correct the record if the meter is not what it says; whether something was corrected.

        A meter that misses an issued change is as the register expects; one that takes no change gets its old record
        back, so that credit can be sold to it, and waits for a replacement.
        """
        site, view = self._site, self._site.view
        name, record = connection.setup.name, site.register.records[connection.setup.name]
        truth = self._truth(connection, record)
        if self.holds_record(connection):
            return False
        if self.misses_a_change(connection):
            if connection.meter.model.takes_key_changes or view is None:
                return False
            self._cannot(view, connection)
            return True
        if view is not None:
            view.correct(name, truth)
        else:
            site.register.correct(name, truth)
        site.put_down(connection)
        site.count(connection, "corrected_records")
        site.journal.happened(connection, EventKind.CORRECTED, reason=_difference(record, truth))
        return True

    def misses_a_change(self, connection: Connection) -> bool:
        """Whether sections were issued that the meter would take: it still holds the key that they were made under."""
        sections = self._site.register.changes.get(connection.setup.name, ())
        if not sections or sections[0].record is None:
            return False
        return self._holds(connection, sections[0].record)

    def holds_record(self, connection: Connection) -> bool:
        """Whether a meter is what the register says, key and all."""
        return self._holds(connection, self._site.register.records[connection.setup.name])

    def _holds(self, connection: Connection, record: MeterRecord) -> bool:
        meter = connection.meter
        if record.pan != meter.pan or record.encryption is not meter.model.encryption:
            return False
        try:
            return self._site.module.decoder_key(record) == meter.keys.key
        except Refusal:  # the record names no vending key
            return False

    def _truth(self, connection: Connection, record: MeterRecord) -> MeterRecord:
        """What the meter is found to be: as it shows, or in another supply group if only that gives its key.

        A key change in two sections leaves the supply group that the meter shows as it was (C).
        """
        shown = truth_of(connection)
        groups = (shown.supply_group, record.supply_group, *self._site.module.supply_groups)
        found = (replace(shown, supply_group=group) for group in groups)
        return next((truth for truth in found if self._holds(connection, truth)), shown)

    def _cannot(self, view: RegisterView, connection: Connection) -> None:
        name = connection.setup.name
        view.correct(name, view.base[name])
        view.cannot.add(name)
        self._site.count(connection, "corrected_records")
        self._site.journal.happened(connection, EventKind.CORRECTED, reason="the meter takes no key changes")
        field_work = self._site.field_work.get(connection.setup.area)
        if field_work is not None:
            field_work.replace(connection)

    def _sections(self, connection: Connection, hand: Hand, pos: str) -> None:
        """The sections of a change that was issued and that the meter misses."""
        site = self._site
        if self.holds_record(connection) or not self.misses_a_change(connection):
            hand.tokens = [held for held in hand.tokens if not held.section]
            return
        slip = site.reprint_key_change(connection, pos, "help")
        if slip is not None:
            hand.take_sections(slip, "help")

    def _replace_tokens(self, connection: Connection, hand: Hand, pos: str) -> None:
        """New tokens for those that the meter would not accept even after its key change."""
        site, sections = self._site, None
        for place, held in enumerate(hand.tokens):
            if held.section or held.done or not self._is_lost(connection, held):
                continue
            said = held.token.token
            if not isinstance(said, CreditToken):
                continue
            tenths, label = said.tenths, f"{held.label} again"
            slip = site.sell(connection, tenths, pos, label, service=said.service, kind=Sale.REPLACES)
            if isinstance(slip, Slip) and slip.token is not None:
                hand.tokens[place] = Held(label, slip.token, section=False)
                if slip.key_change:  # a change that waited for a purchase came with it
                    sections = slip
                site.count(connection, "replaced_tokens")
                site.count(connection, "replaced_tenths", tenths)
        if sections is not None:
            hand.take_sections(sections, "help")

    def _is_lost(self, connection: Connection, held: Held) -> bool:
        """Whether a token was made under another record than the register's, or the meter calls it old."""
        site = self._site
        if held.token.record != site.register.records[connection.setup.name]:
            return True
        if not self.holds_record(connection):
            return False
        return not connection.meter.would_answer(held.token.digits, site.now).status.accepted


def _difference(record: MeterRecord, truth: MeterRecord) -> str:
    """What was wrong in a record, in words."""
    parts = (
        ("meter", record.pan, truth.pan),
        ("supply group", record.supply_group, truth.supply_group),
        ("key revision", record.key_revision, truth.key_revision),
        ("tariff index", record.tariff_index, truth.tariff_index),
    )
    return ", ".join(f"{name} {was} is {now}" for name, was, now in parts if was != now)

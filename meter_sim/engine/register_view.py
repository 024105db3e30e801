"""What the vending side's register thinks of each meter's key change, and what is true. The two are never mixed."""

from dataclasses import replace

from meter_sim.engine.connection import Connection
from meter_sim.meter.key_register import KeyRegister
from meter_sim.programme import Programme, RegisterState, TrueState
from meter_sim.vending.point_of_sale import MeterRegister
from meter_sim.vending.refusal import Refusal
from meter_sim.vending.secure_module import MeterRecord, SecureModule


class RegisterView:
    """The state of a programme by meter.

    A meter is in scope by what its record said at the start. `base` is the record that the register goes from; a
    correction moves it. What a meter holds is told by its decoder key, since only that decides (C).
    """

    def __init__(
        self,
        programme: Programme,
        module: SecureModule,
        register: MeterRegister,
        connections: tuple[Connection, ...],
    ) -> None:
        self.programme = programme
        self._module = module
        self._register = register
        self.base = {connection.setup.name: connection.setup.record for connection in connections}
        self.scope = {name for name, record in self.base.items() if programme.in_scope(record)}
        self.begun: set[str] = set()
        """Areas in which a phase has begun."""
        self.issued: dict[str, str] = {}
        """By which channel the sections of a meter were handed out first."""
        self.confirmed: set[str] = set()
        self.cannot: set[str] = set()
        """Meters of which it is known that they take no key change."""
        self.complaints: set[str] = set()
        """Meters whose customers said that what they bought after the change was issued is refused."""
        self._known: dict[int, tuple[KeyRegister, MeterRecord, TrueState]] = {}
        self.struck_off: set[str] = set()
        """Records that were found to have no meter."""

    def in_scope(self, connection: Connection) -> bool:
        """Whether the programme is to change this connection's meter."""
        return connection.setup.name in self.scope and connection.setup.name not in self.struck_off

    def target(self, name: str) -> MeterRecord:
        """The record that a meter is to have."""
        return self.programme.plan.applied_to(self.base[name])

    def correct(self, name: str, record: MeterRecord) -> None:
        """Put the register right with what a meter was found to be."""
        self._register.correct(name, record)
        self.base[name] = record
        self.issued.pop(name, None)
        self.complaints.discard(name)
        try:
            self._module.decoder_key(self.target(name))
        except Refusal:  # in its true supply group the meter has no key to change to
            self.scope.discard(name)
        if not self.programme.replace_all and self.target(name) == record:
            self.confirmed.add(name)
        else:
            self.confirmed.discard(name)

    def is_open(self, name: str) -> bool:
        """Whether a key change may still go out to a meter, as far as the register knows."""
        return name not in self.issued and name not in self.cannot and name not in self.confirmed

    def reported(self, name: str) -> None:
        """Note that a crew reported a meter as changed; nothing more is printed for it."""
        self.confirmed.add(name)
        self.complaints.discard(name)
        self.issued_by_itself(name)
        self._register.to_repeat.pop(name, None)

    def issued_by_itself(self, name: str) -> None:
        """Note that a change went out by another way than a purchase, for which it then waits no more."""
        self._register.waiting.pop(name, None)
        self._register.printings.pop(name, None)

    def replaced(self, name: str, record: MeterRecord) -> None:
        """Note the record of a new meter, which was made with the new key."""
        self._register.correct(name, record)
        self.base[name] = replace(record, key_revision=self.programme.from_revision)
        self.confirmed.add(name)

    def holds_target(self, connection: Connection) -> bool:
        """Whether a meter holds the key that the programme is to give it."""
        return self._holds(connection, self.target(connection.setup.name))

    def holds_base(self, connection: Connection) -> bool:
        """Whether a meter holds the key that the register says it had before the change."""
        return self._holds(connection, self.base[connection.setup.name])

    def _holds(self, connection: Connection, record: MeterRecord) -> bool:
        meter = connection.meter
        if record.pan != meter.pan or record.encryption is not meter.model.encryption:
            return False
        try:
            return meter.keys.key == self._module.decoder_key(record)
        except Refusal:  # the record names no vending key
            return False

    def presumed(self, connection: Connection) -> RegisterState:
        """What the register thinks."""
        name = connection.setup.name
        if not self.in_scope(connection):
            return RegisterState.OUT_OF_SCOPE
        if name in self.confirmed:
            return RegisterState.PRESUMED
        if name in self.issued:
            return RegisterState.ISSUED
        return RegisterState.ISSUABLE if connection.setup.area in self.begun else RegisterState.NOT_STARTED

    def true(self, connection: Connection, now: int) -> TrueState:
        """What the meter holds."""
        if not self.in_scope(connection):
            return TrueState.OUT_OF_SCOPE
        keys, base = connection.meter.keys, self.base[connection.setup.name]
        known = self._known.get(connection.number)
        if known is None or known[0] is not keys or known[1] is not base:
            known = self._known[connection.number] = keys, base, self._state(connection)
        if known[2] is TrueState.OLD and connection.meter.pending.held(now):
            return TrueState.PARTLY
        return known[2]

    def _state(self, connection: Connection) -> TrueState:
        """The state as far as it goes by keys: it stays as long as the meter's and the record's do."""
        replace_all = self.programme.replace_all
        if connection.replaced or (not replace_all and self.holds_target(connection)):
            return TrueState.NEW
        if not self.holds_base(connection):
            return TrueState.WRONG
        if replace_all or not connection.meter.model.takes_key_changes:
            return TrueState.CANNOT
        return TrueState.OLD


def truth_of(connection: Connection) -> MeterRecord:
    """The record that would be true of a connection's meter."""
    meter = connection.meter
    keys = meter.keys
    return MeterRecord(meter.pan, meter.model.encryption, keys.supply_group, keys.key_revision, keys.tariff_index)

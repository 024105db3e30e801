"""The event log of a run as it is written, with the words that explain it; and which tokens were issued and entered."""

from collections.abc import Callable

import simpy

from meter_sim.detail import LEVELS, Detail, Keep
from meter_sim.engine.connection import Connection
from meter_sim.meter.answer import Answer, Status
from meter_sim.results.record import Event, EventKind
from meter_sim.sts import words
from meter_sim.vending.point_of_sale import Slip
from meter_sim.vending.refusal import Refusal
from meter_sim.vending.secure_module import IssuedToken, SecureModule

_REFUSALS = (EventKind.SALE_REFUSED, EventKind.ISSUE_REFUSED)


class Journal:
    """Events in the order of happening, each with the register settled to its second.

    `presumed` tells the key revision that the vending side's register holds; `keep` says how much is kept of meters
    that are not listed by themselves, by draws of this seed.
    """

    def __init__(
        self,
        env: simpy.Environment,
        module: SecureModule,
        presumed: Callable[[Connection], int],
        keep: Keep,
        seed: int,
    ) -> None:
        self._keep = keep
        self._seed = seed
        self._levels: dict[int, int] = {}
        self._env = env
        self._module = module
        self._presumed = presumed
        self._events: list[Event] = []
        self._issued: dict[str, dict[str, IssuedToken]] = {}
        self._entered: set[str] = set()

    def events(self) -> tuple[Event, ...]:
        """The rows, sorted by second and connection; what happened in one second stays in its order."""
        return tuple(sorted(self._events, key=lambda row: (row.time, row.connection)))

    @property
    def length(self) -> int:
        """How many rows are written."""
        return len(self._events)

    def written_since(self, length: int) -> tuple[Event, ...]:
        """The rows from a length on, in the order in which they were written."""
        return tuple(self._events[length:])

    def token(self, connection: Connection, label: str) -> IssuedToken | None:
        """The token that was issued to a connection under a label."""
        return self._issued.get(connection.setup.name, {}).get(label)

    def not_entered(self, connection: Connection) -> tuple[str, ...]:
        """The labels of the tokens that were issued to a connection and never entered anywhere."""
        issued = self._issued.get(connection.setup.name, {})
        return tuple(label for label, token in issued.items() if token.digits not in self._entered)

    def happened(self, connection: Connection, kind: EventKind, reason: str = "", point_of_sale: str = "") -> None:
        """Log what happened at a connection, by itself."""
        if not self._keeps(connection, kind):
            return
        self._log(connection, kind, reason=reason, point_of_sale=point_of_sale)

    def issued(
        self, connection: Connection, kind: EventKind, token: IssuedToken, label: str, point_of_sale: str
    ) -> None:
        """Log a token that was handed out."""
        if connection.setup.listed:
            self._issued.setdefault(connection.setup.name, {})[label] = token
        if not self._keeps(connection, kind):
            return
        self._log(
            connection,
            kind,
            label=label,
            digits=token.digits,
            says=self._says(token),
            result="Issued",
            point_of_sale=point_of_sale,
        )

    def sections_issued(self, connection: Connection, slip: Slip, label: str, *, reprint: bool = False) -> None:
        """Log the sections of a key change, as `label.1`, `label.2` and so on."""
        kind = EventKind.REPRINT if reprint else EventKind.KEY_CHANGE_ISSUED
        for place, token in enumerate(slip.key_change, 1):
            self.issued(connection, kind, token, f"{label}.{place}", slip.point_of_sale)

    def refused(self, connection: Connection, kind: EventKind, refusal: Refusal, label: str, point_of_sale: str) -> str:
        """Log a refusal of the vending side; returns its name."""
        outcome = type(refusal).__name__
        if not self._keeps(connection, kind):
            return outcome
        self._log(connection, kind, label=label, result=outcome, reason=str(refusal), point_of_sale=point_of_sale)
        return outcome

    def entered(
        self,
        connection: Connection,
        digits: str,
        label: str,
        issued: IssuedToken | None,
        answer: Answer,
        key_revision: int,
        credited: int,
    ) -> None:
        """Log an entry and the meter's answer; `key_revision` is what the meter held before it."""
        if connection.setup.listed:
            self._entered.add(digits)
        if not self._keeps(connection, EventKind.ENTRY, refused=not answer.status.accepted):
            return
        says = self._says(issued) if issued is not None else "" if answer.token is None else words.summary(answer.token)
        self._log(
            connection,
            EventKind.ENTRY,
            label=label,
            digits=digits,
            says=says,
            result=answer.name,
            status=answer.status,
            reason=answer.reason + _why(connection, answer, issued, key_revision),
            display=" | ".join(answer.display),
            credited_ws=credited,
        )

    def not_taken(self, connection: Connection, digits: str, label: str, result: str, reason: str) -> None:
        """Log an entry that did not reach the meter."""
        self._log(connection, EventKind.ENTRY, label=label, digits=digits, result=result, reason=reason)

    def _keeps(self, connection: Connection, kind: EventKind, *, refused: bool = False) -> bool:
        level = self._levels.get(connection.number)
        if level is None:
            level = self._levels[connection.number] = self._level(connection)
        return level == LEVELS[Detail.ALL] or (level != LEVELS[Detail.NONE] and (refused or kind in _REFUSALS))

    def _level(self, connection: Connection) -> int:
        if connection.setup.listed:
            return LEVELS[Detail.ALL]
        return self._keep.level_of(connection.number, connection.setup.name, self._seed)

    def _says(self, token: IssuedToken) -> str:
        record = token.record
        base = None if record is None else self._module.vending_key(record.supply_group, record.key_revision).base_date
        return words.summary(token.token, base)

    def _log(
        self,
        connection: Connection,
        kind: EventKind,
        *,
        label: str = "",
        digits: str = "",
        says: str = "",
        result: str = "",
        status: int | None = None,
        reason: str = "",
        display: str = "",
        credited_ws: int = 0,
        point_of_sale: str = "",
    ) -> None:
        now, meter = int(self._env.now), connection.meter
        connection.settle(now)
        self._events.append(
            Event(
                time=now,
                connection=connection.number,
                meter=connection.setup.name,
                event=kind,
                label=label,
                digits=digits,
                says=says,
                result=result,
                status=status,
                reason=reason,
                display=display,
                credited_ws=credited_ws,
                register_ws=meter.register.balance,
                switch="closed" if meter.switch_closed else "open",
                key_revision=meter.keys.key_revision,
                presumed_key_revision=self._presumed(connection),
                point_of_sale=point_of_sale,
            )
        )


def _why(connection: Connection, answer: Answer, issued: IssuedToken | None, key_revision: int) -> str:
    """What the vending side could add to a refusal: for which meter and key revision the token was made."""
    if answer.status is not Status.CRC or issued is None or issued.record is None:
        return ""
    if issued.record.pan != connection.meter.pan:
        return f"; it was made for another meter, {issued.record.pan}"
    made_under = issued.record.key_revision
    if made_under == key_revision:
        return ""
    return f"; it was made under key revision {made_under}, the meter holds {key_revision}"

"""What somebody does at one connection by hand: issue an order, cut and restore the power, tamper.

The timeline of a scenario does it at its moments, a person at the keypad whenever it is wanted.
"""

from meter_sim.engine.connection import Connection
from meter_sim.engine.site import Site
from meter_sim.results.record import EventKind
from meter_sim.sts.token import Management, MeterTestToken
from meter_sim.vending.point_of_sale import ExtendedFunction
from meter_sim.vending.refusal import Refusal
from meter_sim.vending.secure_module import IssuedToken

Order = tuple[Management, int] | MeterTestToken | ExtendedFunction
"""A management order with its data (watts for limits), a meter test, or an extended function."""


def issue_order(
    site: Site, connection: Connection, order: Order, pos_name: str, label: str, *, reserved_minute: bool = False
) -> IssuedToken | str:
    """Issue a management or test token; the token, or the name of the refusal."""
    pos, meter = site.points_of_sale[pos_name], connection.setup.name
    rnd = site.rnd(connection, pos)
    try:
        if isinstance(order, MeterTestToken):
            slip = pos.test(order)
        elif isinstance(order, ExtendedFunction):
            slip = pos.extended(meter, order, now=site.now, rnd=rnd, on_reserved_minute=reserved_minute)
        else:
            slip = pos.manage(meter, *order, now=site.now, rnd=rnd, on_reserved_minute=reserved_minute)
    except Refusal as refusal:
        return site.journal.refused(connection, EventKind.ISSUE_REFUSED, refusal, label, pos.name)
    [token] = slip.tokens
    site.note(connection, token)
    site.journal.issued(connection, EventKind.ORDER_ISSUED, token, label, pos.name)
    return token


def power_off(site: Site, connection: Connection) -> None:
    """The supply to the meter fails; what was typed and pending sections are lost."""
    connection.settle(site.now)
    was_closed = connection.meter.switch_closed
    connection.meter.power_off()
    connection.keypad.clear()
    site.journal.happened(connection, EventKind.POWER_OFF)
    if was_closed:
        site.supply_changed(connection)


def power_on(site: Site, connection: Connection) -> None:
    """The supply to the meter returns."""
    connection.settle(site.now)
    connection.meter.power_on()
    site.journal.happened(connection, EventKind.POWER_ON)
    if connection.meter.switch_closed:
        site.supply_changed(connection)


def tamper(site: Site, connection: Connection, cause: str) -> None:
    """Somebody tampers with the meter; `cause` says how."""
    connection.settle(site.now)
    was_closed = connection.meter.switch_closed
    connection.meter.tamper()
    site.journal.happened(connection, EventKind.TAMPERED, reason=cause)
    if was_closed != connection.meter.switch_closed:
        site.supply_changed(connection)

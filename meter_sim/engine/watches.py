"""What keeps an eye on a connection during a run: its credit, and its power limit."""

from meter_sim.engine.connection import Connection
from meter_sim.engine.moment import Phase
from meter_sim.engine.site import Process, Site
from meter_sim.results.record import EventKind


def watch_credit(site: Site, connection: Connection) -> Process:
    """Open the load switch in the load phase of the second in which credit ends."""
    while True:
        changed = connection.changed
        instant = connection.credit_ends() if connection.meter.switch_closed else None
        if instant is None:
            yield changed
            continue
        yield site.moment(instant, Phase.LOAD) | changed
        if not changed.triggered:
            site.journal.happened(connection, EventKind.CREDIT_ENDED)
            connection.settle(site.now)
            site.set_switch(connection)


def watch_limit(site: Site, connection: Connection) -> Process:
    """Say when the power limit begins and ceases to bind."""
    meter = connection.meter
    while True:
        changed = connection.changed
        if meter.power_limit is None:
            yield changed
            continue
        binds = meter.switch_closed and connection.load.binds(site.now, meter.power_limit)
        if binds != connection.limited:
            yield site.moment(site.now, Phase.LIMIT) | changed
            if not changed.triggered:
                connection.limited = binds
                site.journal.happened(connection, EventKind.LIMIT_BINDS if binds else EventKind.LIMIT_CEASES)
            continue
        instant = connection.load.binding_changes(site.now, meter.power_limit, site.scenario.end)
        yield changed if instant is None else site.moment(instant, Phase.LIMIT) | changed

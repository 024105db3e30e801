"""What a run leaves behind of each meter of a population."""

from meter_sim.engine.connection import Connection
from meter_sim.engine.site import Site
from meter_sim.results.outcome import DeskWait, MeterEnd, Outcome


def outcome_of(site: Site, connections: tuple[Connection, ...]) -> Outcome:
    """The outcome of a run that has come to its end."""
    waits = tuple(
        DeskWait(name, desk.name, at, waited)
        for name, area in site.areas.items()
        for desk in (area.help_desk, area.office)
        if desk is not None
        for at, waited in desk.waits
    )
    return Outcome(tuple(_end(site, one) for one in connections if one.setup.area in site.areas), waits)


def _end(site: Site, connection: Connection) -> MeterEnd:
    setup, view, now = connection.setup, site.view, site.scenario.end
    ledger = site.ledgers[setup.name]
    customer = setup.customer
    return MeterEnd(
        connection=setup.connection,
        meter=setup.name,
        area=setup.area,
        model=setup.model.name,
        customer="" if customer is None else customer.name,
        never_buys="" if customer is None or customer.never is None else customer.never.value,
        dead=setup.dead,
        takes_key_changes=setup.model.takes_key_changes,
        true="" if view is None else view.true(connection, now).value,
        register="" if view is None else view.presumed(connection).value,
        channel="" if view is None else view.issued.get(setup.name, ""),
        purchases=connection.purchases,
        fates={(fate.value, why): number for (fate, why), number in ledger.fates(connection.meter, now).items()},
        tokens_issued=ledger.issued,
        lost_tokens=len(connection.tokens_lost),
        lost_tenths=sum(connection.tokens_lost),
        debt_tenths=site.register.debts.get(setup.name, 0),
    )

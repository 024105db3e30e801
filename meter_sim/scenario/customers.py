"""Kinds of customer, put together from what a file says."""

from pathlib import Path
from zoneinfo import ZoneInfo

from meter_sim.distribution import chance, constant
from meter_sim.meter.model import MeterModel
from meter_sim.people.behaviour import Behaviour
from meter_sim.people.customer import Campaign, Customer, Mistakes, NeverBuys, Paydays, Spare, Trouble
from meter_sim.scenario import schema
from meter_sim.scenario.behaviours import NOT_ALLOWED, BehaviourFault, behaviour_at
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.quantities import energy_text
from meter_sim.scenario.schema_customer import AmountSpec, CustomerSpec
from meter_sim.scenario.source import Place
from meter_sim.scenario.tables import Tables
from meter_sim.sts.token import Service

_LATE = 1 << 38
"""Seconds: later than any run's end."""


def customers_of(
    faults: Faults,
    spec: schema.ScenarioSpec,
    tables: Tables,
    zone: ZoneInfo,
    span: tuple[int, int],
    code_folder: Path | None,
) -> dict[str, Customer]:
    """The kinds of customer by name; what is wrong with them is noted in `faults`. `span` is that of the run.

    `code_folder` is where modules with behaviours lie, None where the user allows no code.
    """
    customers = {}
    for name, kind in spec.customers.items():
        path: Place = ("customers", name)
        faults.known(kind.point_of_sale, spec.points_of_sale.named, (*path, "point_of_sale"), "point of sale")
        first = None
        if kind.buy is not None and kind.buy.first is not None:
            first = faults.instant(kind.buy.first, zone, (*path, "buy", "first"))
            if not span[0] <= first < span[1]:
                faults.add((*path, "buy", "first"), f"{kind.buy.first} is outside the run")
        behaviour = None
        if kind.behaviour is not None:
            behaviour = _behaviour(faults, kind.behaviour, (*path, "behaviour"), code_folder)
        customers[name] = _customer(name, kind, tables, first, behaviour)
    return customers


def misfit(customer: Customer, model: MeterModel) -> str | None:
    """Why a kind of customer cannot live with a model of meter; None if it can.

    The load draws on electricity only, so that who buys at a level needs that register; amounts are in the unit of what
    the switch goes by.
    """
    if customer.never is not None:
        return None
    main = Service.ELECTRICITY if Service.ELECTRICITY in model.services else model.services[0]
    if main.in_currency:
        return f"the model {model.name} counts money, and customers buy kWh, m3 or min"
    if main is not Service.ELECTRICITY and (customer.when_below is not None or customer.amount_is_use):
        return f"no load draws on the model {model.name}; give buy.every or buy.paydays, and an amount in {main.unit}"
    if main is not Service.ELECTRICITY and customer.free_tenths:
        return f"free units are kWh, and the model {model.name} counts {main.unit}"
    if customer.when_below is not None and customer.when_below > model.credit_cap:
        return f"buy.when_below is above the credit_cap of {model.name}, {energy_text(model.credit_cap)}"
    if customer.unit != main.unit and not customer.amount_is_use and customer.behaviour is None:
        return f"{customer.name} buys {customer.unit}, and the model {model.name} counts {main.unit}"
    return None


def _behaviour(faults: Faults, import_path: str, path: Place, folder: Path | None) -> type[Behaviour] | None:
    if folder is None:
        faults.add(path, NOT_ALLOWED)
        return None
    try:
        return behaviour_at(import_path, folder)
    except BehaviourFault as fault:
        faults.add(path, str(fault))
        return None


def _customer(
    name: str, spec: CustomerSpec, tables: Tables, first: int | None, behaviour: type[Behaviour] | None
) -> Customer:
    buy, amount = spec.buy, spec.amount or AmountSpec.model_validate("0.1 kWh")
    paydays = None if buy is None else buy.paydays
    never = None
    if buy is None and spec.behaviour is None:
        never = spec.never or NeverBuys.VACANT
    return Customer(
        name=name,
        amount=tables.spread(amount.in_tenths if amount.use_of is None else amount.use_of),
        enter_after=constant(_LATE) if spec.enter_after is None else tables.spread(spec.enter_after),
        when_below=None if buy is None else buy.when_below,
        every=None if buy is None or buy.every is None else tables.spread(buy.every),
        first=first,
        paydays=None if paydays is None else Paydays(paydays.days, tables.spread(paydays.at)),
        never=never,
        amount_is_use=amount.use_of is not None,
        unit=amount.quantities[0].unit if amount.quantities else "kWh",
        free_tenths=spec.free_units or 0,
        between_entries=spec.between_entries,
        retry_after=spec.retry_after,
        point_of_sale=spec.point_of_sale,
        mistakes=Mistakes(
            wrong_digit=chance(spec.mistakes.wrong_digit),
            credit_first=chance(spec.mistakes.credit_first),
            one_section=chance(spec.mistakes.one_section),
            tries=spec.mistakes.tries,
        ),
        trouble=Trouble(
            asks=chance(spec.trouble.asks),
            tries_again_after=tables.spread(spec.trouble.tries_again_after),
            sittings=spec.trouble.sittings,
        ),
        campaign=Campaign(
            answers=chance(spec.campaign.answers),
            answers_after=tables.spread(spec.campaign.answers_after),
            at_deadline=chance(spec.campaign.at_deadline),
            deadline_within=spec.campaign.deadline_within,
        ),
        spare=Spare(share=chance(spec.spare.share), kept=tables.spread(spec.spare.kept)),
        behaviour=behaviour,
        options=tuple(spec.options.items()),
    )

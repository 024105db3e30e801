"""A meter that is put up in a session, from what a request says of it."""

from dataclasses import replace

from meter_sim.distribution import ONE, constant
from meter_sim.meter.load import LoadProfile
from meter_sim.meter.model import MeterModel
from meter_sim.meter.models import BUILT_IN, default_model
from meter_sim.meter.tid_store import made_the_day_before
from meter_sim.practice.commands import PutUp
from meter_sim.practice.error import PracticeError
from meter_sim.scenario import quantities
from meter_sim.scenario.fields import nearest
from meter_sim.scenario.scenario import MeterSetup, Scenario
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import MeterPan, encryption_named, supply_group_code, tariff_index
from meter_sim.sts.token import Service
from meter_sim.vending.refusal import Refusal
from meter_sim.vending.secure_module import MeterRecord, SecureModule

_IIN_BY_LENGTH = {11: "600727", 13: "0000"}
_HOUR = 3600


def meter_setup(scenario: Scenario, module: SecureModule, command: PutUp, connection: int) -> MeterSetup:
    """The meter of a command, at a connection of this number. Raises PracticeError."""
    try:
        pan = _pan(command)
        record = MeterRecord(
            pan,
            _model(scenario, command).encryption,
            supply_group_code(command.supply_group),
            command.key_revision,
            tariff_index(command.tariff_index),
        )
        key = module.vending_key(record.supply_group, record.key_revision)
        module.decoder_key(record)
        credit, power = quantities.energy(command.credit), quantities.power(command.load)
    except Refusal:
        held = ", ".join(f"{key.supply_group}/{key.key_revision}" for key in scenario.vending_keys)
        raise PracticeError(
            f"meters: no vending key for supply group {command.supply_group}, key revision {command.key_revision}, "
            f"allowed are {held}"
        ) from None
    except (StsError, quantities.QuantityError) as error:
        raise PracticeError(f"meters: {error}") from None
    model = _model(scenario, command)
    if Service.ELECTRICITY not in model.services and (credit or power):
        raise PracticeError(f"meters: the model {model.name} has no electricity register, leave credit and load out")
    if credit > model.credit_cap:
        raise PracticeError(f"meters: credit: more than {quantities.energy_text(model.credit_cap)}, the model's most")
    return MeterSetup(
        name=pan.digits,
        connection=connection,
        record=record,
        key_type=key.key_type,
        key_expiry=key.key_expiry,
        model=model,
        credit=credit,
        registers=(),
        manufacture_tid=made_the_day_before(command.at, key.base_date),
        load=_constant_load(power),
        customer=None,
    )


def _pan(command: PutUp) -> MeterPan:
    if (command.pan is None) == (command.drn is None):
        raise PracticeError("meters: give one of pan (18 digits) and drn (11 or 13 digits)")
    if command.pan is not None:
        return MeterPan(command.pan)
    digits = str(command.drn)
    return MeterPan.of(_IIN_BY_LENGTH[len(digits)], digits)


def _model(scenario: Scenario, command: PutUp) -> MeterModel:
    models = BUILT_IN | {setup.model.name: setup.model for setup in scenario.meters}
    if command.model is None:
        return default_model(encryption_named(command.encryption or "EA07"))
    if command.model not in models:
        raise PracticeError(f"meters: no meter model {command.model!r}, {nearest(command.model, list(models))}")
    model = models[command.model]
    if command.encryption is not None and encryption_named(command.encryption) is not model.encryption:
        raise PracticeError(f"meters: the model {model.name} is EA{model.encryption}, leave encryption out")
    return model


def _constant_load(watts: int) -> LoadProfile:
    hours = (watts * _HOUR,) * 24
    kinds = (hours, hours, hours)
    return LoadProfile(kinds, kinds, (), constant(ONE), mean=24 * _HOUR * watts)


def practised(scenario: Scenario) -> Scenario:
    """A scenario as it is practised: its listed meters without customers, areas or programme; people act instead.

    Raises PracticeError if no meter is listed.
    """
    if not scenario.meters:
        raise PracticeError(f"{scenario.name}: lists no meter by itself, and that is what is practised at; add one")
    meters = tuple(replace(setup, customer=None, area="") for setup in scenario.meters)
    return replace(scenario, meters=meters, areas=(), programme=None, population=None, population_file=None)

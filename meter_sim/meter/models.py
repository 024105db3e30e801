"""Meter models by name: the kinds of meter that utilities have in the field.

What the standard leaves to makers is our own choice (G), within what was seen: stores of 20 and 50 TIDs, time-outs of
2 to 10 minutes, sets of two, three and four key change tokens.
"""

from dataclasses import replace

from meter_sim.meter.model import MeterModel
from meter_sim.sts.identity import Encryption
from meter_sim.sts.token import Service

KEYPAD = MeterModel()
KEYPAD_EA11 = replace(KEYPAD, name="keypad_ea11", encryption=Encryption.EA11, kcts=4)

BUILT_IN = {
    model.name: model
    for model in (
        KEYPAD,
        replace(KEYPAD, name="keypad_20", tid_store=20, kct_timeout=120),
        replace(KEYPAD, name="keypad_3kct", kcts=3),
        KEYPAD_EA11,
        replace(KEYPAD, name="key_expiry", enforce_key_expiry=True),
        replace(KEYPAD, name="no_lockout", lockout_after=0),
        replace(KEYPAD, name="three_phase", phases=3),
        replace(KEYPAD, name="three_phase_ea11", encryption=Encryption.EA11, kcts=4, phases=3),
        replace(KEYPAD, name="two_services", services=(Service.ELECTRICITY, Service.WATER)),
        replace(KEYPAD, name="water", services=(Service.WATER,)),
        replace(KEYPAD, name="gas", services=(Service.GAS,)),
        replace(KEYPAD, name="time", services=(Service.TIME,)),
        replace(KEYPAD, name="currency", services=(Service.ELECTRICITY_CURRENCY,)),
    )
}
"""The built-in models. `keypad` is the ordinary one; `keypad_20` has the smallest store and the shortest time-out that
makers are known to use."""


def default_model(encryption: Encryption) -> MeterModel:
    """The ordinary keypad meter of an algorithm."""
    return KEYPAD if encryption is Encryption.EA07 else KEYPAD_EA11

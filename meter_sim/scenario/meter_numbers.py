"""The numbers of meters that no file names: each follows from the connection, so that a run never has one twice."""

from meter_sim.sts.identity import MeterPan, luhn

IIN = "600727"
"""The issuer that goes with a DRN of 11 digits (C)."""
MAKER = 7
"""Manufacturer code of a connection's first meter (G); its replacements have the codes behind it."""
GENERATIONS = 10
"""Meters that a connection may have one after the other."""
GREATEST_CONNECTION = 99_999_999
"""The greatest connection whose number fits a serial number of eight digits."""


def pan_of(connection: int, generation: int = 0) -> MeterPan:
    """The MeterPAN of a connection's meter: its first (generation 0), or the one put in its place so many times.

    The serial number is the connection. Raises ValueError for a connection above 99 999 999 or a generation above 9.
    """
    if not 0 <= connection <= GREATEST_CONNECTION:
        raise ValueError(f"connection {connection} is outside 0 to {GREATEST_CONNECTION}")
    if not 0 <= generation < GENERATIONS:
        raise ValueError(f"generation {generation} is outside 0 to {GENERATIONS - 1}")
    body = f"{MAKER + generation:02d}{connection:08d}"
    return MeterPan.of(IIN, body + luhn(body))


def replaced_in(pan: MeterPan) -> int | None:
    """The connection that a replacement meter of this MeterPAN is put into; None if none has it."""
    maker, serial = pan.digits[6:8], pan.digits[8:16]
    is_replacement = pan.iin == IIN and MAKER < int(maker) < MAKER + GENERATIONS
    return int(serial) if is_replacement else None

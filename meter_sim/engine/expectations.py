"""What a scenario expects of its actions, held against what came of them."""

from meter_sim.engine.connection import Connection
from meter_sim.meter.answer import Answer
from meter_sim.meter.meter import Meter
from meter_sim.results.record import Finding
from meter_sim.scenario.scenario import Action, Expectation
from meter_sim.sts import words
from meter_sim.sts.token import Service


class Expectations:
    """The findings of a run, by the place of the expectation in the file."""

    def __init__(self) -> None:
        self._findings: dict[str, Finding] = {}

    def hold(
        self,
        expect: Expectation,
        connection: Connection,
        now: int,
        result: str,
        answer: Answer | None,
        presumed_key_revision: int,
    ) -> None:
        """Compare a result and the state that its second leaves with what was expected."""
        meter = connection.meter
        found: dict[str, tuple[object, object]] = {
            "result": (expect.result, result),
            "credit": (expect.credit, meter.register.display_tenths),
            "registers": (expect.registers, _registers(meter, expect.registers)),
            "switch": (expect.switch, "closed" if meter.switch_closed else "open"),
            "key_revision": (expect.key_revision, meter.keys.key_revision),
            "presumed_key_revision": (expect.presumed_key_revision, presumed_key_revision),
            "tariff_index": (expect.tariff_index, meter.keys.tariff_index),
            "pending_sections": (expect.pending_sections, len(meter.pending.held(now))),
            "display": (expect.display, " | ".join(answer.display) if answer is not None else ""),
        }
        failures = [
            f"{name}: expected {_shown(name, wanted)}, got {_shown(name, got)}"
            for name, (wanted, got) in found.items()
            if wanted is not None and wanted != got
        ]
        self._findings[expect.place] = Finding(expect.where, expect.place, "; ".join(failures))

    def failure(self, expect: Expectation) -> str:
        """What an expectation that was held did not find; empty if all was as expected."""
        return self._findings[expect.place].failure

    def findings(self, timeline: tuple[Action, ...]) -> tuple[Finding, ...]:
        """A finding for each expectation of the timeline, also where the run ended before it could be looked at."""
        return tuple(
            self._findings.get(action.expect.place)
            or Finding(action.expect.where, action.expect.place, "the run ended before this came about")
            for action in timeline
            if action.expect is not None
        )


def _registers(
    meter: Meter, wanted: tuple[tuple[Service, int], ...] | None
) -> tuple[tuple[Service, int | None], ...] | None:
    """What the registers hold that an expectation names; None for one that the meter lacks."""
    if wanted is None:
        return None
    balances = {service: register.balance for service, register in meter.registers.items()}
    return tuple((service, balances.get(service)) for service, _ in wanted)


def _shown(name: str, value: object) -> str:
    if name == "registers" and isinstance(value, tuple):
        return ", ".join(f"{service.words} {_amount(service, amount)}" for service, amount in value)
    if name == "credit" and isinstance(value, int):
        return words.tenths_text(value, "kWh")
    return str(value) or "nothing"


def _amount(service: Service, amount: int | None) -> str:
    if amount is None:
        return "(no such register)"
    return f"{words.currency_text(amount)} currency" if service.in_currency else words.tenths_text(amount, service.unit)

"""Customers as processes: when the display falls low or an interval is over they buy, and later they enter."""

from meter_sim.draws import Purpose
from meter_sim.engine.connection import Connection
from meter_sim.engine.moment import Phase
from meter_sim.engine.site import Entering, Process, Site
from meter_sim.meter.answer import Status
from meter_sim.people.customer import Customer, amount_bought, entry_delay, first_purchase, next_purchase
from meter_sim.vending.point_of_sale import Slip


class Household:
    """The customer of one connection."""

    def __init__(self, site: Site, connection: Connection, customer: Customer) -> None:
        self._site = site
        self._connection = connection
        self._customer = customer

    def live(self) -> Process:
        """Buy and enter until the run ends."""
        level = self._customer.when_below
        return self._buy_at_intervals() if level is None else self._buy_below(level)

    def _buy_below(self, level: int) -> Process:
        site, connection = self._site, self._connection
        count = 0
        while True:
            instant, changed = connection.falls_below(level), connection.changed
            if instant is None:
                yield changed
                continue
            yield site.moment(instant, Phase.PURCHASE) | changed
            if changed.triggered:
                continue
            slip = self._buy(count)
            accepted = False
            if isinstance(slip, Slip):
                answer = yield from self._enter(slip, count)
                accepted = answer.status is Status.ACCEPT
                count += 1
            if not accepted:
                yield site.moment(site.now + self._customer.retry_after, Phase.PURCHASE)
            connection.settle(site.now)

    def _buy_at_intervals(self) -> Process:
        site = self._site
        count = 0
        place, interval = self._draw(Purpose.FIRST_PURCHASE, 0), self._draw(Purpose.PURCHASE_INTERVAL, 0)
        instant = first_purchase(self._customer, site.scenario.start, place, interval)
        while instant < site.scenario.end:
            yield site.moment(instant, Phase.PURCHASE)
            slip = self._buy(count)
            if isinstance(slip, Slip):
                site.env.process(self._enter(slip, count))
            count += 1
            instant = next_purchase(self._customer, instant, self._draw(Purpose.PURCHASE_INTERVAL, count))

    def _buy(self, count: int) -> Slip | str:
        """The purchase of this count: its slip, or the name of the refusal."""
        customer = self._customer
        self._connection.settle(self._site.now)
        tenths = amount_bought(customer, self._draw(Purpose.PURCHASE_AMOUNT, count))
        return self._site.sell(self._connection, tenths, customer.point_of_sale, self._label(count))

    def _enter(self, slip: Slip, count: int) -> Entering:
        """The entry of what was bought; the answer to its last token."""
        start = self._site.now + entry_delay(self._customer, self._draw(Purpose.ENTRY_DELAY, count))
        between = self._customer.between_entries
        return self._site.enter_slip(self._connection, slip, self._label(count), start, between)

    def _label(self, count: int) -> str:
        return f"{self._customer.name} #{count + 1}"

    def _draw(self, purpose: Purpose, count: int) -> int:
        return self._site.draw(purpose, self._connection, count)

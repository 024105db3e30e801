"""What a customer decides, as the scenario's numbers say or as a behaviour of the user's own does."""

from meter_sim.draws import Purpose
from meter_sim.engine.connection import Connection
from meter_sim.engine.site import Site
from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.people.behaviour import Behaviour, Seen
from meter_sim.people.customer import (
    Customer,
    amount_bought,
    entry_delay,
    first_purchase,
    next_payday,
    next_purchase,
    payday_instant,
)


class BehaviourError(Exception):
    """A user's behaviour failed or answered what is no answer; one line."""


class Habits:
    """The decisions of one customer, with the draws that belong to them. `purchases` counts those that were made."""

    def __init__(self, site: Site, connection: Connection, customer: Customer) -> None:
        self._site = site
        self._connection = connection
        self._customer = customer
        self._payday: int | None = None
        calendar, start = site.scenario.calendar, site.scenario.start
        self._paydays_after = calendar.midnight(calendar.day(start)) - 1
        self._answers: list[str] = []
        self.purchases = 0
        self._own = None if customer.behaviour is None else self._made(customer)

    def _made(self, customer: Customer) -> Behaviour:
        assert customer.behaviour is not None
        try:
            return customer.behaviour(dict(customer.options))
        except (Exception, SystemExit) as error:  # whatever the user's code raises is the user's to mend
            raise BehaviourError(f"{self._where('making it')}: {_told(error)}") from None

    # -- when --------------------------------------------------------------------------------------------------

    def next_purchase(self) -> int | None:
        """The instant of the next purchase as far as is known now; None to look again after a change."""
        if self._own is not None:
            instant = self._asked("next_purchase")
            return None if instant is None else max(instant, self._site.now + 1)
        level = self._customer.when_below
        low = None if level is None else self._connection.falls_below(level)
        payday = self._next_payday()
        return min((instant for instant in (low, payday) if instant is not None), default=None)

    def asks_again(self) -> int | None:
        """When a behaviour that named no purchase is asked again: at midnight. Others wait for a change."""
        if self._own is None:
            return None
        calendar, now = self._site.scenario.calendar, self._site.now
        day = calendar.day(now) + 1
        while calendar.midnight(day) <= now:  # a clock that was put back over midnight
            day += 1
        return calendar.midnight(day)

    def goes_shopping(self) -> None:
        """Note that a purchase is made now; a payday that has come is used up by it."""
        if self._payday is not None and self._site.now >= self._payday:
            self._payday = None

    def _next_payday(self) -> int | None:
        paydays, calendar, now = self._customer.paydays, self._site.scenario.calendar, self._site.now
        if paydays is None:
            return None
        while self._payday is None or self._payday < now:
            day = next_payday(paydays, calendar, self._paydays_after)
            self._paydays_after = calendar.midnight(day)
            self._payday = payday_instant(paydays, calendar, day, self._draw(Purpose.PAYDAY_TIME, day))
        return self._payday

    def first_interval(self) -> int:
        """The instant of an interval buyer's first purchase."""
        place, interval = self._draw(Purpose.FIRST_PURCHASE, 0), self._draw(Purpose.PURCHASE_INTERVAL, 0)
        return first_purchase(self._customer, self._site.scenario.start, place, interval)

    def next_interval(self, last: int, count: int) -> int:
        """The instant of an interval buyer's purchase of this count."""
        return next_purchase(self._customer, last, self._draw(Purpose.PURCHASE_INTERVAL, count))

    # -- how much, how soon ------------------------------------------------------------------------------------

    def amount(self, count: int) -> int:
        """Tenths of a kWh of the purchase of this count."""
        if self._own is not None:
            tenths = self._asked("amount")
            if tenths is None or tenths < 1:
                raise BehaviourError(f"{self._where('amount')}: answered {tenths}, tenths of a kWh from 1 are needed")
            return tenths
        word = self._draw(Purpose.PURCHASE_AMOUNT, count)
        return amount_bought(self._customer, word, self._connection.setup.mean_use)

    def entry_instant(self, count: int | None = None) -> int | None:
        """When the tokens of a hand-out of this count (the latest purchase, if None) are entered; None for never."""
        if self._own is not None:
            after = self._asked("enter_after")
            return None if after is None else self._site.now + max(after, 1)
        place = self.purchases - 1 if count is None else count
        return self._site.now + entry_delay(self._customer, self._draw(Purpose.ENTRY_DELAY, place))

    # -- what happened -----------------------------------------------------------------------------------------

    def bought(self) -> None:
        """Note a purchase."""
        self.purchases += 1

    def sits_down(self) -> None:
        """Note that a sitting begins."""
        self._answers.clear()

    def answered(self, name: str) -> None:
        """Note what the meter answered."""
        if self._own is not None:
            self._answers.append(name)

    # -- a behaviour of the user's own -------------------------------------------------------------------------

    def _asked(self, decision: str) -> int | None:
        connection, site = self._connection, self._site
        connection.settle(site.now)
        seen = Seen(
            now=site.now,
            calendar=site.scenario.calendar,
            display=connection.meter.register.balance // WS_PER_TENTH,
            has_supply=connection.meter.switch_closed,
            purchases=self.purchases,
            answers=tuple(self._answers),
            chance=lambda count: self._draw(Purpose.BEHAVIOUR, count),
        )
        try:
            answer = getattr(self._own, decision)(seen)
        except (Exception, SystemExit) as error:  # whatever the user's code raises is the user's to mend
            raise BehaviourError(f"{self._where(decision)}: {_told(error)}") from None
        if answer is not None and (not isinstance(answer, int) or isinstance(answer, bool)):
            raise BehaviourError(f"{self._where(decision)}: answered {answer!r:.60}, a whole number or None is needed")
        return answer

    def _where(self, decision: str) -> str:
        name = self._connection.setup.name
        return f"customers.{self._customer.name}.behaviour: {decision} of the customer of {name}"

    def _draw(self, purpose: Purpose, count: int) -> int:
        return self._site.draw(purpose, self._connection, count)


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

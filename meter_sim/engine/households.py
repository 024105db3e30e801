"""Customers as processes: they buy, keep, enter, mistype, ask and give up (docs/model.md, section 7)."""

from collections.abc import Generator

import simpy

from meter_sim.distribution import happens
from meter_sim.draws import Purpose
from meter_sim.engine.area import is_served
from meter_sim.engine.clerk import Clerk
from meter_sim.engine.connection import Connection
from meter_sim.engine.habits import Habits
from meter_sim.engine.hand import Hand
from meter_sim.engine.moment import Phase
from meter_sim.engine.site import Process, Sale, Site
from meter_sim.meter.answer import Status
from meter_sim.people.customer import Customer, Manner, campaign_answer, manner_of_entry, mistyped, month_of
from meter_sim.programme import Cause
from meter_sim.results.record import EventKind
from meter_sim.sts.token import Service
from meter_sim.vending.point_of_sale import Slip
from meter_sim.vending.refusal import Refusal

Using = Generator[simpy.Event, object, bool]
Asking = Generator[simpy.Event, object, None]

OUTSIDE_PURCHASES = 1 << 31
"""Added to the number of a phase for the draws of what it hands out."""
OLD_DRAWER = 3 << 30
"""The count of the draws of a token that lies in the drawer when the run begins."""
_SPARE_TRIES = 1 << 16
"""Where the entries of a spare token begin to count, so that its draws are not those of its purchase."""


class Household:
    """The customer of one connection."""

    def __init__(self, site: Site, connection: Connection, customer: Customer) -> None:
        self._site = site
        self._connection = connection
        self._customer = customer
        self._habits = Habits(site, connection, customer)
        self._clerk = Clerk(site)
        self._taken: set[str] = set()
        """The sections of changes that came to their end."""
        self._messages: list[Hand] = []
        services = connection.setup.model.services
        self._service = Service.ELECTRICITY if Service.ELECTRICITY in services else services[0]
        self._month = -1
        self._gave_up = False
        self._requests = 0
        self._not_before_day = 0

    def live(self) -> Process:
        """Buy and enter until the run ends."""
        site, drawer = self._site, self._connection.setup.drawer
        if drawer is not None:
            site.env.process(self._open_drawer())
        if self._customer.never is not None:
            return
        if self._customer.every is not None:
            yield from self._buy_at_intervals()
        else:
            yield from self._buy_when_due()

    # -- buying ------------------------------------------------------------------------------------------------

    def _buy_when_due(self) -> Process:
        """Buy at a level, on paydays, or when a behaviour says so; one purchase at a time."""
        site, connection, habits = self._site, self._connection, self._habits
        while True:
            changed = connection.changed
            instant = habits.next_purchase()
            if instant is None:
                again = habits.asks_again()
                yield changed if again is None else site.moment(again, Phase.PURCHASE) | changed
                continue
            yield site.moment(instant, Phase.PURCHASE) | changed
            if changed.triggered:
                continue
            habits.goes_shopping()
            hand = yield from self._buy(habits.purchases)
            accepted = False
            if hand is not None:
                accepted = yield from self._use_bought(hand, habits.entry_instant())
            if not accepted:
                yield site.moment(site.now + self._customer.retry_after, Phase.PURCHASE)
            connection.settle(site.now)

    def _buy_at_intervals(self) -> Process:
        site, habits = self._site, self._habits
        count = 0
        instant = habits.first_interval()
        while instant < site.scenario.end:
            yield site.moment(max(instant, site.now), Phase.PURCHASE)
            hand = yield from self._buy(count)
            if hand is not None:
                site.env.process(self._use_bought(hand, habits.entry_instant(count)))
            count += 1
            instant = habits.next_interval(instant, count)

    def _buy(self, count: int) -> Generator[simpy.Event, object, Hand | None]:
        """The purchase of this count: what it puts into the hand, or None where nothing was sold."""
        site, connection, customer = self._site, self._connection, self._customer
        while (refusal := (yield from site.area(connection).sale(connection.number))) is not None:
            connection.settle(site.now)
            site.refuse_sale(connection, refusal, self._label(count), customer.point_of_sale)
            yield site.moment(site.now + site.area(connection).area.busy_retry, Phase.PURCHASE)
        connection.settle(site.now)
        if self._gave_up:
            self._gave_up = False
            site.complain(connection)
        tenths, withheld = self._habits.amount(count), 0
        debt = site.register.debts.get(connection.setup.name, 0)
        lending = site.scenario.programme.lending if site.scenario.programme is not None else None
        if lending is not None and debt:
            withheld = min(debt, tenths * lending.pay_back >> 32, tenths - 1)
        label = self._label(count)
        slip = site.sell(connection, tenths - withheld, customer.point_of_sale, label, service=self._service)
        if not isinstance(slip, Slip):
            return None
        if withheld:
            site.register.debts[connection.setup.name] = debt - withheld
            site.count(connection, "paid_back_tenths", withheld)
        self._pay(tenths)
        self._habits.bought()
        hand = Hand(count)
        hand.take(slip, label)
        self._buy_besides(hand, tenths, count)
        site.set_cause(connection, Cause.NOT_ENTERED)
        return hand

    def _buy_besides(self, hand: Hand, tenths: int, count: int) -> None:
        """What comes with a purchase: free units, lent units, and a spare token for the drawer."""
        site, connection, customer = self._site, self._connection, self._customer
        label, pos = self._label(count), customer.point_of_sale
        month = month_of(site.scenario.calendar, site.now)
        if customer.free_tenths and month != self._month:
            free = site.sell(
                connection, customer.free_tenths, pos, f"{label} free", service=self._service, kind=Sale.FREE
            )
            if isinstance(free, Slip):
                self._month = month
                hand.take(free, f"{label} free")
                site.count(connection, "free_tenths", customer.free_tenths)
        self._borrow(hand, label)
        spare = customer.spare
        if spare.share and happens(spare.share, self._draw(Purpose.SPARE, count)):
            slip = site.sell(connection, tenths, pos, f"{label} spare", service=self._service, kind=Sale.SPARE)
            if isinstance(slip, Slip):
                self._pay(tenths)
                drawer = Hand(count, tries=_SPARE_TRIES)
                drawer.take(slip, f"{label} spare")
                kept = max(spare.kept.value(self._draw(Purpose.SPARE_KEPT, count)), 1)
                site.env.process(self._use(drawer, site.now + kept))

    def _pay(self, tenths: int) -> None:
        """Count the money of a purchase; only electricity has a price."""
        if self._service is Service.ELECTRICITY:
            self._site.count(self._connection, "money", tenths * self._site.scenario.costs.kwh // 10)

    def _borrow(self, hand: Hand, label: str) -> None:
        """Units that the programme lends to a meter for which no change was issued, once."""
        site, connection = self._site, self._connection
        programme, view, name = site.scenario.programme, site.view, self._connection.setup.name
        if programme is None or view is None or programme.lending is None or name in site.register.debts:
            return
        lending = programme.lending
        if not lending.start <= site.now < lending.until or name in view.issued or not view.in_scope(connection):
            return
        slip = site.sell(
            connection,
            lending.tenths,
            self._customer.point_of_sale,
            f"{label} lent",
            service=self._service,
            kind=Sale.LENT,
        )
        if isinstance(slip, Slip):
            hand.take(slip, f"{label} lent")
            site.register.debts[name] = lending.tenths
            site.count(connection, "lent_tenths", lending.tenths)

    # -- what is handed out ------------------------------------------------------------------------------------

    def receive(self, slip: Slip, label: str, phase: int, told: int) -> None:
        """A message with key change sections: enter them when the campaign is answered, else keep them."""
        hand = Hand(OUTSIDE_PURCHASES + phase)
        hand.take_sections(slip, label)
        self._messages.append(hand)
        instant = self.answers(phase, told)
        if instant is not None:
            self._site.env.process(self._use(hand, instant))

    def answers(self, phase: int, told: int) -> int | None:
        """When this customer acts on what a phase told at an instant; None for never."""
        programme = self._site.scenario.programme
        deadline = None if programme is None else programme.credit_until
        word, time_word = (self._draw(purpose, phase) for purpose in (Purpose.CAMPAIGN, Purpose.CAMPAIGN_TIME))
        return campaign_answer(self._customer.campaign, told, deadline, word, time_word)

    def enter_sections(self, slip: Slip, label: str, phase: int) -> None:
        """Sections that the customer fetched: entered as after a purchase."""
        hand = Hand(OUTSIDE_PURCHASES + phase)
        hand.take_sections(slip, label)
        self._site.env.process(self._use(hand, self._habits.entry_instant(hand.count)))

    def ask_office(self) -> Asking:
        """Queue at the area's office for a key change until served."""
        yield from self._queue(office=True)

    def _open_drawer(self) -> Process:
        site, connection = self._site, self._connection
        drawer = connection.setup.drawer
        assert drawer is not None
        pos = site.points_of_sale[self._customer.point_of_sale]
        label = f"{self._customer.name} drawer"
        try:
            slip = pos.sell(
                connection.setup.name,
                amount=drawer.tenths,
                now=drawer.issued_at,
                rnd=site.rnd(connection, pos),
                service=self._service,
            )
        except Refusal as refusal:
            site.journal.refused(connection, EventKind.ISSUE_REFUSED, refusal, label, pos.name)
            return
        site.hand_out(connection, slip, label, EventKind.HELD)
        hand = Hand(OLD_DRAWER)
        hand.take(slip, label)
        yield from self._use(hand, drawer.enter_at)

    def _use_bought(self, hand: Hand, start: int | None) -> Using:
        """Use what was bought; who gives it up complains with the next purchase."""
        accepted = yield from self._use(hand, start)
        self._gave_up = not accepted and start is not None
        if accepted and self._site.view is not None:
            self._site.view.complaints.discard(self._connection.setup.name)
        return accepted

    # -- entering ----------------------------------------------------------------------------------------------

    def _use(self, hand: Hand, start: int | None) -> Using:
        """Sit down to enter what is in the hand, again and again until it is done with; whether all was accepted."""
        site, connection, trouble = self._site, self._connection, self._customer.trouble
        if start is None:
            return False
        sitting, guided = 0, False
        while True:
            yield from self._sit(hand, start, sitting, guided=guided)
            sitting += 1
            if not hand.left:
                site.set_cause(connection, Cause.NO_MONEY)
                return True
            self._blame(hand)
            word = self._draw(Purpose.TROUBLE, hand.count, hand.tries)
            asks = site.area(connection).helper is not None and happens(trouble.asks, word)
            if sitting > trouble.sittings - (0 if asks else 1):
                return False
            if asks:
                yield from self._queue()
                self._clerk.clear_up(connection, hand, self._customer.point_of_sale)
                if not hand.left:
                    site.set_cause(connection, Cause.NO_MONEY)
                    return True
                start, guided = site.now + self._customer.between_entries, True
            else:
                later = trouble.tries_again_after.value(self._draw(Purpose.COME_BACK, hand.count, hand.tries))
                start, guided = site.now + max(later, 1), False
                self._look_for_message(hand)

    def _sit(self, hand: Hand, start: int, sitting: int, *, guided: bool) -> Process:
        """One sitting: every token of the hand in its order, each up to so many times.

        A section that was taken is to be entered again the next time unless the key change came to its end, since the
        meter forgets it. Who is guided waits for a lock-out to end.
        """
        site, mistakes = self._site, self._customer.mistakes
        manner = Manner.PRINTED
        if sitting == 0 and hand.has_sections and (mistakes.credit_first or mistakes.one_section):
            manner = manner_of_entry(mistakes, self._draw(Purpose.MANNER, hand.count))
        instant = start
        self._habits.sits_down()
        for held in hand.in_order(manner):
            if held.done or (held.section and held.token.digits in self._taken):
                held.done = True
                continue
            for _ in range(mistakes.tries):
                if guided:
                    instant = max(instant, self._connection.meter.lockout.until)
                yield site.moment(instant, Phase.ENTRY)
                if self._key_in(hand, held.token.digits, held.label, guided=guided, place=hand.tokens.index(held)):
                    break
                instant += self._customer.between_entries
            instant = site.now + self._customer.between_entries
        for held in hand.tokens:
            if held.section:
                held.done = held.token.digits in self._taken

    def _key_in(self, hand: Hand, digits: str, label: str, *, guided: bool, place: int) -> bool:
        """Enter one token, perhaps with a wrong digit; whether the meter accepted it."""
        site, connection, mistakes = self._site, self._connection, self._customer.mistakes
        held, number = hand.tokens[place], hand.tries
        hand.tries += 1
        careful = guided or not mistakes.wrong_digit
        if not careful and happens(mistakes.wrong_digit, self._draw(Purpose.WRONG_DIGIT, hand.count, number)):
            wrong = mistyped(digits, self._draw(Purpose.WHICH_DIGIT, hand.count, number))
            answer = site.enter(connection, wrong, label, None, meant=held.token)
            self._habits.answered(answer.name)
            return False
        answer = site.enter(connection, digits, label, held.token, by="help" if guided else "")
        self._habits.answered(answer.name)
        if answer.status.accepted:
            held.done = True
            if held.section and answer.status is Status.ACCEPT:
                self._taken.update(held.token.digits for held in hand.tokens if held.section)
        return held.done

    def _blame(self, hand: Hand) -> None:
        """Say why the meter will be without supply: its key change is missing, or what was bought is refused."""
        site, connection = self._site, self._connection
        if not self._clerk.holds_record(connection) and self._clerk.misses_a_change(connection):
            site.set_cause(connection, Cause.NOT_MIGRATED)
        elif any(not held.section for held in hand.left):
            site.set_cause(connection, Cause.REFUSED)

    def _look_for_message(self, hand: Hand) -> None:
        """Remember the sections of a message that were never entered, and enter them first the next time."""
        if hand.has_sections:
            return
        for message in self._messages:
            left = [held for held in message.tokens if not held.done]
            if left:
                hand.tokens = [*left, *hand.tokens]
                self._messages.remove(message)
                return

    def _queue(self, *, office: bool = False) -> Asking:
        """Ask the area's help desk or office until served; one request a day."""
        site, connection = self._site, self._connection
        area, calendar = site.area(connection), site.scenario.calendar
        desk = area.office if office else area.helper
        assert desk is not None
        while True:
            number, self._requests = self._requests, self._requests + 1
            place, service = self._draw(Purpose.DESK_ARRIVAL, number), self._draw(Purpose.DESK_SERVICE, number)
            arrival = desk.desk.hours.arrival(calendar, site.now + 1, place, self._not_before_day)
            self._not_before_day = calendar.day(arrival) + 1
            yield site.moment(arrival, Phase.PURCHASE)
            request = yield from desk.ask(connection.number, service)
            yield site.moment(request.finish, Phase.PROGRAMME if request.finish > site.now else Phase.LOAD)
            connection.settle(site.now)
            if is_served(request):
                return

    def _label(self, count: int) -> str:
        return f"{self._customer.name} #{count + 1}"

    def _draw(self, purpose: Purpose, count: int, sub: int = 0) -> int:
        return self._site.draw(purpose, self._connection, count, sub)

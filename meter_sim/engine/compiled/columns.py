"""Places in what is counted of an area's day, and the states of a programme as numbers."""

from meter_sim.people.crew import VisitOutcome
from meter_sim.people.help_desk import Outcome
from meter_sim.programme import Cause, Channel, RegisterState, TrueState
from meter_sim.results.area_day import CHANGED_BY, COLUMNS, column

WIDTH = len(COLUMNS)


def _place(name: str) -> int:
    return COLUMNS.index(name)


METERS = _place("meters")
DEAD_RECORDS = _place("dead_records")
TRUE = _place(column("true", next(iter(TrueState))))
REGISTER = _place(column("register", next(iter(RegisterState))))
PRESUMED_NOT_CHANGED = _place("presumed_not_changed")
CHANGED_NOT_PRESUMED = _place("changed_not_presumed")
OFF_METERS = _place("off_meters")
OFF_METERS_BY_CAUSE = _place(column("off", next(iter(Cause)), "_meters"))
VISITS_WAITING = _place("visits_waiting")
REPLACEMENTS_WAITING = _place("replacements_waiting")
STOCK = _place("stock")
PURCHASES = _place("purchases")
BOUGHT_TENTHS = _place("bought_tenths")
MONEY = _place("money")
FREE_TENTHS = _place("free_tenths")
LENT_TENTHS = _place("lent_tenths")
PAID_BACK_TENTHS = _place("paid_back_tenths")
REPLACED_TOKENS = _place("replaced_tokens")
REPLACED_TENTHS = _place("replaced_tenths")
SALES_REFUSED = _place("sales_refused")
SALES_DELAYED = _place("sales_delayed")
TOKENS_ISSUED = _place("tokens_issued")
TOKENS_PRINTED = _place("tokens_printed")
MESSAGES = _place("messages")
KEY_CHANGES_ISSUED = _place("key_changes_issued")
KEY_CHANGES_REFUSED = _place("key_changes_refused")
CORRECTED_RECORDS = _place("corrected_records")
COMPLAINTS = _place("complaints")
CHANGED = _place(f"changed_{CHANGED_BY[0]}")
"""By the place in CHANGED_BY."""
CREDITED = _place("credited_ws")
USED = _place("used_ws")
CLEARED = _place("cleared_ws")
REMOVED = _place("removed_ws")
UNSERVED = _place("unserved_ws")
OFF_S = _place(column("off", next(iter(Cause)), "_s"))
OFF_TAMPER_S = _place("off_tamper_s")
UNSERVED_BY_CAUSE = _place(column("unserved", next(iter(Cause)), "_ws"))
VISITS = _place("visits")
VISITS_TIME_FOR = _place("visits_time_for")
APPOINTMENTS = _place("appointments")
REVISITS = _place("revisits")
VISITS_BY_OUTCOME = _place(column("visits", next(iter(VisitOutcome))))
DESKS = ("help_desk", "office")
REQUESTS = _place("help_desk_requests")
SERVED = _place(f"help_desk_{next(iter(Outcome)).value.replace(' ', '_')}")
WAIT_S = _place("help_desk_wait_s")
DESK_STRIDE = _place("office_requests") - REQUESTS
LONGEST_WAIT_S = _place("help_desk_longest_wait_s")
LONGEST_QUEUE = _place("help_desk_longest_queue")
LONGEST_STRIDE = _place("office_longest_wait_s") - LONGEST_WAIT_S

_TRUE = tuple(TrueState)
OLD, PARTLY, NEW, WRONG, CANNOT, OUT_OF_SCOPE = (
    _TRUE.index(state)
    for state in (
        TrueState.OLD,
        TrueState.PARTLY,
        TrueState.NEW,
        TrueState.WRONG,
        TrueState.CANNOT,
        TrueState.OUT_OF_SCOPE,
    )
)
_REGISTER = tuple(RegisterState)
NOT_STARTED, ISSUABLE, ISSUED, PRESUMED, NOT_IN_SCOPE = (
    _REGISTER.index(state)
    for state in (
        RegisterState.NOT_STARTED,
        RegisterState.ISSUABLE,
        RegisterState.ISSUED,
        RegisterState.PRESUMED,
        RegisterState.OUT_OF_SCOPE,
    )
)
_CAUSES = tuple(Cause)
NO_MONEY, NEVER_BUYS, NOT_ENTERED, REFUSED, NOT_MIGRATED, NO_SALE = (
    _CAUSES.index(cause)
    for cause in (
        Cause.NO_MONEY,
        Cause.NEVER_BUYS,
        Cause.NOT_ENTERED,
        Cause.REFUSED,
        Cause.NOT_MIGRATED,
        Cause.NO_SALE,
    )
)
_CHANNELS = tuple(Channel)
WITH_PURCHASE, SENT, FETCHED, CREW, OFFICE = (
    _CHANNELS.index(channel)
    for channel in (Channel.WITH_PURCHASE, Channel.SENT, Channel.FETCHED, Channel.CREW, Channel.OFFICE)
)
BY_REPLACEMENT, BY_HELP, BY_TIMELINE = (CHANGED_BY.index(how) for how in ("replaced", "help", "timeline"))
_OUTCOMES = tuple(VisitOutcome)
(
    VISIT_CHANGED,
    VISIT_REPLACED,
    VISIT_ALREADY,
    VISIT_NO_ACCESS,
    VISIT_CANNOT_CHANGE,
    VISIT_NOT_FOUND,
    VISIT_NOT_ISSUED,
    VISIT_NOT_TAKEN,
) = (
    _OUTCOMES.index(outcome)
    for outcome in (
        VisitOutcome.CHANGED,
        VisitOutcome.REPLACED,
        VisitOutcome.ALREADY,
        VisitOutcome.NO_ACCESS,
        VisitOutcome.CANNOT_CHANGE,
        VisitOutcome.NOT_FOUND,
        VisitOutcome.NOT_ISSUED,
        VisitOutcome.NOT_TAKEN,
    )
)
_ANSWERS = tuple(Outcome)
ASKER_SERVED, ASKER_GAVE_UP, ASKER_TURNED_AWAY = (
    _ANSWERS.index(outcome) for outcome in (Outcome.SERVED, Outcome.GAVE_UP, Outcome.TURNED_AWAY)
)

# What must lie side by side, in the order of its enumeration.
for _prefix, _states, _suffix, _first in (
    ("true", TrueState, "", TRUE),
    ("register", RegisterState, "", REGISTER),
    ("off", Cause, "_meters", OFF_METERS_BY_CAUSE),
    ("off", Cause, "_s", OFF_S),
    ("unserved", Cause, "_ws", UNSERVED_BY_CAUSE),
    ("visits", VisitOutcome, "", VISITS_BY_OUTCOME),
):
    if COLUMNS[_first : _first + len(_states)] != tuple(column(_prefix, state, _suffix) for state in _states):
        raise AssertionError(f"the columns {_prefix} are not in the order of {_states.__name__}")

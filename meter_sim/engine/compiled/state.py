"""The state of a fleet: one record a connection, pools for what comes and goes, and one record for all the rest.

Instants are seconds (UTC), energies watt-seconds, amounts tenths of the unit. A *record code* stands for a MeterRecord
of the connection: which of its PANs, key revision, tariff index, supply group (`record_code`). -1 is "none" where a
number may be missing, and lists are linked through `next`.
"""

from typing import Any

import numpy as np

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled.decoder import DECODER_FIELDS, MODEL
from meter_sim.engine.compiled.draws import KNOTS
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.log import LOG
from meter_sim.engine.compiled.memory import table_view, view_of
from meter_sim.meter.answer import Status

Record = Any
"""A record of a structured array, in a kernel."""
Number = Any
"""A whole number of 64 bits, in a kernel."""

LATE = 1 << 60
"""An instant that never comes."""
UNKNOWN = -(1 << 60)
"""In place of an instant that must be reckoned anew."""
MOST_SECTIONS = 4
MOST_HELD = 32
"""Tokens in one hand."""
AHEAD = 16
"""Purchases of which the draws are made side by side."""
FOR_AMOUNT, FOR_DELAY, FOR_SPARE, FOR_WRONG_DIGIT = range(4)
"""What they are for, in the order of `words`."""
MARGIN = 256
"""Places that one event may take of each pool."""
RUNS = 3
"""Runs of minutes that are remembered of a TID list, as a point of sale's clock only goes forward. Where another one
with a clock behind it sells to the same meter, a run that its clock has still to pass is never forgotten: the engine
says that it cannot go on."""

CONNECTION = np.dtype(
    [
        *DECODER_FIELDS,
        # -- what it is
        ("number", "i8"),
        ("place", "i8"),
        ("area_place", "i8"),
        ("customer", "i4"),
        ("load", "i4"),
        ("load_share", "i8"),
        ("mean_use", "i8"),
        ("pans", "u8", (3,)),
        ("drawer_issued_at", "i8"),
        ("drawer_enter_at", "i8"),
        ("drawer_tenths", "i8"),
        ("listed", "b1"),
        ("dead", "b1"),
        ("keep", "u1"),
        ("pan_kind", "u1"),
        ("main_service", "u1"),
        # -- the vending side's register
        ("record", "i8"),
        ("base", "i8"),
        ("debt", "i8"),
        ("printings", "i4"),
        ("to_repeat", "i4"),
        ("changes_record", "i8"),
        ("changes", "u8", (MOST_SECTIONS,)),
        ("changes_clear", "u8", (MOST_SECTIONS,)),
        ("changes_number", "u1"),
        ("waiting", "b1"),
        ("in_scope", "b1"),
        ("struck_off", "b1"),
        ("begun", "b1"),
        ("confirmed", "b1"),
        ("cannot", "b1"),
        ("complains", "b1"),
        ("issued", "u1"),
        ("replaced", "u1"),
        ("runs_from", "i8", (2, RUNS)),
        ("runs_to", "i8", (2, RUNS)),
        ("latest", "i8", (2,)),
        # -- tokens
        ("opened", "i4"),
        ("taken", "i4"),
        ("tokens_issued", "i8"),
        ("tokens_accepted", "i8"),
        ("tokens_lost", "i8"),
        ("tenths_lost", "i8"),
        ("keys", "i4"),
        # -- the customer
        ("purchases", "i8"),
        ("bought", "i8"),
        ("intervals", "i8"),
        ("interval_at", "i8"),
        ("payday", "i8"),
        ("paydays_after", "i8"),
        ("month", "i8"),
        ("requests", "i8"),
        ("not_before_day", "i8"),
        ("buying", "u1"),
        ("gave_up", "b1"),
        ("buy_at", "i8"),
        ("buy_order", "i8"),
        ("low_at", "i8"),
        ("ends_at", "i8"),
        ("processes", "i4"),
        ("messages", "i4"),
        ("planned", "i8"),
        ("next_step", "i4"),
        ("opening", "i4"),
        # -- a crew's task
        ("task", "u1"),
        ("task_asked", "b1"),
        ("task_appointment", "b1"),
        ("task_due", "i8"),
        ("task_phases", "i8"),
        ("task_visits", "i8"),
        ("task_version", "i8"),
        ("visits", "i8"),
        ("locked", "b1"),
        ("in_heap", "i8"),
        # -- books
        ("cause", "u1"),
        ("true_state", "u1"),
        ("counted_day", "i4"),
        ("day", "i4"),
        ("off_days", "i4", (6,)),
        ("off_day", "i4"),
        ("settled", "i8"),
        ("past_credited", "i8"),
        ("past_used", "i8"),
        ("past_cleared", "i8"),
        ("removed", "i8"),
        ("unserved", "i8"),
        ("off_credit", "i8"),
        ("off_tamper", "i8"),
        ("next_reading", "i8"),
        ("day_row", "i8"),
        ("limited", "b1"),
        ("is_begun", "b1"),
        ("fates", "i4", (4,)),
        ("end_true", "u1"),
        ("end_register", "u1"),
    ],
    align=True,
)
"""One supply point: its meter (`DECODER_FIELDS`) and all that is known of it.

`pans` are those of the register's record at the start, of the meter itself, and of the meter that replaces it.
`opened` heads the list of tokens that were not accepted yet, `taken` that of sections whose change came to its end,
`keys` that of its decoder keys, `processes` what is under way.
"""

CUSTOMER = np.dtype(
    [
        ("when_below", "i8"),
        ("first", "i8"),
        ("every", "i4"),
        ("amount", "i4"),
        ("enter_after", "i4"),
        ("paydays_at", "i4"),
        ("payday_mask", "i8"),
        ("payday_greatest", "i8"),
        ("never", "b1"),
        ("amount_is_use", "b1"),
        ("free_tenths", "i8"),
        ("between_entries", "i8"),
        ("retry_after", "i8"),
        ("pos", "i4"),
        ("wrong_digit", "i8"),
        ("credit_first", "i8"),
        ("one_section", "i8"),
        ("tries", "i8"),
        ("asks", "i8"),
        ("tries_again_after", "i4"),
        ("sittings", "i8"),
        ("answers", "i8"),
        ("answers_after", "i4"),
        ("at_deadline", "i8"),
        ("deadline_within", "i8"),
        ("spare_share", "i8"),
        ("spare_kept", "i4"),
    ],
    align=True,
)
"""A kind of customer: chances of 2^32, and places of its distributions in the tables (-1: none)."""

VENDING_KEY = np.dtype(
    [
        ("group", "i4"),
        ("revision", "i4"),
        ("base_minute", "i8"),
        ("key_type", "u1"),
        ("key_expiry", "u1"),
        ("active_from", "i8"),
        ("issue_until", "i8"),
        ("change_until", "i8"),
    ],
    align=True,
)
"""A vending key; the two last are minutes, LATE where there is no bound; the value of the key is not here."""

POINT_OF_SALE = np.dtype([("clock_offset", "i8"), ("wraps", "b1"), ("tid_list", "i4")], align=True)

STEP = np.dtype([("at", "i8"), ("order", "i8"), ("kind", "i4"), ("phase", "i4"), ("times", "i4")], align=True)
"""What a programme does in an area at an instant that is known from the start, in the order of happening.

`times` is with how many purchases changes are printed from then on.
"""

PHASE = np.dtype(
    [
        ("number", "i8"),
        ("channel", "i4"),
        ("start", "i8"),
        ("end", "i8"),
        ("send_over", "i8"),
        ("reaches", "i8"),
        ("unconfirmed", "b1"),
        ("crew_bit", "i8"),
        ("print_with", "i4"),
    ],
    align=True,
)
"""A phase of the area; `crew_bit` is its place among the area's phases by crew."""

HELD = np.dtype(
    [
        ("label", "i8"),
        ("block", "u8"),
        ("clear", "u8"),
        ("record", "i8"),
        ("tenths", "i8"),
        ("token_class", "u1"),
        ("section", "b1"),
        ("done", "b1"),
        ("shared", "b1"),
        ("enciphered", "b1"),
        ("next", "i4"),
    ],
    align=True,
)
"""A token in a hand, or in a message and perhaps a hand besides (`shared`); its digits are class and block, once it is
`enciphered`, `clear` what they say."""

HAND = np.dtype(
    [
        ("count", "i8"),
        ("tries", "i8"),
        ("first_word", "i8"),
        ("tokens", "i4", (MOST_HELD,)),
        ("number", "i4"),
        ("kept", "b1"),
        ("next", "i4"),
    ],
    align=True,
)
"""What one hand-out left with the customer. `first_word` is the draw that says whether its first entry is mistyped, -1
where it was not made yet. A message is `kept`: other hands may take its tokens, so that neither it
nor they are given back."""

OPEN = np.dtype(
    [("clear", "u8"), ("record", "i8"), ("tenths", "i8"), ("token_class", "u1"), ("tried", "b1"), ("next", "i4")],
    align=True,
)
"""A token that the meter has not accepted yet, by what it says and the record that it was made under; or a section
that was taken."""

KEY = np.dtype([("record", "i8"), ("high", "u8"), ("low", "u8"), ("next", "i4"), ("there", "b1")], align=True)
"""A decoder key of a connection, by the record that it belongs to. A meter with 128-bit keys has none under a vending
key that makes 64-bit ones: that key is not `there`."""

PROCESS = np.dtype(
    [
        ("at", "i8"),
        ("order", "i8"),
        ("phase", "i4"),
        ("kind", "i4"),
        ("state", "i4"),
        ("hand", "i4"),
        ("instant", "i8"),
        ("sitting", "i8"),
        ("place", "i4"),
        ("tried", "i4"),
        ("manner", "i4"),
        ("guided", "b1"),
        ("purchase", "b1"),
        ("served", "b1"),
        ("number", "i8"),
        ("argument", "i8"),
        ("job", "i4"),
        ("next", "i4"),
    ],
    align=True,
)
"""Something under way at a connection: the next instant at which it goes on, and how far it is."""

WAIT = np.dtype([("desk", "i4"), ("at", "i8"), ("waited", "i8")], align=True)
HEAP = np.dtype([("at", "i8"), ("order", "i8"), ("row", "i8"), ("stamp", "i8")], align=True)
"""A connection that waits for its turn: the second and phase, and what decides between equal ones."""
DESK = np.dtype(
    [
        ("there", "b1"),
        ("staff", "i8"),
        ("service", "i4"),
        ("patience", "i8"),
        ("opens", "i8"),
        ("closes", "i8"),
        ("weekdays", "i8"),
        ("free", "i8"),
        ("waiting", "i8"),
        ("waiting_number", "i8"),
        ("waiting_room", "i8"),
    ],
    align=True,
)
"""A help desk or an office: `free` and `waiting` are addresses of heaps of instants."""

_ARRAYS = (
    "connections",
    "tids",
    "customers",
    "tables",
    "models",
    "vending_keys",
    "points_of_sale",
    "steps",
    "phases",
    "closes",
    "midnights",
    "local_days",
    "whole_days",
    "openings",
    "closings",
    "starts",
    "offsets",
    "holidays",
    "groups",
    "outages",
    "deliveries",
    "counts",
    "entries",
    "helds",
    "hands",
    "opens",
    "keys",
    "processes",
    "log",
    "waits",
    "heap",
    "tasks",
    "returns",
    "day_rows",
    "reading_rows",
    "wanted",
    "answer",
    "desks",
    "busy",
    "put_back",
    "appointments",
    "profiles",
    "load_days",
    "boxes",
    "proof_clears",
    "proof_keys",
)
POOLS = ("helds", "hands", "opens", "keys", "processes")
"""Arrays with a list of free places; `free_NAME` heads it."""
FILLED = ("log", "waits", "heap", "tasks", "appointments", "returns", "wanted", "proof_clears")
"""Arrays that fill up from the start; `n_NAME` is how many of `room_NAME` are filled."""

FLEET = np.dtype(
    [
        *((name, "i8") for name in _ARRAYS),
        *((f"room_{name}", "i8") for name in _ARRAYS),
        *((f"free_{name}", "i8") for name in POOLS),
        *((f"left_{name}", "i8") for name in POOLS),
        *((f"n_{name}", "i8") for name in FILLED),
        ("n_reading_rows", "i8"),
        ("load_first_day", "i8"),
        ("load_blocks", "i8"),
        ("seed", "u8"),
        ("start", "i8"),
        ("end", "i8"),
        ("days", "i8"),
        ("wraps_or_lists", "b1"),
        ("counter_sells", "b1"),
        # -- the programme
        ("programme", "b1"),
        ("replace_all", "b1"),
        ("replacement", "i8"),
        ("from_revision", "i8"),
        ("scope_group", "i8"),
        ("to_revision", "i8"),
        ("to_group", "i8"),
        ("to_tariff", "i8"),
        ("to_expiry", "i8"),
        ("three_sections", "b1"),
        ("force_rollover", "i8"),
        ("credit_until", "i8"),
        ("lends", "b1"),
        ("lend_start", "i8"),
        ("lend_until", "i8"),
        ("lend_tenths", "i8"),
        ("pay_back", "i8"),
        ("kwh_price", "i8"),
        # -- the area
        ("in_area", "i8"),
        ("sales_per_hour", "i8"),
        ("busy_retry", "i8"),
        ("sales_hour", "i8"),
        ("sales", "i8"),
        ("depot", "b1"),
        ("crews", "i8"),
        ("visits_per_day", "i8"),
        ("no_access", "i8"),
        ("calls_back", "i8"),
        ("appointment_after", "i8"),
        ("revisit_after", "i8"),
        ("most_visits", "i8"),
        ("replacement_takes", "i8"),
        ("stock", "i8"),
        ("delivered", "i8"),
        ("next_opening", "i8"),
        ("barrier_at", "i8"),
        ("barrier_order", "i8"),
        # -- the run
        ("now", "i8"),
        ("phase", "i8"),
        ("order", "i8"),
        ("next_at", "i8"),
        ("next_phase", "i8"),
        ("next_order", "i8"),
        ("next_what", "i8"),
        ("next_place", "i8"),
        ("begun", "i8"),
        ("current", "i8"),
        ("picked", "i8"),
        ("finished", "i8"),
        ("why_refused", "i8", (19,)),
        ("readings_every", "i8"),
        ("fault", "i8"),
        # -- what the vending side just did
        ("refusal", "i8"),
        ("why", "i8"),
        ("why_a", "i8"),
        ("why_b", "i8"),
        ("why_c", "i8"),
        ("why_d", "i8"),
        ("sections", "i8"),
        ("repeated", "b1"),
        ("made", "u8", (MOST_SECTIONS,)),
        ("made_clear", "u8", (MOST_SECTIONS,)),
        ("token", "u8"),
        ("enciphered", "b1"),
        ("token_clear", "u8"),
        ("token_record", "i8"),
        ("token_tenths", "i8"),
        ("words", "u4", (4 * AHEAD,)),
        ("words_of", "i8"),
        ("words_from", "i8"),
        ("spare_hand", "i8"),
        ("spare_at", "i8"),
    ],
    align=True,
)
"""All else: addresses of the arrays and how many elements each has, the programme, the area, and the running event."""


connections = view_of("connections", CONNECTION)
"""The connections of the area, in the order of the scenario."""
tids = view_of("tids", np.dtype(np.int32))
"""The TID stores of all meters."""
customers = view_of("customers", CUSTOMER)
models = view_of("models", MODEL)
vending_keys = view_of("vending_keys", VENDING_KEY)
points_of_sale = view_of("points_of_sale", POINT_OF_SALE)
steps = view_of("steps", STEP)
phases = view_of("phases", PHASE)
helds = view_of("helds", HELD)
hands = view_of("hands", HAND)
opens = view_of("opens", OPEN)
keys = view_of("keys", KEY)
processes = view_of("processes", PROCESS)
log_rows = view_of("log", LOG)
waits = view_of("waits", WAIT)
heap = view_of("heap", HEAP)
tasks = view_of("tasks", HEAP)
appointments = view_of("appointments", HEAP)
put_back = view_of("put_back", HEAP)
"""Scratch: tasks that were looked at and not taken, and from behind the rows of connections that are visited."""
desks = view_of("desks", DESK)
proof_clears = view_of("proof_clears", np.dtype(np.uint64))
"""Tokens that were entered under the very key that they were made under: what they say. They are enciphered and
deciphered many at a time (`proof.py`)."""
proof_keys = view_of("proof_keys", np.dtype(np.uint64))
answer = view_of("answer", np.dtype(np.int64))
"""What the decoder says of an entry."""
tables = table_view("tables", width=KNOTS)
"""The distributions' tables."""
counts = table_view("counts", height=of.WIDTH)
"""What is counted of the area, by column and day."""
entries = table_view("entries", height=len(Status))
"""Entries by result and day."""


# -- pools ---------------------------------------------------------------------------------------------------------


@inner
def take_held(g: Record) -> Number:
    """A place in the pool of tokens in hands."""
    place = g.free_helds
    g.free_helds = helds(g)[place].next
    g.left_helds -= 1
    return place


@inner
def give_held(g: Record, place: Number) -> None:
    """Give a place back."""
    helds(g)[place].next = g.free_helds
    g.free_helds = place
    g.left_helds += 1


@inner
def take_hand(g: Record, count: Number) -> Number:
    """An empty hand with this number for its draws."""
    place = g.free_hands
    hand = hands(g)[place]
    g.free_hands = hand.next
    g.left_hands -= 1
    hand.count = count
    hand.tries = 0
    hand.first_word = -1
    hand.number = 0
    hand.kept = False
    hand.next = -1
    return place


@inner
def give_hand(g: Record, place: Number) -> None:
    """Give a hand and its tokens back."""
    hand = hands(g)[place]
    for position in range(hand.number):
        if not helds(g)[hand.tokens[position]].shared:
            give_held(g, hand.tokens[position])
    hand.next = g.free_hands
    g.free_hands = place
    g.left_hands += 1


@inner
def take_open(g: Record) -> Number:
    """A place in the pool of open tokens."""
    place = g.free_opens
    g.free_opens = opens(g)[place].next
    g.left_opens -= 1
    return place


@inner
def give_open(g: Record, place: Number) -> None:
    """Give a place back."""
    opens(g)[place].next = g.free_opens
    g.free_opens = place
    g.left_opens += 1


@inner
def take_process(g: Record, c: Record, kind: Number) -> Number:
    """A new process of a connection, which is planned for no instant yet."""
    place = g.free_processes
    process = processes(g)[place]
    g.free_processes = process.next
    g.left_processes -= 1
    process.kind = kind
    process.at = LATE
    process.state = 0
    process.hand = -1
    process.sitting = 0
    process.guided = False
    process.purchase = False
    process.served = False
    process.next = c.processes
    c.processes = place
    return place


@inner
def end_process(g: Record, c: Record, place: Number) -> None:
    """Take a process off its connection and give its place back."""
    pool = processes(g)
    if c.processes == place:
        c.processes = pool[place].next
    else:
        before = c.processes
        while pool[before].next != place:
            before = pool[before].next
        pool[before].next = pool[place].next
    pool[place].next = g.free_processes
    g.free_processes = place
    g.left_processes += 1


@inner
def plan(g: Record, c: Record, place: Number, at: Number, phase: Number) -> None:
    """Let a process go on at an instant, in its phase."""
    process = processes(g)[place]
    process.at = at
    process.phase = phase
    process.order = order_now(g, c)


@inner
def order_now(g: Record, c: Record) -> Number:
    """What decides between things of one second and phase: when they were planned."""
    c.planned += 1
    return (g.now - g.start + 1) << 24 | g.phase << 20 | c.planned & 0xFFFFF


NO_BUYER, RECKONS, GOES, WAITS_FOR_SALE, IN_TURN, UNDER_WAY, RESTS = 0, 1, 2, 3, 4, 5, 6
"""What a customer's buying is at: nobody buys; the next purchase is reckoned; one at an interval is planned; vending
was down or busy; it takes its turn; one is under way; what was bought was not accepted, or nothing was sold."""

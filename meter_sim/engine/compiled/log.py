"""The event log of the fleet engine: a record an event, with numbers in place of texts.

`engine/fleet_rows.py` makes rows of the event log from these records. What a record says is what `engine/journal.py`
takes: a kernel begins it with `begin_row`, which notes the state that the event leaves behind, and fills in the rest.
"""

import numpy as np
from numpy import int64, uint64
from numpy.typing import NDArray

from meter_sim.engine.compiled import decoder
from meter_sim.engine.compiled.decoder import Record
from meter_sim.engine.compiled.jit import compiled
from meter_sim.people.crew import VisitOutcome
from meter_sim.programme import Channel
from meter_sim.results.record import EventKind
from meter_sim.vending.refusal import REFUSALS

LOG = np.dtype(
    [
        ("time", "i8"),
        ("label", "i8"),
        ("digits_high", "u8"),
        ("digits_low", "u8"),
        ("clear", "u8"),
        ("issued_pan", "u8"),
        ("a", "i8"),
        ("b", "i8"),
        ("c", "i8"),
        ("d", "i8"),
        ("credited", "i8"),
        ("register", "i8"),
        ("pan", "u8"),
        ("row", "i4"),
        ("issued_group", "i4"),
        ("model", "i2"),
        ("pos", "i2"),
        ("kind", "u1"),
        ("says", "u1"),
        ("clear_class", "u1"),
        ("clear_is_long", "b1"),
        ("issued_revision", "u1"),
        ("result", "u1"),
        ("reason", "u1"),
        ("switch_closed", "b1"),
        ("key_revision", "u1"),
        ("presumed", "u1"),
    ]
)
"""One event. `row` is the connection's place in the columns, `kind` the event's place in EventKind.

The 20 digits are two numbers of ten, NO_DIGITS in the upper where there are none. `says` tells whose token `clear`
(of `clear_class`) is; `clear_is_long` that it was read or made with EA11. The record under which the token was issued
has `issued_pan`, `issued_group` (the SGC as a number) and `issued_revision` (0: none). `result` is a Status, or one of
the results below; `reason` a reason of `decoder.py` or one of those below, with its arguments `a` to `d`. `pos` is the
place of a point of sale, -1 for none. `register` and what follows is the state that the event leaves: watt-seconds,
the meter's model, PAN, switch and KRN, and the KRN that the vending side's register presumes.
"""

NO_DIGITS = (1 << 64) - 1
HALF = 10**10
"""What a half of the 20 digits is below."""
_OTHER_BITS = (1 << 64) - 1 - (3 << 27)
_HIGH, _LOW = divmod(1 << 64, HALF)
_HIGH_END, _LOW_END = divmod(1 << 66, HALF)

NOTHING_SAID, SAYS_ISSUED, SAYS_READ = 0, 1, 2
"""What `says`: nothing, the issued token under its record's base date, or the token that the meter read."""

FIRST_REFUSAL = 100
"""The result of a refusal of the vending side: its place in REFUSALS, from here on."""
ISSUED = 200
"""The result of a token that was handed out."""

_KINDS = tuple(EventKind)
PURCHASE = _KINDS.index(EventKind.PURCHASE)
REPRINT = _KINDS.index(EventKind.REPRINT)
FREE_UNITS = _KINDS.index(EventKind.FREE_UNITS)
LENT = _KINDS.index(EventKind.LENT)
TOKEN_REPLACED = _KINDS.index(EventKind.TOKEN_REPLACED)
SALE_REFUSED = _KINDS.index(EventKind.SALE_REFUSED)
KEY_CHANGE_ISSUED = _KINDS.index(EventKind.KEY_CHANGE_ISSUED)
KEY_CHANGE_WAITING = _KINDS.index(EventKind.KEY_CHANGE_WAITING)
ISSUE_REFUSED = _KINDS.index(EventKind.ISSUE_REFUSED)
ENTRY = _KINDS.index(EventKind.ENTRY)
KEY_CHANGED = _KINDS.index(EventKind.KEY_CHANGED)
CREDIT_ENDED = _KINDS.index(EventKind.CREDIT_ENDED)
HELD = _KINDS.index(EventKind.HELD)
MESSAGE = _KINDS.index(EventKind.MESSAGE)
VISIT = _KINDS.index(EventKind.VISIT)
HELP = _KINDS.index(EventKind.HELP)
REPLACED = _KINDS.index(EventKind.REPLACED)
CORRECTED = _KINDS.index(EventKind.CORRECTED)
SUPPLY_OFF = _KINDS.index(EventKind.SUPPLY_OFF)
SUPPLY_ON = _KINDS.index(EventKind.SUPPLY_ON)
LIMIT_BINDS = _KINDS.index(EventKind.LIMIT_BINDS)
LIMIT_CEASES = _KINDS.index(EventKind.LIMIT_CEASES)

_NAMES = [refusal.__name__ for refusal in REFUSALS]
VENDING_KEY_UNKNOWN = FIRST_REFUSAL + _NAMES.index("VendingKeyUnknown")
VENDING_KEY_NOT_ACTIVE = FIRST_REFUSAL + _NAMES.index("VendingKeyNotActive")
ISSUE_UNTIL_PASSED = FIRST_REFUSAL + _NAMES.index("IssueUntilPassed")
KEY_CHANGE_UNTIL_PASSED = FIRST_REFUSAL + _NAMES.index("KeyChangeUntilPassed")
KEY_EXPIRED = FIRST_REFUSAL + _NAMES.index("KeyExpired")
TID_OUT_OF_RANGE = FIRST_REFUSAL + _NAMES.index("TidOutOfRange")
AMOUNT_OUT_OF_RANGE = FIRST_REFUSAL + _NAMES.index("AmountOutOfRange")
VENDING_DOWN = FIRST_REFUSAL + _NAMES.index("VendingDown")
VENDING_BUSY = FIRST_REFUSAL + _NAMES.index("VendingBusy")

# Reasons that are not the meter's.
KEY_IS_UNKNOWN = 40
"""A: SGC, B: KRN."""
KEY_IS_NOT_ACTIVE = 41
"""A: SGC, B: KRN."""
KEY_ISSUES_NO_MORE = 42
"""A: SGC, B: KRN."""
NO_CHANGE_FROM_KEY = 43
"""A: SGC, B: KRN."""
BEYOND_KEN = 44
"""A: TID, B: KEN, C: SGC, D: KRN."""
TID_IS_OUTSIDE = 45
"""A: TID, B: year of the base date."""
AMOUNT_IS_OUTSIDE = 46
"""A: tenths."""
AREA_IS_DOWN = 47
AREA_IS_BUSY = 48
"""A: the most sales in an hour."""
RECORD_WAS_WRONG = 49
"""A: PAN that it said, B: true PAN, C and D: the other fields that it said and the true ones, as `packed_record`."""
TAKES_NO_CHANGES = 50
KEY_WENT = 51
"""A: KRN and B: key type before, C and D: after."""
CHANNEL = 52
"""A: place of the channel in Channel."""
VISITED = 53
"""A: place of the outcome in VisitOutcome."""
NEW_METER = 54
"""A: the new meter's PAN."""

CHANNELS = tuple(Channel)
VISIT_OUTCOMES = tuple(VisitOutcome)


# -- labels ------------------------------------------------------------------------------------------------------------
# Bits 0 to 3: number of the part, 4: it is one of `.kct`, 8 to 15: how often " again", 16 to 19: which label, 20 to 23:
# channel, from 24: number of the purchase or phase.

NO_LABEL = 0
LABEL_PURCHASE, LABEL_FREE, LABEL_LENT, LABEL_SPARE, LABEL_DRAWER = 1, 2, 3, 4, 5
LABEL_PHASE, LABEL_CREW, LABEL_HELP, LABEL_CREW_CREDIT = 6, 7, 8, 9


@compiled
def label_purchase(count: int) -> int:
    """The label of the purchase of this count: the customer's name and `#count + 1`."""
    return count << 24 | LABEL_PURCHASE << 16


@compiled
def label_free(count: int) -> int:
    """The label of the free units that came with a purchase."""
    return count << 24 | LABEL_FREE << 16


@compiled
def label_lent(count: int) -> int:
    """The label of the units that were lent with a purchase."""
    return count << 24 | LABEL_LENT << 16


@compiled
def label_spare(count: int) -> int:
    """The label of the spare token that was bought with a purchase."""
    return count << 24 | LABEL_SPARE << 16


@compiled
def label_drawer() -> int:
    """The label of the token that lies in a drawer when the run begins."""
    return LABEL_DRAWER << 16


@compiled
def label_phase(channel: int, number: int) -> int:
    """The label of what a phase of a programme hands out; `channel` is its place in Channel."""
    return number << 24 | channel << 20 | LABEL_PHASE << 16


@compiled
def label_crew() -> int:
    """The label of the sections that a crew enters."""
    return LABEL_CREW << 16


@compiled
def label_help() -> int:
    """The label of the sections that staff hand out once more."""
    return LABEL_HELP << 16


@compiled
def label_crew_credit() -> int:
    """The label of the credit that a crew enters at a new meter."""
    return LABEL_CREW_CREDIT << 16


@compiled
def label_again(label: int) -> int:
    """The label of the token that takes the place of one with this label; 255 times in all at most."""
    return label + (1 << 8)


@compiled
def label_part(label: int, number: int) -> int:
    """The label of a section of a change that is handed out by itself: `.number`, from 1."""
    return label | number


@compiled
def label_kct_part(label: int, number: int) -> int:
    """The label of a section that is printed with a purchase: `.kct.number`, from 1."""
    return label | 1 << 4 | number


# -- filling records ---------------------------------------------------------------------------------------------------


@compiled
def packed_record(supply_group: int, key_revision: int, tariff_index: int) -> int:
    """SGC, KRN and TI of a meter's record as one number."""
    return supply_group << 16 | key_revision << 8 | tariff_index


@compiled
def digits_of(token_class: int64, block: uint64) -> tuple[uint64, uint64]:
    """The 20 digits of a class and a block, as two numbers of ten digits."""
    displaced = block >> uint64(27) & uint64(3)
    low = block & uint64(_OTHER_BITS) | uint64(token_class) << uint64(27)
    upper = low // uint64(HALF)
    lower = low - upper * uint64(HALF) + displaced * uint64(_LOW)
    carry = lower // uint64(HALF)
    return upper + displaced * uint64(_HIGH) + carry, lower - carry * uint64(HALF)


@compiled
def class_and_block(upper: uint64, lower: uint64) -> tuple[int64, uint64]:
    """Class and block of 20 digits; class 255 and block 0 where they are 2^66 or more."""
    high, low = uint64(_HIGH_END), uint64(_LOW_END)
    if upper > high or (upper == high and lower >= low):
        return int64(255), uint64(0)
    displaced = uint64(0)
    high, low = uint64(_HIGH), uint64(_LOW)
    while upper > high or (upper == high and lower >= low):
        if lower < low:
            upper -= uint64(1)
            lower += uint64(HALF)
        upper -= high
        lower -= low
        displaced += uint64(1)
    number = upper * uint64(HALF) + lower
    token_class = int64(number >> uint64(27) & uint64(3))
    return token_class, number & uint64(_OTHER_BITS) | displaced << uint64(27)


@compiled
def mistyped(upper: uint64, lower: uint64, word: int64) -> tuple[uint64, uint64]:
    """The digits with one of them changed to another, as `people/customer.py` has it: place and digit are drawn."""
    place, change = word * 20 >> 32, 1 + ((word & 0xFFFF) * 9 >> 16)
    step = uint64(1)
    for _ in range(9 - place % 10):
        step *= uint64(10)
    half = upper if place < 10 else lower
    digit = int64(half // step % uint64(10))
    half = half - uint64(digit) * step + uint64((digit + change) % 10) * step
    return (half, lower) if place < 10 else (upper, half)


@compiled
def begin_row(event: Record, m: Record, time: int64, row: int64, kind: int, presumed: int) -> None:
    """Begin an event: when, where, what, and the state that it leaves; nothing else is said yet."""
    event.time = time
    event.row = row
    event.kind = kind
    event.label = NO_LABEL
    event.digits_high = uint64(NO_DIGITS)
    event.digits_low = uint64(NO_DIGITS)
    event.clear = uint64(0)
    event.clear_class = 0
    event.clear_is_long = False
    event.says = NOTHING_SAID
    event.issued_pan = uint64(0)
    event.issued_group = 0
    event.issued_revision = 0
    event.result = 0
    event.reason = 0
    event.a = 0
    event.b = 0
    event.c = 0
    event.d = 0
    event.credited = 0
    event.pos = -1
    event.register = m.balance
    event.pan = m.pan
    event.model = m.model
    event.switch_closed = m.switch_closed
    event.key_revision = m.key_revision
    event.presumed = presumed


@compiled
def put_reason(event: Record, reason: int, a: int64, b: int64, c: int64, d: int64) -> None:
    """Say why."""
    event.reason = reason
    event.a = a
    event.b = b
    event.c = c
    event.d = d


@compiled
def put_issued(
    event: Record, token_class: int, clear: uint64, pan: uint64, supply_group: int, key_revision: int, is_long: bool
) -> None:
    """Say which token it is about: one that was issued under this record."""
    event.says = SAYS_ISSUED
    event.clear = clear
    event.clear_class = token_class
    event.clear_is_long = is_long
    event.issued_pan = pan
    event.issued_group = supply_group
    event.issued_revision = key_revision


@compiled
def put_answer(
    event: Record, models: NDArray[np.void], token_class: int64, status: int, answer: NDArray[int64], power: int64
) -> None:
    """Say what the meter answered to digits of this class, with the watts drawn before the entry.

    What is issued is to be said first: where nothing is, the row says what the meter read.
    """
    event.result = status
    event.credited = answer[decoder.CREDITED]
    put_reason(
        event,
        answer[decoder.REASON],
        answer[decoder.A],
        power if answer[decoder.REASON] == decoder.SHOWN else answer[decoder.B],
        answer[decoder.C],
        answer[decoder.D],
    )
    if event.says == NOTHING_SAID and answer[decoder.READ]:
        event.says = SAYS_READ
        event.clear = uint64(answer[decoder.CLEAR])
        event.clear_class = token_class
        event.clear_is_long = models[event.model].is_long

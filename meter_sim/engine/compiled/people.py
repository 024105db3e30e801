"""What a customer decides (`meter_sim/people/customer.py`) in compiled code. -1 stands for no instant."""

from numpy import int64, uint8, uint64
from numpy.typing import NDArray

from meter_sim.engine.compiled.calendar import civil, day_of, midnight
from meter_sim.engine.compiled.jit import Whole, compiled
from meter_sim.local_time import DAY
from meter_sim.people.customer import DIGITS, LEAST_AMOUNT, LEAST_DELAY, WS_PER_TENTH
from meter_sim.sts.compiled.number import NO_TOKEN, read, write

_ASCII_ZERO = 48


@compiled
def amount_bought(value: Whole, amount_is_use: bool, mean_ws: Whole) -> Whole:
    """Tenths of a kWh of a purchase: the value drawn, or the mean use (watt-seconds a day) of so many seconds."""
    if amount_is_use:
        value = (mean_ws // DAY * value + mean_ws % DAY * value // DAY) // WS_PER_TENTH
    return max(value, LEAST_AMOUNT)


@compiled
def next_payday(
    starts: NDArray[int64], offsets: NDArray[int64], days_mask: Whole, greatest_day: Whole, after: Whole
) -> Whole:
    """The local day of the first payday whose day begins after an instant.

    Bit d of the mask is day d of the month, the greatest day its highest bit; a day that a month lacks is its last.
    """
    day = day_of(starts, offsets, after) + 1
    while True:
        year, month, of_month = civil(day)
        length = 30 + ((month + (month >> 3)) & 1)
        if month == 2:
            length = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
        while of_month < length:
            if (days_mask >> of_month) & 1:
                return day
            day += 1
            of_month += 1
        if (days_mask >> length) & 1 or greatest_day > length:
            return day
        day += 1


@compiled
def payday_instant(starts: NDArray[int64], offsets: NDArray[int64], day: Whole, value: Whole) -> Whole:
    """The instant of a purchase on a payday, the drawn seconds after midnight, at most the day's last second."""
    first = midnight(starts, offsets, day)
    return first + min(max(value, 0), midnight(starts, offsets, day + 1) - first - 1)


@compiled
def campaign_answer(
    answers: Whole,
    at_deadline: Whole,
    deadline_within: Whole,
    answers_after: Whole,
    told: Whole,
    deadline: Whole,
    word: Whole,
    time_word: Whole,
) -> Whole:
    """When a customer who is told at `told` acts: after the message, before the deadline (-1: none), or not at all.

    `answers` and `at_deadline` are chances of 2^32; `answers_after` is the value that `time_word` gives.
    """
    if word < answers:
        return told + max(answers_after, LEAST_DELAY)
    rest = (1 << 32) - answers
    # Of both factors at most one is 2^32 here, where the other is not.
    of_rest = rest if at_deadline == 1 << 32 else int64(uint64(at_deadline) * uint64(rest) >> uint64(32))
    if deadline < 0 or word >= answers + of_rest:
        return -1
    window = min(deadline_within, deadline - told - LEAST_DELAY)
    if window <= 0:
        return -1
    return deadline - window + int64(uint64(window) * uint64(time_word) >> uint64(32))


@compiled
def mistyped_digits(token_class: Whole, block: uint64, word: Whole, digits: NDArray[uint8]) -> tuple[Whole, uint64]:
    """Class and block of a token with one digit mistyped, NO_TOKEN and 0 where it is none any more.

    The 20 digits that were typed are left in the first row of `digits`, as ASCII.
    """
    write(uint8(token_class), block, digits, 0)
    place, change = word * DIGITS >> 32, 1 + ((word & 0xFFFF) * 9 >> 16)
    digits[0, place] = uint8(_ASCII_ZERO + (int64(digits[0, place]) - _ASCII_ZERO + change) % 10)
    read_class, read_block = read(digits, 0)
    return int64(read_class), read_block


@compiled
def mistyped(token_class: Whole, block: uint64, word: Whole, digits: NDArray[uint8]) -> tuple[bool, Whole, uint64]:
    """Whether a token with one digit mistyped is one at all, and its class and block; `digits` is scratch."""
    read_class, read_block = mistyped_digits(token_class, block, word, digits)
    return read_class != NO_TOKEN, read_class, read_block

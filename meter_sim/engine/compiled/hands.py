"""What a customer holds in the hand, and in which order it is entered (`engine/hand.py`)."""

from numpy import int64

from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.state import MOST_HELD, Number, Record, give_held, hands, helds, take_held

PRINTED, CREDIT_FIRST, FIRST_SECTION_ONLY = range(3)
"""How the tokens of a slip with a key change are entered."""
TOO_MUCH_IN_HAND = 2
"""A fault: one hand holds more tokens than there is room for."""


@inner
def add_token(g: Record, hand_place: Number, label: Number) -> None:
    """Add the credit token that was sold last."""
    hand = hands(g)[hand_place]
    if hand.number == MOST_HELD:
        g.fault = TOO_MUCH_IN_HAND
        return
    place = take_held(g)
    held = helds(g)[place]
    held.label = label
    held.token_class = 0
    held.block = g.token
    held.enciphered = g.enciphered
    held.clear = g.token_clear
    held.record = g.token_record
    held.tenths = g.token_tenths
    held.section = False
    held.done = False
    held.shared = hand.kept
    hand.tokens[hand.number] = place
    hand.number += 1


@inner
def add_sections(g: Record, c: Record, hand_place: Number, label: Number, with_purchase: bool) -> None:
    """Add the sections that were issued last, in printed order."""
    hand = hands(g)[hand_place]
    for section in range(c.changes_number):
        if hand.number == MOST_HELD:
            g.fault = TOO_MUCH_IN_HAND
            return
        place = take_held(g)
        held = helds(g)[place]
        held.label = rows.label_kct_part(label, section + 1) if with_purchase else rows.label_part(label, section + 1)
        held.token_class = 2
        held.block = c.changes[section]
        held.enciphered = True
        held.clear = c.changes_clear[section]
        held.record = c.changes_record
        held.tenths = 0
        held.section = True
        held.done = False
        held.shared = hand.kept
        hand.tokens[hand.number] = place
        hand.number += 1


@inner
def take_slip(g: Record, c: Record, hand_place: Number, label: Number) -> None:
    """Add what the latest sale printed, in printed order."""
    if g.sections:
        add_sections(g, c, hand_place, label, True)
    add_token(g, hand_place, label)


@inner
def drop_sections(g: Record, hand_place: Number) -> None:
    """Throw the sections of a hand away."""
    hand = hands(g)[hand_place]
    kept = 0
    for position in range(hand.number):
        place = hand.tokens[position]
        if helds(g)[place].section:
            if not helds(g)[place].shared:
                give_held(g, place)
        else:
            hand.tokens[kept] = place
            kept += 1
    hand.number = kept


@inner
def take_sections(g: Record, c: Record, hand_place: Number, label: Number) -> None:
    """Put the sections that were issued last in front, in place of those that are there."""
    drop_sections(g, hand_place)
    hand = hands(g)[hand_place]
    credit = hand.number
    add_sections(g, c, hand_place, label, False)
    _rotate(hand, credit)


@inner
def _rotate(hand: Record, first: Number) -> None:
    """Put what lies from `first` on in front."""
    for _ in range(first):
        place = hand.tokens[0]
        for position in range(hand.number - 1):
            hand.tokens[position] = hand.tokens[position + 1]
        hand.tokens[hand.number - 1] = place


@inner
def put_in_front(g: Record, hand_place: Number, message_place: Number) -> bool:
    """Put what is open of a message in front of a hand; whether anything is."""
    hand, message = hands(g)[hand_place], hands(g)[message_place]
    had = int64(hand.number)
    for position in range(message.number):
        place = message.tokens[position]
        if not helds(g)[place].done:
            if hand.number == MOST_HELD:
                g.fault = TOO_MUCH_IN_HAND
                return True
            hand.tokens[hand.number] = place
            hand.number += 1
    if hand.number == had:
        return False
    _rotate(hand, had)
    return True


@inner
def is_left(g: Record, hand_place: Number) -> bool:
    """Whether anything is still to be entered; sections are not once all credit of the same hand was accepted."""
    hand = hands(g)[hand_place]
    credit, credit_left, left = 0, 0, 0
    for position in range(hand.number):
        held = helds(g)[hand.tokens[position]]
        left += not held.done
        if not held.section:
            credit += 1
            credit_left += not held.done
    return left > 0 and (credit == 0 or credit_left > 0)


@inner
def credit_is_left(g: Record, hand_place: Number) -> bool:
    """Whether a credit token is still to be entered."""
    hand = hands(g)[hand_place]
    for position in range(hand.number):
        held = helds(g)[hand.tokens[position]]
        if not held.section and not held.done:
            return True
    return False


@inner
def has_sections(g: Record, hand_place: Number) -> bool:
    """Whether a key change is among it that is still to be entered."""
    hand = hands(g)[hand_place]
    for position in range(hand.number):
        held = helds(g)[hand.tokens[position]]
        if held.section and not held.done:
            return True
    return False


@inner
def token_at(g: Record, hand_place: Number, manner: Number, place: Number) -> Number:
    """The token that comes at this place of a sitting, in the pool of those in hands; -1 behind the last."""
    hand = hands(g)[hand_place]
    if manner == PRINTED:
        return int64(hand.tokens[place]) if place < hand.number else int64(-1)
    sections, credit = 0, 0
    for position in range(hand.number):
        if helds(g)[hand.tokens[position]].section:
            sections += 1
        else:
            credit += 1
    if manner == FIRST_SECTION_ONLY:
        of_sections = min(sections, 1)
        if place >= of_sections + credit:
            return int64(-1)
        wants_section = place < of_sections
        number = place if wants_section else place - of_sections
    else:
        if place >= 2 * credit + sections:
            return int64(-1)
        wants_section = credit <= place and place < credit + sections
        number = place
        if wants_section:
            number = place - credit
        elif place >= credit:
            number = place - credit - sections
    for position in range(hand.number):
        if helds(g)[hand.tokens[position]].section == wants_section:
            if number == 0:
                return int64(hand.tokens[position])
            number -= 1
    return int64(-1)

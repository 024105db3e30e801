import pytest

from meter_sim.meter.keypad import BACKSPACE, Keypad

DIGITS = "12345678901234567890"


def typed(keypad, keys, every=1, start=1000):
    return [keypad.press(key, start + place * every) for place, key in enumerate(keys)][-1]


def test_the_twentieth_digit_completes():
    keypad = Keypad(30)
    assert typed(keypad, DIGITS[:19]) is None
    assert keypad.typed == DIGITS[:19]
    assert keypad.press("0", 1020) == DIGITS
    assert keypad.typed == ""


@pytest.mark.parametrize(("pause", "entry"), [(30, DIGITS), (31, None)])
def test_the_pause_after_which_it_forgets(pause, entry):
    assert typed(Keypad(30), DIGITS, every=pause) == entry


def test_backspace_and_other_keys():
    keypad = Keypad(30)
    assert typed(keypad, "1x#29" + BACKSPACE + DIGITS[2:]) == DIGITS
    assert typed(keypad, BACKSPACE + "1", start=2000) is None
    assert keypad.typed == "1"
    keypad.clear()
    assert keypad.typed == ""

import pytest

from meter_sim.meter.answer import Answer, Status
from meter_sim.meter.display import (
    PAGES,
    WORD_SECONDS,
    WORDS,
    Face,
    Reading,
    answer_lines,
    answer_seconds,
    face,
    result_word,
)

READING = Reading("12.3", "kWh", "1.2", "01", "123457", 480, "700.1", "00000000000")


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (Status.ACCEPT, "Accept"),
        (Status.FIRST_KCT, "1St"),
        (Status.SECOND_KCT, "2nd"),
        (Status.THIRD_KCT, "3rd"),
        (Status.FOURTH_KCT, "4th"),
        (Status.OVERFLOW, "rEJEct"),
        (Status.KEY_TYPE, "rEJEct"),
        (Status.FORMAT, "rEJEct"),
        (Status.RANGE, "rEJEct"),
        (Status.FUNCTION, "rEJEct"),
        (Status.OLD, "OLd"),
        (Status.USED, "USEd"),
        (Status.KEY_EXPIRED, "rEJEct"),
        (Status.DDTK, "rEJEct"),
        (Status.CRC, "rEJEct"),
        (Status.MFR_CODE, "rEJEct"),
        (Status.LOCKED_OUT, "LOc"),
        (Status.NOT_READY, ""),
    ],
)
def test_every_result_has_its_word(status, shown):
    assert result_word(status.standard_name) == shown
    assert Answer(status).display == (shown,)


def test_every_status_is_in_the_table_above():
    [mark] = [mark for mark in test_every_result_has_its_word.pytestmark if mark.name == "parametrize"]
    assert {status for status, _ in mark.args[1]} == set(Status)


def test_every_word_says_how_sure_it_is():
    for word in WORDS:
        assert word.certainty in "CLG"
        assert word.source


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ({}, Face("12.3", "kWh", "credit")),
        ({"page": "key"}, Face("1.2", "", "key")),
        ({"page": "tariff"}, Face("01", "", "tariff")),
        ({"page": "supply_group"}, Face("123457", "", "supply_group")),
        ({"page": "power"}, Face("480", "W", "power")),
        ({"page": "total"}, Face("700.1", "kWh", "total")),
        ({"page": "number"}, Face("00000000000", "", "number")),
        ({"typed": "0123"}, Face("0123", "", "typed")),
        ({"typed": "0123", "locked": True}, Face("0123", "", "typed")),
        ({"answer": ("1St",), "since": 0}, Face("1St", "", "answer")),
        ({"answer": ("1St",), "since": WORD_SECONDS - 1}, Face("1St", "", "answer")),
        ({"answer": ("1St",), "since": WORD_SECONDS}, Face("12.3", "kWh", "credit")),
        ({"answer": ("Accept", "connct"), "since": WORD_SECONDS}, Face("connct", "", "answer")),
        ({"answer": ("rEJEct",), "since": WORD_SECONDS, "locked": True}, Face("LOc", "", "answer")),
        ({"locked": True, "page": "key"}, Face("LOc", "", "answer")),
        ({"powered": False, "typed": "12", "answer": ("Accept",)}, Face("")),
    ],
)
def test_the_face(state, shown):
    assert face(READING, **({"powered": True} | state)) == shown


def test_an_answer_that_brings_supply():
    assert answer_lines(("Accept",), reconnected=True) == ("Accept", "connct")
    assert answer_lines(("Accept",), reconnected=False) == ("Accept",)
    assert answer_seconds(("Accept", "connct")) == 2 * WORD_SECONDS


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_the_display_key_shows_something(page):
    assert face(READING, powered=True, page=page).text

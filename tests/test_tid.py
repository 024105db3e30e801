import pytest

from meter_sim.sts import tid
from meter_sim.sts.errors import TidOutOfRange
from meter_sim.sts.tid import BaseDate
from tests.kit import at


@pytest.mark.parametrize(("base", "year"), [(BaseDate.Y1993, 2024), (BaseDate.Y2014, 2045), (BaseDate.Y2035, 2066)])
def test_the_last_minute_of_a_base_date(base, year):
    last = at(f"{year}-11-24 20:15:59")
    assert tid.tid_at(base, tid.minute_of(last)) == tid.GREATEST
    assert base.first_impossible == at(f"{year}-11-24 20:16") == last + 1
    with pytest.raises(TidOutOfRange):
        tid.tid_at(base, tid.minute_of(last + 1))


@pytest.mark.parametrize("base", BaseDate)
def test_the_first_minute_has_no_tid(base):
    with pytest.raises(TidOutOfRange):
        tid.tid_at(base, base.minute)
    assert tid.tid_at(base, base.minute + 1) == 1
    assert base.minute * 60 == at(f"{base.value}-01-01")


def test_seconds_are_dropped():
    minute = tid.minute_of(at("2004-03-01 13:55:59"))
    assert minute == tid.minute_of(at("2004-03-01 13:55:00"))
    assert tid.instant_of(BaseDate.Y1993, tid.tid_at(BaseDate.Y1993, minute)) == at("2004-03-01 13:55")


@pytest.mark.parametrize(("time", "reserved"), [("00:00", False), ("00:01", True), ("00:02", False), ("12:01", False)])
def test_the_reserved_minute(time, reserved):
    assert tid.is_reserved(tid.tid_at(BaseDate.Y2014, tid.minute_of(at(f"2024-03-29 {time}")))) is reserved


def test_codes_of_base_dates():
    assert [base.code for base in BaseDate] == ["93", "14", "35"]

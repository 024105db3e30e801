"""What the keypad's server keeps: nothing that was answered is lost when it is killed, put away or cut short."""

import json
import os
import signal
import stat
from itertools import pairwise

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.practice import commands as of
from meter_sim.practice.error import PracticeError
from meter_sim.practice.journal import beginning, command_line, read_journal, speed_line
from meter_sim.practice.saved import loaded, read, saved
from meter_sim.practice.session import Session
from meter_sim.practice.shelf import PRACTICE, shelf
from meter_sim.web.store import Store
from tests.keypad_kit import HOME, Client, server
from tests.test_keypad_http import JSON, fault

DAY = 86_400


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "sessions"


def files(folder, suffix):
    return sorted(folder.glob(f"*{suffix}"))


def killed(client, folder, **options):
    """Another server in the folder, as the first one would be after a kill: without a word from the first."""
    return Client(folder, **options)


def credit(client, key):
    answer = client.get("/session", headers={"X-Session": key})
    assert answer.status_code == 200, answer.text
    return answer.json()["meters"][0]["credit"]


# -- kills -----------------------------------------------------------------------------------------------------


def test_a_kill_costs_nothing_that_was_answered(folder):
    with server(folder) as (process, address):
        key = httpx.post(f"{address}sessions", json={}).json()["session"]
        session = {"X-Session": key}
        sold = httpx.post(f"{address}meters/{HOME}/purchases", json={"amount": "20 kWh"}, headers=session).json()
        token = {"token": sold["slip"]["tokens"][0]["digits"]}
        assert httpx.post(f"{address}session/save", headers=session).status_code == 200
        first = httpx.post(f"{address}meters/{HOME}/tokens", json=token, headers=session).json()
        assert first["entry"]["result"] == "Accept"
        process.kill()
    with server(folder) as (_, address):
        again = httpx.post(f"{address}meters/{HOME}/tokens", json=token, headers=session).json()
        assert again["entry"]["result"] == "UsedError"


def test_it_ends_with_ctrl_c_and_without_a_word(folder):
    with server(folder) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_what_nobody_saved_and_how_fast_the_clock_went_is_there_too(folder):
    with Client(folder) as client:
        key = client.begin()["session"]
        client.type(client.buy()[0])
        client.post("/session/clock", json={"speed": 0})
        with killed(client, folder) as after:
            assert credit(after, key) == credit(client, key)
            before = after.get("/session", headers={"X-Session": key}).json()["clock"]
            after.wait(30)
            clock = after.get("/session", headers={"X-Session": key}).json()["clock"]
            assert (clock["speed"], clock["now"]) == (0, before["now"])


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_line_that_is_half_there_was_never_answered(folder, cut):
    with Client(folder) as client:
        key = client.begin()["session"]
        client.type("123")
    [journal] = files(folder, ".journal")
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-cut])
    with Client(folder) as client:
        told = client.get("/session", headers={"X-Session": key}).json()
        assert told["meters"][0]["typed"] == "12"
        client.post(f"/meters/{HOME}/keys", json={"keys": "4"}, headers={"X-Session": key})
        client.post(f"/meters/{HOME}/keys", json={"keys": "5"}, headers={"X-Session": key})
        with killed(client, folder) as after:
            assert after.get("/session", headers={"X-Session": key}).json()["meters"][0]["typed"] == "1245"


def test_a_journal_that_cannot_be_followed_leaves_what_was_saved(folder):
    with Client(folder) as client:
        key = client.begin()["session"]
        client.type("12")
        client.post("/session/save")
        client.type("3")
    [journal] = files(folder, ".journal")
    journal.write_bytes(b"{}\n")
    with Client(folder) as client:
        told = client.get("/session", headers={"X-Session": key}).json()
        assert (told["saved"], told["meters"][0]["typed"]) == (True, "12")
    [keep] = files(folder, ".json")
    keep.unlink()
    journal.write_bytes(b"{}\n")
    with Client(folder) as client:
        assert "no journal of a session" in fault(client.get("/session", headers={"X-Session": key}), 409)


def test_a_session_as_long_as_can_be_comes_back(folder, monkeypatch):
    monkeypatch.setattr("meter_sim.web.visits.MOST_COMMANDS", 4)
    with Client(folder) as client:
        key = client.begin()["session"]
        for key_ in "1234":
            client.post(f"/meters/{HOME}/keys", json={"keys": key_})
        client.wait(5)
        client.get("/session")
        assert client.post("/session/save").status_code == 200
        kept = client.get("/session/file").content
        assert len(json.loads(kept)["commands"]) == 5
    for remove in (".journal", None):
        for path in files(folder, remove) if remove else ():
            path.unlink()
        with Client(folder) as client:
            assert client.get("/session", headers={"X-Session": key}).json()["meters"][0]["typed"] == "1234"
            assert client.post("/sessions/from-file", content=kept, headers=JSON).status_code == 201


def test_a_long_wait_in_jumps_can_be_loaded(folder):
    with Client(folder) as client:
        key = client.begin()["session"]
        assert "more than 400 days" in fault(client.post("/session/clock", json={"jump_by": 401 * DAY}), 409)
        for _ in range(2):
            assert client.post("/session/clock", json={"jump_by": 300 * DAY}).status_code == 200
        client.type("1")
        client.post("/session/save")
        kept = client.get("/session/file").content
    with Client(folder) as client:
        assert client.get("/session", headers={"X-Session": key}).status_code == 200
        assert client.post("/sessions/from-file", content=kept, headers=JSON).status_code == 201


def test_a_journal_does_not_grow_with_the_waiting(folder):
    with Client(folder) as client:
        client.begin()
        client.type("1")
        for _ in range(700):
            client.post("/session/clock", json={"jump_by": 1})
    [journal] = files(folder, ".journal")
    assert journal.read_bytes().count(b"\n") < 300


# -- taking up -------------------------------------------------------------------------------------------------


def test_a_session_that_cannot_be_taken_up_now_is_not_replaced(tmp_path, folder):
    own = tmp_path / "own.yaml"
    own.write_text(
        "name: Own\nstart: 2024-11-01\nend: 2024-11-03\nsupply_groups: {'000001': {vending_keys: [{key_revision: 1, "
        "base_date: 1993, dkga: '02', key: test:old}]}}\nmeters: [{name: a, pan: '600727000000000009', "
        "supply_group: '000001', key_revision: 1}]\n"
    )
    with Client(folder, own) as client:
        key = client.begin()["session"]
        client.type("1")
        client.post("/session/save")
    with Client(folder) as client:
        told = client.post("/sessions", json={"keep": True}, headers={"X-Session": key})
        assert "start the server with its file" in fault(told, 409)
        assert "set-cookie" not in told.headers
    with Client(folder, own) as client:
        taken = client.post("/sessions", json={"keep": True}, headers={"X-Session": key})
        assert taken.json()["session"] == key
        client.headers.pop("X-Session", None)
        assert client.get("/session").json()["session"] == key, "the cookie names the session that was taken up"
        gone = client.post("/sessions", json={"keep": True}, headers={"X-Session": "nobody's"})
        assert gone.json()["session"] not in (key, "nobody's")


def test_cookies_of_two_servers_on_one_host_are_apart_and_stay(tmp_path):
    names = set()
    for port in (8750, 8751):
        with Client(tmp_path, port=port) as client:
            told = client.post("/sessions", json={}).headers["set-cookie"]
            names.add(told.split("=")[0])
            assert "Max-Age=34560000" in told
    assert names == {"meter_sim_session_8750", "meter_sim_session_8751"}


# -- a folder that cannot be written ---------------------------------------------------------------------------


def test_a_refused_meter_begins_no_session_and_puts_none_away(folder):
    with Client(folder, most_sessions=1) as client:
        key = client.begin()["session"]
        client.type("1")
        client.cookies.clear()
        for body, status in (({"drn": "123"}, 422), ({"drn": "02000000015", "supply_group": "123457"}, 409)):
            refused = client.post("/meters", json=body)
            fault(refused, status)
            assert "set-cookie" not in refused.headers
        assert client.app_.state.visits.in_memory == 1
        assert client.app_.state.visits._visits.keys() == {key}
        assert len(files(folder, ".journal")) == 1
        made = client.post("/meters", json={"drn": "02000000014", "supply_group": "123457"})
        assert made.status_code == 201
        assert client.get("/meters").json()[-1]["pan"] == made.json()["meter"]["pan"]


def test_where_nothing_can_be_written_no_session_is_lost_for_another(tmp_path):
    (tmp_path / "file").write_text("")
    lost = []
    with Client(tmp_path / "file", most_sessions=1, tell=lost.append) as client:
        key = client.begin()["session"]
        client.type("12")
        assert "cannot be written" in fault(client.post("/sessions", json={}), 409)
        client.wait(4000)
        client.post("/sessions", json={}, headers={"X-Session": ""})
        assert client.get("/session", headers={"X-Session": key}).status_code == 200
        assert lost == []
    assert lost == [f"sessions: 1 could not be kept: {tmp_path / 'file'}: cannot be written: File exists"]


def test_what_could_not_be_written_is_written_with_the_next_command(tmp_path):
    folder = tmp_path / "sessions"
    folder.write_text("")
    with Client(folder) as client:
        key = client.begin()["session"]
        client.type("12")
        folder.unlink()
        client.type("3")
        with killed(client, folder) as after:
            assert after.get("/session", headers={"X-Session": key}).json()["meters"][0]["typed"] == "123"
        for path in files(folder, ".journal"):
            path.unlink()  # as clearing away would
        client.type("4")
        with killed(client, folder) as after:
            assert after.get("/session", headers={"X-Session": key}).json()["meters"][0]["typed"] == "1234"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs not to be root")
def test_a_folder_that_cannot_be_written_is_told_at_the_start(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(PracticeError, match="cannot be written"):
        Store(tmp_path, 1, 1).open()


def test_a_folder_is_tried_and_cleared_of_dead_drafts_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PracticeError, match="cannot be written"):
        Store(tmp_path / "file" / "sub", 1, 1).open()
    old, young = tmp_path / ".a.draft", tmp_path / ".b.draft"
    old.write_text("")
    young.write_text("")
    os.utime(old, (0, 0))
    Store(tmp_path, 1, 1).open()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".b.draft", "file"]


def test_journals_of_what_nobody_saved_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("meter_sim.web.store._MOST_UNSAVED", 3)
    with Client(tmp_path, most_sessions=1) as client:
        keys = []
        for number in range(6):
            keys.append(client.begin()["session"])
            client.type("1")
            if number == 0:
                client.post("/session/save")
            for place, path in enumerate(sorted(files(tmp_path, ".journal"), key=lambda path: path.stat().st_mtime_ns)):
                os.utime(path, (place, place))
        there = [client.get("/session", headers={"X-Session": key}).status_code for key in keys]
    assert there == [200, 404, 404, 200, 200, 200]


# -- the journal's form ----------------------------------------------------------------------------------------

SHELF = shelf()


@given(st.lists(st.sampled_from(["1", "2=", "<", "wait", "save", "fast", "buy", "off", "on"]), max_size=20))
def test_a_journal_says_what_the_session_says(done):
    session = Session(SHELF.scenarios[PRACTICE])
    speed = 1
    written = beginning(PRACTICE, session, speed)
    for what in done:
        at = session.now + 1
        if what == "fast":
            speed = 60
            written += speed_line(speed)
            continue
        if what == "save":
            written = beginning(PRACTICE, session, speed)
            continue
        command = {
            "wait": of.Wait(at=at + 100),
            "buy": of.Buy(at=at, meter="home", amount=10),
            "off": of.Power(at=at, meter="home", on=False),
            "on": of.Power(at=at, meter="home", on=True),
        }.get(what) or of.Press(at=at, meter="home", keys=what)
        session.do(of.Wait(at=at))  # what a look in between does
        session.do(command)
        written += command_line(command, session)
    kept = read_journal(written, "a")
    name, again = loaded(kept, SHELF, "a")
    assert saved(name, again, kept.speed) == saved(PRACTICE, session, speed)
    assert all(not isinstance(one, of.Wait) for one, _ in pairwise(again.commands))


def test_a_file_of_more_meters_than_a_session_may_have_is_refused(folder, tmp_path):
    with Client(folder) as client:
        client.begin()
        for drn in ("02000000014", "02000000022"):
            client.post("/meters", json={"drn": drn, "supply_group": "123457"})
        kept = client.get("/session/file").content
        listed = len(client.get("/meters").json()) - 2
    with Client(tmp_path / "other", most_meters=listed + 1) as client:
        assert "more than" in fault(client.post("/sessions/from-file", content=kept, headers=JSON), 409)
    with Client(tmp_path / "other", most_meters=listed + 2) as client:
        assert client.post("/sessions/from-file", content=kept, headers=JSON).status_code == 201


def test_a_look_where_there_is_no_lesson_leaves_nothing(folder):
    with Client(folder) as client:
        client.begin()
        assert "this scenario is none" in fault(client.post("/session/lesson", json={"do": "look"}), 409)
        assert client.get("/session/file").json()["commands"] == []


def test_digits_that_were_changed_in_a_file_are_found():
    session = Session(SHELF.scenarios[PRACTICE])
    session.do(of.Enter(at=session.now, meter="home", digits="12"))
    kept = json.loads(saved(PRACTICE, session))
    kept["commands"][0]["digits"] = "13"
    with pytest.raises(PracticeError, match="bring other answers"):
        loaded(read(json.dumps(kept).encode(), "a"), SHELF, "a")

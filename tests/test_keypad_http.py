"""The keypad's server: what it answers, what it refuses, what it keeps, and that no key leaves it."""

import json
import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx2 as httpx
import pytest
import uvicorn
from click.testing import CliRunner

from meter_sim.cli import main
from meter_sim.meter.models import BUILT_IN
from meter_sim.practice.shelf import shelf
from meter_sim.practice.words import LANGUAGES
from meter_sim.sts.identity import Encryption
from meter_sim.vending.vending_key import _TEST_KEYS
from meter_sim.web import asked
from meter_sim.web.app import application
from meter_sim.web.options import Options
from meter_sim.web.patience import patient
from meter_sim.web.serve import listening
from tests.keypad_kit import HOME, Client, server

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(tmp_path):
    with Client(tmp_path / "sessions") as client:
        yield client


def fault(answer, status):
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert list(told) == ["error"]
    assert "\n" not in told["error"]
    assert "Traceback" not in told["error"]
    return told["error"]


# -- a bench ---------------------------------------------------------------------------------------------------


def test_a_bench_puts_up_a_meter_and_gives_it_tokens(client):
    made = client.post("/meters", json={"drn": "02000000014", "supply_group": "123457", "credit": "1 kWh"})
    assert made.status_code == 201
    key, pan = made.json()["session"], made.json()["meter"]["pan"]
    client.cookies.clear()
    session = {"X-Session": key}
    sold = client.post(f"/meters/{pan}/purchases", json={"amount": "20 kWh"}, headers=session).json()
    token = sold["slip"]["tokens"][0]["digits"]
    told = client.post(f"/meters/{pan}/tokens", json={"token": token}, headers=session).json()
    assert told["entry"]["result"] == "Accept"
    assert told["entry"]["display"] == ["Accept"]
    assert told["meter"]["credit"] == "21.0"
    again = client.post(f"/meters/{pan}/tokens", json={"token": token}, headers=session).json()
    assert again["entry"]["result"] == "UsedError"
    assert {"check": "tid", "outcome": "failed"} in again["entry"]["why"]["checks"]
    assert client.get(f"/meters/{pan}", headers=session).json()["credit"] == "21.0"
    assert [meter["pan"] for meter in client.get("/meters", headers=session).json()][-1] == pan


def test_the_first_requests_of_the_docs(client):
    """What `docs/keypad.md` says to paste into a shell, with the values that it says."""
    text = Path("docs/keypad.md").read_text(encoding="utf-8")
    (meters, form), (tokens, token) = re.findall(
        r"curl -s localhost:8750(\S+) .*\n? *-d '(.*)'", text.replace("\\\n", "")
    )
    made = client.post(meters, content=form, headers=JSON)
    assert made.status_code == 201, made.text
    told = client.post(tokens, content=token, headers=JSON | {"X-Session": made.json()["session"]})
    assert told.json()["entry"]["result"] == "Accept"


@pytest.mark.parametrize("model", [name for name, model in BUILT_IN.items() if model.encryption is Encryption.EA07])
def test_what_is_bought_is_found_in_a_register(client, model):
    meter = client.post("/meters", json={"drn": "02000000014", "supply_group": "123457", "model": model}).json()[
        "meter"
    ]
    assert [register["service"] for register in meter["registers"]] == meter["services"]
    for place, register in enumerate(meter["registers"]):
        assert (register["balance"], register["total"]) in (("0.0", "0.0"), ("0.00", "0.00"))
        amount = f"0.1 {register['unit']}"
        [digits] = client.buy(amount, meter["pan"])
        told = client.post(f"/meters/{meter['pan']}/tokens", json={"token": digits}).json()
        assert told["entry"]["result"] == "Accept"
        assert told["entry"]["credited"] in (amount, "0.10 currency")
        assert told["meter"]["registers"][place]["balance"] in ("0.1", "0.10")


def test_the_document_has_an_example_of_every_form_and_its_own_names(tmp_path):
    with Client(tmp_path) as client:
        document = client.get("/openapi.json").json()
        assert "security" not in str(document)
    forms = document["components"]["schemas"]
    assert not [name for name in forms if "__" in name or "-" in name]
    for name, form in vars(asked).items():
        if isinstance(form, type) and issubclass(form, asked.Asked) and form is not asked.Asked:
            examples = forms[name]["examples"]
            assert all(form.model_validate(example) for example in examples)
    assert all(f" {name}," in str(forms["WantedMeter"]).replace("One of", "") for name in BUILT_IN)
    with Client(tmp_path, secret="s", loopback=False) as client:
        document = client.get("/openapi.json", headers={"Authorization": "Bearer s"}).json()
        assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
        assert document["paths"]["/meters"]["post"]["security"]


def test_sessions_are_apart(client):
    first = client.begin()["session"]
    [token] = client.buy()
    client.type(token)
    second = client.begin()["session"]
    assert first != second
    assert client.get("/session", headers={"X-Session": first}).json()["meters"][0]["credit"] == "31.9"
    assert client.get("/session", headers={"X-Session": second}).json()["meters"][0]["credit"] == "12.0"
    kept = client.post("/sessions", json={"keep": True})
    assert kept.json()["session"] == second
    assert client.post("/sessions", json={"keep": True}, headers={"X-Session": "?"}).json()["session"] != second


def test_a_key_change_and_what_the_counter_refuses(client):
    client.begin()
    assert client.change(with_purchase=True) == {"result": "Waiting", "reason": "", "slip": None}
    first, second, credit = client.buy()
    assert client.type(credit + first + second + credit) == ["CRCError", "1stKCT", "Accept", "Accept"]
    assert client.get(f"/meters/{HOME}").json()["key"] == "2.2"
    assert client.change(to=9)["result"] == "VendingKeyUnknown"
    neighbour = "600727010000000164"
    client.post("/session/clock", json={"jump_by": 30 * 86_400})
    told = client.post(f"/meters/{neighbour}/purchases", json={"amount": "5 kWh"}).json()
    assert (told["result"], told["slip"]) == ("IssueUntilPassed", None)


def test_a_clock_takes_no_jump_beyond_what_a_command_can_carry_and_no_truth_for_a_speed(client):
    client.begin()
    assert "after the session's end" in fault(client.post("/session/clock", json={"jump_by": 6_858_028_593}), 409)
    assert "not true or false" in fault(client.post("/session/clock", json={"speed": True}), 422)


def test_what_a_meters_algorithm_has_no_use_for_is_refused_and_blocks_no_purchase(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "name: Own\nstart: 2024-11-01\nend: 2024-12-03\nsupply_groups: {'000001': {vending_keys: [{key_revision: 1, "
        "base_date: 1993, dkga: '04', key: test:new}, {key_revision: 2, base_date: 2014, dkga: '02', key: test:old}]}}\n"
        "meters: [{name: home, pan: '600727000000000009', supply_group: '000001', key_revision: 1, model: keypad_ea11}]\n"
    )
    with Client(tmp_path / "sessions", own) as client:
        client.begin()
        for more in ({}, {"with_purchase": True}):
            told = client.change(**more)
            assert (told["result"], told["slip"]) == ("NotSupported", None)
            assert "DKGA02" in told["reason"]
        assert len(client.buy()) == 1


def test_orders_supply_and_tampering(client):
    client.begin()
    told = client.post(f"/meters/{HOME}/orders", json={"order": "test", "value": 4}).json()
    [token] = told["slip"]["tokens"]
    client.type(token["digits"])
    assert client.get(f"/meters/{HOME}").json()["face"] == {"text": "KRN 1.2", "unit": "", "caption": "answer"}
    client.wait(4)
    assert client.get(f"/meters/{HOME}").json()["face"]["caption"] == "credit"
    assert client.post(f"/meters/{HOME}/supply", json={"on": False}).json()["face"]["text"] == ""
    assert client.post(f"/meters/{HOME}/supply", json={"on": True}).json()["switch"] == "closed"
    assert client.post(f"/meters/{HOME}/tampering").json()["switch"] == "open"


# -- the clock -------------------------------------------------------------------------------------------------


def test_the_clock_runs_stands_and_jumps(client):
    start = client.begin()["clock"]["now"]

    def now():
        return client.get("/session").json()["clock"]["now"] - start

    client.wait(10)
    assert now() == 10
    client.post("/session/clock", json={"speed": 60})
    client.wait(10)
    assert now() == 610
    client.post("/session/clock", json={"speed": 0})
    client.wait(50)
    assert now() == 610
    told = client.post("/session/clock", json={"jump_by": 600, "speed": 43_200}).json()
    assert told["now"] - start == 1210
    client.wait(3600)  # nobody asked for an hour: the clock went on for a minute only
    assert now() == 1210 + 30 * 86_400


def test_at_a_month_a_minute_twenty_digits_can_be_keyed_in(client):
    client.begin()
    [token] = client.buy()
    client.post("/session/clock", json={"speed": 43_200})
    assert client.type(token[:19]) == []
    told = client.get("/session").json()["clock"]
    assert told["held"] is True
    assert client.type(token[19]) == ["Accept"]
    client.wait(5)
    assert client.get("/session").json()["clock"]["held"] is False


def test_a_day_before_the_rollover(client):
    eve = client.begin()["clock"]["day_before_rollover"]
    told = client.post("/session/clock", json={"jump_to": eve}).json()
    assert told["text"] == "2024-11-23 22:15:00"
    assert told["day_before_rollover"] is None
    assert "only goes on" in fault(client.post("/session/clock", json={"jump_to": eve - 1}), 409)
    assert "one of jump_to and jump_by" in fault(
        client.post("/session/clock", json={"jump_to": eve, "jump_by": 1}), 409
    )
    assert "400 days" in fault(client.post("/session/clock", json={"jump_by": 500 * 86_400}), 409)
    for _ in range(24):
        client.post("/session/clock", json={"jump_by": 30 * 86_400})
    client.post("/session/clock", json={"speed": 43_200})
    client.wait(60)
    assert client.get("/session").json()["clock"]["ended"] is True
    assert client.get("/session").status_code == 200


# -- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "line"),
    [
        ("GET", "/nowhere", None, 404, "see /api"),
        ("PUT", "/session", None, 405, "Method Not Allowed"),
        ("POST", "/sessions", {"scenario": "none"}, 404, "allowed are practice"),
        ("POST", "/sessions", {"scenari": "none"}, 422, "scenari"),
        ("POST", "/sessions", [], 422, "/sessions: body"),
        ("GET", "/meters/1", None, 404, "is no meter of this session"),
        ("POST", f"/meters/{HOME}/tokens", {"token": 5}, 422, "token"),
        ("POST", f"/meters/{HOME}/tokens", {}, 422, "token"),
        ("POST", f"/meters/{HOME}/keys", {"keys": "1a"}, 422, "keys"),
        ("POST", f"/meters/{HOME}/purchases", {"amount": "5"}, 409, "write a number and a unit"),
        ("POST", f"/meters/{HOME}/purchases", {"amount": "5 kWh", "service": "water"}, 409, "allowed are electricity"),
        ("POST", f"/meters/{HOME}/key-changes", {"to": 10}, 422, "to"),
        ("POST", f"/meters/{HOME}/orders", {"order": "test", "value": 99}, 409, "outside 0 to 36"),
        ("POST", "/meters", {"supply_group": "123457"}, 409, "give one of pan"),
        ("POST", "/meters", {"supply_group": "12345"}, 422, "supply_group"),
        ("POST", "/meters", {"supply_group": "123457", "drn": "1"}, 422, "drn"),
        ("POST", "/session/clock", {"speed": 2}, 422, "speed"),
        ("POST", "/session/lesson", {"do": "look"}, 409, "this scenario is none"),
        ("GET", "/words/xx", None, 422, "language"),
        ("POST", "/sessions/from-file", {"format": 2}, 422, "scenario"),
    ],
)
def test_a_request_that_is_wrong_is_told_in_one_line(client, method, path, body, status, line):
    client.begin()
    assert line in fault(client.request(method, path, json=body), status)


def test_a_body_that_is_no_json(client):
    client.begin()
    fault(client.post("/sessions", content=b"{", headers=JSON), 422)
    fault(client.post("/sessions", content=b"\xff\xfe", headers=JSON), 422)
    fault(client.get("/session", headers={"X-Session": "nobody's"}), 404)


def test_without_a_session(client):
    assert "POST /sessions" in fault(client.get("/session"), 404)


def test_a_fault_of_the_program_shows_no_traceback(client, monkeypatch):
    client.begin()
    monkeypatch.setattr("meter_sim.web.shown.session_view", lambda visit: 1 / 0)
    assert "ZeroDivisionError in the server" in fault(client.get("/session"), 500)


def test_limits(tmp_path):
    with Client(tmp_path, most_body=2000, rate=3, most_meters=3, most_sessions=2) as client:
        client.begin()
        assert "2000 bytes" in fault(client.post("/sessions", content=b"x" * 2001, headers=JSON), 413)
        client.wait(10)
        parts = (b"x" * 500 for _ in range(10))
        assert "2000 bytes" in fault(client.post("/sessions", content=parts, headers=JSON), 413)
        client.wait(10)
        assert [client.get("/scenarios").status_code for _ in range(7)] == [200] * 6 + [429]
        limited = client.get("/scenarios")
        assert limited.headers["Retry-After"] == "1"
        assert "3 requests a second" in fault(limited, 429)
        client.wait(1)
        assert client.get("/scenarios").status_code == 200
        client.wait(10)
        client.post("/meters", json={"drn": "02000000014", "supply_group": "123457"})
        told = client.post("/meters", json={"drn": "02000000022", "supply_group": "123457"})
        assert "at most 3" in fault(told, 409)


def test_what_is_no_request_and_what_is_no_json_are_told_so(client):
    client.begin()
    told = fault(client.post("/meters", content=b'{"drn": "02000000014"}'), 422)
    assert "header Content-Type: application/json" in told
    told = fault(client.post("/meters", content=b'{"drn" "02000000014"}', headers=JSON), 422)
    assert told.startswith("/meters: body: no JSON, at character 7: ")
    assert len(fault(client.get("/" + "x" * 20_000), 404)) < 1000


def test_a_slow_body_is_not_waited_for(tmp_path):
    def slow():
        yield b"{"
        time.sleep(1.5)
        yield b"}"

    with patiently(tmp_path, patience=1) as (host, port), httpx.Client() as asks:
        told = asks.post(f"http://{host}:{port}/sessions", content=slow(), headers=JSON)
        assert "not whole after 1 seconds" in fault(told, 408)


def test_who_sends_no_request_is_not_waited_for(tmp_path):
    with patiently(tmp_path, patience=1) as place:
        started = time.monotonic()
        for sent in (b"", b"POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\n"):
            with socket.create_connection(place, timeout=10) as idle:
                idle.sendall(sent)
                with suppress(ConnectionResetError):
                    assert idle.recv(100) == b""
        assert time.monotonic() - started < 9
        with socket.create_connection(place, timeout=10) as wrong:
            wrong.sendall(b"nonsense\r\n\r\n")
            status, *_, told = b"".join(iter(partial(wrong.recv, 1000), b"")).split(b"\r\n")
        assert status == b"HTTP/1.1 400 Bad Request"
        assert json.loads(told) == {"error": "request: Invalid HTTP request received."}


def test_one_client_has_so_many_connections_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr("meter_sim.web.patience.MOST_OF_ONE", 5)
    with patiently(tmp_path, patience=60) as place:
        held = [socket.create_connection(place, timeout=10) for _ in range(5)]
        time.sleep(0.3)
        with socket.create_connection(place, timeout=10) as more, suppress(ConnectionResetError):
            assert more.recv(1) == b""
        held[0].close()
        time.sleep(0.3)
        assert httpx.get(f"http://{place[0]}:{place[1]}/scenarios").status_code == 200
        for one in held:
            one.close()


def test_no_client_says_of_itself_who_it_is(tmp_path):
    with patiently(tmp_path, rate=3) as (host, port), httpx.Client() as asks:
        said = [
            asks.get(f"http://{host}:{port}/scenarios", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
            for number in range(20)
        ]
    assert 429 in said


@contextmanager
def patiently(folder, **options):
    """A server in a thread of this process; yields its address."""
    place = listening("127.0.0.1", 0)
    app = application(shelf(), Options(folder=folder, **options), lambda: time.monotonic_ns() // 1_000_000)
    config = uvicorn.Config(
        app, http=patient(options.get("patience", 20)), log_level="critical", proxy_headers=False, lifespan="off"
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        yield place.getsockname()
    finally:
        running.should_exit = True
        thread.join()


def test_a_session_takes_no_endless_list_of_commands(client, monkeypatch):
    client.begin()
    monkeypatch.setattr("meter_sim.web.visits.MOST_COMMANDS", 4)
    client.type("123")
    client.wait(1)
    assert "which is the most" in fault(client.post(f"/meters/{HOME}/keys", json={"keys": "4"}), 409)


def test_another_page_and_another_name_are_refused(client):
    client.begin()
    write = {"headers": {"Origin": "http://evil.example"}, "json": {}}
    assert "another page" in fault(client.post("/sessions", **write), 403)
    fault(client.post("/sessions", json={}, headers={"Origin": "null"}), 403)
    fault(client.post("/sessions", json={}, headers={"Sec-Fetch-Site": "cross-site"}), 403)
    assert client.post("/sessions", json={}, headers={"Origin": "http://127.0.0.1:8750"}).status_code == 201
    assert "no loopback name" in fault(client.get("/session", headers={"Host": "evil.example"}), 403)
    for host in ("localhost:8750", "[::1]:8750", "127.0.0.1", "127.0.0.2:80"):
        assert client.get("/scenarios", headers={"Host": host}).status_code == 200
    for host in ("[", "127.0.0.1.evil.example", "", "localhost@evil.example"):
        fault(client.get("/scenarios", headers={"Host": host}), 403)


def test_elsewhere_the_secret_is_asked_for(tmp_path):
    with Client(tmp_path, secret="s3cret-of-this-run", loopback=False, base_url="http://10.0.0.1:8750") as client:
        for path in ("/", "/session", "/static/main.js", "/openapi.json", "/?token=other", "/?token="):
            fault(client.get(path), 401)
        fault(client.get("/scenarios", headers={"Authorization": "Bearer "}), 401)
        fault(client.get("/scenarios", headers={"Authorization": "Bearer öther".encode()}), 401)
        assert client.get("/scenarios", headers={"Authorization": "Bearer s3cret-of-this-run"}).status_code == 200
        assert client.get("/scenarios?token=s3cret-of-this-run").status_code == 200
        opened = client.get("/?token=s3cret-of-this-run", follow_redirects=False)
        assert (opened.status_code, opened.headers["location"]) == (303, "/")
        assert "HttpOnly" in opened.headers["set-cookie"]
        assert "samesite=lax" in opened.headers["set-cookie"].lower()  # else a link in a message would lead nowhere
        assert client.get("/").status_code == 200
        assert client.post("/sessions", json={}).status_code == 201


# -- what is kept ----------------------------------------------------------------------------------------------


def test_a_file_takes_a_session_elsewhere(client, tmp_path):
    client.begin()
    [token] = client.buy()
    client.type(token)
    kept = client.get("/session/file")
    assert kept.headers["content-disposition"].startswith("attachment")
    with Client(tmp_path / "other") as other:
        told = other.post("/sessions/from-file", content=kept.content, headers=JSON)
        assert told.status_code == 201
        assert told.json()["meters"][0]["credit"] == "31.9"
        assert other.get("/session/file").json()["commands"] == kept.json()["commands"]
        wrong = kept.json() | {"answers": "0" * 64}
        assert "other answers" in fault(other.post("/sessions/from-file", json=wrong), 409)


def test_idle_sessions_are_put_away_and_come_back(tmp_path):
    with Client(tmp_path, most_sessions=2, idle_after=60) as client:
        keys = []
        for _ in range(4):
            keys.append(client.begin()["session"])
            client.type(client.buy()[0])
        visits = client.app_.state.visits
        assert visits.in_memory == 2
        for key in keys:
            assert client.get("/session", headers={"X-Session": key}).json()["meters"][0]["credit"] == "31.9"
        client.wait(120)
        client.begin()
        assert visits.in_memory == 1
    with Client(tmp_path) as after:
        assert after.get("/session", headers={"X-Session": keys[0]}).json()["meters"][0]["credit"] == "31.9"
        assert after.delete("/session", headers={"X-Session": keys[0]}).status_code == 204
        fault(after.get("/session", headers={"X-Session": keys[0]}), 404)


def test_a_full_or_lost_folder_is_told(tmp_path):
    with Client(tmp_path / "sessions", most_saved=1) as client:
        client.begin()
        client.type("1")
        assert client.post("/session/save").json()["saved"] is True
        assert client.post("/session/save").status_code == 200
        client.begin()
        assert "which is the most" in fault(client.post("/session/save"), 409)
    (tmp_path / "file").write_text("")
    with Client(tmp_path / "file") as client:
        client.begin()
        client.type("1")
        assert "cannot be written" in fault(client.post("/session/save"), 409)


def test_a_saved_session_outlives_a_kill(tmp_path):
    with server(tmp_path) as (process, address):
        key = httpx.post(f"{address}sessions", json={}).json()["session"]
        session = {"X-Session": key}
        sold = httpx.post(f"{address}meters/{HOME}/purchases", json={"amount": "20 kWh"}, headers=session).json()
        token = {"token": sold["slip"]["tokens"][0]["digits"]}
        httpx.post(f"{address}meters/{HOME}/tokens", json=token, headers=session)
        assert httpx.post(f"{address}session/save", headers=session).json() == {"session": key, "saved": True}
        process.kill()
    with server(tmp_path) as (_, address):
        told = httpx.get(f"{address}session", headers=session).json()
        assert told["meters"][0]["credit"] in ("32.0", "31.9")
        assert told["saved"] is True
        again = httpx.post(f"{address}meters/{HOME}/tokens", json=token, headers=session).json()
        assert again["entry"]["result"] == "UsedError"


# -- pages and words -------------------------------------------------------------------------------------------


def test_the_pages(client):
    page = client.get("/")
    assert "default-src 'none'; script-src 'self'" in page.headers["content-security-policy"]
    assert page.text.count("<script") == 1
    assert "style=" not in page.text
    assert "//" not in page.text.replace("<!doctype html>", "")
    api = client.get("/api").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in api
    for said in (
        "one of 0, 1, 60, 3600, 43200",
        "integer, 1 to 9",
        "^[0-9]{18}$",
        "One of keypad, keypad_20, ",
        "&#34;drn&#34;",
    ):
        assert said in api
    assert "`" not in api
    assert api.count("Too many requests a second") == 1
    assert client.get("/favicon.ico").headers["content-type"].startswith("image/svg")
    for language in LANGUAGES:
        assert client.get(f"/words/{language}").json()["language"] == language


def test_every_request_has_a_line_in_the_docs(client):
    text = Path("docs/keypad.md").read_text(encoding="utf-8")
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in text


# -- no key leaves ---------------------------------------------------------------------------------------------


def test_no_vending_key_leaves_the_server(tmp_path):
    own_key = "fedcba9876543210"
    own = tmp_path / "own.yaml"
    own.write_text(
        "name: Own\nstart: 2024-11-01\nend: 2024-12-03\nsupply_groups: {'000001': {vending_keys: [{key_revision: 1, "
        f"base_date: 1993, dkga: '02', key: '{own_key}'}}, {{key_revision: 2, base_date: 2014, dkga: '04', "
        "key: test:new}]}}\nmeters: [{name: home, pan: '600727000000000009', supply_group: '000001', key_revision: 1, "
        "credit: 5 kWh}]\n"
    )
    said, walked = [], set()
    with Client(tmp_path / "sessions", own) as client:

        def note(answer):
            walked.add((answer.request.method, answer.request.url.path))
            said.append(answer.read().decode())

        client.event_hooks = {"response": [note]}
        client.begin()
        client.change(with_purchase=True)
        first, second, credit = client.buy()
        client.type(credit + first + second + credit)
        neighbour = client.post("/meters", json={"drn": "02000000014", "supply_group": "000001"}).json()["meter"]["pan"]
        for method, path, body in (
            ("POST", f"/meters/{neighbour}/tokens", {"token": first}),
            ("POST", f"/meters/{HOME}/orders", {"order": "test", "value": 0}),
            ("POST", f"/meters/{HOME}/supply", {"on": False}),
            ("POST", f"/meters/{HOME}/tampering", None),
            ("POST", "/session/save", None),
            ("POST", "/session/clock", {"jump_by": 60}),
            ("POST", "/session/lesson", {"do": "look"}),
            ("POST", "/meters", {"drn": "02000000022", "supply_group": "000001", "key_revision": 3}),
            ("POST", "/meters", {"drn": "02000000022", "supply_group": own_key}),
            ("GET", "/session", None),
            ("GET", "/session/file", None),
            ("GET", "/meters", None),
            ("GET", f"/meters/{HOME}", None),
            ("GET", "/scenarios", None),
            ("GET", "/openapi.json", None),
            ("GET", "/api", None),
            ("GET", "/", None),
            *(("GET", f"/words/{language}", None) for language in LANGUAGES),
        ):
            client.request(method, path, json=body)
        client.post("/sessions/from-file", content=client.get("/session/file").content, headers=JSON)
        client.delete("/session")
        paths = client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        form = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        for method in methods:
            assert any(asked == method.upper() and re.fullmatch(form, place) for asked, place in walked), (method, path)
    said += [path.read_text() for path in (tmp_path / "sessions").iterdir()]
    everything = "\n".join(said).lower()
    assert "1stkct" in everything
    for name, values in _TEST_KEYS.items():
        assert name not in everything
        for value in values.values():
            assert value.lower() not in everything
    assert everything.count(own_key) == 0


# -- the command -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none.yaml"], "none.yaml"),
        (["scenarios/rollover_mixed.yaml"], "lists no meter by itself"),
        (["--host", "here"], "--host: 'here' is no address"),
        (["--host", "192.0.2.1"], "--host: 192.0.2.1 is no address of this machine"),
        (["--sessions", "README.md"], "is a file, name a folder"),
    ],
)
def test_the_command_refuses_in_one_line(arguments, line):
    result = CliRunner().invoke(main, ["keypad", *arguments, "--port", "0"])
    assert result.exit_code == 2
    assert line in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = CliRunner().invoke(main, ["keypad", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2
    assert "choose another port" in result.stderr


def test_without_the_extra(monkeypatch):
    monkeypatch.setattr("meter_sim.cli_keypad.find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["keypad"])
    assert (result.exit_code, result.stderr) == (
        2,
        "keypad: the server is not installed, install it with: pip install 'meter_sim[web]'\n",
    )


def test_on_another_address_the_command_prints_a_secret(tmp_path):
    with server(tmp_path, "--host", "0.0.0.0") as (_, address):
        place, secret = address.split("?token=")
        assert socket.gethostname() in place
        place = place.replace(socket.gethostname(), "127.0.0.1")
        assert httpx.get(f"{place}scenarios").status_code == 401
        assert httpx.get(f"{place}scenarios?token={secret}").status_code == 200


@pytest.mark.parametrize(
    ("option", "good", "name", "value", "bad"),
    [
        ("--rate", "7", "rate", 7, "0"),
        ("--max-body", "5000", "most_body", 5000, "999"),
        ("--max-sessions", "3", "most_sessions", 3, "0"),
        ("--max-saved", "4", "most_saved", 4, "0"),
        ("--max-meters", "2", "most_meters", 2, "none"),
        ("--idle-after", "5", "idle_after", 300, "0"),
        ("--sessions", "kept", "folder", Path("kept"), "file.txt"),
        ("--host", "::1", "loopback", True, "nowhere"),
        ("--port", "0", None, None, "65536"),
    ],
)
def test_each_option_of_the_command_reaches_the_server(tmp_path, monkeypatch, option, good, name, value, bad):
    monkeypatch.chdir(tmp_path)
    Path("file.txt").touch()
    served = []
    monkeypatch.setattr("meter_sim.web.serve.serve", lambda shelf, options, *rest: served.append(options))
    monkeypatch.setattr(
        "meter_sim.web.serve.listening", lambda host, port: SimpleNamespace(getsockname=lambda: (host, port))
    )
    result = CliRunner().invoke(main, ["keypad", option, good])
    assert result.exit_code == 0, result.output
    assert name is None or getattr(served[0], name) == value
    refused = CliRunner().invoke(main, ["keypad", option, bad])
    assert refused.exit_code == 2
    assert option in refused.stderr
    assert "Traceback" not in refused.stderr
    assert len(served) == 1

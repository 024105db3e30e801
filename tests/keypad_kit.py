"""What tests of the keypad's server need: a server in this process, and one in a process of its own."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

from starlette.testclient import TestClient

from meter_sim.practice.shelf import shelf
from meter_sim.web.app import application
from meter_sim.web.options import Options

HOME = "600727000000000009"


class Client(TestClient):
    """A client of the application, with the real time that a test sets by hand; `key` is its session."""

    def __init__(self, folder, own=None, base_url="http://127.0.0.1:8750", tell=print, **options):
        self.real_ms = 0
        options = {"rate": 100_000} | options
        app = application(shelf(own), Options(folder=folder, **options), lambda: self.real_ms, tell)
        super().__init__(app, base_url=base_url, raise_server_exceptions=False)
        self.app_ = app

    def begin(self, **wanted):
        answer = self.post("/sessions", json=wanted)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def wait(self, seconds):
        self.real_ms += int(1000 * seconds)

    def type(self, digits, pan=HOME):
        """Keys one a second; the entries that they complete."""
        entries = []
        for key in digits:
            self.wait(1)
            entries += self.post(f"/meters/{pan}/keys", json={"keys": key}).json()["entries"]
        return [entry["result"] for entry in entries]

    def buy(self, amount="20 kWh", pan=HOME):
        told = self.post(f"/meters/{pan}/purchases", json={"amount": amount}).json()
        assert told["result"] == "Issued", told
        return [token["digits"] for token in told["slip"]["tokens"]]

    def change(self, pan=HOME, **wanted):
        return self.post(f"/meters/{pan}/key-changes", json={"to": 2} | wanted).json()


@contextmanager
def server(folder, *options):
    """`meter-sim keypad` in a process of its own, on a free port; yields the process and its address."""
    command = [sys.executable, "-u", "-m", "meter_sim", "keypad", "--port", "0", "--sessions", str(folder), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield process, found[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()

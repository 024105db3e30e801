"""How many requests the keypad's server answers: sessions at once that buy, key in and look, without a pause.

Prints one JSON object: requests, errors, requests a second, median and 99th percentile of its milliseconds.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from statistics import median, quantiles

import httpx2 as httpx

HOME = "600727000000000009"


async def person(client: httpx.AsyncClient, until: float, times: list[float], errors: list[str]) -> None:
    """One session until the end: buys, keys in digit by digit, and looks."""

    async def ask(method: str, path: str, **more: object) -> dict[str, object]:
        before = time.perf_counter()
        answer = await client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]
        times.append(time.perf_counter() - before)
        if answer.status_code >= 300:
            errors.append(f"{answer.status_code} {answer.text}")
        return answer.json()  # type: ignore[no-any-return]

    headers: dict[str, str] = {}
    headers["X-Session"] = str((await ask("POST", "/sessions", json={}))["session"])
    while time.perf_counter() < until:
        sold = await ask("POST", f"/meters/{HOME}/purchases", json={"amount": "5 kWh"})
        digits = sold["slip"]["tokens"][0]["digits"]  # type: ignore[index]
        for digit in digits:
            await ask("POST", f"/meters/{HOME}/keys", json={"keys": digit})
        told = await ask("GET", "/session")
        if told["entry"]["result"] != "Accept":  # type: ignore[index]
            errors.append(f"{told['entry']}")


async def measure(address: str, sessions: int, seconds: float) -> dict[str, object]:
    """All sessions at once."""
    times: list[float] = []
    errors: list[str] = []
    limits = httpx.Limits(max_connections=sessions)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:
        began = time.perf_counter()
        await asyncio.gather(*(person(client, began + seconds, times, errors) for _ in range(sessions)))
        took = time.perf_counter() - began
    return {
        "sessions": sessions,
        "seconds": round(took, 1),
        "requests": len(times),
        "errors": len(errors),
        "first_error": errors[0] if errors else "",
        "requests_a_second": round(len(times) / took),
        "median_ms": round(1000 * median(times), 1),
        "p99_ms": round(1000 * quantiles(times, n=100)[98], 1),
    }


def main() -> None:
    """Start a server of its own, measure it, print the object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-u", "-m", "meter_sim", "keypad", "--port", "0", "--rate", "100000"]
        command += ["--sessions", folder, "--max-sessions", str(options.sessions + 10)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found is not None
            print(json.dumps(asyncio.run(measure(found[0], options.sessions, options.seconds))))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()

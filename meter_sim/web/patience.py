"""How long a client may take, and how many connections it may have: nobody without the secret keeps the others out."""

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 500
MOST_OF_ONE = 200
"""Connections of one client: a class behind one address has a browser each."""
_UNREAD = 3
"""How many times as long an answer may wait to be read."""


def patient(seconds: float) -> type[H11Protocol]:
    """The protocol of a server that ends a connection which brings no request, or takes no answer, in that time."""

    class Patient(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            host = self.client[0] if self.client else ""
            of_one = sum(getattr(other, "client", ("",))[0] == host for other in self.connections)
            if len(self.connections) > MOST_CONNECTIONS or of_one > MOST_OF_ONE:
                transport.abort()
                return
            self._look(self._at(), 0)

        def _at(self) -> tuple[object, bool]:
            """The request that the connection is at, and whether it has been answered."""
            return self.cycle, self.cycle is None or self.cycle.response_complete

        def _look(self, before: tuple[object, bool], times: int) -> None:
            now = self._at()
            times = times + 1 if now == before else 1
            if self.transport.is_closing():
                return
            if times > (2 if now[1] else 2 * _UNREAD):
                self.transport.abort()
                return
            self.loop.call_later(seconds / 2, self._look, now, times)

        def send_400_response(self, msg: str) -> None:
            """What is no request gets the answer that every fault gets: one line in JSON."""
            body = json.dumps({"error": f"request: {msg}"}).encode()
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
            answer = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
            for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

    return Patient

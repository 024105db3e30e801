"""What stands before every request: who may ask from where, how often, and how much.

On loopback a page of somebody else's could ask through the user's browser; so the Host must be a loopback name, and a
write must come from our own page or from no page at all. On another address the secret of the address is asked for.
"""

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meter_sim.web.options import Options

_READS = {"GET", "HEAD", "OPTIONS"}
_MOST_CLIENTS = 10_000
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


def refusal(status: int, line: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer to a request that is refused: one line in JSON."""
    return JSONResponse({"error": line}, status, headers=headers)


class Bucket:
    """Requests of one client: `rate` a second, and twice as many at once."""

    def __init__(self, rate: int, now_ms: int) -> None:
        self._rate = rate
        self._tokens = 2000 * rate
        self._latest = now_ms

    def take(self, now_ms: int) -> bool:
        """Whether one more request is within the rate."""
        self._tokens = min(self._tokens + (now_ms - self._latest) * self._rate, 2000 * self._rate)
        self._latest = now_ms
        if self._tokens < 1000:
            return False
        self._tokens -= 1000
        return True


class Guard:
    """ASGI middleware. `real_ms` tells real time in milliseconds."""

    def __init__(self, app: ASGIApp, options: Options, real_ms: Callable[[], int]) -> None:
        self._app = app
        self._options = options
        self._real_ms = real_ms
        self._buckets: dict[str, Bucket] = {}
        self._cookie = f"meter_sim_access_{options.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send)
        answer = self._refusal(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(self._body(receive), self._options.patience)
        except TimeoutError:
            line = f"body: not whole after {self._options.patience} seconds, send it at once"
            await refusal(408, line, {"Connection": "close"})(scope, receive, send)
            return
        if body is None:
            most = self._options.most_body
            answer = refusal(413, f"body: longer than {most} bytes, which is the most; send less")
            await answer(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)

    def _refusal(self, scope: Scope) -> Response | None:
        request, headers = Request(scope), Headers(scope=scope)
        if not self._within_rate(request):
            line = f"rate: more than {self._options.rate} requests a second, wait a second"
            return refusal(429, line, {"Retry-After": "1"})
        if self._options.loopback and not _is_loopback(headers.get("host", "")):
            return refusal(403, "Host: is no loopback name, ask for 127.0.0.1 or localhost")
        if request.method not in _READS and not _from_here(headers):
            return refusal(403, "Origin: another page asked for this, use the server's own page")
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:15]) > self._options.most_body:
            most = self._options.most_body
            return refusal(413, f"body: longer than {most} bytes, which is the most; send less")
        return self._without_access(request, headers)

    def _within_rate(self, request: Request) -> bool:
        client, now = request.client.host if request.client else "", self._real_ms()
        bucket = self._buckets.pop(client, None) or Bucket(self._options.rate, now)
        if len(self._buckets) >= _MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[client] = bucket
        return bucket.take(now)

    def _without_access(self, request: Request, headers: Headers) -> Response | None:
        """What to answer to somebody who does not show the secret; None where it is shown or none is asked for."""
        secret = self._options.secret
        if not secret:
            return None
        given = parse_qs(request.url.query).get("token", [""])[0]
        if _same(given, secret):
            if request.method == "GET" and request.url.path == "/":
                answer = RedirectResponse("/", 303)
                answer.set_cookie(self._cookie, secret, httponly=True, samesite="lax")  # lax: a link may lead here
                return answer
            return None
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if _same(request.cookies.get(self._cookie, ""), secret) or _same(bearer, secret):
            return None
        return refusal(401, "token: is missing or wrong, use the address that the server printed")

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body, or None if it is too long."""
        parts: list[bytes] = []
        length = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"".join(parts)
            parts.append(message.get("body", b""))
            length += len(parts[-1])
            if length > self._options.most_body:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _from_here(headers: Headers) -> bool:
    """Whether a write comes from our own page, or from no page (a bench says no Origin)."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host", "")


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read again."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message["headers"]}
            message = {
                **message,
                "headers": [*message["headers"], *(kept for kept in _HEADERS if kept[0] not in names)],
            }
        await send(message)

    return sent

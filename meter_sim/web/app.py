"""The server's application: the page, and the HTTP interface that page and test benches share."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from meter_sim import __version__
from meter_sim.practice.error import NotHereError, PracticeError
from meter_sim.practice.saved import fault_line
from meter_sim.practice.shelf import Shelf
from meter_sim.scenario.error import one_line
from meter_sim.web import interface, pages
from meter_sim.web.guard import Guard, refusal
from meter_sim.web.options import Options
from meter_sim.web.visits import Visits

_ABOUT = (
    "Keypad meters on simulated supplies, and a counter that sells tokens for them. For practice and tests with test "
    'keys only; no vending key ever leaves the server. Every fault is one line: `{"error": "where, what, what '
    'instead"}`.'
)

_WRONG_FORM = 422
_NO_TEXT = 400
"""What the framework says of a body that is no text."""


def application(
    shelf: Shelf, options: Options, real_ms: Callable[[], int], tell: Callable[[str], None] = lambda line: None
) -> FastAPI:
    """The application over a shelf of scenarios; `real_ms` tells real time in milliseconds, from anywhere on.

    `tell` is called with a line if sessions are lost as the server ends.
    """
    visits = Visits(shelf, options, real_ms)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        yield
        lost = visits.put_away_all()
        if lost:
            tell(lost)

    app = FastAPI(
        title="meter_sim keypad",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        lifespan=lifespan,
        middleware=[Middleware(Guard, options=options, real_ms=real_ms)],
    )
    app.state.visits = visits
    app.state.options = options
    secret = HTTPBearer(auto_error=False, description="The token of the address that the command printed")
    app.include_router(interface.router, dependencies=[Depends(secret)] if options.secret else [])
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=Path(str(files("meter_sim.web").joinpath("static")))))
    app.add_exception_handler(RequestValidationError, _wrong_form)
    app.add_exception_handler(PracticeError, _refused)
    app.add_exception_handler(HTTPException, _http_fault)
    app.add_exception_handler(Exception, _unforeseen)
    return app


def _wrong_form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    detail = error.errors()[0]
    if detail["type"] == "json_invalid":
        line = f"body: no JSON, at character {detail['loc'][-1]}: {detail['ctx']['error']}"
    elif detail["loc"] == ("body",) and "json" not in request.headers.get("content-type", ""):
        line = "body: not read as JSON, say so with the header Content-Type: application/json"
    else:
        line = fault_line(detail["loc"], detail["msg"])
    return refusal(_WRONG_FORM, f"{_path(request)}: {line}")


def _path(request: Request) -> str:
    return one_line(request.url.path)


def _refused(request: Request, error: Exception) -> Response:
    del request
    return refusal(404 if isinstance(error, NotHereError) else 409, str(error))


def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    line = f"{request.method} {_path(request)}: {error.detail}; see /api for what there is"
    status = _WRONG_FORM if error.status_code == _NO_TEXT else error.status_code
    return JSONResponse({"error": line}, status, headers=error.headers)


def _unforeseen(request: Request, error: Exception) -> Response:
    """A fault of the program: no traceback goes out."""
    return refusal(500, f"{_path(request)}: {type(error).__name__} in the server, please report it")

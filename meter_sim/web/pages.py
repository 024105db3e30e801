"""The pages: the keypad, and the HTTP interface in plain words, made from its own OpenAPI document."""

import json
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)


@cache
def _static(name: str) -> bytes:
    return files("meter_sim.web").joinpath("static", name).read_bytes()


@router.get("/")
async def page() -> Response:
    """The meter on a page."""
    return HTMLResponse(_static("index.html"))


@router.get("/favicon.ico")
async def icon() -> Response:
    """The page's icon."""
    return Response(_static("icon.svg"), media_type="image/svg+xml")


@router.get("/api")
async def api(request: Request) -> Response:
    """The HTTP interface as a page to read; the document itself is at /openapi.json."""
    document = request.app.openapi()
    text = _environment().get_template("api.html").render(document=document)
    return HTMLResponse(text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("meter_sim.web", "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    return environment

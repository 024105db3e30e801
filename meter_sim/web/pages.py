"""The pages: the keypad, and the HTTP interface in plain words, made from its own OpenAPI document."""

import json
from functools import cache, partial
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
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
    every = [operation["responses"] for methods in document["paths"].values() for operation in methods.values()]
    faults = {
        status: answer["description"]
        for status, answer in every[0].items()
        if not status.startswith("2") and all(status in responses for responses in every)
    }
    text = _environment().get_template("api.html").render(document=document, faults=faults)
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
    environment.filters["json"] = partial(json.dumps, ensure_ascii=False)
    environment.filters["form"] = _form
    environment.filters["marked"] = _marked
    return environment


def _marked(text: str) -> Markup:
    """A text in which names between backticks are code."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def _form(schema: dict[str, Any]) -> str:
    """A field's form in words: its type, and what bounds it."""
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return " or ".join(map(_kind, kinds))


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    said = [schema.get("type", "object")]
    if "minimum" in schema or "maximum" in schema:
        said.append(f"{schema.get('minimum', 0):.0f} to {schema['maximum']:.0f}")
    if "pattern" in schema:
        said.append(schema["pattern"])
    if "description" in schema:
        said.append(schema["description"])
    return ", ".join(said)

"""The house: who may know whom."""

import ast
import re
from pathlib import Path

import pytest

import meter_sim

ROOT = Path(meter_sim.__file__).parent
LEAVES = {"compiled_draws", "detail", "distribution", "draws", "local_time"}
ARROW = {"arrow_columns"}
MAY_KNOW = {
    "sts": {"sts"},
    "compiled_draws": {"sts"},
    "distribution": set(),
    "detail": {"distribution", "draws"},
    "draws": set(),
    "local_time": set(),
    "arrow_columns": set(),
    "vending": {"sts", "vending"},
    "meter": {"sts", "meter", *LEAVES},
    "people": {"people", *LEAVES},
    "programme": {"vending", "meter", "people", *LEAVES},
    "scenario": {"sts", "vending", "meter", "people", "programme", "scenario", *LEAVES},
    "results": {"sts", "meter", "people", "programme", "scenario", "results", "__init__", *LEAVES, *ARROW},
    "worker_process": set(),
    "bulk": {"sts", "vending", "meter", "bulk", "worker_process", *ARROW},
    "engine": {"sts", "vending", "meter", "people", "programme", "scenario", "results", "engine", *LEAVES},
    "sharded": {"programme", "scenario", "results", "engine", "sharded", "worker_process", "__init__", *LEAVES, *ARROW},
    "experiments": {"scenario", "engine", "results", "experiments", "worker_process", "__init__", *LEAVES},
    "calibration": {
        "programme",
        "scenario",
        "engine",
        "results",
        "experiments",
        "sharded",
        "calibration",
        "worker_process",
        "__init__",
        *LEAVES,
    },
    "practice": {"sts", "vending", "meter", "scenario", "engine", "results", "practice", *LEAVES},
    "web": {"sts", "meter", "scenario", "engine", "results", "practice", "web", "__init__"},
}
FILES = sorted(ROOT.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "meter_sim":
            parts = node.module.split(".")
            names |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("meter_sim.")}
    return {"__init__" if name == "__version__" else name for name in names}


@pytest.mark.parametrize(
    "path", [path for path in FILES if room(path) in MAY_KNOW], ids=lambda path: str(path.relative_to(ROOT))
)
def test_arrows_point_one_way(path):
    assert imported(path) <= MAY_KNOW[room(path)]


def test_every_room_has_its_rule():
    assert {room(path) for path in FILES} - set(MAY_KNOW) == {
        "__init__",
        "__main__",
        "cli",
        "cli_bench",
        "cli_bulk",
        "cli_calibrate",
        "cli_experiment",
        "cli_fleet",
        "cli_key",
        "cli_keypad",
        "cli_plot",
        "cli_progress",
        "cli_query",
        "cli_report",
        "cli_sets",
        "cli_token",
        "wrong_input",
    }


COLUMNS = {
    *(ROOT / "sts" / f"{name}.py" for name in ("batch", "key_columns", "whole_columns")),
    *(ROOT / "sts" / "compiled").glob("*.py"),
    ROOT / "compiled_draws.py",
}
"""The coding over columns; the rest of the standard's room does not know it."""


@pytest.mark.parametrize(
    "heavy",
    ["numpy", "numba", "pandas", "pyarrow", "matplotlib", "pydantic", "scipy", "simpy", "duckdb", "fastapi", "uvicorn"],
)
def test_heavy_libraries_are_imported_only_where_used(heavy):
    """The standard, the meter and the vending side stand without them."""
    for path in set(FILES) - COLUMNS:
        if room(path) in (
            "sts",
            "vending",
            "meter",
            "people",
            "__init__",
            "cli",
            "cli_bench",
            "cli_bulk",
            "cli_calibrate",
            "cli_experiment",
            "cli_fleet",
            "cli_key",
            "cli_keypad",
            "cli_plot",
            "cli_progress",
            "cli_query",
            "cli_report",
            "cli_sets",
            "cli_token",
            *LEAVES,
        ):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
            names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            assert not [name for name in names if name.split(".")[0] == heavy], path


def test_the_scalar_code_does_not_know_the_compiled():
    for path in set(FILES) - COLUMNS:
        if room(path) in ("sts", "vending", "meter", "people", "__init__", *LEAVES):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"sts\.(batch|key_columns|whole_columns)|compiled_draws", text), path
            assert "sts.compiled" not in text, path

"""The notebooks: text and outputs belong together, and nothing in them is a machine's, a key's or a fault's.

They are run small by `pytest --nbmake notebooks` (`.ci/run`), and at full size by `notebooks/keep_outputs.py`.
"""

import base64
import json
import re
from pathlib import Path

import jupytext
import pytest

from benchmarks.calibration import CASES
from meter_sim.sts.dkga import Dkga
from meter_sim.vending.vending_key import TEST_KEY_NAMES, vending_key_value

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.py"))
README = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
LARGEST = 600_000
"""Bytes of a notebook with its outputs."""
PUBLIC = {
    "meter_sim",
    "meter_sim.results",
    "meter_sim.sts",
    "meter_sim.sts.identity",
    "meter_sim.sts.key_change",
    "meter_sim.sts.tid",
}
"""Of what notebooks import names; `docs/api.md` tells them."""


def kept(name):
    return json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))


def outputs(name):
    for cell in kept(name)["cells"]:
        yield from cell.get("outputs", ())


def test_there_is_an_output_for_each_text():
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == NAMES
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05", "05", "05", "05", "06"]
    for name in NAMES:
        assert f"]({name}.ipynb)" in README


@pytest.mark.parametrize("name", NAMES)
def test_text_and_outputs_have_the_same_cells(name):
    text = jupytext.read(NOTEBOOKS / f"{name}.py", fmt="py:percent")
    written = [(cell["cell_type"], "".join(cell["source"])) for cell in kept(name)["cells"]]
    assert written == [(cell.cell_type, cell.source) for cell in text.cells], "python notebooks/keep_outputs.py"


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_there_and_of_full_size(name):
    cells = [cell for cell in kept(name)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell["outputs"]) for cell in cells) >= len(cells) - 1
    [told] = ["".join(each.get("text", ())) for each in outputs(name)][:1]
    if any("METER_SIM_NOTEBOOK_SIZE" in "".join(cell["source"]) for cell in cells):
        assert told.startswith("size full")
    assert (NOTEBOOKS / f"{name}.ipynb").stat().st_size < LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_outputs_hold_no_fault_and_nothing_of_a_machine(name):
    for each in outputs(name):
        assert each["output_type"] != "error"
        assert each.get("name") != "stderr", "".join(each.get("text", ()))
    text = (NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w./])/(?:home|root|tmp|usr|work|Users|opt)/|[A-Z]:\\\\", without_pictures(text))
    assert set(kept(name)["metadata"]) == {"jupytext", "kernelspec", "language_info"}
    assert all(cell["metadata"] == {} for cell in kept(name)["cells"])


@pytest.mark.parametrize("name", NAMES)
def test_no_vending_key_shows(name):
    text = without_pictures((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")).lower()
    for key in (vending_key_value(known, dkga).hex() for known in TEST_KEY_NAMES for dkga in Dkga):
        assert key not in text


def without_pictures(text):
    return re.sub(r'"image/png": "[^"]*"', "", text)


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_of_modest_size(name):
    for each in outputs(name):
        picture = each.get("data", {}).get("image/png")
        assert picture is None or len(base64.b64decode("".join(picture))) < LARGEST / 3


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_reads_like_a_lesson(name):
    """It begins with what it shows and for whom, each piece of code has words before it, and it ends with what it does not tell."""
    cells = kept(name)["cells"]
    first = "".join(cells[0]["source"])
    assert first.startswith(f"# {int(name[:2])}")
    assert "**Shows**" in first
    assert "**For**" in first
    assert "## What this does not tell" in "".join(cells[-1]["source"])
    words = [cell["cell_type"] == "markdown" for cell in cells]
    assert all(words[place - 1] for place, told in enumerate(words) if not told)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_uses_public_names(name):
    text = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^(?:from|import) (meter_sim[\w.]*)", text, re.MULTILINE)) <= PUBLIC


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fits_are_those_of_the_benchmark(case):
    [name] = [name for name in NAMES if name.endswith(case.name)]
    text = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    for bounds in case.fit:
        path, _, ends = bounds.partition("=")
        assert f'"{path}": "{ends}"' in text
    assert f'until="{case.until}"' in text

"""Run the notebooks at full size and keep what they put out, for those who only read.

    python notebooks/keep_outputs.py            # all of them
    python notebooks/keep_outputs.py 01 05a     # those whose names begin so
    python notebooks/keep_outputs.py --words 05a  # only words were changed: take them over, run nothing

Each `NN_name.py` is run from its folder, and `NN_name.ipynb` written beside it with the outputs: the same cells,
without times and names of machines. `METER_SIM_NOTEBOOK_SIZE=ci` runs them small. Needs `pip install '.[notebooks]'`.
"""

import argparse
import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

HERE = Path(__file__).parent
METADATA = {
    "jupytext": {"formats": "ipynb,py:percent"},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
LONGEST = 3600
"""Seconds that a cell may take."""


def cells_of(path: Path) -> NotebookNode:
    """The notebook of a text, without outputs and without what a machine or an editor adds."""
    notebook = jupytext.read(path, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
    return without_metadata(notebook)


def without_metadata(notebook: NotebookNode) -> NotebookNode:
    """The same with the metadata that every notebook here has."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
    return notebook


def executed(path: Path) -> NotebookNode:
    """The notebook of a text with its outputs. Raises nbclient's CellExecutionError where a cell fails."""
    notebook = cells_of(path)
    where = {"metadata": {"path": str(HERE)}}
    NotebookClient(notebook, timeout=LONGEST, kernel_name="python3", resources=where, record_timing=False).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [without_noise(output) for output in cell.outputs]
    return without_metadata(notebook)


def without_noise(output: NotebookNode) -> NotebookNode:
    """An output without what differs from run to run: the id of a styled table, the text beside a table or picture."""
    data = output.get("data", {})
    if "text/html" in data:
        identity = re.search(r'id="T_([0-9a-f]+)"', data["text/html"])
        if identity:
            data["text/html"] = data["text/html"].replace(identity[1], "table")
    if len(data) > 1 and "text/plain" in data:
        data["text/plain"] = "(a picture)" if "image/png" in data else "(a table)"
    return output


def reworded(path: Path, target: Path) -> NotebookNode:
    """The notebook of a text with the outputs that were kept, for which its code has to be the same."""
    notebook, kept = cells_of(path), nbformat.read(target, as_version=4)
    code, earlier = ([cell for cell in each.cells if cell.cell_type == "code"] for each in (notebook, kept))
    if [cell.source for cell in code] != [cell.source for cell in earlier]:
        sys.exit(f"{path}: its code was changed since {target.name} was written; leave out --words")
    for cell, before in zip(code, earlier, strict=True):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    return notebook


def main() -> None:
    """Run what is named, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="those whose names begin so")
    parser.add_argument("--words", action="store_true", help="run nothing, take over changed words")
    wanted = parser.parse_args()
    paths = [path for path in sorted(HERE.glob("[0-9]*.py")) if path.name.startswith(tuple(wanted.names) or "")]
    if not paths:
        sys.exit(f"no notebook begins with {' or '.join(wanted.names)}")
    for path in paths:
        target = path.with_suffix(".ipynb")
        nbformat.write(reworded(path, target) if wanted.words else executed(path), target)
        print(f"written {target.name}, {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

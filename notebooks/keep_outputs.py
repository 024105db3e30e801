"""Run the notebooks at full size and keep what they put out, for those who only read.

    python notebooks/keep_outputs.py            # all of them
    python notebooks/keep_outputs.py 01 05a     # those whose names begin so

Each `NN_name.py` is run from its folder, and `NN_name.ipynb` written beside it with the outputs: the same cells, without
times, names of machines and paths. `METER_SIM_NOTEBOOK_SIZE=ci` runs them small. Needs `pip install '.[notebooks]'`.
"""

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


def executed(path: Path) -> NotebookNode:
    """The notebook of a text with its outputs. Raises nbclient's CellExecutionError where a cell fails."""
    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = nbformat.from_dict({})
    client = NotebookClient(
        notebook, timeout=LONGEST, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}, record_timing=False
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata = nbformat.from_dict({})
            cell.outputs = [without_noise(output) for output in cell.outputs]
    return notebook


def without_noise(output: NotebookNode) -> NotebookNode:
    """An output without what differs from run to run: ids of styled tables, the text beside a table or picture."""
    data = output.get("data", {})
    if "text/html" in data:
        identity = re.search(r'id="T_([0-9a-f]+)"', data["text/html"])
        if identity:
            data["text/html"] = data["text/html"].replace(identity[1], "table")
    if len(data) > 1 and "text/plain" in data:
        data["text/plain"] = "(a picture)" if "image/png" in data else "(a table)"
    return output


def main(names: list[str]) -> None:
    """Run what is named, and say what was written."""
    paths = [path for path in sorted(HERE.glob("[0-9]*.py")) if not names or path.name.startswith(tuple(names))]
    if not paths:
        sys.exit(f"keep_outputs.py: no notebook begins with {' or '.join(names)}")
    for path in paths:
        target = path.with_suffix(".ipynb")
        nbformat.write(executed(path), target)
        print(f"written {target.name}, {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The tutorial: its commands are run as they stand there, in order, and what it prints is what comes out.

A line `...` of an output stands for lines that are left out.
"""

import contextlib
import io
import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from meter_sim.cli import main

TUTORIAL = (Path(__file__).parent.parent / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(yaml|sh|python|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def shell(lines):
    """The output of all these commands, which succeed."""
    text = ""
    for line in lines.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "meter-sim"
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.stderr
        text += result.stdout
    return text


def python(lines, names):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(lines, names)
    return out.getvalue()


def assert_shown(shown, came):
    """What is shown came, whole but for what `...` stands for."""
    pattern = "".join(r"(?:.*\n)*" if line == "..." else re.escape(line) + "\n" for line in shown.splitlines())
    assert re.fullmatch(pattern, came), came


def test_what_the_tutorial_shows_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(TUTORIAL)
    assert [kind for kind, _ in blocks].count("yaml") == 1
    names, came, outputs = {}, "", 0
    for kind, text in blocks:
        if kind == "yaml":
            Path("town.yaml").write_text(text, encoding="utf-8")
        elif kind == "text":
            assert_shown(text, came)
            outputs += 1
        else:
            came = shell(text) if kind == "sh" else python(text, names)
    assert outputs >= 6

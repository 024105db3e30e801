"""What is wrong with a scenario, in one line: where, what, and what instead."""

import re

MOST_FAULTS = 20
"""Faults that are told of one file; of more, their number."""
LONGEST = 600
"""Characters of a line; the rest of a longer one is left out."""

_HEX_RUN = re.compile(r"[0-9A-Za-z]*[0-9A-Fa-f]{16,}[0-9A-Za-z]*")
_HEX_GROUPS = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2,8}[ :_-]){3,}[0-9A-Fa-f]{2,8}(?![0-9A-Za-z])")


class ScenarioError(Exception):
    """One or more faults, each a line `file:line: path: what is wrong, what is allowed`."""

    def __init__(self, *faults: str) -> None:
        told = [one_line(fault) for fault in faults[:MOST_FAULTS]]
        if len(faults) > MOST_FAULTS:
            told.append(f"{len(faults) - MOST_FAULTS} more faults")
        self.faults = tuple(told)
        super().__init__("\n".join(told))


def one_line(text: str) -> str:
    """A text as one line of bounded length, without control characters."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def without_keys(text: str) -> str:
    """A text without what may be a vending key in hex, wherever somebody put it by mistake.

    Digits alone (a PAN, a token) stay.
    """

    def hidden(match: re.Match[str]) -> str:
        return match[0] if re.fullmatch("[0-9 :_-]+", match[0]) else "(hidden)"

    return _HEX_GROUPS.sub(hidden, _HEX_RUN.sub(hidden, text))

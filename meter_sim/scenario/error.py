"""What is wrong with a scenario, in one line: where, what, and what instead."""

import re

_MAYBE_A_KEY = re.compile(r"(?<![0-9A-Za-z])(?:(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{16,}|[0-9]{16}|[0-9]{40})(?![0-9A-Za-z])")


class ScenarioError(Exception):
    """One or more faults, each a line `file:line: path: what is wrong, what is allowed`.

    What looks like a vending key in hex is left out, wherever in the file it stood by mistake.
    """

    def __init__(self, *faults: str) -> None:
        self.faults = tuple(_MAYBE_A_KEY.sub("(hidden)", fault) for fault in faults)
        super().__init__("\n".join(self.faults))

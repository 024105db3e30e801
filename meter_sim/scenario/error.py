"""What is wrong with a scenario, in one line: where, what, and what instead."""


class ScenarioError(Exception):
    """One or more faults, each a line `file:line: path: what is wrong, what is allowed`."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults

"""A user's mistake on the command line."""

from typing import IO

import click


class WrongInputError(click.ClickException):
    """A user's mistake: its lines go to standard error as they are, without a traceback; exit status 2."""

    exit_code = 2

    def show(self, file: IO[str] | None = None) -> None:
        """Print the lines."""
        click.echo(self.message, file=file, err=file is None)

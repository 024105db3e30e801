"""The field `tokens`: several tokens in one text."""

_SEPARATORS = str.maketrans({**dict.fromkeys(",;[]\"'|", " "), "-": ""})


def listed(text: str) -> list[str]:
    """Tokens with blanks, commas, semicolons or bars between them, or as a JSON list; groups only with hyphens."""
    return text.translate(_SEPARATORS).split()

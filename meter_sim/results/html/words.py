"""The words of a report, for who does not work with meters every day."""

from meter_sim.results.html.parts import Section

_WORDS = (
    ("token", "20 digits that a customer buys and keys into the meter; each is accepted once."),
    ("key", "What a meter deciphers its tokens with. Tokens made under another key are refused (CRCError)."),
    (
        "key change tokens",
        "Two to four tokens which, keyed in one after the other, give a meter its new key. They are issuable, "
        "then issued, then entered: three states, and only the last one helps.",
    ),
    (
        "key revision",
        "The number of a vending key. A key revision of a supply group gives every meter of it a new key.",
    ),
    (
        "TID and rollover",
        "A token carries the minute of its issue, counted from a base date. When the count ends, meters need a "
        "key with a later base date: the TID rollover.",
    ),
    ("in scope", "Meters whose register record has the key revision that is to be changed."),
    ("deadline", "The last minute in which credit is sold under the old key."),
    ("presumed, true", "What the vending side's register believes of a meter, and what the meter holds."),
    (
        "without supply",
        "The credit is used up, by cause. No money: nothing was bought. Never buys: a customer who never does. "
        "Not entered: bought, and not keyed in yet. Refused tokens: the meter refuses what was bought. Not "
        "migrated: the key change is missing, or nothing is sold for the old key. No sale: vending was down or busy.",
    ),
    (
        "interval",
        "Where the mean of very many runs lies, so many times in a hundred. It speaks of chance, not of assumptions.",
    ),
)


def words_section(anchor: str) -> Section:
    """The section that explains them."""
    return Section(anchor, "Words", terms=_WORDS)

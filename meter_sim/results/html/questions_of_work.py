"""The utility's work: channels and crews, meters to replace, revisits, queues."""

from meter_sim.results.answers import LAST_MONTH
from meter_sim.results.html.answer import Answer, Cell, Row, of_part, sum_of
from meter_sim.results.html.parts import Table
from meter_sim.results.html.wording import capital, count, listed, month, number, percent, wait
from meter_sim.results.summary_types import Json

Answered = tuple[list[str], list[Table]]

CHANNELS = {
    "with_purchase": "by key change tokens printed with purchases",
    "sent": "by key change tokens sent as messages",
    "fetched": "by key change tokens that customers fetched",
    "crew": "by crews",
    "office": "at offices",
    "replaced": "by a new meter",
    "help": "by a help desk or office asked about refused tokens",
    "timeline": "by an action of the timeline",
}
"""How a meter comes by its new key, in words."""
WAYS = {
    "with_purchase": "with a purchase",
    "sent": "sent as messages",
    "fetched": "fetched by customers",
    "crew": "crew",
    "office": "office",
    "replaced": "new meter",
    "help": "help with refused tokens",
    "timeline": "timeline",
}
"""The same in few words, for tables and pictures."""
DESKS = {"help_desk": "help desk", "office": "office"}


def channels(answer: Answer) -> Answered:
    """Question 2."""
    row = answer.all
    changed = row.counts("changed_by")
    told = listed(f"{number(value)} {CHANNELS.get(how, how)}" for how, value in changed.items())
    sentences = [
        f"{capital(count(sum(changed.values()), 'meter'))} came to the new key: {told}."
        if changed
        else "No meter came to the new key."
    ]
    crews, needed = row.part("crews"), row.part("crews_needed_with_buffer_of_90_days")
    if row["visits_time_per_change"] is not None:
        sentences.append(
            f"Each change by a crew took the time of {number(row['visits_time_per_change'])} visits, failed "
            "ones counted."
        )
    sentences += [_crews(area, crews.get(area), number_needed) for area, number_needed in list(needed.items())[:12]]
    if len(needed) > 1 and "crews" in row.values and all(isinstance(value, int) for value in needed.values()):
        wanted = sum(value for value in needed.values() if isinstance(value, int))
        there = sum(value for value in crews.values() if isinstance(value, int))
        sentences.append(f"All areas together need {count(wanted, 'crew')}; there are {number(there)}.")
    columns: dict[str, str | Cell] = {
        WAYS.get(how, how): of_part("changed_by", how) for how in answer.names("changed_by")
    }
    columns |= {"visits' time a change": "visits_time_per_change"}
    if needed:
        columns |= {"crews": sum_of("crews"), "crews needed, buffer of 90 days": _needed}
    return sentences, [answer.table("Meters changed, by how they came to the new key", columns)]


def _crews(area: str, there: Json, needed: Json) -> str:
    if needed is None:
        return (
            f"In {area} crews start less than 90 days before the deadline, so no number of them ({number(there)} "
            "now) keeps a buffer of 90 days."
        )
    return (
        f"In {area} {count(needed if isinstance(needed, int) else 0, 'crew')} would change every meter of the "
        f"area by visits alone and keep a buffer of 90 days; {'there is' if there == 1 else 'there are'} "
        f"{number(there)}."
    )


def _needed(row: Row) -> str:
    needed = row.part("crews_needed_with_buffer_of_90_days").values()
    known = [value for value in needed if isinstance(value, int)]
    return number(sum(known) if known and len(known) == len(needed) else None)


def replacements(answer: Answer) -> Answered:
    """Question 5."""
    row = answer.all
    cannot = row.counts("cannot_change")
    total, order = sum(cannot.values()), row.whole("meters_to_order")
    by_model = f" ({listed(f'{number(value)} {model}' for model, value in cannot.items())})" if cannot else ""
    sentences = [
        f"{capital(count(total, 'meter'))} cannot take key change tokens{by_model}."
        if total
        else "Every meter takes key change tokens.",
    ]
    months = row.counts("replaced_by_month")
    if months:
        told = listed(f"{number(value)} in {month(when)}" for when, value in months.items())
        sentences.append(f"{capital(count(row.whole('replaced'), 'meter was', 'meters were'))} replaced: {told}.")
    else:
        sentences.append("No meter was replaced.")
    left = row.whole("cannot_change_at_end")
    if total:
        sentences.append(
            f"At the end {count(left, 'meter that cannot change is', 'meters that cannot change are')} still there; "
            f"a crew is to replace {number(row.whole('still_waiting'))} of them."
        )
    sentences.append(
        f"{capital(count(row.whole('stock_at_end'), 'new meter lies', 'new meters lie'))} in stock, so "
        f"{count(order, 'meter has', 'meters have')} to be ordered."
    )
    columns: dict[str, str | Cell] = {
        f"cannot change: {model}": of_part("cannot_change", model) for model in answer.names("cannot_change")
    }
    columns |= {
        "replaced": "replaced",
        "still there": "cannot_change_at_end",
        "waiting for a crew": "still_waiting",
        "stock": "stock_at_end",
        "to order": "meters_to_order",
    }
    return sentences, [answer.table("Meters that cannot change, and their replacement", columns)]


def revisits(answer: Answer) -> Answered:
    """Question 7."""
    row = answer.all
    visits, locked, waiting = (row.whole(name) for name in ("visits", "no_access", "waiting_at_end"))
    if not visits:
        sentences = ["No crew made a visit."]
    else:
        sentences = [
            f"Crews made {count(visits, 'visit')}; at {number(locked)} ({percent(locked, visits)}) nobody opened.",
            f"{capital(count(row.whole('appointments'), 'customer'))} called back for an appointment, and "
            f"{count(row.whole('revisits'), 'visit was a revisit', 'visits were revisits')} after a locked door.",
        ]
    if visits or waiting:
        sentences.append(
            f"At the end {count(waiting, 'meter')} still {'waits' if waiting == 1 else 'wait'} for a crew."
        )
    columns: dict[str, str | Cell] = {
        "visits": "visits",
        "nobody opened": "no_access",
        "nobody opened, %": "percent_no_access",
        "appointments": "appointments",
        "revisits": "revisits",
        "waiting at the end": "waiting_at_end",
    }
    return sentences, [answer.table("Visits of crews", columns)] if visits else []


def queues(answer: Answer) -> Answered:
    """Question 8."""
    row = answer.all
    sentences, tables = [], []
    for desk, name in DESKS.items():
        if desk not in row.values:
            sentences.append(f"Nobody asked at {'an office' if desk == 'office' else 'a help desk'} in the run.")
            continue
        one = row.below(desk)
        asked = one.whole("requests")
        if not asked:
            sentences.append(f"{capital(name)}: no request in the {LAST_MONTH} days before the deadline.")
        else:
            sentences += [
                f"{capital(name)}: {count(asked, 'request')} in the {LAST_MONTH} days before the deadline; "
                f"{number(one.whole('gave_up'))} gave up and {number(one.whole('turned_away'))} were turned away.",
                f"They waited {wait(one['mean_wait_s'])} on average, nine of ten at most "
                f"{wait(one['nine_of_ten_wait_at_most_s'])}, the longest {wait(one['longest_wait_s'])}; the "
                f"longest queue held {count(one.whole('longest_queue'), 'customer')}.",
            ]
        tables.append(answer.table(f"Requests at the {name} in the {LAST_MONTH} days before the deadline", _desk(desk)))
    return sentences, tables


def _desk(desk: str) -> dict[str, str | Cell]:
    numbers = {"requests": "requests", "served": "served", "gave up": "gave_up", "turned away": "turned_away"}
    waits = {
        "mean wait": "mean_wait_s",
        "nine of ten at most": "nine_of_ten_wait_at_most_s",
        "longest": "longest_wait_s",
    }
    columns: dict[str, str | Cell] = {head: of_part(desk, name) for head, name in numbers.items()}
    columns |= {head: _waited(desk, name) for head, name in waits.items()}
    return columns | {"longest queue": of_part(desk, "longest_queue")}


def _waited(desk: str, name: str) -> Cell:
    return lambda row: wait(row.part(desk).get(name))

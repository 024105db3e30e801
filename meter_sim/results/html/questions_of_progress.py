"""How far the change of keys is: the rate and the start, what comes after the deadline, what the register presumes."""

from meter_sim.programme import RegisterState, TrueState
from meter_sim.results.answers import BUFFERS
from meter_sim.results.html.answer import Answer, Cell, Row, as_day, with_share
from meter_sim.results.html.parts import Table
from meter_sim.results.html.wording import SPACE, capital, count, day, listed, number, percent

Answered = tuple[list[str], list[Table]]


def rate(answer: Answer) -> Answered:
    """Question 1."""
    row = answer.all
    scope, changed = row.whole("meters_in_scope"), row.whole("changed_at_deadline")
    if not scope:
        return ["No meter is in scope."], []
    sentences = [
        f"Of {count(scope, 'meter')} in scope {number(changed)} ({percent(changed, scope)}) held the new key "
        f"at the end of {day(row['deadline'])}, the deadline; {number(row.whole('left_at_deadline'))} did not.",
        f"At the end of the run it was {number(row.whole('changed_at_end'))} "
        f"({percent(row.whole('changed_at_end'), scope)}).",
        _dates(row),
    ]
    if row["first_start"] is not None:
        started = day(row["first_start"])
        sentences.append(
            f"The first start, {started}, is not before the deadline."
            if row["mean_rate"] is None
            else f"From the first start, {started}, to the deadline {number(row['mean_rate'])} meters a "
            f"day were changed; in the best 30 days {number(row['best_rate_over_30_days'])} a day."
        )
        sentences += [_buffer(row, days) for days in BUFFERS]
        if any(row[f"latest_start_with_buffer_of_{days}_days"] for days in BUFFERS):
            sentences.append(
                "The latest start takes the best rate to hold to the end, which is the most that can be hoped for: the "
                "last meters are slower."
            )
    columns: dict[str, str | Cell] = {
        "in scope": "meters_in_scope",
        "by deadline": with_share("changed_at_deadline", "meters_in_scope"),
        "left": "left_at_deadline",
        "at end of run": with_share("changed_at_end", "meters_in_scope"),
        "90 % reached": as_day("date_of_90_percent"),
        "a day, mean": "mean_rate",
        "a day, best": "best_rate_over_30_days",
    }
    for days in BUFFERS:
        columns[f"a day needed, buffer of {days} days"] = f"rate_needed_with_buffer_of_{days}_days"
        columns[f"latest start, buffer of {days} days"] = as_day(f"latest_start_with_buffer_of_{days}_days")
    return sentences, [answer.table("Meters changed, and rates in meters a day", columns)]


def _buffer(row: Row, days: int) -> str:
    needed, latest = row[f"rate_needed_with_buffer_of_{days}_days"], row[f"latest_start_with_buffer_of_{days}_days"]
    if needed is None:
        told = f"A buffer of {days} days cannot be kept from this start: less than that is left before the deadline"
    else:
        told = f"To be done {days} days before the deadline takes {number(needed)} meters a day from the first start on"
    if latest is None:
        return f"{told}."
    return f"{told}; at the best rate seen the start would have to be {day(latest)} or earlier."


def _dates(row: Row) -> str:
    """When half, 90 and 95 % were reached, and which of them were not."""
    dates = {share: row[f"date_of_{share}_percent"] for share in (50, 90, 95)}
    reached = [
        f"{share}{SPACE}% {'by' if place else 'held it by'} {day(date)}"
        for place, (share, date) in enumerate(dates.items())
        if date is not None
    ]
    missed = [f"{share}{SPACE}%" for share, date in dates.items() if date is None]
    if not reached:
        return f"{listed(missed)} of them were not reached within the run."
    rest = f"; {listed(missed)} {'was' if len(missed) == 1 else 'were'} not reached within the run" if missed else ""
    return f"Of the meters in scope {listed(reached)}{rest}."


def late_changes(answer: Answer) -> Answered:
    """Question 9."""
    row = answer.all
    issued, left = row.whole("issued_after_deadline"), row.whole("left_at_end")
    if issued:
        first = (
            f"After the deadline {count(issued, 'more key change was', 'more key changes were')} issued: nine "
            f"of ten by {day(row['nine_of_ten_issued_by'])}, the last on {day(row['last_issued'])}."
        )
    else:
        first = "After the deadline no key change was issued."
    refused = row.whole("refused_after_deadline")
    second = (
        f"The vending side then refused {count(refused, 'sale or key change', 'sales and key changes')}."
        if refused
        else "The vending side refused neither a sale nor a key change then."
    )
    third = f"At the end of the run {count(left, 'meter in scope', 'meters in scope')} did not hold the new key."
    columns: dict[str, str | Cell] = {
        "issued after the deadline": "issued_after_deadline",
        "nine of ten by": as_day("nine_of_ten_issued_by"),
        "last one": as_day("last_issued"),
        "refused": "refused_after_deadline",
        "left at the end": "left_at_end",
    }
    return [first, second, third], [answer.table("Key changes after the deadline", columns)]


def presumed(answer: Answer) -> Answered:
    """Question 10."""
    row = answer.all
    wrongly, behind = row.whole("presumed_changed_but_not"), row.whole("changed_but_not_presumed")
    worst = row.whole("most_presumed_changed_but_not")
    sentences = [
        f"At the end of the run the register counts {count(wrongly, 'meter')} as changed that "
        f"{'does' if wrongly == 1 else 'do'} not hold the new key, and {count(behind, 'meter')} as unchanged that "
        f"{'does' if behind == 1 else 'do'}.",
        f"On the worst day {count(worst, 'meter was', 'meters were')} counted as changed and "
        f"{'was' if worst == 1 else 'were'} not.",
        capital(f"{count(row.whole('records_corrected'), 'record was', 'records were')} put right."),
    ]
    table = row.part("by_register_and_true_state")
    trues = [state.value for state in TrueState if any(state.value in Row(table).counts(name) for name in table)]
    rows = []
    for state in RegisterState:
        counts = Row(table).counts(state.value)
        if counts:
            cells = [number(counts.get(name, 0)) for name in trues]
            rows.append((state.value, *cells, number(sum(counts.values()))))
    told = "Meters at the end: rows are what the register says, columns what is true"
    tables = [Table(told, ("register", *trues, "all"), tuple(rows))]
    columns: dict[str, str | Cell] = {
        "presumed, not changed": "presumed_changed_but_not",
        "the most on a day": "most_presumed_changed_but_not",
        "changed, not presumed": "changed_but_not_presumed",
        "records put right": "records_corrected",
    }
    return sentences, [*tables, answer.table("Where the register is wrong", columns)]

"""What customers do and meet: who never comes, tokens in drawers, supply after the deadline."""

from meter_sim.results.html.answer import Answer, Cell, of_part, sum_of
from meter_sim.results.html.parts import Table
from meter_sim.results.html.wording import capital, count, hours, kwh, listed, number, percent

Answered = tuple[list[str], list[Table]]


def never_come(answer: Answer) -> Answered:
    """Question 3."""
    row = answer.all
    zero, unchanged, buyers = (
        row.counts(name) for name in ("zero_buyers", "unchanged_zero_buyers", "unchanged_buyers")
    )
    never = sum(zero.values())
    silent = count(row.whole("no_purchase_in_the_run"), "meter")
    sentences = [
        (
            f"{capital(count(never, 'customer'))} never {'buys' if never == 1 else 'buy'} anything{_by_name(zero)}; "
            f"in this run {silent} saw no purchase."
            if never
            else f"Every customer buys; in this run {silent} saw no purchase."
        ),
        f"Without the new key at the end are {count(sum(unchanged.values()), 'meter')} of those who never buy and "
        f"{count(sum(buyers.values()), 'meter')} of those who do{_by_name(buyers)}.",
    ]
    dead, found = row.whole("dead_records"), row.whole("dead_records_found")
    sentences.append(
        f"{capital(count(dead, 'record'))} of the register had no meter in the field; {number(found)} of them "
        f"{'was' if found == 1 else 'were'} found."
        if dead
        else "Every record of the register had a meter in the field."
    )
    columns: dict[str, str | Cell] = {
        "never buy": sum_of("zero_buyers"),
        "no purchase in the run": "no_purchase_in_the_run",
        "never buy, unchanged": sum_of("unchanged_zero_buyers"),
        "buy, unchanged": sum_of("unchanged_buyers"),
        "dead records": "dead_records",
        "found": "dead_records_found",
    }
    return sentences, [answer.table("Meters whose customers never come, and records without a meter", columns)]


def drawers(answer: Answer) -> Answered:
    """Question 4."""
    row = answer.all
    issued, states = row.whole("tokens_issued"), row.counts("end_states")
    lost = sum(number for state, number in states.items() if state.startswith("refused for ever"))
    never, open_then = states.get("not entered", 0), row.whole("credit_tokens_open_at_key_change")
    replaced = row.whole("tokens_replaced")
    sentences = [
        f"Of {count(issued, 'token')} issued {count(lost, 'was', 'were')} refused for ever "
        f"({percent(lost, issued)}) and {count(never, 'was', 'were')} never entered."
        if issued
        else "No token was issued.",
        f"When the key of their meter changed, {count(open_then, 'credit token')} made under the old key had not been "
        f"accepted{': ' + kwh(row['kwh_in_them']) if open_then else ''}.",
        f"The vending side gave {count(replaced, 'token')} in place of others"
        f"{', over ' + kwh(row['kwh_replaced']) if replaced else ''}.",
    ]
    columns: dict[str, str | Cell] = {"issued": "tokens_issued"}
    columns |= {name: of_part("end_states", name) for name in answer.names("end_states")}
    columns |= {
        "open at key change": "credit_tokens_open_at_key_change",
        "kWh in them": "kwh_in_them",
        "replaced": "tokens_replaced",
        "kWh replaced": "kwh_replaced",
    }
    return sentences, [answer.table("Tokens by what became of them", columns)]


def without_supply(answer: Answer) -> Answered:
    """Question 6."""
    row = answer.all
    off, most = row.counts("hours_by_cause"), row.counts("most_meters_a_day")
    told = [
        f"{hours(off.get(cause, 0))} {cause} (at most {count(meters, 'meter')} on a day)"
        for cause, meters in most.items()
    ]
    lent = row["kwh_lent"]
    sentences = [
        "From the day after the deadline to the end of the run, all meters' time without supply came to "
        f"{listed(told)}."
        if told
        else "From the day after the deadline to the end of the run no meter was without supply.",
        f"Over the run {kwh(lent)} were lent and {kwh(row['kwh_paid_back'])} paid back; "
        f"{kwh(row['kwh_still_owed'])} are still owed."
        if lent
        else "No units were lent.",
    ]
    columns: dict[str, str | Cell] = {}
    for cause in answer.names("most_meters_a_day"):
        columns[f"{cause}, h"] = of_part("hours_by_cause", cause)
        columns[f"{cause}, most meters a day"] = of_part("most_meters_a_day", cause)
    columns |= {"kWh lent": "kwh_lent", "kWh paid back": "kwh_paid_back", "kWh owed": "kwh_still_owed"}
    return sentences, [answer.table("Without supply after the deadline by cause, and units lent over the run", columns)]


def _by_name(counts: dict[str, int]) -> str:
    """The counts in brackets; nothing for none."""
    return f" ({listed(f'{number(value)} {name}' for name, value in counts.items())})" if counts else ""

"""Scenarios drawn from a seed, to hold the two engines against each other: everything that the language has but
behaviours and timelines, in sizes at which a year takes a second."""

import random

import yaml

from meter_sim.scenario.meter_numbers import pan_of
from tests.rollout import _Quoted

ZONES = ("Africa/Johannesburg", "Africa/Windhoek", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "UTC")
LOADS = ("township", "rural", "informal", "none", "flat")
ELECTRIC = ("keypad", "small_store", "picky", "locks_soon", "three_sections")
LONG = ("ea11_keypad",)


class Draws:
    """Few words for what is drawn."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, chance, value):
        return value() if self.random.random() < chance else None

    def percent(self, most=100):
        return f"{self.random.randint(0, most)}%"

    def one(self, *values):
        return self.random.choice(values)

    def number(self, least, greatest):
        return self.random.randint(least, greatest)

    def spread(self, unit, least, greatest):
        kind = self.one("constant", "uniform", "lognormal")
        low = self.number(least, greatest)
        if kind == "constant":
            return f"{low} {unit}"
        if kind == "uniform":
            return {"uniform": {"least": f"{low} {unit}", "greatest": f"{self.number(low, greatest)} {unit}"}}
        return {"lognormal": {"median": f"{max(low, 1)} {unit}", "sigma": str(self.one("0.2", "0.6", "1.0"))}}


def text_of(seed):
    """The file of a seed."""
    return yaml.dump(tree_of(seed), Dumper=_Quoted, sort_keys=False)


def tree_of(seed):
    """The tree of a seed: a town or two over some months around a rollover."""
    draws = Draws(seed)
    water = draws.number(0, 9) == 0
    long = not water and draws.number(0, 4) == 0
    spans = (("2024-09-10", "2025-02-10"), ("2024-02-20", "2024-07-20"), ("2024-10-20", "2024-12-20"))
    start, end = draws.one(*spans)
    tree = {
        "name": f"Drawn {seed}",
        "start": f"{start} {draws.one('00:00', '13:17')}",
        "end": f"{end} {draws.one('00:00', '07:30')}",
        "timezone": draws.one(*ZONES),
        "seed": str(draws.number(0, 1 << 63)),
        "supply_groups": groups(draws, long),
        "meter_models": models(),
        "points_of_sale": points(draws),
        "areas": {},
        "population": population(draws, water, long),
        "customers": {},
    }
    names = ["north", "south"][: draws.number(1, 2)]
    tree["customers"] = customers(draws, water, tuple(tree["points_of_sale"]))
    change = draws.number(0, 9) > 0
    for place, name in enumerate(names):
        tree["areas"][name] = area(draws, start, change, last=place == len(names) - 1, several=len(names) > 1)
    if draws.number(0, 2) == 0:
        tree["holidays"] = ["2024-12-16", "2024-12-25"]
        if not any(set(one) & {"depot", "help_desk", "office"} for one in tree["areas"].values()):
            del tree["holidays"]
    if change:
        tree["programme"] = programme(draws, tree, start, end, water, long)
    tree["costs"] = {"visit": "10 currency", "call": "1.5 currency", "token": "0.01 currency", "kwh": "2.5 currency"}
    if draws.number(0, 3) == 0:
        tree["readings_every"] = "7 h"
        tree["meters"] = listed(draws, names, water, long)
    return tree


def groups(draws, long):
    dkga = "04" if long else draws.one("02", "04")
    old = {"key_revision": "1", "base_date": "1993", "dkga": dkga, "key": "test:old"}
    new = {"key_revision": "2", "base_date": draws.one("1993", "2014"), "dkga": "04", "key": "test:new"}
    if draws.number(0, 5) == 0:
        new["issue_from"] = "2024-11-01 00:00"
    if draws.number(0, 7) == 0:
        old["key_expiry"] = "252"
    found = {"123457": {"vending_keys": [old, new]}}
    if draws.number(0, 1):
        found["234561"] = {"vending_keys": [dict(old), dict(new)]}
    return found


def models():
    return {
        "small_store": {"based_on": "keypad", "tid_store": "3", "kct_timeout": "2 min"},
        "picky": {"based_on": "keypad", "enforce_key_expiry": "true", "credit_cap": "120 kWh"},
        "locks_soon": {"based_on": "keypad", "lockout": {"after": "1", "first": "40 s", "longest": "2 h"}},
        "three_sections": {"based_on": "keypad", "kcts": "3"},
        "ea11_keypad": {"encryption": "EA11", "kcts": "4"},
    }


def points(draws):
    found = {"main": {}}
    if draws.number(0, 2) == 0:
        found["shop"] = {"clock_offset": f"{draws.one('-', '')}{draws.number(1, 90)} min"}
        if draws.number(0, 1):
            found["shop"]["shared_tid_list"] = "false"
    if draws.number(0, 5) == 0:
        found["main"]["after_last_minute"] = "wrap"
    return found


def population(draws, water, long):
    found = {"count": str(draws.number(5, 30)), "supply_group": "123457"}
    if water:
        found["models"] = {"water": "100%"}
    elif long:
        found["models"] = {"ea11_keypad": "100%"}
    else:
        own = draws.random.sample(ELECTRIC, 2)
        found["models"] = {own[0]: "60%", own[1]: "40%"}
        found["loads"] = {draws.one(*LOADS[:3]): "70%", draws.one("none", "flat"): "30%"}
        found["use_varies"] = draws.percent(60)
        if draws.number(0, 3) == 0:
            found["credit"] = draws.spread("kWh", 0, 60)
    if draws.number(0, 1):
        found["cannot_change"] = draws.percent(30)
    if draws.number(0, 1):
        found["drawer"] = {"share": draws.percent(60)}
    if draws.number(0, 1):
        shares = {"tariff_index": draws.percent(20), "key_revision": draws.percent(20)}
        shares |= {"swapped": draws.percent(20), "dead": draws.percent(20)}
        found["register_errors"] = shares
    return found


def customers(draws, water, shops):
    kinds = {}
    for name in ("often", "paid", "regular"):
        kind = {"amount": draws.spread("m3" if water else "kWh", 1, 40), "enter_after": draws.spread("min", 0, 300)}
        if water:
            kind["buy"] = draws.one({"every": draws.spread("days", 1, 20)}, {"paydays": {"days": ["1", "25"]}})
        elif name == "often":
            kind["buy"] = {"when_below": f"{draws.number(1, 30)} kWh"}
        elif name == "paid":
            at = draws.one("17:00", {"uniform": {"least": "08:00", "greatest": "20:00"}})
            kind["buy"] = {"paydays": {"days": [str(draws.number(1, 31)), "15"], "at": at}}
            if draws.number(0, 1):
                kind["buy"]["when_below"] = "4 kWh"
        else:
            kind["buy"] = {"every": draws.one(draws.spread("days", 1, 20), draws.spread("h", 1, 40))}
            if draws.number(0, 1):
                kind["amount"] = {"use_of": draws.spread("days", 1, 9)}
        if not water and draws.number(0, 2) == 0:
            kind["free_units"] = f"{draws.number(1, 50)} kWh"
        kind["between_entries"] = f"{draws.one(0, 1, 40, 200)} s" if draws.number(0, 1) else "40 s"
        kind["retry_after"] = draws.one("1 h", "1 day", "3 days")
        kind["point_of_sale"] = draws.one(*shops)
        kind["mistakes"] = {
            "wrong_digit": draws.percent(30),
            "credit_first": draws.percent(40),
            "one_section": draws.percent(30),
            "tries": str(draws.number(1, 4)),
        }
        kind["trouble"] = {
            "asks": draws.percent(),
            "tries_again_after": draws.spread("h", 1, 60),
            "sittings": str(draws.number(1, 4)),
        }
        kind["campaign"] = {
            "answers": draws.percent(),
            "answers_after": draws.spread("days", 0, 20),
            "at_deadline": draws.percent(),
            "deadline_within": f"{draws.number(1, 30)} days",
        }
        kind["spare"] = {"share": draws.percent(30), "kept": draws.spread("days", 1, 60)}
        kinds[name] = kind | {"share": "28%"}
    kinds["zero"] = {"based_on": draws.one("vacant", "bypassed", "blocked")}
    return kinds


def area(draws, start, change, *, last, several):
    found = {}
    if several and not last:
        found["share"] = "40%"
    if draws.number(0, 1):
        found["help_desk"] = desk(draws)
    if draws.number(0, 2):
        found["office"] = desk(draws)
    if draws.number(0, 3) == 0:
        found["vending"] = {"sales_per_hour": "1", "busy_retry": f"{draws.number(1, 90)} min"}
    if draws.number(0, 2) == 0:
        found.setdefault("vending", {})["outages"] = [{"start": f"{start} 18:00", "end": f"{start[:8]}28 12:00"}]
    if change and draws.number(0, 2):
        found["depot"] = {
            "crews": str(draws.number(0, 2)),
            "visits_per_day": str(draws.number(1, 5)),
            "open": draws.one("08:00-16:30", "00:00-24:00", "06:00-06:10"),
            "no_access": draws.percent(60),
            "calls_back": draws.percent(),
            "appointment_after": f"{draws.number(1, 6)} days",
            "revisit_after": f"{draws.number(1, 20)} days",
            "most_visits": str(draws.number(1, 4)),
            "replacement_takes": str(draws.number(1, 7)),
            "stock": str(draws.number(0, 4)),
            "deliveries": [{"at": "2024-11-20 12:00", "meters": "2"}],
        }
    return found


def desk(draws):
    found = {
        "staff": str(draws.number(1, 2)),
        "open": draws.one("08:00-16:30", "00:00-24:00", "10:00-11:00"),
        "service": draws.spread("min", 1, 200),
    }
    return found | ({"patience": f"{draws.number(1, 90)} min"} if draws.number(0, 1) else {})


def programme(draws, tree, start, end, water, long):
    year, month = start[:4], int(start[5:7])
    days = [f"{year}-{month + 1:02d}-{day:02d}" for day in (1, 8, 15, 22)]
    found = {"change_key": {"from": "1", "to": "2"}, "phases": {}}
    if draws.number(0, 4) == 0:
        found["change_key"]["tariff_index"] = "07"
    if draws.number(0, 5) == 0 and "234561" in tree["supply_groups"]:
        found["change_key"] |= {"supply_group": "234561"}
    if draws.number(0, 3) == 0 and not long:
        found["change_key"]["three_sections"] = "true"
    if draws.number(0, 5) == 0:
        found["change_key"]["key_expiry"] = "255"
    if draws.number(0, 2):
        found["credit_until"] = draws.one("2024-11-24 20:14Z", f"{year}-{month + 2:02d}-10 12:00")
    if draws.number(0, 2) == 0 and "credit_until" in found:
        found["key_change_until"] = f"{end[:8]}{draws.one('05', '14')} 00:00"
        if found["key_change_until"][:10] < found["credit_until"][:10]:
            found["key_change_until"] = found["credit_until"]
    depots = [name for name, one in tree["areas"].items() if "depot" in one]
    if depots and draws.number(0, 1):
        found["replace_with"] = (
            "water" if water else draws.one("ea11_keypad", "small_store") if not long else "ea11_keypad"
        )
        if found["replace_with"] == "ea11_keypad":
            for one in tree["supply_groups"].values():
                one["vending_keys"][1]["dkga"] = "04"
    for name, one in tree["areas"].items():
        channels = ["with_purchase", "with_purchase", "sent", "fetched"]
        channels += ["crew", "crew"] if "depot" in one else []
        channels += ["office"] if "office" in one else []
        phases = []
        for _ in range(draws.number(1, 3)):
            phase = {
                "start": f"{draws.one(*days)} {draws.one('00:00', '08:00', '09:30')}",
                "channel": draws.one(*channels),
            }
            if phase["channel"] == "with_purchase":
                phase["print_with"] = f"{draws.number(1, 4)} purchases"
            if phase["channel"] in ("sent", "fetched", "office"):
                phase |= {"reaches": draws.percent(), "send_over": f"{draws.number(1, 20)} days"}
            if phase["channel"] == "crew":
                phase["visit"] = draws.one("unconfirmed", "not_issued")
            if draws.number(0, 1):
                phase["end"] = f"{year}-{month + 2:02d}-{draws.one('01', '12')} {draws.one('00:00', '08:00')}"
            phases.append(phase)
        found["phases"][name] = phases
    crews_only = all(one["channel"] == "crew" for phases in found["phases"].values() for one in phases)
    if crews_only and "replace_with" in found and draws.number(0, 1):
        found["replace_all"] = "true"
    if not water and draws.number(0, 2) == 0:
        until = f"{year}-{month + 2:02d}-20"
        found["lend"] = {"start": days[0], "until": until, "amount": "15 kWh", "pay_back": draws.percent(60)}
    return found


def listed(draws, names, water, long):
    model = "water" if water else "ea11_keypad" if long else "keypad"
    of = {"supply_group": "123457", "key_revision": "1", "tariff_index": "01", "model": model}
    first = {"name": "watched", "pan": pan_of(78).digits, "customer": "paid", "area": draws.one(*names)} | of
    second = {"name": "alone", "pan": pan_of(77).digits, "customer": draws.one("often", "regular")} | of
    if not water:
        for one in (first, second):
            one |= {"credit": "12 kWh", "load": draws.one(*LOADS)}
    return [first, second]

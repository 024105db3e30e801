"""The scenario file that `meter-sim new` writes: one household, every section with a word on what it is for."""

STARTER = """\
# yaml-language-server: $schema=scenario.schema.json
# (for completion in an editor: meter-sim schema > scenario.schema.json)
version: 1
name: {name}
start: 2024-11-01 00:00            # local time of the zone below; a trailing Z is UTC
end: 2024-12-15 00:00              # the first instant that is not part of the run
timezone: Africa/Windhoek
seed: 7                            # another seed is another household of the same kind
readings_every: 1 h                # how often the credit register is read, for the picture

# Who may sell, and with which keys. test:old and test:new are built-in keys that anybody may know; never put a key
# of a live system here. Digit strings stand in quotes.
supply_groups:
  "123457":
    vending_keys:
      - {{key_revision: 1, base_date: 1993, dkga: "02", key: test:old, issue_until: 2024-11-24 20:15Z}}
      - {{key_revision: 2, base_date: 2014, dkga: "04", key: test:new}}

points_of_sale:
  main: {{clock_offset: 0 min}}      # a wrong clock: clock_offset: 30 days

# Kinds of meter, where the built-in one (keypad) does not fit.
meter_models:
  small_store: {{tid_store: 20, kct_timeout: 5 min}}

# Loads beside the built-in township (12.2 kWh a day), informal (3.8), rural (2.5) and flat (10).
loads:
  our_homes: {{profile: township, mean: 8 kWh, variation: 20%}}

# How people buy: below a level of the display, or at intervals ({{every: 7 days}}).
customers:
  careful:
    buy: {{when_below: 5 kWh}}
    amount: {{lognormal: {{median: 20 kWh, sigma: 0.5}}}}
    enter_after: {{uniform: {{least: 5 min, greatest: 2 h}}}}

meters:
  - name: home
    pan: "600727000000000009"
    supply_group: "123457"
    key_revision: 1
    tariff_index: "01"
    credit: 12 kWh
    load: our_homes
    customer: careful
    model: small_store

# What happens when, and what must come of it; a run in which an expectation fails ends with exit status 1.
timeline:
  - {{at: 2024-11-20 09:00, change_key: {{to: 2}}, meter: home, as: kct}}
  - {{at: 2024-11-20 09:05, enter: kct.1, meter: home, expect: 1stKCT}}
  - {{at: 2024-11-20 09:06, enter: kct.2, meter: home, expect: {{result: Accept, key_revision: 2}}}}
  - {{at: 2024-12-01 12:00, manage: {{test: key_revision}}, meter: home, expect: {{display: KRN 2.2}}}}
"""


def starter(name: str) -> str:
    """The text of a starter scenario."""
    return STARTER.format(name=name)

# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. One household across 24 November 2024
#
# **Shows** what one family sees on the day when the minutes of the old key ran out: with a key change in time, and
# without. **For** trainers, call centres, and planners who have to write the leaflet.
#
# Every token below is a real one: issued under a test key, keyed in, deciphered and checked by a simulated meter.

# %%
# %matplotlib inline
import pandas as pd

import meter_sim
from meter_sim.results import plots

# %% [markdown]
# ## 1. A household that changes its key in time
#
# The scenario is a file of 40 lines; running it takes a second. The file also says what it expects of each entry: an
# empty tuple means that everything came as expected.

# %%
home = meter_sim.run("../scenarios/household_rollover.yaml")
home.failures


# %% [markdown]
# The diary of what was keyed in around the change of 20 November. Look at four lines: `1stKCT` after the first half of
# the new key, `Accept` after the second; then the old token that is tried again is a `CRCError`, because the meter
# cannot read it any more; and the next purchase is accepted as if nothing had been.


# %%
def entries(result, meter, start, end):
    """What was keyed in between two days, and what the meter answered."""
    rows = result.events.query("event == 'entry' and meter == @meter")
    local = rows["time"].dt.tz_convert("Africa/Windhoek")
    rows = rows.assign(local=local.dt.strftime("%d %b %H:%M"))[local.between(start, end)]
    shown = rows[["local", "label", "says", "result", "reason"]]
    return shown.style.hide().set_table_styles([{"selector": "th, td", "props": "text-align: left"}])


entries(home, "home", "2024-11-18 00:00+02:00", "2024-12-01 00:00+02:00")

# %% [markdown]
# The two months as a picture. The steps up are tokens, the slope down is the household's use. The vertical line marks
# the key change: the credit in the meter goes through it untouched.

# %%
plots.meter_diary(home, "home")

# %% [markdown]
# What the meter remembers of tokens. It has a list of the latest 50 TIDs, and anything below the lowest of them is
# *Old*. Look at the jump: the key change fills the list with zeros, and from then on TIDs count from 2014. Without
# that, every new token would be *Old*.

# %%
plots.tid_store(home, "home")

# %% [markdown]
# ## 2. The same weeks without the key change
#
# Another household throws the key change tokens away. Look at what is *accepted* after the deadline: tokens that were
# bought before and had lain in a drawer. What was bought under the new key is a `CRCError`. **At the meter nothing
# happens on 24 November**: the trouble begins with the first purchase after it.

# %%
late = meter_sim.run("../scenarios/not_migrated.yaml", set={"meters.0.credit": "280 kWh"})
entries(late, "home", "2024-11-24 00:00+02:00", "2024-12-31 00:00+02:00")

# %% [markdown]
# It had credit to live on for a while. The picture shows how long: the line comes down to nothing in December, weeks
# after the deadline, when nobody thinks of the rollover any more.

# %%
plots.meter_diary(late, "home")

# %% [markdown]
# The numbers of both. Look at the last two rows: the vending side *presumes* key revision 2 of both, since it printed
# the tokens; one meter holds revision 1. The vending side cannot see the difference, and a call centre that goes by its
# record will look for the fault in the wrong place.

# %%
homes = {"changed in time": home.summary["meters"]["home"], "not changed": late.summary["meters"]["home"]}
rows = {
    "credit ended (UTC)": lambda meter: ", ".join(meter["credit_ended"]) or "never",
    "hours without supply": lambda meter: meter["seconds_without_supply"]["credit"] // 3600,
    "key revision in the meter": lambda meter: meter["key_revision"],
    "key revision that vending presumes": lambda meter: meter["presumed_key_revision"],
}
pd.DataFrame({name: {row: value(meter) for row, value in rows.items()} for name, meter in homes.items()})

# %% [markdown]
# ## What this does not tell
#
# * These are two households with habits of their own, not an average. How many are late is a matter of a town: notebook
#   3.
# * A vending system with a clock that is wrong, or on local time, ends earlier: `scenarios/clock_ahead.yaml`.
# * What a meter shows on its display differs from maker to maker, and so does the time that it keeps half a key change.

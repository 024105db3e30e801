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
# # 4. An emergency re-key
#
# **Shows** what happens when a vending key is stolen and every meter of its group has to change within half a year: how
# long thieves can make tokens that work, and what the hurry costs. **For** security officers and planners of vending,
# who hope never to need it.
#
# The key revision goes from 2 to 3. The base date stays, so the TID stores live on and no rollover bit is set.
# Otherwise it is a rollover without a date that was known for thirty years.

# %%
# %matplotlib inline
import os

import pandas as pd

import meter_sim
from meter_sim.results import plots

SIZE = os.environ.get("METER_SIM_NOTEBOOK_SIZE", "full")
meters = {"full": 300, "ci": 24}[SIZE]
SCENARIO = "../scenarios/emergency_rekey.yaml"
print(f"size {SIZE}: {meters} meters")

# %% [markdown]
# ## 1. Three areas, three ways
#
# On the coast the tokens are sent by message, in the city an office hands them out, on the islands people fetch them
# from a web page. Look at the steps: the message reaches many at once; the others come when they have reason to, most
# of them in the weeks around the last day of credit under the old key.

# %%
rekey = meter_sim.run(SCENARIO, set={"population.count": str(meters)})
plots.migration(rekey)

# %% [markdown]
# The same by area: the share of meters that truly hold the new key, at the end of some days.

# %%
by_area = rekey.areas.assign(share=lambda rows: 100 * rows["true_new_key"] / rows["meters"])
days = ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-10", "2026-07-31"]
shares = by_area.assign(date=by_area["date"].astype(str)).query("date in @days")
shares.pivot(index="date", columns="area", values="share").round(1)

# %% [markdown]
# ## 2. How long the stolen key works
#
# **A stolen key makes good tokens for every meter that still holds it.** A meter has no clock and asks nobody. That
# the vending side stopped using the key on 10 July is nothing to the thief. So the harm is measured in meter-days:
# one meter, one day, open. Look at the flat piece, three months in which nothing happens, and at the end: a quarter
# is still open. Most of these do not buy from the utility. They are the ones that buy elsewhere.

# %%
country = rekey.areas.query("area == '(all)'").set_index("date")
still_open = country[["true_old_key", "true_partly_entered", "true_cannot_change"]].sum(axis=1)
axis = still_open.plot(
    drawstyle="steps-post", color="#d55e00", figsize=(9, 3.2), ylabel="meters open to the stolen key"
)
axis.set_ylim(0)
axis.set_xlabel("local date")
axis.grid(alpha=0.25)

# %% [markdown]
# ## 3. What if everybody gets a message?
#
# The same people, the same luck, but the tokens are sent in all three areas, and faster. `meter_days_unchanged` is the
# exposure: look how much of it a message takes away, and for how little money. Then look at the price:
# `presumed_changed_but_not`, meters to which tokens were sent that nobody entered, and tokens that are refused for ever
# because they lay in a drawer when the key changed.

# %%
MESSAGE = {"channel": "sent", "send_over": "10 days", "reaches": "85%"}
sent = {f"programme.phases.{area}.{key}": value for area in ("city", "islands") for key, value in MESSAGE.items()}
messages = meter_sim.run(SCENARIO, set={"population.count": str(meters)} | sent)
rows = [
    "meters_left",
    "meter_days_unchanged",
    "presumed_changed_but_not",
    "tokens_refused_for_ever",
    "help_desk_requests",
    "office_requests",
    "hours_off_not_migrated",
    "cost",
]
plans = {"three ways": rekey, "messages to all": messages}
pd.DataFrame(
    {name: {row: result.summary["measures"][row] for row in rows} for name, result in plans.items()}
).style.format("{:,.0f}")

# %% [markdown]
# ## 4. What the register says
#
# Columns are what the register says, rows what is true. A dashboard that counts tokens sent (`issued` and `presumed
# changed`) calls nearly all meters done, and the thief still sells to those in the middle of the table. A register that
# waits for a purchase under the new key (`presumed changed` alone) is right here, and late. After an emergency the
# difference of the two is the number to ask for.

# %%
states = messages.summary["answers"]["presumed_and_true"]["(all)"]["by_register_and_true_state"]
pd.DataFrame(states).fillna(0).astype(int).rename_axis(index="in truth", columns="in the register")

# %% [markdown]
# ## What this does not tell
#
# * Nothing here says how a key is stolen, how fast it is noticed, or how many forged tokens are sold. The exposure is
#   what could be, not what was.
# * Once the key register of a meter is changed, forged tokens are refused; credit that was forged before stays in the
#   register.
# * Zero buyers are the hard part and need a visit. Notebook 3 has crews.

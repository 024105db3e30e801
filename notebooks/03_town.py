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
# # 3. A town: self-entry against crews
#
# **Shows** three plans for the same town: key change tokens printed with the purchases, a crew from door to door, and
# first the one, then the other. What each leaves undone, what it costs, and whether a difference is one or only luck.
# **For** planners of a key revision, and for trainers who teach how to compare plans.
#
# The town is `notebooks/two_plans.yaml`: meters, people, a crew of two visits a day, a help desk, and costs as they
# were published here and there. Its file names the three plans.

# %%
# %matplotlib inline
import os

import pandas as pd

import meter_sim
from meter_sim.results import plots

SIZE = os.environ.get("METER_SIM_NOTEBOOK_SIZE", "full")
meters, replications, workers = {"full": (120, 8, 2), "ci": (6, 2, 1)}[SIZE]
TOWN = {"path": "two_plans.yaml", "set": {"population.count": str(meters)}}
print(f"size {SIZE}: {meters} meters, {replications} replications of each plan")

# %% [markdown]
# ## 1. One run of each
#
# First one town, three times, with the same people. The blue line is what meters truly hold, the broken ones what the
# register says. Look at the shape: most customers change within three weeks, and then the curve is flat for good,
# because those who do not buy do not come.

# %%
self_entry = meter_sim.run(**TOWN, scenario="self_entry")
plots.migration(self_entry)

# %% [markdown]
# The crew makes a straight line: so many visits a day, until what is left are locked gates. Look when it is done, in
# October, with everybody.

# %%
crew = meter_sim.run(**TOWN, scenario="crew")
plots.migration(crew)

# %% [markdown]
# What the crew met. Look at the visits that found nobody, nearly a third: each of them is made again, up to four times.

# %%
plots.workload(crew)

# %% [markdown]
# Both: customers do what they do until September, then the crew goes to those who seem to be left. Look how short its
# part of the line is.

# %%
both = meter_sim.run(**TOWN, scenario="both")
plots.migration(both)

# %% [markdown]
# Who is left at the end of each run, and what it took. Look at the first column: everybody who is left there never
# buys, and will not notice for months. (Its few visits replaced meters that cannot change.) Then look at visits and
# cost of the other two, which reach the same.

# %%
runs = {"self-entry": self_entry, "crew": crew, "both": both}


def told(result):
    """Some answers of a run about the whole town."""
    answers = result.summary["answers"]
    never = answers["never_come"]["(all)"]
    return {
        "meters in scope": answers["rate_and_start"]["(all)"]["meters_in_scope"],
        "changed at the deadline": answers["rate_and_start"]["(all)"]["changed_at_deadline"],
        "left at the end, never buy": sum(never["unchanged_zero_buyers"].values()),
        "left at the end, buy": sum(never["unchanged_buyers"].values()),
        "visits": result.summary["measures"]["visits"],
        "cost": round(result.summary["measures"]["cost"]),
    }


pd.DataFrame({name: told(result) for name, result in runs.items()})

# %% [markdown]
# ## 2. Is it the plan, or was it luck?
#
# One run is one draw of luck. So each plan is run several times with other seeds, and **replication r has the same seed
# in every plan**: the same people, who are out on the same days. That makes the difference in cost about twice as sure
# as the costs themselves. Where one of the two plans leaves next to nothing to chance, as with meters left, pairing
# brings little. A dot is the mean, the line its 95 % interval.

# %%
plans = meter_sim.experiment(**TOWN, scenarios=["all"], replications=replications, workers=workers)
measures = ["meters_left", "visits", "hours_off_not_migrated", "cost"]
plots.plans(plans.compared(), measures)

# %% [markdown]
# The same as numbers. `difference` is to self-entry, in pairs of the same seed; where `low` to `high` leaves out 0, it
# is no matter of luck. Look at `hours_off_not_migrated`: self-entry leaves some homes without supply in its first
# weeks, with tokens that they cannot use yet; a crew does not. Look then at `cost` beside `meters_left`.

# %%
compared = plans.comparison().query("measure in @measures")
shown = ["measure", "scenario", "mean", "half_width", "difference", "difference_low", "difference_high"]
compared[shown].style.hide().format(precision=1, na_rep="")

# %% [markdown]
# What one meter more costs: the difference in cost by the difference in meters left. Both together is the cheaper way
# to the same end by far, since no visit is spent on people who come by themselves.

# %%
cost, left = (
    compared.query("measure == @name").set_index("scenario")["difference"] for name in ("cost", "meters_left")
)
(cost / -left).dropna().round().rename("cost of one meter more that is changed").to_frame()

# %% [markdown]
# ## What this does not tell
#
# * The town is small so that it runs in a minute, and its numbers (35 % locked gates, 209 a visit, how many never buy)
#   are put in, not found out. `meter_sim.experiment(..., sweep={"areas.town.depot.no_access": ["10%", "30%", "50%"]})`
#   says how much hangs on one of them.
# * The intervals are of the mean over towns like this. Your town is one, and it scatters far more.
# * Costs are those of visits, calls, meters, tokens and energy not sold. Trust, newspapers and the people in the dark
#   are not in them.

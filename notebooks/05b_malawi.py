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
# # 5b. A national utility by field crews: Malawi
#
# **Shows** a rollout by crews that go from door to door, fitted to three counts, and foretold from the first two.
# **For** planners who have to say how many crews they need, and for researchers.
#
# Malawi's utility visited some 630,000 meters, four cities first, then the rest. With crews the curve is nearly a
# straight line: it is made of visits a day, not of customers' habits.
#
# At full size this takes some minutes on two cores. The scenario is `scenarios/calibrated/malawi.yaml`: 5,000 meters
# that stand for all of them.

# %%
# %matplotlib inline
import os

import pandas as pd

import meter_sim

SIZE = os.environ.get("METER_SIM_NOTEBOOK_SIZE", "full")
HOW = {
    "full": {"workers": 2},
    "ci": {"set": {"population.count": "300"}, "evaluations": 4, "seeds": 1, "replications": 2},
}[SIZE]
SCENARIO, COUNTS = "../scenarios/calibrated/malawi.yaml", "../scenarios/observed/malawi.csv"
print("size", SIZE, HOW)

# %% [markdown]
# ## 1. What was published
#
# Dated counts with the page that each stands on (in the file). `within` is our judgement of how far a count may be off,
# in percentage points. Three counts in fourteen months are all that was found.

# %%
counts = pd.read_csv(COUNTS, dtype=str, keep_default_na=False).drop(columns="source_url")
counts.style.hide().set_table_styles([{"selector": "th, td", "props": "text-align: left"}])

# %% [markdown]
# ## 2. Fitted to all counts
#
# Two values are fitted: the visits a day of the one crew in the cities, and of the one in the rest of the country. The
# scenario has 5,000 meters that stand for all, so 25 visits a day are about 3,000 in truth. Look at the intervals:
# three counts less two values leave one by which to judge how far counts scatter, so what the counts are said to be off
# (`within`, somebody's judgement) weighs four times as much.

# %%
bounds = {
    "areas.cities.depot.visits_per_day": "10..50",
    "areas.rest.depot.visits_per_day": "5..40",
}
if SIZE == "ci":
    bounds |= {
        "areas.cities.depot.visits_per_day": "1..3",
        "areas.rest.depot.visits_per_day": "1..2",
    }  # so many meters need no more
fit = meter_sim.calibrate(SCENARIO, COUNTS, bounds, **HOW)
print(fit)

# %% [markdown]
# Look at the two straight pieces, and how each bends over at its end: the last premises are locked ones, which take
# second and third visits for a few meters.

# %%
fit.plot()

# %% [markdown]
# ## 3. Foretold from the first counts
#
# The same with the first two counts alone. They are of the cities, and they end before the crews went to the rest. So
# they tell *nothing* of the visits there. Look how the fit says so, and how wide it makes the band: from half done to
# all done. That is the honest answer. The crews that are planned, not the counts, would have to narrow it.

# %%
ahead = meter_sim.forecast(SCENARIO, COUNTS, bounds, until="2023-12-31", **HOW)
print(ahead)

# %% [markdown]
# The broken line says where the counts that were fitted end. The short orange lines at the deadline are the outcomes of
# single runs.

# %%
ahead.plot()

# %% [markdown]
# ## What this does not tell
#
# * When the crews began was not told; 1 July 2023 is a choice. An earlier start with fewer visits would fit as well.
# * Three counts cannot tell two values and check them too. That the curve comes near them says little.
# * Of the 19,646 meters that were left in the end, 12,218 could not change at all. The scenario has 1.9 % of such, as
#   published, and no plan by which they were replaced.
# * The bands hold what comes of values, chance, and errors such as those before. They do not hold a change of plan.
#   `docs/calibration.md` has the method.

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
# # 5c. A country's licensees: Namibia
#
# **Shows** a fit to a register that was being cleaned while it was counted. **For** regulators and planners who compare
# the percentages of many utilities, and for researchers.
#
# Namibia's licensees visited about 330,000 meters. The number in scope moved: records without a meter were struck off,
# and the last figure before the deadline was corrected downwards three days later.
#
# At full size this takes some minutes on two cores. The scenario is `scenarios/calibrated/namibia.yaml`: 5,000 meters
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
SCENARIO, COUNTS = "../scenarios/calibrated/namibia.yaml", "../scenarios/observed/namibia.csv"
print("size", SIZE, HOW)

# %% [markdown]
# ## 1. What was published
#
# Dated counts with the page that each stands on (in the file). `within` is our judgement of how far a count may be off,
# in percentage points. Look at the two of 21 and 24 November 2024: three days, and 11,000 meters fewer are done. The
# first of them stands with 2 percentage points, the old figure of that week with 8.

# %%
counts = pd.read_csv(COUNTS, dtype=str, keep_default_na=False).drop(columns="source_url")
counts.style.hide().set_table_styles([{"selector": "th, td", "props": "text-align: left"}])

# %% [markdown]
# ## 2. Fitted to all counts
#
# Two values are fitted: visits a day of one crew that stands for all, and the share of visits that find a locked gate.
# Look at what the fit says of each: more visits and fewer locked gates do the same to the curve, so four counts tell
# the two only together.

# %%
bounds = {
    "areas.country.depot.visits_per_day": "8..40",
    "areas.country.depot.no_access": "5%..60%",
}
if SIZE == "ci":
    bounds |= {"areas.country.depot.visits_per_day": "1..2"}  # so many meters need no more
fit = meter_sim.calibrate(SCENARIO, COUNTS, bounds, **HOW)
print(fit)

# %% [markdown]
# Look at the year without a single count. The curve goes through it as the scenario says, and nobody can check it.

# %%
fit.plot()

# %% [markdown]
# ## 3. Foretold from the first counts
#
# The same by **one** count, 13.4 % on 3 November 2023. It can tell a mean rate at best: of the two values only what
# they do together. Look at the bands of the later counts. The count of "2024-11" is an old figure that was still
# repeated in the last week; it stands with 8 points, so its band is wide.

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
# * What happened between November 2023 and November 2024 was not told, so a slow start with a rush and a steady pace
#   fit alike.
# * A percentage of a register is one of records. 2 % of records without a meter are in the scenario because the
#   register was cleaned by about as much; which they were is not known.
# * Crews are one here and many in truth. Regions differ, and a mean hides the one that was late.
# * The bands hold what comes of values, chance, and errors such as those before. They do not hold a change of plan.
#   `docs/calibration.md` has the method.

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
# # 5d. Many towns, many ways: South Africa's municipalities
#
# **Shows** a fit to the sum of hundreds of towns, some of them early, some late, some with crews. **For** regulators
# and associations that follow many utilities by one number, and for researchers.
#
# South Africa's municipalities had between 4.0 and 4.9 million meters. Some printed the key change with purchases from
# 2023 on, some began in the last months, some sent crews.
#
# At full size this takes some minutes on two cores. The scenario is `scenarios/calibrated/municipalities.yaml`: 5,000
# meters that stand for all of them.

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
SCENARIO, COUNTS = "../scenarios/calibrated/municipalities.yaml", "../scenarios/observed/municipalities.csv"
print("size", SIZE, HOW)

# %% [markdown]
# ## 1. What was published
#
# Dated counts with the page that each stands on (in the file). `within` is our judgement of how far a count may be off,
# in percentage points. Seven counts in seven months, all late. The scope shrank from 4.94 to about 4.0 million meters
# meanwhile: part of the rise in percent is a smaller denominator.

# %%
counts = pd.read_csv(COUNTS, dtype=str, keep_default_na=False).drop(columns="source_url")
counts.style.hide().set_table_styles([{"selector": "th, td", "props": "text-align: left"}])

# %% [markdown]
# ## 2. Fitted to all counts
#
# Four values are fitted: the shares of the early and the late towns, how many customers never buy, and the visits a day
# of the towns with crews. Look at the two that are *not told*: the late towns and the crews began within the same
# weeks, and a count of both together cannot say which of them did it.

# %%
bounds = {
    "areas.early.share": "45%..65%",
    "areas.late.share": "5%..22%",
    "customers.zero.share": "1%..15%",
    "areas.crews.depot.visits_per_day": "2..20",
}
if SIZE == "ci":
    bounds |= {"areas.crews.depot.visits_per_day": "1..2"}  # so many meters need no more
fit = meter_sim.calibrate(SCENARIO, COUNTS, bounds, **HOW)
print(fit)

# %% [markdown]
# Look at the steps: each is a group of towns that begins. A sum of many towns is smoother than any of them.

# %%
fit.plot()

# %% [markdown]
# ## 3. Foretold from the first counts
#
# The same with the counts up to 30 September 2024. Two later ones were held back. Look at both: that of October lies
# far below the curve and just outside the widest band, that of November nearly on the curve.

# %%
early = {path: ends for path, ends in bounds.items() if path != "customers.zero.share"}
ahead = meter_sim.forecast(SCENARIO, COUNTS, early, until="2024-09-30", **HOW)
print(ahead)

# %% [markdown]
# The broken line says where the counts that were fitted end. The short orange lines at the deadline are the outcomes of
# single runs.

# %%
ahead.plot()

# %% [markdown]
# ## What this does not tell
#
# * Four groups of towns are a picture of hundreds. What the fit calls the late towns need not be any towns in
#   particular.
# * There is no count before April 2024, so the first half year of the curve is the scenario's word alone.
# * The towns behind such a number differ widely: an association that reports 93 % may have members with 60.
# * The bands hold what comes of values, chance, and errors such as those before. They do not hold a change of plan.
#   `docs/calibration.md` has the method.

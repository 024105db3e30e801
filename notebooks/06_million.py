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
# # 6. A million meters
#
# **Shows** a whole country through the year of its rollover: every purchase, every token enciphered, keyed in and
# deciphered, a million meters one by one. And when a million is needed, and when a thousand do. **For** utilities and
# regulators of large countries, and for researchers who plan runs.
#
# The country is `notebooks/country.yaml`: eight regions, self-entry in all, crews in five. The fleet engine is compiled
# on its first use on a machine, which takes a minute or two; then this run takes some minutes on two cores.

# %%
# %matplotlib inline
import os

import pandas as pd

import meter_sim
from meter_sim.results import plots

SIZE = os.environ.get("METER_SIM_NOTEBOOK_SIZE", "full")
meters, few, towns = {"full": (1_000_000, 2_000, 12), "ci": (3_000, 200, 2)}[SIZE]
scale = meters / 1_000_000
regions = {"north": 12, "valley": 10, "plains": 9, "hills": 9, "islands": 9}
crews = {f"areas.{region}.depot.crews": str(max(round(scale * number), 1)) for region, number in regions.items()}
country = {"path": "country.yaml", "engine": "fleet"}
print(f"size {SIZE}: {meters:,} meters")

# %% [markdown]
# ## 1. The run
#
# Two processes share the regions. The result does not depend on how many there are. All events of a million meters
# would be some hundred million rows, so they are kept of a sample only: one meter in ten thousand. Counts are kept of
# all. Look at the number of tokens.

# %%
kept = "sample:0.01%" if SIZE == "full" else "sample:1%"
result = meter_sim.run(**country, set={"population.count": str(meters)} | crews, workers=2, events=kept)
measures = result.summary["measures"]
everyone = result.areas.query("area == '(all)'")
pd.Series(
    {
        "meters": meters,
        "days": len(everyone),
        "meter-days": meters * len(everyone),
        "tokens taken by meters": measures["entries_taken"],
        "entries turned down": measures["entries_turned_down"],
        "events kept of the sample": len(result.events),
    }
).map("{:,}".format).to_frame("in this run")

# %% [markdown]
# ## 2. The country's curve
#
# Every bend is a region that begins. Look at the distance between what the register presumes and what is true: in
# percent it is small, in meters it is a town.

# %%
plots.migration(result)

# %% [markdown]
# The last evening of credit under the old key, by region. Look at `presumed, not changed`: these people will key in a
# token that they paid for, and be refused. And at the regions without crews: what is left there are those who do not
# buy.

# %%
evening = result.areas[result.areas["date"].astype(str) == "2024-11-24"].set_index("area")
table = evening[["meters", "true_new_key", "presumed_not_changed", "true_partly_entered", "visits_waiting"]]
table = table.rename(columns=lambda name: name.replace("true_", "").replace("_", " "))
table.insert(2, "percent", (100 * evening["true_new_key"] / evening["meters"]).round(1))
table

# %% [markdown]
# ## 3. Crews, desks, and homes in the dark
#
# Look at the week after the deadline: the calls come when tokens are refused, not when the leaflets go out.

# %%
plots.workload(result)

# %% [markdown]
# Homes without supply, by cause. `not migrated` begins with the deadline; `no money` was there before and has nothing
# to do with it.

# %%
plots.without_supply(result)

# %% [markdown]
# ## 4. One meter of the sample
#
# A meter of a million can be looked at like the only one. This is the first of the sample that was refused a token
# after its key was changed on paper: look at the `reason`.

# %%
entries = result.events.query("event == 'entry'")
refused = entries.query("result == 'CRCError' and key_revision < presumed_key_revision")
name = refused["meter"].iloc[0] if len(refused) else entries["meter"].iloc[0]
first = entries.query("meter == @name")
around = first[first["time"] >= (refused["time"].iloc[0] if len(refused) else first["time"].iloc[0])].head(6)
shown = around[["time", "meter", "says", "result", "reason"]].assign(time=around["time"].dt.strftime("%d %b %H:%M"))
shown.style.hide().set_table_styles([{"selector": "th, td", "props": "text-align: left"}])

# %% [markdown]
# ## 5. Does it take a million?
#
# The same country with few meters, several times with other seeds. Look at the spread of the percentage: it is a point
# or so already with two thousand meters. Then look at what is rare, a meter that has had half of its key change: a
# small run has none or one of them, and says nothing about them at all.


# %%
def at_the_deadline(run):
    """The percentage changed, and meters of a rare kind, on the evening of 24 November."""
    row = run.areas[(run.areas["date"].astype(str) == "2024-11-24") & (run.areas["area"] == "(all)")].iloc[0]
    return {
        "changed, %": 100 * row["true_new_key"] / row["meters"],
        "half entered": row["true_partly_entered"],
        "half entered, per million": 1e6 * row["true_partly_entered"] / row["meters"],
    }


one_crew = dict.fromkeys(crews, "1") | {"population.count": str(few)}
small = [at_the_deadline(meter_sim.run(**country, set=one_crew, seed=seed, events="none")) for seed in range(towns)]
pd.DataFrame(
    {
        f"{meters:,} meters": at_the_deadline(result),
        f"{few:,} meters, mean of {towns}": pd.DataFrame(small).mean(),
        "least": pd.DataFrame(small).min(),
        "greatest": pd.DataFrame(small).max(),
    }
).round(1)

# %% [markdown]
# A percentage takes thousands; queues and crews take their region at its size, since they do not scale; what happens to
# one meter in ten thousand takes all of them.
#
# ## What this does not tell
#
# * A million drawn meters are no more like your country than a thousand are. More meters make chance smaller, never
#   assumptions better.
# * The customers are those of the built-in kinds. A list of real meters goes in by `population: {file: meters.csv}`.
# * Larger still, or on many machines: `docs/scale.md`.

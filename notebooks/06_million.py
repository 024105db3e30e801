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
# The country is `notebooks/country.yaml`: eight regions, self-entry in all, crews in four. The fleet engine is compiled
# on its first use on a machine, which takes a minute or two; then this run takes some minutes on two cores.

# %%
# %matplotlib inline
import os

import pandas as pd

import meter_sim
from meter_sim.results import plots

SIZE = os.environ.get("METER_SIM_NOTEBOOK_SIZE", "full")
meters, few, towns, workers = {"full": (1_000_000, 10_000, 8, 2), "ci": (1_000, 250, 2, 1)}[SIZE]
VISITS = {"north": 360, "plains": 180, "hills": 135, "islands": 90}  # a day, for a million meters


def of_size(count):
    """What makes the country one of fewer meters: crews are scaled with them."""
    if count == 1_000_000:
        return {}
    depots = {f"areas.{region}.depot": max(round(visits * count / 1_000_000), 1) for region, visits in VISITS.items()}
    crews = {f"{depot}.crews": "1" for depot in depots}
    return {"population.count": str(count)} | crews | {f"{depot}.visits_per_day": str(n) for depot, n in depots.items()}


country = {"path": "country.yaml", "engine": "fleet"}
print(f"size {SIZE}: {meters:,} meters")

# %% [markdown]
# ## 1. The run
#
# Two processes share the regions. The result does not depend on how many there are. All events of a million meters
# would be some hundred million rows, so they are kept of a sample only: one meter in ten thousand. Counts are kept of
# all. Look at the number of tokens.

# %%
kept = "sample:0.01%" if SIZE == "full" else "sample:5%"
result = meter_sim.run(**country, set=of_size(meters), workers=workers, events=kept)
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
# Every bend is a region that begins. Look at the two lines: what the register presumes runs some days behind the truth,
# for it waits for the next purchase under the new key. A register that calls everything done that was printed would run
# ahead of it instead.

# %%
plots.migration(result)

# %% [markdown]
# The last evening of credit under the old key, by region. Look at the regions without crews: self-entry ends below
# three quarters, since 24 % of these customers never buy and of the others' meters 3.5 % cannot change. And at
# `visits waiting`: the crews of the hills and islands make too few visits a day for what was left to them, and could
# have been counted out in July.

# %%
evening = result.areas[result.areas["date"].astype(str) == "2024-11-24"].set_index("area")
table = evening[["meters", "true_new_key", "true_wrong_key", "presumed_not_changed", "visits_waiting"]]
table = table.rename(columns=lambda name: name.replace("true_", "").replace("_", " "))
table.insert(2, "percent", (100 * evening["true_new_key"] / evening["meters"]).round(1))
table

# %% [markdown]
# ## 3. Crews, desks, and homes in the dark
#
# Look when the help desks are asked: half of it in the two weeks after a region begins, and not at the deadline. Those
# who change are the ones who have questions; those who do not, do not ask. A desk for the mean week has queues in those
# two.

# %%
plots.workload(result)

# %% [markdown]
# Homes without supply, by cause. `not migrated` climbs after the deadline and stays. The small bumps before it are the
# first days of regions, in which somebody buys under the new key and has not entered the change. `no money` and `not
# entered` were there before; the rise of both from June to August is the winter, in which credit ends sooner.

# %%
plots.without_supply(result)

# %% [markdown]
# ## 4. One meter of the sample
#
# A meter of a million can be looked at like the only one. This is the first of the sample that was refused a token
# after its key was changed on paper. Look at the `reason` of each line: the household keys in what it paid for three
# times, then the two key change tokens that were printed with it, and then the same token is good.

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
# The same country with few meters, several times with other seeds. Look at three things.
#
# * The spread of the percentage: ten thousand meters know it to a point or so.
# * All of the small runs lie above the million, and that is no chance. Crews that make 3.6, 1.8, 1.35 and 0.9 visits a
#   day in a country so small were rounded to whole visits; and a replacement, which takes a crew the time of four
#   visits, takes one that makes one or two visits a day but a day. What does not scale (crews, desks, queues) has to be
#   run at its size.
# * What is rare: meters that hold another key than their record says, one in a thousand, are 6 to 14 in a small run, so
#   that nobody could order staff by it. Meters that the register calls done this evening and that are not: two in the
#   country, none in any small run.


# %%
def at_the_deadline(run):
    """The percentage changed, and meters of a rare kind, on the evening of 24 November."""
    row = run.areas[(run.areas["date"].astype(str) == "2024-11-24") & (run.areas["area"] == "(all)")].iloc[0]
    return {
        "changed, %": 100 * row["true_new_key"] / row["meters"],
        "wrong key, meters": row["true_wrong_key"],
        "wrong key, per million": 1e6 * row["true_wrong_key"] / row["meters"],
        "presumed, not changed, meters": row["presumed_not_changed"],
        "presumed, not changed, per million": 1e6 * row["presumed_not_changed"] / row["meters"],
    }


runs = [meter_sim.run(**country, set=of_size(few), seed=seed, events="none") for seed in range(1, towns + 1)]
small = pd.DataFrame([at_the_deadline(run) for run in runs])
pd.DataFrame(
    {
        f"{meters:,} meters": at_the_deadline(result),
        f"{few:,} meters, mean of {towns}": small.mean(),
        "least": small.min(),
        "greatest": small.max(),
    }
).round(1)

# %% [markdown]
# So: a percentage takes thousands; crews and queues take their region at its size; what happens to one meter in ten
# thousand takes all of them.
#
# ## What this does not tell
#
# * A million drawn meters are no more like your country than a thousand are. More meters make chance smaller, never
#   assumptions better.
# * The customers are those of the built-in kinds. A list of real meters goes in by `population: {file: meters.csv}`.
# * Larger still, or on many machines: `docs/scale.md`.

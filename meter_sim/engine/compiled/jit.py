"""The decorator of the kernels in this folder; their cache on disk goes by these sources and the standard's kernels."""

from pathlib import Path

from numpy import int64

from meter_sim.sts.compiled.jit import compiler

compiled = compiler(Path(__file__).parent)

Whole = int | int64
"""A whole number of 64 bits, with its sign; that is what an `int` is in a kernel."""

"""The compiler of the fleet engine's kernels."""

from pathlib import Path

from meter_sim.sts.compiled.jit import compiler

compiled = compiler(Path(__file__).parent)
"""The decorator of the kernels in this folder."""

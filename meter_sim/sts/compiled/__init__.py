"""The coding of tokens and keys in compiled loops, one idea per file, under the names of the scalar files beside them.

These are kernels: they check nothing, and they know arrays and machine integers only. `meter_sim/sts/batch.py` is
their public face; besides it only the fleet engine calls them, from compiled loops of its own.
"""

"""The fleet engine's kernels."""

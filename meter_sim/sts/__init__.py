"""The standard (IEC 62055-41): pure functions and frozen values; no clock, no chance, no files."""

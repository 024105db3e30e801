"""The fleet engine's compiled loops: draws, calendar, loads and people, equal to the Python code they mirror."""

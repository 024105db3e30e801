"""From a scenario file to frozen, checked values that an engine takes."""

"""`python -m meter_sim` is `meter-sim`."""

from meter_sim.cli import main

if __name__ == "__main__":
    main(prog_name="meter-sim")

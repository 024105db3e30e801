"""The order of what falls on one second, as numbers for the kernels."""

from meter_sim.engine.moment import Phase

PROGRAMME = int(Phase.PROGRAMME)
DELIVERY = int(Phase.DELIVERY)
ENTRY = int(Phase.ENTRY)
PURCHASE = int(Phase.PURCHASE)
SHARED = int(Phase.SHARED)
LOAD = int(Phase.LOAD)
LIMIT = int(Phase.LIMIT)

"""The vending side: vending keys, the secure module that holds them, points of sale."""

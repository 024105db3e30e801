"""The meter: a decoder that takes tokens, a credit register, a load switch, and the load behind it."""

"""Practice at a keypad: a session of commands over the engine's own parts, lessons, and why a token was refused."""

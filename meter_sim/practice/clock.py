"""The clock of a session: how session time follows real time, which is told and never read here."""

SPEEDS = {"paused": 0, "real time": 1, "a minute a second": 60, "an hour a second": 3600, "a month a minute": 43_200}
"""Session seconds in a second, by name."""


def advanced(now_ms: int, elapsed_ms: int, speed: int, hold_until: int) -> int:
    """The session's time after some real time, both in milliseconds.

    Up to the second `hold_until` the clock runs at most in real time, however fast it is set: nobody could key in
    twenty digits within the keypad's time-out otherwise.
    """
    slow = min(elapsed_ms, max(hold_until * 1000 - now_ms, 0)) if speed > 1 else 0
    return now_ms + slow + (elapsed_ms - slow) * speed

"""What a server is started with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The folder of saved sessions, the secret of the address (empty: none is asked for), and the limits.

    `rate` is requests per client and second, `most_body` bytes of a request, `most_sessions` those in memory,
    `most_meters` meters of a session, `idle_after` seconds after which a session is put away, `patience` seconds that a
    client may take for a request. `port` tells this server's cookies from another's on the same host.
    """

    folder: Path
    secret: str = ""
    rate: int = 50
    most_body: int = 4_000_000
    most_sessions: int = 200
    most_meters: int = 50
    idle_after: int = 1800
    most_saved: int = 10_000
    loopback: bool = True
    port: int = 0
    patience: int = 20

"""Processes that work beside the main one and end with it."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor


def worker_pool(workers: int, begin: Callable[..., None] | None = None, *arguments: object) -> ProcessPoolExecutor:
    """So many processes, started afresh; none outlives the process that asked for them.

    Each calls `begin` with the arguments first; they go to it through a pipe.
    """
    context = multiprocessing.get_context("spawn")
    initial = (os.getpid(), begin, arguments)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with, initargs=initial)


def _end_with(parent: int, begin: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    """Let a worker end when its parent has gone, however that ended; a key press that stops it is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if begin is not None:
        begin(*arguments)

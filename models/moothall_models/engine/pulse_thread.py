"""The thread that sends the pulses of this process, independently of its other threads."""

from __future__ import annotations

import logging
import resource
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException
from websockets.sync.client import connect

from moothall.wire import pulse as wire
from moothall_models.engine.progress import EngineProgress

logger = logging.getLogger(__name__)

MB = 1_000_000
OPEN_S, CLOSE_S = 5.0, 1.0
IO = Path("/proc/self/io")
"""The file in which Linux reports how many bytes this process has read."""


def send_pulses(url: str, token: str, progress: EngineProgress, *, seconds: Callable[[], float]) -> None:
    """Start a daemon thread that sends the pulses of this process to the server whose engine link is at `url`.

    After a broken connection the thread dials again. It reports no wrong address or token: the engine's own link does.
    `seconds`: a monotonic clock.
    """
    address = url.rstrip("/") + wire.PATH
    headers = {"Authorization": f"Bearer {token}"}

    def run() -> None:
        while True:
            with (
                suppress(OSError, WebSocketException, InvalidHandshake, InvalidURI, TimeoutError),
                connect(
                    address,
                    additional_headers=headers,
                    compression=None,
                    proxy=None,
                    open_timeout=OPEN_S,
                    close_timeout=CLOSE_S,
                ) as socket,
            ):
                sent = seconds()
                while True:
                    now = seconds()
                    passed, sent = round((now - sent) * 1000), now
                    socket.send(wire.encode(progress.pulse(passed, loaded_so_far())))
                    progress.news.wait(wire.EVERY_MS / 1000)
                    progress.news.clear()
            progress.pulse(wire.EVERY_MS, 0)
            time.sleep(wire.EVERY_MS / 1000)

    threading.Thread(target=run, name="pulse", daemon=True).start()


def loaded_so_far() -> int:
    """A number that grows with each MB and each page that this process reads, and each second of CPU time that it uses.

    The CPU time of the calling thread doesn't count.
    """
    computed = time.process_time() - time.thread_time()
    return int(computed) + _read_bytes() // MB + resource.getrusage(resource.RUSAGE_SELF).ru_majflt


def _read_bytes() -> int:
    try:
        first = IO.read_text(encoding="ascii").splitlines()[0]
        return int(first.removeprefix("rchar:"))
    except (OSError, ValueError, IndexError):
        return 0

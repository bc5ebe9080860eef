"""Sending a signal to a child process of asyncio's, without taking its exit status from asyncio."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress


def signal_child(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send it; nothing happens when the child has ended already.

    Up to Python 3.12, `process.kill()` and its like look first whether the child has ended. One that just has is
    reaped by that, asyncio waits for it in vain, warns of an unknown child process and reports status 255
    (github.com/python/cpython/issues/87744).
    """
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)

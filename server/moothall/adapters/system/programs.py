"""How Moothall's programs end, with errors or normally, and where they write their messages."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from moothall.adapters.system.owners import denied
from moothall.core.kernel.errors import MoothallError
from moothall.wire.log_lines import LogFormat, formatter

FAILED = 1
UNREAD = 141
"""128 and the number of SIGPIPE, as a shell reports a program that the signal has ended. Windows, where a hub may run,
doesn't name it.
"""


def exit_status(program: str, command: Callable[[], int]) -> int:
    """Run a command and return the exit status: the command's own, 0 after Ctrl-C, 141 where nobody reads standard
    output any more, and 1 after errors of Moothall and denied files, whose sentences are printed to standard error.
    Other exceptions propagate.
    """
    try:
        status = command()
        sys.stdout.flush()  # Here, since Python's own flush at the end would print a traceback.
    except KeyboardInterrupt:
        return 0
    except (MoothallError, PermissionError) as error:
        if not _has_sentence(error):
            raise
        sys.stderr.write(f"{program}: {_sentence(error)}\n")
    except BrokenPipeError:
        if _nobody_reads():
            return UNREAD
        raise
    except BaseExceptionGroup as group:
        if group.split(BrokenPipeError)[1] is None and _nobody_reads():
            return UNREAD
        ours, other = group.split(_has_sentence)
        if ours is None or other is not None:
            raise
        for sentence in dict.fromkeys(map(_sentence, _leaves(ours))):
            sys.stderr.write(f"{program}: {sentence}\n")
    else:
        return status
    return FAILED


async def until_terminated(run: Callable[[], Awaitable[object]]) -> None:
    """Run until `run` returns or SIGTERM cancels it. Where event loops can't handle signals, SIGTERM keeps its usual
    effect.

    The signal cancels the task instead of raising in a handler: a handler would raise wherever the loop is, and a
    callback that was about to run would be lost.
    """
    me, loop, told = asyncio.current_task(), asyncio.get_running_loop(), False

    def stop() -> None:
        nonlocal told
        told = True
        if me is not None:
            me.cancel()

    with suppress(NotImplementedError, RuntimeError):  # RuntimeError: not in the main thread, as in some tests
        loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        await run()
    except asyncio.CancelledError:
        if not told:
            raise
    finally:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)


def start_logging(level: str, form: LogFormat = "text") -> None:
    """Write log messages of `level` and above to standard error, in one of the formats of `log_lines`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    # The library's messages repeat Moothall's, connection by connection.
    logging.getLogger("websockets").setLevel(logging.WARNING)


def _nobody_reads() -> bool:
    """Whether standard output is a pipe whose reader is gone. If so, the null device replaces it, since Python would
    flush it at the end, and fail again.
    """
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    if not any(event & select.POLLERR for _, event in poll.poll(0)):
        return False
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    return True


def _has_sentence(error: BaseException) -> bool:
    return isinstance(error, MoothallError) or (isinstance(error, PermissionError) and error.filename is not None)


def _sentence(error: BaseException) -> str:
    return denied(error) if isinstance(error, PermissionError) else str(error)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each

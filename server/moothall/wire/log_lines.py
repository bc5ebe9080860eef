"""What the programs write about themselves, as lines: plain text, or one JSON object a line.

A line carries ids, sizes and lags. Of an exception it has the type and the places in the code, never its message: that
may quote what was said, a name or a token, and so may what asyncio adds to a message in further rows.

As JSON: `time` (RFC 3339, UTC), `level`, `logger`, `message`; then the ids that the message names, each under the word
before it (`"session %s channel %s: …"` gives `session` and `channel`); `error` and `where` of an exception.
"""

from __future__ import annotations

import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Literal

import msgspec

LogFormat = Literal["text", "json"]
FIELDS = ("session", "channel", "engine", "translators", "hub", "machine", "source", "feed", "room", "address")
"""Words that stand before an id in a message, and are its field."""
MOST_FRAMES = 20
"""Places of one exception. Overflow: the outermost are left out."""
LONGEST = 4_000
"""Characters of a message. Overflow: the rest is left out."""
_CONVERSION = re.compile(rf"%%|(?:\b({'|'.join(FIELDS)}) )?%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")


class LogLines(logging.Formatter):
    """Formats a record as a line of plain text, with rows below it for an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {message_of(record)}"
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return line
        return "\n".join([line, *(f"  {place}" for place in places(error)), f"  {type(error).__name__}"])


class JsonLogLines(logging.Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The object, without a line's end."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
            **fields(record),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= {"error": type(error).__name__, "where": places(error)}
        return msgspec.json.encode(line).decode()


def formatter(form: LogFormat) -> logging.Formatter:
    """The one of that name."""
    return JsonLogLines() if form == "json" else LogLines()


def message_of(record: logging.LogRecord) -> str:
    """The message on one line: of asyncio's the first row, since the others show what a task holds."""
    said = record.getMessage()
    if record.name == "asyncio":
        said = said.partition("\n")[0]
    return _printable(said[:LONGEST])


def _printable(said: str) -> str:
    """On one line: JSON leaves signs such as U+0085, which end a line for some, as they are."""
    return "".join(each if each.isprintable() else " " for each in said)


def fields(record: logging.LogRecord) -> dict[str, str | int]:
    """The ids that a message names. Of two under one word the first."""
    args = record.args
    if not isinstance(args, tuple) or not isinstance(record.msg, str):
        return {}
    names = [found[1] for found in _CONVERSION.finditer(record.msg) if found[0] != "%%"]
    found: dict[str, str | int] = {}
    for name, value in zip(names, args, strict=False):
        if name is not None:
            found.setdefault(name, value if isinstance(value, int) else _printable(str(value)))
    return found


def places(error: BaseException) -> list[str]:
    """Where an exception came by, the innermost place last; of a group its first member's."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{_short(each.filename)}:{each.lineno} in {each.name}" for each in frames]


def _short(path: str) -> str:
    """A module and its package: where the program was installed is nobody's business."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])

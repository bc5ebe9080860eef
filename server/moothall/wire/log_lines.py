"""Formatters of the programs' logs: one entry a line, as plain text or as a JSON object.

An entry carries ids, sizes and lags. For an exception it has the type and the source lines of the traceback, never the
message, since that may quote speech, a name or a token. The same holds for the further rows that asyncio adds to its
messages.

A JSON object has `time` (RFC 3339, UTC), `level`, `logger`, `message`; then the ids that the message contains, each
under the word before it (`"session %s channel %s: …"` gives `session` and `channel`); and for an exception `error`, its
type, and `where`, the source lines.
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
"""Words that precede an id in a message and become the names of JSON fields."""
MOST_FRAMES = 20
"""Stack frames that are logged for one exception. Overflow: the outermost frames are left out."""
LONGEST = 4_000
"""Characters of a message that are logged. Overflow: the rest is left out."""
_CONVERSION = re.compile(rf"%%|(?:\b({'|'.join(FIELDS)}) )?%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")


class LogLines(logging.Formatter):
    """Formats a record as a line of plain text, followed by indented rows for an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The entry, without a line end."""
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {message_of(record)}"
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return line
        return "\n".join([line, *(f"  {frame}" for frame in stack_frames(error)), f"  {type(error).__name__}"])


class JsonLogLines(logging.Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The JSON object, without a line end."""
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
            line |= {"error": type(error).__name__, "where": stack_frames(error)}
        return msgspec.json.encode(line).decode()


def formatter(form: LogFormat) -> logging.Formatter:
    """The formatter for the format that the settings name."""
    return JsonLogLines() if form == "json" else LogLines()


def message_of(record: logging.LogRecord) -> str:
    """The message on one line. Of a message of asyncio only the first row is kept: the others show a task's data."""
    said = record.getMessage()
    if record.name == "asyncio":
        said = said.partition("\n")[0]
    return _printable(said[:LONGEST])


def _printable(said: str) -> str:
    """Replace unprintable characters by spaces: JSON doesn't escape U+0085, for example, which ends a line for some."""
    return "".join(each if each.isprintable() else " " for each in said)


def fields(record: logging.LogRecord) -> dict[str, str | int]:
    """The ids in a message, by the word before each; where a word occurs twice, the first id is taken."""
    args = record.args
    if not isinstance(args, tuple) or not isinstance(record.msg, str):
        return {}
    names = [found[1] for found in _CONVERSION.finditer(record.msg) if found[0] != "%%"]
    found: dict[str, str | int] = {}
    for name, value in zip(names, args, strict=False):
        if name is not None:
            found.setdefault(name, value if isinstance(value, int) else _printable(str(value)))
    return found


def stack_frames(error: BaseException) -> list[str]:
    """The stack frames of an exception, each as `FOLDER/FILE:LINE in FUNCTION`, innermost last.

    For an exception group these are the frames of its first member.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{_short(each.filename)}:{each.lineno} in {each.name}" for each in frames]


def _short(path: str) -> str:
    """The last two parts of a path, the package and the module; the installation folder stays out of the log."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])

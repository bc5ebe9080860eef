"""The list of events that had only one copy, in a node's data folder: `one-copy.jsonl`.

    {"session": …, "epoch": …, "first": 12, "at": Unix ms}        from event 12 on there is one copy, on this disk
    {"session": …, "through": 40, "at": …}                        up to event 40 Redis has them, too
    {"session": …, "through": 11, "at": …, "aside": true}         the house continued without them: they were set aside

The line with `first` is on the disk before the first of its events is. The file holds no spoken words. A line without a
line feed at its end was written by a process that was killed, and is ignored. The file is never shortened: an outage
adds two lines for each session.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from moothall.adapters.store.files import explained, opened, sync_folder, write_all
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Clock

FILE_NAME = "one-copy.jsonl"


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    session: SessionId
    at: int
    epoch: Epoch = Epoch("")
    first: int = 0
    through: int = -1
    """Offset of the last event, in a line that ends a span; -1 in a line that begins one."""
    aside: bool = False


class OneCopySpan(msgspec.Struct, frozen=True, kw_only=True):
    """Events of a session that had, or have, only one copy."""

    first: int
    since: int
    """When the first of them was stored, Unix ms."""
    through: int | None = None
    """Offset of the last of them; None while they still have one copy."""
    until: int | None = None
    """When they got a second copy or were set aside, Unix ms; None while they still have one copy."""
    aside: bool = False
    """Whether the house continued without them."""


_decoder = msgspec.json.Decoder(_Line)


class OneCopyList:
    """The `SingleCopies` of a node."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """`path`: the list's file, made when the first line is written. Raises ConfigurationError when it can't be
        read.
        """
        self._path = path
        self._clock = clock
        spans = read_spans(path)
        self._open = {session for session, some in spans.items() if some[-1].until is None}

    @property
    def open(self) -> frozenset[SessionId]:
        """The sessions of which this node has events that no other store is known to have (`SingleCopies`)."""
        return frozenset(self._open)

    async def begin(self, session: SessionId, epoch: Epoch, first: int) -> None:
        """Record that from the event `first` on there is one copy; do nothing when the session has an open span
        (`SingleCopies`).
        """
        if session not in self._open:
            await self._append(_Line(session=session, at=self._clock.wall(), epoch=epoch, first=first))
            self._open.add(session)

    async def end(self, session: SessionId, through: int, *, aside: bool = False) -> None:
        """Record that there are two copies, or that the events were set aside; do nothing without an open span
        (`SingleCopies`).
        """
        if session in self._open:
            await self._append(_Line(session=session, at=self._clock.wall(), through=through, aside=aside))
            self._open.discard(session)

    async def _append(self, line: _Line) -> None:
        with explained(f"The file {self._path} can't be written", kind=StorageUnavailable):
            await asyncio.to_thread(_append, self._path, msgspec.json.encode(line) + b"\n")


def read_spans(path: Path) -> dict[SessionId, list[OneCopySpan]]:
    """Return the spans of a list, by session, in order; empty when there is no file. Raises ConfigurationError."""
    with explained(f"The list of events with one copy {path} can't be read"):
        data = path.read_bytes() if path.exists() else b""
    found: dict[SessionId, list[OneCopySpan]] = {}
    for line in _lines(data, path):
        spans = found.setdefault(line.session, [])
        if line.through < 0:
            spans.append(OneCopySpan(first=line.first, since=line.at))
        elif spans and spans[-1].until is None:
            spans[-1] = msgspec.structs.replace(spans[-1], through=line.through, until=line.at, aside=line.aside)
    return {session: spans for session, spans in found.items() if spans}


def _lines(data: bytes, path: Path) -> Iterator[_Line]:
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        try:
            yield _decoder.decode(line)
        except msgspec.DecodeError as error:
            msg = f"Line {number} of {path} can't be read. Look which events it names, and take it out."
            raise ConfigurationError(msg) from error


def _append(path: Path, line: bytes) -> None:
    with opened(path, os.O_RDWR | os.O_CREAT | os.O_APPEND) as file:
        size = os.fstat(file).st_size
        whole = size
        while whole and os.pread(file, 1, whole - 1) != b"\n":
            whole -= 1
        if whole != size:  # A process that was killed left a part of a line.
            os.ftruncate(file, whole)
        write_all(file, line)
        os.fsync(file)
    if not whole:
        sync_folder(path.parent)

"""Messages to the process that writes a bundle (`bundle_child.py`): MessagePack, each behind its length in four bytes.

The process gets everything through them, and looks into no log by itself: first the order, then of each session its
beginning, its published report if there is one, the events of its public lanes in order, and its end.
"""

from __future__ import annotations

import struct
from enum import StrEnum

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.record.proceedings.report import SessionReport

LENGTH = struct.Struct(">I")
NO_ROOM = 3
"""Exit status of the process: the file would be too large, or leave too little room on the disk."""
NO_FONTS, NOT_SET = 4, 5
"""Exit statuses of a process that sets a PDF: the machine has no fonts for it; Typst can't set it, or it is too long.
"""
RESERVE = 1 << 30
"""Bytes that a bundle leaves on the disk to the sound and text of meetings that are on."""


class RecordingFile(msgspec.Struct, frozen=True):
    """A file of published sound."""

    path: str
    """Where it lies on this machine."""
    source: str
    first: int
    """Its first sample, counted from the source's first one."""


class BundleForm(StrEnum):
    """The form of the file."""

    ZIP = "zip"
    """Pages, formats and sound that open from a disk."""
    LINES = "jsonl"
    """The records as JSON, one a line, for programs."""
    EPUB = "epub"
    """Proceedings as an e-book."""
    PDF = "pdf"
    """Proceedings, to print."""


PROCEEDINGS = frozenset({BundleForm.EPUB, BundleForm.PDF})
"""The forms that are proceedings, with one text of each session."""


class BundleOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the bundle is, for the process's command line."""

    form: BundleForm = BundleForm.ZIP
    web: str
    """The folder with catalogues and style sheets."""
    language: str
    zone: str
    """Name of the time zone of all dates."""
    folder: str
    """Name of the bundle's folder."""
    title: str
    public: str
    """The public address of the server, without a slash at its end."""
    withdrawals: str
    """The address that lists what was withdrawn since."""
    text: str = ""
    """In proceedings, the BCP-47 tag of the texts; empty for what was spoken."""
    address: str = ""
    """In proceedings, the address of the file."""
    proceedings: tuple[str, ...] = ()
    """In a bundle, the addresses of the proceedings of the same sessions."""
    proof: str = ""
    """In a bundle, the address of the proof of its list of files, without the digest at its end."""
    pdf: bool = False
    """Whether PDFs can be set for a bundle."""
    most_bytes: int
    """The largest size of the file."""
    reserve: int = RESERVE
    """Bytes that are left on the disk."""


class SessionBegins(msgspec.Struct, frozen=True, kw_only=True, tag="session"):
    """The next session."""

    session: SessionId
    epoch: Epoch
    """The epoch in readers' positions (`reader_epoch`)."""
    channels: tuple[ChannelId, ...]
    """Its channels that have lines; never empty."""
    sound: tuple[RecordingFile, ...]


class SessionEvents(msgspec.Struct, frozen=True, tag="events"):
    """Some events of the session."""

    records: tuple[LogRecord, ...]


class SessionEnds(msgspec.Struct, frozen=True, tag="end"):
    """All events of the session have been sent."""


BundleMessage = SessionBegins | SessionReport | SessionEvents | SessionEnds


def framed(message: BundleMessage) -> bytes:
    """A message as it is sent."""
    data = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(data)) + data

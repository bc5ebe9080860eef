"""A restore point: a state of a data folder that can be restored, as a list of the objects that hold it.

An object is a file that is named by the SHA-256 of its bytes. Restore points share identical objects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from moothall.core.events.types import LaneHead
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import Epoch, Lane, SessionId, SourceId

FORMAT = 1
COARSEST_NS = 2_000_000_000
"""The coarsest steps in which a file system keeps times, in ns: those of FAT."""


PartKey = tuple[SessionId, SourceId, int]
"""Identifies a file of a recording: session, source and first sample."""


class Stored(msgspec.Struct, frozen=True):
    """Reference to an object."""

    sha256: str
    size: int

    @classmethod
    def of(cls, data: bytes) -> Stored:
        """The reference to an object with these bytes."""
        return cls(hashlib.sha256(data).hexdigest(), len(data))


class BlockPart(msgspec.Struct, frozen=True, kw_only=True):
    """A block of a log: consecutive events."""

    first: int
    last: int
    stored: Stored


class SessionPart(msgspec.Struct, frozen=True, kw_only=True):
    """The log of a session."""

    session: SessionId
    epoch: Epoch
    offset: int
    """Offset of the log's last event."""
    heads: dict[Lane, LaneHead]
    blocks: tuple[BlockPart, ...]
    gone: tuple[int, ...] = ()
    """Offsets of events that have no body here, in order. Where no event here says that they were removed, the removal
    came after the last event here.
    """


class FileStamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a file system tells of a file. A settled file that has the same stamp again has the same bytes."""

    inode: int
    size: int
    """Bytes."""
    written: int
    """Unix ns when the bytes last changed; whoever may write the file may also set it."""
    changed: int
    """Unix ns when anything of the file last changed, its name and `written` included; only the system sets it."""

    def settled(self, at: int) -> bool:
        """Whether each change from Unix ms `at` on changes the stamp: its times are older by more than one step."""
        return max(self.written, self.changed) + COARSEST_NS <= 1_000_000 * at


class SoundPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a recording."""

    session: SessionId
    source: SourceId
    first: int
    """The file's first sample, counted from the source's first."""
    written: int
    """Unix ms when the file last grew."""
    stored: Stored
    without: tuple[str, ...] = ()
    """Ids of the acts (`moothall.core.backup.removed`) that had removed something from the file before it was
    copied.
    """
    stamp: FileStamp | None = None
    """The file's stamp before it was copied; None where it wasn't settled, and from older releases."""

    @property
    def key(self) -> PartKey:
        """Identifies the file."""
        return self.session, self.source, self.first


class NamedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is restored under its name in `settings`."""

    name: str
    stored: Stored


class RestorePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one restore point."""

    format: int = FORMAT
    release: str
    at: int
    """Unix ms when the restore point was begun."""
    sessions: tuple[SessionPart, ...]
    sound: tuple[SoundPart, ...]
    book: Stored
    settings: tuple[NamedPart, ...] = ()
    removals: tuple[str, ...] = ()
    """Ids of the acts (`moothall.core.backup.removed`) that the list of removals had when the restore point was made,
    in order; of one that an earlier release made, or that was made before any removal, none.
    """

    def objects(self) -> Iterator[Stored]:
        """Yield references to all objects that the restore point needs."""
        for session in self.sessions:
            for block in session.blocks:
                yield block.stored
        for part in self.sound:
            yield part.stored
        yield self.book
        for named in self.settings:
            yield named.stored


class _Sealed(msgspec.Struct, frozen=True):
    sha256: str
    point: msgspec.Raw


def encode_point(point: RestorePoint) -> bytes:
    """The bytes of a restore point: JSON with the SHA-256 of its content."""
    body = msgspec.json.encode(point)
    return msgspec.json.encode(_Sealed(hashlib.sha256(body).hexdigest(), msgspec.Raw(body))) + b"\n"


def decode_point(data: bytes, where: str) -> RestorePoint:
    """Decode a restore point. Raises ConfigurationError when it can't be read, was damaged or is from a newer release.
    `where` names it in the error's sentence.
    """
    try:
        sealed = read_json(data, _Sealed)
        body = bytes(sealed.point)
        if hashlib.sha256(body).hexdigest() == sealed.sha256:
            found = read_json(body, RestorePoint)
            if found.format <= FORMAT:
                return found
            raise ConfigurationError(f"The restore point {where} was made by a newer release. Use that release.")
    except Unreadable as error:
        raise ConfigurationError(f"The restore point {where} is damaged: its description can't be read.") from error
    raise ConfigurationError(f"The restore point {where} is damaged: its description is not what was written.")


def heads_at(point: RestorePoint | None, session: SessionId, epoch: Epoch) -> SessionPart | None:
    """What a restore point holds of a session's log with this epoch; None when it has nothing of that."""
    if point is None:
        return None
    return next((each for each in point.sessions if (each.session, each.epoch) == (session, epoch)), None)

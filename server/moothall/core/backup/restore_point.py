"""A restore point: a state of a data folder that can be restored, and in which objects it lies.

An object is a file that is named after the SHA-256 of its bytes. Several restore points share those that are the same.
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


class Stored(msgspec.Struct, frozen=True):
    """An object."""

    sha256: str
    size: int


class BlockPart(msgspec.Struct, frozen=True, kw_only=True):
    """Events of a log, without a gap."""

    first: int
    last: int
    stored: Stored


class SessionPart(msgspec.Struct, frozen=True, kw_only=True):
    """A session's log."""

    session: SessionId
    epoch: Epoch
    offset: int
    """Its last event."""
    heads: dict[Lane, LaneHead]
    blocks: tuple[BlockPart, ...]
    gone: tuple[int, ...] = ()
    """Events that are without a body here, in order. Those that no event here names were removed afterwards."""


class SoundPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a recording."""

    session: SessionId
    source: SourceId
    first: int
    """Its first sample, counted from the source's first."""
    written: int
    """When it last grew, Unix ms."""
    stored: Stored
    without: tuple[str, ...] = ()
    """Ids of the acts (`moothall.core.backup.removed`) that took something out of it before it was copied."""


class NamedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is restored under its name, below `settings`."""

    name: str
    stored: Stored


class RestorePoint(msgspec.Struct, frozen=True, kw_only=True):
    """A restore point."""

    format: int = FORMAT
    release: str
    at: int
    """When it was begun, Unix ms."""
    sessions: tuple[SessionPart, ...]
    sound: tuple[SoundPart, ...]
    book: Stored
    settings: tuple[NamedPart, ...] = ()

    def objects(self) -> Iterator[Stored]:
        """All objects that it needs."""
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
    """A restore point's bytes: JSON with the SHA-256 of what it says."""
    body = msgspec.json.encode(point)
    return msgspec.json.encode(_Sealed(hashlib.sha256(body).hexdigest(), msgspec.Raw(body))) + b"\n"


def decode_point(data: bytes, where: str) -> RestorePoint:
    """Raises ConfigurationError when it can't be read, was damaged or is of a newer release."""
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
    """What a restore point holds of one life of a session's log; None for nothing."""
    if point is None:
        return None
    return next((each for each in point.sessions if (each.session, each.epoch) == (session, epoch)), None)

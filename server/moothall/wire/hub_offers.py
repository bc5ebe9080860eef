"""What hubs may follow, as `moothall.wire.hub` tells them of it and brings it along."""

from __future__ import annotations

import msgspec

from moothall.core.events.parts import ChannelKind
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.session.state import Status


class OfferedText(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a session."""

    channel: ChannelId
    kind: ChannelKind
    languages: tuple[str, ...]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A session that a hub may follow."""

    session: SessionId
    title: str
    place: str = ""
    begins: int | None = None
    """When it is planned, Unix ms."""
    ends: int | None = None
    status: Status
    texts: tuple[OfferedText, ...] = ()
    """Empty while there is no log of it."""

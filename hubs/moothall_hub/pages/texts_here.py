"""Which of a meeting's texts come to a hub: of the others nobody is offered an empty page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.lanes import Feed, channel_lane
from moothall.core.views.captions import Snapshot
from moothall_hub.mirror.copied import Copy

SnapshotOf = Callable[[SessionId, Feed], Awaitable[Snapshot | None]]


def here(snapshot: Snapshot, copy: Copy | None, channel: ChannelId) -> Snapshot:
    """A snapshot that knows of the texts that come, those that came once, and `channel`, which is read anyhow."""
    if copy is None or not copy.followed:
        return snapshot  # It isn't known yet which ones come.
    kept = {
        name: each
        for name, each in snapshot.session.channels.items()
        if name == channel or name in copy.followed or channel_lane(name) in copy.left
    }
    return replace(snapshot, session=replace(snapshot.session, channels=kept))


def comes(copy: Copy | None, channel: ChannelId) -> bool:
    """Whether a text comes, as far as known. One that came once ends where it was given up; no file is made of it."""
    return copy is None or not copy.followed or channel in copy.followed


def only_here(snapshot_of: SnapshotOf, copy_of: Callable[[SessionId], Copy | None]) -> SnapshotOf:
    """`snapshot_of`, of the texts that are here."""

    async def found(session: SessionId, feed: Feed) -> Snapshot | None:
        snapshot = await snapshot_of(session, feed)
        return None if snapshot is None else here(snapshot, copy_of(session), feed.channel)

    return found

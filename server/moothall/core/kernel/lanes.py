"""Lanes and feeds: who may follow which part of a session's log.

A lane is declared by the event's *type* (`moothall.core.events`), never chosen by the writer.
A feed is a fixed set of lanes that a subscriber follows; each feed is encoded once for everybody.
"""

from __future__ import annotations

import msgspec

from moothall.core.kernel.ids import ChannelId, Lane

SESSION = Lane("session")
"""Life cycle, speakers, gaps and notices."""
QUESTIONS = Lane("questions")
"""Public facts about interventions."""
STAFF = Lane("staff")
"""Texts that are held back, notes, and who is behind a number; for desks only."""


def channel_lane(channel: ChannelId) -> Lane:
    """The lane of a channel's segments."""
    return Lane(f"ch:{channel}")


def words_lane(channel: ChannelId) -> Lane:
    """The lane of a channel's words, one event for each commit."""
    return Lane(f"w:{channel}")


def hub_lane(hub: str) -> Lane:
    """The lane between the centre and one hub."""
    return Lane(f"hub:{hub}")


def of_hub(lane: Lane, hub: str) -> bool:
    """Whether `lane` is the lane of this hub or of a hub below it."""
    own = hub_lane(hub)
    return lane == own or lane.startswith(f"{own}.")


def is_public(lane: Lane) -> bool:
    """Whether everybody who may read the session may read `lane`.

    A lane of an unknown kind is not public, so that lanes of a later release stay closed here.
    """
    return lane in (SESSION, QUESTIONS) or lane.startswith(("ch:", "w:"))


class Feed(msgspec.Struct, frozen=True):
    """What a reader of one channel follows: the lanes session, ch and questions, and w where `live`.

    `live=False` is the feed of low-data readers and of hubs: finished lines only. `staff=True` adds the staff's lane.
    Only the desks' door makes such a feed; no address of a reader can name it.
    """

    channel: ChannelId
    live: bool = True
    staff: bool = False

    @property
    def name(self) -> str:
        """The feed's name on the wire, `floor.live`, `floor.lines` or `floor.staff` for the channel `floor`."""
        return f"{self.channel}.{'staff' if self.staff else 'live' if self.live else 'lines'}"

    @property
    def lanes(self) -> frozenset[Lane]:
        """The lanes whose events the feed carries. All of them are public, except the staff's."""
        lanes = {SESSION, QUESTIONS, channel_lane(self.channel)}
        if self.live:
            lanes.add(words_lane(self.channel))
        if self.staff:
            lanes.add(STAFF)
        return frozenset(lanes)

"""What the room of a hub has voted on comments: sums, since no ballot leaves the room.

Such a sum may be of one person. It is stored with the ballots and never told by itself (`counting.counted`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from moothall.core.events.question_parts import OpinionSums
from moothall.core.kernel.ids import InterventionId


class RoomVotes(msgspec.Struct, frozen=True, kw_only=True):
    """What the people of a hub's room have voted altogether."""

    people: int = 0
    """How many have voted."""
    sums: dict[InterventionId, OpinionSums] = {}

    def on(self, comments: Collection[InterventionId]) -> RoomVotes:
        """The votes on these comments; of nobody where there are none."""
        sums = {name: each for name, each in self.sums.items() if name in comments and each.people}
        return RoomVotes(people=self.people if sums else 0, sums=sums)


NOBODY_VOTED = RoomVotes()
NO_VOTES = OpinionSums(agree=0, disagree=0, passed=0)


def changed_in_rooms(before: Mapping[str, RoomVotes], now: Mapping[str, RoomVotes]) -> int:
    """The least number of people in rooms, each with its hub's name, whose votes differ: sums don't tell them all."""
    return sum(
        _changed(before.get(hub, NOBODY_VOTED), now.get(hub, NOBODY_VOTED)) for hub in before.keys() | now.keys()
    )


def _changed(before: RoomVotes, now: RoomVotes) -> int:
    least = [abs(now.people - before.people)]
    for name in before.sums.keys() | now.sums.keys():
        old, new = before.sums.get(name, NO_VOTES), now.sums.get(name, NO_VOTES)
        steps = (new.agree - old.agree, new.disagree - old.disagree, new.passed - old.passed)
        least += [sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)]
    return max(least)

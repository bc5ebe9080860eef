"""A story of changes on a hub's disk, always the same, so that one process carries it out and another one knows it."""

from __future__ import annotations

import random
from collections.abc import Iterator

from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.wire.hubs.acts import AskAct
from moothall.wire.hubs.messages import Act, Caught, FeedPart
from moothall_hub.mirror.checking import Broken
from moothall_hub.mirror.copied import CopyStep
from moothall_hub.mirror.copying import batch, began, follow
from support.hubs.log_above import FLOOR, FRENCH, KINDS, SIGNED, Disk, LogAbove, Served
from support.sessions.recorder import SESSION

_WHAT = (*KINDS, "live", "live", "missed", "missed", "line is back", "own batch")


def steps(seed: int) -> Iterator[tuple[CopyStep, Disk]]:
    """Yield steps without end, each with the disk's contents after it."""
    chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be
    log, disk = LogAbove(), Disk()
    served: Served | None = None
    while True:
        found: CopyStep | Broken | None = None
        what = chance.choice(_WHAT)
        if served is None or what == "line is back":
            wish = chance.choice([(FLOOR,), (FLOOR, FRENCH)])
            asked, message = follow(disk.copy, wish, words=chance.random() < 0.2)
            served = Served(log, message, little=chance.randrange(3), back=chance.randrange(6))
            found = began(asked, served.live)
        elif what == "live" and (records := served.now(3)):
            found = batch(disk.copy, FeedPart.LIVE, records, SIGNED)
        elif what == "own batch" and (records := served.own(2)):
            found = batch(disk.copy, FeedPart.OWN, records, SIGNED)
        elif what == "missed":
            missed = served.missed(2)
            if missed is not None and not isinstance(missed, Caught):
                found = batch(disk.copy, FeedPart.MISSED, missed[1], SIGNED, number=missed[0])
        elif what in KINDS:
            log.happens(what, chance.randrange(9))
        assert not isinstance(found, Broken)
        if found is not None:
            disk.keep(found)
            yield found, disk


def act(n: int) -> Act:
    """Return the room's act after step `n`."""
    asked = AskAct(
        intervention=InterventionId(f"i{n}"), kind=InterventionKind.QUESTION, text=f"Question {n}?", language="en"
    )
    return Act(id=CommandId(f"ask:i{n}"), session=SESSION, at=n, act=asked)

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.commands import EndSegment, ReviseSegment
from moothall.core.events.lines import EndReason
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.wire.engine import PassAct
from moothall_models.engine.unanswered import UnansweredActs


class Server:
    """Answers in order; behind an act that it could not store it refuses all until that one comes again."""

    def __init__(self) -> None:
        self.came: deque[PassAct] = deque()
        self.held: CommandId | None = None
        self.log: list[int] = []
        self.bettered: list[int] = []
        self.known: set[CommandId] = set()

    def answer_one(self, acts: UnansweredActs, now: int, *, works: bool) -> None:
        act = self.came.popleft()
        if (self.held is not None and act.id != self.held) or not works:
            self.held = self.held or act.id
            assert acts.refused(act.id, RefusalCode.UNAVAILABLE, now)
            return
        self.held = None
        assert act.id not in self.known
        self.known.add(act.id)
        (command,) = act.commands
        if isinstance(command, ReviseSegment):
            self.bettered.append(command.base_words)
            if command.base_words % 2:  # Somebody has corrected that line.
                assert acts.refused(act.id, RefusalCode.STALE, now)
                return
        elif isinstance(command, EndSegment):
            self.log.append(command.t1)
        acts.accepted(act.id)


def end(n: int) -> EndSegment:
    return EndSegment(
        channel=ChannelId("floor"), generation=1, segment=SegmentId(f"s{n}"), t1=n, reason=EndReason.PAUSE
    )


def better(n: int) -> ReviseSegment:
    return ReviseSegment(
        channel=ChannelId("floor"), generation=1, segment=SegmentId(f"s{n}"), base_words=n, text="Better."
    )


steps = st.lists(st.sampled_from(["add", "better", "take", "answer", "refuse", "wait", "long wait"]), max_size=80)


@given(steps)
def test_whatever_is_refused_everything_is_stored_once_and_in_order(path: list[str]) -> None:
    acts, server, now, added, bettered = UnansweredActs("plenary.floor.1", 1), Server(), 0, 0, 0
    for step in path:
        if step == "add":
            added += 1
            acts.add([end(added)])
        elif step == "better":
            bettered += 1
            acts.add([better(bettered)])
        elif step == "take":
            server.came.extend(acts.take(now))
        elif step in ("answer", "refuse") and server.came:
            server.answer_one(acts, now, works=step == "answer")
        elif step in ("wait", "long wait"):
            now += 300 if step == "wait" else 6_000
        assert acts.under_way == len(server.came)
        assert acts.waiting == added + bettered - len(server.known)
    for _ in range(10):  # Storage is back for good.
        now += 6_000
        server.came.extend(acts.take(now))
        while server.came:
            server.answer_one(acts, now, works=True)
            server.came.extend(acts.take(now))
    assert server.log == list(range(1, added + 1))
    assert server.bettered == list(range(1, bettered + 1))
    assert (acts.waiting, acts.under_way, acts.retry_at, acts.held_up) == (0, 0, None, False)

"""Laws 2 and 6: coalescing changes no final view and no order; an outbox keeps its bound, and nobody has a hole."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from moothall.wire.outbox import MAX_BYTES, MAX_FRAMES, Outgoing, ReaderOutbox

KEYS = ("partial:floor", "state:floor", "unsaved:floor")
SOME_KEYS = st.lists(st.sampled_from(KEYS), unique=True, max_size=3).map(tuple)


class Seen:
    """What a reader has who reads whole frames one after the other."""

    def __init__(self) -> None:
        self.events: list[int] = []
        self.signals: dict[str, int] = {}

    def read(self, frame: tuple[tuple[int, ...], dict[str, int], bool]) -> None:
        events, signals, snapshot = frame
        if snapshot:
            self.events = list(range(events[-1] + 1)) if events else []
        else:
            self.events += events
        self.signals.update(signals)

    def state(self) -> tuple[list[int], dict[str, int]]:
        return self.events, self.signals


class OutboxMachine(RuleBasedStateMachine):
    """One reader behind a transport that is now empty and now not, beside one that gets everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = ReaderOutbox()
        self.pending = 0
        self.frames: dict[int, tuple[tuple[int, ...], dict[str, int], bool]] = {}
        self.size = 12
        self.quick = Seen()
        self.slow = Seen()
        self.next_event = 0
        self.number = 0

    def _frame(self, events: int, keys: tuple[str, ...], *, snapshot: bool = False) -> Outgoing:
        self.number += 1
        offsets = tuple(range(self.next_event, self.next_event + events))
        self.next_event += events
        if snapshot:
            offsets = (self.next_event - 1,) if self.next_event else ()
        frame = (offsets, dict.fromkeys(keys, self.number), snapshot)
        self.frames[self.number] = frame
        self.quick.read(frame)
        data = (b"%d;" % self.number).ljust(self.size, b".")
        return Outgoing(data, events, keys, snapshot)

    def _arrive(self, data: bytes) -> None:
        for part in data.split(b";")[:-1]:
            self.slow.read(self.frames[int(part.strip(b"."))])

    @rule(events=st.integers(min_value=1, max_value=3), keys=SOME_KEYS)
    def publish_events(self, events: int, keys: tuple[str, ...]) -> None:
        self._arrive(self.outbox.offer(self._frame(events, keys), self.pending))

    @rule(keys=SOME_KEYS.filter(bool))
    def publish_signals(self, keys: tuple[str, ...]) -> None:
        self._arrive(self.outbox.offer(self._frame(0, keys), self.pending))

    @rule(count=st.integers(min_value=50, max_value=150))
    def publish_many(self, count: int) -> None:
        for _ in range(count):
            self._arrive(self.outbox.offer(self._frame(1, ("partial:floor",)), self.pending))

    @rule()
    def publish_a_snapshot(self) -> None:
        """It takes older signals away with the rest; those of the moment follow, as the fan-out sends them."""
        self._arrive(self.outbox.offer(self._frame(0, (), snapshot=True), self.pending))
        if self.quick.signals:
            self._arrive(self.outbox.offer(self._frame(0, tuple(self.quick.signals)), self.pending))

    @rule(size=st.sampled_from([12, 400, 5_000]))
    def talk_more_or_less(self, size: int) -> None:
        self.size = size

    @rule(pending=st.sampled_from([0, 1, 70_000]))
    def the_transport_fills_or_empties(self, pending: int) -> None:
        self.pending = pending

    @rule()
    def sweep(self) -> None:
        self._arrive(self.outbox.release(self.pending))

    @rule()
    def come_back_after_a_cut(self) -> None:
        """Law 6: who is cut resumes from a position, and has lost nothing then."""
        if self.outbox.overflown:
            self.outbox = ReaderOutbox()
            self.pending = 0
            self.slow.events += range(len(self.slow.events), self.next_event)
            self.slow.signals = dict(self.quick.signals)

    @invariant()
    def it_keeps_its_bound(self) -> None:
        assert self.outbox.frames <= MAX_FRAMES
        assert self.outbox.size <= MAX_BYTES
        assert len(self.outbox) <= MAX_FRAMES + len(KEYS)
        assert not self.outbox.overflown or not len(self.outbox)

    @invariant()
    def events_arrive_in_order_and_without_a_hole(self) -> None:
        assert self.slow.events == list(range(len(self.slow.events)))

    @invariant()
    def once_nothing_waits_nothing_is_missing(self) -> None:
        if not self.outbox.overflown and not len(self.outbox):
            assert self.slow.state() == self.quick.state()

    def teardown(self) -> None:
        if not self.outbox.overflown:
            self._arrive(self.outbox.release(0))
            assert self.slow.state() == self.quick.state()


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

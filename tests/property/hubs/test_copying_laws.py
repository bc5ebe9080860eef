"""Laws of a hub's copy: whatever happens to the uplink, all events of its lanes arrive, once and unchanged."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.chain import LogRecord, seal
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import ChannelId, Lane
from moothall.core.kernel.lanes import is_public
from moothall.wire.hubs.messages import Caught, FeedPart
from moothall_hub.mirror import copying
from moothall_hub.mirror.checking import Broken
from moothall_hub.mirror.copied import CopyStep, lanes_of
from support.hubs.log_above import FLOOR, FRENCH, KINDS, OWN, SIGNED, Disk, LogAbove, Served

WISHES: list[tuple[tuple[ChannelId, ...], bool]] = [
    ((), False),
    ((FLOOR,), False),
    ((FLOOR,), True),
    ((FLOOR, FRENCH), False),
    ((FRENCH,), True),
    ((ChannelId("none"),), False),
]


class Hub:
    """A hub whose line and disk are as hypothesis likes it."""

    def __init__(self, log: LogAbove) -> None:
        self.log = log
        self.disk = Disk()
        self.wish = WISHES[1]
        self.served: Served | None = None
        self.acknowledged = 0

    def follow(self, little: int = 3, back: int = 2) -> None:
        """The line is back, or other texts are wanted."""
        asked, message = copying.follow(self.disk.copy, self.wish[0], words=self.wish[1])
        self.disk.keep(CopyStep(copy=asked))
        self.served = Served(self.log, message, little=little, back=back)
        self.took(copying.began(self.disk.copy, self.served.live))

    def took(self, found: CopyStep | Broken) -> CopyStep:
        assert isinstance(found, CopyStep), found
        self.disk.keep(found)
        return found

    def live(self, most: int = 100) -> bool:
        batch = self.served.now(most) if self.served is not None else []
        if batch:
            self.took(copying.batch(self.disk.copy, FeedPart.LIVE, batch, SIGNED))
        return bool(batch)

    def missed(self, most: int = 100) -> bool:
        batch = self.served.missed(most) if self.served is not None else None
        if isinstance(batch, Caught):
            self.took(copying.caught(self.disk.copy))
        elif batch is not None:
            step = self.took(copying.batch(self.disk.copy, FeedPart.MISSED, batch[1], SIGNED, number=batch[0]))
            assert [each.number for each in step.say if hasattr(each, "number")] == [batch[0]]
        return batch is not None

    def own(self) -> bool:
        batch = self.served.own() if self.served is not None else []
        if batch:
            self.took(copying.batch(self.disk.copy, FeedPart.OWN, batch, SIGNED))
        return bool(batch)

    def calm(self) -> None:
        """The line stays, and all comes."""
        while self.missed() or self.live() or self.own():
            pass


WHAT = (*KINDS, *KINDS, "line is back", "live", "live", "live", "missed", "missed", "missed", "wish", "hears its own")
HAPPENINGS = st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, 9)), max_size=60)


def lived_through(happenings: Sequence[tuple[str, int]], wish: tuple[tuple[ChannelId, ...], bool], back: int) -> None:
    log = LogAbove()
    hub = Hub(log)
    for what, n in happenings:
        match what:
            case "line is back":
                hub.follow(little=n, back=back)
            case "live":
                hub.live(1 + n)
            case "missed":
                hub.missed(1 + n)
            case "wish":
                hub.wish = WISHES[n % len(WISHES)]
                hub.follow(back=back)
            case "hears its own":
                hub.own()
            case _:
                log.happens(what, n)
        assert hub.disk.copy.verified <= log.checked
        if (known := hub.disk.copy.known) is not None:
            for lane, head in log.stood[known.verified].items():
                assert lane not in known.lanes or known.heads[lane].offset >= head.offset, "All of it is there."
    hub.wish = wish
    hub.follow(back=back)
    hub.calm()
    log.check()
    hub.calm()
    copy = hub.disk.copy
    assert (copy.whole, copy.checked, copy.broken) == (True, True, None)
    assert copy.known is not None
    assert copy.known.lanes == lanes_of(copy.followed, words=wish[1])
    assert hub.disk.of(copy.known.lanes) == log.of(copy.known.lanes)
    assert hub.disk.of(frozenset({OWN})) == log.of(frozenset({OWN}))
    for lane, left in copy.left.items():
        assert left == log.stood[left.offset][lane]
    lanes = {OWN, *filter(is_public, log.stood[-1])}
    for offset, record in hub.disk.records.items():
        assert record.header == log.records[offset - 1].header
        assert record.header.lane in lanes


@given(HAPPENINGS, st.sampled_from(WISHES), st.integers(0, 6))
def test_all_of_it_comes_whatever_happens_to_the_link(
    happenings: list[tuple[str, int]], wish: tuple[tuple[ChannelId, ...], bool], back: int
) -> None:
    lived_through(happenings, wish, back)


def test_all_of_it_comes_through_long_days() -> None:
    for seed in range(60):
        chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be
        day = [(chance.choice(WHAT), chance.randrange(10)) for _ in range(chance.randrange(40, 200))]
        lived_through(day, chance.choice(WISHES), chance.randrange(12))


Tampering = Callable[[list[LogRecord], int], list[LogRecord]]


def _other(record: LogRecord, **fields: object) -> LogRecord:
    return msgspec.structs.replace(record, **fields)


def _sealed_again(record: LogRecord, before: bytes) -> LogRecord:
    return seal(before, record.header, record.salt or b"", b'{"type":"session.described","title":"Forged"}')


TAMPERINGS: dict[str, Tampering] = {
    "another body": lambda sent, n: [*sent[:n], _other(sent[n], body=b'{"type":"session.paused"}'), *sent[n + 1 :]],
    "another header": lambda sent, n: [
        *sent[:n],
        _other(sent[n], header=msgspec.structs.replace(sent[n].header, actor="x")),
        *sent[n + 1 :],
    ],
    "two are swapped": lambda sent, n: [*sent[:n], sent[n + 1], sent[n], *sent[n + 2 :]],
    "one comes again": lambda sent, n: [*sent[: n + 1], *sent[n:]],
    "one is left out": lambda sent, n: [*sent[:n], *sent[n + 1 :]],
    "a forged one": lambda sent, n: [*sent[:n], _sealed_again(sent[n], bytes(32)), *sent[n + 1 :]],
}


def _story(kinds: Sequence[str]) -> LogAbove:
    log = LogAbove()
    for kind in ("line", *kinds, "line", "check", "line", "check"):
        log.happens(kind)
    return log


@given(st.lists(st.sampled_from(KINDS), max_size=15), st.sampled_from(sorted(TAMPERINGS)), st.data())
def test_what_is_tampered_with_on_the_link_is_named(kinds: list[str], how: str, data: st.DataObject) -> None:
    log = _story(kinds)
    hub = Hub(log)
    part = data.draw(st.sampled_from([FeedPart.LIVE, FeedPart.MISSED]), label="part")
    hub.follow(little=0, back=len(log.records) if part is FeedPart.LIVE else 0)
    assert hub.served is not None
    if part is FeedPart.LIVE:
        sent = hub.served.now()
    else:
        found = hub.served.missed()
        assert isinstance(found, tuple)
        sent = found[1]
    n = data.draw(st.integers(0, len(sent) - 2), label="place")
    found_out = copying.batch(hub.disk.copy, part, TAMPERINGS[how](sent, n), SIGNED, number=1)
    assert isinstance(found_out, Broken)
    assert found_out.reason.endswith(".")
    assert found_out.offset >= sent[n].header.offset, "what came before is as it was written"
    stuck = copying.broke(hub.disk.copy, found_out)
    assert copying.batch(stuck, part, sent, SIGNED) == CopyStep(copy=stuck), "nothing more is taken"


@given(st.lists(st.sampled_from(KINDS), max_size=15), st.data())
def test_a_beginning_that_is_not_true_is_found_out_or_never_vouched_for(kinds: list[str], data: st.DataObject) -> None:
    log = _story(kinds)
    hub = Hub(log)
    asked, message = copying.follow(hub.disk.copy, (FLOOR,), words=False)
    back = data.draw(st.integers(0, len(log.records) - 4), label="live begins before the end")
    served = Served(log, message, little=0, back=back)
    lane: Lane = data.draw(st.sampled_from(sorted(served.live.heads)), label="lane")
    true = served.live.heads[lane]
    false = LaneHead(offset=true.offset, digest="00" * 32)
    told = msgspec.structs.replace(served.live, heads={**served.live.heads, lane: false})
    found = copying.began(asked, told)
    if isinstance(found, Broken):
        return
    copy = found.copy
    for part, batch in ((FeedPart.LIVE, served.now()), (FeedPart.MISSED, _missed(served))):
        step = copying.batch(copy, part, batch, SIGNED)
        if isinstance(step, Broken):
            return
        copy = step.copy
        assert copy.live is not None
        assert not copy.live.sure
    assert isinstance(copying.caught(copy), CopyStep)
    raise AssertionError("It was joined to what it doesn't follow.")


def _missed(served: Served) -> list[LogRecord]:
    found = served.missed()
    return found[1] if isinstance(found, tuple) else []


@given(st.lists(st.sampled_from(KINDS), max_size=15))
def test_a_log_that_was_written_anew_without_the_key_is_never_vouched_for(kinds: list[str]) -> None:
    log = _story(kinds)
    heads: dict[Lane, bytes] = {}
    forged = list[LogRecord]()
    for n, each in enumerate(log.records):
        body = b'{"type":"session.described","title":"Forged"}' if n == 0 else each.body
        before = heads.get(each.header.lane, bytes(32))
        made = seal(before, each.header, each.salt or bytes(16), body or b"{}")
        heads[each.header.lane] = made.digest
        forged.append(made)
    log.records[:] = forged
    log.stood[0] = {}
    hub = Hub(log)
    asked, message = copying.follow(hub.disk.copy, (FLOOR,), words=False)
    served = Served(log, message, little=0, back=len(forged))
    step = copying.began(asked, served.live)
    assert isinstance(step, CopyStep)
    assert isinstance(copying.batch(step.copy, FeedPart.LIVE, served.now(), SIGNED), Broken)

"""A model of the log of the server above, and of its answers to a hub, without a link and without a clock."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.core.chain import LogRecord
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.events.question_parts import QueueOrder
from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Lane, NoteId, SegmentId
from moothall.core.kernel.lanes import hub_lane
from moothall.wire.hubs.messages import Caught, Follow, Live
from moothall_hub.mirror.copied import CopyStep, SessionCopy, lanes_of
from support.sessions.recorder import EPOCH, SESSION, Recorder

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"the hubs' tests need a key too: "))
SIGNED = verifier(SIGNER.public_document())
FLOOR, FRENCH = ChannelId("floor"), ChannelId("fr")
HUB = "kisumu"
OWN = hub_lane(HUB)

KINDS = ("session", "line", "french", "words", "floor", "note", "own", "check", "check", "removal")
"""The kinds of event that `LogAbove.happens` takes."""


class LogAbove:
    """A session's log that grows event by event."""

    def __init__(self, recorder: Recorder | None = None) -> None:
        self.recorder = recorder or Recorder()
        self.records: list[LogRecord] = []
        self.stood: list[dict[Lane, LaneHead]] = [{}]
        """The heads of the lanes after each offset."""
        self.channels: list[ChannelId] = []
        self.add(ev.SessionCreated(title="Open hall", languages=("en",), access=ev.Access.PUBLIC))
        self.text(FLOOR)

    def text(self, channel: ChannelId) -> None:
        """Add a channel."""
        self.channels.append(channel)
        self.add(ev.ChannelAdded(channel=channel, kind=ev.ChannelKind.FLOOR, languages=("en",)))

    def happens(self, kind: str, which: int = 0) -> None:
        n = len(self.records)
        match kind:
            case "session":
                self.add(ev.SessionDescribed(title=f"Title {n}"))
            case "french" if FRENCH not in self.channels:
                self.text(FRENCH)
            case "line" | "french":
                channel, segment = (FLOOR if kind == "line" else FRENCH), SegmentId(f"s{n}")
                self.add(
                    le.SegmentOpened(channel=channel, segment=segment, t0=n, language="en", origin=le.Origin.MACHINE)
                )
                reason = le.EndReason.PAUSE
                self.add(le.SegmentEnded(channel=channel, segment=segment, t1=n + 1, reason=reason, text=f" Line {n}."))
            case "words":
                word = le.Word(" word", n, n + 1)
                self.add(le.WordsCommitted(channel=FLOOR, segment=SegmentId("s"), first=n, words=(word,)))
            case "floor":
                self.add(qe.QueueOrdered(order=QueueOrder.SUPPORT))
            case "note":
                self.add(ne.NoteLeft(text=f"Note {n}"))
            case "own":
                self.add(he.HubNoteLeft(note=NoteId(f"n{n}"), hub=HUB, by=Role.MODERATOR, text=f"To Kisumu {n}"))
            case "removal":
                lines = [each.header.offset for each in self.records if each.header.type == "segment.ended"]
                if lines:
                    self.remove(lines[which % len(lines)])
            case _:
                self.check()

    def add(self, event: Event) -> LogRecord:
        return self._added(self.recorder.record(event))

    def check(self) -> LogRecord:
        return self._added(self.recorder.checkpoint(SIGNER))

    def remove(self, offset: int) -> None:
        self.records[offset - 1] = msgspec.structs.replace(self.records[offset - 1], body=None, salt=None)
        self.add(ev.BodyRemoved(offsets=(offset,), reason="request", by="staff-1"))

    def of(self, lanes: frozenset[Lane]) -> list[LogRecord]:
        return [each for each in self.records if each.header.lane in lanes]

    @property
    def checked(self) -> int:
        """The offset of the last checkpoint."""
        return max((each.header.offset for each in self.records if each.header.type == "record.checkpoint"), default=0)

    def _added(self, record: LogRecord) -> LogRecord:
        self.records.append(record)
        self.stood.append(dict(self.recorder.heads))
        return record


class Served:
    """The answers to one `Follow`, a batch at a time."""

    def __init__(self, log: LogAbove, follow: Follow, *, little: int = 3, back: int = 2) -> None:
        """A hub that misses at most `little` events continues; otherwise live begins `back` events before the end."""
        self._log = log
        channels = tuple(each for each in follow.channels if each in log.channels) or tuple(log.channels[:1])
        self.lanes = lanes_of(channels, words=follow.words)
        end = len(log.records)
        held = follow.known.heads if follow.known is not None else {}
        offset = follow.known.offset if follow.known is not None else 0
        self.missed_from = {lane: held[lane].offset if lane in held else 0 for lane in self.lanes}
        goes_on = missed = False
        begin = through = offset
        if not self._near(offset, held, little):
            live = follow.live if follow.live is not None and follow.live.heads.keys() <= self.lanes else None
            if live is not None and self._near(live.offset, live.heads, little):
                goes_on, begin, through = True, live.offset, follow.live_begin
            else:
                begin = through = max(0, end - back)
        self._missed = [each for each in self._behind(self.missed_from) if each.header.offset <= through]
        missed = bool(self._missed)
        self.live_at = begin
        self._own = {lane: head.offset for lane, head in follow.own.items()}
        self._through = through
        self._number = 0
        self._caught = not missed
        self.live = Live(
            session=SESSION,
            epoch=EPOCH,
            channels=channels,
            begin=begin,
            heads=self._heads(begin),
            missed=missed,
            goes_on=goes_on,
            number=follow.number,
        )

    def now(self, most: int = 100) -> list[LogRecord]:
        """Return the next batch of live events."""
        found = [each for each in self._log.of(self.lanes) if each.header.offset > self.live_at][:most]
        if found:
            self.live_at = found[-1].header.offset
        return found

    def missed(self, most: int = 100) -> tuple[int, list[LogRecord]] | Caught | None:
        """Return the next batch of missed events with its number, `Caught` after the last batch, and then None."""
        if self._caught:
            return None
        found = [each for each in self._behind(self.missed_from) if each.header.offset <= self._through][:most]
        if not found:
            self._caught = True
            return Caught(session=SESSION)
        for each in found:
            self.missed_from[each.header.lane] = each.header.offset
        self._number += 1
        return self._number, found

    def own(self, most: int = 100) -> list[LogRecord]:
        found = [each for each in self._log.of(frozenset({OWN})) if each.header.offset > self._own.get(OWN, 0)][:most]
        if found:
            self._own[OWN] = found[-1].header.offset
        return found

    def _behind(self, stands: Mapping[Lane, int]) -> list[LogRecord]:
        return [each for each in self._log.of(self.lanes) if each.header.offset > stands[each.header.lane]]

    def _heads(self, offset: int) -> dict[Lane, LaneHead]:
        return {lane: head for lane, head in self._log.stood[offset].items() if lane in self.lanes}

    def _near(self, offset: int, held: Mapping[Lane, LaneHead], little: int) -> bool:
        here = {lane: head for lane, head in held.items() if lane in self.lanes}
        since = [each for each in self._log.of(self.lanes) if each.header.offset > offset]
        return self._heads(offset) == here and len(since) <= little


class Disk:
    """The contents of a hub's disk after each step: what `moothall_hub.mirror.mirror` stores, in a dict."""

    def __init__(self) -> None:
        self.copy = SessionCopy(session=SESSION)
        self.records: dict[int, LogRecord] = {}

    def keep(self, step: CopyStep) -> None:
        if step.anew:
            self.records.clear()
        if step.forget is not None:
            gone = [each for each in self.records if step.forget.after < each <= step.forget.through]
            for offset in gone:
                if not self.records[offset].header.lane.startswith("hub:"):
                    del self.records[offset]
        self.records.update((each.header.offset, each) for each in step.records)
        for offset in step.erase:
            if offset in self.records:
                self.records[offset] = msgspec.structs.replace(self.records[offset], body=None, salt=None)
        # A round trip through JSON, as through the disk.
        self.copy = msgspec.json.decode(msgspec.json.encode(step.copy), type=SessionCopy)

    def of(self, lanes: frozenset[Lane]) -> list[LogRecord]:
        return [each for _, each in sorted(self.records.items()) if each.header.lane in lanes]

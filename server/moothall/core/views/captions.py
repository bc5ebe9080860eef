"""What a reader of one feed sees: the lines of a channel and the state of the session.

Law: snapshot(n) with the events n+1…m of the same feed applied equals snapshot(m).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from operator import itemgetter

import msgspec

from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.hubs.presence import HubsPresent, with_hub
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import made_of, shared
from moothall.core.kernel.ids import ChannelId, Epoch, Position, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.persistent import PersistentList, PersistentMap
from moothall.core.removal.moves import opened_before, stands_again
from moothall.core.sessions.roughness import until_checked, vouched_for, vouches
from moothall.core.sessions.state import Status
from moothall.core.sessions.topics import Topics, topics_after
from moothall.core.translation.lines import line_of
from moothall.core.views.doubts import DoubtSpan, doubted, left
from moothall.core.views.reading_order import Gap, after_break, goes_before, not_kept, with_gap

SNAPSHOT_LINES = 200
"""Lines in a snapshot, and in a page of older ones."""
SNAPSHOT_VERSION = 1
LONGEST = 15_000
"""Within this time (ms) a spoken line ends, and the recogniser's latency with it."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as readers see it."""

    segment: SegmentId
    t0: int
    """Start, media ms."""
    t1: int | None = None
    """End, media ms; None while the line grows."""
    language: str
    origin: le.Origin
    speaker: SpeakerId | None = None
    text: str = ""
    """The whole text so far. In a feed without words it comes with the end of the line. An ended line without text
    isn't shown: it was typed, and taken back."""
    words: int = 0
    """Number of committed words in this feed, which is the `first` of the next words."""
    revision: int = 0
    """How many corrections the line has had."""
    mended: bool = False
    """Whether a person corrected it."""
    accepted: bool = False
    """Whether all its corrections by persons were proposals of a machine, accepted unchanged."""
    gone: bool = False
    """Whether the line was struck: its sound is recognised again, or it was moved to another session. It is not shown,
    and keeps its number.
    """
    made_from: le.MadeFrom | msgspec.UnsetType = msgspec.UNSET
    """From which line it was translated; missing in all other lines."""
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The public name of the outside tool that sent the line or, in a translation, its original; missing in all other
    lines.
    """
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a machine recognised a respeaker; missing in all other lines."""
    voice_changes: bool | msgspec.UnsetType = msgspec.UNSET
    """True when somebody else speaks after this line, whether or not anybody is named; missing otherwise."""
    rough: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a recogniser wrote it roughly: not for quoting before a person has corrected it (`unquotable`); missing
    in all other lines."""
    doubts: tuple[DoubtSpan, ...] | msgspec.UnsetType = msgspec.UNSET
    """Where in the text the words stand of which the recogniser was not sure, as UTF-16 indexes; missing in a line
    without such words, and in a feed without words."""


class ReaderChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that a reader may choose: the text of one language."""

    kind: ev.ChannelKind
    languages: tuple[str, ...]
    of_record: bool = False
    """Whether it is a translation of the whole session, which belongs to the record."""
    requested: int | None = None
    """Unix ms when somebody first asked for a translation that is not of record; null for other channels."""


class ImportedFrom(msgspec.Struct, frozen=True, kw_only=True):
    """From which file a text comes, and on what ground it may be read. Fields as in `TextImported`."""

    form: str
    producer: str
    at: int
    estimated: bool
    ground: str = ""
    """The ground that was stated; empty while it is for the staff alone."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the session, beside the lines."""

    id: SessionId
    title: str = ""
    languages: tuple[str, ...] = ()
    access: ev.Access = ev.Access.STAFF
    status: Status = Status.CREATED
    cancelled: str | None = None
    """Why the session will not be held, empty where no reason was given; null when it is not cancelled."""
    opened: int | None = None
    """Unix ms of media time 0."""
    clock: tuple[int, int] | None = None
    """(media ms, Unix ms) of the newest mapping."""
    not_recorded: int | None = None
    """Media ms since when the session is not recorded; null while it is recorded."""
    sound: ev.SoundKept = ev.SoundKept.NONE
    young_people: bool = False
    rehearsal: bool = False
    speaking: SpeakerId | None = None
    """Who speaks in this channel; null when nobody is named."""
    forced: str | None = None
    """The language that somebody set for this channel (BCP-47); null: it is detected."""
    on_air: le.AirSource | msgspec.UnsetType = msgspec.UNSET
    """Whose text this channel shows; missing as long as only the machine has been on air."""
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The public name of the outside tool that is on air; missing for other sources."""
    seal: ev.SealVersion | None = None
    wall_cleared: int | None = None
    """Walls leave out lines that began before this (media ms); null: walls show all lines."""
    speakers: dict[SpeakerId, str] = {}
    hubs: HubsPresent = {}
    """The hubs that take part, by name."""
    channels: dict[ChannelId, ReaderChannel] = {}
    """All channels of the session."""
    imported: ImportedFrom | msgspec.UnsetType = msgspec.UNSET
    """From which file the session was imported; missing in all that were held here."""
    topics: Topics | msgspec.UnsetType = msgspec.UNSET
    """What was taken up, one after the other; missing where nothing was."""
    paused: int | None = None
    """Media ms since when there is a break of which nothing is kept; null when there is none."""
    voices: dict[ChannelId, ev.VoicesTold] | msgspec.UnsetType = msgspec.UNSET
    """What engines measure of voices, by channel; missing while nothing is measured."""
    voices_so_far: ev.VoicesTold | msgspec.UnsetType = msgspec.UNSET
    """The most that was measured of voices at any time; missing where nothing ever was."""
    gaps: tuple[Gap, ...] = ()
    """Gaps of this channel, by time: the last 50 where something failed, and the last 50 that were intended, which are
    ended breaks and spans that were not recorded."""

    @property
    def measured(self) -> ev.VoicesTold | msgspec.UnsetType:
        """The most that is measured of voices now, or that was before the session was closed."""
        return self.voices_so_far if self.status is Status.CLOSED else _most((self.voices or {}).values())


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a reader needs to start at a position."""

    epoch: Epoch
    offset: int
    feed: str
    version: int = SNAPSHOT_VERSION
    session: Session
    lines: tuple[Line, ...]
    """The last 200 lines, or fewer."""
    before: int | None
    """How many lines come before these; null when there are none."""

    @property
    def channel(self) -> ChannelId:
        """The channel of its feed."""
        return ChannelId(self.feed.rpartition(".")[0])


def growing(lines: Sequence[Line]) -> int | None:
    """The index of the newest line that still grows and is shown after all others; None when there is none.

    It need not be the last line, since people may type while others speak. A line that never ended keeps its position
    in time.
    """
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        if line.t1 is None and not line.gone:
            return number if line.t0 >= lines[-1].t0 - LONGEST else None
        if line.origin not in (le.Origin.SPEAKER, le.Origin.PERSON):
            break
    return None


class CaptionsView(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of one feed. Each event gives a new view; views share what didn't change."""

    feed: Feed
    epoch: Epoch
    offset: int
    session: Session
    lines: PersistentList[Line]
    skipped: int
    """Number of lines before the first of `lines`: above 0 only in a view that began from a snapshot."""
    index: PersistentMap[SegmentId, int]
    arrived: PersistentList[tuple[int, SegmentId]] = msgspec.field(default_factory=PersistentList)
    """The lines that opened since this view began, with the offsets at which they did, as programs poll them
    (`wire/captioning/pull.py`): where lines are typed, too, not in the order of time. Empty in a feed with words."""
    parts: PersistentMap[SegmentId, tuple[SegmentId, ...]] = msgspec.field(default_factory=PersistentMap)
    """Lines that aren't in `arrived`, since they hold words of before, by the line with which they are polled, in the
    order of time: those that were split from it, that stand again behind it, or that a removal left, too."""

    @classmethod
    def empty(cls, session: SessionId, epoch: Epoch, feed: Feed) -> CaptionsView:
        """Return the view before the first event."""
        return cls(
            feed=feed,
            epoch=epoch,
            offset=0,
            session=Session(id=session),
            lines=PersistentList(),
            skipped=0,
            index=PersistentMap(),
        )

    @classmethod
    def of(cls, snapshot: Snapshot, feed: Feed) -> CaptionsView:
        """Return a view that starts from a snapshot, as a browser or a hub does."""
        lines: PersistentList[Line] = PersistentList()
        index: PersistentMap[SegmentId, int] = PersistentMap()
        for number, line in enumerate(snapshot.lines):
            lines = lines.append(line)
            index = index.set(line.segment, number)
        return cls(
            feed=feed,
            epoch=snapshot.epoch,
            offset=snapshot.offset,
            session=snapshot.session,
            lines=lines,
            skipped=snapshot.before or 0,
            index=index,
        )

    @property
    def position(self) -> Position:
        """The position up to which events have been applied."""
        return Position(self.epoch, self.offset)

    def apply(self, offset: int, role: Role, event: ev.AnyEvent | UnknownEvent | None) -> CaptionsView:
        """Return the view after the event at `offset`; None is an event whose body was removed.

        Events that change nothing in the feed still move the position. An event at or before the position was applied
        already, and is ignored.
        """
        if offset <= self.offset:
            return self
        view = msgspec.structs.replace(self, offset=offset)
        match event:
            case le.SegmentOpened() if event.channel == self.feed.channel:
                return view._opened(event)
            case le.WordsCommitted() if event.channel == self.feed.channel:
                return view._committed(event)
            case le.SegmentEnded() if event.channel == self.feed.channel:
                return view._ended(event)
            case le.SegmentSplit() if event.channel == self.feed.channel:
                return view._split(event)
            case le.SegmentCorrected() if event.channel == self.feed.channel:
                return view._corrected(event, by_person=not (event.machine or role is Role.ENGINE))
            case ev.SpeakerAssigned():
                for segment in event.segments:
                    view = view._changed(segment, speaker=event.speaker)
                    view = view._changed(line_of(segment, self.feed.channel), speaker=event.speaker)
                return view
            case le.ChannelRewound() | le.SegmentsMovedAway() if event.channel == self.feed.channel:
                for segment in event.segments:
                    view = view._changed(segment, gone=True, text="", doubts=msgspec.UNSET)
                return view
            case _:
                if isinstance(event, ev.RecordSealed) and vouches(event):
                    view = view._vouched_for()
                session = fold_session(self.session, event, self.feed)
                return view if session is self.session else msgspec.structs.replace(view, session=session)

    @property
    def newest(self) -> tuple[Line, ...]:
        """The last 200 lines, or fewer."""
        return self.lines.slice(max(0, len(self.lines) - SNAPSHOT_LINES), len(self.lines))

    def snapshot(self) -> Snapshot:
        """Return the snapshot for a reader who starts at this position."""
        lines = self.newest
        before = self.skipped + len(self.lines) - len(lines)
        return Snapshot(
            epoch=self.epoch,
            offset=self.offset,
            feed=self.feed.name,
            session=self.session,
            lines=lines,
            before=before or None,
        )

    def number(self, segment: SegmentId) -> int | None:
        """The number of a line in the feed; None for a line that is unknown here, or was struck."""
        known = self.index.get(segment)
        return None if known is None or self.lines[known].gone else self.skipped + known

    def page(self, before: int) -> tuple[Line, ...]:
        """Return the page of older lines that ends before line number `before`, at most 200 lines.

        Pages begin at multiples of 200, so that readers can cache them.
        """
        stop = min(before, self.skipped + len(self.lines))
        start = max(0, (stop - 1) // SNAPSHOT_LINES * SNAPSHOT_LINES)
        return self.lines.slice(start - self.skipped, stop - self.skipped)

    def _opened(self, event: le.SegmentOpened) -> CaptionsView:
        line = made_of(Line, event)
        if event.part_of is not msgspec.UNSET:
            before = self.index.get(event.part_of)
            if before is not None:
                return self._inserted(before + 1, line)._joined(event.part_of, line.segment)
            if self.skipped:
                return self._inserted(0, line)
        number = len(self.lines)
        while number and goes_before(line.t0, self.lines[number - 1].t0):
            number -= 1
        view, opened = self._inserted(number, line), opened_before(line.segment)
        if opened is None and number and stands_again(line.segment):
            return view._joined(self.lines[number - 1].segment, line.segment)
        return view._listed(self.offset if opened is None else opened, line.segment)

    def _listed(self, opened: int, segment: SegmentId) -> CaptionsView:
        """Return the view with a line in `arrived`, or in the `parts` of the line that is there in its place."""
        if self.feed.live or segment not in self.index:  # Lines of an older page are in no view.
            return self
        place = bisect_left(self.arrived, opened, key=itemgetter(0))
        if place < len(self.arrived) and self.arrived[place][0] == opened:
            return self._joined(self.arrived[place][1], segment)
        return msgspec.structs.replace(self, arrived=self.arrived.insert(place, (opened, segment)))

    def _joined(self, whole: SegmentId, segment: SegmentId) -> CaptionsView:
        """Return the view with a line in the `parts` of another."""
        if self.feed.live:
            return self
        parts = sorted((*(self.parts.get(whole) or ()), segment), key=lambda each: self.index.get(each) or 0)
        return msgspec.structs.replace(self, parts=self.parts.set(whole, tuple(parts)))

    def _inserted(self, number: int, line: Line) -> CaptionsView:
        """Return the view with a line at its position in time; a line that is typed, translated or moved here may come
        after newer ones.
        """
        if number == 0 and self.skipped:
            return msgspec.structs.replace(self, skipped=self.skipped + 1)  # The line belongs to an older page.
        index = self.index.set(line.segment, number)
        for moved in range(number, len(self.lines)):
            index = index.set(self.lines[moved].segment, moved + 1)
        return msgspec.structs.replace(self, lines=self.lines.insert(number, line), index=index)

    def _committed(self, event: le.WordsCommitted) -> CaptionsView:
        line = self._line(event.segment)
        if line is None:
            return self
        text = line.text + "".join(word.text for word in event.words)
        doubts = (line.doubts or ()) + doubted(line.text, event.words)
        words = event.first + len(event.words)
        return self._changed(event.segment, text=text, words=words, doubts=doubts or msgspec.UNSET)

    def _ended(self, event: le.SegmentEnded) -> CaptionsView:
        line = self._line(event.segment)
        if line is None:
            return self
        changes = True if event.reason is le.EndReason.SPEAKER else msgspec.UNSET
        doubts = _left(line, event.text)
        return self._changed(event.segment, t1=event.t1, text=event.text, voice_changes=changes, doubts=doubts)

    def _split(self, event: le.SegmentSplit) -> CaptionsView:
        line = self._line(event.segment)
        if line is None:
            return self
        return self._changed(event.segment, t1=event.t1, words=min(line.words, event.word), voice_changes=True)

    def _corrected(self, event: le.SegmentCorrected, *, by_person: bool) -> CaptionsView:
        line = self._line(event.segment)
        if line is None:
            return self
        text = event.text + event.tail
        return self._changed(
            event.segment,
            text=text,
            doubts=_left(line, text),
            revision=event.base_revision + 1,
            mended=not event.unmended and (line.mended or by_person),
            accepted=event.accepted or (line.accepted and not by_person),
            made_from=line.made_from if event.made_from is msgspec.UNSET else event.made_from,
        )

    def _vouched_for(self) -> CaptionsView:
        lines = self.lines
        for number, line in enumerate(self.lines):
            if until_checked(line):
                lines = lines.replace(number, vouched_for(line))
        return msgspec.structs.replace(self, lines=lines)

    def _line(self, segment: SegmentId) -> Line | None:
        number = self.index.get(segment)
        return None if number is None else self.lines[number]

    def _changed(self, segment: SegmentId, **fields: object) -> CaptionsView:
        number = self.index.get(segment)
        if number is None:
            return self  # The line is older than the snapshot from which this view began.
        line = msgspec.structs.replace(self.lines[number], **fields)
        return msgspec.structs.replace(self, lines=self.lines.replace(number, line))


def _left(line: Line, text: str) -> tuple[DoubtSpan, ...] | msgspec.UnsetType:
    """The doubts that a new text of a line leaves."""
    return left(line.doubts or (), line.text, text) or msgspec.UNSET


def fold_session(session: Session, event: ev.AnyEvent | UnknownEvent | None, feed: Feed) -> Session:
    """Return the session after `event`; the same object when nothing in it changes."""
    replace = msgspec.structs.replace
    match event:
        case ev.SessionCreated():
            return replace(session, **shared(session, event))
        case ev.SessionDescribed():
            return _described(session, event, feed)
        case ev.SessionArranged():
            return _arranged(session, event)
        case ev.EngineAttached():
            return _heard_by(session, event)
        case ev.SessionCancelled():
            return replace(session, cancelled=event.reason)
        case ev.SessionReinstated():
            return replace(session, cancelled=None)
        case ev.NotRecordedBegan():
            return replace(session, not_recorded=event.t0)
        case ev.NotRecordedEnded():
            return replace(session, not_recorded=None, gaps=not_kept(session.gaps, session.not_recorded, event.t1))
        case ev.SpeakerChanged() if _speaks_in(session, event.channel, feed):
            return replace(session, speaking=event.speaker)
        case ev.LanguageForced() if event.channel == feed.channel:
            return replace(session, forced=event.language)
        case le.AirChanged() if event.channel == feed.channel:
            return replace(session, on_air=event.source, tool=event.tool or msgspec.UNSET)
        case ev.SessionOpened():
            return replace(session, status=Status.OPEN, opened=event.wall, clock=(0, event.wall))
        case ev.SessionPaused():
            return replace(session, status=Status.PAUSED, paused=event.t0)
        case ev.SessionResumed():
            over = after_break(session.gaps, session.paused, event.t if event.t1 is None else event.t1, event.t)
            return replace(session, status=Status.OPEN, paused=None, gaps=over)
        case ev.SessionReopened():
            return replace(session, status=Status.OPEN)
        case ev.SessionClosed():
            over = after_break(session.gaps, session.paused, event.t, event.t)
            return replace(session, status=Status.CLOSED, paused=None, gaps=over)
        case ev.ClockMapped():
            return replace(session, clock=(event.t, event.wall))
        case ev.TextImported() if event.channel == feed.channel or not session.imported:
            return replace(session, imported=made_of(ImportedFrom, event))
        case ev.GroundStated() if session.imported:
            return replace(session, imported=replace(session.imported, ground=event.ground))
        case ev.ChannelAdded():
            return replace(session, channels={**session.channels, event.channel: made_of(ReaderChannel, event)})
        case ev.SpeakerIntroduced():
            return replace(session, speakers={**session.speakers, event.speaker: event.name})
        case ev.GapNoted() if event.channel == feed.channel:
            gap = Gap(t0=event.t0, t1=event.t1, reason=event.reason)
            return replace(session, gaps=with_gap(session.gaps, gap))
        case ev.RecordSealed():
            return replace(session, seal=event.version)
        case he.HubPresenceChanged():
            return replace(session, hubs=with_hub(session.hubs, event))
        case ev.TopicTaken():
            return replace(session, topics=topics_after(session.topics or (), event) or msgspec.UNSET)
        case ne.PolicyQuestionsListed() if session.topics:
            return replace(session, topics=topics_after(session.topics, event))
        case ev.WallCleared():
            return replace(session, wall_cleared=event.t)
        case _:
            return session


def _most(told: Collection[ev.VoicesTold]) -> ev.VoicesTold | msgspec.UnsetType:
    return next((each for each in (ev.VoicesTold.KNOWN, ev.VoicesTold.CHANGES) if each in told), msgspec.UNSET)


def _heard_by(session: Session, event: ev.EngineAttached) -> Session:
    before = session.voices or {}
    if before.get(event.channel, msgspec.UNSET) == event.voices:
        return session
    voices = {name: each for name, each in before.items() if name != event.channel}
    if event.voices:
        voices[event.channel] = event.voices
    so_far = _most([each for each in (session.voices_so_far, event.voices) if each])
    return msgspec.structs.replace(session, voices=voices or msgspec.UNSET, voices_so_far=so_far)


def _arranged(session: Session, event: ev.SessionArranged) -> Session:
    """What may not be measured any more isn't from here on: no engine need be there that could be attached anew."""
    voices = session.voices
    if voices and event.voice_use is ev.VoiceUse.NONE:
        voices = msgspec.UNSET
    elif voices and event.voice_use is ev.VoiceUse.CHANGES:
        voices = dict.fromkeys(voices, ev.VoicesTold.CHANGES)
    return msgspec.structs.replace(session, access=event.access, sound=event.sound, voices=voices)


def _speaks_in(session: Session, channel: ChannelId, feed: Feed) -> bool:
    """Whether the speaker of `channel` says what the feed's text has: its own speaker, or the floor's in a
    translation.
    """
    spoken, own = (session.channels.get(name) for name in (channel, feed.channel))
    translated = own is not None and own.kind is ev.ChannelKind.TRANSLATION
    return channel == feed.channel or (translated and spoken is not None and spoken.kind is ev.ChannelKind.FLOOR)


def _described(session: Session, event: ev.SessionDescribed, feed: Feed) -> Session:
    replace, spoken = msgspec.structs.replace, event.languages
    if not spoken:
        return replace(session, title=event.title)
    channels = {
        name: replace(each, languages=spoken) if each.kind is ev.ChannelKind.FLOOR else each
        for name, each in session.channels.items()
    }
    here = channels.get(feed.channel)
    forced = session.forced if here is not None and session.forced in here.languages else None
    return replace(session, title=event.title, languages=spoken, channels=channels, forced=forced)

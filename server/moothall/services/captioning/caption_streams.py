"""Takes streams of captioning software: what they send becomes lines of a session, by the acts of a person at a desk.

A stream is what one role link sends into one channel. It is kept in memory only: after a kill, text that was no line
yet is lost, and after each restart deletes can't reach earlier text, but for what a bridge says that it sent
(`Post.behind`) where that stands as the newest line. Sending an act again does no harm, since a line
that exists under its id is not written once more. Lines that somebody else has corrected or removed meanwhile stay as
they are, and so do lines that were offered because somebody else was on air.

A post whose number and text were taken before does nothing either. But 1 is also the first number of a program that was
restarted. With another text, or later than `RETRY_MS` after the previous 1, it begins anew, and no earlier number is
remembered. Sooner than that a repeated 1 may be either. Where a 2 with another text follows, it was a beginning; its
words stand already, since the other 1 brought them just before.

While nothing is recorded (a break, *not recorded*) posts are dropped, and the sender gets the answer that they were
taken: otherwise it would send them again after the break. Later posts can't change text from before it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from moothall.core import commands as do
from moothall.core.captioning.charsets import lenient_text, whole_text
from moothall.core.captioning.control_tokens import written
from moothall.core.captioning.rolling import Posts, joined
from moothall.core.captioning.stream import (
    DELETES,
    Amend,
    Commit,
    Operation,
    Stream,
    StreamDraft,
    TextPiece,
    cut_off,
    take,
    tick,
)
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import NO_SESSION, PASSING, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, is_name
from moothall.core.ports import Clock, Randomness
from moothall.core.rules.authority import COMMANDS
from moothall.core.rules.lines import DROPPED, unkept_now
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import State, Status
from moothall.services.desks.typed_ahead import TypedAhead, takes_unfinished
from moothall.services.log.act_queue import unavailable
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import Staff, actor_of
from moothall.wire.token_bucket import Allowance, Bucket

logger = logging.getLogger(__name__)

MOST_STREAMS = 500
"""Most streams of a server. Overflow: of the streams whose text has all become lines, the one that was used longest ago
is forgotten; where there is none, the new stream is refused."""
POSTS = Allowance(per_second=20, burst=200)
"""Posts that one stream may send: programs that send each word need five a second. Overflow: the post is refused as
busy."""
MOST_BYTES = 8 << 10
"""Most bytes of a post. Overflow: it is refused."""
MOST_LINES = 200
"""Most lines of one act. Overflow: they become several acts; where one of these fails, the post can be sent again,
since a line that exists is not written twice."""
CUT = "The last letter of this text is incomplete and was left out: Content-Length is a number of bytes."
"""Told to a sender whose caption ends inside a character: it, or a proxy that believed it, counted characters."""
REMEMBERED = 32
"""Number of last posts among which repeats are recognised."""
RETRY_MS = 30_000
"""How long after its first post a program may send that again, in ms."""
AGAIN_MS = 60_000
"""How long a program may send again what an earlier run of the server, or another node, had taken, in ms."""
LOOK_MS = 500
"""Interval at which streams without new posts are checked for drafts that become lines, in ms."""
CUTS = (ev.SessionPaused, ev.SessionClosed, ev.NotRecordedBegan)
"""Events after which posts can't reach earlier text, and text that is no line yet is dropped. A removal that touches
such text has the same effect (`TextStream.goes_with`)."""
_TWICE = frozenset({RefusalCode.STALE, RefusalCode.FORBIDDEN, RefusalCode.UNKNOWN, RefusalCode.CONFLICT})
"""Refusals of an act because somebody else changed a line first; the other lines are written all the same."""


_Key = tuple[str, SessionId, ChannelId]
"""A role link, and the session and channel into which it writes."""


class Form(StrEnum):
    """The form of a post's text."""

    STREAM = "stream"
    """The next characters of a stream, as StreamText sends them."""
    CAPTIONS = "captions"
    """A separate caption, as Zoom takes it: appended to the previous one, without the part that repeats it."""


class AcceptedPost(msgspec.Struct, frozen=True):
    """The answer that a post was taken and need not be sent again."""

    kept: bool = True
    sentence: str = ""
    """Why its text is not kept, or a part of it was left out, as a sentence for a person; empty where all is kept."""


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One post of a sender."""

    body: bytes
    charset: str = "utf-8"
    """Python's name of the character set."""
    language: str = ""
    """BCP-47 tag as the sender writes it; empty for the channel's first language."""
    seq: int | None = None
    """Its number; None where it has none, so that a repeat can't be recognised."""
    form: Form = Form.STREAM
    behind: str = ""
    """The text before deletes with which it begins, as an earlier run of the server took it; empty where none is
    known."""
    lenient: bool = False
    """Whether bytes that are not UTF-8 are read as windows-1252."""


class TextStream:
    """The stream of one link into one channel."""

    def __init__(self, staff: Staff, session: SessionId, channel: ChannelId, name: str, bucket: Bucket) -> None:
        self.staff = staff
        self.session = session
        self.channel = channel
        self.title = ""
        """Title of the session when the stream was last opened."""
        self.name = name
        """Prefix of the ids of its lines: its own, or that of the earlier run whose line it goes on with."""
        self.own_name = name
        """Prefix of the ids of its acts."""
        self.language = ""
        self.text = Stream()
        self.posts = Posts()
        self.held = b""
        """Bytes of an incomplete character at the end of the last post."""
        self.seq = 0
        """Number of the last post that was taken."""
        self.last = b""
        """Body of the last post that was taken."""
        self.seen: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED)
        self.began = 0
        """When number 1 was taken, in ms of the monotonic clock."""
        self.again = 0
        """The number that a program has reached which sends again, from 1 on, posts that were taken."""
        self.bucket = bucket
        self.acts = 0
        self.cuts = 0
        """Number of times that the stream was cut off from its earlier text."""
        self.removals = 0
        """Number of removals of words in the session."""
        self.over = False
        """Whether the server has given the stream up."""
        self.used = 0
        """When it was last used, in ms of the monotonic clock."""
        self.lock = asyncio.Lock()

    @property
    def role(self) -> Role:
        """The role of the link."""
        return self.staff.role

    @property
    def actor(self) -> Actor:
        """The link as the actor of commands."""
        return actor_of(self.staff)

    @property
    def idle(self) -> bool:
        """Whether all of its text has become lines."""
        return self.text.due is None and not self.lock.locked()

    def wrote(self, line: SegmentId) -> bool:
        """Whether this link wrote a line into this channel, in any run of the server and at any node."""
        return line.startswith(_of_link((self.staff.link, self.session, self.channel)))

    def segment(self, number: int) -> SegmentId:
        """The id of the stream's line with this number."""
        return SegmentId(f"{self.name}-{number}")

    def goes_with(self, removal: ev.BodyRemoved, state: State) -> bool:
        """Whether a removal drops the text that is no line yet: so where it removed a line that deletes can still
        reach. `state`: the session after the removal.
        """
        return takes_unfinished(removal) or self.lacks(state)

    def lacks(self, state: State) -> bool:
        """Whether a line that deletes can still reach is no longer in the session."""
        names = [self.segment(each.number) for each in (*self.text.lines, self.text.tail) if each.shown]
        return any(state.segments.get(name) is None and state.offered.get(name) is None for name in names)


class CaptionStreams:
    """All streams. While `run` isn't running, drafts become lines only when more text arrives."""

    def __init__(self, sessions: Sessions, ahead: TypedAhead, *, clock: Clock, randomness: Randomness) -> None:
        self._sessions = sessions
        self._ahead = ahead
        self._clock = clock
        self._randomness = randomness
        self._streams: dict[_Key, TextStream] = {}
        sessions.observe(self._seen)
        sessions.tell_forgotten(self._forgotten)

    async def run(self) -> None:
        """Turn drafts to which no text is added into lines, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_MS)
            for stream in tuple(self._streams.values()):
                due = stream.text.due
                if due is not None and due <= self._clock.monotonic() and not stream.lock.locked():
                    async with stream.lock:
                        await self._tick(stream)

    async def open(self, staff: Staff, session: SessionId, channel: str = "") -> TextStream | Refusal:
        """The stream of a link into a channel, the session's first where `channel` is empty. Rights are checked at each
        post. Raises StorageUnavailable and RecordBroken.
        """
        live = await self._sessions.find(session) if is_name(session) else None
        if live is None or live.state.status is Status.ABSENT:
            return NO_SESSION
        wanted = ChannelId(channel) if channel else next(iter(live.state.channels), None)
        if wanted is None or wanted not in live.state.channels:
            return refuse(RefusalCode.UNKNOWN, "The session has no such channel.")
        key = (staff.link, session, wanted)
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= MOST_STREAMS and not self._forget_one():
                return refuse(RefusalCode.BUSY, f"Too many captioning programs are connected (limit {MOST_STREAMS}).")
            name = f"{_of_link(key)}{self._randomness.bytes(5).hex()}"
            bucket = Bucket.full(POSTS, self._clock.monotonic())
            stream = self._streams[key] = TextStream(staff, session, wanted, name, bucket)
            logger.info("session %s: captioning software writes by link %s", session, staff.link)
        stream.title, stream.used = live.state.title, self._clock.monotonic()
        return stream

    async def put(self, stream: TextStream, post: Post) -> AcceptedPost | Refusal:
        """Take a post. A refused post may be sent again; one that was taken before does nothing."""
        async with stream.lock:
            digest, now = hashlib.sha256(post.body).digest(), self._clock.monotonic()
            known = (post.seq, digest) in stream.seen
            anew = _anew(stream, post, now, known=known)
            if known and not anew:
                stream.again = post.seq if post.seq == stream.again + 1 else 0
                return AcceptedPost()
            live = self._sessions.loaded(stream.session)
            if stream.over or live is None:
                return refuse(RefusalCode.BUSY, "This stream was given up just now; send this again.")
            channel = live.state.channels[stream.channel]
            refused = _too_much(post) or self._too_often(stream) or _no_language(channel, post)
            refused = refused or (None if anew else _old(stream, post))
            if refused is not None:
                return refused
            text = _characters(stream, post)
            if isinstance(text, Refusal):
                return text
            characters, held = text
            cut = post.form is Form.CAPTIONS and bool(held)
            held = b"" if post.form is Form.CAPTIONS else held
            state = live.state
            if _comes_again(state, stream, post, characters, state.media_now(self._clock.wall())):
                stream.seq, stream.posts = post.seq or 0, joined(stream.posts, characters, post.language)[0]
                stream.seen.append((stream.seq, digest))
                return AcceptedPost()
            if post.behind and characters[:1] in DELETES:
                _take_up(state, stream, post.behind, state.media_now(self._clock.wall()))
            outside = self._ahead.refusal(state, channel, stream.role)
            cuts = stream.cuts
            unkept = outside is not None and outside.code is not RefusalCode.FORBIDDEN and unkept_now(state) is not None
            if outside is not None and not unkept:
                return outside
            posts = stream.posts
            if post.form is Form.CAPTIONS:
                posts, characters = joined(stream.posts, characters, post.language or stream.language)
            if not unkept:
                if post.language:
                    stream.language = _language(channel, post.language) or stream.language
                answer = await self._write(live, stream, *take(stream.text, characters, self._clock.monotonic()))
                if answer is not None and (answer.code in PASSING or unkept_now(live.state) is None):
                    return answer
                unkept = answer is not None
            if anew:
                stream.seen.clear()
            if post.seq is not None:
                stream.seq, stream.again = post.seq, 0
                stream.began = now if post.seq == 1 else stream.began
                stream.seen.append((post.seq, digest))
            if unkept:
                self._cut_off(stream)
                stream.posts = posts
                return AcceptedPost(kept=False, sentence=DROPPED)
            stream.posts = posts
            if stream.cuts == cuts:  # After a cut later posts can't reach this one.
                stream.held = held
                stream.last = stream.last if post.seq is None else post.body
            return AcceptedPost(sentence=CUT if cut else "")

    async def finish(self, session: SessionId, within_ms: int) -> bool:
        """Turn the text of a session's streams into lines; return whether all of it is in the log."""
        done = True
        for stream in self._of(session):
            async with stream.lock:
                await self._tick(stream, end=True)
            done = done and stream.text.due is None
        return done

    async def finish_all(self) -> None:
        """Turn the text of all streams into lines, since the server stops."""
        for session in {key[1] for key in self._streams}:
            await self.finish(session, 0)

    def awaits(self, session: SessionId) -> bool:
        """Whether a stream of the session has text that is no line yet."""
        return any(stream.text.due is not None for stream in self._of(session))

    def gone(self, link: str) -> None:
        """Give up the streams of a link that was replaced or revoked or has expired; text that is no line yet is
        dropped.
        """
        for key, stream in tuple(self._streams.items()):
            if key[0] == link:
                self._give_up(key, stream)

    def _forgotten(self, session: SessionId) -> None:
        """Give up the streams of a session that was erased."""
        for key, stream in tuple(self._streams.items()):
            if key[1] == session:
                self._give_up(key, stream)

    def _of(self, session: SessionId) -> list[TextStream]:
        return [stream for key, stream in self._streams.items() if key[1] == session]

    def _forget_one(self) -> bool:
        idle = [(stream.used, key) for key, stream in self._streams.items() if stream.idle]
        if idle:
            key = min(idle)[1]
            self._give_up(key, self._streams[key])
        return bool(idle)

    def _give_up(self, key: _Key, stream: TextStream) -> None:
        self._cut_off(stream)
        stream.over = True
        del self._streams[key]

    def _too_often(self, stream: TextStream) -> Refusal | None:
        stream.bucket, wait = stream.bucket.take(POSTS, self._clock.monotonic())
        message = f"At most {POSTS.per_second} posts a second are taken; send more in one."
        return refuse(RefusalCode.BUSY, message) if wait else None

    async def _tick(self, stream: TextStream, *, end: bool = False) -> None:
        live = self._sessions.loaded(stream.session)
        if stream.text.due is None or live is None:  # A session that is on is loaded.
            return
        now = self._clock.monotonic()
        later = max(now, stream.text.at + 10**6) if end else now
        refused = await self._write(live, stream, *tick(stream.text, later))
        if refused is not None and refused.code not in PASSING:
            self._cut_off(stream)

    async def _write(
        self, live: LiveSession, stream: TextStream, after: Stream, operations: Sequence[Operation]
    ) -> Refusal | None:
        """Carry out operations of a stream and advance the stream to `after`; where they are refused, the stream stays
        as it was.

        Where it was cut off meanwhile, earlier text is neither shown nor becomes a line.
        """
        cuts, removals = stream.cuts, stream.removals
        lines = [each for each in operations if not isinstance(each, StreamDraft)]
        for first in range(0, len(lines), MOST_LINES):
            refused = await self._put_down(live, stream, lines[first : first + MOST_LINES])
            if refused is not None:
                return refused
        stream.text = after
        if stream.cuts != cuts or (stream.removals != removals and stream.lacks(live.state)):
            self._cut_off(stream)  # Its line numbers continue after those of the lines that exist.
            return None
        for each in operations:
            if isinstance(each, StreamDraft):
                self._ahead.write(stream, stream.segment(each.number), each.text, _tag(live.state, stream))
        return None

    async def _put_down(self, live: LiveSession, stream: TextStream, lines: Sequence[Commit | Amend]) -> Refusal | None:
        commands = _commands(live.state, stream, lines)
        answer = await self._send(live, stream, commands) if commands else None
        if isinstance(answer, Refusal) and answer.code in _TWICE:
            # Lines that can't be amended any more stay as they are.
            commands = [each for each in _commands(live.state, stream, lines) if isinstance(each, do.TypeSegment)]
            answer = await self._send(live, stream, commands) if commands else None
        return answer if isinstance(answer, Refusal) else None

    async def _send(self, live: LiveSession, stream: TextStream, commands: Sequence[do.AnyCommand]) -> object:
        stream.acts += 1
        name = CommandId(f"captions:{stream.own_name}:{stream.acts}")
        try:
            return await live.writer.send(stream.actor, name, commands)
        except StorageUnavailable:
            return unavailable()

    def _cut_off(self, stream: TextStream) -> None:
        stream.cuts += 1
        stream.text, _ = cut_off(stream.text)
        # Text that a program repeats in each post stays known, so that it isn't added again.
        stream.posts = stream.posts if stream.posts.rolls else Posts()
        stream.held, stream.last = b"", b""
        self._ahead.leave(stream)

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        over = any(isinstance(event, CUTS) for event in publication.events)
        removals = [event for event in publication.events if isinstance(event, ev.BodyRemoved)]
        for stream in self._of(live.id) if over or removals else ():
            stream.removals += len(removals)
            if over or any(stream.goes_with(each, live.state) for each in removals):
                self._cut_off(stream)


def _too_much(post: Post) -> Refusal | None:
    message = f"A post can have at most {MOST_BYTES} bytes."
    return refuse(RefusalCode.INVALID, message) if len(post.body) > MOST_BYTES else None


def _anew(stream: TextStream, post: Post, now: int, *, known: bool) -> bool:
    """Whether a post begins the numbering anew. `known`: whether a post of this number and text was taken."""
    if post.seq is None or post.seq > stream.seq or _goes_on(stream, post):
        return False
    if known:
        return post.seq == 1 < stream.seq and now - stream.began > RETRY_MS
    return post.seq in (1, stream.again + 1)


def _old(stream: TextStream, post: Post) -> Refusal | None:
    """The refusal of a post that has an old number and another text, and isn't the beginning of a new numbering."""
    if post.seq is None or post.seq > stream.seq or _goes_on(stream, post):
        return None
    message = f"Another post of this number was taken; the last one was {stream.seq}. Go on from there."
    return refuse(RefusalCode.STALE, message)


def _goes_on(stream: TextStream, post: Post) -> bool:
    """Whether the sender got no answer to its last post, and sends it again with newer text appended."""
    again = post.seq == stream.seq and post.form is Form.STREAM
    return again and bool(stream.last) and post.body.startswith(stream.last)


def _of_link(key: _Key) -> str:
    """Prefix of the ids of the lines that a link sends into a channel."""
    return f"cap{hashlib.sha256('/'.join(key).encode()).hexdigest()[:10]}."


def _comes_again(state: State, stream: TextStream, post: Post, characters: str, now: int) -> bool:
    """Whether a caption was taken by an earlier run of the server, or another node, and its sender got no answer: it is
    the newest text of this link, with the last line whole, or the newest offered text where somebody else is on air.

    `now`: media ms.
    """
    words, since = characters.split(), now - AGAIN_MS
    if stream.seq or post.seq in (None, 1) or post.form is not Form.CAPTIONS or not words:
        return False
    channel = state.channels[stream.channel]
    lines = written(state, channel, since)
    if not channel.air.writes(stream.staff.link):
        offered = (state.offered.get(name) for name in channel.air.offered)
        lines = [line for line in offered if line is not None and line.t0 >= since]
    own = sorted((line for line in lines if stream.wrote(line.id) and line.whole.strip()), key=_order)
    newest = [word for line in own for word in line.whole.split()]
    return bool(own) and len(words) >= len(own[-1].whole.split()) and newest[-len(words) :] == words


def _take_up(state: State, stream: TextStream, behind: str, now: int) -> None:
    """Go on with the newest line that this link wrote in an earlier run of the server, where that is the end of
    `behind`: a bridge's deletes belong to it. Nothing changes where the stream has text of its own. `now`: media ms.
    """
    if stream.seq or stream.text != Stream():
        return
    lines = written(state, state.channels[stream.channel], now - AGAIN_MS)
    own = sorted((line for line in lines if stream.wrote(line.id)), key=_order)
    text = own[-1].whole.strip() if own else ""
    at = behind.rfind(text)
    if not text or at < 0 or behind[at + len(text) :].strip():
        return
    name, _, number = own[-1].id.rpartition("-")
    piece = TextPiece(number=int(number), raw=behind[at:], shown=text)
    used = [int(each.rpartition("-")[2]) for each, _ in state.segments.items() if each.startswith(f"{name}-")]
    if piece.text == text:
        stream.name, stream.text = name, Stream(tail=piece, last=max(used))


def _order(line: Segment) -> tuple[int, int]:
    return line.t0, int(line.id.rpartition("-")[2])


def _no_language(channel: Channel, post: Post) -> Refusal | None:
    if _language(channel, post.language) is not None:
        return None
    message = f"This text is in {', '.join(channel.languages)}; 'lang' names another language."
    return refuse(RefusalCode.INVALID, message)


def _language(channel: Channel, wanted: str) -> str | None:
    """The channel's language that a sender means; None where it is none of them. A channel in one language is always in
    that, whatever programs say.

    Zoom's own list names Japanese `jp`.
    """
    if not wanted or len(channel.languages) == 1:
        return channel.languages[0]
    named = wanted.lower()
    main = {"jp": "ja"}.get(named.partition("-")[0], named.partition("-")[0])
    exact = [each for each in channel.languages if each.lower() == named]
    alike = [each for each in channel.languages if each.lower().partition("-")[0] == main]
    return next(iter(exact or alike), None)


def _tag(state: State, stream: TextStream) -> str:
    languages = state.channels[stream.channel].languages
    return stream.language if stream.language in languages else languages[0]


def _characters(stream: TextStream, post: Post) -> tuple[str, bytes] | Refusal:
    body = post.body[len(stream.last) :] if _goes_on(stream, post) else post.body
    if post.lenient and post.charset == "utf-8":
        return lenient_text(body, stream.held)
    return whole_text(body, post.charset, held=b"" if post.form is Form.CAPTIONS else stream.held)


def _commands(state: State, stream: TextStream, lines: Sequence[Commit | Amend]) -> list[do.AnyCommand]:
    """The commands of a person at a desk that have the same effect; none for lines that somebody else has changed
    since.
    """
    commands: list[do.AnyCommand] = []
    corrects = do.CorrectSegment in COMMANDS[stream.role]
    for each in lines:
        name = stream.segment(each.number)
        segment = state.segments.get(name)
        if segment is None:
            if isinstance(each, Commit) and name not in state.offered:
                language = _tag(state, stream)
                commands.append(do.TypeSegment(channel=stream.channel, segment=name, text=each.text, language=language))
            continue
        stands = segment.whole.strip()
        ours = isinstance(each, Commit) or stands == each.before
        if corrects and ours and stands != each.text and not segment.gone:
            commands.append(
                do.CorrectSegment(
                    channel=stream.channel,
                    segment=name,
                    base_revision=segment.revision,
                    base_words=len(segment.words),
                    text=each.text,
                )
            )
    return commands

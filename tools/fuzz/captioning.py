"""Targets for the input of captioning software and caption bridges, and for a server's messages to a bridge.

The doors are the server's own, on sessions in memory whose clock jumps. Only the check of the key is taken out, which
no fuzzer would get past.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, cast

import aiohttp
from aiohttp import WSMessage, WSMsgType, hdrs, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from msgspec import UNSET

from fuzz.target import Target, joined, parts
from moothall.adapters.captioning import bridge
from moothall.adapters.captioning.keys import CaptionKeys
from moothall.adapters.captioning.link_door import CaptionsLinkDoor
from moothall.adapters.captioning.posts_door import STATUS, PostsDoor
from moothall.adapters.captioning.pull_door import _whole as position_of
from moothall.adapters.captioning.tcp_door import TcpDoor
from moothall.core import commands as do
from moothall.core.captioning.charsets import MOST_HELD, lenient_text, whole_text, without_telnet
from moothall.core.events import lines as le
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.visible import visible
from moothall.core.views.captions import CaptionsView
from moothall.services.captioning.caption_streams import CaptionStreams, TextStream
from moothall.services.desks.typed_ahead import TypedAhead
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import Staff
from moothall.testing.clock import LoopClock, SeededRandomness, SeededSigner
from moothall.testing.log_memory import MemoryLog
from moothall.testing.loop import JumpingLoop
from moothall.wire.captioning.link import (
    MOST_POST,
    Begin,
    PostAnswer,
    Unsent,
    answered,
    begun,
    broken,
    next_post,
    typed,
)
from moothall.wire.captioning.pull import MOST_LENGTH, pull

SESSION, FLOOR = SessionId("s"), ChannelId("floor")
CAPTIONER = Staff(link="l", role=Role.CAPTIONER, scope="session:s", label="")
CHARSETS = ("", "; charset=utf-8", "; charset=latin1", "; charset=utf-16", "; charset=utf-16le", "; charset=x")
ASKED = make_mocked_request("GET", "/captions/link?session=s")
"""A template request, cloned for each post: making a new one takes longer than the door's own work."""
ANSWERS = {200, 413, 415, *STATUS.values()}
RENEWED = 200
"""Inputs after which a house is replaced, since everything that they write stays in its memory."""


class Keys(CaptionKeys):
    """Accepts every key."""

    def __init__(self, streams: CaptionStreams) -> None:
        self.streams = streams

    async def open(
        self, address: str, key: str, session: str, channel: str, *, header: bool = False
    ) -> TextStream | Refusal:
        """Open the stream of the only link."""
        return await self.streams.open(CAPTIONER, SessionId(session or SESSION), channel)


class House:
    """An open session in memory, and the doors to it."""

    def __init__(self) -> None:
        self.loop = JumpingLoop()
        clock = LoopClock()
        self.sessions = Sessions(log=MemoryLog(), clock=clock, randomness=SeededRandomness(), signer=SeededSigner())
        self.streams = CaptionStreams(
            self.sessions, TypedAhead(self.sessions), clock=clock, randomness=SeededRandomness()
        )
        keys = Keys(self.streams)
        self.posts = PostsDoor(keys, self.streams, clock, lambda _: "192.0.2.1")
        self.tcp = TcpDoor(keys, self.streams, clock)
        self.link = CaptionsLinkDoor(keys, self.streams, lambda _: "192.0.2.1")
        self.given = 0
        started = asyncio.Event()
        self.owner = self.loop.create_task(self.sessions.run(started))
        self.run(started.wait())
        self.run(self._open())

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end; returns its result."""
        return self.loop.run_until_complete(what)

    async def _open(self) -> None:
        live = await self.sessions.open(SESSION)
        floor = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en", "fr"))
        begun = (do.CreateSession(title="Plenary", languages=("en", "fr")), floor, do.OpenSession())
        await live.writer.send(SYSTEM, CommandId("begin"), begun)

    async def finish(self) -> None:
        """Make lines of the input, check them, and forget the stream.

        Raises AssertionError for a line with characters that no line may contain.
        """
        await self.streams.finish(SESSION, 0)
        self.streams.gone(CAPTIONER.link)
        live = self.sessions.loaded(SESSION)
        for _, line in () if live is None else live.state.segments.items():
            if visible(line.whole) != line.whole:
                raise AssertionError(f"A line holds what is no text: {line.whole!r}.")

    def close(self) -> None:
        """Stop the sessions' task and close the loop."""
        self.owner.cancel()
        with suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self.owner)
        self.loop.close()


_houses: list[House] = []


def house() -> House:
    """Return the house for the next input; a new one after RENEWED inputs."""
    if _houses and _houses[0].given >= RENEWED:
        atexit.unregister(_houses[0].close)
        _houses.pop().close()
    if not _houses:
        _houses.append(House())
        atexit.register(_houses[0].close)
    _houses[0].given += 1
    return _houses[0]


def posts(data: bytes) -> None:
    """Try posts in Zoom's form or in StreamText's: a byte for the kind, a query, a line feed, the body."""
    made = house()

    async def story() -> None:
        for each in parts(data, most=8):
            kind, (query, _, body) = each[0] if each else 0, each[1:].partition(b"\n")
            answer = await _post(made, kind, query.decode("latin-1"), body)
            if answer.status not in ANSWERS:
                raise AssertionError(f"It is answered {answer.status}.")
        await made.finish()

    made.run(story())


async def _post(made: House, kind: int, query: str, body: bytes) -> web.Response:
    path = "/closedcaption" if kind & 1 else "/captions"
    content = aiohttp.StreamReader(BaseProtocol(made.loop), 1 << 16, loop=made.loop)
    content.feed_data(body)
    content.feed_eof()
    headers = {hdrs.CONTENT_TYPE: "text/plain" + CHARSETS[(kind >> 1) % len(CHARSETS)]}
    url = "".join(sign for sign in query if sign.isascii() and sign.isprintable() and sign not in "# ")
    try:
        request = ASKED.clone(method="POST", rel_url=f"{path}?{url}", headers=headers)
    except ValueError:  # aiohttp would refuse such a request before any door.
        return web.Response()
    request._payload = content
    return await (made.posts.caption if kind & 1 else made.posts.stream)(request)


class _Nowhere(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def tcp(data: bytes) -> None:
    """Try a connection of a CAT program: the first line, and the text typed after it."""
    made = house()

    async def story() -> None:
        reader = asyncio.StreamReader(limit=300)
        reader.feed_data(data)
        reader.feed_eof()
        protocol = asyncio.StreamReaderProtocol(reader)
        writer = asyncio.StreamWriter(nowhere := _Nowhere(), protocol, reader, asyncio.get_running_loop())
        serving = asyncio.ensure_future(made.tcp._serve(reader, writer))
        await asyncio.sleep(0)
        protocol.connection_lost(None)  # Without it the server would wait for the end of the connection.
        await serving
        if not nowhere.closed:
            raise AssertionError("The line stays open.")
        await made.finish()

    made.run(story())


class _Socket:
    """The bridge's end of a WebSocket."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ended = False

    async def send_str(self, text: str) -> None:
        self.said.append(text)

    async def close(self, *, code: int) -> None:
        self.ended = True


def link(data: bytes) -> None:
    """Try messages of a bridge; the first byte of each says whether it is a text or bytes."""
    made = house()

    async def story() -> None:
        socket = _Socket()
        for each in parts(data, most=8):
            text = each[:1] < b"\x80"
            said = each[1:].decode("utf-8", "replace") if text else each[1:]
            kind = WSMsgType.TEXT if text else WSMsgType.BINARY
            if not await made.link._take(ASKED, cast("web.WebSocketResponse", socket), kind, said):
                break
        for answer in socket.said:
            if not isinstance(_message(answer), PostAnswer):
                raise AssertionError(f"A bridge can't read the answer {answer}.")
        await made.finish()

    made.run(story())


def _message(text: str) -> Begin | PostAnswer | None:
    return bridge._message(WSMessage(WSMsgType.TEXT, text, ""))


def bridged(data: bytes) -> None:
    """Try a bridge whose server sends arbitrary messages while somebody types; the first byte of a
    message says whose it is.
    """
    unsent, held, negotiated = Unsent(), b"", b""
    for each in parts(data):
        if each[:1] < b"\x80":
            plain, negotiated = without_telnet(negotiated + each[1:])
            text, held = lenient_text(plain, held)
            unsent = typed(unsent, text)
        else:
            match _message(each[1:].decode("utf-8", "replace")):
                case Begin() as begin:
                    unsent, _ = begun(unsent, begin)
                case PostAnswer() as answer:
                    unsent = answered(unsent, answer)
                case None:
                    unsent = broken(unsent)
        before = unsent.size
        unsent, post = next_post(unsent)
        if unsent.size != before or (post is not None and not 0 < len(post.text) <= MOST_POST):
            raise AssertionError("Characters are lost, or a post is too long.")


def pulled(data: bytes) -> None:
    """Try a program that fetches a text in pieces: position, length, language, a line feed, the lines of the text.
    `=` begins one that was split from the line before, `+` one that grows, `-` one that was struck.
    """
    asked, _, rest = data.partition(b"\n")
    last, length, language = (*asked.decode("latin-1").split(" ", 2), "", "", "")[:3]
    position, size = position_of(last), number_in(length, 4)
    if position is None or size is None or not 0 < size <= MOST_LENGTH:
        return
    view = CaptionsView.empty(SESSION, Epoch("e"), Feed(FLOOR, live=False))
    for n, each in enumerate(rest.decode("utf-8", "replace").split("\n")):
        name, whole = SegmentId(f"s{n}"), SegmentId(f"s{n - 1}") if n and each.startswith("=") else UNSET
        # Each third one was typed, and began later than the next.
        t0 = 10 * n + 1_000 * (n % 3 == 0)
        events: list[le.SegmentFact | le.ChannelRewound] = [
            le.SegmentOpened(channel=FLOOR, segment=name, t0=t0, language="en", origin=le.Origin.PERSON, part_of=whole)
        ]
        if not each.startswith("+"):
            ended = le.SegmentEnded(channel=FLOOR, segment=name, t1=t0, reason=le.EndReason.SENTENCE, text=each)
            events.append(ended)
        if each.startswith("-"):
            events.append(le.ChannelRewound(channel=FLOOR, t=t0, segments=(name,)))
        for event in events:
            view = view.apply(view.offset + 1, Role.CAPTIONER, event)
    for _ in range(20):
        piece = pull(view, position, size, language, source=lambda line: str(line.origin))
        if piece.last_position < position or len(piece.content) > size + 1:
            raise AssertionError("A program is led back, or given more than it asked for.")
        if piece.last_position == position:
            break
        position = piece.last_position


def characters(data: bytes) -> None:
    """Check that a stream of bytes gives the same characters whatever the size of its pieces,
    which the first byte sets.
    """
    size, data = 1 + (data[0] if data else 0) % 32, data[1:]
    plain, negotiated = b"", b""
    for at in range(0, len(data), size):
        more, negotiated = without_telnet(negotiated + data[at : at + size])
        plain += more
    text, held = "", b""
    for at in range(0, len(plain), size):
        some, held = lenient_text(plain[at : at + size], held)
        text += some
    if (text, held) != lenient_text(plain) or len(held) > MOST_HELD:
        raise AssertionError("Characters that come in pieces are others.")
    for charset in ("utf-8", "cp1252", "utf-16", "utf-16-le", "utf-16-be"):
        whole_text(data, charset)


TYPED = b"We open the meeting.\r\nThank you, Mr. Otieno\x08\x08\x08\x08\x08\x08" + "Gér\n。」 $\n".encode()

TARGETS = (
    Target(
        name="caption-posts",
        call=posts,
        seeds=(
            joined([b"\x01seq=1&lang=en-US\nWe open", b"\x01seq=2&lang=en-US\nWe open the meeting.\n"]),
            joined([b"\x00\n" + TYPED, b"\x00seq=7&lang=fr\n\x7f\x7fx"]),
            joined([b"\x05seq=1\n" + b"na\xefve", b"\x06\n" + "été".encode("utf-16")]),
        ),
    ),
    Target(
        name="caption-tcp",
        call=tcp,
        seeds=(
            b"key session=s lang=en\r\n" + TYPED,
            b"\xff\xfb\x18key charset=windows-1252\n\xff\xfa\x18\x00xterm\xff\xf0na\xefve\x08\x08ve.\n",
        ),
    ),
    Target(
        name="caption-link",
        call=link,
        seeds=(
            joined([b'\0{"type":"text","seq":1,"text":"We op"}', b'\0{"type":"text","seq":2,"text":"\\b\\bopen.\\n"}']),
            joined([b'\xff{"type":"text","seq":1,"text":"x"}']),
            joined([b'\0{"type":"text","seq":1,"text":"x","more":' + b"[" * 3_000]),
        ),
    ),
    Target(
        name="caption-bridge",
        call=bridged,
        seeds=(
            joined(
                [
                    b"\0We op\x08\x08open.",
                    b'\xff{"type":"begin","seq":0,"title":"x"}',
                    b'\xff{"type":"taken","seq":1}',
                    b"\0\xff\xf1more",
                    b'\xff{"type":"taken","seq":2,"kept":false,"again":true,"sentence":"x"}',
                    b"\xff",
                    b'\xff{"type":"begin","seq":2}',
                ]
            ),
            joined([b'\xff{"type":"taken","seq":1,"more":' + b"[" * 3_000]),
        ),
    ),
    Target(
        name="caption-pull",
        call=pulled,
        seeds=(b"-1 32 en\nWe open.", b"10000 5 \nOne\n-gone\nTwo three four\n\n+and"),
    ),
    Target(
        name="caption-characters",
        call=characters,
        seeds=(b"\x03" + TYPED, b"\x00\xff\xfa\x18x\xff\xf0na\xefve \xc3\xa9"),
    ),
)

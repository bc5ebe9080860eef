"""The cached feed: the finished lines of a text at addresses that any HTTP cache may serve, to any number of readers.

A reader requests the *contents* every few seconds: the newest lines, and the names of the pages that hold all earlier
lines. A page holds 400, 100 or 25 lines; the largest size that fits is used first, so that a long text has few pages.
The name of a page ends with a digest of its bytes, so the page of a given name never changes. When a line in a page is
corrected, struck or removed, the contents name a new page instead, and the old name is answered no more.

    contents  {"session", "channel", "title", "status", "opened", "every", "pages": ["0-400-Ab3_x9Qe", …], "lines": […]}
    a page    {"lines": […]}

A line is encoded to the same bytes in the contents, in a page and in a larger page, and it is in the contents for a
while before it is in a page. So a reader that polls all the time assembles new pages from the lines that it has, checks
them against the digest, and requests none (`CachedText`).

The answers are the same for every reader and contain only what everybody may read and a cache may keep for some
seconds: no words that may still change, and none that are not recorded.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

import msgspec

from moothall.core.events import lines as le
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.sessions.roughness import unquotable
from moothall.core.sessions.state import Status
from moothall.core.views.captions import CaptionsView, Line
from moothall.core.views.reading_order import Gap

SIZES = (400, 100, 25)
"""Numbers of lines in a page, the largest first. Each size is four times the next, so that a text has at most three
pages of each smaller size."""
NEWEST = 5
"""Newest lines that are in no page yet, so that a reader who polls every `EVERY_MS` sees each line before it moves into
a page."""
EVERY_MS = 5_000
"""How often a reader should request the contents, ms."""
_NAME = re.compile(r"[0-9]{1,7}-[0-9]{1,4}-[A-Za-z0-9_-]{8}")
_BEGIN, _END = b'{"lines":[', b"]}"
_encoder = msgspec.json.Encoder()


class CachedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finished line. A field that is missing in the JSON has the default given here."""

    segment: SegmentId
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    language: str
    """BCP-47 tag."""
    origin: le.Origin
    text: str
    """Not blank."""
    name: str = ""
    """The speaker's name; empty when the speaker isn't named."""
    mended: bool = False
    """Whether a person corrected it."""
    accepted: bool = False
    """Whether that person only accepted a machine's proposal."""
    tool: str = ""
    """The public name of the outside tool that sent it; empty when it came from no tool."""
    respoken: bool = False
    """Whether it was recognised from a respeaker's voice."""
    rough: bool = False
    """Whether it is not for quoting: a recogniser wrote it roughly, and no person has corrected it."""
    gist: bool = False
    """Whether it is a machine's translation that gives the gist only."""
    voice_changes: bool = False
    """Whether another voice begins after it, so that the next line is a new paragraph."""


class Contents(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest lines of a text, the names of the pages with all earlier lines, and the session's state."""

    session: SessionId
    channel: ChannelId
    title: str = ""
    status: Status = Status.CREATED
    opened: int | None = None
    """Unix ms of media time 0."""
    not_recorded: int | None = None
    """Media ms since which nothing is recorded; None while the session is recorded."""
    paused: int | None = None
    """Media ms at which the current break began; None outside a break."""
    gaps: tuple[Gap, ...] = ()
    """Spans without text, the same as in the live feed."""
    every: int = 0
    """Polling interval that readers should keep, ms."""
    lost: bool = False
    """Whether this server, a hub, has lost its connection to the server that it gets the text from."""
    pages: tuple[str, ...] = ()
    """Names of the pages, the oldest lines first."""
    lines: tuple[CachedLine, ...] = ()
    """The lines after those of the last page."""


class _Tail(msgspec.Struct, frozen=True):
    lines: tuple[msgspec.Raw, ...] = ()


class CachedFeed(msgspec.Struct, frozen=True):
    """The state of a text at one moment: its contents and its pages."""

    contents: Contents
    pages: Mapping[str, bytes]
    """The encoded pages (JSON, UTF-8) by name, in order."""

    @classmethod
    def of(cls, view: CaptionsView) -> CachedFeed:
        """Make the cached feed of a view, which has to hold the text from its beginning."""
        session = view.session
        lines = tuple(_finished(view.lines.slice(0, len(view.lines)), session.speakers))
        encoded = [_encoder.encode(line) for line in lines]
        paged = max(0, len(lines) - NEWEST) // SIZES[-1] * SIZES[-1]
        pages = dict(_pages(encoded[:paged]))
        contents = Contents(
            session=session.id,
            channel=view.feed.channel,
            title=session.title,
            status=session.status,
            opened=session.opened,
            not_recorded=session.not_recorded,
            paused=session.paused,
            gaps=session.gaps,
            every=EVERY_MS,
            pages=tuple(pages),
            lines=lines[paged:],
        )
        return cls(contents, pages)

    def encoded(self, *, lost: bool = False) -> bytes:
        """The contents as JSON, UTF-8; `lost` as in `Contents`."""
        return _encoder.encode(msgspec.structs.replace(self.contents, lost=lost) if lost else self.contents)


def tag(data: bytes) -> str:
    """The digest of a page or of contents: eight characters, the first 48 bits of SHA-256 in base64url."""
    return urlsafe_b64encode(sha256(data).digest()[:6]).decode()


def _finished(lines: Iterable[Line], names: Mapping[SpeakerId, str]) -> Iterator[CachedLine]:
    for line in lines:
        text = line.text.strip()
        if line.t1 is None or line.gone or not text:
            continue  # The line is unfinished, was struck, or has no text left.
        rough = unquotable(line)
        yield CachedLine(
            segment=line.segment,
            t0=line.t0,
            t1=line.t1,
            language=line.language,
            origin=line.origin,
            text=text,
            name=names.get(line.speaker, "") if line.speaker else "",
            mended=line.mended,
            accepted=line.accepted,
            tool="" if isinstance(line.tool, msgspec.UnsetType) else line.tool,
            respoken=bool(line.respoken),
            rough=rough,
            gist=isinstance(line.made_from, le.MadeFrom) and line.made_from.rough and not (rough or line.mended),
            voice_changes=bool(line.voice_changes),
        )


def _page_spans(count: int) -> Iterator[tuple[int, int]]:
    """Yield for each page of a text with `count` lines the number of its first line and its size."""
    start = 0
    for size in SIZES:
        while count - start >= size:
            yield start, size
            start += size


def _pages(lines: list[bytes]) -> Iterator[tuple[str, bytes]]:
    for start, size in _page_spans(len(lines)):
        body = _page(lines[start : start + size])
        yield f"{start}-{size}-{tag(body)}", body


def _page(lines: Iterable[bytes]) -> bytes:
    return _BEGIN + b",".join(lines) + _END


class CachedText:
    """The state of one reader of the cached feed: takes contents and pages, and says which pages are missing."""

    def __init__(self) -> None:
        self.contents: Contents | None = None
        """The newest contents; None before the first."""
        # Bound: the text that is read.
        self._pages: dict[str, tuple[bytes, ...]] = {}
        """The encoded lines of the pages that are known, by the page's name."""
        self._tail: tuple[bytes, ...] = ()
        """The encoded lines after the last page."""

    def take(self, text: bytes) -> list[str]:
        """Take in new contents and return the names of the pages to request, in order. Raises ProtocolError."""
        try:
            contents, raw = read(_contents, text), read(_tail, text)
        except Unreadable as error:
            raise ProtocolError(f"Contents of {len(text)} bytes can't be read: {error}.") from error
        wrong = [name for name in contents.pages if not _NAME.fullmatch(name)]
        if wrong:
            raise ProtocolError(f"Contents name a page {wrong[0][:40]!r}, but no page can have this name.")
        before, had, self._pages = self._lines(), self._pages, {}
        self.contents, self._tail = contents, tuple(bytes(line) for line in raw.lines)
        for name in contents.pages:
            lines = had.get(name) or _among(name, before)
            if lines is not None:
                self._pages[name] = lines
        return [name for name in contents.pages if name not in self._pages]

    def fill(self, name: str, text: bytes) -> None:
        """Take in a page that was requested. Raises ProtocolError when it doesn't match the digest in its name."""
        if not name.endswith(f"-{tag(text)}"):
            raise ProtocolError(f"The page {name} does not match the digest in its name.")
        try:
            self._pages[name] = tuple(bytes(line) for line in read(_tail, text).lines)
        except Unreadable as error:
            raise ProtocolError(f"The page {name} can't be read: {error}.") from error

    @property
    def whole(self) -> bool:
        """Whether no page is missing."""
        return self.contents is not None and all(name in self._pages for name in self.contents.pages)

    @property
    def lines(self) -> tuple[CachedLine, ...]:
        """All lines if `whole`, else those before the first missing page. Raises ProtocolError for an invalid line."""
        try:
            return tuple(read(_line, line) for line in self._lines())
        except Unreadable as error:
            raise ProtocolError(f"A line can't be read: {error}.") from error

    def _lines(self) -> list[bytes]:
        """The encoded lines from the first on, up to the first page that is missing."""
        found: list[bytes] = []
        for name in () if self.contents is None else self.contents.pages:
            if name not in self._pages:
                return found
            found += self._pages[name]
        return [*found, *self._tail]


def _among(name: str, lines: list[bytes]) -> tuple[bytes, ...] | None:
    """Assemble a page from the `lines` that are known already; None when they don't match the digest in its name."""
    start, size, digest = name.split("-", 2)
    there = lines[int(start) : int(start) + int(size)]
    return tuple(there) if len(there) == int(size) and tag(_page(there)) == digest else None


_contents = msgspec.json.Decoder(Contents)
_tail = msgspec.json.Decoder(_Tail)
_line = msgspec.json.Decoder(CachedLine)

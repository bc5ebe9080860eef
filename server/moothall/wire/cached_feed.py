"""The cached feed: the finished lines of a text at addresses that any cache may answer, for readers without number.

A reader asks for the *contents* every few seconds: the newest lines, and the names of the pages that all lines before
them stand in. A page holds 400, 100 or 25 lines, as many of the largest as there are, so that a long text has few of
them. Its name ends with a digest of its bytes: what has that name never changes. Where a line that stands in a page is
corrected, struck or removed, the contents name another page in its place, and the old name leads nowhere.

    contents  {"session", "channel", "title", "status", "opened", "every", "pages": ["0-400-Ab3_x9Qe", …], "lines": […]}
    a page    {"lines": […]}

A line is the same bytes in the contents, in a page and in a larger page, and stands in the contents for a while before
it stands in a page. So a reader who reads all the time makes new pages itself, knows by the digest that they are right,
and asks for none (`CachedText`).

Nothing here depends on who asks, and nothing is here that may not be read by everybody or kept for some seconds: no
words that may still change, none that are not recorded.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

import msgspec

from moothall.core.events import types as ev
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.session.state import Status
from moothall.core.views.captions import CaptionsView, Line
from moothall.core.views.reading_order import Gap

SIZES = (400, 100, 25)
"""Lines of a page, the largest first. Each is four times the next: a text has three of each of the smaller at most."""
NEWEST = 5
"""So many lines are in no page yet. So whoever asks as often as they should has seen each before it is in one."""
EVERY_MS = 5_000
"""How often a reader should ask for the contents."""
_NAME = re.compile(r"[0-9]{1,7}-[0-9]{1,4}-[A-Za-z0-9_-]{8}")
_BEGIN, _END = b'{"lines":[', b"]}"
_encoder = msgspec.json.Encoder()


class CachedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finished line. What isn't there is as here."""

    segment: SegmentId
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    language: str
    """BCP-47 tag."""
    origin: ev.Origin
    text: str
    """Not blank."""
    name: str = ""
    """Who said it; empty where nobody is named."""
    mended: bool = False
    """Whether a person corrected it."""
    accepted: bool = False
    """Whether that was no more than to accept what a machine proposed."""
    tool: str = ""
    """The public name of the outside tool that sent it; empty where none did."""
    respoken: bool = False
    """Whether a machine heard a respeaker."""


class Contents(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest lines, and where all others stand."""

    session: SessionId
    channel: ChannelId
    title: str = ""
    status: Status = Status.CREATED
    opened: int | None = None
    """Unix ms of media time 0."""
    not_recorded: int | None = None
    """Media ms since which nothing is kept; None while it is."""
    paused: int | None = None
    """Media ms since when there is a break; None while there is none."""
    gaps: tuple[Gap, ...] = ()
    """Spans without text, as readers of a text have them."""
    every: int = 0
    """How often to ask again, ms."""
    lost: bool = False
    """Whether this server has lost the one that it gets the text from."""
    pages: tuple[str, ...] = ()
    """Names of the pages, the oldest lines first."""
    lines: tuple[CachedLine, ...] = ()
    """Those behind the last page."""


class _Tail(msgspec.Struct, frozen=True):
    lines: tuple[msgspec.Raw, ...] = ()


class CachedFeed(msgspec.Struct, frozen=True):
    """A text at a moment: its contents and its pages."""

    contents: Contents
    pages: Mapping[str, bytes]
    """By name, in order; UTF-8."""

    @classmethod
    def of(cls, view: CaptionsView) -> CachedFeed:
        """What caches may have of a feed of finished lines. It has to hold the text from its beginning."""
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
        """The contents as a reader gets them, UTF-8."""
        return _encoder.encode(msgspec.structs.replace(self.contents, lost=lost) if lost else self.contents)


def tag(data: bytes) -> str:
    """What tells a page, or contents, from others with the same place: eight signs."""
    return urlsafe_b64encode(sha256(data).digest()[:6]).decode()


def _finished(lines: Iterable[Line], names: Mapping[SpeakerId, str]) -> Iterator[CachedLine]:
    for line in lines:
        text = line.text.strip()
        if line.t1 is None or line.gone or not text:
            continue  # It grows, was struck, or was taken back.
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
        )


def _places(count: int) -> Iterator[tuple[int, int]]:
    """Where the pages of so many lines are: the first line, and how many."""
    start = 0
    for size in SIZES:
        while count - start >= size:
            yield start, size
            start += size


def _pages(lines: list[bytes]) -> Iterator[tuple[str, bytes]]:
    for start, size in _places(len(lines)):
        body = _page(lines[start : start + size])
        yield f"{start}-{size}-{tag(body)}", body


def _page(lines: Iterable[bytes]) -> bytes:
    return _BEGIN + b",".join(lines) + _END


class CachedText:
    """What a reader of the cached feed has: it takes contents and pages, and says which pages it lacks."""

    def __init__(self) -> None:
        self.contents: Contents | None = None
        """The newest ones; None before the first."""
        # Bound: the text that is read.
        self._pages: dict[str, tuple[bytes, ...]] = {}
        """The lines of the pages that are there, as they came."""
        self._tail: tuple[bytes, ...] = ()
        """The lines behind the last page."""

    def take(self, text: bytes) -> list[str]:
        """Take contents in; the names of the pages to ask for, in order. Raises ProtocolError."""
        try:
            contents, raw = read(_contents, text), read(_tail, text)
        except Unreadable as error:
            raise ProtocolError(f"Contents of {len(text)} bytes can't be read: {error}.") from error
        wrong = [name for name in contents.pages if not _NAME.fullmatch(name)]
        if wrong:
            raise ProtocolError(f"Contents name a page {wrong[0][:40]!r}, which is no page's name.")
        before, had, self._pages = self._lines(), self._pages, {}
        self.contents, self._tail = contents, tuple(bytes(line) for line in raw.lines)
        for name in contents.pages:
            lines = had.get(name) or _among(name, before)
            if lines is not None:
                self._pages[name] = lines
        return [name for name in contents.pages if name not in self._pages]

    def fill(self, name: str, text: bytes) -> None:
        """Take a page in that was asked for. Raises ProtocolError where it isn't what its name says."""
        if not name.endswith(f"-{tag(text)}"):
            raise ProtocolError(f"The page {name} isn't what its name says.")
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
        """All lines, once it is whole. Raises ProtocolError for one that can't be read."""
        try:
            return tuple(read(_line, line) for line in self._lines())
        except Unreadable as error:
            raise ProtocolError(f"A line can't be read: {error}.") from error

    def _lines(self) -> list[bytes]:
        """The lines without a hole from the first one on."""
        found: list[bytes] = []
        for name in () if self.contents is None else self.contents.pages:
            if name not in self._pages:
                return found
            found += self._pages[name]
        return [*found, *self._tail]


def _among(name: str, lines: list[bytes]) -> tuple[bytes, ...] | None:
    """The lines of a page, where those that were read before are the same."""
    start, size, digest = name.split("-", 2)
    there = lines[int(start) : int(start) + int(size)]
    return tuple(there) if len(there) == int(size) and tag(_page(there)) == digest else None


_contents = msgspec.json.Decoder(Contents)
_tail = msgspec.json.Decoder(_Tail)
_line = msgspec.json.Decoder(CachedLine)

"""A stream of characters with deletes, as captioning software sends it, and the lines that readers get of it.

The stream is a plain buffer: each character is put behind what stands there, and a delete (0x08 or 0x7f) takes the last
one away, in whichever post it came. CR, LF and CR LF end a line; a delete takes CR and LF away one by one, as they
came. The buffer is held in pieces: joined, they are the buffer, and each reads as one line, without the white space
around it. A piece ends with its line break, behind the white space that follows a sentence's end, or where it becomes
too long; or when nothing has come for a while. It is a line of the session from then on. What is behind the last one is
the draft, which readers see as it grows.

A delete that reaches into a line opens it again: its characters go, those that follow are put to it, and the line is
amended, or removed when nothing of it is left.

Times are ms of a clock that never runs back.
"""

from __future__ import annotations

import msgspec

from moothall.core.captioning.sentences import LONGEST, ends
from moothall.core.kernel.visible import visible

MOST_LINES = 50
"""Ended pieces that deletes may reach. Overflow: the oldest is given up: it stays as it is, and a delete that reaches
further than those that are left takes nothing away."""
QUIET_MS = 4_000
"""How long nothing comes before the draft becomes a line."""
AMEND_MS = 1_000
"""How long a line that was opened again waits for its characters before it is amended as it is."""

DELETES = "\x08\x7f"
_BREAKS = "\r\n\u0085\u2028\u2029"
_SPACES = " \t\u00a0\u3000"
IGNORED = frozenset({*map(chr, range(0x20)), *map(chr, range(0x80, 0xA0)), "\ufeff"} - {*DELETES, *_BREAKS, *_SPACES})
"""Form feed and what else moves a terminal or is no character of a text."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Show this text as line `number` in the making; empty takes it away."""

    number: int
    text: str


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """Line `number` is there, and reads so. Numbers grow, and none comes twice."""

    number: int
    text: str


class Amend(msgspec.Struct, frozen=True, kw_only=True):
    """Line `number`, which reads `before`, reads `text` from now on; empty: nothing of it is left."""

    number: int
    before: str
    text: str


Operation = Draft | Commit | Amend


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the buffer."""

    number: int
    raw: str = ""
    """Its characters as they came."""
    shown: str | None = None
    """How it reads as a line of the session; None while it is none."""

    @property
    def text(self) -> str:
        """How it should read."""
        return visible(self.raw).strip()


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stream between two pieces of input."""

    lines: tuple[Piece, ...] = ()
    """The ended pieces that deletes may reach, the newest last."""
    tail: Piece = Piece(number=1)
    """What is not ended; it may be a line that a delete has opened again."""
    last: int = 1
    """The newest number."""
    draft: str = ""
    """What readers see as the draft."""
    at: int = 0
    """When the last character came."""
    opened: int | None = None
    """Since when the opened line reads otherwise than in the session."""
    given_up: int = 0
    """Pieces that deletes don't reach any more."""
    ignored: int = 0
    """Control characters that were ignored."""
    unreached: int = 0
    """Deletes that found nothing to delete."""

    @property
    def due(self) -> int | None:
        """When `tick` has something to do; None: not before more comes."""
        if self.tail.shown is not None:
            return self.at + QUIET_MS if self.opened is None else min(self.opened + AMEND_MS, self.at + QUIET_MS)
        return self.at + QUIET_MS if self.tail.text else None

    @property
    def buffer(self) -> str:
        """All that deletes may reach."""
        return "".join(piece.raw for piece in self.lines) + self.tail.raw


def take(stream: Stream, characters: str, now: int) -> tuple[Stream, tuple[Operation, ...]]:
    """The stream after more characters, and what readers are to be shown of that."""
    done = _Working(stream)
    for character in characters:
        done.put(character)
    return done.finished(now, came=bool(characters))


def tick(stream: Stream, now: int) -> tuple[Stream, tuple[Operation, ...]]:
    """The stream at `now`, when nothing has come since."""
    if stream.due is None or now < stream.due:
        return stream, ()
    done = _Working(stream)
    if now >= stream.at + QUIET_MS:
        done.end()
        return done.finished(now, came=False)
    done.amend()
    return done.finished(now, came=False)


def cut_off(stream: Stream) -> tuple[Stream, tuple[Operation, ...]]:
    """The stream when what follows must not reach what was before: nothing of the draft becomes a line."""
    draft = (Draft(number=stream.tail.number, text=""),) if stream.draft else ()
    number = stream.last + 1
    gone = len(stream.lines) + 1
    cut = msgspec.structs.replace(
        stream,
        lines=(),
        tail=Piece(number=number),
        last=number,
        draft="",
        opened=None,
        given_up=stream.given_up + gone,
    )
    return cut, draft


class _Working:
    """A stream while a piece of input is put to it."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.lines = list(stream.lines)
        self.tail = stream.tail
        self.last = stream.last
        self.given_up, self.ignored, self.unreached = stream.given_up, stream.ignored, stream.unreached
        # Of one line only what it reads at the end is told, so that a word that is typed anew shows once.
        self.changed: dict[int, Piece] = {}
        """Lines that the session is to have otherwise."""
        self.beyond: dict[int, Piece] = {}
        """Those of them that were given up meanwhile."""

    def put(self, character: str) -> None:
        """One character."""
        if character in DELETES:
            self._delete()
        elif character in IGNORED:
            self.ignored += 1
        elif character == "\n" and not self.tail.raw and self.lines and self.lines[-1].raw.endswith("\r"):
            self.lines[-1] = _with(self.lines[-1], raw=self.lines[-1].raw + character)  # One break in two characters.
        else:
            if self.tail.raw[-1:] in (*_BREAKS,) and (self.tail.raw[-1], character) != ("\r", "\n"):
                self.end()  # A delete took the other half of a break away.
            over = character not in _BREAKS and ends(self.tail.raw, character)
            if over and character not in _SPACES:
                self.end()
            self.tail = _with(self.tail, raw=self.tail.raw + character)
            if character in _BREAKS or (over and character in _SPACES):
                self.end()
            elif len(self.tail.raw) >= LONGEST:
                self._divide()

    def _delete(self) -> None:
        if not self.tail.raw:
            if not self.lines:
                self.unreached += 1
                return
            if self.tail.shown:
                self.changed[self.tail.number] = self.tail
            self.tail = self.lines.pop()
        self.tail = _with(self.tail, raw=self.tail.raw[:-1])

    def _divide(self) -> None:
        """A piece became too long."""
        space = max(self.tail.raw.rfind(each) for each in _SPACES) + 1
        kept, rest = (self.tail.raw[:space], self.tail.raw[space:]) if space else (self.tail.raw, "")
        self.tail = _with(self.tail, raw=kept)
        self.end()
        self.tail = _with(self.tail, raw=rest)

    def end(self) -> None:
        """The tail is ended."""
        self.amend()
        if self.tail.raw:
            self.lines.append(self.tail)
            if len(self.lines) > MOST_LINES:
                gone = self.lines.pop(0)
                self.given_up += 1
                if gone.number in self.changed:
                    self.beyond[gone.number] = gone
        self.last += 1
        self.tail = Piece(number=self.last)

    def amend(self) -> None:
        """The session is to have the tail as it is."""
        if self.tail.text != (self.tail.shown or ""):
            self.changed[self.tail.number] = self.tail

    def finished(self, now: int, *, came: bool) -> tuple[Stream, tuple[Operation, ...]]:
        """The stream as it is now, and what that changes for readers."""
        operations: list[Operation] = []
        shown: dict[int, str | None] = {}
        for number, piece in sorted(self.changed.items()):
            standing = self._standing(number)
            text = "" if standing is None else standing.text
            if piece.shown is None and text:
                operations.append(Commit(number=number, text=text))
                shown[number] = text
            elif piece.shown is not None and text != piece.shown:
                operations.append(Amend(number=number, before=piece.shown, text=text))
                shown[number] = text
        lines = tuple(_with(each, shown=shown.get(each.number, each.shown)) for each in self.lines)
        tail = _with(self.tail, shown=shown.get(self.tail.number, self.tail.shown))
        draft = "" if tail.shown is not None else tail.text
        if draft != self.stream.draft or (draft and tail.number != self.stream.tail.number):
            gone = not draft
            operations.append(Draft(number=self.stream.tail.number if gone else tail.number, text=draft))
        differs = tail.shown is not None and tail.text != tail.shown
        opened = (self.stream.opened if self.stream.opened is not None else now) if differs else None
        stream = msgspec.structs.replace(
            self.stream,
            lines=lines,
            tail=tail,
            last=self.last,
            draft=draft,
            at=now if came else self.stream.at,
            opened=opened,
            given_up=self.given_up,
            ignored=self.ignored,
            unreached=self.unreached,
        )
        return stream, tuple(operations)

    def _standing(self, number: int) -> Piece | None:
        there = (self.tail, *reversed(self.lines))
        return next((each for each in there if each.number == number), self.beyond.get(number))


def _with(piece: Piece, **fields: object) -> Piece:
    return msgspec.structs.replace(piece, **fields)

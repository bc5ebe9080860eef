"""A stream of characters with deletes, as captioning software sends it, and the lines that readers get from it.

The stream is a plain buffer. Each character is appended, and a delete (0x08 or 0x7f) removes the last character, no
matter in which post that came. CR, LF and CR LF end a line; CR and LF are deleted one at a time. The buffer is held in
pieces: joined, they are the buffer, and each is one line, without the white space around it. A piece ends with its line
break, or after the white space that follows the end of a sentence, or when it becomes too long, or when no characters
have come for a while. Then it becomes a line of the session. The text after the last ended piece is the draft, which
readers see as it grows.

A delete that reaches into a line opens that line again: its characters are removed, further characters are appended to
it, and the line is amended, or removed when nothing of it is left.

All times are ms of a monotonic clock.
"""

from __future__ import annotations

import msgspec

from moothall.core.captioning.sentences import LONGEST, ends
from moothall.core.kernel.visible import visible

MOST_LINES = 50
"""Ended pieces that deletes may reach. Overflow: the oldest piece is given up. It stays as it is, and a delete that
would reach it has no effect."""
QUIET_MS = 4_000
"""After how long without characters the draft becomes a line, in ms."""
AMEND_MS = 1_000
"""How long a line that was opened again waits for its new characters before it is amended as it is, in ms."""

DELETES = "\x08\x7f"
_BREAKS = "\r\n\u0085\u2028\u2029"
_SPACES = " \t\u00a0\u3000"
IGNORED = frozenset({*map(chr, range(0x20)), *map(chr, range(0x80, 0xA0)), "\ufeff"} - {*DELETES, *_BREAKS, *_SPACES})
"""Form feed and other characters that control a terminal, or are no characters of a text."""


class StreamDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Show this text as the growing line `number`; an empty text removes it."""

    number: int
    text: str


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """Line `number` is finished, with this text. Numbers grow, and no number occurs twice."""

    number: int
    text: str


class Amend(msgspec.Struct, frozen=True, kw_only=True):
    """The text of line `number` changes from `before` to `text`; an empty text removes the line."""

    number: int
    before: str
    text: str


Operation = StreamDraft | Commit | Amend


class TextPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the buffer, which is or becomes one line."""

    number: int
    raw: str = ""
    """Its characters as they came."""
    shown: str | None = None
    """Its text as a line of the session; None while it is no line."""

    @property
    def text(self) -> str:
        """The text that the line should have."""
        return visible(self.raw).strip()


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a stream between two pieces of input."""

    lines: tuple[TextPiece, ...] = ()
    """The ended pieces that deletes may reach, newest last."""
    tail: TextPiece = TextPiece(number=1)
    """The piece that is not ended. It may be a line that a delete has opened again."""
    last: int = 1
    """The highest number of a piece."""
    draft: str = ""
    """The draft that readers see; empty when they see none."""
    at: int = 0
    """When the last characters came."""
    opened: int | None = None
    """Since when the opened line has differed from the session's line; None when it doesn't."""
    given_up: int = 0
    """Number of pieces that deletes can no longer reach."""
    ignored: int = 0
    """Number of control characters that were ignored."""
    unreached: int = 0
    """Number of deletes that had nothing to delete."""

    @property
    def due(self) -> int | None:
        """When `tick` next has something to do; None when it has nothing to do before more characters come."""
        if self.tail.shown is not None:
            return self.at + QUIET_MS if self.opened is None else min(self.opened + AMEND_MS, self.at + QUIET_MS)
        return self.at + QUIET_MS if self.tail.text else None

    @property
    def buffer(self) -> str:
        """All characters that deletes may reach."""
        return "".join(piece.raw for piece in self.lines) + self.tail.raw


def take(stream: Stream, characters: str, now: int) -> tuple[Stream, tuple[Operation, ...]]:
    """Add characters that came at `now`. Returns the new state, and the operations to show readers."""
    done = _Working(stream)
    for character in characters:
        done.put(character)
    return done.finished(now, came=bool(characters))


def tick(stream: Stream, now: int) -> tuple[Stream, tuple[Operation, ...]]:
    """Return the state at `now` when nothing has come since, and the operations to show readers."""
    if stream.due is None or now < stream.due:
        return stream, ()
    done = _Working(stream)
    if now >= stream.at + QUIET_MS:
        done.end()
        return done.finished(now, came=False)
    done.amend()
    return done.finished(now, came=False)


def cut_off(stream: Stream) -> tuple[Stream, tuple[Operation, ...]]:
    """Give up everything so far, so that later deletes can't reach it; the draft becomes no line. Returns as `take`
    does.
    """
    draft = (StreamDraft(number=stream.tail.number, text=""),) if stream.draft else ()
    number = stream.last + 1
    gone = len(stream.lines) + 1
    cut = msgspec.structs.replace(
        stream,
        lines=(),
        tail=TextPiece(number=number),
        last=number,
        draft="",
        opened=None,
        given_up=stream.given_up + gone,
    )
    return cut, draft


class _Working:
    """The mutable working copy of a stream while one piece of input is processed."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.lines = list(stream.lines)
        self.tail = stream.tail
        self.last = stream.last
        self.given_up, self.ignored, self.unreached = stream.given_up, stream.ignored, stream.unreached
        # For each line only the final text is reported, so that a word that is typed anew appears once.
        self.changed: dict[int, TextPiece] = {}
        """Lines that the session should have with another text, by number."""
        self.beyond: dict[int, TextPiece] = {}
        """Lines in `changed` that have been given up since, by number."""

    def put(self, character: str) -> None:
        """Add one character."""
        if character in DELETES:
            self._delete()
        elif character in IGNORED:
            self.ignored += 1
        elif character == "\n" and not self.tail.raw and self.lines and self.lines[-1].raw.endswith("\r"):
            self.lines[-1] = _with(self.lines[-1], raw=self.lines[-1].raw + character)  # CR LF is a single line break.
        else:
            if self.tail.raw[-1:] in (*_BREAKS,) and (self.tail.raw[-1], character) != ("\r", "\n"):
                self.end()  # A delete has removed the other half of the line break.
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
        """End a tail that has become too long."""
        space = max(self.tail.raw.rfind(each) for each in _SPACES) + 1
        kept, rest = (self.tail.raw[:space], self.tail.raw[space:]) if space else (self.tail.raw, "")
        self.tail = _with(self.tail, raw=kept)
        self.end()
        self.tail = _with(self.tail, raw=rest)

    def end(self) -> None:
        """End the tail, and begin a new one."""
        self.amend()
        if self.tail.raw:
            self.lines.append(self.tail)
            if len(self.lines) > MOST_LINES:
                gone = self.lines.pop(0)
                self.given_up += 1
                if gone.number in self.changed:
                    self.beyond[gone.number] = gone
        self.last += 1
        self.tail = TextPiece(number=self.last)

    def amend(self) -> None:
        """Report the tail to the session with its present text."""
        if self.tail.text != (self.tail.shown or ""):
            self.changed[self.tail.number] = self.tail

    def finished(self, now: int, *, came: bool) -> tuple[Stream, tuple[Operation, ...]]:
        """Return the new state, and the operations to show readers."""
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
            operations.append(StreamDraft(number=self.stream.tail.number if gone else tail.number, text=draft))
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

    def _standing(self, number: int) -> TextPiece | None:
        there = (self.tail, *reversed(self.lines))
        return next((each for each in there if each.number == number), self.beyond.get(number))


def _with(piece: TextPiece, **fields: object) -> TextPiece:
    return msgspec.structs.replace(piece, **fields)

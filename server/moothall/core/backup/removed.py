"""The list of removals: what left a data folder for good, in lines of JSON that hold no word of it.

It is kept apart from backups, so that one that is older than a removal can't bring anything back. Text is named by
session, epoch, offset and the beginning of each event's digest: a log that was restored goes on with other events at
the offsets that were lost, and those were not removed.

An act is written down before it is carried out and again once it is. A process that is killed in between leaves the
first line alone: whoever opens the folder next writes the second, or that the act was not carried out. Sound has no
digests that stay; a copy of a file is known to be without a span if it was begun after the second line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import Epoch, SessionId, SourceId

FORMAT = 1
DIGEST_DIGITS = 16
"""Of an event's digest, hexadecimal: as many as tell it from any other at the same offset."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    id: str
    """Tells this act from every other."""
    at: int
    """When it was written down, Unix ms."""


class ListBegun(_Line, frozen=True, kw_only=True, tag="list"):
    """The first line: an empty file is no list."""

    format: int = FORMAT


class TextRemoved(_Line, frozen=True, kw_only=True, tag="text"):
    """Bodies of a log."""

    session: SessionId
    epoch: Epoch
    reason: str
    """As in `body.removed`."""
    events: tuple[tuple[int, str], ...]
    """The offset of each, and the first digits of its digest."""


class SessionRemoved(_Line, frozen=True, kw_only=True, tag="session"):
    """A whole log, as that of a rehearsal, and its sound. Its name is nowhere any more, and not here."""

    epoch: Epoch


class SoundSilenced(_Line, frozen=True, kw_only=True, tag="silence"):
    """A span of one file of a recording."""

    session: SessionId
    source: SourceId
    first: int
    """The file's first sample, counted from the source's first."""
    span: tuple[int, int]
    """From this sample up to that one, counted in the same way."""


class SoundRemoved(_Line, frozen=True, kw_only=True, tag="sound"):
    """All recordings of a session, since they need not be kept any longer."""

    session: SessionId


class Done(_Line, frozen=True, kw_only=True, tag="done"):
    """An act of this id is carried out: what is copied from now on is without it."""


class Abandoned(_Line, frozen=True, kw_only=True, tag="abandoned"):
    """An act of this id was never carried out, and nobody was told that it was: all that it names is still there."""


AnyLine = ListBegun | TextRemoved | SessionRemoved | SoundSilenced | SoundRemoved | Done | Abandoned
TextAct = TextRemoved | SessionRemoved
SoundAct = SoundSilenced | SoundRemoved

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)


def encode_line(line: AnyLine) -> bytes:
    """A line of the list, with its end."""
    return _encoder.encode(line) + b"\n"


def read_list(data: bytes, where: str) -> tuple[AnyLine, ...]:
    """The lines of a list in order; nothing for no data.

    A last line without its end was never told to anybody as written and counts for nothing. Raises ConfigurationError
    for any other that can't be read: what was removed by it could come back. `where` is what the sentence calls it.
    """
    whole, _, _ = data.rpartition(b"\n")
    lines = whole.split(b"\n") if whole else []
    found: list[AnyLine] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(read(_decoder, line))
        except Unreadable as error:
            msg = f"Line {number} of the list of removals {where} can't be read. Use another copy of the list."
            raise ConfigurationError(msg) from error
    if found and not isinstance(found[0], ListBegun):
        raise ConfigurationError(f"{where} is no list of removals, or its beginning is missing. Use another copy.")
    newer = [line.format for line in found if isinstance(line, ListBegun) and line.format > FORMAT]
    if newer:
        raise ConfigurationError(f"The list of removals {where} is of a newer release. Use that release.")
    return tuple(found)


def united(*lists: Iterable[AnyLine]) -> tuple[AnyLine, ...]:
    """All lines of several lists, each once, those of the first list first."""
    return tuple(dict.fromkeys(line for each in lists for line in each))


class Removals:
    """A list, asked what a copy must not hold."""

    def __init__(self, lines: Iterable[AnyLine]) -> None:
        self.lines = tuple(lines)
        self.done = frozenset(line.id for line in self.lines if isinstance(line, Done))
        """Ids of the acts that are carried out."""
        self.abandoned = frozenset(line.id for line in self.lines if isinstance(line, Abandoned))
        """Ids of the acts that never were."""
        self._text: dict[tuple[SessionId, Epoch], dict[tuple[int, str], str]] = {}
        self._logs: set[Epoch] = set()
        self._sound: dict[SessionId, list[SoundAct]] = {}
        for line in self.lines:
            if line.id in self.abandoned:
                continue
            if isinstance(line, TextRemoved):
                there = self._text.setdefault((line.session, line.epoch), {})
                there.update(dict.fromkeys(line.events, line.reason))
            elif isinstance(line, SessionRemoved):
                self._logs.add(line.epoch)
            elif isinstance(line, SoundSilenced | SoundRemoved):
                self._sound.setdefault(line.session, []).append(line)

    def begun(self) -> tuple[TextAct, ...]:
        """Acts on text of which the list doesn't say what became of them, in order."""
        known = self.done | self.abandoned
        return tuple(
            line for line in self.lines if isinstance(line, TextRemoved | SessionRemoved) and line.id not in known
        )

    def but(self, acts: Iterable[TextAct]) -> Removals:
        """The list as if these acts were not on it."""
        left_out = frozenset(acts)
        return Removals(line for line in self.lines if line not in left_out)

    @property
    def logs(self) -> frozenset[Epoch]:
        """Epochs of the logs that are gone whole."""
        return frozenset(self._logs)

    def log_removed(self, epoch: Epoch) -> bool:
        """Whether a log is gone whole."""
        return epoch in self._logs

    def text(self, session: SessionId, epoch: Epoch) -> Mapping[tuple[int, str], str]:
        """Why each event of a log was removed, by its offset and the first digits of its digest."""
        return self._text.get((session, epoch), {})

    def sound(self, session: SessionId, source: SourceId, first: int) -> Iterator[SoundAct]:
        """What took something out of a file of a recording, in order."""
        for act in self._sound.get(session, ()):
            if isinstance(act, SoundRemoved) or (act.source, act.first) == (source, first):
                yield act


def named(record: LogRecord) -> tuple[int, str]:
    """How the list names an event."""
    return name_of(record.header.offset, record.digest)


def name_of(offset: int, digest: bytes) -> tuple[int, str]:
    """How the list names the event with this offset and digest."""
    return offset, digest.hex()[:DIGEST_DIGITS]

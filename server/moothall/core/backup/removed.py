"""The list of removals: what left a data folder for good, as rows of JSON without a word of it.

It is kept apart from backups, so that a backup from before a removal can't bring anything back. A removed event is
named by session, epoch, offset and the beginning of its digest: a restored log may have got other events at the offsets
that were lost, and those were not removed.

An act is listed before it is carried out, and marked as done afterwards. If the process is killed in between, the mark
is missing; whoever opens the folder next adds it, or marks the act as abandoned. An act on sound, of which a file can't
show whether it was carried out, is carried out again. Sound has no lasting digests: a copy
of a file is known to be without a removed span if the copy was begun after the mark.
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
"""Hexadecimal digits of an event's digest: enough to tell it from any other event at the same offset."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    id: str
    """Id of the act, unique in the list."""
    at: int
    """Unix ms when the row was written."""


class ListBegun(_Line, frozen=True, kw_only=True, tag="list"):
    """The first row of a list, so that an empty file is no list."""

    format: int = FORMAT


class TextRemoved(_Line, frozen=True, kw_only=True, tag="text"):
    """The removal of bodies from a log."""

    session: SessionId
    epoch: Epoch
    reason: str
    """The reason, as in `body.removed`."""
    events: tuple[tuple[int, str], ...]
    """Offset and first digits of the digest of each event."""


class SessionRemoved(_Line, frozen=True, kw_only=True, tag="session"):
    """The removal of a whole log, such as a rehearsal's, and of its sound. The session's id is stored nowhere any more,
    nor here.
    """

    epoch: Epoch


class SoundSilenced(_Line, frozen=True, kw_only=True, tag="silence"):
    """The silencing of a span in one file of a recording."""

    session: SessionId
    source: SourceId
    first: int
    """The file's first sample, counted from the source's first."""
    span: tuple[int, int]
    """First sample of the span and the sample after its last, counted in the same way."""


class SoundRemoved(_Line, frozen=True, kw_only=True, tag="sound"):
    """The removal of all recordings of a session, since they need not be kept any longer."""

    session: SessionId


class RemovalDone(_Line, frozen=True, kw_only=True, tag="done"):
    """The mark that the act with this id was carried out: copies from now on are without what it removed."""


class Abandoned(_Line, frozen=True, kw_only=True, tag="abandoned"):
    """The mark that the act with this id was never carried out, nor acknowledged: everything that it names is still
    there.
    """


AnyLine = ListBegun | TextRemoved | SessionRemoved | SoundSilenced | SoundRemoved | RemovalDone | Abandoned
TextAct = TextRemoved | SessionRemoved
SoundAct = SoundSilenced | SoundRemoved

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)


def encode_line(line: AnyLine) -> bytes:
    """The bytes of a row of the list, with its line feed."""
    return _encoder.encode(line) + b"\n"


def read_list(data: bytes, where: str) -> tuple[AnyLine, ...]:
    """Decode the rows of a list, in order; no data give no rows.

    A last row without its line feed was never acknowledged, and is ignored. Raises ConfigurationError for any other row
    that can't be read, since what it lists could come back. `where` names the list in the error's sentence.
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
    """All rows of several lists, each once; those of the first list come first."""
    return tuple(dict.fromkeys(line for each in lists for line in each))


class RemovedContent:
    """A list of removals, with lookups of what a copy must not contain."""

    def __init__(self, lines: Iterable[AnyLine]) -> None:
        self.lines = tuple(lines)
        self.done = frozenset(line.id for line in self.lines if isinstance(line, RemovalDone))
        """Ids of the acts that were carried out."""
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

    @property
    def acts(self) -> frozenset[str]:
        """Ids of the acts, done or begun, without those that were abandoned."""
        return frozenset(line.id for line in self.lines if isinstance(line, TextAct | SoundAct)) - self.abandoned

    def carried_out(self) -> tuple[TextAct, ...]:
        """Acts on text that are marked as done, in order."""
        return tuple(line for line in self.lines if isinstance(line, TextAct) and line.id in self.done)

    def begun(self) -> tuple[TextAct, ...]:
        """Acts on text that are marked neither as done nor as abandoned, in order."""
        known = self.done | self.abandoned
        return tuple(line for line in self.lines if isinstance(line, TextAct) and line.id not in known)

    def begun_sound(self) -> tuple[SoundAct, ...]:
        """Acts on sound that are marked neither as done nor as abandoned, in order."""
        known = self.done | self.abandoned
        return tuple(line for line in self.lines if isinstance(line, SoundAct) and line.id not in known)

    def but(self, acts: Iterable[TextAct]) -> RemovedContent:
        """Return the list without these acts."""
        left_out = frozenset(acts)
        return RemovedContent(line for line in self.lines if line not in left_out)

    @property
    def logs(self) -> frozenset[Epoch]:
        """Epochs of the logs that were removed as a whole."""
        return frozenset(self._logs)

    def log_removed(self, epoch: Epoch) -> bool:
        """Whether a log was removed as a whole."""
        return epoch in self._logs

    def text(self, session: SessionId, epoch: Epoch) -> Mapping[tuple[int, str], str]:
        """The reason of each removed event in a log, by offset and first digits of the digest."""
        return self._text.get((session, epoch), {})

    def sound(self, session: SessionId, source: SourceId, first: int) -> Iterator[SoundAct]:
        """Yield the acts that removed something from a file of a recording, in order."""
        for act in self._sound.get(session, ()):
            if isinstance(act, SoundRemoved) or (act.source, act.first) == (source, first):
                yield act


def named(record: LogRecord) -> tuple[int, str]:
    """The name of an event in the list."""
    return name_of(record.header.offset, record.digest)


def name_of(offset: int, digest: bytes) -> tuple[int, str]:
    """The name of the event with this offset and digest in the list."""
    return offset, digest.hex()[:DIGEST_DIGITS]

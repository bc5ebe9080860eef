"""Makes of a file the acts that import it: what the server is asked, part by part, each act small and with an id of its
own. So an import that was cut off is done again, and only what is missing happens.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

import msgspec

from moothall.core import commands as do
from moothall.core.events.lines import Word
from moothall.core.events.types import ChannelKind, SealVersion
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId, is_name
from moothall.core.programme.plan import Speaker, readable_name
from moothall.core.rules.imports import MAX_PART, MAX_PARTS, MAX_TEXT, MOST_LINES, MOST_MS, MOST_SPANS
from moothall.record.imports.about import AboutMeeting
from moothall.record.imports.own_json import without_names
from moothall.record.imports.past import NAMES, PastLine, PastText

T = TypeVar("T")
FLOOR = ChannelId("floor")
LONGEST_TITLE = 40
"""Characters of a title in a session's id."""


class PastMeeting(msgspec.Struct, frozen=True, kw_only=True):
    """The session that a file becomes, or a text of it."""

    session: SessionId
    title: str
    starts: int
    """Unix ms of media time 0."""
    ends: int
    """Unix ms of its end."""
    languages: tuple[str, ...]
    """BCP-47 tags of what is spoken, the expected one first."""
    channel: ChannelId
    kind: ChannelKind
    text_languages: tuple[str, ...]
    young_people: bool
    digest: str
    """SHA-256 of the file, hexadecimal."""


AnyPart = do.ImportCommand | do.IntroduceSpeaker | do.NoteGap | do.SetHubPresence | do.SealRecord
"""What an import may ask of a session."""


class ImportAct(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an import."""

    session: SessionId
    id: CommandId
    """Made from the file, so that the same part has the same id however often it is sent, and whatever is said of names
    meanwhile."""
    commands: tuple[AnyPart, ...]


class ImportChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What the person who imports decided, and what the programme says."""

    names: str = ""
    """The statement by which names are kept that no programme lists; empty: they are dropped."""
    listed: Mapping[str, Speaker] = {}
    """The speakers of the programme, by `key_of_name`."""
    file: str = ""
    """The name of the file."""
    original: bytes = b""
    """The file, compressed in the zlib format; empty: it isn't kept."""


def _batches(each: Iterable[T]) -> Iterator[tuple[T, ...]]:
    rest = iter(each)
    while some := tuple(islice(rest, MOST_LINES)):
        yield some


def key_of_name(name: str) -> str:
    """A name without differences of case, spaces and forms of characters."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def meeting_of(past: PastText, about: AboutMeeting, *, file: str, digest: str, young_people: bool) -> PastMeeting:
    """The session that a file becomes. Raises ImportRefused where it isn't known when the meeting began, or in which
    language the text is.
    """
    if about.start is None or about.start <= 0:
        raise ImportRefused(
            "It isn't said when this meeting began. Begin the file's name with the date and time, as in "
            f"'2019-11-25 10.00 {file[:40]}', or state it in import.csv."
        )
    if not about.language:
        raise ImportRefused(
            "It isn't said in which language this text is. End the file's name with it, as in '(en).vtt', state it in "
            "import.csv, or name it with --language."
        )
    kind = about.kind or ChannelKind.FLOOR
    own = past.channel if about.kind in (None, past.kind) else ""
    channel = own or (FLOOR if kind is ChannelKind.FLOOR else about.language.lower())
    spoken = past.text_languages or tuple(dict.fromkeys([about.language, *(line.language for line in past.lines)]))
    day = datetime.fromtimestamp(about.start // 1000, UTC).strftime("%Y-%m-%d")
    title = about.title or f"Meeting of {day}"
    languages = past.languages or (tuple(filter(None, spoken)) if kind is ChannelKind.FLOOR else (about.language,))
    end = _end(past)
    return PastMeeting(
        session=SessionId(about.session or f"{day}-{readable_name(title)[:LONGEST_TITLE].strip('-')}"),
        title=title,
        starts=about.start,
        ends=about.start + end,
        languages=languages[:20],
        channel=ChannelId(channel if is_name(channel) else "text"),
        kind=kind,
        text_languages=tuple(filter(None, spoken))[:20],
        young_people=young_people,
        digest=digest,
    )


def acts_of(past: PastText, meeting: PastMeeting, kept: ImportChoice, *, further: bool = False) -> Iterator[ImportAct]:
    """Yield the acts of an import, in order; `further`: the session is there, with another text of the same meeting.

    Raises ImportRefused, and then nothing of the file should be imported: call it once to the end before the first act
    is sent.
    """
    names = "" if meeting.young_people else kept.names
    speakers = {} if meeting.young_people else _speakers(past.lines, kept, names)
    lines = _apart(past)
    begin = made_of(do.BeginImport, past, channel=meeting.channel, digest=meeting.digest, names=names)
    introduced = {each.id: each for each in speakers.values()}
    named = _batches(do.IntroduceSpeaker(speaker=each.id, name=each.name) for each in introduced.values())
    texts = _batches(_lines(past, meeting, lines, speakers))
    # Who is listed, and the statement on names, may differ when an import goes on: what depends on them is named by its
    # content, and everything else by its number among its own kind.
    parts: list[tuple[str, Sequence[AnyPart]]] = [(f"begin-{_digest(names)}", (begin,))]
    parts += [(f"names-{_digest(some)}", some) for some in named]
    parts += [(f"file-{n}", (part,)) for n, part in enumerate(_original(meeting, kept), 1)]
    parts += [(f"lines-{n}", (do.ImportLines(channel=meeting.channel, lines=some),)) for n, some in enumerate(texts, 1)]
    kind, rest = ("gaps", _gaps(past, meeting)) if further else ("rest", _around(past, meeting, names))
    parts += [(f"{kind}-{n}", commands) for n, commands in enumerate(rest, 1)]
    for n, (name, commands) in enumerate(parts, 1):
        act = last_act(meeting) if n == len(parts) else CommandId(f"{_act(meeting)}:{name}")
        yield ImportAct(session=meeting.session, id=act, commands=tuple(commands))


def _digest(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:16]


def _act(meeting: PastMeeting) -> str:
    return f"import:{meeting.channel[:60]}:{meeting.digest[:24]}"


_LAST = ":end"


def last_act(meeting: PastMeeting) -> CommandId:
    """The id of the act with which an import is complete."""
    return CommandId(f"{_act(meeting)}{_LAST}")


def is_last(act: ImportAct) -> bool:
    """Whether an import is complete with this act."""
    return act.id.endswith(_LAST)


def _around(past: PastText, meeting: PastMeeting, names: str) -> Iterator[Sequence[AnyPart]]:
    """Yield what a file says of the meeting beside its lines, and then its end."""
    for some in _batches(past.asked if names else without_names(past.asked)):
        yield (do.ImportQuestions(questions=some),)
    yield from _batches(
        do.SetHubPresence(hub=hub.hub, title=hub.title, people=hub.most, here=False, since=meeting.starts)
        for hub in past.hubs
    )
    for each in _batches(past.chapters):
        yield (do.ImportChapters(chapters=each),)
    end = do.EndImport(channel=meeting.channel, wall=meeting.starts, t=_end(past), spans=past.spans)
    yield (end, do.SealRecord(version=SealVersion.RAW))


def _gaps(past: PastText, meeting: PastMeeting) -> Iterator[Sequence[AnyPart]]:
    """Yield the spans where only this text of a meeting has a gap, and then the seal."""
    yield from _batches(
        do.NoteGap(channel=meeting.channel, t0=span.t0, t1=span.t1, reason=span.gap)
        for span in past.spans
        if span.gap is not None
    )
    yield (do.SealRecord(version=SealVersion.RAW),)


def _end(past: PastText) -> int:
    return max(past.until, *(line.t1 for line in past.lines), *(span.t1 for span in past.spans), 0)


def _speakers(lines: Sequence[PastLine], kept: ImportChoice, names: str) -> dict[tuple[str, str], Speaker]:
    """The speakers who are named, by their ids and names in the file."""
    found: dict[tuple[str, str], Speaker] = {}
    # The number counts everybody, so that it stays when the programme lists others by the time an import goes on.
    for n, (speaker, name) in enumerate(dict.fromkeys((line.speaker, line.name) for line in lines if line.name), 1):
        listed = kept.listed.get(key_of_name(name))
        if names and speaker:
            found[speaker, name] = Speaker(id=SpeakerId(speaker), name=name)
        elif listed is not None:
            found[speaker, name] = listed
        elif names:
            found[speaker, name] = Speaker(id=SpeakerId(f"imported-{n}"), name=name)
    return found


def _apart(past: PastText) -> list[PastLine]:
    """The lines; one that begins before a span of which nothing is kept, and ends in it, gets its text as a word, so
    that it counts by its beginning, as it did where it was written.
    """
    if len(past.spans) > MOST_SPANS:
        raise ImportRefused(f"More than {MOST_SPANS} spans of this file have no text.")
    for each in past.asked:
        if max(len(each.text), len(each.answer)) > MAX_TEXT or not 0 <= each.t <= MOST_MS:
            raise ImportRefused(
                f"Question {each.number} of this file has more than {MAX_TEXT} characters, or was not asked within "
                f"{MOST_MS // 3_600_000} hours."
            )
    unkept = [span for span in past.spans if span.gap is None]
    lines: list[PastLine] = []
    for line in past.lines:
        if not 0 <= line.t0 <= line.t1 <= MOST_MS:
            raise ImportRefused(f"This time is not within {MOST_MS // 3_600_000} hours of the beginning.", line.row)
        if len(line.text) > MAX_TEXT:
            raise ImportRefused(f"This line has more than {MAX_TEXT} characters.", line.row)
        if any(span.t0 <= line.t0 < span.t1 for span in unkept):
            raise ImportRefused("This line is from a span that is said not to be recorded.", line.row)
        near = not line.words and any(span.t0 <= line.t1 and line.t0 < span.t1 for span in unkept)
        lines.append(msgspec.structs.replace(line, words=(Word(line.text, line.t0, line.t1),)) if near else line)
    if _end(past) > MOST_MS:
        raise ImportRefused(f"This meeting is longer than {MOST_MS // 3_600_000} hours.")
    return lines


def _original(meeting: PastMeeting, kept: ImportChoice) -> Iterator[do.KeepOriginal]:
    if meeting.young_people or not kept.original:
        return
    parts = [kept.original[at : at + MAX_PART] for at in range(0, len(kept.original), MAX_PART)]
    if len(parts) > MAX_PARTS:
        raise ImportRefused(f"The file is too large to be kept: more than {MAX_PARTS * MAX_PART >> 20} MB, compressed.")
    for n, part in enumerate(parts, 1):
        yield do.KeepOriginal(channel=meeting.channel, name=kept.file, part=n, parts=len(parts), content=part)


def _lines(
    past: PastText, meeting: PastMeeting, lines: Sequence[PastLine], speakers: Mapping[tuple[str, str], Speaker]
) -> Iterator[do.ImportedLine]:
    source = past.producer or NAMES[past.form]
    own = past.form in ("json", "akn") and any(line.id for line in past.lines)
    used: set[str] = set()
    for n, line in enumerate(lines, 1):
        name = line.id if is_name(line.id) and line.id not in used else f"{meeting.channel[:40]}-i{n}"
        used.add(name)
        speaker = speakers.get((line.speaker, line.name))
        yield made_of(
            do.ImportedLine,
            line,
            segment=SegmentId(name),
            language=line.language or past.language or meeting.text_languages[0],
            speaker=None if speaker is None else speaker.id,
            tool=line.tool if own else source,
        )

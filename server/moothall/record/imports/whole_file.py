"""A file about a past meeting: from its bytes to a meeting that can be imported, and from the log back to the file."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable
from datetime import tzinfo

import msgspec

from moothall.core.events.types import OriginalKept
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.ids import ChannelId
from moothall.core.rules.imports import MAX_FILE_NAME, MAX_PART, MAX_PARTS
from moothall.record.imports.about import AboutMeeting, by_name, united
from moothall.record.imports.acts import PastMeeting, meeting_of
from moothall.record.imports.past import PastText
from moothall.record.imports.reading import read_past

NOTHING = AboutMeeting()


class FileToImport(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read, and what is known of its meeting."""

    name: str
    past: PastText
    meeting: PastMeeting
    packed: bytes
    """The file, compressed in the zlib format."""


def read_file(
    data: bytes,
    name: str,
    *,
    stated: AboutMeeting = NOTHING,
    language: str = "",
    zone: tzinfo,
    unnamed: Collection[str],
    young_people: bool,
) -> FileToImport:
    """Read a file. `stated`: what is said of it elsewhere, which comes first; `language`: of a text that names none;
    `zone`: of times that name none; `unnamed` as in `reading.read_past`. Raises ImportRefused.
    """
    past = read_past(data, unnamed)
    about = united(stated, past, by_name(name, zone), zone)
    if not about.language:
        about = msgspec.structs.replace(about, language=language)
    digest = hashlib.sha256(data).hexdigest()
    meeting = meeting_of(past, about, file=name, digest=digest, young_people=young_people)
    packed = zlib.compress(data, 9)
    if len(packed) > MAX_PART * MAX_PARTS:
        raise ImportRefused("The file is too large to be kept, even compressed. Divide it.")
    return FileToImport(name=name[:MAX_FILE_NAME], past=past, meeting=meeting, packed=packed)


def original_in(events: Iterable[object], channel: ChannelId) -> tuple[str, bytes] | None:
    """The name and the bytes of the file from which a text was imported, by the events of the staff's lane; None where
    none is kept, or a part of it was removed.
    """
    parts = {event.part: event for event in events if isinstance(event, OriginalKept) and event.channel == channel}
    if not parts or len(parts) < next(iter(parts.values())).parts:
        return None
    return parts[1].name, zlib.decompress(b"".join(parts[n].content for n in sorted(parts)))

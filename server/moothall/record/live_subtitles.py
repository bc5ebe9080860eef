"""The text of a session as subtitles for a video: a live HLS playlist (RFC 8216) with WebVTT segments. Once the session
is closed the live playlist ends, and another playlist lists all segments of the session.

Segment n covers the n-th six seconds since 1970 (media time began when the session was opened). So there are segments
from before the session, which are empty: hls.js ends the whole video where a playlist has no segments, and continues
from these once the session is opened. A segment is listed some seconds after its end, when most of its words have come;
corrections until then are in it. A cue that overlaps two segments is in both, with the same times, as players expect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from moothall.core.kernel.ids import SpeakerId
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line, Session
from moothall.record.cues import LONGEST, Cue, cues_of_line
from moothall.record.model import recorded
from moothall.record.subtitles import vtt_cue, vtt_note
from moothall.record.wrapping import plain

SEGMENT_MS = 6_000
HELD_MS = 12_000
"""How long after its end a segment is listed, in ms. Anything later is in no segment: lines that the recogniser has not
ended by then, and lines that were typed long after they were said."""
LISTED = 100
"""Segments in the live playlist: ten minutes. Overflow: the oldest are no longer listed."""
LEAST = 3
"""The least number of segments in the live playlist, which players require (RFC 8216, 6.2.2)."""
MOST_LISTED = 10_000
"""Segments in the playlist of a whole closed session: 16 hours. Overflow: the first segments are not listed."""
AROUND_MS = 40_000
"""How long before a segment a line may have begun that is still said or read in it, in ms."""
TICKS = 90
"""Ticks of the MPEG clock (90 kHz) in a millisecond."""
CLOCK = 1 << 33
"""Ticks after which the MPEG clock wraps around (33 bits)."""


class Listed(msgspec.Struct, frozen=True):
    """The listed segments: from `first` up to, but without, `end`."""

    first: int
    end: int
    over: bool
    """Whether no more segments will come."""


def start_of(session: Session, n: int) -> int:
    """Media ms at which segment n begins; negative before the session."""
    return n * SEGMENT_MS - (session.opened or 0)


def listed(session: Session, wall: int, last: int, closed: int | None, *, whole: bool = False) -> Listed:
    """The segments that are listed at the wall time `wall` (Unix ms).

    `last`: media ms of the end of the last line. `closed`: media ms of the close, None while the session isn't closed.
    `whole`: list the whole session once it is closed.

    A playlist never loses segments at its end, nor gets new ones before its first (RFC 8216, 6.2.2). So once the
    session is closed the live playlist ends where that of the whole session does, and begins no earlier than before.
    """
    over = session.status is Status.CLOSED
    began = session.opened or (0 if over else wall)
    t, mapped = session.clock or (0, wall)
    if over:
        end = -(-(began + max(last, closed or 0) + LONGEST) // SEGMENT_MS)
    else:
        end = (began + max(0, t + max(0, wall - mapped)) - HELD_MS) // SEGMENT_MS
    first = began // SEGMENT_MS
    if over and whole:
        return Listed(max(first, end - MOST_LISTED), end, over)
    return Listed(max(0, end - LISTED, min(first, end - LEAST)), end, over)


def playlist(there: Listed, address: str) -> str:
    """The playlist as M3U8; `address`: the address of a segment, with `{n}` for its number."""
    began = datetime.fromtimestamp(there.first * SEGMENT_MS / 1000, UTC)
    rows = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{SEGMENT_MS // 1000}",
        f"#EXT-X-MEDIA-SEQUENCE:{there.first}",
        f"#EXT-X-PROGRAM-DATE-TIME:{began.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}",
    ]
    for n in range(there.first, there.end):
        rows += [f"#EXTINF:{SEGMENT_MS / 1000:.3f},", address.replace("{n}", str(n))]
    return "\n".join([*rows, *(["#EXT-X-ENDLIST"] if there.over else [])]) + "\n"


def segment(
    lines: Sequence[Line],
    speakers: dict[SpeakerId, str],
    start: int,
    language: str,
    offset: int = 0,
    *,
    source: Callable[[Line], str],
    note: str = "",
) -> str:
    """The segment that begins at media ms `start`, as WebVTT.

    `lines`: all lines that may overlap it, in order, with the line before and the line after them. `language`: BCP-47
    tag of the file. `offset`: time of the video's MPEG clock at media time 0, in ms. `source`: returns the source of a
    line in words, which is a comment before the first cue and before each whose source differs from that before it.
    `note`: what a translation is.
    """
    end = start + SEGMENT_MS
    shown = [line for line in lines if line.t1 is not None and not line.gone and plain(line.text)]
    blocks = [f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{offset * TICKS % CLOCK}"]
    if note:
        blocks.append(vtt_note(note))
    before: SpeakerId | None = None
    told = ""
    for at, line in enumerate(shown):
        following = shown[at + 1].t0 if at + 1 < len(shown) else None
        said = recorded(line, plain(line.text), speakers)
        prefix = f"{said.name}: " if said.name and said.speaker != before else ""
        before = said.speaker
        cues = cues_of_line(said, prefix, said.name, following)
        here = [vtt_cue(cue, language) for cue in map(_visible, cues) if cue.t0 < end and cue.t1 > start]
        if here and told != (told := source(line)):
            blocks.append(vtt_note(told))
        blocks += here
    return "\n\n".join(blocks) + "\n"


def _visible(cue: Cue) -> Cue:
    return cue if cue.t1 > cue.t0 else msgspec.structs.replace(cue, t1=cue.t0 + 1_000)

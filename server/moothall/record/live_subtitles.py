"""The text of a session as subtitles beside a video: a live playlist of HLS (RFC 8216) and its segments, WebVTT. Once a
session is closed the live playlist ends, and another one lists all of it.

Segment n has what was said in the n-th six seconds since 1970, where the session's media time began when it was
opened. So there are segments before it, which are empty: hls.js ends the whole video where a playlist has none, and
goes on from these once the session is opened. A segment is listed some seconds after its end, when the words of that
time have mostly come; what is mended until then stands in it mended. A cue that lies in two segments stands in both,
with the same times, as players expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from moothall.core.kernel.ids import SpeakerId
from moothall.core.session.state import Status
from moothall.core.views.captions import Line, Session
from moothall.record.cues import LONGEST, Cue, cues_of_line
from moothall.record.model import recorded
from moothall.record.subtitles import vtt_cue
from moothall.record.wrapping import plain

SEGMENT_MS = 6_000
HELD_MS = 12_000
"""How long after its end a segment is listed. What comes later than that is in none: lines that the recogniser has not
ended by then, and what was typed long after it was said."""
LISTED = 100
"""Segments of the live playlist: ten minutes. Overflow: the oldest are listed no more."""
LEAST = 3
"""Segments of it at least: so many a player wants to have (RFC 8216, 6.2.2)."""
MOST_LISTED = 10_000
"""Segments of the playlist of a whole session that is closed: 16 hours. Overflow: the first are not listed."""
AROUND_MS = 40_000
"""How long before a segment a line may have begun that is still said or read in it."""
TICKS = 90
"""Of MPEG's clock in a millisecond."""
CLOCK = 1 << 33
"""Where MPEG's clock begins anew."""


class Listed(msgspec.Struct, frozen=True):
    """Which segments are listed: from `first` on, before `end`."""

    first: int
    end: int
    over: bool
    """Whether no more will come."""


def start_of(session: Session, n: int) -> int:
    """Media ms at which segment n begins; below 0 before the session."""
    return n * SEGMENT_MS - (session.opened or 0)


def listed(session: Session, wall: int, last: int, closed: int | None, *, whole: bool = False) -> Listed:
    """Which segments are there at the wall time `wall` (Unix ms); `last`: media ms of the end of the last line;
    `closed`: media ms of the close, None while the session isn't.

    Nothing that was listed is taken back at the end, and none comes in before it (RFC 8216, 6.2.2): once it is closed
    the live playlist has the same end as that of the `whole` session, and begins no earlier than before.
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
    """The playlist; `address` is a segment's, with `{n}` for its number."""
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


def segment(lines: Sequence[Line], speakers: dict[SpeakerId, str], start: int, language: str, offset: int = 0) -> str:
    """The segment from media ms `start` on as WebVTT; `lines` are all that may lie in it, in order, and the one before
    and behind them.

    `offset`: ms of MPEG's clock, which the video goes by, at media time 0.
    """
    end = start + SEGMENT_MS
    shown = [line for line in lines if line.t1 is not None and not line.gone and plain(line.text)]
    blocks = [f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{offset * TICKS % CLOCK}"]
    before: SpeakerId | None = None
    for at, line in enumerate(shown):
        following = shown[at + 1].t0 if at + 1 < len(shown) else None
        said = recorded(line, plain(line.text), speakers)
        prefix = f"{said.name}: " if said.name and said.speaker != before else ""
        before = said.speaker
        cues = cues_of_line(said, prefix, said.name, following)
        blocks += [vtt_cue(cue, language) for cue in map(_visible, cues) if cue.t0 < end and cue.t1 > start]
    return "\n\n".join(blocks) + "\n"


def _visible(cue: Cue) -> Cue:
    return cue if cue.t1 > cue.t0 else msgspec.structs.replace(cue, t1=cue.t0 + 1_000)

"""The record as WebVTT and as SubRip: two ways to write the same cues.

WebVTT (W3C) is written strictly, so that validators accept it and simple parsers can read it: hours are always written,
`-->` occurs only in times, no row of a cue is empty, and the voice has no character that parsers are known to decode
wrongly. Players don't show a voice, so the name is also in the text when another speaker begins. The source of
lines is a comment before the first of them.

SubRip has no standard. This follows what the first program wrote and most players accept. Rows end with CR LF, like
SubRip's own: some television sets read nothing else, and players that reject it are rare. The encoding is UTF-8 without
a byte order mark, since more parsers fail on one than need it. Angle brackets, braces, backslashes and times are
commands to one player or another and can't be escaped, so similar characters replace them. There are no comments: the
source of lines is a row in brackets above the first of them, which players show.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from moothall.core.kernel.languages import same_language
from moothall.record.cues import Cue, cues_of, labelled, stamp
from moothall.record.model import Record
from moothall.record.wording import Options, Wording
from moothall.record.wrapping import plain

_ESCAPED = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\uffff", "\ufffd"))
"""For the text, in this order. Chromium takes U+FFFF for the end of a cue."""
_VOICE = str.maketrans({"&": "+", "<": "‹", ">": "›", "\uffff": "\ufffd"})  # noqa: RUF001  # that is the point
"""For the voice, which is an annotation: ffmpeg, pycaption and ttconv don't decode `&amp;` there, or end the annotation
at it.
"""
_TAG = re.compile(r"[A-Za-z0-9-]+\Z")


def write_vtt(record: Record, wording: Wording, options: Options, cues: Sequence[Cue] | None = None) -> str:
    """The record as a WebVTT file; `cues` are those of `cues_of`, where they are made already."""
    title = plain(wording.title_of(record)).replace("-->", "→")
    note = [" · ".join(wording.facts(record)), wording.notice, wording.named(record)]
    blocks = [f"WEBVTT - {title}", "NOTE\n" + "\n".join(plain(line).replace("-->", "→") for line in note)]
    for cue in cues_of(record, wording, options) if cues is None else cues:
        blocks += [vtt_note(cue.source)] if cue.source else []
        blocks.append(vtt_cue(cue, record.language))
    return "\n\n".join(blocks) + "\n"


def vtt_note(text: str) -> str:
    """A comment of one row as a WebVTT block."""
    return f"NOTE\n{plain(text).replace('-->', '→')}"


def vtt_cue(cue: Cue, language: str) -> str:
    """A cue as a WebVTT block, in a file of this language."""
    text = _replaced("\n".join(cue.lines), _ESCAPED)
    if cue.language != language and _TAG.match(cue.language) and not same_language(cue.language, language):
        text = f"<lang {cue.language}>{text}</lang>"
    voice = plain(cue.voice.translate(_VOICE))
    if voice:
        text = f"<v {voice}>{text}</v>"
    return f"{cue.id}\n{stamp(cue.t0, '.')} --> {stamp(cue.t1, '.')}\n{text}"


_LOOKALIKES = tuple(zip("<>{}\\", "‹›｛｝＼", strict=True))  # noqa: RUF001  # that is the point
_TIME = re.compile(r"(\d):(\d\d?):(\d\d?)(?=[.,]\d)")
"""pysubs2 takes any row with two such times for the beginning of a cue."""


def write_srt(record: Record, wording: Wording, options: Options, cues: Sequence[Cue] | None = None) -> str:
    """The record as a SubRip file; `cues` as in `write_vtt`."""
    blocks, cues = [], cues_of(record, wording, options) if cues is None else cues
    for number, cue in enumerate(labelled(cues, wording), 1):
        rows = (f"({plain(cue.source)})", *cue.lines) if cue.source else cue.lines
        lines = [_TIME.sub(r"\1∶\2∶\3", _replaced(line, _LOOKALIKES)) for line in rows]  # noqa: RUF001  # the same
        blocks.append("\r\n".join([str(number), f"{stamp(cue.t0, ',')} --> {stamp(cue.t1, ',')}", *lines, ""]))
    return "\r\n".join(blocks)


def _replaced(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The text with each pair replaced in turn; fifty times as quick as `str.translate` where it isn't ASCII."""
    for old, new in pairs:
        text = text.replace(old, new)
    return text

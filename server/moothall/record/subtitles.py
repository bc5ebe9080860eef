"""The record as WebVTT and as SubRip: two ways to write the same cues.

WebVTT (W3C) strictly: what a validator accepts and what lesser readers than browsers don't trip over. Hours are always
written, `-->` stands in times only, no line within a cue is empty, and what is written as the voice has no character
that readers are known to decode wrongly. A voice isn't shown by players, so the name also stands in the text when
somebody else begins to speak.

Of SubRip there is no standard: what the first program wrote, and what most players take. Lines end with CR LF, as
SubRip's own do: some television sets read nothing else, and players that mind it are rare. UTF-8 without a mark at its
beginning, since more readers stumble over one than need it. Angle brackets, braces, backslashes and times are commands
to one player or another, and there is no escape: look-alikes stand in their place.
"""

from __future__ import annotations

import re

from moothall.core.kernel.languages import same_language
from moothall.record.cues import Cue, cues_of, stamp
from moothall.record.model import Record
from moothall.record.wording import Options, Wording
from moothall.record.wrapping import plain

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_VOICE = str.maketrans({"&": "+", "<": "‹", ">": "›"})  # noqa: RUF001  # that is the point
"""ffmpeg, pycaption and ttconv don't decode `&amp;` in an annotation (or end it there)."""
_TAG = re.compile(r"[A-Za-z0-9-]+\Z")


def write_vtt(record: Record, wording: Wording, options: Options) -> str:
    """The record as a WebVTT file."""
    title = plain(wording.title_of(record)).replace("-->", "→")
    note = [" · ".join(wording.facts(record)), wording.notice, wording.named(record)]
    blocks = [f"WEBVTT - {title}", "NOTE\n" + "\n".join(plain(line).replace("-->", "→") for line in note)]
    blocks += [vtt_cue(cue, record.language) for cue in cues_of(record, wording, options)]
    return "\n\n".join(blocks) + "\n"


def vtt_cue(cue: Cue, language: str) -> str:
    """A cue as a block of WebVTT, in a file of this language."""
    text = "\n".join(line.translate(_ESCAPED) for line in cue.lines)
    if _TAG.match(cue.language) and not same_language(cue.language, language):
        text = f"<lang {cue.language}>{text}</lang>"
    voice = plain(cue.voice.translate(_VOICE))
    if voice:
        text = f"<v {voice}>{text}</v>"
    return f"{cue.id}\n{stamp(cue.t0, '.')} --> {stamp(cue.t1, '.')}\n{text}"


_LOOKALIKES = str.maketrans("<>{}\\", "‹›｛｝＼")  # noqa: RUF001  # that is the point
_TIME = re.compile(r"(\d):(\d\d?):(\d\d?)(?=[.,]\d)")
"""pysubs2 takes a line with two of them for the beginning of a cue, with anything between them."""


def write_srt(record: Record, wording: Wording, options: Options) -> str:
    """The record as a SubRip file."""
    blocks = []
    for number, cue in enumerate(cues_of(record, wording, options), 1):
        lines = [_TIME.sub(r"\1∶\2∶\3", line.translate(_LOOKALIKES)) for line in cue.lines]  # noqa: RUF001  # the same
        blocks.append("\r\n".join([str(number), f"{stamp(cue.t0, ',')} --> {stamp(cue.t1, ',')}", *lines, ""]))
    return "\r\n".join(blocks)

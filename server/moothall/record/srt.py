"""SubRip, of which there is no standard: what the first program wrote, and what most players take. Short, and by itself
since each file format has its own module.

Lines end with CR LF, as SubRip's own do: some television sets read nothing else, and players that mind it are rare.
UTF-8 without a mark at its beginning, since more readers stumble over one than need it. Angle brackets, braces,
backslashes and times are commands to one player or another, and there is no escape: look-alikes stand in their place.
"""

from __future__ import annotations

import re

from moothall.record.cues import cues_of, stamp
from moothall.record.model import Record
from moothall.record.wording import Options, Wording

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

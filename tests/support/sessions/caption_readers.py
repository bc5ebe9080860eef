"""Small readers of caption files that share no code with the writers: each follows the format's own rules.

They refuse what a strict reader would, by AssertionError.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple

_TIME = r"(\d{2,}):([0-5]\d):([0-5]\d)%s(\d{3})"
_VTT_TIMES = re.compile(_TIME % r"\." + " --> " + _TIME % r"\.")
_SRT_TIMES = re.compile(_TIME % "," + " --> " + _TIME % ",")
_TAGS = re.compile(r"<(?:v ([^<>&\n]+)|/v|lang ([A-Za-z0-9-]+)|/lang)>")


class Shown(NamedTuple):
    """A cue as a player would show it."""

    id: str
    t0: int
    t1: int
    voice: str
    language: str
    lines: tuple[str, ...]
    body: str
    """The lines as they are in the file."""


def _ms(hours: str, minutes: str, seconds: str, ms: str) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(ms)


def read_vtt(text: str) -> list[Shown]:
    """Return all cues of a WebVTT file (W3C WebVTT §4.1), which may hold only NOTEs and cues."""
    assert "\r" not in text
    assert "\0" not in text
    assert text.endswith("\n")
    head, *blocks = text.removesuffix("\n").split("\n\n")
    assert re.fullmatch(r"WEBVTT - [^\n]+", head)
    assert "-->" not in head
    cues: list[Shown] = []
    for block in blocks:
        name, *rest = block.split("\n")
        if name == "NOTE":
            assert "-->" not in block
            continue
        assert "-->" not in name
        match = _VTT_TIMES.fullmatch(rest[0])
        assert match is not None, rest[0]
        body = "\n".join(rest[1:])
        assert rest[1:]
        assert all(rest)
        assert "-->" not in body
        voice, language = "", ""
        for tag in _TAGS.finditer(body):
            voice, language = voice or tag[1] or "", language or tag[2] or ""
        bare = _TAGS.sub("", body)
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", bare)
        t0, t1 = _ms(*match.groups()[:4]), _ms(*match.groups()[4:])
        assert t0 < t1
        lines = tuple(html.unescape(line) for line in bare.split("\n"))
        cues.append(Shown(name, t0, t1, voice, language, lines, body))
    assert [cue.t0 for cue in cues] == sorted(cue.t0 for cue in cues)
    assert len({cue.id for cue in cues}) == len(cues)
    return cues


def read_srt(text: str) -> list[Shown]:
    """Return all cues of a SubRip file with CR LF, which must be numbered from 1 without a gap."""
    assert "\n" not in text.replace("\r\n", "")
    assert "\r" not in text.replace("\r\n", "")
    cues: list[Shown] = []
    for number, block in enumerate(filter(None, text.split("\r\n\r\n")), 1):
        name, times, *lines = block.removesuffix("\r\n").split("\r\n")
        match = _SRT_TIMES.fullmatch(times)
        assert match is not None, times
        assert name == str(number)
        assert lines
        assert all(lines)
        assert not re.search(r"[<>{}\\]", "".join(lines))
        t0, t1 = _ms(*match.groups()[:4]), _ms(*match.groups()[4:])
        assert t0 < t1
        cues.append(Shown(name, t0, t1, "", "", tuple(lines), "\n".join(lines)))
    return cues

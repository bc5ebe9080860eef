"""Parses HLS playlists (RFC 8216), as far as the sound needs it."""

from __future__ import annotations

import re

import msgspec

from moothall.core.kernel.decoding import number_in

MOST_BYTES = 1_000_000
"""Bytes of a playlist."""
BEHIND = 2
"""How many segments of a live stream are taken at the start, its newest ones."""
MOST_TAG = 8_000
"""Characters of a tag. Overflow: the tag is ignored. Whoever fetches an address limits the address's length."""
SOUND = ("mp4a", "ac-3", "ec-3", "opus", "flac", "mp3", "alac", "vorbis")
# The pattern only matches a short name at its beginning: otherwise letters without "=" would take quadratic time.
_ATTRIBUTE = re.compile(r'(?<![A-Z0-9-])([A-Z0-9-]{1,64})=("[^"]*"|[^,]*)')


class MediaSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment of a stream."""

    number: int
    """Media sequence number."""
    uri: str
    """The URI as in the playlist; it may be relative."""
    ms: int
    start: str = ""
    """URI of the initialisation section of fragmented MP4, which is read before the segment; empty where
    there is none.
    """
    cut: bool = False
    """Whether the segment doesn't continue the previous one: it has another codec, or other timestamps."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One of several versions of the same stream."""

    uri: str
    bits: int
    """Bits per second; 0 when that is not given."""


class Playlist(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a playlist: segments, or references to playlists of segments."""

    pieces: tuple[MediaSegment, ...] = ()
    variants: tuple[Variant, ...] = ()
    """The versions with sound, the preferred one first."""
    ended: bool = False
    """Whether no more segments will come."""
    target_ms: int = 6_000
    """Duration of the longest segment, ms."""


def is_playlist(head: bytes) -> bool:
    """Whether data that begin with these bytes are a playlist."""
    return head.removeprefix(b"\xef\xbb\xbf").startswith(b"#EXTM3U")


def read_playlist(text: str) -> Playlist | None:
    """Parse a playlist; None when nothing in it can be fetched: it is encrypted, has byte ranges, or is no playlist."""
    text = text.removeprefix("\ufeff")
    if not text.startswith("#EXTM3U"):
        return None
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if len(line) <= MOST_TAG or not line.startswith("#")]
    if any(line.startswith("#EXT-X-STREAM-INF:") for line in lines):
        return _master(lines)
    return _media(lines)


def next_pieces(
    playlist: Playlist, last: int | None, *, goes_on: bool, recorded: bool = False
) -> tuple[MediaSegment, ...]:
    """The segments after number `last` that are to be fetched.

    `goes_on`: the same connection continues, so no segment may be missed. Nor may one be missed if the stream is
    `recorded`, which means complete from the start. Otherwise only the newest segments are fetched, and none again: its
    words would come twice. A stream that has ended counts as live too, since a packager writes the end mark when its
    encoder fails, and continues later.
    """
    pieces = playlist.pieces
    if last is not None and pieces and pieces[-1].number < last:
        last = None  # The server was restarted and counts from 0 again: it is another stream.
    if not goes_on and not recorded:
        pieces = pieces[-BEHIND:]
    return tuple(each for each in pieces if last is None or each.number > last)


def _master(lines: list[str]) -> Playlist | None:
    apart: list[Variant] = []
    found: list[Variant] = []
    info: dict[str, str] | None = None
    for line in lines:
        if line.startswith("#EXT-X-MEDIA:"):
            said = _attributes(line)
            if said.get("TYPE") == "AUDIO" and said.get("URI"):
                apart.insert(0 if said.get("DEFAULT") == "YES" else len(apart), Variant(uri=said["URI"], bits=0))
        elif line.startswith("#EXT-X-STREAM-INF:"):
            info = _attributes(line)
        elif line and not line.startswith("#") and info is not None:
            codecs = info.get("CODECS", "")
            if not codecs or any(each in codecs.lower() for each in SOUND):
                found.append(Variant(uri=line, bits=_number(info.get("BANDWIDTH", ""))))
            info = None
    variants = (*apart, *sorted(found, key=lambda each: each.bits))
    return Playlist(variants=variants) if variants else None


def _media(lines: list[str]) -> Playlist | None:
    pieces: list[MediaSegment] = []
    number, ms, target, start = 0, 0, 6_000, ""
    cut, ended = False, False
    for line in lines:
        tag, _, value = line.partition(":")
        match tag:
            case "#EXT-X-MEDIA-SEQUENCE" if not pieces:
                number = _number(value)
            case "#EXT-X-TARGETDURATION":
                target = max(1, _number(value)) * 1_000
            case "#EXTINF":
                ms = _ms(value.partition(",")[0])
            case "#EXT-X-DISCONTINUITY":
                cut = True
            case "#EXT-X-MAP":
                said = _attributes(line)
                if "BYTERANGE" in said:
                    return None
                start = said.get("URI", "")
            case "#EXT-X-KEY":
                if _attributes(line).get("METHOD") != "NONE":
                    return None
            case "#EXT-X-BYTERANGE":
                return None
            case "#EXT-X-ENDLIST":
                ended = True
            case _ if line and not line.startswith("#"):
                pieces.append(MediaSegment(number=number, uri=line, ms=ms, start=start, cut=cut))
                number, ms, cut = number + 1, 0, False
            case _:
                pass
    return Playlist(pieces=tuple(pieces), ended=ended, target_ms=min(target, 60_000))


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def _number(text: str) -> int:
    return number_in(text, 18) or 0


def _ms(text: str) -> int:
    whole, _, part = text.strip().partition(".")
    return min(_number(whole), 3_600) * 1_000 + _number(f"{part}000"[:3])

"""Playlists of HLS (RFC 8216): as much of them as the sound needs."""

from __future__ import annotations

import re

import msgspec

from moothall.core.kernel.decoding import number_in

MOST_BYTES = 1_000_000
"""Of a playlist."""
BEHIND = 2
"""Segments of a live stream that are taken at the start, counted from its newest."""
MOST_TAG = 8_000
"""Characters of a tag. Overflow: it is passed over. How long an address may be says who fetches it."""
SOUND = ("mp4a", "ac-3", "ec-3", "opus", "flac", "mp3", "alac", "vorbis")
# A name is sought at its beginning alone, and is short: else letters without "=" would take time by their square.
_ATTRIBUTE = re.compile(r'(?<![A-Z0-9-])([A-Z0-9-]{1,64})=("[^"]*"|[^,]*)')


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A segment."""

    number: int
    """Media sequence number."""
    uri: str
    """As it stands there: it may be relative to the playlist."""
    ms: int
    start: str = ""
    """URI of what has to be read before it, of fragmented MP4; empty where there is nothing."""
    cut: bool = False
    """Whether it begins something else than what the one before ended: another codec, or other times."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One of several forms of the same stream."""

    uri: str
    bits: int
    """A second; 0 where nobody says."""


class Playlist(msgspec.Struct, frozen=True, kw_only=True):
    """What a playlist says: segments, or where playlists of segments are."""

    pieces: tuple[Piece, ...] = ()
    variants: tuple[Variant, ...] = ()
    """Those with sound, the one to take first."""
    ended: bool = False
    """Whether nothing more will come."""
    target_ms: int = 6_000
    """The longest segment."""


def is_playlist(head: bytes) -> bool:
    """Whether something that begins with these bytes is one."""
    return head.removeprefix(b"\xef\xbb\xbf").startswith(b"#EXTM3U")


def read_playlist(text: str) -> Playlist | None:
    """What stands in it; None where nothing in it can be fetched: encrypted, in byte ranges, or no playlist at all."""
    text = text.removeprefix("\ufeff")
    if not text.startswith("#EXTM3U"):
        return None
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if len(line) <= MOST_TAG or not line.startswith("#")]
    if any(line.startswith("#EXT-X-STREAM-INF:") for line in lines):
        return _master(lines)
    return _media(lines)


def next_pieces(playlist: Playlist, last: int | None, *, goes_on: bool, recorded: bool = False) -> tuple[Piece, ...]:
    """The segments that follow number `last`. `goes_on`: by the same connection, so that none may be missed; nor may
    one of what is `recorded`, to which nothing was added from the first.

    Else of a live stream the newest, and none that was given before: its words would come twice. One that ended is live
    as well: whoever packs it writes so when its encoder falters, and goes on later.
    """
    pieces = playlist.pieces
    if last is not None and pieces and pieces[-1].number < last:
        last = None  # The server was started again and counts from 0: it is another stream.
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
    pieces: list[Piece] = []
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
                pieces.append(Piece(number=number, uri=line, ms=ms, start=start, cut=cut))
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

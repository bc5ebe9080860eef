from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.streams.playlist import (
    _ATTRIBUTE,
    MOST_TAG,
    MediaSegment,
    Playlist,
    Variant,
    is_playlist,
    next_pieces,
    read_playlist,
)

LIVE = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.0,
a.m4s
#EXTINF:3.96,title, with a comma
b.m4s

#EXT-X-DISCONTINUITY
#EXTINF:4
https://other.example.org/c.m4s
"""
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",URI="de.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="en, or so.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="inside"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",URI="s.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS="avc1.4d,mp4a.40.2"
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=90000,CODECS="avc1.4d"
mute.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=fast
low.m3u8
stray.m3u8
"""


def numbers(playlist: Playlist, last: int | None, *, goes_on: bool, recorded: bool = False) -> list[int]:
    return [each.number for each in next_pieces(playlist, last, goes_on=goes_on, recorded=recorded)]


def test_segments_have_their_numbers_lengths_and_what_stands_before_them() -> None:
    assert is_playlist(LIVE.encode())
    assert is_playlist(b"\xef\xbb\xbf" + LIVE.encode())
    assert not is_playlist(b"ID3")
    found = read_playlist(LIVE)
    assert found == Playlist(
        pieces=(
            MediaSegment(number=41, uri="a.m4s", ms=4_000, start="init.mp4"),
            MediaSegment(number=42, uri="b.m4s", ms=3_960, start="init.mp4"),
            MediaSegment(number=43, uri="https://other.example.org/c.m4s", ms=4_000, start="init.mp4", cut=True),
        ),
        target_ms=4_000,
    )


def test_of_several_forms_the_sound_alone_comes_first_then_the_smallest_with_sound() -> None:
    found = read_playlist(MASTER)
    assert found is not None
    assert found.variants == (
        Variant(uri="en, or so.m3u8", bits=0),
        Variant(uri="de.m3u8", bits=0),
        Variant(uri="low.m3u8", bits=0),
        Variant(uri="high.m3u8", bits=2_000_000),
    )
    mute = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1"\nmute.m3u8\n'
    assert read_playlist(mute) is None


def test_what_can_not_be_fetched_is_none() -> None:
    for text in (
        "",
        "<html>",
        '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:4,\na.ts\n',
        "#EXTM3U\n#EXTINF:4,\n#EXT-X-BYTERANGE:100@0\na.ts\n",
        '#EXTM3U\n#EXT-X-MAP:URI="a.mp4",BYTERANGE="100@0"\n#EXTINF:4,\na.mp4\n',
    ):
        assert read_playlist(text) is None
    assert read_playlist("#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\na.ts\n") is not None


def test_a_live_stream_begins_at_its_newest_and_goes_on_without_a_hole() -> None:
    live = Playlist(pieces=tuple(MediaSegment(number=n, uri=f"{n}", ms=4_000) for n in range(10, 16)))
    assert numbers(live, None, goes_on=False) == [14, 15]
    assert numbers(live, 12, goes_on=True) == [13, 14, 15]
    assert numbers(live, 15, goes_on=True) == []
    assert numbers(live, 14, goes_on=False) == [15], "what was given before would come twice"
    assert numbers(live, 99, goes_on=False) == [14, 15], "a server that was started again counts anew"
    assert numbers(live, 99, goes_on=True) == [10, 11, 12, 13, 14, 15]
    assert numbers(Playlist(), 5, goes_on=True) == []
    over = Playlist(pieces=live.pieces, ended=True)
    assert numbers(over, None, goes_on=False, recorded=True) == [10, 11, 12, 13, 14, 15]
    assert numbers(over, 11, goes_on=False, recorded=True) == [12, 13, 14, 15]
    assert numbers(over, 15, goes_on=False, recorded=True) == []
    assert numbers(over, 11, goes_on=False) == [14, 15], "live, whatever its end says"
    assert numbers(over, 15, goes_on=False) == []


@given(st.text(alphabet=st.sampled_from('#EXTM3U-INFDKYAP:=,"\n01.9abc \ufeff\u0661'), max_size=200))
def test_whatever_stands_in_it_it_is_read_or_none(text: str) -> None:
    found = read_playlist("#EXTM3U\n" + text)
    assert found is None or all(0 <= each.ms <= 3_601_000 for each in found.pieces)


def test_what_is_no_playlist_by_its_first_bytes_is_read_as_none() -> None:
    for text in ("", "\n", " " + LIVE, "\n" + LIVE, "#EXTM3" + LIVE):
        assert not is_playlist(text.encode())
        assert read_playlist(text) is None


def test_a_first_number_behind_a_segment_is_passed_over() -> None:
    found = read_playlist("#EXTM3U\n#EXTINF:4,\na\n#EXT-X-MEDIA-SEQUENCE:41\n#EXTINF:4,\nb\n")
    assert found is not None
    assert [each.number for each in found.pieces] == [0, 1]


def test_numbers_that_are_none_count_as_nothing() -> None:
    odd = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:x\n#EXT-X-TARGETDURATION:99999\n#EXTINF:9999999,\na\n#EXT-X-ENDLIST\n"
    found = read_playlist(odd)
    assert found is not None
    assert (found.pieces[0].number, found.pieces[0].ms, found.target_ms, found.ended) == (0, 3_600_000, 60_000, True)


def test_a_name_without_an_end_is_sought_once_and_a_tag_without_an_end_is_passed_over() -> None:
    # Were a name sought from each of its letters, or through all of a long tag, time would grow by the square.
    assert _ATTRIBUTE.findall("A" * 65 + '=1,URI="a"') == [("URI", '"a"')]
    assert _ATTRIBUTE.findall("A" * 64 + "=1") == [("A" * 64, "1")]
    long = f'#EXT-X-MAP:URI="init.mp4",X="{"x" * MOST_TAG}"\n'
    found = read_playlist(f"#EXTM3U\n{long}#EXTINF:4,\n{'a' * (MOST_TAG + 1)}\n#EXTINF:4,\nb.ts\n")
    assert found is not None
    assert [(each.number, each.start) for each in found.pieces] == [(0, ""), (1, "")], "no segment is left out"

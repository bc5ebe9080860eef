"""Pages of finished lines, and the reader that joins them. The law for any text is in tests/property/wire."""

from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.persistent import PersistentList
from moothall.core.views.captions import CaptionsView, Line
from moothall.wire.cached_feed import EVERY_MS, CachedFeed, CachedLine, CachedText, tag

FLOOR = Feed(ChannelId("floor"), live=False)


def line(n: int, **fields: object) -> Line:
    made = Line(
        segment=SegmentId(f"s{n}"), t0=n * 1_000, t1=n * 1_000 + 900, language="en", origin=le.Origin.MACHINE,
        text=f" Line {n}.",
    )  # fmt: skip
    return msgspec.structs.replace(made, **fields)


def feed(*lines: Line) -> CachedFeed:
    view = CaptionsView.empty(SessionId("plenary"), Epoch("e"), FLOOR)
    said: PersistentList[Line] = PersistentList()
    for each in lines:
        said = said.append(each)
    session = msgspec.structs.replace(view.session, title="Plenary", speakers={SpeakerId("ana"): "Ana"})
    return CachedFeed.of(msgspec.structs.replace(view, lines=said, session=session))


def many(count: int) -> list[Line]:
    return [line(n) for n in range(count)]


def read(text: CachedText, given: CachedFeed) -> list[str]:
    """Have a reader take all of it; the pages that it asked for."""
    asked = text.take(given.encoded())
    for name in asked:
        text.fill(name, given.pages[name])
    assert text.whole
    return asked


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (29, []),
        (30, [25]),
        (104, [25, 25, 25]),
        (105, [100]),
        (431, [400, 25]),
        (1_604, [400, 400, 400, 100, 100, 100, 25, 25, 25]),
    ],
)
def test_a_text_has_few_pages_however_long_it_is(count: int, sizes: list[int]) -> None:
    contents = feed(*many(count)).contents
    assert [int(name.split("-")[1]) for name in contents.pages] == sizes
    assert len(contents.lines) == count - sum(sizes)


def test_only_finished_lines_are_there_and_say_who_said_them() -> None:
    lines = (
        line(0, speaker=SpeakerId("ana"), mended=True),
        line(1, t1=None),
        line(2, gone=True),
        line(3, text="  "),
        line(4, speaker=SpeakerId("unknown")),
    )
    first, last = feed(*lines).contents.lines
    assert first == CachedLine(
        segment=SegmentId("s0"), t0=0, t1=900, language="en", origin=le.Origin.MACHINE, text="Line 0.", name="Ana",
        mended=True,
    )  # fmt: skip
    assert (last.segment, last.name) == ("s4", "")


def test_lines_say_what_they_are_worth_and_where_another_voice_begins() -> None:
    gist, copied = (le.MadeFrom(sources=(), route=route, rough=True) for route in ("echo 1 ar>en", ""))
    lines = (
        line(0, rough=True, voice_changes=True),
        line(1, made_from=copied),
        line(2, made_from=gist),
        line(3, made_from=gist, mended=True),
        line(4),
    )
    told = [(each.rough, each.gist, each.voice_changes) for each in feed(*lines).contents.lines]
    none = (False, False, False)
    assert told == [(True, False, True), (True, False, False), (False, True, False), none, none]


def test_the_contents_are_json_without_what_is_not_so() -> None:
    told = msgspec.json.decode(feed(line(0)).encoded())
    said = {"segment": "s0", "t0": 0, "t1": 900, "language": "en", "origin": "machine", "text": "Line 0."}
    assert told == {
        "session": "plenary", "channel": "floor", "title": "Plenary", "every": EVERY_MS, "lines": [said],
    }  # fmt: skip
    assert msgspec.json.decode(feed().encoded(lost=True))["lost"] is True


def test_a_page_that_did_not_change_keeps_its_name() -> None:
    lines = many(60)
    before = feed(*lines).contents.pages
    lines[30] = line(30, text="Line 30, corrected.")
    after = feed(*lines).contents.pages
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_reader_asks_for_what_it_lacks_and_for_nothing_again() -> None:
    text, lines = CachedText(), many(130)
    assert len(read(text, feed(*lines))) == 2
    assert [each.text for each in text.lines] == [f"Line {n}." for n in range(130)]
    assert read(text, feed(*lines)) == []
    lines[110] = line(110, text="Mended.")
    assert len(read(text, feed(*lines))) == 1
    assert text.lines[110].text == "Mended."


def test_a_reader_who_has_the_lines_makes_the_larger_page_itself() -> None:
    text = CachedText()
    for count in range(90, 411, 4):
        asked = read(text, feed(*many(count)))
        assert len(asked) == (3 if count == 90 else 0)
    assert text.contents is not None
    assert len(text.contents.pages) == 1
    assert len(text.lines) == 410


def test_what_was_removed_is_gone_with_the_next_contents() -> None:
    text, lines = CachedText(), many(60)
    read(text, feed(*lines))
    del lines[3]
    given = feed(*lines)
    assert not any(b"Line 3." in page for page in given.pages.values())
    read(text, given)
    assert "s3" not in {each.segment for each in text.lines}


def test_a_reader_who_lacks_a_page_says_so_and_takes_the_next_contents_for_it() -> None:
    text, lines = CachedText(), many(60)
    assert not text.whole
    assert text.lines == ()
    first = feed(*lines)
    _, second = text.take(first.encoded())
    text.fill(second, first.pages[second])
    assert not text.whole
    assert text.lines == ()
    assert len(read(text, first)) == 1
    assert len(text.lines) == 60


def test_what_is_not_what_it_should_be_is_refused() -> None:
    text, given = CachedText(), feed(*many(30))
    with pytest.raises(ProtocolError, match="can't be read"):
        text.take(b"{")
    with pytest.raises(ProtocolError, match="but no page can have this name"):
        text.take(b'{"session": "s", "channel": "floor", "pages": ["../../admin"]}')
    (name,) = text.take(given.encoded())
    with pytest.raises(ProtocolError, match="does not match the digest in its name"):
        text.fill(name, given.pages[name] + b" ")
    with pytest.raises(ProtocolError, match="can't be read"):
        text.fill(f"0-25-{tag(b'[')}", b"[")
    bad = b'{"lines":[1]}'
    text.fill(f"0-25-{tag(bad)}", bad)
    text.take(b'{"session": "s", "channel": "floor", "pages": ["0-25-%b"]}' % tag(bad).encode())
    with pytest.raises(ProtocolError, match="A line can't be read"):
        _ = text.lines

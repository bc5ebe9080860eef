"""A reader of the cached feed has the current text, at whatever moments it reads."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events import lines as le
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.persistent import PersistentList
from moothall.core.views.captions import CaptionsView, Line
from moothall.wire.cached_feed import CachedFeed, CachedText

Act = tuple[str, int]

EMPTY = CaptionsView.empty(SessionId("s"), Epoch("e"), Feed(ChannelId("floor"), live=False))
acts = st.tuples(st.sampled_from(["say", "say", "say", "mend", "remove", "insert", "strike"]), st.integers(0, 10_000))


def feed(lines: list[Line]) -> CachedFeed:
    said: PersistentList[Line] = PersistentList()
    for line in lines:
        said = said.append(line)
    return CachedFeed.of(msgspec.structs.replace(EMPTY, lines=said))


def acted(lines: list[Line], act: Act, number: int) -> None:
    """Change a text, as what happens in a meeting does."""
    kind, at = act
    at %= len(lines) + 1
    name, text = SegmentId(f"s{number}"), f"{number}."
    new = Line(segment=name, t0=number, t1=number + 1, language="en", origin=le.Origin.MACHINE, text=text)
    if kind == "say" or at == len(lines):
        lines += [new, *(msgspec.structs.replace(new, segment=SegmentId(f"s{number}-{n}")) for n in range(at % 30))]
    elif kind == "insert":
        lines.insert(at, new)
    elif kind == "remove":
        del lines[at]
    else:
        changed = {"gone": True} if kind == "strike" else {"text": f"Mended {number}."}
        lines[at] = msgspec.structs.replace(lines[at], **changed)


@given(st.lists(st.tuples(acts, st.booleans(), st.booleans()), max_size=40))
def test_a_reader_has_the_text_whatever_happened_between_two_looks(steps: list[tuple[Act, bool, bool]]) -> None:
    lines: list[Line] = []
    text = CachedText()
    for number, (act, looks, comes) in enumerate(steps):
        acted(lines, act, number)
        if not looks:
            continue
        given_now = feed(lines)
        names = text.take(given_now.encoded())
        for name in names if comes else names[1:]:  # A page may have been replaced before it was asked for.
            text.fill(name, given_now.pages[name])
        if text.whole:
            shown = [(line.segment, line.text) for line in text.lines]
            assert shown == [(line.segment, line.text) for line in lines if not line.gone]
    last = feed(lines)
    for name in text.take(last.encoded()):
        text.fill(name, last.pages[name])
    assert [line.segment for line in text.lines] == [line.segment for line in lines if not line.gone]

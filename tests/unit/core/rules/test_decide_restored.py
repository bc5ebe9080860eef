"""`decide_lines`: lines struck for another language are restored."""

from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.removal.moves import returned
from moothall.core.sessions.state import State
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    end,
    events,
    line_of,
    refused,
    revise,
    segment,
    speaking,
    word,
)

A, B, C = segment("a"), segment("b"), segment("c")
RESTORE = do.RestoreSegments(channel=FLOOR, rewinding=1, t=1100, through=1500, segments=(B,))


def redone(through: int = 1490) -> State:
    """`b` was struck, and `c` was heard in its place up to `through`."""
    state = carry_out(speaking(), do.RewindChannel(channel=FLOOR, t=1100))
    return carry_out(state, commit("c", 0, word("Bem-vindo", 1200, through), start=1200), actor=ENGINE)


def standing(state: State) -> list[str]:
    lines = [line for _, line in state.segments.items() if not line.gone]
    return [line.whole for line in sorted(lines, key=lambda line: (line.t0, line.id))]


def test_what_was_struck_stands_again_and_what_was_heard_instead_is_struck() -> None:
    state = redone()
    first, *again = events(state, RESTORE)
    assert first == le.ChannelRewound(channel=FLOOR, t=1490, segments=(C,))
    assert {event.type for event in map(_named, again)} == {"segment.opened", "words.committed", "segment.ended"}
    after = carry_out(state, RESTORE, actor=CAPTIONER)
    assert standing(after) == ["Good morning all.", "Welcome"]
    channel = after.channels[FLOOR]
    assert (channel.committed_through, channel.open_segment) == (1500, None)
    assert [each.text for each in channel.last_words] == ["Welcome"]
    assert line_of(after, returned(B)).ended
    # The engine goes on from there.
    carry_out(after, commit("d", 0, word("So", 1600, 1700), start=1600), actor=ENGINE)


def test_a_line_that_its_engine_bettered_stands_again_as_it_read_and_can_be_struck_again() -> None:
    better = carry_out(speaking(), revise("a", 3, "Good mourning, all."), actor=ENGINE)
    struck = carry_out(better, do.RewindChannel(channel=FLOOR, t=0))
    restore = do.RestoreSegments(channel=FLOOR, rewinding=1, t=0, through=1500, segments=(A, B))
    after = carry_out(struck, restore, actor=CAPTIONER)
    line = line_of(after, returned(A))
    assert (line.whole, len(line.words), line.mended) == ("Good mourning, all.", 3, False)
    assert standing(after) == ["Good mourning, all.", "Welcome"]
    # Its sound is recognised once more, so none of it may be left.
    assert standing(carry_out(after, do.RewindChannel(channel=FLOOR, t=0))) == []


class _Named(msgspec.Struct):
    type: str


def _named(event: ev.AnyEvent) -> _Named:
    return _Named(str(event.__struct_config__.tag))


def test_what_was_said_later_stays_with_the_last_words_and_the_open_line_is_ended() -> None:
    state = carry_out(redone(), end("c", 1490), actor=ENGINE)
    later = commit("d", 0, word("Now", 1450, 1530), word(" the", 1600, 1700), start=1450)
    state = carry_out(state, later, end("d", 1700), actor=ENGINE)
    state = carry_out(state, commit("e", 0, word("next", 1800, 1900), start=1800), actor=ENGINE)
    after = carry_out(state, RESTORE, actor=CAPTIONER)
    assert standing(after) == ["Good morning all.", "Welcome", " the", "next"]
    assert line_of(after, "e").ended
    channel = after.channels[FLOOR]
    assert channel.committed_through == 1900
    assert [each.text for each in channel.last_words] == ["next"]


def test_what_people_did_meanwhile_stays() -> None:
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Typed.", language="en")
    state = carry_out(redone(), typed, actor=CAPTIONER, wall=WALL + 1300)
    assert "Typed." in standing(carry_out(state, RESTORE, actor=CAPTIONER))
    mended = carry_out(state, correct("c", 0, 1, "Bem-vindos"), actor=CAPTIONER)
    assert refused(mended, RESTORE).code is RefusalCode.STALE
    # Of what was mended before nothing is struck.
    before = carry_out(speaking(), correct("a", 0, 3, "Hello."), actor=CAPTIONER)
    rewound = carry_out(before, do.RewindChannel(channel=FLOOR, t=0))
    restored = do.RestoreSegments(channel=FLOOR, rewinding=1, t=1000, through=1500, segments=(B,))
    assert standing(carry_out(rewound, restored, actor=CAPTIONER)) == ["Hello.", "Welcome"]


def test_what_was_struck_twice_is_brought_back_from_the_newest_on() -> None:
    state = carry_out(redone(), do.RewindChannel(channel=FLOOR, t=1100))
    newer = do.RestoreSegments(channel=FLOOR, rewinding=2, t=1100, through=1490, segments=(C,))
    older_first = carry_out(state, RESTORE, actor=CAPTIONER)
    assert refused(older_first, newer).code is RefusalCode.STALE
    newest_first = carry_out(state, newer)
    assert standing(newest_first) == ["Good morning all.", "Bem-vindo"]
    assert standing(carry_out(newest_first, RESTORE)) == ["Good morning all.", "Welcome"]


def test_what_came_back_from_another_session_stays() -> None:
    away = do.MoveSegmentsAway(channel=FLOOR, segments=(A,), session=SessionId("o"))
    back = do.BringSegmentsBack(channel=FLOOR, segments=(A,), session=SessionId("o"))
    state = carry_out(speaking(), away, wall=WALL + 90_000)
    state = carry_out(state, do.RewindChannel(channel=FLOOR, t=0), back)
    restored = do.RestoreSegments(channel=FLOOR, rewinding=1, t=0, through=1500, segments=(B,))
    assert standing(carry_out(state, restored)) == ["Good morning all.", "Welcome"]


def test_it_can_be_restored_after_the_close_and_not_while_nothing_is_recorded() -> None:
    closed = carry_out(redone(), do.CloseSession(), wall=WALL + 2000)
    assert standing(carry_out(closed, RESTORE, actor=CAPTIONER)) == ["Good morning all.", "Welcome"]
    unrecorded = carry_out(redone(), do.BeginNotRecorded(), wall=WALL + 2000)
    assert refused(unrecorded, RESTORE).code is RefusalCode.CONFLICT


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"channel": ChannelId("xx")}, RefusalCode.UNKNOWN),
        ({"t": -1}, RefusalCode.INVALID),
        ({"rewinding": 0}, RefusalCode.INVALID),
        ({"rewinding": 2}, RefusalCode.UNKNOWN),
        ({"through": 1000}, RefusalCode.INVALID),
        ({"segments": (B, B)}, RefusalCode.INVALID),
        ({"segments": (A,)}, RefusalCode.UNKNOWN),
        ({"segments": (B, segment("none"))}, RefusalCode.STALE),
    ],
)
def test_only_lines_that_were_struck_are_restored(fields: dict[str, object], code: RefusalCode) -> None:
    assert refused(redone(), msgspec.structs.replace(RESTORE, **fields)).code is code


def test_lines_stand_again_once() -> None:
    assert refused(carry_out(redone(), RESTORE, actor=CAPTIONER), RESTORE).code is RefusalCode.CONFLICT

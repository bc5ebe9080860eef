from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import types as ev
from moothall.core.session.keeping import Keeping, KeepingFact, keeping_after


def after(*events: KeepingFact) -> Keeping:
    keeping = Keeping()
    for event in events:
        keeping = msgspec.structs.replace(keeping, **keeping_after(keeping, event))
    return keeping


OFF, PAUSED = ev.NotRecordedBegan(t0=10), ev.SessionPaused(t=20, t0=15)


@pytest.mark.parametrize(
    ("events", "recorded", "in_break", "unkept"),
    [
        ((), True, False, ()),
        ((OFF,), False, False, ((10, None),)),
        ((OFF, ev.NotRecordedEnded(t1=30)), True, False, ((10, 30),)),
        ((PAUSED,), True, True, ((15, None),)),
        ((PAUSED, ev.SessionResumed(t=40, t1=35)), True, False, ((15, 35),)),
        ((PAUSED, ev.SessionResumed(t=40)), True, False, ((15, 40),)),
        ((PAUSED, ev.SessionClosed(t=50)), True, False, ((15, 50),)),
        ((ev.SessionClosed(t=50),), True, False, ()),
        ((OFF, PAUSED), False, True, ((10, None),)),
        ((OFF, PAUSED, ev.NotRecordedEnded(t1=30)), True, True, ((10, None),)),
        ((OFF, ev.NotRecordedEnded(t1=12), PAUSED), True, True, ((10, 12), (15, None))),
        # Of a release in which the text went on through a break.
        ((ev.SessionPaused(t=20), ev.SessionResumed(t=40)), True, False, ()),
    ],
)
def test_what_is_kept_follows_from_what_was_said(
    events: tuple[KeepingFact, ...], recorded: bool, in_break: bool, unkept: tuple[tuple[int, int | None], ...]
) -> None:
    keeping = after(*events)
    assert (keeping.recorded, keeping.in_break, keeping.unkept) == (recorded, in_break, unkept)
    assert keeping.keeps == (recorded and not in_break)
    for t in range(60):
        inside = any(t0 <= t and (t1 is None or t < t1) for t0, t1 in unkept)
        assert keeping.kept(t) is not inside
        assert keeping.kept_through(t, t) is not inside
    assert keeping.kept_through(0, 60) == (not unkept)


def test_when_a_break_was_said_to_begin_is_known_while_it_lasts() -> None:
    assert after(PAUSED).paused_at == 20
    assert after(PAUSED, ev.SessionResumed(t=40, t1=40)).paused_at is None


def test_what_a_break_was_set_back_by_is_no_delay_for_as_long() -> None:
    keeping = after(PAUSED, ev.SessionResumed(t=60_000, t1=40_000))
    assert [keeping.delay(lag, now) for lag, now in ((20_000, 60_000), (12_000, 70_000), (3_000, 79_999))] == [0, 0, 0]
    assert keeping.delay(26_000, 66_000) == 6_000, "nothing becomes text"
    assert keeping.delay(9_000, 80_000) == 9_000, "it isn't caught up in time"
    keeping = msgspec.structs.replace(keeping, **keeping_after(keeping, ev.SessionPaused(t=81_000, t0=81_000)))
    keeping = msgspec.structs.replace(keeping, **keeping_after(keeping, ev.SessionResumed(t=90_000, t1=90_000)))
    assert keeping.delay(11_000, 91_000) == 11_000
    assert after(PAUSED, ev.SessionResumed(t=40)).delay(7, 40) == 7

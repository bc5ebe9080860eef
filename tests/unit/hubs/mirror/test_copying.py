from __future__ import annotations

import msgspec
import pytest

from moothall.core.chain import LogRecord, seal
from moothall.core.events import types as ev
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import ChannelId, Epoch, Lane
from moothall.core.kernel.lanes import SESSION as SESSION_LANE
from moothall.core.kernel.lanes import channel_lane
from moothall.wire.hubs.messages import Erased, FeedPart, Follow, Live, Stopped, Taken
from moothall_hub.mirror.checking import Broken
from moothall_hub.mirror.copied import CopyStep, EventRange, SessionCopy, dropped
from moothall_hub.mirror.copying import batch, began, broke, caught, follow, has_erased, stopped
from support.hubs.log_above import FLOOR, FRENCH, OWN, SIGNED, Disk, LogAbove, Served
from support.sessions.recorder import EPOCH, SESSION, Recorder

NEW = SessionCopy(session=SESSION)
LANE = channel_lane(FLOOR)


def a_log(*kinds: str) -> LogAbove:
    log = LogAbove()
    for kind in kinds:
        log.happens(kind)
    return log


def stepped(found: CopyStep | Broken) -> CopyStep:
    assert isinstance(found, CopyStep), found
    return found


def told(found: CopyStep | Broken) -> str:
    assert isinstance(found, Broken), found
    return found.reason


def follows(
    copy: SessionCopy, log: LogAbove, *channels: ChannelId, words: bool = False, little: int = 0, back: int = 0
) -> tuple[Served, CopyStep]:
    asked, message = follow(copy, channels or (FLOOR,), words=words)
    served = Served(log, message, little=little, back=back)
    return served, stepped(began(asked, served.live))


def missed(served: Served, most: int = 100) -> list[LogRecord]:
    found = served.missed(most)
    assert isinstance(found, tuple)
    return found[1]


def whole(log: LogAbove) -> SessionCopy:
    """A copy of all of it."""
    served, step = follows(NEW, log, little=1_000)
    return stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED)).copy


def with_hole(log: LogAbove) -> tuple[Served, SessionCopy]:
    """A copy of a log's first events, and its last line live; some of what was missed is to come."""
    served, step = follows(NEW, log, back=2)
    copy = stepped(batch(step.copy, FeedPart.MISSED, missed(served, 2), SIGNED, number=1)).copy
    return served, stepped(batch(copy, FeedPart.LIVE, served.now(), SIGNED)).copy


def test_a_copy_begins_with_what_is_said_now_and_then_gets_what_it_missed() -> None:
    log = a_log("line", "line", "check", "line")
    asked, message = follow(NEW, (FLOOR,), words=False)
    assert message == Follow(session=SESSION, channels=(FLOOR,), number=1)
    assert (asked.offset, asked.epoch, asked.whole, asked.checked, asked.verified) == (0, None, False, False, 0)
    assert asked.reader_epoch == "0"
    served = Served(log, message, little=0, back=2)
    begun = stepped(began(asked, served.live))
    assert (begun.renew, begun.anew, begun.copy.followed, begun.copy.whole) == (False, False, (FLOOR,), False)
    live = stepped(batch(begun.copy, FeedPart.LIVE, served.now(), SIGNED))
    assert (len(live.records), live.show, live.renew, live.say) == (2, True, False, ())
    first = stepped(batch(live.copy, FeedPart.MISSED, missed(served, 3), SIGNED, number=1))
    assert (first.say, first.show) == ((Taken(session=SESSION, number=1),), False)
    assert first.renew, "only now it can be known what there is to read"
    rest = stepped(batch(first.copy, FeedPart.MISSED, missed(served, 2), SIGNED, number=2))
    assert not rest.renew
    end = stepped(batch(rest.copy, FeedPart.MISSED, missed(served), SIGNED, number=3))
    assert (end.renew, end.copy.whole, end.copy.offset, end.copy.verified) == (True, True, 9, 7)
    assert end.copy.reader_epoch == f"{EPOCH}r2"
    assert stepped(caught(end.copy)) == CopyStep(copy=end.copy)


def test_what_comes_before_the_answer_is_passed_over() -> None:
    log = a_log("line", "line")
    served, step = follows(NEW, log)
    asked, again = follow(step.copy, (FLOOR,), words=True)
    assert stepped(batch(asked, FeedPart.MISSED, missed(served), SIGNED, number=1)) == CopyStep(copy=asked)
    assert stepped(began(asked, served.live)) == CopyStep(copy=asked), "it answers the one before"
    assert stepped(caught(asked)) == CopyStep(copy=asked)
    answered = stepped(began(asked, Served(log, again).live)).copy
    assert not answered.asked
    assert stepped(began(answered, served.live)) == CopyStep(copy=answered)
    assert stepped(batch(NEW, FeedPart.LIVE, (), SIGNED)) == CopyStep(copy=NEW)


def test_little_that_was_missed_just_goes_on() -> None:
    log = a_log("line", "check")
    copy = whole(log)
    assert (copy.checked, copy.fills) == (True, 0)
    log.happens("line")
    served, step = follows(copy, log, little=5)
    assert (served.live.missed, step.copy.live) == (False, None)
    live = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED))
    assert (live.show, live.copy.offset, live.copy.whole, live.copy.checked) == (True, 7, True, False)
    assert stepped(batch(live.copy, FeedPart.LIVE, (), SIGNED)).show


def test_it_goes_on_behind_a_hole() -> None:
    log = a_log("line", "line", "line")
    _, copy = with_hole(log)
    log.happens("line")
    served, step = follows(copy, log, little=2)
    assert served.live.goes_on
    assert step.copy.live == copy.live
    live = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED))
    end = stepped(batch(live.copy, FeedPart.MISSED, missed(served), SIGNED, number=1))
    assert (end.copy.whole, end.copy.offset) == (True, 10)


def test_a_text_that_is_added_joins_both_sides_of_a_hole() -> None:
    log = a_log("line", "line", "line")
    served, step = follows(NEW, log, FLOOR, FRENCH, back=2)
    copy = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED)).copy
    log.happens("french")
    served, step = follows(copy, log, FLOOR, FRENCH, little=2)
    assert served.live.goes_on
    assert channel_lane(FRENCH) in served.lanes
    copy = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED)).copy
    assert stepped(batch(copy, FeedPart.MISSED, missed(served), SIGNED, number=1)).copy.whole


def test_what_is_behind_a_hole_and_not_gone_on_with_goes_as_far_as_nobody_vouches_for_it() -> None:
    log = a_log("line", "line", "line")
    _, copy = with_hole(log)
    log.happens("check")
    served, step = follows(copy, log, little=3)
    copy = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED)).copy
    log.happens("line")
    served, step = follows(copy, log, little=2)
    copy = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED)).copy
    assert copy.live is not None
    assert (copy.live.verified, copy.live.offset) == (9, 11)
    for _ in range(3):
        log.happens("line")
    _, step = follows(copy, log, back=1)
    assert (step.forget, step.renew) == (EventRange(9, 11), True)
    asked, message = follow(copy, (), words=False)
    assert (message.live, message.live_begin) == (None, 0)
    assert stepped(began(asked, Served(log, message, back=1).live)).forget == EventRange(9, 11)


def test_lanes_that_are_left_out_stay_and_are_gone_on_with() -> None:
    log = a_log("french", "french", "line", "check", "french")
    served, step = follows(NEW, log, FLOOR, FRENCH, little=1_000)
    copy = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED)).copy
    french = channel_lane(FRENCH)
    _, step = follows(copy, log, little=3)
    left = step.copy.left[french]
    assert left == log.recorder.heads[french]
    log.happens("french")
    log.happens("line")
    log.happens("check")
    served, step = follows(step.copy, log, FLOOR, FRENCH)
    assert step.copy.left == {}
    assert step.copy.known is not None
    assert (step.copy.known.heads[french], step.copy.verified) == (left, 8)
    end = stepped(batch(step.copy, FeedPart.MISSED, missed(served), SIGNED, number=1))
    assert (end.copy.whole, end.copy.checked) == (True, True)
    _, message = follow(stepped(follows(end.copy, log)[1]).copy, (FLOOR, FRENCH), words=False)
    assert message.known is not None
    assert french in message.known.heads


def test_a_text_that_is_added_once_all_is_over_is_vouched_for_by_what_was_signed_before() -> None:
    log = a_log("french", "french", "line", "check")
    served, step = follows(NEW, log, little=1_000)
    copy = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED)).copy
    assert copy.checked
    served, step = follows(copy, log, FLOOR, FRENCH)
    assert (step.copy.verified, step.copy.due) == (0, len(log.records))
    end = stepped(batch(step.copy, FeedPart.MISSED, missed(served), SIGNED, number=1)).copy
    assert (end.whole, end.verified) == (True, len(log.records))
    # Whoever says that there is nothing of it is found out at once, and whoever has something else when it has come.
    asked, message = follow(copy, (FLOOR, FRENCH), words=False)
    told_none = Served(log, message, little=0, back=0).live
    french = channel_lane(FRENCH)
    none = {lane: head for lane, head in told_none.heads.items() if lane != french}
    for missing in (True, False):
        found = began(asked, msgspec.structs.replace(told_none, heads=none, missed=missing))
        assert told(found) == f"The server lacks this event of lane {french}, although it is signed here."


def test_another_life_of_the_log_is_followed_from_its_first_event() -> None:
    copy = whole(a_log("line"))
    log = LogAbove(Recorder(SESSION, Epoch("another")))
    asked, message = follow(copy, (FLOOR,), words=False)
    answer = Served(log, msgspec.structs.replace(message, known=None)).live
    step = stepped(began(asked, msgspec.structs.replace(answer, epoch=Epoch("another"))))
    assert (step.anew, step.renew, step.copy.epoch, step.copy.offset, step.copy.asked) == (
        True,
        True,
        "another",
        0,
        False,
    )


def test_what_overlaps_is_shown_anew_and_not_twice() -> None:
    log = a_log("line", "line")
    copy = whole(log)
    log.happens("line")
    served, step = follows(copy, log, back=4)
    assert step.copy.live is not None
    assert set(step.copy.live.meets) == {LANE}
    assert stepped(caught(step.copy)).copy == step.copy, "nothing was missed, but what overlaps is to come"
    early = stepped(batch(step.copy, FeedPart.LIVE, served.now(1), SIGNED))
    assert (early.show, early.renew, early.copy.whole) == (False, True, False)
    end = stepped(batch(early.copy, FeedPart.LIVE, served.now(), SIGNED))
    assert end.copy.whole
    assert end.copy.offset == 8


def test_what_cant_be_true_of_a_beginning_is_named() -> None:
    log = a_log("line", "line", "check", "line")
    asked, message = follow(NEW, (FLOOR,), words=False)
    live = Served(log, message, back=1).live

    def wrong(copy: SessionCopy = asked, **fields: object) -> str:
        return told(began(copy, msgspec.structs.replace(live, **fields)))

    digest = "ab" * 32
    for head in (LaneHead(live.begin + 1, digest), LaneHead(-1, digest), LaneHead(1, "ab"), LaneHead(1, "AB" * 32)):
        assert wrong(heads={LANE: head}) == f"The server reports an impossible head of lane {LANE}."
    otherwise = "The server says that this continues the earlier live events, but those end differently."
    assert wrong(goes_on=True) == otherwise
    nothing = "The server says that nothing was missed, but event 7 of lane session is not here."
    assert wrong(missed=False, heads={SESSION_LANE: LaneHead(7, digest)}) == nothing
    served, copy = with_hole(log)
    again, message = follow(copy, (FLOOR,), words=False)
    ahead = {lane: LaneHead(head.offset, digest) for lane, head in served.live.heads.items()}
    other = msgspec.structs.replace(Served(log, message, little=5).live, heads=ahead)
    assert told(began(again, other)) == otherwise
    heads = {**served.live.heads, channel_lane(FRENCH): LaneHead(1, digest)}
    more = msgspec.structs.replace(Served(log, message, little=5).live, channels=(FLOOR, FRENCH), heads=heads)
    assert told(began(again, more)) == otherwise


def test_what_was_left_out_is_named_at_the_end() -> None:
    log = a_log("line", "line", "line", "line")
    _, copy = with_hole(log)
    found = caught(copy)
    lacking = f"The server says that all missed events were sent, but event 8 of lane {LANE} has not arrived."
    assert told(found) == lacking
    assert isinstance(found, Broken)
    assert (found.offset, found.lane) == (8, LANE)
    stuck = broke(copy, found)
    assert (stuck.broken, stepped(caught(stuck)).copy) == (found, stuck)
    assert stepped(began(stuck, Served(log, follow(copy, (FLOOR,), words=False)[1]).live)).copy == stuck
    with pytest.raises(ValueError, match="differs from its log at event 8; drop it first"):
        follow(stuck, (FLOOR,), words=False)
    fresh = dropped(stuck)
    assert (fresh.broken, fresh.known, fresh.fills) == (None, None, stuck.fills + 1)


def test_what_doesnt_join_is_named() -> None:
    log = a_log("line", "line")
    asked, message = follow(NEW, (FLOOR,), words=False)
    served = Served(log, message, back=2)
    heads = {lane: LaneHead(head.offset, "ab" * 32) for lane, head in served.live.heads.items()}
    step = stepped(began(asked, msgspec.structs.replace(served.live, heads=heads)))
    assert "end with another event than the one before the live events" in told(
        batch(step.copy, FeedPart.MISSED, missed(served), SIGNED, number=1)
    )


def test_what_was_removed_goes_and_that_is_said_once_it_is_on_the_disk() -> None:
    log = a_log("line", "line")
    copy = whole(log)
    log.remove(4)
    served, step = follows(copy, log, little=5)
    gone = stepped(batch(step.copy, FeedPart.LIVE, served.now(), SIGNED))
    assert (gone.erase, gone.say, gone.show) == ((4,), (Erased(session=SESSION, offset=7),), True)
    assert not has_erased(copy, EPOCH, 7)
    assert has_erased(gone.copy, EPOCH, 7)
    assert not has_erased(gone.copy, Epoch("other"), 7)
    assert has_erased(NEW, EPOCH, 7), "nothing is here"


def test_a_removal_that_was_missed_is_shown_at_once() -> None:
    log = a_log("line")
    copy = whole(log)
    log.remove(4)
    for _ in range(3):
        log.happens("line")
    served, step = follows(copy, log, back=2)
    gone = stepped(batch(step.copy, FeedPart.MISSED, missed(served, 1), SIGNED, number=1))
    assert (gone.erase, gone.renew) == ((4,), True)


def test_a_body_that_was_on_its_way_when_it_was_removed_isnt_kept() -> None:
    log = a_log("line", "line", "line")
    served, copy = with_hole(log)
    sent = missed(served)
    log.remove(4)
    gone = stepped(batch(copy, FeedPart.LIVE, served.now(), SIGNED))
    assert gone.copy.gone == {4}
    removal = log.records[-1].header.offset
    assert (has_erased(copy, EPOCH, removal), has_erased(gone.copy, EPOCH, removal)) == (False, True)
    late = stepped(batch(gone.copy, FeedPart.MISSED, sent, SIGNED, number=2))
    assert [each.header.offset for each in late.records if each.body is None] == [4]
    assert (late.copy.whole, late.copy.gone) == (True, frozenset())


def test_a_removal_removes_only_what_came_before_and_one_that_cant_be_read_nothing() -> None:
    log = a_log("line")
    copy = whole(log)
    log.add(ev.BodyRemoved(offsets=(4, 99), reason="request", by="staff-1"))
    _, step = follows(copy, log, little=5)
    sent = log.records[-1]
    assert stepped(batch(step.copy, FeedPart.LIVE, [sent], SIGNED)).erase == (4,)
    before = bytes.fromhex(log.stood[-2][SESSION_LANE].digest)
    for body in (b"{", b'{"type":"session.described","title":"x"}'):
        other = seal(before, sent.header, bytes(16), body)
        assert stepped(batch(step.copy, FeedPart.LIVE, [other], SIGNED)).erase == ()
    gone = msgspec.structs.replace(sent, body=None, salt=None)
    assert stepped(batch(step.copy, FeedPart.LIVE, [gone], SIGNED)).erase == ()


def test_the_hubs_own_lane_is_checked_by_its_chain() -> None:
    log = a_log("line", "own", "own")
    copy = whole(log)
    first, second = log.of(frozenset({OWN}))
    step = stepped(batch(copy, FeedPart.OWN, [first], SIGNED))
    assert (step.records, step.copy.own, step.show, step.say) == (
        (first,),
        {OWN: LaneHead(5, first.digest.hex())},
        True,
        (),
    )
    assert "It follows event 0 of lane hub:kisumu" in told(batch(step.copy, FeedPart.OWN, [first], SIGNED))
    assert stepped(batch(step.copy, FeedPart.OWN, [second], SIGNED)).copy.own[OWN].offset == 6
    for lane in ("session", "staff"):
        other = Recorder().record(ev.SessionPaused(t=1), lane=lane)
        assert told(batch(copy, FeedPart.OWN, [other], SIGNED)) == f"Lane {lane} belongs to no hub."


def test_the_server_above_stops_it() -> None:
    copy = whole(a_log("line"))
    withdrawn = stopped(copy, Stopped(session=SESSION, message="It is for the staff now."))
    assert (withdrawn.stopped, withdrawn.broken) == ("It is for the staff now.", None)
    assert stepped(batch(withdrawn, FeedPart.LIVE, a_log().records, SIGNED)).records == ()
    assert follow(withdrawn, (FLOOR,), words=False)[0].stopped == ""
    differs = stopped(copy, Stopped(session=SESSION, message="Another digest.", lane=Lane("questions"), offset=3))
    assert differs.broken == Broken(3, "Another digest.", Lane("questions"))


def test_a_copy_is_the_same_from_the_disk() -> None:
    log = a_log("line", "own", "line", "line")
    disk = Disk()
    _, copy = with_hole(log)
    disk.keep(stepped(batch(copy, FeedPart.OWN, log.of(frozenset({OWN})), SIGNED)))
    assert disk.copy == stepped(batch(copy, FeedPart.OWN, log.of(frozenset({OWN})), SIGNED)).copy
    assert isinstance(disk.copy.known, type(copy.known))


def test_a_live_without_a_number_is_taken_too() -> None:
    log = a_log("line")
    asked, message = follow(NEW, (FLOOR,), words=False)
    answer: Live = msgspec.structs.replace(Served(log, message).live, number=0)
    assert not stepped(began(asked, answer)).copy.asked

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, InterventionId, SessionId
from moothall.core.signals import LastWords
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.acts import SupportAct
from moothall_hub.uplink.centre_clock import ClockSample
from moothall_hub.uplink.link import Link
from moothall_hub.uplink.parts import (
    BROKEN,
    FENCED,
    LOOP,
    NOBODY,
    OTHER_PROTOCOL,
    SILENT,
    UNKNOWN_KEY,
    ClockMeasured,
    ClockReading,
    Dial,
    Do,
    Down,
    FollowAgain,
    Hang,
    MessageReceived,
    OfferActs,
    Phase,
    Quiet,
    Send,
    Turned,
)

PLENARY = SessionId("plenary")
WALL = 1_764_000_000_000
WELCOME = wire.Welcome(protocol=1, hub="kisumu", title="Kisumu", above=("c" * 16,), wall=WALL, keys=b"{}")
FOLLOW = wire.Follow(session=PLENARY, channels=(ChannelId("floor"),))
LIVE = wire.Live(session=PLENARY, epoch=Epoch("k3"), channels=FOLLOW.channels, begin=7, heads={}, missed=True)
SIGNALLED = wire.Signalled(session=PLENARY, signal=LastWords(channel=ChannelId("floor"), awaited=True))
BATCH = wire.Batch(session=PLENARY, part=wire.FeedPart.LIVE, data=b"")


def at(ms: int) -> ClockReading:
    return ClockReading(ms, WALL + ms)


def sent(done: Sequence[Do]) -> list[wire.FromHub]:
    return [each.message for each in done if isinstance(each, Send)]


def act(n: int) -> wire.Act:
    took = SupportAct(intervention=InterventionId("q1"), count=n)
    return wire.Act(id=CommandId(f"support:{n}"), session=PLENARY, at=WALL, act=took)


def pulse(ms: int) -> Send:
    return Send(wire.HubPulse(sent=max(1, ms), wall=WALL + ms))


def made(random: float = 1.0) -> Link:
    return Link("a" * 16, "0.1.0", lambda: random)


def up(link: Link, ms: int = 0) -> Link:
    link.restart(at(ms))
    link.dialled(at(ms))
    link.opened(at(ms))
    link.received(at(ms), WELCOME)
    return link


def test_it_dials_at_once_and_says_who_it_is() -> None:
    link = made()
    assert link.restart(at(5)) == [Dial()]
    assert (link.phase, link.due) == (Phase.DIALLING, None)
    hello = wire.HubHello(protocol=1, node="a" * 16, release="0.1.0", wall=WALL + 10, signals=1, cosigns=True)
    assert link.dialled(at(10)) == [Send(hello), FollowAgain()]
    assert link.follow(FOLLOW) == [Send(FOLLOW)]
    assert link.opened(at(400)) == []
    assert link.phase is Phase.GREETING
    assert link.received(at(610), WELCOME) == [
        ClockMeasured(ClockSample(WALL - 310, 600)), pulse(610), MessageReceived(WELCOME), OfferActs(),
    ]  # fmt: skip
    assert (link.phase, link.since, link.sentence, link.welcome) == (Phase.UP, 610, "", WELCOME)


@pytest.mark.parametrize(
    ("turned", "sentence", "longest"),
    [
        (None, NOBODY, [10_000] * 5),
        (Turned(502), "The server above answers with status 502.", [16_000, 32_000, *[60_000] * 3]),
    ],
)
def test_each_failure_makes_the_next_wait_longer_up_to_a_minute(
    turned: Turned | None, sentence: str, longest: list[int]
) -> None:
    link, now, waits = made(), 0, []
    link.restart(at(0))
    for _ in range(9):
        assert link.refused(at(now), turned) == [Down(sentence, for_good=False)]
        assert link.due is not None
        waits.append(link.due - now)
        assert link.tick(at(link.due - 1)) == []
        now = link.due
        assert link.tick(at(now)) == [Dial()]
    assert waits == [1_000, 2_000, 4_000, 8_000, *longest]
    assert (link.since, link.sentence) == (0, sentence)


def test_where_the_link_breaks_again_and_again_the_next_try_is_near() -> None:
    link, now, waits = made(), 0, []
    link.restart(at(0))
    for _ in range(9):
        assert link.lost(at(now), CloseCode.ABNORMAL) == [Down(BROKEN, for_good=False)]
        assert link.due is not None
        waits.append(link.due - now)
        now = link.due
        assert link.tick(at(now)) == [Dial()]
    assert waits == [1_000, 2_000, 4_000, 8_000, *[10_000] * 5]


def test_hubs_come_back_at_random_moments() -> None:
    link = made(0.25)
    link.restart(at(0))
    link.refused(at(0), Turned(502))
    assert (link.due, link.sentence) == (250, "The server above answers with status 502.")


def test_a_good_link_begins_again_with_the_shortest_wait_and_a_bad_one_does_not() -> None:
    link = made()
    link.restart(at(0))
    for _ in range(3):
        link.refused(at(0), None)
    link = up(link)
    link.restart(at(0))
    for _ in range(3):
        link.refused(at(0), None)
    link.tick(at(4_000))
    link.opened(at(4_000))
    link.received(at(4_000), WELCOME)
    assert link.lost(at(63_999), CloseCode.ABNORMAL) == [Down(BROKEN, for_good=False)]
    assert link.due == 63_999 + 8_000
    link.tick(at(72_000))
    link.opened(at(72_000))
    link.received(at(72_000), WELCOME)
    link.lost(at(132_000), CloseCode.GOING_AWAY)
    assert (link.due, link.since) == (133_000, 132_000)


@pytest.mark.parametrize(
    ("turned", "sentence"), [(Turned(401, wire.KEY_NOT_KNOWN), UNKNOWN_KEY), (Turned(403, FENCED), FENCED)]
)
def test_who_is_turned_away_for_good_stops(turned: Turned, sentence: str) -> None:
    link = made()
    link.restart(at(0))
    assert link.refused(at(0), turned) == [Down(sentence, for_good=True)]
    assert (link.phase, link.due, link.sentence) == (Phase.OVER, None, sentence)
    assert link.tick(at(10**9)) == []
    assert link.restart(at(10**9)) == [Dial()], "when it has been paired again"


@pytest.mark.parametrize(("code", "sentence"), [(CloseCode.FENCED, FENCED), (CloseCode.LOOP, LOOP)])
def test_who_is_cut_off_for_good_stops(code: CloseCode, sentence: str) -> None:
    link = up(made())
    assert link.lost(at(9), code) == [Down(sentence, for_good=True)]


def test_a_link_that_leads_back_to_itself_is_refused() -> None:
    loop = msgspec.structs.replace(WELCOME, above=("c" * 16, "a" * 16))
    link = made()
    link.restart(at(0))
    link.opened(at(0))
    assert link.received(at(1), loop) == [Hang(CloseCode.LOOP, LOOP), Down(LOOP, for_good=True)]
    link = up(made())
    above = wire.Above(above=("b" * 16,))
    assert link.received(at(1), above) == [MessageReceived(above)]
    assert link.received(at(2), wire.Above(above=("a" * 16,)))[0] == Hang(CloseCode.LOOP, LOOP)


def test_another_protocol_is_named_and_tried_again() -> None:
    link = made()
    link.restart(at(0))
    link.opened(at(0))
    other = msgspec.structs.replace(WELCOME, protocol=2)
    assert link.received(at(1), other) == [
        Hang(CloseCode.PROTOCOL_ERROR, OTHER_PROTOCOL), Down(OTHER_PROTOCOL, for_good=False),
    ]  # fmt: skip


def test_what_nobody_knows_shows_that_the_server_above_is_there() -> None:
    link = up(made())
    assert link.tick(at(wire.ANSWER_MS)) == [Quiet(True)]
    assert link.passed_over(at(wire.ANSWER_MS + 5)) == [Quiet(False)]
    assert (link.heard, link.quiet) == (wire.ANSWER_MS + 5, False)
    assert link.passed_over(at(wire.ANSWER_MS + 6)) == []


def test_what_is_said_before_or_twice_is_no_greeting() -> None:
    link = made()
    link.restart(at(0))
    link.opened(at(0))
    broken = [Hang(CloseCode.PROTOCOL_ERROR, BROKEN), Down(BROKEN, for_good=False)]
    assert link.received(at(1), BATCH) == broken
    link = up(made())
    assert link.received(at(1), WELCOME) == broken


def test_who_never_greets_is_given_up() -> None:
    link = made()
    link.restart(at(0))
    link.opened(at(0))
    assert (link.due, link.tick(at(19_999))) == (20_000, [])
    assert link.tick(at(20_000)) == [Hang(CloseCode.TRY_LATER, SILENT), Down(SILENT, for_good=False)]


def test_pulses_measure_the_delay_and_the_centres_clock() -> None:
    link = up(made())
    assert link.usual_delay_ms is None
    for trip in (600, 900, 700):
        answer = wire.HubPulse(sent=5, echo=1_000, wall=WALL)
        assert link.received(at(1_000 + trip), answer) == [ClockMeasured(ClockSample(WALL - 1_000 - trip // 2, trip))]
    assert link.usual_delay_ms == 700
    assert link.received(at(5), wire.HubPulse(sent=5, echo=1_000, wall=WALL)) == [], (
        "the answer comes before the question"
    )
    ask = wire.HubPulse(sent=77, wall=WALL)
    assert link.received(at(3_000), ask) == [Send(wire.HubPulse(sent=3_000, echo=77, wall=WALL + 3_000))]


def test_a_link_on_which_what_was_asked_has_no_answer_is_quiet_and_then_dead_since_it_was_heard() -> None:
    link = up(made())
    assert link.due == wire.ANSWER_MS, "it asks as it comes up"
    assert link.tick(at(10)) == []
    assert link.received(at(700), wire.HubPulse(sent=5, echo=1, wall=WALL)) != []
    assert link.due == 20_000
    assert link.tick(at(20_000)) == [pulse(20_000)]
    assert (link.due, link.quiet) == (30_000, False)
    assert link.tick(at(30_000)) == [Quiet(True)]
    assert (link.due, link.quiet, link.heard) == (40_000, True, 700)
    assert link.tick(at(40_000)) == [pulse(40_000)]
    assert link.due == 50_700
    assert link.tick(at(50_700)) == [Hang(CloseCode.GOING_AWAY, SILENT), Down(SILENT, for_good=False)]
    assert (link.phase, link.usual_delay_ms, link.quiet) == (Phase.WAITING, None, False)
    assert link.since == 700, "since when nothing came, not since when it was noticed"


def test_a_quiet_link_on_which_something_comes_moves_again() -> None:
    link = up(made())
    link.follow(FOLLOW)
    link.received(at(1), LIVE)
    link.tick(at(20_000))
    assert link.tick(at(30_000)) == [Quiet(True)]
    assert link.received(at(31_000), BATCH) == [Quiet(False), MessageReceived(BATCH)]
    assert (link.quiet, link.heard, link.due) == (False, 31_000, 40_000)


def test_how_long_ago_the_centre_was_heard_adds_up_over_the_hubs_between() -> None:
    link = up(made())
    assert link.centre_heard == 0
    link.received(at(5_000), wire.HubProgramme(sessions=()))
    assert link.centre_heard == 5_000, "the server above is the centre itself"
    link.received(at(6_000), wire.Above(above=("c" * 16, "b" * 16), up=False, age=4_000))
    link.received(at(7_000), wire.HubProgramme(sessions=()))
    assert link.centre_heard == 5_000, "what a hub says of itself is no news of the centre"
    link.received(at(20_000), wire.HubPulse(sent=1, echo=1, wall=WALL, age=2_500))
    assert link.centre_heard == 17_500


def test_a_link_that_breaks_is_down_since_something_came_and_one_that_is_closed_since_then() -> None:
    for code, since in ((CloseCode.ABNORMAL, 3_000), (CloseCode.GOING_AWAY, 9_000)):
        link = up(made())
        link.received(at(3_000), wire.HubProgramme(sessions=()))
        link.lost(at(9_000), code)
        assert link.since == since


def test_a_session_is_told_of_from_its_live_on() -> None:
    link = made()
    assert link.follow(FOLLOW) == [], "not before it is dialled"
    up(link)
    assert link.received(at(1), BATCH) == [], "nobody wants it"
    assert link.follow(FOLLOW) == [Send(FOLLOW)]
    for before in (BATCH, SIGNALLED):
        assert link.received(at(1), before) == [], "what comes before `Live` is of an older wish"
    assert link.received(at(2), LIVE) == [MessageReceived(LIVE)]
    assert link.received(at(3), BATCH) == [MessageReceived(BATCH)]
    assert link.received(at(3), SIGNALLED) == [MessageReceived(SIGNALLED)]
    caught = wire.Caught(session=PLENARY)
    assert link.received(at(3), caught) == [MessageReceived(caught)]
    assert link.say(wire.Taken(session=PLENARY, number=1)) == [Send(wire.Taken(session=PLENARY, number=1))]


def test_of_two_wishes_the_second_is_answered() -> None:
    link = up(made())
    link.follow(FOLLOW)
    link.follow(FOLLOW)
    assert link.received(at(1), LIVE) == []
    assert link.received(at(1), BATCH) == []
    assert link.received(at(1), LIVE) == [MessageReceived(LIVE)]
    assert link.received(at(1), BATCH) == [MessageReceived(BATCH)]


def test_what_is_left_or_stopped_says_nothing_more() -> None:
    link = up(made())
    assert link.leave(PLENARY) == []
    link.follow(FOLLOW)
    assert link.leave(PLENARY) == [Send(wire.Leave(session=PLENARY))]
    assert link.received(at(1), LIVE) == []
    link.follow(FOLLOW)
    link.received(at(1), LIVE)
    stopped = wire.Stopped(session=PLENARY, message="This session isn't public any more.")
    assert link.received(at(2), stopped) == [MessageReceived(stopped)]
    assert link.received(at(3), BATCH) == []
    link.follow(FOLLOW)
    link.follow(FOLLOW)
    assert link.received(at(4), stopped) == [], "the answer to the first of both"
    assert link.received(at(5), LIVE) == [MessageReceived(LIVE)]


def test_the_programme_is_passed_on() -> None:
    programme = wire.HubProgramme(sessions=())
    assert up(made()).received(at(1), programme) == [MessageReceived(programme)]


def test_a_lost_link_forgets_what_was_asked() -> None:
    link = up(made())
    link.follow(FOLLOW)
    link.received(at(1), LIVE)
    link.lost(at(2), CloseCode.ABNORMAL)
    assert link.say(wire.Taken(session=PLENARY, number=1)) == []
    up(link, 5_000)
    assert link.received(at(5_001), BATCH) == []


def test_acts_go_in_their_order_and_no_more_than_may_be_on_their_way() -> None:
    link = made()
    assert link.offer([act(0)]) == []
    up(link)
    many = [act(n) for n in range(20)]
    assert sent(link.offer(many)) == many[1 : wire.MOST_ACTS], "the first went with the greeting"
    assert link.offer(many) == []
    done = wire.ActDone(id=act(3).id)
    assert link.received(at(1), done) == [MessageReceived(done), OfferActs()]
    assert link.received(at(1), done) == [], "said twice"
    assert sent(link.offer([*many[:3], *many[4:]])) == [act(16)]


def test_acts_without_an_answer_go_again_on_the_next_link() -> None:
    link = up(made())
    link.offer([act(1), act(2), act(3)])
    no = wire.ActNotDone(id=act(2).id, code=RefusalCode.CONFLICT, message="The session is closed.")
    assert link.received(at(1), no) == [MessageReceived(no), OfferActs()]
    link.lost(at(2), CloseCode.ABNORMAL)
    link.restart(at(3))
    link.opened(at(3))
    assert sent(link.received(at(3), WELCOME))[1:] == [act(1), act(3)]


def test_a_busy_server_is_asked_again_later_in_the_same_order() -> None:
    link = up(made())
    link.offer([act(1), act(2)])
    busy = wire.ActNotDone(id=act(1).id, code=RefusalCode.BUSY, message="Too many commands wait.")
    assert link.received(at(100), busy) == []
    assert link.offer([act(1), act(2), act(3)]) == []
    unavailable = msgspec.structs.replace(busy, id=act(2).id, code=RefusalCode.UNAVAILABLE)
    assert link.received(at(200), unavailable) == []
    assert link.due == 5_200
    assert link.tick(at(5_199)) == []
    assert link.tick(at(5_200)) == [Send(act(1)), Send(act(2)), Send(act(3)), OfferActs()]


def test_dialling_anew_ends_what_was() -> None:
    link = up(made())
    assert link.restart(at(9)) == [
        Hang(CloseCode.NORMAL, "The hub dials anew."), Down(BROKEN, for_good=False), Dial(),
    ]  # fmt: skip

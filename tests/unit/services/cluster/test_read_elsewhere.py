from __future__ import annotations

import msgspec
import pytest

from moothall.core.cluster.removals import NOTHING, Applied
from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SegmentId, SessionId
from moothall.core.ports import LogHead
from moothall.core.signals import Partial
from moothall.services.cluster.read_elsewhere import NodeLink, ReadElsewhere
from moothall.wire.cluster.node_link import (
    MOST_FOLLOWED,
    AskWithout,
    Compare,
    FollowSession,
    Kept,
    LeaveSession,
    NodeErased,
    ReadHere,
    Without,
    news,
)
from support.sessions.recorder import EPOCH

ONE, TWO = SessionId("one"), SessionId("two")
FLOOR, FRENCH = ChannelId("floor"), ChannelId("fr")


def partial(text: str) -> Partial:
    return Partial(channel=FLOOR, segment=SegmentId("x"), first=0, text=text, language="en")


@pytest.fixture
def house() -> ReadElsewhere:
    return ReadElsewhere(lambda _: None)


def linked(house: ReadElsewhere, *sessions: SessionId, node: str = "n2") -> NodeLink:
    link = house.begin(node)
    for session in sessions:
        link.hear(FollowSession(session=session))
    return link


def test_readers_of_all_nodes_are_added_up(house: ReadElsewhere) -> None:
    first, second = linked(house, ONE, TWO), linked(house, ONE)
    first.hear(ReadHere(session=ONE, readers={FLOOR: 2, FRENCH: 1}))
    first.hear(ReadHere(session=TWO, readers={FLOOR: 9}))
    second.hear(ReadHere(session=ONE, readers={FLOOR: 3}))
    assert house.readers(ONE) == {FLOOR: 5, FRENCH: 1}
    second.hear(ReadHere(session=ONE, readers={}))
    assert house.readers(ONE) == {FLOOR: 2, FRENCH: 1}
    first.hear(LeaveSession(session=ONE))
    assert not house.readers(ONE)
    house.end(first)
    assert not house.readers(TWO)


def test_what_waits_for_a_slow_node_is_merged(house: ReadElsewhere) -> None:
    link = linked(house, ONE, TWO)
    for number in range(1_000):
        link.tell(ONE, number, (partial(f"word {number}"),))
    link.tell(TWO, 5, ())
    assert link.news.is_set()
    assert link.take() == [news(ONE, 999, (partial("word 999"),)), news(TWO, 5, ())]
    assert link.take() == []
    assert not link.news.is_set()
    link.tell(ONE, 1_000, ())
    link.hear(LeaveSession(session=ONE))
    assert link.take() == []


def test_a_node_that_says_what_it_may_not_is_refused(house: ReadElsewhere) -> None:
    link = house.begin("n2")
    with pytest.raises(ProtocolError, match="doesn't follow"):
        link.hear(ReadHere(session=ONE, readers={FLOOR: 1}))
    for number in range(MOST_FOLLOWED):
        link.hear(FollowSession(session=SessionId(f"s{number}")))
    link.hear(FollowSession(session=SessionId("s0")))
    with pytest.raises(ProtocolError, match="1000 sessions at most"):
        link.hear(FollowSession(session=ONE))


def test_who_has_the_same_copy_is_asked_once_and_counted_by_its_name(house: ReadElsewhere) -> None:
    first, again, other = linked(house), linked(house), linked(house, node="n3")
    lanes = {Lane("s"): LaneHead(offset=7, digest="ab")}
    head = LogHead(epoch=EPOCH, term=1, offset=7, lanes=lanes)
    kept = Kept(session=ONE, epoch=EPOCH, lanes=lanes)
    assert house.archives(ONE, head) == 0
    asked = Compare(session=ONE, epoch=EPOCH, lanes=lanes)
    assert [link.take() for link in (first, again, other)] == [[asked]] * 3
    first.hear(kept)
    again.hear(kept)
    for wrong in (
        msgspec.structs.replace(kept, epoch=Epoch("erased")),
        msgspec.structs.replace(kept, lanes={Lane("s"): LaneHead(offset=7, digest="cd")}),
    ):
        other.hear(wrong)
        assert house.archives(ONE, head) == 1, "another log that ends there too"
    assert (first.take(), other.take()) == ([], [asked])
    other.hear(kept)
    assert house.archives(ONE, head) == 2
    house.end(other)
    assert house.archives(ONE, head) == 1
    assert house.archives(ONE, msgspec.structs.replace(head, lanes={})) == 0


def test_every_node_is_asked_the_newest_question_and_its_answer_told(house: ReadElsewhere) -> None:
    heard: list[tuple[str, Without]] = []
    first, second = linked(house), linked(house, node="n3")
    second.hear(Without(number=1, redis=True))  # Nobody has asked, and nobody listens.
    house.answered = lambda node, answer: heard.append((node, answer))
    house.ask_without(1)
    house.ask_without(2)
    for link in (first, second):
        assert link.news.is_set()
        assert link.take() == [AskWithout(number=2)]
        assert link.take() == []
    second.hear(Without(number=2, redis=False))
    assert heard == [("n3", Without(number=2, redis=False))]


def test_how_far_nodes_have_come_in_the_list_of_removals_is_known_of_those_that_have_said_it(
    house: ReadElsewhere,
) -> None:
    first, second = linked(house), linked(house, node="n3")
    assert house.applied == {}
    first.hear(NodeErased(applied=Applied(3, "c")))
    second.hear(NodeErased(applied=NOTHING))
    assert house.applied == {"n2": Applied(3, "c"), "n3": NOTHING}
    house.end(first)
    assert house.applied == {"n3": NOTHING}

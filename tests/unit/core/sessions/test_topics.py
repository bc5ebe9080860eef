from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.notes_and_tags import PolicyQuestion, PolicyQuestionsListed
from moothall.core.events.types import Topic, TopicTaken
from moothall.core.kernel.ids import PolicyQuestionId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.sessions.state import State, evolve
from moothall.core.sessions.topics import Topics, TopicTime, taken_up, times_of, topic_now, topics_after
from moothall.core.views.captions import Session, fold_session
from support.sessions.deciding import FLOOR

WHO, WHEN = PolicyQuestionId("q1"), PolicyQuestionId("q2")


def item(title: str, t: int) -> TopicTaken:
    return TopicTaken(title=title, t=t)


def question(name: PolicyQuestionId, t: int, number: int = 1, title: str = "Who pays?") -> TopicTaken:
    return TopicTaken(question=name, number=number, title=title, t=t)


def after(*events: TopicTaken | PolicyQuestionsListed) -> Topics:
    topics: Topics = ()
    for event in events:
        topics = topics_after(topics, event)
    return topics


def test_each_topic_follows_the_one_before_and_can_be_nothing() -> None:
    topics = after(item("Opening", 1_000), question(WHO, 3_000))
    assert topics == (
        Topic(t=1_000, title="Opening"),
        Topic(t=3_000, question=WHO, number=1, title="Who pays?"),
    )
    assert topic_now(topics) == topics[-1]
    ended = topics_after(topics, TopicTaken(t=5_000))
    assert len(ended) == 3
    assert topic_now(ended) is None
    assert topic_now(()) is None
    assert after(TopicTaken(t=5_000)) == ()


def test_what_is_set_back_takes_the_place_of_what_came_since() -> None:
    topics = after(item("Opening", 1_000), question(WHEN, 4_000), question(WHO, 3_500))
    assert [topic.t for topic in topics] == [1_000, 3_500]
    assert after(item("Opening", 1_000), item("Closing", 1_000)) == (Topic(t=1_000, title="Closing"),)


def test_a_question_is_worded_and_numbered_as_it_is_listed_now() -> None:
    listed = PolicyQuestionsListed(
        questions=(PolicyQuestion(id=WHEN, text="When?"), PolicyQuestion(id=WHO, text="Who pays for it?"))
    )
    item_first, asked = after(item("Opening", 1), question(WHO, 2), listed)
    assert (item_first.number, item_first.title) == (0, "Opening")
    assert (asked.number, asked.title) == (2, "Who pays for it?")
    (dropped,) = after(question(WHO, 2), PolicyQuestionsListed(questions=()))
    assert (dropped.number, dropped.title) == (0, "Who pays?")


def test_what_is_only_said_again_is_no_new_topic() -> None:
    topics = after(item("A", 1), item("A", 2), TopicTaken(t=3), item("A", 4), question(WHO, 5), question(WHO, 6))
    assert [topic.t for topic in taken_up(topics)] == [1, 4, 5]


def test_the_times_of_a_topic_are_added_without_what_is_not_kept() -> None:
    topics = after(item("A", 0), question(WHO, 10_000), item("A", 30_000), TopicTaken(t=50_000), item("B", 60_000))
    unkept = ((15_000, 20_000), (35_000, 65_000))
    assert times_of(topics, unkept, 70_000) == (
        TopicTime(question=None, number=0, title="A", ms=15_000),
        TopicTime(question=WHO, number=1, title="Who pays?", ms=15_000),
        TopicTime(question=None, number=0, title="B", ms=5_000),
    )
    assert times_of(topics, ((60_000, None),), 70_000)[-1].ms == 0
    assert [each.ms for each in times_of(topics[:1], (), -5)] == [0]


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["", "A", "B"])), max_size=12), st.integers(50, 60))
def test_together_the_times_are_the_span_in_which_something_was_taken_up(acts: list[tuple[int, str]], end: int) -> None:
    topics = after(*(item(title, t) for t, title in acts))
    ends = [topic.t for topic in topics[1:]] + [end]
    spent = sum(t1 - topic.t for topic, t1 in zip(topics, ends, strict=False) if topic.title)
    assert sum(each.ms for each in times_of(topics, (), end)) == spent
    assert [topic.t for topic in topics] == sorted({topic.t for topic in topics})


def test_the_state_and_the_view_of_readers_have_the_same_topics() -> None:
    listed = PolicyQuestionsListed(questions=(PolicyQuestion(id=WHO, text="Who pays for it?"),))
    state, session = State(id=SessionId("s")), Session(id=SessionId("s"))
    for event in (TopicTaken(t=1), listed, item("A", 2), question(WHO, 3), listed):
        state, session = evolve(state, event), fold_session(session, event, Feed(FLOOR))
        assert (session.topics or ()) == state.topics
    assert state.topics[-1].title == "Who pays for it?"

"""What a session has taken up, one after the other: its policy questions, and free headings such as agenda items.

Each topic lasts until the next is taken up, or the session is closed. A topic without a question and a title says that
nothing is taken up from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from moothall.core.events.notes_and_tags import PolicyQuestionsListed
from moothall.core.events.types import Topic, TopicTaken
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import PolicyQuestionId
from moothall.core.sessions.keeping import Span, without

Topics = tuple[Topic, ...]
"""Topics by the time at which they were taken up; no two at the same time."""


class TopicTime(msgspec.Struct, frozen=True, kw_only=True):
    """How long a session was at a topic."""

    question: PolicyQuestionId | None
    number: int
    """As in `Topic`."""
    title: str
    ms: int
    """The time in ms, of all the spans in which it was the topic, without what is not kept of them."""


def is_nothing(topic: Topic | TopicTaken) -> bool:
    """Whether this says that nothing is taken up any more."""
    return topic.question is None and not topic.title


def same_topic(one: Topic | TopicTaken, other: Topic | TopicTaken) -> bool:
    """Whether both are about the same: a question is itself however it is worded."""
    if one.question is not None or other.question is not None:
        return one.question == other.question
    return one.title == other.title


def topics_after(topics: Topics, event: TopicTaken | PolicyQuestionsListed) -> Topics:
    """The topics after `event`. What was taken up at the same time or later gives way to what is taken up now; the
    questions among them are worded and numbered as they are listed now.
    """
    if isinstance(event, TopicTaken):
        before = tuple(topic for topic in topics if topic.t < event.t)
        return before if is_nothing(event) and not before else (*before, made_of(Topic, event))
    listed = {question.id: (number, question.text) for number, question in enumerate(event.questions, start=1)}
    return tuple(_listed_now(topic, listed) for topic in topics)


def _listed_now(topic: Topic, listed: dict[PolicyQuestionId, tuple[int, str]]) -> Topic:
    if topic.question is None:
        return topic
    number, title = listed.get(topic.question, (0, topic.title))
    return msgspec.structs.replace(topic, number=number, title=title)


def topic_now(topics: Topics) -> Topic | None:
    """What is taken up now; None for nothing."""
    return None if not topics or is_nothing(topics[-1]) else topics[-1]


def taken_up(topics: Topics) -> Iterator[Topic]:
    """Each topic once for each time that it was taken up, without those that only say again what is taken up."""
    last = None
    for topic in topics:
        if not is_nothing(topic) and (last is None or not same_topic(last, topic)):
            yield topic
        last = topic


def times_of(topics: Topics, unkept: Sequence[Span], until: int) -> tuple[TopicTime, ...]:
    """How long the session was at each topic up to media ms `until`, in the order in which they were first taken up.

    `unkept`: the spans of which nothing is kept, in order, which don't count.
    """
    found: list[TopicTime] = []
    for number, topic in enumerate(topics):
        if is_nothing(topic):
            continue
        end = topics[number + 1].t if number + 1 < len(topics) else max(topic.t, until)
        # `end` is given, so that each piece has an end too.
        ms = sum((t1 or t0) - t0 for t0, t1 in without([(topic.t, end)], unkept))
        place = next((n for n, each in enumerate(found) if _is_of(each, topic)), len(found))
        before = found[place].ms if place < len(found) else 0
        found[place : place + 1] = [made_of(TopicTime, topic, ms=before + ms)]
    return tuple(found)


def _is_of(found: TopicTime, topic: Topic) -> bool:
    return found.question == topic.question and (topic.question is not None or found.title == topic.title)

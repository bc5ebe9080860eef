"""The rules of taking up a policy question or another topic, and of taking that back."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.events.types import Topic
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.rules.lines import MOST_BACK
from moothall.core.rules.notes_and_tags import MAX_QUESTION
from moothall.core.sessions.state import ON, State
from moothall.core.sessions.topics import is_nothing, same_topic, topics_after

MAX_TITLE = 200
"""Characters of a free heading."""
MOST_TOPICS = 200
"""How often a session can take something up. A day of short agenda items has fewer than a hundred."""


def decide_topic(state: State, command: do.TopicCommand, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of taking up a topic, or of taking that back; or a refusal."""
    return _take_back(state, command) if isinstance(command, do.TakeTopicBack) else _take_up(state, command, wall)


def _take_up(state: State, command: do.TakeUp, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    if state.status not in ON:
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status}: nothing can be taken up now.")
    if not 0 <= command.back <= MOST_BACK:
        return refuse(RefusalCode.INVALID, f"The beginning can be set back by 0 to {MOST_BACK // 1000} seconds.")
    title = " ".join(command.title.split())
    if len(title) > MAX_TITLE or (title and command.question is not None):
        message = f"A topic is a policy question of the session, or a heading of up to {MAX_TITLE} characters."
        return refuse(RefusalCode.INVALID, message)
    taken = ev.TopicTaken(title=title, t=max(0, state.media_now(wall) - command.back))
    if command.question is not None:
        listed = enumerate(state.notes_and_tags.questions, start=1)
        found = next(((number, each) for number, each in listed if each.id == command.question), None)
        if found is None:
            return refuse(RefusalCode.UNKNOWN, "The session has no such policy question.")
        number, question = found
        taken = ev.TopicTaken(question=question.id, number=number, title=question.text, t=taken.t)
    before = tuple(topic for topic in state.topics if topic.t <= taken.t)
    now = state.topics[-1] if state.topics else None
    if before == state.topics and (is_nothing(taken) if now is None else same_topic(now, taken)):
        return refuse(RefusalCode.CONFLICT, "This is what is taken up already.")
    if len(before) >= MOST_TOPICS:
        return refuse(RefusalCode.CONFLICT, f"The session has taken something up too often (limit {MOST_TOPICS}).")
    return [taken]


def _take_back(state: State, command: do.TakeTopicBack) -> Sequence[ev.AnyEvent] | Refusal:
    """What was taken up before and after the topic is taken up again, each at its time; a policy question with the
    wording and the number that it has now.
    """
    if all(topic.t != command.t for topic in state.topics):
        return refuse(RefusalCode.CONFLICT, "Another topic has taken the place of this one already.")
    if any(len(topic.title) > MAX_QUESTION for topic in command.before):
        return refuse(RefusalCode.INVALID, f"A topic has up to {MAX_QUESTION} characters.")
    before = topics_after(command.before, ne.PolicyQuestionsListed(questions=state.notes_and_tags.questions))
    later = tuple(topic for topic in state.topics if topic.t > command.t)
    again = tuple(topic for topic in before if topic.t >= command.t and (not later or topic.t < later[0].t))
    earlier = tuple(topic for topic in state.topics if topic.t < command.t)[-1:]
    first = earlier or (Topic(t=command.t),)
    events = [made_of(ev.TopicTaken, topic) for topic in (*first, *again, *later)]
    topics = state.topics
    for event in events:
        topics = topics_after(topics, event)
    if len(topics) > MOST_TOPICS:
        return refuse(RefusalCode.CONFLICT, f"The session has taken something up too often (limit {MOST_TOPICS}).")
    return events

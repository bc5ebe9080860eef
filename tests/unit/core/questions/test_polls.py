from __future__ import annotations

from moothall.core.events import questions as qe
from moothall.core.kernel.ids import PollId
from moothall.core.questions.polls import Poll, PollRow, evolve_polls, open_poll, poll_of, rows_of, shown_polls

P, Q = PollId("p"), PollId("q")


def opened(name: PollId, number: int, *options: str) -> qe.PollOpened:
    return qe.PollOpened(
        poll=name, number=number, question="Shall we?", language="en", options=options or ("Yes", "No"), t=number
    )


def folded(*events: qe.PollFact) -> tuple[Poll, ...]:
    polls: tuple[Poll, ...] = ()
    for event in events:
        polls = evolve_polls(polls, event)
    return polls


def test_it_is_opened_counted_and_closed() -> None:
    (poll,) = folded(opened(P, 1))
    assert (poll.open, poll.remote, poll.room, poll.closed) == (True, (0, 0), (0, 0), None)
    counted = qe.PollCounted(poll=P, remote=(3, 1), room=(10, 20))
    (poll,) = folded(opened(P, 1), counted, qe.PollClosed(poll=P, t=9))
    assert (poll.open, poll.sums, poll.closed, poll.void) == (False, (13, 21), 9, False)
    # Opened again it goes on from there.
    (poll,) = folded(opened(P, 1), counted, qe.PollClosed(poll=P, t=9, void=True), opened(P, 1))
    assert (poll.open, poll.void, poll.sums, poll.closed) == (True, False, (13, 21), None)


def test_what_was_removed_is_missed_by_nobody() -> None:
    assert folded(qe.PollCounted(poll=P, remote=(1, 1), room=(0, 0)), qe.PollClosed(poll=P, t=9)) == ()


def test_the_open_one_comes_first_then_the_newest() -> None:
    over: list[qe.PollFact] = [opened(P, 1), qe.PollClosed(poll=P, t=2), opened(Q, 2), qe.PollClosed(poll=Q, t=3)]
    assert [poll.id for poll in shown_polls(folded(*over))] == [Q, P]
    again = folded(*over, opened(P, 1))
    assert [poll.id for poll in shown_polls(again)] == [P, Q]
    assert open_poll(again) == poll_of(again, P)
    assert open_poll(folded(*over)) is None
    void = folded(*over, qe.PollClosed(poll=Q, t=3, void=True))
    assert [poll.id for poll in shown_polls(void)] == [P]


def test_each_option_has_its_hands_and_its_share() -> None:
    polls = folded(opened(P, 1, "Yes", "No", "Later"), qe.PollCounted(poll=P, remote=(1, 0, 1), room=(0, 0, 1)))
    assert rows_of(polls[0]) == [
        PollRow(text="Yes", remote=1, room=0, sum=1, share=33),
        PollRow(text="No", remote=0, room=0, sum=0, share=0),
        PollRow(text="Later", remote=1, room=1, sum=2, share=67),
    ]
    assert [row.share for row in rows_of(folded(opened(P, 1))[0])] == [0, 0]

"""Computes the commands that undo acts on interventions, so that these get their previous status and text back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.polls import poll_of

QuestionStep = tuple[do.AnyCommand, tuple[do.AnyCommand, ...] | None]


def question_step(questions: Questions, event: qe.QuestionFact) -> QuestionStep | None:
    """The command behind an event, and the commands that undo it; None when the event goes with another event of the
    act.

    `questions` is the state before the event. The second value is None when nothing undoes the command.
    """
    match event:
        case qe.InterventionReceived():
            return made_of(do.Ask, event), None
        case qe.InterventionStatusChanged():
            return _of_status(questions, event)
        case qe.InterventionReworded():
            before = questions.get(event.intervention)
            reworded = do.Reword(intervention=event.intervention, text=event.text, name=event.name)
            if before is None:
                return reworded, None
            name = None if event.name is None else before.name
            return reworded, (do.Reword(intervention=before.id, text=before.text, name=name),)
        case qe.InterventionFlagged():
            before = questions.get(event.intervention)
            flagged = do.Flag(intervention=event.intervention, flags=event.flags)
            return flagged, None if before is None else (do.Flag(intervention=before.id, flags=before.flags),)
        case qe.InterventionTagged():
            before = questions.get(event.intervention)
            tagged = do.TagIntervention(intervention=event.intervention, question=event.question)
            if before is None:
                return tagged, None
            return tagged, (do.TagIntervention(intervention=before.id, question=before.under),)
        case qe.InterventionWritten():
            before = questions.get(event.intervention)
            answer = do.WriteAnswer(intervention=event.intervention, text=event.text, language=event.language)
            if before is None or not before.answer:
                return answer, ()  # The undoing of the change of status takes the first answer back too.
            again = do.WriteAnswer(intervention=before.id, text=before.answer, language=before.answer_language)
            # Writing the earlier answer again sets the status to answered, so the earlier status is set after it.
            return answer, (again,) if before.status is InterventionStatus.WRITTEN else (again, _brought_to(before))
        case qe.QueueArranged():
            return do.ArrangeQueue(first=event.first), (do.ArrangeQueue(first=questions.arranged),)
        case qe.QueueOrdered():
            return do.OrderQueue(order=event.order), (do.OrderQueue(order=questions.order),)
        case qe.AskingLimited():
            return do.LimitAsking(known=event.known), (do.LimitAsking(known=questions.known_only),)
        case qe.PollOpened() | qe.PollCounted() | qe.PollClosed():
            return _of_poll(questions, event)
        case qe.VotingSwitched():
            return do.SwitchVoting(on=event.on), (do.SwitchVoting(on=questions.voting.on),)
        case qe.CommentsPutToVote():
            return do.PutToVote(comments=event.comments), (do.PutToVote(comments=questions.voting.comments),)
        case qe.TurnLimited():
            return do.LimitTurns(ms=event.ms), (do.LimitTurns(ms=questions.limit),)
        case _:
            return None


Brought = Mapping[InterventionId, InterventionStatus]
"""The status that an act gave to each of its interventions."""


def brought_by(act: Iterable[do.AnyCommand]) -> Brought:
    """The last status that these commands give to each intervention."""
    found: dict[InterventionId, InterventionStatus] = {}
    for command in act:
        if isinstance(command, do.SetStatus):
            found |= dict.fromkeys(command.interventions, command.status)
        elif isinstance(command, do.WriteAnswer):
            found[command.intervention] = InterventionStatus.WRITTEN
    return found


def moved_on(questions: Questions, act: Iterable[do.AnyCommand]) -> bool:
    """Whether all questions whose status an act changed have another status since; False when it changed no status. If
    the act called a question, only the called one counts.
    """
    brought = brought_by(act)
    there = ((questions.get(name), status) for name, status in brought.items())
    called = any(status is InterventionStatus.CALLED for status in brought.values())
    stands = [status for each, status in there if each is not None and each.status is status]
    return bool(brought) and (InterventionStatus.CALLED not in stands if called else not stands)


def takes_turn_away(questions: Questions, act: Iterable[do.AnyCommand], undoing: Iterable[do.AnyCommand]) -> bool:
    """Whether undoing an act would end the turn of a question that is not one of the act's."""
    called = (name for each in undoing if _calls(each) for name in each.interventions)
    return (
        questions.called is not None
        and questions.called not in brought_by(act)
        and any(n != questions.called for n in called)
    )


def _calls(command: do.AnyCommand) -> TypeGuard[do.SetStatus]:
    return isinstance(command, do.SetStatus) and command.status is InterventionStatus.CALLED


def still_stands(questions: Questions, undoing: do.SetStatus | do.WriteAnswer, brought: Brought) -> bool:
    """Whether the interventions of `undoing` still have the status that the act gave them, so that nobody's later act
    is undone.
    """
    names = undoing.interventions if isinstance(undoing, do.SetStatus) else (undoing.intervention,)
    stands = ((questions.get(name), brought.get(name)) for name in names)
    return all(where is None or (each is not None and each.status is where) for each, where in stands)


def rearranged(
    questions: Questions, undoing: do.ArrangeQueue, due: Iterable[do.AnyCommand], *, anew: bool
) -> tuple[do.ArrangeQueue, ...]:
    """The command that restores an earlier order of the queue after the commands `due`, as far as its questions are
    queued; none when the queue has that order already, or has been arranged otherwise since.

    `anew`: the act arranged the queue itself. Otherwise the order only comes back together with questions that return
    to the queue.
    """
    queued = {each.id for each in questions.with_status(InterventionStatus.QUEUED)}
    for command in due:
        if isinstance(command, do.SetStatus):
            change = queued.update if command.status is InterventionStatus.QUEUED else queued.difference_update
            change(command.interventions)
    first = tuple(name for name in undoing.first if name in queued)
    there = tuple(name for name in questions.arranged if name in queued)
    holds = anew or tuple(name for name in first if name in there) == there
    return (do.ArrangeQueue(first=first),) if holds and first != there else ()


def _of_poll(questions: Questions, event: qe.PollFact) -> QuestionStep | None:
    before = poll_of(questions.polls, event.poll)
    if isinstance(event, qe.PollOpened):
        return made_of(do.OpenPoll, event), (do.ClosePoll(poll=event.poll, void=before is None or before.void),)
    if before is None:
        return None
    if isinstance(event, qe.PollClosed):
        again: do.AnyCommand = do.ClosePoll(poll=before.id, void=before.void)
        if before.open:
            again = do.OpenPoll(
                poll=before.id, question=before.question, language=before.language, options=before.options
            )
        return do.ClosePoll(poll=before.id, void=event.void), (again,)
    if event.room == before.room:
        return None  # Only the remote count changed. The server counts that, and no desk.
    return do.CountRoom(poll=before.id, room=event.room), (do.CountRoom(poll=before.id, room=before.room),)


def _of_status(questions: Questions, event: qe.InterventionStatusChanged) -> QuestionStep | None:
    before = questions.get(event.intervention)
    if before is None or before.status is event.status:
        return None
    stood = made_of(do.SetStatus, event, interventions=(event.intervention,))
    same_turn = bool(questions.turns) and questions.turns[-1].intervention == before.id
    if event.status is InterventionStatus.CALLED and before.status is InterventionStatus.LATER and not same_turn:
        # It goes back to the queue first, so that it counts as not having had a turn.
        return stood, (do.SetStatus(interventions=(before.id,), status=InterventionStatus.QUEUED), _brought_to(before))
    if event.status is InterventionStatus.CHECKED and before.status is InterventionStatus.CALLED:
        # Its turn was taken away, and it can be called only from the queue.
        return stood, (do.SetStatus(interventions=(before.id,), status=InterventionStatus.QUEUED), _brought_to(before))
    return stood, (_brought_to(before),)


def _brought_to(each: Intervention) -> do.SetStatus | do.WriteAnswer:
    """The command that gives an intervention the status, and the answer, that it has in this state."""
    if each.status is InterventionStatus.WRITTEN:
        return do.WriteAnswer(intervention=each.id, text=each.answer, language=each.answer_language)
    return made_of(do.SetStatus, each, interventions=(each.id,))

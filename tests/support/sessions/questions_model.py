"""A second model of the questions after each command, independent of the tested code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder, side_of
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.questions.order import QueuedIntervention, Why

TO_COME = {InterventionStatus.CHECKED, InterventionStatus.QUEUED, InterventionStatus.CALLED, InterventionStatus.LATER}
FOR_STAFF = {
    InterventionStatus.CHECKED,
    InterventionStatus.DECLINED,
    InterventionStatus.JOINED,
    InterventionStatus.WITHDRAWN,
    InterventionStatus.CLOSED,
}
LINE = SegmentId("a")
"""The only line of the record with which a question may be answered."""


@dataclass
class Asked:
    """One intervention."""

    ask: do.Ask
    number: int
    text: str
    name: str
    status: InterventionStatus = InterventionStatus.CHECKED
    reason: str = ""
    into: InterventionId | None = None
    segment: SegmentId | None = None
    own: bool = False
    answer: str = ""
    support: int = 0
    published: bool = False

    @property
    def place(self) -> str:
        return side_of(self.ask.origin)


@dataclass
class QuestionsModel:
    """All interventions, and the turns so far."""

    asked: dict[InterventionId, Asked] = field(default_factory=dict)
    turns: list[InterventionId] = field(default_factory=list)
    arranged: tuple[InterventionId, ...] = ()
    order: QueueOrder = QueueOrder.ARRIVAL
    closed: bool = False

    def status(self, *statuses: InterventionStatus) -> list[InterventionId]:
        return [name for name, each in self.asked.items() if each.status in statuses]

    def takes(self, command: do.AnyCommand, actor: Actor) -> bool:
        """Whether a command must be carried out rather than refused."""
        match command:
            case do.Ask():
                second = command.kind is InterventionKind.REQUEST and self._requests(command.asker)
                empty = not command.text and command.kind is not InterventionKind.REQUEST
                return command.intervention not in self.asked and not (second or empty or self.closed)
            case do.SetStatus():
                return set(command.interventions) <= self.asked.keys() and self._may_stand(command, actor)
            case do.Reword():
                each = self.asked[command.intervention]
                new = each.text != command.text or command.name not in (None, each.name)
                return new and bool(command.text or each.ask.kind is InterventionKind.REQUEST)
            case do.WriteAnswer():
                return self.asked[command.intervention].status is not InterventionStatus.WITHDRAWN
            case do.ArrangeQueue():
                return (
                    set(command.first) <= set(self.status(InterventionStatus.QUEUED)) and command.first != self.arranged
                )
            case do.OrderQueue():
                return command.order is not self.order
            case do.CountSupport():
                return any(self.asked[name].support != count for name, count in command.counts.items())
            case _:
                return self.closed is isinstance(command, do.ReopenSession)

    def _requests(self, asker: str) -> bool:
        """Whether the asker already waits with a request to speak."""
        mine = [each for each in self.asked.values() if each.ask.asker == asker and each.status in TO_COME]
        return any(each.ask.kind is InterventionKind.REQUEST for each in mine)

    def _may_stand(self, command: do.SetStatus, actor: Actor) -> bool:
        to, these = command.status, [self.asked[name] for name in command.interventions]
        if actor.role is Role.PARTICIPANT and not all(_is_the_authors(each, to) for each in these):
            return False
        if any(each.status is to for each in these):
            return False
        if actor.role is Role.PARTICIPANT and self.closed and to is not InterventionStatus.WITHDRAWN:
            return False
        if any(each.status is InterventionStatus.WITHDRAWN for each in these):
            first = these[0].ask
            return actor.role is Role.PARTICIPANT and not (
                first.kind is InterventionKind.REQUEST and self._requests(first.asker)
            )
        if command.segment is not None and to is not InterventionStatus.ANSWERED:
            return False
        match to:
            case InterventionStatus.WRITTEN:
                return False
            case InterventionStatus.DECLINED:
                return bool(command.reason)
            case InterventionStatus.WITHDRAWN:
                return all(each.status in TO_COME | {InterventionStatus.TO_WRITE} for each in these)
            case InterventionStatus.CALLED:
                (name, *more), had = command.interventions, self.turns[-1:]
                just_had = had == [name] and not self.status(InterventionStatus.CALLED)
                return not more and (
                    these[0].status in (InterventionStatus.QUEUED, InterventionStatus.LATER) or just_had
                )
            case InterventionStatus.JOINED:
                target = None if command.into is None else self.asked.get(command.into)
                ends = (InterventionStatus.JOINED, InterventionStatus.WITHDRAWN, InterventionStatus.DECLINED)
                if target is None or target in these or target.status in ends:
                    return False
                return not {each.into for each in self.asked.values()} & set(command.interventions)
            case _:
                return True

    def done(self, command: do.AnyCommand, actor: Actor) -> None:
        """Carry out a command."""
        match command:
            case do.Ask():
                self.asked[command.intervention] = Asked(command, len(self.asked) + 1, command.text, command.name)
            case do.SetStatus():
                if command.status is InterventionStatus.CALLED:
                    for before in self.status(InterventionStatus.CALLED):
                        self._bring(before, do.SetStatus(interventions=(), status=InterventionStatus.QUEUED), own=False)
                for name in command.interventions:
                    place = self.asked[name].status
                    self._bring(name, command, own=command.own or actor.role is Role.PARTICIPANT)
                    if command.status is InterventionStatus.WITHDRAWN:
                        self._succeed(name, InterventionStatus.QUEUED if place is InterventionStatus.CALLED else place)
            case do.Reword():
                each = self.asked[command.intervention]
                each.text, each.name = command.text, each.name if command.name is None else command.name
            case do.WriteAnswer():
                each = self.asked[command.intervention]
                each.answer = command.text
                if each.status is not InterventionStatus.WRITTEN:
                    self._bring(
                        command.intervention,
                        do.SetStatus(interventions=(), status=InterventionStatus.WRITTEN),
                        own=False,
                    )
            case do.ArrangeQueue():
                self.arranged = command.first
            case do.OrderQueue():
                self.order = command.order
            case do.CountSupport():
                for name, count in command.counts.items():
                    self.asked[name].support = count
            case do.CloseSession() | do.ReopenSession():
                self.closed = isinstance(command, do.CloseSession)
            case _:
                raise AssertionError(command)

    def _succeed(self, gone: InterventionId, status: InterventionStatus) -> None:
        """Give the status of a withdrawn intervention to the first one joined with it, and join
        the others with that one.
        """
        joined = [name for name, each in self.asked.items() if each.into == gone]
        for name in joined[:1]:
            if not self.asked[name].published:
                status = InterventionStatus.CHECKED  # Nobody has approved its text.
            self._bring(name, do.SetStatus(interventions=(), status=status), own=False)
        for name in joined[1:]:
            self._bring(
                name, do.SetStatus(interventions=(), status=InterventionStatus.JOINED, into=joined[0]), own=False
            )

    def _bring(self, name: InterventionId, command: do.SetStatus, *, own: bool) -> None:
        each, to = self.asked[name], command.status
        if each.status is InterventionStatus.CALLED and (
            to in (InterventionStatus.QUEUED, InterventionStatus.CHECKED) or (own and to is InterventionStatus.LATER)
        ):
            self.turns.pop()  # The turn didn't take place.
        if to is InterventionStatus.CALLED and (
            self.turns[-1:] != [name] or each.status is InterventionStatus.QUEUED or each.own
        ):
            self.turns.append(name)
        self.arranged = tuple(other for other in self.arranged if other != name)
        each.status, each.own = to, own
        each.reason = command.reason if to is InterventionStatus.DECLINED else ""
        each.into = command.into if to is InterventionStatus.JOINED else None
        each.segment = command.segment if to is InterventionStatus.ANSWERED else None
        each.published = each.published or to not in FOR_STAFF

    def explained(
        self, queue: Sequence[QueuedIntervention], order: QueueOrder, arranged: Sequence[InterventionId]
    ) -> None:
        """Check the reason of each rank in a queue: by that rule, no intervention after it should be before it."""
        names = [each.intervention for each in queue]
        assert sorted(names) == sorted(self.status(InterventionStatus.QUEUED))
        assert names[: len(arranged)] == list(arranged)
        assert all((each.why is Why.ARRANGED) == (at < len(arranged)) for at, each in enumerate(queue))
        for at in range(len(arranged), len(queue)):
            before = [self.asked[name] for name in (*self.turns, *names[:at])]
            here, *behind = (self.asked[name] for name in names[at:])
            self._explained(queue[at].why, order, here, behind, before)

    def _explained(
        self, why: Why, order: QueueOrder, here: Asked, behind: Sequence[Asked], before: Sequence[Asked]
    ) -> None:
        came_first = all(here.number < each.number for each in behind)
        match order:
            case QueueOrder.ARRIVAL:
                assert came_first
                assert why is Why.ARRIVAL
            case QueueOrder.SUPPORT:
                assert all((here.support, -here.number) > (each.support, -each.number) for each in behind)
                assert why is (Why.SUPPORT if here.support else Why.ARRIVAL)
            case QueueOrder.NEWCOMERS:
                had = Counter(each.ask.asker for each in before)
                mine = had[here.ask.asker]
                assert all((mine, here.number) < (had[each.ask.asker], each.number) for each in _firsts(behind, here))
                assert why is (Why.AGAIN if mine else Why.NEWCOMER)
            case QueueOrder.ALTERNATE:
                last = {each.place: at for at, each in enumerate(before)}
                mine = last.get(here.place, -1)
                assert all((mine, here.number) < (last.get(each.place, -1), each.number) for each in behind)
                assert why is (Why.ARRIVAL if came_first else Why.SIDE)


def _firsts(behind: Iterable[Asked], here: Asked) -> list[Asked]:
    """Return each author's first intervention in `behind`; of `here`'s own author only one that came after `here`."""
    found: dict[str, Asked] = {}
    for each in behind:
        found.setdefault(each.ask.asker, each)
    return [each for each in found.values() if each.ask.asker != here.ask.asker or each.number > here.number]


def _is_the_authors(each: Asked, to: InterventionStatus) -> bool:
    """Whether an author may ask for this status."""
    match to:
        case InterventionStatus.WITHDRAWN:
            return True
        case InterventionStatus.LATER:
            return each.status in (InterventionStatus.QUEUED, InterventionStatus.CALLED)
        case InterventionStatus.QUEUED:
            return each.status is InterventionStatus.LATER and each.own
        case InterventionStatus.CHECKED:
            return each.status is InterventionStatus.WITHDRAWN
        case _:
            return False

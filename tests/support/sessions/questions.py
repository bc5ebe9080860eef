"""Sessions in which somebody asks, for tests of interventions."""

from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.questions.interventions import Intervention
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import WALL, carry_out, created, events, speaking

MODERATOR = Actor(Role.MODERATOR, "m1")
SOMEBODY = Actor(Role.PARTICIPANT, "p1")


def name(text: str) -> InterventionId:
    return InterventionId(text)


def ask(
    what: str,
    text: str = "Why?",
    *,
    kind: InterventionKind = InterventionKind.QUESTION,
    asker: str = "",
    **more: object,
) -> do.Ask:
    given = do.Ask(intervention=name(what), kind=kind, text=text, language="en", asker=asker or f"by-{what}")
    return msgspec.structs.replace(given, **more)


def stand(status: InterventionStatus, *what: str, **more: object) -> do.SetStatus:
    return msgspec.structs.replace(do.SetStatus(interventions=tuple(map(name, what)), status=status), **more)


def of(state: State, what: str) -> Intervention:
    found = state.questions.get(name(what))
    assert found is not None
    return found


def asked() -> State:
    """Return a session with three questions that are being checked, the second from a hub."""
    return carry_out(
        speaking(),
        ask("a", "Why?"),
        ask("b", "When?", origin="hub:nairobi"),
        ask("c", "Who?", name="Ana"),
        actor=SOMEBODY,
    )


class Told:
    """A session's state, and its events as they happen."""

    def __init__(self) -> None:
        self.state: State = created()
        self.events: list[ev.AnyEvent] = [
            ev.SessionCreated(title="Access", languages=("en",)),
        ]
        self.at = WALL
        self.do(do.OpenSession())

    def do(self, *commands: do.AnyCommand) -> None:
        for command in commands:
            by = SYSTEM if isinstance(command, do.OpenSession) else MODERATOR
            for event in events(self.state, command, actor=by, wall=self.at):
                self.state = evolve(self.state, event)
                self.events.append(event)


def meeting() -> Told:
    """Return a session with three questions from the room and a remote one, of which the first three
    are called a minute apart.
    """
    told = Told()
    for number, origin in enumerate(("room", "room", "room", "remote")):
        told.at = WALL + 1_000 * number
        told.do(ask(f"q{number}", origin=origin), stand(InterventionStatus.QUEUED, f"q{number}"))
    for number in range(3):
        told.at = WALL + 60_000 * (number + 1)
        told.do(stand(InterventionStatus.CALLED, f"q{number}"), stand(InterventionStatus.ANSWERED, f"q{number}"))
    return told


async def nobodys(_session: SessionId, _token: str) -> frozenset[InterventionId]:
    """Return no questions, for lists on which nobody has asked anything."""
    return frozenset()

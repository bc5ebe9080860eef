"""Questions at the centre and at a hub, behind the pages' common port, for tests that expect the same of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.questions import asking_texts as texts
from moothall.core import commands as do
from moothall.core.events.question_parts import HUB, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.core.ports import Clock
from moothall.core.sessions.state import State
from moothall.services.log.act_queue import Receipt
from moothall.services.questions.asking import Asking
from moothall.services.questions.author_view import Own
from moothall.services.questions.ports import AuthorQuestions
from moothall.services.questions.typing import line_typed
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.wire.hubs.acts import AskAct, HoldAct, StandAct, TypeAct
from moothall_hub.outbox.outbox import ActState
from moothall_hub.room.local_questions import Mode
from support.hubs.desk import Room, room
from support.memory.hall import SESSION, memory_hall

UI = Catalogues(find_web_folder() / "locales", ("en",))["en"]
MODERATOR = Actor(Role.MODERATOR, "m1")


class Site:
    """The port at which people ask, at the centre or at a hub, and the acts at the meeting."""

    def __init__(self, questions: AuthorQuestions, live: LiveSession, clock: Clock, made: Room | None) -> None:
        self.questions = questions
        self.live = live
        self.clock = clock
        self._room = made
        self._acts = 0

    @property
    def state(self) -> State:
        """The meeting's state."""
        return self.live.state

    async def do(self, command: do.AnyCommand, actor: Actor = MODERATOR) -> Refusal | None:
        """Carry out a command at the meeting; returns None or the refusal."""
        self._acts += 1
        answer = await self.live.writer.send(actor, CommandId(f"place-{self._acts}"), command)
        return None if isinstance(answer, Receipt) else answer

    async def stand(self, what: InterventionId, status: InterventionStatus, reason: str = "") -> Refusal | None:
        """Set a question's status, as the moderator; returns None or the refusal."""
        return await self.do(do.SetStatus(interventions=(what,), status=status, reason=reason))

    async def carry(self) -> None:
        """Deliver the outbox's acts to the meeting, in order, and store the answers. Does nothing at the centre."""
        if self._room is None:
            return
        for put in list(self._room.outbox.acts.values()):
            if self._room.outbox.standing[put.id].state is ActState.WAITING:
                command, actor = _command(self.state, put.act)
                answer = await self.live.writer.send(actor, put.id, command)
                code = answer.code if isinstance(answer, Refusal) else None
                self._room.outbox.answer(put.id, code, answer.message if isinstance(answer, Refusal) else "")


def _command(state: State, act: object) -> tuple[do.AnyCommand, Actor]:
    assert isinstance(act, AskAct | StandAct | HoldAct | TypeAct), act
    author = Actor(Role.PARTICIPANT, act.intervention)
    match act:
        case AskAct():
            asked = do.Ask(
                intervention=act.intervention, kind=act.kind, text=act.text, language=act.language, asker=act.asker,
                name=act.name, origin=f"{HUB}kisumu",
            )  # fmt: skip
            return asked, Actor(Role.HUB, act.intervention, hub="kisumu")
        case StandAct():
            return do.SetStatus(interventions=(act.intervention,), status=act.status), author
        case HoldAct():
            return do.HoldTurn(intervention=act.intervention), author
        case TypeAct():
            each = state.questions.get(act.intervention)
            assert each is not None
            return line_typed(each, act.line, act.text), author


@asynccontextmanager
async def centre() -> AsyncIterator[Site]:
    """Run the port at the centre."""
    async with memory_hall() as hall:
        live = await hall.session(languages=("en", "pt"))
        asking = Asking(hall.sessions, book=MemoryBook(), clock=hall.clock, randomness=SeededRandomness(1))
        await asking.load()
        place = Site(asking, live, hall.clock, None)
        assert await place.do(do.OpenSession(), actor=SYSTEM) is None
        yield place


@asynccontextmanager
async def hub() -> AsyncIterator[Site]:
    """Run the port in a hub's room that passes everything on."""
    async with room() as made:
        await made.local.set_mode(SESSION, Mode.OPEN)
        yield Site(made.local, made.meeting.live, made.clock, made)


SITES: dict[str, Callable[[], AbstractAsyncContextManager[Site]]] = {"centre": centre, "hub": hub}


def seen(own: Own | None) -> dict[str, object]:
    """Return the texts of an author's page about a question, and the acts that it offers."""
    assert own is not None
    return {
        "heading": texts.yours(own, UI),
        "stands": texts.stands(own, UI),
        "goes on": texts.goes_on(own, UI),
        "hint": texts.hint(own, UI),
        "received": own.intervention.received,
        "over": own.over,
        "typed": [line.text for line in own.typed],
        "may": [
            own.may_go,
            own.may_put_off,
            own.may_return,
            own.may_ask_again,
            own.may_hold,
            own.voice is not None and own.voice.may_type,
        ],
    }

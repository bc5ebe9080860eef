"""Carries out at the centre what people do in the rooms of hubs (questions, support, votes, head counts, notes), each
act exactly once.

A hub sends an act again whenever the answer was lost. The log recognises a repeated act by its id; counts are absolute,
and the newest count is valid. A refusal is final, unless the act couldn't be stored.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass

from moothall.core.commands import AnyCommand, HoldTurn, LeaveHubNote, ReadHubNote, ReportAbuse, SetStatus
from moothall.core.events.question_parts import HUB
from moothall.core.events.types import Access
from moothall.core.hubs.presence import plain_title
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import (
    NO_MEETING,
    PASSING,
    RecordBroken,
    Refusal,
    RefusalCode,
    StorageUnavailable,
    refuse,
)
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId, is_command_id, is_name
from moothall.core.opinions.rooms import RoomVotes
from moothall.core.ports import Clock
from moothall.services.hubs.presence import HubPresence
from moothall.services.log.act_queue import unavailable
from moothall.services.questions.asking import Asking, asked_by
from moothall.services.questions.ballots import Ballots
from moothall.services.questions.opinions import Opinions
from moothall.services.questions.typing import line_typed
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.wire.hubs.acts import (
    AskAct,
    HandsAct,
    HeadCountAct,
    HoldAct,
    NoteAct,
    NoteReadAct,
    OpinionsAct,
    ReportAct,
    StandAct,
    SupportAct,
    TypeAct,
)
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone

logger = logging.getLogger(__name__)

REMEMBERED = 1_000
"""The most refusals kept in memory, some hundred bytes each, so that an act whose answer was lost gets the same answer.
Overflow: the oldest is dropped, and its act would be judged anew.
"""
_NOT_REMEMBERED = PASSING | {RefusalCode.INVALID}
"""Codes of refusals that are not kept: acts that will be sent again, and malformed acts, which may be as long as a
message.
"""

CountHeads = Callable[[str, SessionId, int, int], Awaitable[Refusal | None]]


async def _nobody_else(_hub: str, _session: SessionId, _people: int, _at: int) -> Refusal | None:
    """Accept a head count without storing it: for a server that keeps no registry of hubs."""
    return None


@dataclass(eq=False, repr=False)
class HubActs:
    """The centre's `ActTaker`: carries out acts of hubs, each exactly once."""

    sessions: Sessions
    _: KW_ONLY
    asking: Asking
    ballots: Ballots
    opinions: Opinions
    presence: HubPresence
    clock: Clock
    title_of: Callable[[str], str | None]
    """Return the title of a hub that is linked here, by its name; None for an unknown hub."""
    count: CountHeads = _nobody_else
    """Called after each head count with path, session, people and Unix ms; stores it, or returns why it can't."""

    def __post_init__(self) -> None:
        # Overflow: see REMEMBERED.
        self._refused: dict[tuple[str, SessionId, CommandId], Refusal] = {}

    async def take(self, hub_path: str, act: Act, node: str) -> ActDone | ActNotDone:
        """Carry out an act. `hub_path` is the room's name seen from here (`north.kisumu`), `node` the id of the linked
        machine.
        """
        refused = self._refused.get((hub_path, act.session, act.id)) or await self._refusal_of(hub_path, act, node)
        if refused is None:
            return ActDone(id=act.id)
        logger.info("hub %s: the server refused an act (%s)", hub_path, refused.code)
        return ActNotDone(id=act.id, code=refused.code, message=refused.message)

    async def _refusal_of(self, hub: str, act: Act, node: str) -> Refusal | None:
        try:
            refused = await self._take(hub, act, node)
        except (StorageUnavailable, RecordBroken):
            return unavailable()
        if refused is not None and refused.code not in _NOT_REMEMBERED:
            if len(self._refused) >= REMEMBERED:
                del self._refused[next(iter(self._refused))]
            self._refused[hub, act.session, act.id] = refused
        return refused

    async def _take(self, hub: str, act: Act, node: str) -> Refusal | None:
        if not is_command_id(act.id) or not all(map(is_name, (hub, node, act.session))):
            return refuse(RefusalCode.INVALID, "An act needs an id and the ids of its hub, machine and meeting.")
        live = await self.sessions.find(act.session)
        if live is None or live.state.access is not Access.PUBLIC:
            return NO_MEETING
        with live.held():
            return await self._in(live, hub, act, node)

    async def _in(self, live: LiveSession, hub: str, act: Act, node: str) -> Refusal | None:
        what, known_by = act.act, command_of(hub, act.id)
        match what:
            case AskAct():
                if act.id != asked_by(what.intervention):
                    return refuse(RefusalCode.INVALID, "The id of this act does not match its question.")
                return await self.asking.ask_from_hub(live, hub, what, self.clock.wall() - act.at)
            case SupportAct():
                return await self.ballots.support_in_hub(live, what.intervention, what.count, hub=hub, node=node)
            case HandsAct():
                return await self.ballots.hands_in_hub(live, what.poll, what.counts, hub=hub, node=node)
            case OpinionsAct():
                room = RoomVotes(people=what.people, sums=what.sums)
                return await self.opinions.count_in_hub(live, room, hub=hub, node=node)
            case HeadCountAct():
                # Else the log would hold a count that the registry refuses.
                if self.title_of(hub.partition(".")[0]) is None:
                    return refuse(RefusalCode.UNKNOWN, "There is no such hub.")
                title = title_of(hub, act.title, self.title_of)
                at = min(act.at, self.clock.wall())  # A count from a clock that is ahead would override later ones.
                refused = await self.presence.counted(live.id, hub, title, what.people, at, act=known_by)
                return refused or await self.count(hub, live.id, what.people, at)
            case NoteAct():
                left = LeaveHubNote(hub=hub, note=what.note, text=what.text)
                return _refusal(await live.writer.send(Actor(Role.HUB, hub, hub=hub), known_by, left))
            case NoteReadAct():
                read = ReadHubNote(hub=hub, note=what.note)
                return _refusal(await live.writer.send(Actor(Role.HUB, hub, hub=hub), known_by, read))
            case ReportAct():
                told = ReportAbuse(intervention=what.intervention)
                return _refusal(await live.writer.send(_author(what.intervention), known_by, told))
            case _:
                return await self._authors(live, hub, what, known_by)

    async def _authors(
        self, live: LiveSession, hub: str, what: StandAct | HoldAct | TypeAct, known_by: CommandId
    ) -> Refusal | None:
        """Carry out an act of the author of a question; refused unless the question came from this hub."""
        each = live.state.questions.get(what.intervention)
        if each is None or each.origin != f"{HUB}{hub}":
            return refuse(RefusalCode.UNKNOWN, "This hub has sent no such question.")
        command: AnyCommand
        match what:
            case StandAct():
                command = SetStatus(interventions=(each.id,), status=what.status)
            case HoldAct():
                command = HoldTurn(intervention=each.id)
            case TypeAct():
                command = line_typed(each, what.line, what.text)
        return _refusal(await live.writer.send(_author(each.id), known_by, command))


def command_of(hub: str, act: CommandId) -> CommandId:
    """The id in the log of an act that only its own hub may do: a digest of hub and act id, so that the ids of two hubs
    can't collide.
    """
    return CommandId(f"hub:{hashlib.sha256(f'{hub} {act}'.encode()).hexdigest()[:32]}")


def title_of(hub: str, said: str, known: Callable[[str], str | None]) -> str:
    """The title of a hub, `hub` being its dotted path: from the registry of this server, else what the hub itself sent,
    else its capitalised name.
    """
    own = hub.rpartition(".")[2]
    return (known(hub) if own == hub else None) or plain_title(said) or own.capitalize()


def _author(name: InterventionId) -> Actor:
    return Actor(Role.PARTICIPANT, name)


def _refusal(answer: object) -> Refusal | None:
    return answer if isinstance(answer, Refusal) else None

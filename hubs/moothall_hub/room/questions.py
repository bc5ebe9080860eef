"""What the people in a hub's room ask and would ask too: kept on the hub's disk, and passed on by its outbox.

The book is the truth. What is to reach the meeting is derived from it, again after a crash: an act's id is made of what
it says, so that the outbox, and the meeting, take each once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import msgspec

from moothall.core.events.question_parts import WAITING, Kind
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.questions.tokens import Tokens
from moothall.core.session.state import Status
from moothall.services.questions.asking import LONGEST_AGE_MS, Unasked, kept_tokens
from moothall.services.questions.translations import QuestionTranslations
from moothall.wire.hub.messages import AskAct, Done, SupportAct, TakeBackAct
from moothall_hub.outbox.outbox import Outbox as DiskOutbox
from moothall_hub.room import local_floor
from moothall_hub.room.hands import RoomHands
from moothall_hub.room.local_floor import Local, LocalFloor, LocalQuestion, Mode, NotTaken
from moothall_hub.room.ports import ActStanding, Meetings, Outbox

logger = logging.getLogger(__name__)

KEY_SHELF, QUESTIONS, SUPPORTS, FLOORS, COUNTS = "room-key", "room-question", "room-support", "room-floor", "room-count"
"""Where the book has what."""
PASS_ON_MS = 5_000
"""How often what the room would ask too is told to the meeting: a count of it, and not each press."""


class RoomWish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody in the room sent."""

    kind: Kind
    text: str
    language: str
    form: str
    name: str = ""
    age: int = 0
    """How long ago it was written, ms."""
    coordinator: bool = False
    """Whether the coordinator asks for others: then each name is a person, and those without one are one together."""


class _Kept(msgspec.Struct, frozen=True):
    """What a session's entry of the book says beside its questions."""

    mode: Mode = Mode.COORDINATOR
    cleared: int | None = None


class RoomFloor:
    """The questions and supports of a hub's room. Call `load` first; `run` passes them on."""

    def __init__(
        self, *, book: Book, outbox: Outbox, meetings: Meetings, clock: Clock, randomness: Randomness, node: str
    ) -> None:
        """`node`: this installation's name, so that what one machine counted isn't taken for another's."""
        self._book = book
        self._outbox = outbox
        self._meetings = meetings
        self._clock = clock
        self._randomness = randomness
        self._node = node
        self._tokens = Tokens(b"")
        # Bound: what `local_floor.MOST` allows in each session.
        self._floors: dict[SessionId, LocalFloor] = {}
        self._told: dict[tuple[SessionId, InterventionId], int] = {}
        """The counts that are in the outbox."""
        self._due: dict[tuple[SessionId, InterventionId], None] = {}
        """What has to be in the outbox, and isn't known to be."""
        self._changed: list[Callable[[SessionId], None]] = []
        self._one = asyncio.Lock()
        """One change at a time. Bound of those who wait: the requests that the doors let in."""

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        self._tokens = await kept_tokens(self._book, KEY_SHELF, self._randomness)
        for name, body in (await self._book.read(FLOORS)).items():
            kept = msgspec.json.decode(body, type=_Kept)
            self._floors[SessionId(name)] = LocalFloor(session=SessionId(name), mode=kept.mode, cleared=kept.cleared)
        for key, body in (await self._book.read(QUESTIONS)).items():
            session = SessionId(key.partition(":")[0])
            question = msgspec.json.decode(body, type=LocalQuestion)
            self._put(self.floor(session).with_(question))
            if question.forwarded:
                self._due[session, question.id] = None
        for key in await self._book.read(SUPPORTS):
            name, what, by = key.split(":")
            self._put(self.floor(SessionId(name)).supported(InterventionId(what), by))
        for key, body in (await self._book.read(COUNTS)).items():
            name, _, what = key.partition(":")
            self._told[SessionId(name), InterventionId(what)] = int(body)

    @property
    def cookie_key(self) -> bytes:
        """Makes the tokens of visitors' browsers, once it is loaded."""
        return self._tokens.cookie_key

    async def run(self) -> None:
        """Pass on what has to be, until cancelled."""
        while True:
            try:
                await self.pass_on()
            except StorageUnavailable as error:
                logger.warning("what is asked here can't be passed on at the moment: %s", error)
            await self._clock.sleep(PASS_ON_MS)

    def when_changed(self, tell: Callable[[SessionId], None]) -> None:
        """Call `tell` whenever something of a session's has changed. It must not wait."""
        self._changed.append(tell)

    def floor(self, session: SessionId) -> LocalFloor:
        """How it stands."""
        return self._floors.get(session) or LocalFloor(session=session)

    async def ask(self, session: SessionId, wish: RoomWish, visitor: str) -> InterventionId | Unasked:
        """Take a question; it is on the disk when this returns. The same form with the same words is the same one."""
        state = await self._meetings.state(session)
        name = local_floor.name_of(
            session, wish.form, kind=wish.kind, text=wish.text, language=wish.language, name=wish.name
        )
        who = ("name", session, wish.name.casefold())
        asker = self._tokens.code(*who) if wish.coordinator else self.visitor(session, visitor or f"form {wish.form}")
        at = self._clock.wall() - min(wish.age, LONGEST_AGE_MS)
        sent = LocalQuestion(
            id=name,
            number=0,
            form=wish.form,
            kind=wish.kind,
            text=wish.text,
            language=wish.language,
            name=wish.name,
            asker=asker,
            at=at,
        )
        async with self._one:
            floor = self.floor(session)
            if name in floor.questions:
                return name
            if state is not None and state.status is Status.CLOSED:
                return Unasked.OVER
            if state is not None and state.floor.known_only and not visitor and not wish.coordinator:
                return Unasked.COOKIE
            taken = local_floor.ask(floor, sent, None if state is None else state.floor)
            if isinstance(taken, NotTaken):
                return Unasked(taken.value)
            try:
                await self._keep(session, [taken])
            except StorageUnavailable:
                return Unasked.UNAVAILABLE
        return name

    async def take_back(self, session: SessionId, name: InterventionId) -> None:
        """Its author takes it back; nothing where that is too late. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_floor.withdraw(self.floor(session), name))

    async def support(self, session: SessionId, what: InterventionId, token: str) -> bool:
        """Somebody would ask it too; says whether there is such a question. Raises StorageUnavailable.

        Without a token nobody is counted: nobody could tell them apart.
        """
        floor, by = self.floor(session), self.visitor(session, token)
        state, here = await self._meetings.state(session), floor.questions.get(what)
        there = None if state is None else state.floor
        if here is None:
            each = None if there is None else there.get(what)
            fit = each is not None and each.published and each.standing in WAITING
        else:
            fit = here.stands in (Local.HERE, Local.FORWARDED)
        if not (fit and token) or what in local_floor.own_of(floor, by, there):
            return here is not None or fit
        if by not in floor.supporters.get(what, ()):
            await self._book.write([BookEntry(SUPPORTS, f"{session}:{what}:{by}", b"1")])
            self._put(self.floor(session).supported(what, by))
        return True

    async def set_mode(self, session: SessionId, mode: Mode) -> None:
        """Say who passes questions on. Raises StorageUnavailable."""
        async with self._one:
            await self._book.write([_entry(msgspec.structs.replace(self.floor(session), mode=mode))])
            self._put(msgspec.structs.replace(self.floor(session), mode=mode))

    async def forward(self, session: SessionId, names: Iterable[InterventionId]) -> None:
        """Pass some on. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_floor.forward(self.floor(session), names))

    async def keep_here(self, session: SessionId, names: Iterable[InterventionId]) -> None:
        """Keep some here. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_floor.keep(self.floor(session), names))

    async def join(self, session: SessionId, names: Iterable[InterventionId]) -> None:
        """Join some with the best of them. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_floor.join(self.floor(session), names))

    async def put_on_wall(self, session: SessionId, names: Iterable[InterventionId], on_wall: bool) -> None:
        """Have the local wall show some, or no more. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_floor.put_on_wall(self.floor(session), names, on_wall))

    async def clear_wall(self, session: SessionId) -> None:
        """Clear the local wall, whether there is a line or not. Raises StorageUnavailable."""
        async with self._one:
            floor, gone = local_floor.clear_wall(self.floor(session), self._clock.wall())
            await self._book.write([_entry(floor), *(_question(session, each) for each in gone)])
            self._put(msgspec.structs.replace(self.floor(session).with_(*gone), cleared=floor.cleared))

    async def erase_removed(self, session: SessionId) -> None:
        """Erase from this disk the words that the meeting has removed. For whoever takes a `body.removed`.

        Raises StorageUnavailable.
        """
        state = await self._meetings.state(session)
        async with self._one:
            own = () if state is None else self.floor(session).questions.values()
            # Those that were not passed on from here too: their authors may have sent them by another machine.
            known = [(each, state.floor.get(each.id)) for each in own if state is not None]
            gone = [each for each, there in known if there is not None and there.removed and (each.text or each.name)]
            if not gone:
                return
            erased = [msgspec.structs.replace(each, text="", name="", on_wall=False) for each in gone]
            await self._book.write([_question(session, each) for each in erased])
            self._put(self.floor(session).with_(*erased))

    async def forget(self, session: SessionId) -> None:
        """Erase all of a session that is no more. Raises StorageUnavailable."""
        async with self._one:
            entries = [BookEntry(FLOORS, session, None)]
            for shelf in (QUESTIONS, SUPPORTS, COUNTS):
                kept = await self._book.read(shelf)
                entries += [BookEntry(shelf, key, None) for key in kept if key.partition(":")[0] == session]
            await self._book.write(entries)
            self._floors.pop(session, None)
            self._told = {key: many for key, many in self._told.items() if key[0] != session}
            self._due = {key: None for key in self._due if key[0] != session}
            for tell in self._changed:
                tell(session)

    # Where questions stand

    async def act(self, question: LocalQuestion) -> ActStanding | None:
        """How a question stands in the outbox. Raises StorageUnavailable."""
        return await self._outbox.state(_ask_id(question.id)) if question.forwarded else None

    def token(self, session: SessionId, name: InterventionId) -> str:
        """What the address of its author's page ends with."""
        return self._tokens.page(session, name)

    def of_token(self, session: SessionId, token: str) -> LocalQuestion | None:
        """The question whose author's page that is; None for a token that isn't ours."""
        name = self._tokens.author_of(session, token)
        return None if name is None else self.floor(session).questions.get(name)

    def visitor(self, session: SessionId, token: str) -> str:
        """By what a browser is known in a session."""
        return self._tokens.code("visitor", session, token)

    # What goes to the meeting

    async def pass_on(self) -> None:
        """Put into the outbox what has to be there. Raises StorageUnavailable; then it is tried again."""
        for session, name in list(self._due):
            await self._send(session, self.floor(session).questions[name])
        for floor in list(self._floors.values()):
            await self._tell_counts(floor)

    async def _tell_counts(self, floor: LocalFloor) -> None:
        counts = {
            what: many
            for what, many in local_floor.counted(floor).items()
            if many and self._told.get((floor.session, what)) != many
        }
        state = await self._meetings.state(floor.session) if counts else None
        for what, many in counts.items():
            there = None if state is None else state.floor.get(what)
            if there is None or not there.published or there.standing not in WAITING:
                continue  # The meeting takes counts of what everybody can read, and of nothing else.
            act = SupportAct(intervention=what, count=many)
            act_id = CommandId(f"support:{self._node}:{what}:{many}")
            await self._outbox.put(floor.session, act_id, "", act, self._clock.wall())
            await self._book.write([BookEntry(COUNTS, f"{floor.session}:{what}", str(many).encode())])
            self._told[floor.session, what] = many

    async def _send(self, session: SessionId, question: LocalQuestion) -> None:
        asked = AskAct(
            intervention=question.id,
            kind=question.kind,
            text=question.text,
            language=question.language,
            name=question.name,
            asker=question.asker,
        )
        await self._outbox.put(session, _ask_id(question.id), "", asked, question.at)
        if question.stands is Local.WITHDRAWN:
            back = TakeBackAct(intervention=question.id)
            await self._outbox.put(session, CommandId(f"back:{question.id}"), "", back, self._clock.wall())
        self._due.pop((session, question.id), None)

    async def _keep(self, session: SessionId, changed: list[LocalQuestion]) -> None:
        """Store what has changed, and pass on what has to be: what the outbox refuses now, `run` tries again."""
        if not changed:
            return
        await self._book.write([_question(session, each) for each in changed])
        self._put(self.floor(session).with_(*changed))
        for each in (each for each in changed if each.forwarded):
            self._due[session, each.id] = None
            try:
                await self._send(session, each)
            except StorageUnavailable as error:
                logger.warning("question %s: it is passed on later, the outbox is away: %s", each.id, error)

    def _put(self, floor: LocalFloor) -> None:
        self._floors[floor.session] = floor
        for tell in self._changed:
            tell(floor.session)


def _ask_id(name: InterventionId) -> CommandId:
    return CommandId(f"ask:{name}")


def _question(session: SessionId, each: LocalQuestion) -> BookEntry:
    return BookEntry(QUESTIONS, f"{session}:{each.id}", msgspec.json.encode(each))


def _entry(floor: LocalFloor) -> BookEntry:
    return BookEntry(FLOORS, floor.session, msgspec.json.encode(_Kept(floor.mode, floor.cleared)))


class RoomWords:
    """Erases what stands on the hub's disk of questions beside the copies (`moothall_hub.mirror.erasing.Room`).

    That is the room's own, and those that wait for their answer.
    """

    def __init__(
        self,
        floor: RoomFloor,
        hands: RoomHands,
        translations: QuestionTranslations,
        outbox: DiskOutbox,
        meetings: Meetings,
    ) -> None:
        self._floor = floor
        self._hands = hands
        self._translations = translations
        self._outbox = outbox
        self._meetings = meetings

    async def erase_removed(self, session: SessionId) -> None:
        """Erase what the meeting has removed (`Room`). What the meeting has removed it has had, so its act is done, of
        a hub below too.
        """
        state = await self._meetings.state(session)
        for waiting in await self._outbox.waiting(session) if state is not None else ():
            act = waiting.act
            there = state.floor.get(act.act.intervention) if state and isinstance(act.act, AskAct) else None
            if there is not None and there.removed:
                await self._outbox.answered(act.id, Done(id=act.id))
        await self._floor.erase_removed(session)

    async def forget(self, session: SessionId) -> None:
        """Erase all of a session that is no more (`Room`). Acts that wait are refused by the meeting, and go then."""
        self._translations.forget()
        await self._floor.forget(session)
        await self._hands.forget(session)

"""Handles desks' requests beyond commands to their own session: recognise a minute again, move lines, go to the next
session, remove words …

Pages name the sessions. `desk_socket.py` has checked beforehand that a link is valid for another session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.commands import CloseSession, CorrectSegment, TypeSegment
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, is_command_id
from moothall.core.ports import Book, Clock, EventLog
from moothall.core.removal.moves import short
from moothall.core.removal.selection import Lines, Selection, selected
from moothall.core.rules.authority import COMMANDS, REMOVERS, may_send
from moothall.core.rules.lines import MAY_NOT_WRITE
from moothall.core.sessions.state import ON
from moothall.services.capture.closing import opening_of
from moothall.services.capture.redoing import redo
from moothall.services.control.openers import Openers
from moothall.services.desks.abbreviations import Abbreviations
from moothall.services.desks.copies import OtherLogs
from moothall.services.desks.desks import Desks
from moothall.services.desks.line_moves import LineMoves
from moothall.services.desks.removal import remove
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.engines.recognising import Recognising
from moothall.services.log.act_queue import unavailable
from moothall.services.log.session_writer import SessionWriter
from moothall.services.outcomes.redacting import Redacting
from moothall.services.programme.programme import Programme
from moothall.services.proposals.own_words import OwnWords
from moothall.services.proposals.proposing import Proposals
from moothall.services.sessions.reports import ReportKind, Reports
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.recording import Recordings


class DeskRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of all such messages; each message uses some of them."""

    id: str = ""
    """The act's id, chosen by the page."""
    channel: str | None = None
    """The channel; None for the desk's own."""
    language: str | None = None
    session: str | None = None
    """The other session of a `move`."""
    then: str | None = None
    """The session that is to follow, as the page has announced it; None for the next one in the programme."""
    anyway: bool = False
    """Whether the person has seen what to know first (`FirstKnow`) and confirmed the `next` session."""
    segments: tuple[SegmentId, ...] = ()
    kind: str = ""
    """The kind of report; in `accept` `all` or empty; in `crowd` the key of the crowd."""
    run: str = ""
    """Id of the second pass whose proposals are meant."""
    first: int = 0
    """Number of the first proposal or question."""
    text: str = ""
    """The text to be translated, or the reason for declining questions."""
    source: str = msgspec.field(name="from", default="")
    """The text's language (BCP-47)."""
    to: str = ""
    """The target language (BCP-47)."""
    change: dict[str, str | None] = {}
    """Changed abbreviations: the long forms by the short forms; None deletes one."""
    removes: Selection | None = None
    """Words that must not stay, such as `{"type": "lines", "segments": […]}`."""


Extra = Callable[[DeskConnection, DeskRequest], Awaitable[dict[str, object] | Refusal]]
"""Handler of a request of a desk that is more than commands to its own session."""


@dataclass(eq=False, repr=False)
class DeskRequests:
    """Answers such requests of desks. Requests that store an act need its id, so that a repeated request is carried out
    once.
    """

    sessions: Sessions
    _: KW_ONLY
    log: EventLog
    book: Book
    clock: Clock
    desks: Desks
    moves: LineMoves
    reports: Reports
    programme: Programme
    openers: Openers
    proposals: Proposals
    own_words: OwnWords
    redacting: Redacting
    recordings: Recordings
    recognising: Recognising

    def __post_init__(self) -> None:
        self._copies = OtherLogs(self.log, self._writer_of)
        self._abbreviations = Abbreviations(self.book, self.clock)

    async def _writer_of(self, session: SessionId) -> SessionWriter | None:
        live = await self.sessions.find(session)
        return None if live is None else live.writer

    def all(self) -> dict[str, Extra]:
        """Handlers, by message name."""
        return {
            "redo": self._redo,
            "move": self._move,
            "next": self._next,
            "remove": self._remove,
            "concerned": self._concerned,
            "seen": self._seen,
            "mended": self._mended,
            "abbreviations": self._abbreviate,
        }

    async def _redo(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Force the language of a channel, and have the last minute recognised again in it."""
        channel = ChannelId(request.channel or desk.channel)
        if not is_command_id(request.id) or channel not in desk.live.state.channels:
            return refuse(RefusalCode.INVALID, "This act needs an id and one of the meeting's texts.")
        name = CommandId(request.id)
        with self.desks.doing(desk, name):
            answer = await redo(desk.live.writer, self.recognising, desk.actor, name, channel, request.language)
        return answer if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer)}

    async def _move(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Move lines to another session. The caller has checked that the link is valid for it."""
        if not is_command_id(request.id):
            return refuse(RefusalCode.INVALID, "This act needs an id.")
        name, channel = CommandId(request.id), ChannelId(request.channel or desk.channel)
        with self.desks.doing(desk, name):
            answer = await self.moves.move(
                desk, name, channel=channel, segments=request.segments, session=SessionId(request.session or "")
            )
        return answer if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer)}

    async def _next(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Close this session and start the one that follows in its room."""
        room = self.programme.room_of(desk.live.id)
        if room is None or not may_send(desk.staff.role, CloseSession()):
            return refuse(
                RefusalCode.FORBIDDEN, "This meeting is in no room of the programme, so no next meeting can follow it."
            )
        if not is_command_id(request.id):
            return refuse(RefusalCode.INVALID, "This act needs an id.")
        live, act = desk.live, CommandId(f"next:{short(CommandId(request.id))}")
        gone = self.programme.gone_on(room, act)
        if gone is not None:  # The page repeats its request after the connection or the server was away.
            return {"session": gone}
        on = live.id if live.state.status in ON else None
        if on is None and self.programme.now_in(room) is not None:
            return self.programme.quicker(room)
        if on is not None and not request.anyway and (first := self.programme.closing.first_know(on)) is not None:
            return first
        then = None if request.then is None else SessionId(request.then)
        with self.openers.named(opening_of(act), desk.presence.known_as):
            answer = await self.programme.next_session(room, after=on, then=then, by=desk.staff.link, act=act)
        return answer if isinstance(answer, Refusal) else {"session": answer}

    async def _remove(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Remove words from the text and from the sound."""
        if not is_command_id(request.id) or request.removes is None:
            return refuse(RefusalCode.INVALID, "This act needs an id and says which words are removed.")
        async with self.moves.busy:
            answer = await remove(
                desk.live.writer,
                desk.actor,
                CommandId(request.id),
                request.removes,
                copies=self._copies,
                silence=self._silence,
                forget=self.own_words.forget_lines,
                redact=self.redacting.remove_with,
            )
        return answer if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer)}

    async def _silence(self, session: SessionId, spoken: Sequence[tuple[ChannelId, int, int]]) -> None:
        await self.proposals.forget_spoken(session, spoken)
        await self.recordings.silence(session, spoken)

    async def _concerned(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Count the visible lines that would lose words to a removal, here and where they were moved to."""
        if request.removes is None or desk.staff.role not in REMOVERS:
            return refuse(RefusalCode.FORBIDDEN, "Your link is not for removing words.")
        try:
            found = await self._copies.of(desk.live.writer, request.removes)
        except StorageUnavailable:
            return unavailable()
        cuts = [*selected(desk.live.state, request.removes)]
        for each in (found.here, *found.elsewhere):
            cuts += selected(each.writer.state, Lines(each.segments))
        return {"lines": sum(not cut.line.gone and bool(cut.line.whole.strip()) for cut in cuts)}

    async def _seen(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        return self._report(desk, request, self.reports.seen)

    async def _mended(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        return self._report(desk, request, self.reports.mended)

    async def _abbreviate(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Change the link's abbreviations, possibly by nothing, and return all of them."""
        if not COMMANDS[desk.staff.role] & {TypeSegment, CorrectSegment}:
            return MAY_NOT_WRITE
        answer = await self._abbreviations.change(desk.staff.link, request.change)
        return answer if isinstance(answer, Refusal) else {"list": answer}

    def _report(
        self, desk: DeskConnection, request: DeskRequest, tell: Callable[[SessionId, ReportKind], object]
    ) -> dict[str, object] | Refusal:
        if request.kind not in {kind.value for kind in ReportKind} or not _tends_text(desk.staff.role):
            return refuse(RefusalCode.FORBIDDEN, "Your link is not for answering reports of readers.")
        tell(desk.live.id, ReportKind(request.kind))
        return {}


def _tends_text(role: Role) -> bool:
    return bool(COMMANDS[role] & {CorrectSegment, CloseSession})

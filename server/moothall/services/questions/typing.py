"""What authors type during their turn: shown to readers as they type, and stored line by line.

The newest text in progress wins, whichever of the author's pages sends it; a line is stored once, however often it is
sent. While nothing is recorded, text is only shown, and wiped when that ends. Of each session one unfinished text is
held in memory, so that a reloaded page gets it back.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from moothall.core.commands import TypedLine, TypeTurn
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import PASSING, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId, SessionId
from moothall.core.ports import Clock
from moothall.core.questions.interventions import Intervention, speaker_of
from moothall.core.rules.turn_times import has_typed, may_type, typed_language
from moothall.core.rules.turns import MAX_TYPED, MOST_LINES
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import Status
from moothall.core.signals import AnySignal, Unrecorded
from moothall.core.signals import Typing as TypingSignal
from moothall.core.translation.lines import spoken
from moothall.services.engines.words import SHOWN
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.wire.token_bucket import Allowance, Bucket

ALLOWANCE = Allowance(per_second=4, burst=12)
"""Updates accepted in one turn: four a second, and a burst of what a page has held back while it was offline."""
MOST_UNKEPT = 500
"""Most names of lines that must not be stored, in one turn."""
_NAME = re.compile(r"[a-z0-9]{1,24}\Z")


class FinishedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that its author has finished."""

    line: str
    """The line's name, chosen by the page: up to 24 small letters and digits."""
    text: str
    unkept: bool = False
    """Whether it was written while nothing was recorded: then it never gets into the record."""


class TypingUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """One update from an author's page."""

    page: str
    """A random name that distinguishes the page from the author's other pages."""
    n: int
    """The number of the update; one that is not newer doesn't change the text in progress."""
    line: str
    """The name of the line in progress."""
    text: str = ""
    """The text of that line so far."""
    done: tuple[FinishedLine, ...] = ()
    """Finished lines that the server may not have received yet, oldest first."""


class TypingReceived(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an update that was accepted."""

    kept: tuple[str, ...]
    """Names of lines that the page need not send again."""
    recorded: bool
    """Whether typed lines are stored at present."""


class Untyped(StrEnum):
    """Why an update was rejected."""

    TURN = "turn"
    """It is not the author's turn, or no longer."""
    RECORDED = "recorded"
    """It was written while nothing was recorded, and recording has resumed."""
    NOT_RECORDED = "not_recorded"
    """Nothing is recorded at present, and a hub accepts no typed text then."""
    TEXT = "text"
    """It is empty, too long, or malformed."""
    OFTEN = "often"
    """Updates are too frequent."""
    BREAK = "break"
    """The meeting has a break; the page can send it again afterwards."""
    UNAVAILABLE = "unavailable"
    """It can't be stored at the moment."""


class InProgress(msgspec.Struct, frozen=True, kw_only=True):
    """The unfinished line that an author is typing."""

    line: str
    text: str


class _Turn:
    """One turn in which somebody types."""

    def __init__(self, each: Intervention, channel: Channel, since: int, now: int) -> None:
        self.each = each
        self.channel = channel.id
        self.language = typed_language(each, channel)
        self.since = since
        self.bucket = Bucket.full(ALLOWANCE, now)
        self.page = ""
        self.n = -1
        self.line = ""
        self.text = ""
        # Bound: MOST_UNKEPT. Overflow: nothing more of this turn is stored.
        self.unkept: set[str] = set()
        self.shown: set[str] = set()
        """The lines of `unkept` that were shown as finished. Bound: that of `unkept`."""
        self.said = ""
        """The end of the lines that were finished while nothing is recorded, at most SHOWN characters."""

    def take(self, written: TypingUpdate) -> bool:
        """Take over the text in progress. Return False where a newer one is known."""
        if written.page == self.page and written.n <= self.n:
            return False
        self.page, self.n, self.line, self.text = written.page, written.n, written.line, written.text
        return True

    def let_go(self, done: FinishedLine, *, shown: bool) -> None:
        """Drop a finished line that must not be stored. `shown`: readers see it while nothing is recorded."""
        self.unkept.add(done.line)
        if shown and done.line not in self.shown:
            self.shown.add(done.line)
            self.said = f"{self.said} {done.text.strip()}".strip()[-SHOWN:]

    @property
    def unrecorded(self) -> str:
        """The text that readers see while nothing is recorded."""
        return f"{self.said} {self.text.strip()}".strip()[-SHOWN:]

    def never_kept(self, done: FinishedLine) -> bool:
        """Whether a line must not be stored, even when the session is recorded."""
        return done.unkept or done.line in self.unkept or len(self.unkept) >= MOST_UNKEPT


class TurnTyping:
    """Takes what authors type during their turn: shows text in progress, and stores finished lines."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        # Bound: one per session, for the turn in progress.
        self._turns: dict[SessionId, _Turn] = {}
        sessions.observe(self._seen)

    def in_progress(self, session: SessionId, name: InterventionId) -> InProgress | None:
        """The unfinished line that the author of an intervention is typing; None where there is none."""
        turn = self._turns.get(session)
        if turn is None or turn.each.id != name or not turn.text:
            return None
        return InProgress(line=turn.line, text=turn.text)

    async def write(self, session: SessionId, name: InterventionId, written: TypingUpdate) -> TypingReceived | Untyped:
        """Take what the author of an intervention types in its turn. Raises StorageUnavailable and RecordBroken."""
        live = await self._sessions.find(session)
        turn = None if live is None else self._turn(live, name)
        if live is None or turn is None:
            return Untyped.TURN
        if not fits(written):
            return Untyped.TEXT
        if live.state.status is Status.PAUSED:
            return Untyped.BREAK
        turn.bucket, wait = turn.bucket.take(ALLOWANCE, self._clock.monotonic())
        if wait:
            return Untyped.OFTEN
        newest, told = turn.take(written), False
        for done in written.done:
            answer = await self._keep(live, turn, done, shown=newest and done is written.done[-1])
            if isinstance(answer, Untyped):
                return answer
            told = answer
        if newest and self._turns.get(session) is turn:
            refused = await self._show(live, turn, told=told)
            if refused is not None:
                return refused
        return TypingReceived(kept=tuple(done.line for done in written.done), recorded=live.state.recorded)

    def _turn(self, live: LiveSession, name: InterventionId) -> _Turn | None:
        """The turn of an intervention, if it is in progress; else None."""
        each, channel, turns = live.state.questions.get(name), spoken(live.state), live.state.questions.turns
        if each is None or channel is None or not may_type(live.state, name):
            return None
        known = self._turns.get(live.id)
        if known is None or known.each.id != name or known.since != turns[-1].t:
            known = self._turns[live.id] = _Turn(each, channel, turns[-1].t, self._clock.monotonic())
        return known

    async def _keep(self, live: LiveSession, turn: _Turn, done: FinishedLine, *, shown: bool) -> Untyped | bool:
        """Store a finished line, or only show it where nothing may be stored.

        `shown`: publish the text in progress together with the line. Returns whether readers got it this way.
        """
        if not live.state.recorded or turn.never_kept(done):
            turn.let_go(done, shown=not live.state.recorded)
            return False
        typed = line_typed(turn.each, done.line, done.text)
        signals, before = _signals(turn) if shown else (), live.writer.offset
        answer = await live.writer.send(_author(turn), typed_by(turn.each.id, done.line), typed, signals)
        if isinstance(answer, Refusal) and not live.state.recorded:
            turn.let_go(done, shown=True)  # A desk has meanwhile stopped the recording.
            return False
        return _why(answer) if isinstance(answer, Refusal) else shown and answer.last > before

    async def _show(self, live: LiveSession, turn: _Turn, *, told: bool) -> Untyped | None:
        """Show the text in progress to readers. `told`: they have got it with a line already."""
        if not live.state.recorded:
            if turn.text.strip():
                turn.unkept.add(turn.line)
            live.writer.signal(Unrecorded(channel=turn.channel, text=turn.unrecorded, language=turn.language))
            told = True
        if turn.text.strip() and not has_typed(live.state.questions):
            begins, name = TypeTurn(intervention=turn.each.id), f"typing:{turn.each.id}:{turn.since}"
            signals = () if told else _signals(turn)
            answer = await live.writer.send(_author(turn), CommandId(name), begins, signals)
            return _why(answer) if isinstance(answer, Refusal) and not has_typed(live.state.questions) else None
        if not told:
            for signal in _signals(turn):
                live.writer.signal(signal)
        return None

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        turn = self._turns.get(live.id)
        if turn is None:
            return
        if not may_type(live.state, turn.each.id) or live.state.questions.turns[-1].t != turn.since:
            del self._turns[live.id]
            _wipe(live, turn)
        elif any(isinstance(event, ev.SessionPaused) for event in publication.events):
            _wipe(live, turn)
        elif any(isinstance(event, ev.NotRecordedBegan) for event in publication.events):
            turn.unkept.add(turn.line)
            _wipe(live, turn)
        elif any(isinstance(event, ev.NotRecordedEnded) for event in publication.events):
            turn.said = turn.text = ""


def _signals(turn: _Turn) -> tuple[AnySignal, ...]:
    """The signals that show the text in progress to readers."""
    text = "" if turn.line in turn.unkept else turn.text.rstrip()
    signal = TypingSignal(
        channel=turn.channel,
        segment=SegmentId(f"i{turn.each.number}.{turn.line}"),
        text=text,
        language=turn.language,
        speaker=speaker_of(turn.each),
    )
    return (signal,)


def _wipe(live: LiveSession, turn: _Turn) -> None:
    """Clear the text in progress on readers' screens."""
    nothing = TypingSignal(channel=turn.channel, segment=SegmentId(""), text="", language=turn.language, speaker=None)
    live.writer.signal(nothing)


def fits(written: TypingUpdate) -> bool:
    """Whether an update is well-formed and within the limits."""
    lines = [done.line for done in written.done]
    names = [written.line, written.page, *lines]
    return (
        len(lines) <= MOST_LINES
        and len(set(lines)) == len(lines)
        and all(map(_NAME.match, names))
        and len(written.text) <= MAX_TYPED
        and all(0 < len(done.text.strip()) <= MAX_TYPED for done in written.done)
    )


def line_typed(each: Intervention, line: str, text: str) -> TypeTurn:
    """The command that stores a line of a turn, under the name that the author's page chose."""
    typed = TypedLine(segment=SegmentId(f"i{each.number}.{line}"), text=text.strip())
    return TypeTurn(intervention=each.id, lines=(typed,))


def typed_by(intervention: InterventionId, line: str) -> CommandId:
    """The command id of the act that stores a line of a turn: the same from whichever page it is sent."""
    return CommandId(f"type:{intervention}:{line}")


def _author(turn: _Turn) -> Actor:
    return Actor(Role.PARTICIPANT, turn.each.id)


def _why(refused: Refusal) -> Untyped:
    if refused.code is RefusalCode.BREAK:
        return Untyped.BREAK
    unavailable = refused.code in PASSING
    return Untyped.UNAVAILABLE if unavailable else Untyped.TURN

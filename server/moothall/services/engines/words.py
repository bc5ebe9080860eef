"""Handles the words of an engine: they are stored in the log, or, while nothing is recorded, only shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import takewhile

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment, SplitSegment
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import PASSING, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId
from moothall.core.sessions.keeping import Span
from moothall.core.sessions.state import State
from moothall.core.signals import AnySignal, Partial, Unrecorded, Unsaved
from moothall.services.engines.joining import Joining
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import INSIST_MS, SessionWriter
from moothall.services.sound.live_audio import LiveAudio
from moothall.wire import engine as wire

logger = logging.getLogger(__name__)

SHOWN = 200
"""Most characters of unrecorded words that readers see at a time: enough to follow, and no more is held."""
CUT_MS = 300
"""A word that ends within this time (ms) of the beginning of a span that is not recorded may have been cut there.

Alignment is up to 0.2 s off, and a word is stable 0.25 s before the newest sound: words that were stable before the
span began are in the log already."""


@dataclass(eq=False, repr=False)
class StoredWords:
    """The words of one attachment on their way into the log."""

    writer: SessionWriter
    channel: ChannelId
    audio: LiveAudio
    _: KW_ONLY
    model: str
    generation: int
    resume_point: wire.ResumePoint | None
    """The resume point that matches the log's end; None where there is none."""
    joining: Joining | None = None
    """Leaves out words that a person has typed already; None where the words don't follow a person's."""
    readings: Callable[[Sequence[wire.OtherReadings]], None] = lambda _: None
    """Called with the other readings of words that were just stored."""

    def __post_init__(self) -> None:
        self._actor = Actor(Role.ENGINE, self.model)
        self._held: CommandId | None = None
        self._unsaved: dict[CommandId, str] = {}
        self._own: wire.PassAct | None = None
        """The act of held-back words that is still to be stored. Its engine takes them for stored and doesn't send them
        again."""

    @property
    def saved(self) -> bool:
        """Whether all acts that were handed over are in the log, as far as they may be."""
        holds = self.joining is not None and self.joining.holds
        return not self._unsaved and self._own is None and not holds

    async def carry_out(self, act: wire.PassAct) -> Receipt | Refusal:
        """Store an act, without what was said off the record."""
        answer: Receipt | Refusal
        if self._held is not None and act.id != self._held:
            answer = refuse(RefusalCode.UNAVAILABLE, "An earlier act of this engine could not be stored.")
        elif not act.commands or any(not self._mine(command) for command in act.commands):
            answer = refuse(RefusalCode.FORBIDDEN, "An engine can write only into channels that are attached to it.")
        else:
            before = await self._store_own()
            if before is None:
                # Joined here and not earlier: `Joining.take` wants each act once and in order.
                act = act if self.joining is None else _joined(act, self.joining)
                nothing = Receipt(self.writer.offset, self.writer.offset)
                answer = await self._store(act) if act.commands else nothing
            else:
                answer = before  # After a permanent refusal the engine gives up, and the sound is heard once more.
        self._held = (self._held or act.id) if _passes(answer) else None
        self._remember(act, answer)
        return answer

    def tell(self, signal: Partial) -> None:
        """Show a partial, except while nothing is recorded, since it isn't known when its words were said."""
        shown = signal if self.joining is None else self.joining.shown(signal)
        if self.writer.state.keeps and shown is not None:
            self.writer.signal(shown)

    async def through(self, t: int) -> None:
        """Store words that were held back to be joined, where they are decided now that all words before media time `t`
        (ms) have arrived.
        """
        if self.joining is not None:
            self._own = self._own or self.joining.through(t)
            await self._store_own()

    async def drained(self) -> None:
        """Store the words that were held back to be joined, since no more follow. Retries as long as storage is
        unavailable.
        """
        if self.joining is None:
            return
        self._own = self._own or self.joining.rest()
        while (refused := await self._store_own()) is not None and _passes(refused):
            await self.writer.clock.sleep(INSIST_MS)
        if refused is not None:
            logger.warning(
                "session %s channel %s: words that were held back were refused (%s)",
                self.writer.session,
                self.channel,
                refused.code,
            )
            self._forget_own()

    def close(self) -> None:
        """Clear the words from the screens that could not be stored, since the attachment has ended."""
        if self._unsaved:
            self.writer.signal(Unsaved(channel=self.channel, text=""))

    async def _store_own(self) -> Refusal | None:
        """Store words that were held back and are decided. Returns the refusal where they could not be stored, else
        None.
        """
        own = self._own
        if own is None:
            return None
        answer = await self._store(own)
        if isinstance(answer, Refusal):
            if _passes(answer):
                self._remember(own, answer)
            return answer
        self._forget_own()
        return None

    def _forget_own(self) -> None:
        own, self._own = self._own, None
        if own is not None and self._unsaved.pop(own.id, None) is not None:
            self._show_unsaved()

    async def _store(self, act: wire.PassAct) -> Receipt | Refusal:
        state = self.writer.state
        commands = kept_part(state, self.channel, act.commands)
        if not commands:
            return Receipt(self.writer.offset, self.writer.offset)
        whole = commands == act.commands
        if act.resume_point is not None and whole and state.keeps:
            # Stored before the act, since the process may crash between the two.
            points = [point for point in (act.resume_point, self.resume_point) if point is not None]
            await self.audio.keep(wire.encode_resume_points(points))
        shown = whole and state.keeps and act.show is not None and act.show.channel == self.channel
        signals: Sequence[AnySignal] = (act.show,) if shown and act.show is not None else ()
        answer = await self.writer.send(self._actor, act.id, commands, signals)
        if isinstance(answer, Receipt):
            if any(not isinstance(command, wire.LATE_COMMANDS) for command in commands):
                self.resume_point = act.resume_point  # A late command has no resume point and changes no position.
            self.audio.committed(self.writer.state.channels[self.channel].committed_through)
            if whole:
                self.readings(act.readings)
        return answer

    def _mine(self, command: wire.AttachmentCommand) -> bool:
        if not isinstance(command, NoteGap) and (command.generation or 0) > self.generation:
            return False
        return command.channel == self.channel

    def _remember(self, act: wire.PassAct, answer: Receipt | Refusal) -> None:
        """Keep words on the screens that can't be stored yet, and hold later acts back until they are."""
        if _passes(answer):
            commands = kept_part(self.writer.state, self.channel, act.commands)
            words = (word.text for command in commands if isinstance(command, CommitWords) for word in command.words)
            self._unsaved[act.id] = "".join(words).strip()
        elif self._unsaved.pop(act.id, None) is None:
            return
        elif any(isinstance(command, NoteGap) for command in act.commands):
            self._unsaved.clear()  # The engine has given up the words that could not be stored in time.
        self._show_unsaved()

    def _show_unsaved(self) -> None:
        text = " ".join(text for text in self._unsaved.values() if text)
        self.writer.signal(Unsaved(channel=self.channel, text=text))


def _joined(act: wire.PassAct, joining: Joining) -> wire.PassAct:
    """The act after `joining`. Where that changed it, its other readings are dropped, since the numbers of its words
    have changed.
    """
    taken = joining.take(act)
    return taken if taken.commands == act.commands else msgspec.structs.replace(taken, readings=())


class ShownWords:
    """The words of a channel's engines while nothing is recorded: the newest are shown, and wiped when the span
    ends.
    """

    def __init__(self, writer: SessionWriter, channel: ChannelId) -> None:
        self._writer = writer
        self._channel = channel
        self._said = ""
        self._rest = ""
        self._language = ""
        self.began = False
        """Whether an engine has been attached since the span began."""
        self.saved = True
        """Always true, since nothing is to be stored."""

    async def carry_out(self, act: wire.PassAct) -> Receipt | Refusal:
        """Show the words of an act. The receipt has the log's present offset, as if the act had been stored."""
        for command in act.commands:
            if isinstance(command, CommitWords):
                self._language = command.start.language if command.start is not None else self._language
                space = " " if command.start is not None and self._said else ""
                self._said += space + "".join(word.text for word in command.words)
                self._rest = command.rest
        if act.show is not None:
            self._rest = act.show.text
        self._show()
        return Receipt(self._writer.offset, self._writer.offset)

    def tell(self, signal: Partial) -> None:
        """Show a partial after the committed words."""
        self._language = signal.language or self._language
        self._rest = signal.text
        self._show()

    async def through(self, t: int) -> None:
        """Do nothing: no words are held back."""

    async def drained(self) -> None:
        """Do nothing: no words are held back."""

    def close(self) -> None:
        """Forget the partial, since the attachment has ended. The committed words stay for another attachment in the
        same span.
        """
        self._rest = ""

    def wipe(self) -> None:
        """Forget and clear all words, since the span has ended."""
        shown = bool(self._said or self._rest)
        self._said = self._rest = self._language = ""
        self.began = False
        if shown:
            self._writer.signal(Unrecorded(channel=self._channel, text="", language=""))

    def _show(self) -> None:
        self._said = self._said[-SHOWN:]
        space = " " if self._said and self._rest and not self._rest[0].isspace() else ""
        text = (self._said + space + self._rest)[-SHOWN:].strip()
        self._writer.signal(Unrecorded(channel=self._channel, text=text, language=self._language))


AttachmentWords = StoredWords | ShownWords
"""Receives the acts of an attachment's engine."""


def _passes(answer: Receipt | Refusal) -> bool:
    """Whether an act was refused for a temporary reason: sent again, it may be stored."""
    return isinstance(answer, Refusal) and answer.code in PASSING


def kept_part(
    state: State, channel: ChannelId, commands: Sequence[wire.AttachmentCommand]
) -> tuple[wire.AttachmentCommand, ...]:
    """The commands of an act that may go into the log: without the words of spans that are not recorded, and whatever
    depends on them.

    A word is left out too where it ends as such a span begins: its engine may have heard half of it and recognised
    another word. One word too few is better than one that nobody said, or a part of one that was not to be recorded.
    """
    unkept = state.unkept
    if not unkept:
        return tuple(commands)
    known = state.channels.get(channel)
    opened = {known.open_segment} if known is not None else set()
    kept: list[wire.AttachmentCommand] = []
    for command in commands:
        match command:
            case CommitWords():
                words = tuple(
                    takewhile(
                        lambda word: state.kept(word.t0) and not _may_be_cut(unkept, word.t0, word.t1), command.words
                    )
                )
                if not words:
                    continue
                opened.add(command.segment)
                rest = command.rest if state.keeps and words == command.words else ""
                kept.append(msgspec.structs.replace(command, words=words, rest=rest))
            case EndSegment():
                if command.segment in opened:
                    # With t1 = 0 the segment ends with its last word.
                    whole = state.kept(command.t1) and not _may_be_cut(unkept, command.t1, command.t1)
                    kept.append(command if whole else msgspec.structs.replace(command, t1=0))
            case ReviseSegment() | SplitSegment():
                if state.keeps:
                    kept.append(command)
            case _:
                kept.append(command)
    return tuple(kept)


def _may_be_cut(unkept: Sequence[Span], t0: int, t1: int) -> bool:
    """Whether speech from `t0` to `t1` (media ms) was cut by the beginning of a span that is not recorded, within
    `CUT_MS`.
    """
    return any(t0 < began < t1 + CUT_MS for began, _ in unkept)

"""Takes text out of a log: finds its offsets, and builds the act that erases it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from moothall.core.events import attendance as ae
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import outcomes as oe
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.glossary.agenda import names_in as names_of
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, not_allowed, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, RollEntryId, SegmentId, SpeakerId
from moothall.core.questions.interventions import Intervention, speaker_of
from moothall.core.removal.moves import kept
from moothall.core.removal.questions import chosen, has_words, stays_of
from moothall.core.removal.selection import (
    Cut,
    ErasedSelection,
    Expired,
    Redaction,
    RollEntries,
    SpokenSpan,
    WithCopies,
    again,
    names_in,
    not_kept,
    selected,
)
from moothall.core.retention.periods import DUE, STAFF_DUE, KeptKind
from moothall.core.rules.authority import REMOVERS
from moothall.core.sessions.roll import RollStatus
from moothall.core.sessions.state import State
from moothall.core.signals import AnySignal, Partial
from moothall.core.terms.terms import key_of
from moothall.services.log.drafting import PendingAppend

_FOR_STAFF = (
    ne.NoteLeft
    | he.HubNoteLeft
    | ne.SegmentTagged
    | ev.TermChosen
    | qe.InterventionFlagged
    | qe.InterventionTagged
    | ae.RollSigned
)
"""Events that the staff wrote or marked for themselves, and what people wrote for them on the attendance list."""
_DRAFTED = oe.SectionWritten | oe.MessageWritten | oe.CitationChecked | oe.ReportMoved
"""Events that hold words of a report's draft, or about it."""
_OUTCOME = oe.ReportPublished | oe.MessageConfirmed | oe.MessageObjected | oe.DocumentPublished | oe.TranslationEntered
"""Events that hold words of published reports and documents, and names of who confirmed, objected or translated."""
_WITH_TEXT = (
    le.SegmentOpened | le.WordsCommitted | le.SegmentEnded | le.SegmentCorrected | le.ProposalDeclined | le.LineOffered
)
"""Events that hold the text of a line, offered lines and declined proposals included."""


class TextOffsets:
    """Offsets in a log of the text of each line, of what names each speaker, the words of each question, of shows of
    hands, and of imported files.
    """

    def __init__(self) -> None:
        # Bound: these grow with the log, by one small number for each event.
        self._lines: dict[SegmentId, list[int]] = {}
        self._names: dict[SpeakerId, list[int]] = {}
        self._called: dict[SpeakerId, set[str]] = {}
        self._agreed: dict[SpeakerId, list[int]] = {}
        self._terms: dict[str, list[int]] = {}
        self._asked: dict[InterventionId, list[int]] = {}
        self._askers: dict[InterventionId, list[int]] = {}
        self._staff: list[int] = []
        self._drafts: list[int] = []
        self._outcomes: list[int] = []
        self._polls: list[int] = []
        self._originals: list[int] = []
        self._signed: dict[RollEntryId, list[int]] = {}
        self._named: list[int] = []

    def note(self, offset: int, event: ev.AnyEvent | UnknownEvent) -> None:
        """Note the event at `offset`, which still has its body."""
        if isinstance(event, _FOR_STAFF):
            self._staff.append(offset)
        elif isinstance(event, qe.InterventionReceived | qe.InterventionRemoved) and event.asker:
            self._askers.setdefault(event.intervention, []).append(offset)
        if isinstance(event, ae.RollSigned | ae.RollNamed):
            self._signed.setdefault(event.entry, []).append(offset)
            if isinstance(event, ae.RollNamed):
                self._named.append(offset)
        if isinstance(event, _WITH_TEXT):
            self._lines.setdefault(event.segment, []).append(offset)
        elif isinstance(event, ev.SpeakerIntroduced):
            self._names.setdefault(event.speaker, []).append(offset)
            self._called.setdefault(event.speaker, set()).update(map(key_of, names_of(event.name)))
        elif isinstance(event, ev.VoiceAgreed):
            self._agreed.setdefault(event.speaker, []).append(offset)
        elif isinstance(event, qe.PollOpened):
            self._polls.append(offset)
        elif isinstance(event, _DRAFTED):
            self._drafts.append(offset)
        elif isinstance(event, _OUTCOME):
            self._outcomes.append(offset)
        elif isinstance(event, ev.OriginalKept):
            self._originals.append(offset)
        elif isinstance(event, ev.TermChosen):
            self._terms.setdefault(key_of(event.term), []).append(offset)
        elif has_words(event):
            self._asked.setdefault(event.intervention, []).append(offset)

    def of_lines(self, lines: Iterable[SegmentId]) -> list[int]:
        """All offsets of the lines' texts."""
        return [offset for line in lines for offset in self._lines.get(line, ())]

    def of_interventions(self, interventions: Iterable[InterventionId]) -> list[int]:
        """All offsets of the questions' texts, their authors' names, and written answers."""
        return [offset for name in interventions for offset in self._asked.get(name, ())]

    def of_askers(self, interventions: Iterable[InterventionId]) -> list[int]:
        """All offsets of the keyed hashes of who asked, each with the wording that arrived."""
        return [offset for name in interventions for offset in self._askers.get(name, ())]

    @property
    def of_staff(self) -> tuple[int, ...]:
        """All offsets of notes, marks, terms and flags of the staff."""
        return tuple(self._staff)

    @property
    def named(self) -> tuple[SpeakerId, ...]:
        """All speakers whose names the log holds."""
        return tuple(self._names)

    @property
    def of_drafts(self) -> tuple[int, ...]:
        """All offsets of a report's draft."""
        return tuple(self._drafts)

    @property
    def of_outcomes(self) -> tuple[int, ...]:
        """All offsets of published versions of a report or document, and of what was said of their messages."""
        return tuple(self._outcomes)

    @property
    def of_polls(self) -> tuple[int, ...]:
        """All offsets of what was put to a show of hands."""
        return tuple(self._polls)

    def of_roll(self, entries: Iterable[RollEntryId]) -> list[int]:
        """All offsets of the words of entries of the attendance list."""
        return [offset for entry in entries for offset in self._signed.get(entry, ())]

    @property
    def named_on_roll(self) -> tuple[int, ...]:
        """All offsets of those who are named on the final attendance list."""
        return tuple(self._named)

    @property
    def of_originals(self) -> tuple[int, ...]:
        """All offsets of imported files, which hold every word of the session that was imported."""
        return tuple(self._originals)

    def of_names(self, speakers: Iterable[SpeakerId]) -> list[int]:
        """All offsets of the speakers' names."""
        return [offset for speaker in speakers for offset in self._names.get(speaker, ())]

    def of_speakers(self, speakers: Collection[SpeakerId]) -> list[int]:
        """All offsets of the speakers' names, also where these were chosen as terms to prefer, or not to, and of
        whether they agreed to have their voices recognised: only who has a name can agree.
        """
        called = {key for speaker in speakers for key in self._called.get(speaker, ())}
        terms = [offset for key in called for offset in self._terms.get(key, ())]
        agreed = [offset for speaker in speakers for offset in self._agreed.get(speaker, ())]
        return [*self.of_names(speakers), *terms, *agreed]


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be erased from the log, why, and on whose request."""

    cuts: tuple[Cut, ...]
    names: tuple[SpeakerId, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    others: tuple[int, ...] = ()
    """Offsets of further bodies."""
    originals: bool = True
    """Whether files of imported meetings go too, since they hold the words."""
    before: tuple[ev.AnyEvent, ...] = ()
    """Events to append with the removal."""
    reason: str
    by: Actor
    cause: CommandId


def due(state: State, offset: int) -> Erasure | None:
    """The erasure of what the log still holds of spans that are not to be recorded; None where it holds nothing.
    `offset`: the log's last.
    """
    cuts = not_kept(state)
    if not cuts:
        return None
    return Erasure(cuts=cuts, reason="not-recorded", by=SYSTEM, cause=CommandId(f"not-recorded:{offset}"))


def requested(
    state: State, text_offsets: TextOffsets, selection: ErasedSelection, by: Actor, cause: CommandId
) -> Erasure | Refusal:
    """The erasure that a person requests, or the refusal where they may not, or the log has none of it."""
    if isinstance(selection, Expired):
        nothing = refuse(RefusalCode.UNKNOWN, "The record has nothing of this.")
        return (by == SYSTEM and expired(state, text_offsets, selection.kinds, cause)) or nothing
    if isinstance(selection, RollEntries) and by.role in {*REMOVERS, Role.PARTICIPANT}:
        return _roll(state, text_offsets, selection, by, cause)
    if by.role not in REMOVERS:
        return not_allowed(by.role)
    if isinstance(selection, Redaction):
        others, before = selection.offsets, selection.anew(state)
        return Erasure(cuts=(), others=others, originals=False, before=before, reason="request", by=by, cause=cause)
    asked = selection.selection if isinstance(selection, WithCopies) else selection
    if isinstance(asked, SpokenSpan) and not 0 <= asked.t0 < asked.t1:
        return refuse(RefusalCode.INVALID, "The end of a span must be after its beginning.")
    interventions = tuple(each for each in chosen(state.questions, asked) if text_offsets.of_interventions([each.id]))
    names = (*names_in(selection), *map(speaker_of, interventions))
    cuts = selected(state, selection)
    # The removal of a span without words is recorded all the same, since its sound may be erased.
    if not (cuts or interventions or text_offsets.of_names(names) or isinstance(asked, SpokenSpan)):
        return refuse(RefusalCode.UNKNOWN, "The record has none of these words.")
    return Erasure(cuts=cuts, names=names, interventions=interventions, reason="request", by=by, cause=cause)


def _roll(
    state: State, text_offsets: TextOffsets, selection: RollEntries, by: Actor, cause: CommandId
) -> Erasure | Refusal:
    """The erasure of entries of the attendance list. Its author may ask for it, whom whoever passes the id on knows."""
    entries = tuple(dict.fromkeys(selection.entries))
    there = [entry for entry in entries if entry in state.attendance.entries]
    if not there:
        return refuse(RefusalCode.UNKNOWN, "The attendance list has no such entry.")
    struck = tuple(ae.RollStruck(entry=entry) for entry in there)
    others = tuple(text_offsets.of_roll(there))
    return Erasure(cuts=(), others=others, originals=False, before=struck, reason="request", by=by, cause=cause)


def expired(state: State, text_offsets: TextOffsets, kinds: Collection[KeptKind], cause: CommandId) -> Erasure | None:
    """The erasure of what a log holds of these kinds, since it is due; None where it holds nothing of them.

    Of a question that was published the keyed hash goes with the wording that arrived; what was published stays until
    the text is due.
    """
    asked = [each for _, each in state.questions.interventions.items()]
    gone: dict[InterventionId, Intervention] = {}
    others: list[int] = []
    if KeptKind.QUESTIONS in kinds:
        for each in asked:
            unasked = msgspec.structs.replace(each, asker="")
            if text_offsets.of_askers([each.id]) and each.removed:  # Its public part says so already.
                gone[each.id] = msgspec.structs.replace(unasked, published=False, reason="")
            elif not each.published and text_offsets.of_interventions([each.id]):
                gone[each.id] = unasked
            others += text_offsets.of_askers([each.id])
    names: tuple[SpeakerId, ...] = ()
    cuts: tuple[Cut, ...] = ()
    if text := KeptKind.TEXT in kinds:
        # Questions that nobody published have a period of their own.
        published = (each for each in asked if each.published and each.id not in gone)
        gone |= {each.id: each for each in published if text_offsets.of_interventions([each.id])}
        names, cuts = text_offsets.named, selected(state, Expired(frozenset(kinds)))
        others += text_offsets.named_on_roll
        others += text_offsets.of_polls  # Without its opening a fold has no show of hands, whatever was counted.
        others += text_offsets.of_outcomes
    # The draft of a published report is what its next version is written in, so it stays as long as the report.
    if (KeptKind.TEXT if state.outcomes.report.versions else KeptKind.STAFF) in kinds:
        others += text_offsets.of_drafts
    if KeptKind.STAFF in kinds:
        others += [*text_offsets.of_staff, *text_offsets.of_lines(line for line, _ in state.offered.items())]
    before: tuple[ev.AnyEvent, ...] = ()
    if KeptKind.SOUND in kinds and state.sound is ev.SoundKept.PUBLISHED:
        before = (ev.SessionArranged(access=state.access, sound=ev.SoundKept.NONE, listed=state.listed),)
    if not (gone or others or names or cuts or before or (text and text_offsets.of_originals)):
        return None
    # Else a session that is loaded would go on showing the entries.
    final = state.attendance.roll is RollStatus.FINAL
    gone_from_roll = (KeptKind.TEXT if final else KeptKind.STAFF) in kinds
    struck = tuple(ae.RollStruck(entry=entry) for entry in state.attendance.entries) if gone_from_roll else ()
    public = cuts or names or before or any(each.published for each in gone.values()) or text
    return Erasure(
        cuts=cuts,
        names=names,
        interventions=tuple(gone.values()),
        others=tuple(others),
        originals=text,
        before=(*before, *struck),
        reason=DUE if public else STAFF_DUE,
        by=SYSTEM,
        cause=cause,
    )


def draft_erasure(draft: PendingAppend, erasure: Erasure, text_offsets: TextOffsets, wall: int) -> tuple[int, ...]:
    """Add to `draft` new events for the words that stay, and the `body.removed`; return the offsets whose bodies are
    erased.

    All of it is for one `EventLog.remove`, so that a log never holds a line twice, nor half of what was removed.
    """
    n = 0
    for event in erasure.before:
        draft.add(event, erasure.by, erasure.cause, n, wall)
        n += 1
    for cut in erasure.cuts:
        (first, *_) = text_offsets.of_lines([cut.line.id])
        for number, run in enumerate(() if cut.line.gone else cut.stays):
            for event in again(cut.line, run, kept(cut.line.id, first, number)):
                by = erasure.by
                if isinstance(event, le.SegmentCorrected) and event.machine:
                    by = Actor(Role.ENGINE, by.id)  # Views tell by the role whether a person corrected a line.
                draft.add(event, by, erasure.cause, n, wall)
                n += 1
    for each in erasure.interventions:
        for stays in stays_of(each):
            draft.add(stays, erasure.by, erasure.cause, n, wall)
            n += 1
    asked = text_offsets.of_interventions(each.id for each in erasure.interventions)
    lines = text_offsets.of_lines(cut.line.id for cut in erasure.cuts)
    speakers = text_offsets.of_speakers(erasure.names)
    # An imported file holds the words too, in a form from which they can't be cut.
    originals = text_offsets.of_originals if erasure.originals else ()
    offsets = tuple(sorted({*lines, *speakers, *asked, *originals, *erasure.others}))
    through = {channel: _through(draft.state, channel, erasure.cuts) for channel in channels_of(erasure.cuts)}
    removed = ev.BodyRemoved(offsets=offsets, reason=erasure.reason, by=erasure.by.id, through=through)
    draft.add(removed, erasure.by, erasure.cause, n, wall)
    return offsets


def _through(state: State, channel: ChannelId, cuts: Sequence[Cut]) -> int:
    """Media ms before which a channel is not to be recognised again: the end of its words. While a person writes, the
    machine may be put on air after their newest line, so the end of their newest erased line counts too.
    """
    now = state.channels[channel]
    ends = [cut.line.t1 for cut in cuts if cut.line.channel == channel and not now.air.recognised]
    return max([now.committed_through, *ends])


def nothing_partial(cuts: Sequence[Cut]) -> tuple[AnySignal, ...]:
    """Signals that clear the partial text shown after the erased lines."""
    return tuple(
        Partial(channel=channel, segment=SegmentId(""), first=0, text="", language="") for channel in channels_of(cuts)
    )


def channels_of(cuts: Iterable[Cut]) -> list[ChannelId]:
    """The channels of the cuts, each once."""
    return list(dict.fromkeys(cut.line.channel for cut in cuts))

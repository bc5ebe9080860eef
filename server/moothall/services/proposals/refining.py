"""Carries out corrections that a second pass proposed, as the machine's own or in the name of the person who accepted
them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from moothall.core.commands import CorrectSegment, LeaveNote
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.proposals.refining import MOSTLY, Proposal
from moothall.core.sessions.parts import Segment
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sessions.sessions import Sessions

SECOND_PASS = Actor(Role.ENGINE, "second-pass")
"""The actor of corrections that no person has checked."""
MOST = 100_000
"""Most proposals in one order: more than a session has lines."""


class RefineOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Proposals to be carried out."""

    session: SessionId
    model: str
    """The name of the recogniser's model, for the staff's note."""
    by_machine: bool
    """Whether they are the machine's own corrections; else a person has accepted each of them."""
    proposals: tuple[Proposal, ...]
    through: int | None = None
    """Offset of the log from which they were made: nothing is done where words were removed since. None where a person
    has read them.
    """


class Refined(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an order."""

    done: int
    left: int = 0
    """The number of lines that only a person may change: somebody has edited them, or most of their words would go."""
    refused: tuple[str, ...] = ()
    """A sentence for each proposal that can't be carried out: its line has changed, or is gone."""


def for_machine(proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals that may be carried out unchecked: no person has edited the line, and most of its words stay."""
    return tuple(each for each in proposals if each.machine and each.stays >= MOSTLY)


async def refine(
    sessions: Sessions,
    order: RefineOrder,
    person: Actor,
    machines: Callable[[Proposal], bool] = lambda _: False,
) -> Refined:
    """Carry out an order of `person`. A line that was changed meanwhile stays as it is.

    `machines` returns whether a proposal that a person accepts is unedited, as the machine made it. A repeated order
    changes nothing. Raises StorageUnavailable, and RecordBroken when the log can't be read.
    """
    live = await sessions.find(order.session)
    if live is None:
        return Refined(done=0, refused=(f"There is no session '{order.session}'.",))
    wanted = for_machine(order.proposals) if order.by_machine else order.proposals
    actor = SECOND_PASS if order.by_machine else person
    done, refused = 0, []
    for proposal in wanted[:MOST]:
        as_made = not order.by_machine and machines(proposal)
        answer = await _correct(live.writer, actor, proposal, accepted=as_made)
        if answer is None:
            done += 1
        else:
            refused.append(f"{proposal.segment}: {answer}")
    if done:
        how = "by itself" if order.by_machine else "as a person accepted them"
        note = LeaveNote(text=f"Second pass with {order.model}: {done} lines corrected, {how}.")
        await live.writer.send(person, _id("note", *(each.segment + each.new for each in wanted)), note)
    return Refined(done=done, left=len(order.proposals) - len(wanted), refused=tuple(refused))


async def _correct(writer: SessionWriter, actor: Actor, proposal: Proposal, *, accepted: bool) -> str | None:
    """Correct a line. Return None when it now reads as proposed, else the reason as a sentence."""
    line: Segment | None = writer.state.segments.get(proposal.segment)
    if line is None or line.gone:
        return "There is no such line any more."
    if line.whole.strip() == proposal.new.strip():
        return None
    if not line.ended or line.whole.strip() != proposal.old.strip():
        return "It was changed meanwhile."
    words, text = len(line.words), proposal.new.strip()
    command = made_of(CorrectSegment, proposal, base_words=words, text=text, accepted=accepted)
    identity = _id(actor.role, proposal.segment, str(proposal.base_revision), proposal.new)
    answer = await writer.send(actor, identity, command)
    return answer.message if isinstance(answer, Refusal) else None


def _id(*parts: str) -> CommandId:
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return CommandId(f"refine:{digest[:32]}")

"""The rules of who is on air in a channel: who may put whom on air, and how the machine's open line ends."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import (
    MACHINE,
    MOST_TOKEN,
    Hold,
    came,
    handed,
    heard_from,
    most_token,
    written,
)
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.rules.keeping import ended
from moothall.core.sessions.keeping import without
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State, Status

MOST_HOLDER = 100
"""Characters of the pseudonym of whoever is on air."""


def put_on_air(state: State, command: do.PutOnAir, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a command that puts somebody on air, or a refusal."""
    channel = state.channels.get(command.channel)
    if channel is None:
        return refuse(RefusalCode.UNKNOWN, "The session has no such channel.")
    if channel.kind is ev.ChannelKind.TRANSLATION:
        return refuse(RefusalCode.INVALID, "A translation is made from lines that exist; nobody is on air in it.")
    if state.status is Status.CLOSED:
        return refuse(RefusalCode.CONFLICT, "The session is closed: nobody is on air.")
    holder = _holder(channel, command, actor)
    if isinstance(holder, Refusal):
        return holder
    air = channel.air
    now, most = Hold(air.holder, air.token), most_token(actor.role)
    token = command.token
    last = most == MOST_TOKEN
    if token is None:
        token = now.token if holder == now.holder else now.token + (now.token < MOST_TOKEN or not last)
    if not 0 <= token <= most:
        return refuse(RefusalCode.INVALID, f"Your control token can be 0 to {most}.")
    asked = Hold(holder, token)
    # Whoever is on air may continue by another source, for example respeak from here on instead of typing.
    goes_on = holder == now.holder and command.source is not air.source
    if handed(now, asked, last=last) == now and not goes_on:
        if asked == now:
            return refuse(RefusalCode.CONFLICT, f"This holder is already on air with the control token {now.token}.")
        message = f"Another one is on air with the control token {now.token}; take over with a higher one."
        return refuse(RefusalCode.CONFLICT, message)
    held = le.AirHeld(channel=channel.id, holder=holder, token=token)
    if holder == now.holder and not goes_on:
        return [held]
    return [*_changed(state, channel, command.source, _tool(channel, holder, actor), wall), held]


def _changed(state: State, channel: Channel, source: le.AirSource, tool: str, wall: int) -> Sequence[ev.AnyEvent]:
    """The events that put another source on air. An engine's open line ends at its committed words."""
    t = state.media_now(wall)
    if source is le.AirSource.MACHINE:
        t0 = heard_from(state, channel, t)
    else:
        t0 = min(channel.committed_through, t) if channel.air.recognised else t
    changed = le.AirChanged(channel=channel.id, source=source, t=t, t0=t0, tool=tool)
    still_open = None if channel.open_segment is None else state.segments.get(channel.open_segment)
    if still_open is None:
        return [changed]
    return [ended(still_open, channel.committed_through, le.EndReason.SPEAKER), changed]


def unwritten(state: State, channel: Channel, spoke: int | None) -> tuple[do.NoteGap, ...]:
    """The gaps to note in a channel on which the machine was just put on air: spans in which somebody may have spoken,
    nobody wrote, and whose sound the machine does not hear again.

    `spoke`: since when (media ms) somebody may have spoken without a line about it; None when it is known that nobody
    has.
    """
    if channel.air.before is None or spoke is None:
        return ()
    began, heard = channel.air.before
    since = max([began, spoke, *(came(line) for line in written(state, channel, began))])
    kept = without([(since, heard)], state.unkept) if since < heard else ()
    # This has no reason code of its own, since release 0.2.0 can't read a code that it doesn't know.
    reason = ev.GapReason.ENGINE_LOST
    return tuple(do.NoteGap(channel=channel.id, t0=t0, t1=t1, reason=reason) for t0, t1 in kept if t1 is not None)


def _holder(channel: Channel, command: do.PutOnAir, actor: Actor) -> str | Refusal:
    """The pseudonym to put on air (`MACHINE` for the machine), or a refusal where the sender may not do so."""
    source, holder = command.source, command.holder
    if actor.role is Role.INTERPRETER and channel.kind is not ev.ChannelKind.INTERPRETATION:
        return refuse(RefusalCode.FORBIDDEN, "Interpreters can be on air only in interpretations.")
    if actor.role is Role.TOOL and not (source is le.AirSource.TOOL and holder in ("", actor.id) and actor.tool):
        return refuse(RefusalCode.FORBIDDEN, "A tool can put only itself on air.")
    if source is le.AirSource.MACHINE:
        if holder:
            return refuse(RefusalCode.INVALID, "The machine is on air without a pseudonym: leave `holder` empty.")
        return MACHINE
    if actor.role is Role.SYSTEM:
        return refuse(RefusalCode.FORBIDDEN, "The server can put only the machine on air.")
    if len(holder) > MOST_HOLDER:
        return refuse(RefusalCode.INVALID, f"A pseudonym has at most {MOST_HOLDER} characters.")
    if source is le.AirSource.TOOL and actor.role is not Role.TOOL and holder not in channel.air.tools:
        return refuse(RefusalCode.UNKNOWN, "No tool with this id has sent lines for this channel.")
    if source is le.AirSource.RESPEAKER and holder not in ("", actor.id):
        return refuse(RefusalCode.INVALID, "A respeaker goes on air only from the microphone that they use.")
    if source is le.AirSource.PERSON and holder in channel.air.tools:
        return refuse(RefusalCode.INVALID, "That is a tool, not a person.")
    return holder or actor.id


def _tool(channel: Channel, holder: str, actor: Actor) -> str:
    """The public name of the tool that is to be on air; empty when the holder is not a tool."""
    return actor.tool if actor.role is Role.TOOL else channel.air.tools.get(holder, "")

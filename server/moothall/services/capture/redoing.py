"""Forces the language of a channel where another one is spoken than was thought, and has the last minute recognised
again.
"""

from __future__ import annotations

from moothall.core.captioning.control_tokens import heard_behind, joined_from
from moothall.core.commands import AnyCommand, ForceLanguage, RewindChannel, SetLanguages
from moothall.core.events.lines import Origin
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId
from moothall.core.sessions.state import State
from moothall.services.engines.recognising import Recognising
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter

REDONE_MS = 60_000
"""How much sound is recognised again, in ms. The spool keeps more (`live_audio.KEEP_MS`)."""


async def redo(  # noqa: PLR0917  # a command, with what carries it out
    writer: SessionWriter,
    recognising: Recognising,
    actor: Actor,
    command_id: CommandId,
    channel: ChannelId,
    language: str | None,
    ms: int = REDONE_MS,
) -> Receipt | Refusal:
    """Force the language of a channel, strike its machine-made lines of the last `ms`, and have them recognised again.

    `language` None lets the language be detected again. A language that was not expected on the floor is added to the
    expected ones. Lines that a person corrected stay, and so do all lines before them. Where no audio of the channel is
    being recognised only the language is forced.
    """
    async with recognising.held(writer, channel) as assignment:
        commands: list[AnyCommand] = [ForceLanguage(channel=channel, language=language)]
        known = writer.state.channels.get(channel)
        if (
            known is not None
            and known.kind is ChannelKind.FLOOR
            and language is not None
            and language not in known.languages
        ):
            commands.insert(0, SetLanguages(languages=(*known.languages, language)))
        if assignment is not None:
            audible = assignment.audio.start_ms
            t = rewound_to(writer.state, channel, max(0, assignment.audio.end_ms - ms, audible), audible)
            commands.append(RewindChannel(channel=channel, t=t))
        answer = await writer.send(actor, command_id, commands)
        if isinstance(answer, Receipt) and assignment is not None:
            assignment.through = assignment.recognised = 0
            assignment.audio.rewound(t)
        return answer


def rewound_to(state: State, channel: ChannelId, t: int, audible: int) -> int:
    """The media ms from which a channel can be recognised once more, `t` or later.

    No line after that time was corrected or respoken by a person, and none begins before `audible`, the media ms at
    which the stored audio begins: such a line would come back without its first words.
    """
    known = state.channels.get(channel)
    if known is None:
        return t
    t = max(t, joined_from(known))
    lines = (line for _, line in state.segments.items() if line.channel == channel and not line.gone)
    for line in (line for line in lines if line.origin is Origin.MACHINE and line.words):
        end = line.t1 if line.ended else known.committed_through
        end = heard_behind(known, line) if line.respoken else end
        if end > t and (line.mended or line.respoken or line.t0 < audible):
            t = end
    return t

"""The rules of how a session is set up: its title, plan and channels, and the hubs that take part in it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events import hubs as he
from moothall.core.events import types as ev
from moothall.core.hubs.presence import is_or_is_below, way_to, with_hub
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import is_name
from moothall.core.kernel.languages import is_language
from moothall.core.rules.imports import is_imported
from moothall.core.sessions.state import State, Status

MAX_TEXT = 10_000
"""Characters of a title or a name."""
MAX_LANGUAGES = 20
"""Languages spoken in one session."""
MAX_REASON = 500
"""Characters of the reason why a session is cancelled."""
_NO_TAG = "Name each language by a tag such as en or pt-BR."


def create(state: State, command: do.CreateSession) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of the first command of every log, or a refusal."""
    if state.status is not Status.ABSENT:
        return refuse(RefusalCode.CONFLICT, "The session already exists.")
    if not command.languages or not 0 < len(command.title) <= MAX_TEXT:
        return refuse(RefusalCode.INVALID, "A session needs a title and at least one language.")
    if not all(map(is_language, command.languages)):
        return refuse(RefusalCode.INVALID, _NO_TAG)
    sound = ev.SoundKept.NONE if command.young_people else command.sound
    use = msgspec.UNSET if command.young_people or command.voice_use is ev.VoiceUse.ALLOWED else command.voice_use
    return [made_of(ev.SessionCreated, command, sound=sound, voice_use=use)]


def describe(state: State, command: do.DescribeSession) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of a new title and, while the session has not begun, other languages; or a refusal."""
    if not 0 < len(command.title.strip()) <= MAX_TEXT:
        return refuse(RefusalCode.INVALID, f"A title has 1 to {MAX_TEXT} characters.")
    if command.languages and state.status is not Status.CREATED:
        return refuse(RefusalCode.CONFLICT, "The languages of a session can't be changed after it has begun.")
    if not all(map(is_language, command.languages)):
        return refuse(RefusalCode.INVALID, _NO_TAG)
    return [ev.SessionDescribed(title=command.title, languages=command.languages)]


def plan(state: State, command: do.PlanCommand) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of a command that arranges, cancels or reinstates a session, or a refusal."""
    begun = state.status is not Status.CREATED
    if isinstance(command, do.ArrangeSession):
        sound = ev.SoundKept.NONE if state.young_people else command.sound
        use = state.voice_use if command.voice_use is msgspec.UNSET or state.young_people else command.voice_use
        if is_imported(state) and command.access is not state.access:
            return refuse(RefusalCode.CONFLICT, "State on what ground others may read an imported record.")
        held, wanted = (state.access, state.sound, state.voice_use), (command.access, sound, use)
        if state.status is Status.CLOSED and held != wanted:
            message = "After its end only whether lists name a session can be changed of how it is held."
            return refuse(RefusalCode.CONFLICT, message)
        changed = msgspec.UNSET if use is state.voice_use else use
        return [made_of(ev.SessionArranged, command, sound=sound, voice_use=changed)]
    if isinstance(command, do.ReinstateSession):
        if state.cancelled is None:
            return refuse(RefusalCode.CONFLICT, "This session is not cancelled.")
        return [ev.SessionReinstated()]
    reason = " ".join(command.reason.split())
    if len(reason) > MAX_REASON:
        return refuse(RefusalCode.INVALID, f"A reason has at most {MAX_REASON} characters.")
    if begun:
        return refuse(RefusalCode.CONFLICT, "A session that has begun can't be cancelled; close it.")
    return [ev.SessionCancelled(reason=reason)]


def set_languages(state: State, command: do.SetLanguages) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of other spoken languages, or a refusal. A session that has begun takes them too, since a recogniser
    with the wrong languages writes nonsense.
    """
    tags = command.languages
    if not 0 < len(tags) <= MAX_LANGUAGES or len(set(tags)) < len(tags) or not all(map(is_language, tags)):
        return refuse(RefusalCode.INVALID, f"Name 1 to {MAX_LANGUAGES} different languages, each by a tag such as en.")
    return [ev.SessionDescribed(title=state.title, languages=tags)]


def add_channel(state: State, command: do.AddChannel, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of another channel, or a refusal; `wall`: when the channel was requested, Unix ms."""
    translation = command.kind is ev.ChannelKind.TRANSLATION
    if command.of_record and not translation:
        return refuse(
            RefusalCode.INVALID, "Only a translation can be left out of the record; spoken text is always part of it."
        )
    if not is_name(command.channel) or not command.languages:
        return refuse(RefusalCode.INVALID, "A channel needs an id and at least one language.")
    if not all(map(is_language, command.languages)):
        return refuse(RefusalCode.INVALID, _NO_TAG)
    if command.channel in state.channels:
        return refuse(RefusalCode.CONFLICT, "The session already has a channel with this id.")
    return [made_of(ev.ChannelAdded, command, requested=wall if translation and not command.of_record else None)]


MAX_TITLE = 120
"""Characters of a hub's title."""
MOST_PEOPLE = 100_000
"""People in one hub's room."""
MOST_HUBS = 300
"""Hubs of one session."""
MOST_BELOW = 64
"""Hubs of one session that connect through the same top hub, counting that hub."""


def state_hub(state: State, command: do.SetHubPresence, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of a hub's presence, or a refusal. A presence that is already known is refused."""
    title = " ".join(command.title.split())
    if not is_name(command.hub) or not 0 < len(title) <= MAX_TITLE:
        return refuse(RefusalCode.INVALID, f"A hub needs an id and a title of 1 to {MAX_TITLE} characters.")
    if not 0 <= (command.people or 0) <= MOST_PEOPLE or min(command.since, command.counted or 0) < 0:
        return refuse(
            RefusalCode.INVALID, f"A hub's head count is from 0 to {MOST_PEOPLE}, and its times are not negative."
        )
    known = state.hubs.get(command.hub)
    if known is None and len(state.hubs) >= MOST_HUBS:
        return refuse(RefusalCode.CONFLICT, f"Too many hubs have taken part in this session (limit {MOST_HUBS}).")
    top = way_to(command.hub)[0]
    if known is None and sum(is_or_is_below(hub, top) for hub in state.hubs) >= MOST_BELOW:
        return refuse(RefusalCode.CONFLICT, f"Too many hubs are connected through this one (limit {MOST_BELOW}).")
    stands = made_of(he.HubPresenceChanged, command, title=title, t=max(0, state.media_now(wall)))
    if known is not None and with_hub(state.hubs, stands)[command.hub] == known:
        return refuse(RefusalCode.CONFLICT, "The hub already has this status.")
    return [stands]

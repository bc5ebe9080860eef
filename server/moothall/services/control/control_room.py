"""Shows the condition of all sessions, the worst first: one card for each room, and one for each session without a
room.

Once a second it is made from what is published, from the fan-outs and from the desks. None of it is stored, and no text
is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.visible import visible
from moothall.core.ports import Clock
from moothall.core.programme.plan import Room, RoomId
from moothall.core.questions.blocked_words import unread_for
from moothall.core.sessions.state import ON, State, Status
from moothall.core.signals import ChannelState, Sound
from moothall.core.views.quality import Quality
from moothall.services.control.alarms import OF_ALL, Alarm, RoomConflict, SessionHealth, alarms, wordless_for
from moothall.services.control.control_watch import Watched, seconds
from moothall.services.control.standing import Standing, standing
from moothall.services.engines.capacity import room_in
from moothall.services.log.publication import Publication
from moothall.services.programme.programme import Programme
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reports import Tally
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.loudness import Loudness
from moothall.services.supervision.pulses import Stalls
from moothall.services.supervision.waiting import Listeners

LOOK_MS = 1_000
LEVEL_MS = 250
"""Interval at which levels are sent, in ms."""
NAME = 60
"""Most characters of the name of the person who sees to an alarm."""


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm on a card."""

    kind: str
    urgent: bool
    values: dict[str, int | str]
    by: str | None
    """Name of the person who sees to it; None where nobody does."""


class RoomCard(msgspec.Struct, frozen=True, kw_only=True):
    """A room, or a session without one. Ages are in seconds; None where there was nothing yet."""

    key: str
    place: str
    """Title of the room; empty for a session without one."""
    room: RoomId | None = None
    session: SessionId | None = None
    """The session that is on in the room."""
    title: str = ""
    status: Status = Status.CREATED
    following: str = ""
    """Title of the next session in the room."""
    sound: int | None = None
    level: int | None = None
    """Level of the floor's sound, in dBFS; None while no sound arrives."""
    dead: int = 0
    """How long the floor's sound has been digital silence, in s."""
    words: int | None = None
    rate: int = 0
    """Number of words in the last minute."""
    lag: int = 0
    """Seconds by which the text is behind the sound."""
    heard: str | None = None
    """BCP-47 tag of the newest line."""
    expected: str | None = None
    """The language that was forced, or the session's first."""
    here: tuple[dict[str, object], ...] = ()
    """The people at its desks."""
    readers: dict[ChannelId, int] = {}
    channels: dict[ChannelId, tuple[str, str]] = {}
    """Kind and first language of each channel."""
    reports: dict[str, int] = {}
    quality: Quality | None = None
    on_air: str = ""
    """Name of whoever is on air in the floor; empty for the machine."""
    off: bool = False
    """Whether what is said now is not recorded."""
    stands: Standing = Standing.IDLE
    silent_since: int | None = None
    """When the last words came, in Unix ms rounded down to the second; None unless `stands` is SILENCE."""
    delays: tuple[int | None, ...] = ()
    """The delay in s, every 10 s of the last ten minutes, the newest last; None while no sound arrived."""
    rates: tuple[int, ...] = ()
    """The number of words in the minute before each of these times."""
    alarms: tuple[Raised, ...] = ()


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The figures that all sessions share."""

    at: int
    """When the figures were taken, Unix ms."""
    engines: int
    disk_free: int | None
    disk_all: int | None
    """Size in bytes of the disk of the data, and its free part in `disk_free`; None where they aren't known."""
    alarms: tuple[Raised, ...] = ()
    """Alarms that are the same in every session, and so on no card."""


LEVELS = (-60, -45, -30, -15)
"""Levels in dBFS from which on a gauge shows one step more: a quiet room, soft speech, speech, loud speech."""


def gauges(card: RoomCard) -> dict[str, int | None] | None:
    """The gauges in the frame of a meeting's staff pages: `level`, 0 to 4, None while no sound arrives; `late`, in s;
    `readers`. None while the meeting isn't on.
    """
    if card.status not in ON:
        return None
    level = None if card.level is None else sum(card.level >= step for step in LEVELS)
    return {"level": level, "late": card.lag, "readers": sum(card.readers.values())}


@dataclass(eq=False, repr=False)
class ControlRoom:
    """The cards of all rooms and sessions, which change only while `run` is running."""

    sessions: Sessions
    _: KW_ONLY
    rooms: Programme
    clock: Clock
    engines: Callable[[], int]
    refused: Callable[[], int] = lambda: 0
    """Returns the number of engines that wait for another key."""
    unheard: Callable[[SessionId], bool]
    """Whether a session has sound in a language that no engine knows."""
    unlike: Callable[[SessionId], tuple[tuple[str, ...], str] | None] = lambda _: None
    """Returns the languages that a session expects and the other language that its sound resembles; None where its
    sound resembles one of those, or is not known.
    """
    room_conflict: Callable[[SessionId], RoomConflict | None] = lambda _: None
    """Returns another session that is on in the same room, or None."""
    crowd: Callable[[SessionId], tuple[bool, int | None]] = lambda _: (False, None)
    """Returns whether some of a session's sound waits for an engine, and how many more channels fit once engines are
    full."""
    queue: Callable[[SessionId], tuple[int, Sequence[SessionId], Sequence[int]]] = lambda _: (0, (), ())
    """Returns how many channels wait for an engine before a session's, the session of each channel that is heard, and
    until when (Unix ms) each that pauses keeps its place."""
    sound: Callable[[SessionId], tuple[int, bool]] = lambda _: (0, False)
    """Returns how often a session's sound was restarted, and whether the sound of a channel is stopped."""
    full: Callable[[SessionId], bool] = lambda _: False
    """Whether a session takes no more sound, since what waits for its words has reached its limit."""
    stream_lost: Callable[[SessionId], int] = lambda _: 0
    """Returns for how long, in ms, a stream that is fetched for a session has given no sound."""
    loudness: Callable[[SessionId], Mapping[ChannelId, Loudness]] = lambda _: {}
    """Returns the loudness of the sound that is arriving, by channel."""
    silent: Callable[[SessionId], Mapping[ChannelId, str]] = lambda _: {}
    """Returns, by channel, why whoever is on air writes nothing."""
    on_air: Callable[[SessionId], str] = lambda _: ""
    """Returns the name of whoever is on air in a session's floor; empty for the machine."""
    zoom_away: Callable[[SessionId], bool] = lambda _: False
    """Whether a session's captions wait because a Zoom meeting takes none."""
    disk: Callable[[], tuple[int, int] | None]
    """Returns the free and the total bytes of the disk of the data, or None."""
    stuck: Callable[[], Mapping[str, Sequence[str]]] = dict
    """Returns the removals that a node can't apply, by the node's name."""
    webhooks: Callable[[], Sequence[str]] = list
    """Returns the labels of the webhooks that somebody has to see to. Called once in each look: it goes through all
    messages that wait.
    """
    tally: Callable[[SessionId], Tally]
    presence: Callable[[SessionId], Sequence[Mapping[str, object]]]

    def __post_init__(self) -> None:
        self._stalls = Stalls()
        self._break_speech = BreakSpeech(self.sessions, self.clock, self._stalls)
        self._watched: dict[SessionId, Watched] = {}
        self._seen_to: dict[tuple[str, str], str] = {}
        self._machineless_since: int | None = None
        self._untaken: Sequence[str] = ()
        self._raised: dict[SessionId, tuple[Raised, ...]] = {}
        self.listen = Listeners[[]]()
        """Called after each look."""
        self.listen_levels = Listeners[[]]()
        """Called whenever there are new levels."""
        self.cards: tuple[RoomCard, ...] = ()
        """The cards, worst first, as of the last look."""
        self.overview = Overview(at=self.clock.wall(), engines=0, disk_free=None, disk_all=None)
        self.sessions.observe(self._seen)

    def level(self, session: SessionId) -> int | None:
        """Present level of a session's floor, in dBFS; None while no sound arrives."""
        live = self.sessions.loaded(session)
        loudness = None if live is None else self._of_floor(live)
        return None if loudness is None else loudness.level(self.clock.monotonic())

    async def run(self) -> None:
        """Make the cards once a second, and notify of levels more often, until cancelled."""
        while True:
            self._stalls.look(self.clock.monotonic(), LOOK_MS)
            self.look()
            self.listen.tell()
            for _ in range(LOOK_MS // LEVEL_MS):
                self.listen_levels.tell()
                await self.clock.sleep(LEVEL_MS)

    def alarms_of(self, session: SessionId) -> tuple[Raised, ...]:
        """The alarms of a session, those that are the same in all sessions included."""
        return self._raised.get(session, ())

    @property
    def alarm_counts(self) -> Counter[str]:
        """Number of sessions in which each kind of alarm is raised."""
        return Counter(each.kind for found in self._raised.values() for each in found)

    def see_to(self, session: SessionId, kind: str, name: str) -> None:
        """Note that a person sees to an alarm, until it is over, and make the cards anew.

        An alarm that is the same in all sessions is seen to once for all.
        """
        self._seen_to[_seen_as(session, kind)] = " ".join(visible(name).split())[:NAME]
        self.look()

    def look(self) -> None:
        """Make all cards anew."""
        now, disk, engines = self.clock.monotonic(), self.disk(), self.engines()
        if engines:
            self._machineless_since = None
        elif self._machineless_since is None:
            self._machineless_since = now
        free, whole = disk or (None, None)
        self.overview = Overview(at=self.clock.wall(), engines=engines, disk_free=free, disk_all=whole)
        live = {each.id: each for each in self.sessions.all_loaded if each.state.status in ON}
        for gone in self._watched.keys() - live.keys():
            del self._watched[gone]
        self._raised, self._untaken = {}, self.webhooks()
        rooms = {room.id: room for room in self.rooms.rooms()}
        cards = [self._card(each, rooms, now) for each in live.values()]
        busy = {card.room for card in cards}
        cards += [self._idle(room) for room in rooms.values() if room.id not in busy]
        raised = {_seen_as(session, each.kind) for session, found in self._raised.items() for each in found}
        self._seen_to = {key: name for key, name in self._seen_to.items() if key in raised}
        shared = {each.kind: each for found in self._raised.values() for each in found if each.kind in OF_ALL}
        self.overview = msgspec.structs.replace(self.overview, alarms=tuple(shared.values()))
        self.cards = tuple(sorted(cards, key=_badness))

    def _idle(self, room: Room) -> RoomCard:
        return RoomCard(key=f"room:{room.id}", place=room.title, room=room.id, following=self._following(room.id))

    def _following(self, room: RoomId | None) -> str:
        session = None if room is None else self.rooms.next_in(room)
        planned = None if session is None else self.rooms.plan_of(session)
        return "" if planned is None else planned.title

    def _card(self, live: LiveSession, rooms: Mapping[RoomId, Room], now: int) -> RoomCard:
        state, seen = live.state, self._watch(live, now)
        room = self.rooms.room_of(live.id)
        tally, readers = self.tally(live.id), live.fanout.readers
        reports = {kind.value: count for kind, count in tally.counts.items()}
        loudness = self._of_floor(live)
        own = self._from_floor(live)
        seen.dead = 0 if own is None else own.dead_ms  # An interpreter may be silent.
        seen.note(now)
        figures = self._figures(live, seen, now, readers, reports)
        found, wordless = alarms(figures), wordless_for(figures)
        stands = standing(state.status, found, off=not state.recorded, wordless=wordless)
        silent_since = (self.overview.at - wordless) // 1000 * 1000 if stands is Standing.SILENCE else None
        raised = self._raised[live.id] = tuple(self._with_name(live.id, alarm) for alarm in found)
        channel = next(iter(state.channels.values()), None)
        return RoomCard(
            key=f"session:{live.id}",
            place=rooms[room].title if room is not None and room in rooms else "",
            room=room,
            session=live.id,
            title=state.title,
            status=state.status,
            following=self._following(room),
            sound=seconds(now, seen.sound),
            level=None if loudness is None else loudness.level(now),
            dead=seen.dead // 1000,
            words=seconds(now, seen.words),
            rate=seen.rate(now),
            lag=max(seen.lag.values(), default=0) // 1000,
            heard=seen.heard,
            expected=(channel.forced if channel is not None else None) or next(iter(state.languages), None),
            here=tuple(dict(each) for each in self.presence(live.id)),
            readers=readers,
            channels={each.id: (each.kind.value, each.languages[0]) for each in state.channels.values()},
            reports=reports,
            quality=live.writer.quality.quality(),
            on_air=self.on_air(live.id),
            off=not state.recorded,
            stands=stands,
            silent_since=silent_since,
            delays=tuple(seen.delays),
            rates=tuple(seen.rates),
            alarms=tuple(each for each in raised if each.kind not in OF_ALL),
        )

    def _of_floor(self, live: LiveSession) -> Loudness | None:
        """Loudness of the sound in the room, or of an interpreter's where no sound of the room arrives."""
        return self._from_floor(live) or next(iter(self.loudness(live.id).values()), None)

    def _from_floor(self, live: LiveSession) -> Loudness | None:
        coming = self.loudness(live.id)
        floor = (each.id for each in live.state.channels.values() if each.kind is ChannelKind.FLOOR)
        return next((coming[name] for name in floor if name in coming), None)

    def _sound_came(self, live: LiveSession, seen: Watched, now: int) -> int | None:
        """When sound last arrived, in ms of the monotonic clock. The room's own sound counts where it has a
        microphone, since an interpreter's or a respeaker's doesn't show whether that works.
        """
        coming, channels = self.loudness(live.id), live.state.channels.values()
        rooms = (each.id for each in channels if each.kind is ChannelKind.FLOOR or each.air.respoken)
        own = [coming[name].came for name in rooms if name in coming]
        if not own:
            seen.own = None if seen.own is None else now
            return seen.sound
        seen.own = min((each for each in own if each is not None), default=seen.own)
        return seen.sound if seen.own is None else seen.own

    def _with_name(self, session: SessionId, alarm: Alarm) -> Raised:
        by = self._seen_to.get(_seen_as(session, alarm.kind))
        return Raised(kind=alarm.kind, urgent=alarm.urgent, values=alarm.values, by=by)

    def _room_in(self, session: SessionId) -> int | None:
        ahead, carried, kept = self.queue(session)
        plans = (self.rooms.plan_of(each) for each in carried if each != session)
        return room_in(ahead, [*kept, *(None if plan is None else plan.ends for plan in plans)], self.clock.wall())

    def _figures(
        self, live: LiveSession, seen: Watched, now: int, readers: Mapping[ChannelId, int], reports: Mapping[str, int]
    ) -> SessionHealth:
        age = self._stalls.age
        crowded_out, room_left = self.crowd(live.id)
        overrun, (sound_again, sound_stopped) = self.rooms.overrun(live.id), self.sound(live.id)
        return SessionHealth(
            status=live.state.status,
            open_for=age(now, seen.since) or 0,
            source=_has_source(live.state),
            sound_age=age(now, self._sound_came(live, seen, now)),
            stream_lost=self.stream_lost(live.id),
            speech_age=age(now, seen.speech),
            words_age=age(now, seen.words),
            dead_for=seen.dead,
            silent_for=age(now, seen.silent_since) or 0,
            spoken_for=self._break_speech.lasts(live.id),
            lag=max(seen.lag.values(), default=0),
            engines=self.overview.engines,
            machineless_for=age(now, self._machineless_since) or 0,
            refused=self.refused(),
            unheard=self.unheard(live.id),
            unlike=self.unlike(live.id),
            crowded_out=crowded_out,
            room_in=self._room_in(live.id) if crowded_out else None,
            room_left=room_left,
            unsaved=any(seen.unsaved.values()),
            stopped=live.stopped,
            sound_stopped=sound_stopped,
            sound_full=self.full(live.id),
            begun_again=live.begun_again + sound_again,
            machine=_machine_writes(live.state),
            zoom_away=self.zoom_away(live.id),
            captioner=next(iter(self.silent(live.id).values()), ""),
            off_for=age(now, seen.off_since),
            readers=sum(readers.values()),
            reporters=max(reports.values(), default=0),
            hubs=live.state.hubs,
            unread_for=unread_for(live.state.questions, live.state.media_now(self.clock.wall())),
            room_conflict=self.room_conflict(live.id),
            left=None if overrun is None else overrun.left,
            disk_free=self.overview.disk_free,
            stuck=self.stuck(),
            webhooks=self._untaken,
        )

    def _watch(self, live: LiveSession, now: int) -> Watched:
        seen = self._watched.get(live.id)
        if seen is None:
            seen = self._watched[live.id] = Watched(now)
        if live.state.recorded:
            seen.off_since = None
        elif seen.off_since is None:
            seen.off_since = now
        return seen

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        self._watch(live, self.clock.monotonic()).take(publication, live.state, self.clock.monotonic())


def _machine_writes(state: State) -> bool:
    """Whether the machine writes some channel of the session, from a respeaker's sound included."""
    return any(each.air.recognised for each in state.channels.values() if each.kind is not ChannelKind.TRANSLATION)


def _has_source(state: State) -> bool:
    return any(not source.ended for source in state.sources.values())


def _seen_as(session: SessionId, kind: str) -> tuple[str, str]:
    """The key of an alarm in the notes on who sees to it."""
    return ("" if kind in OF_ALL else session), kind


def _badness(card: RoomCard) -> tuple[int, int, int, int, str, str]:
    """Sort key of cards: alarms that nobody sees to yet first, the urgent ones foremost; then sessions that are on;
    then by name.
    """
    waiting = [alarm for alarm in card.alarms if alarm.by is None]
    urgent = sum(alarm.urgent for alarm in waiting)
    return -urgent, -len(waiting), -len(card.alarms), card.session is None, card.place or card.title, card.key


class BreakSpeech:
    """How long there has been what sounds like speech (`services/sound/loudness.py`) in sessions that are in a
    break.
    """

    def __init__(self, sessions: Sessions, clock: Clock, stalls: Stalls) -> None:
        self._clock = clock
        self._stalls = stalls
        # Bound: the channels of sessions that are in a break; they are dropped with the first signal or event after it.
        self._since: dict[SessionId, dict[ChannelId, int]] = {}
        sessions.observe(self._seen)

    def lasts(self, session: SessionId) -> int:
        """Milliseconds since it began in the channel in which it has lasted longest; 0 when nobody seems to speak."""
        now = self._clock.monotonic()
        return max((self._stalls.age(now, since) or 0 for since in self._since.get(session, {}).values()), default=0)

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        if not live.state.in_break:
            self._since.pop(live.id, None)
            return
        began, _ = live.state.breaks[-1]
        texts = self._since.setdefault(live.id, {})
        for signal in publication.signals:
            if isinstance(signal, ChannelState) and signal.t <= began and signal.sound is not Sound.NONE:
                continue  # An engine hears what was said before the break, or that waits for one.
            if isinstance(signal, ChannelState) and signal.sound is Sound.SPEECH:
                texts.setdefault(signal.channel, self._clock.monotonic())
            elif isinstance(signal, ChannelState):
                texts.pop(signal.channel, None)

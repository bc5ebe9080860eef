"""Decides from figures alone which alarms a session raises (docs/reference/alarms.md). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.hubs.presence import HubsPresent, cut_off
from moothall.core.sessions.state import ON, Status

NO_SOUND_MS = 20_000
"""Time without any sound from an attached source, in ms. This constant and those below are thresholds of alarms."""
MUTED_MS = 20_000
"""Time for which the sound is digital silence, in ms."""
STREAM_MS = 10_000
"""Time without sound from a stream that is fetched, in ms."""
NO_SOURCE_MS = 60_000
"""Time for which a session is open without a source and without a line, in ms."""
NO_WORDS_MS = 30_000
"""Time with speech and without words, in ms."""
NO_MACHINE_MS = 10_000
"""How long a session may have sound and no engine, in ms; restarting an engine takes less."""
LATE_MS = 10_000
"""Delay of the text behind the sound, in ms."""
QUIET_MS = 600_000
"""Time with sound in which nobody speaks, in ms."""
BREAK_SPEECH_MS = 10_000
"""Duration of what sounds like speech in a break, in ms."""
OFF_MS = 1_800_000
"""Duration of one span that is not recorded, in ms."""
UNREAD_MS = 300_000
"""Time for which nobody has looked at a question that a blocked word marks, in ms."""
DISK_BYTES = 2_000_000_000
"""Free bytes on the disk of the data, below which the alarm is raised."""
REPORTED_PERCENT = 3
"""Percentage of readers who report the same thing, from which the alarm is raised."""
MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000
OF_ALL = frozenset({"no-machine", "key-refused", "nearly-full", "disk", "removal-stuck", "news-untaken"})
"""Kinds of alarm that are a fault of the machine, and so the same in every session."""
NAMED = 5
"""Most removals that an alarm names, and most webhooks. Overflow: `moothall status` names the other removals, and
`/admin/webhooks` the other webhooks.
"""


class RoomConflict(msgspec.Struct, frozen=True):
    """Another session that is on in the same room."""

    title: str
    by: str = ""
    """Who opened it after this one; empty where it was on before, or nobody knows who."""


class SessionHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The condition of a session. Ages and durations are in ms; None where there was none yet."""

    status: Status
    open_for: int
    """Time since it was opened, or since the server began to watch it."""
    source: bool
    """Whether a source of sound is attached that hasn't ended."""
    sound_age: int | None = None
    stream_lost: int = 0
    """How long a stream that is fetched has given no sound."""
    speech_age: int | None = None
    words_age: int | None = None
    dead_for: int = 0
    """Length of digital silence at the end of the floor's sound."""
    silent_for: int = 0
    """How long sound has come without speech."""
    spoken_for: int = 0
    """How long it has sounded like speech in a break."""
    lag: int = 0
    engines: int = 1
    machineless_for: int = 0
    """How long no engine has been connected."""
    refused: int = 0
    """Number of engines that wait because the service that they use refuses their key."""
    unheard: bool = False
    """Whether there is sound in languages that no connected engine knows."""
    unlike: tuple[tuple[str, ...], str] | None = None
    """The expected languages, and the one (BCP-47) that the sound resembles instead by an engine's report; None where
    it sounds as expected."""
    crowded_out: bool = False
    """Whether some of its sound waits because no engine has capacity for it."""
    room_in: int | None = None
    """How long it takes until an engine has capacity for it, as far as the programme says; None where that doesn't
    say."""
    room_left: int | None = None
    """Number of further channels that the engines take with late text, once none fits in time; None as long as some do.
    """
    unsaved: bool = False
    stopped: bool = False
    """Whether the session failed too often and takes nothing more."""
    sound_stopped: bool = False
    """Whether the sound of one of its channels failed too often."""
    sound_full: bool = False
    """Whether no more sound is taken, since the sound that waits for its words has reached its limit."""
    begun_again: int = 0
    """Number of restarts of the session or its sound in the last ten minutes."""
    machine: bool = True
    """Whether the machine is on air in some channel, so that its text depends on engines."""
    captioner: str = ""
    """Why whoever is on air writes nothing: `gone` or `quiet`; empty where all is well."""
    zoom_away: bool = False
    """Whether captions wait because the Zoom meeting takes none."""
    off_for: int | None = None
    """How long the session has not been recorded; None while it is."""
    readers: int = 0
    reporters: int = 0
    hubs: HubsPresent = {}
    """The hubs that take part."""
    unread_for: int | None = None
    """How long the oldest question has waited that a blocked word marks."""
    room_conflict: RoomConflict | None = None
    left: int | None = None
    """Time to its planned end, from 5 minutes before it on; below 0 past it."""
    disk_free: int | None = None
    """Free bytes on the disk of the data; None where that isn't known."""
    stuck: Mapping[str, Sequence[str]] = {}
    """Removals that a node can't apply, by the node's name."""
    webhooks: Sequence[str] = ()
    """The labels of the webhooks that somebody has to see to."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person has to see to. Its text is in the catalogues (`staff/alarm.*`)."""

    kind: str
    urgent: bool = False
    """Whether text is being lost, or will be."""
    values: dict[str, int | str] = {}
    """Values for the placeholders in its text: numbers, titles, and BCP-47 tags separated by commas (`expected`,
    `heard`)."""


def alarms(figures: SessionHealth) -> tuple[Alarm, ...]:
    """All alarms of a session, urgent ones first."""
    found = [*_of_house(figures)]
    if figures.status is Status.OPEN:
        found += _of_sound(figures)
        if figures.captioner:
            gone, quiet = Alarm(kind="captioner-gone", urgent=True), Alarm(kind="captioner-quiet", urgent=True)
            found.append(gone if figures.captioner == "gone" else quiet)
        if figures.unlike is not None:
            expected, heard = figures.unlike
            found.append(Alarm(kind="wrong-language", values={"expected": ",".join(expected), "heard": heard}))
    if figures.status is Status.PAUSED and figures.spoken_for >= BREAK_SPEECH_MS:
        found.append(Alarm(kind="break-speech"))
    if figures.status in ON:
        found += _of_people(figures)
    return tuple(sorted(found, key=lambda alarm: not alarm.urgent))


def wordless_for(figures: SessionHealth) -> int:
    """Milliseconds since the last words, or since the session was opened where none came after that."""
    return figures.open_for if figures.words_age is None else min(figures.words_age, figures.open_for)


def _of_house(figures: SessionHealth) -> list[Alarm]:
    found = []
    if figures.stopped:
        found.append(Alarm(kind="stopped", urgent=True))
    if figures.sound_stopped:
        found.append(Alarm(kind="sound-stopped", urgent=True))
    if figures.sound_full:
        found.append(Alarm(kind="sound-full", urgent=True))
    if figures.begun_again and not (figures.stopped or figures.sound_stopped):
        found.append(Alarm(kind="begun-again", values={"n": figures.begun_again}))
    if figures.unsaved:
        found.append(Alarm(kind="unsaved", urgent=True))
    if figures.room_left is not None and figures.source and figures.status is Status.OPEN:
        found.append(Alarm(kind="nearly-full", values={"n": figures.room_left}))
    if figures.refused and figures.engines and figures.status is Status.OPEN:
        found.append(Alarm(kind="key-refused"))
    if figures.disk_free is not None and figures.disk_free < DISK_BYTES:
        found.append(Alarm(kind="disk", urgent=True, values={"n": figures.disk_free // MEGABYTE}))
    if figures.stuck:
        removals = [name for each in figures.stuck.values() for name in each]
        said = ", ".join(removals[:NAMED]) + (" …" if removals[NAMED:] else "")
        found.append(Alarm(kind="removal-stuck", values={"node": ", ".join(figures.stuck), "removal": said}))
    if figures.webhooks:
        said = ", ".join(figures.webhooks[:NAMED]) + (" …" if figures.webhooks[NAMED:] else "")
        found.append(Alarm(kind="news-untaken", values={"names": said}))
    return found


def _of_sound(figures: SessionHealth) -> list[Alarm]:
    """At most one of the alarms that follow from one another: without sound there are no words either."""
    if figures.stream_lost >= STREAM_MS:
        return [Alarm(kind="no-stream", urgent=True, values={"n": figures.stream_lost // 1000})]
    if not figures.source:
        last = figures.open_for if figures.words_age is None else figures.words_age
        nothing = figures.open_for >= NO_SOURCE_MS and last >= NO_SOURCE_MS
        return [Alarm(kind="no-source", urgent=True, values={"n": last // 60_000})] if nothing else []
    silent = figures.open_for if figures.sound_age is None else min(figures.sound_age, figures.open_for)
    if silent >= NO_SOUND_MS:
        return [Alarm(kind="no-sound", urgent=True, values={"n": silent // 1000})]
    if (dead := min(figures.dead_for, figures.open_for)) >= MUTED_MS:
        return [Alarm(kind="muted", urgent=True, values={"n": dead // 1000})]
    if not figures.machine:
        return []
    if not figures.engines and figures.refused:
        return [Alarm(kind="key-refused", urgent=True)]
    if not figures.engines and figures.machineless_for >= NO_MACHINE_MS:
        return [Alarm(kind="no-machine", urgent=True)]
    if figures.unheard:
        return [Alarm(kind="no-language", urgent=True)]
    if figures.crowded_out:
        if figures.room_in is None:
            return [Alarm(kind="no-room", urgent=True)]
        return [Alarm(kind="no-room-until", urgent=True, values={"n": -(-figures.room_in // 60_000)})]
    wordless = wordless_for(figures)
    speaking = figures.speech_age is not None and figures.speech_age < 5_000
    if speaking and figures.silent_for == 0 and wordless >= NO_WORDS_MS and figures.off_for is None:
        return [Alarm(kind="no-words", urgent=True, values={"n": wordless // 1000})]
    if not figures.engines:
        return [Alarm(kind="machine-away")]
    if figures.lag >= LATE_MS:
        return [Alarm(kind="late", values={"n": figures.lag // 1000})]
    if figures.silent_for >= QUIET_MS:
        return [Alarm(kind="quiet", values={"n": figures.silent_for // 60_000})]
    return []


def _of_people(figures: SessionHealth) -> list[Alarm]:
    found = []
    if figures.off_for is not None and figures.off_for >= OFF_MS:
        found.append(Alarm(kind="off-long", values={"n": figures.off_for // 60_000}))
    if figures.reporters and figures.reporters * 100 >= figures.readers * REPORTED_PERCENT:
        all_readers = max(figures.readers, figures.reporters)
        found.append(Alarm(kind="reports", values={"n": figures.reporters, "all": all_readers}))
    if figures.zoom_away:
        found.append(Alarm(kind="zoom-away"))
    if figures.unread_for is not None and figures.unread_for >= UNREAD_MS:
        found.append(Alarm(kind="unread", values={"n": figures.unread_for // 60_000}))
    if cut := cut_off(figures.hubs):
        found.append(Alarm(kind="hubs-cut", values={"n": len(cut)}))
    if (conflict := figures.room_conflict) is not None and conflict.by:
        found.append(Alarm(kind="opened-same-room", values={"title": conflict.title, "who": conflict.by}))
    elif conflict is not None:
        found.append(Alarm(kind="same-room", values={"title": conflict.title}))
    if figures.left is not None:
        found.append(_of_end(-(-figures.left // 60_000)))
    return found


def _of_end(minutes: int) -> Alarm:
    """The alarm about the planned end.

    `minutes`: time until then; below 0 past it.
    """
    if minutes > 0:
        return Alarm(kind="ends-soon", values={"n": minutes})
    return Alarm(kind="over", values={"n": -minutes}) if minutes else Alarm(kind="ends-now")

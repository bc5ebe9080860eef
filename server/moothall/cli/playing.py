"""Play a file or a raw stream into a session of a running server: shared by `demo`, `serve --play` and `replay`."""

from __future__ import annotations

import asyncio
import hashlib
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from moothall.adapters.sound.audio_file import AudioFile
from moothall.adapters.sound.audio_raw import RawPcm
from moothall.adapters.sound.audio_split import AudioSplit, SplitChannel
from moothall.core.commands import AddChannel, AnyCommand, CreateSession
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import ConfigurationError, MoothallError, Refusal, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SourceId, is_name
from moothall.core.sessions.state import Status
from moothall.services.capture.ingest import Input, OpenAudio
from moothall.services.sessions.live_session import LiveSession

if TYPE_CHECKING:  # `transcribe` needs no server, and importing it takes longer than all its other imports.
    from moothall.app.hall import RunningServer

FLOOR = ChannelId("floor")
MOST_CHANNELS = 64
_PAIR = re.compile(r"([1-9][0-9]?)=([a-z]{2,8}(?:-[a-z0-9]{1,8})*)\Z")


class Mapped(msgspec.Struct, frozen=True):
    """A channel of a recording or sound card, and the text that it feeds, as in `--map 1=floor,2=fr`."""

    number: int
    """The number of the sound channel, from 0."""
    channel: ChannelId
    """The text that it feeds: `floor`, or an interpretation that is named by its language."""

    @property
    def kind(self) -> ChannelKind:
        """The kind of that text."""
        return ChannelKind.FLOOR if self.channel == FLOOR else ChannelKind.INTERPRETATION

    def languages(self, floor: tuple[str, ...]) -> tuple[str, ...]:
        """The languages that are spoken in it; `floor` are those that are spoken in the room."""
        return floor if self.channel == FLOOR else (self.channel,)


def mapping_of(text: str) -> tuple[Mapped, ...]:
    """Parse `1=floor,2=fr` into sound channels 0 and 1; raises ConfigurationError.

    Sound channels are counted from 1 in the text, as on mixing desks.
    """
    found: list[Mapped] = []
    for part in text.split(","):
        pair = _PAIR.match(part.strip().lower())
        if pair is None or int(pair[1]) > MOST_CHANNELS:
            msg = (
                f"'{part}' maps no channel: write its number, '=' and floor or the interpretation's language, "
                "such as 1=floor,2=fr."
            )
            raise ConfigurationError(msg)
        found.append(Mapped(int(pair[1]) - 1, ChannelId(pair[2])))
    if len({each.number for each in found}) < len(found) or len({each.channel for each in found}) < len(found):
        raise ConfigurationError(f"'{text}' names a channel or a text twice.")
    return tuple(found)


STDIN = "-"
MOST_NAMES = 10_000
LOOK_MS = 100
MOST_FAILURES = 3
"""Starts in a row after which engines ended by themselves, and the command gives up."""


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """A recording or stream, and the session into which it is played."""

    file: str
    """The path of the recording, or `-` for raw PCM16 mono at 16 kHz on standard input."""
    title: str
    languages: tuple[str, ...]
    session: SessionId
    exact: bool
    """Whether to play into exactly this session; otherwise, if it is over, into one with the next free name after
    it."""
    as_live: bool
    sound_kept: SoundKept = SoundKept.UNTIL_CHECKED
    """How the sound is kept; not at all where a file is only shown, since the file exists."""
    mapping: tuple[Mapped, ...] = ()
    """Which of its sound channels feeds which text; empty: the mean of all feeds the floor."""
    channels: int = 0
    """How many sound channels standard input has; 0: as many as the mapping names."""

    @property
    def source(self) -> SourceId:
        """The id of its sound. It is the same for the same file, so that a server that was killed resumes it."""
        if self.file == STDIN:
            return SourceId("stdin")
        path = Path(self.file)
        size = path.stat().st_size if path.exists() else 0
        return SourceId("file-" + hashlib.sha256(f"{path.resolve()}\0{size}".encode()).hexdigest()[:12])

    def sound(self, first_sample: int, channel: int | None = None) -> AudioFile | RawPcm:
        """Its sound from a sample on, of one sound channel or the mean of all (None), not opened yet."""
        if self.file == STDIN:
            return RawPcm()
        return AudioFile(Path(self.file), first_sample=first_sample, channel=channel)

    @property
    def texts(self) -> tuple[Mapped, ...]:
        """The texts that it feeds."""
        return self.mapping or (Mapped(0, FLOOR),)

    def sources(self) -> list[tuple[SourceId, ChannelId, Callable[[int], AudioFile | RawPcm | SplitChannel]]]:
        """Each source, the text that it feeds, and the function that opens it at a sample."""
        if not self.mapping:
            return [(self.source, FLOOR, self.sound)]
        if self.file == STDIN:
            split = AudioSplit(RawPcm(), max(self.channels, *(each.number + 1 for each in self.mapping)))
            return [(self._part(each), each.channel, _from_now_on(split, each.number)) for each in self.mapping]
        return [(self._part(each), each.channel, partial(self.sound, channel=each.number)) for each in self.mapping]

    def _part(self, mapped: Mapped) -> SourceId:
        return SourceId(f"{self.source}-{mapped.number + 1}")


def _from_now_on(split: AudioSplit, number: int) -> Callable[[int], SplitChannel]:
    """Open a channel of a pipe at its next bytes, since a pipe cannot be read again."""
    return lambda _first: split.channel(number)


def languages_of(text: str) -> tuple[str, ...]:
    """Parse `en,de` into ("en", "de"); raises ConfigurationError."""
    languages = tuple(part.strip() for part in text.split(",") if part.strip())
    if not languages or not all(part.replace("-", "").isalnum() for part in languages):
        msg = f"'{text}' names no languages; write their tags with commas between, such as en or en,de."
        raise ConfigurationError(msg)
    return languages


def session_of(text: str) -> SessionId:
    """Parse the name of a session; raises ConfigurationError when it cannot be one."""
    if not is_name(text):
        raise ConfigurationError(f"'{text}' can't name a session: use up to 64 of a-z, 0-9, '-', '_' and '.'.")
    return SessionId(text)


async def require_sound(programme: Playback) -> None:
    """Check that the file has sound, before anything is started. Raises AudioError with a sentence."""
    if programme.file != STDIN:
        numbers: list[int | None] = [each.number for each in programme.mapping]
        for number in numbers or [None]:
            async with programme.sound(0, number):
                pass


async def prepare(hall: RunningServer, programme: Playback) -> LiveSession:
    """Return the session to play into, and create it if need be. Raises ConfigurationError when it is over."""
    for number in range(1, MOST_NAMES):
        name = SessionId(programme.session if number == 1 else f"{programme.session}-{number}")
        try:
            live = await hall.backend.sessions.open(name)
        except StorageUnavailable as error:
            msg = f"The session '{name}' can't be opened. {error} Mend that, and start again."
            raise ConfigurationError(msg) from error
        if live.state.status is Status.ABSENT:
            await _create(live, programme)
            return live
        if live.state.status is not Status.CLOSED:
            await _add_texts(live, programme)
            return live
        if programme.exact:
            raise ConfigurationError(f"The session '{name}' is closed; choose another name with --session.")
    raise ConfigurationError(f"All names from {programme.session} to {programme.session}-{MOST_NAMES} are taken.")


async def _create(live: LiveSession, programme: Playback) -> None:
    commands: list[AnyCommand] = [
        CreateSession(title=programme.title, languages=programme.languages, sound=programme.sound_kept),
        AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=programme.languages),
    ]
    answer = await live.writer.send(SYSTEM, CommandId("create"), commands)
    if isinstance(answer, Refusal):
        raise ConfigurationError(f"The session '{live.id}' could not be made. {answer.message}")
    await _add_texts(live, programme)


async def _add_texts(live: LiveSession, programme: Playback) -> None:
    """Add the texts to the session that the recording feeds and that it lacks."""
    for each in programme.texts:
        if each.channel not in live.state.channels:
            command = AddChannel(channel=each.channel, kind=each.kind, languages=each.languages(programme.languages))
            answer = await live.writer.send(SYSTEM, CommandId(f"add:{each.channel}"), command)
            if isinstance(answer, Refusal):
                msg = f"The session '{live.id}' could not be given the text {each.channel}. {answer.message}"
                raise ConfigurationError(msg)


async def engine_ready(hall: RunningServer) -> None:
    """Wait until an engine is connected. Raises ConfigurationError when the server's own engines do not start."""
    while not hall.recognising.engines:
        if hall.engines and all(child.unable >= MOST_FAILURES for child in hall.engines):
            raise ConfigurationError("The engine does not start; see its message above.")
        await hall.backend.clock.sleep(LOOK_MS)


async def play(hall: RunningServer, live: LiveSession, programme: Playback) -> float:
    """Play the recording to its end. Return the CPU seconds that decoding took, once the session is closed.

    Faults of the recording are printed to standard error; what could be heard is in the session.
    """
    opened: list[AudioFile | RawPcm | SplitChannel] = []

    def opening(sound_at: Callable[[int], AudioFile | RawPcm | SplitChannel]) -> OpenAudio:
        @asynccontextmanager
        async def open_audio(first_sample: int) -> AsyncIterator[AudioFile | RawPcm | SplitChannel]:
            async with sound_at(first_sample) as sound:
                opened.append(sound)
                yield sound

        return open_audio

    inputs = [Input(source, channel, opening(sound_at)) for source, channel, sound_at in programme.sources()]
    try:
        await hall.ingest.play_together(live.writer, inputs, as_live=programme.as_live)
    finally:
        for warning in dict.fromkeys(sound.warning for sound in opened if sound.warning is not None):
            print(f"moothall: {warning}", file=sys.stderr, flush=True)
    return sum((sound.cpu_ms or 0) / 1000 for sound in opened)


@asynccontextmanager
async def stop_signal() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C or SIGTERM sets; a second signal cancels the task inside, and raises MoothallError."""
    stop, me, loop = asyncio.Event(), asyncio.current_task(), asyncio.get_running_loop()
    broken_off = False

    def told() -> None:
        nonlocal broken_off
        if stop.is_set() and me is not None:
            broken_off = True
            me.cancel()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told)
    try:
        yield stop
    except asyncio.CancelledError:
        if not broken_off:
            raise
        msg = "A second signal came before all was closed, and broke that off. What was acknowledged is stored."
        raise MoothallError(msg) from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def first_of(stop: asyncio.Event, task: asyncio.Future[Any]) -> bool:
    """Wait for the task or for the stop. Return True when it was the stop."""
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(stop.wait())
        await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    return not task.done()


def require_model(name: str) -> None:
    """Check that the weights of the model `name` are here, before anything is started. Raises ConfigurationError."""
    if name.startswith(("scripted:", "openai:")):  # The engine itself reports faults of scripts and services.
        return
    try:
        from moothall_models.store import open_store
    except ImportError as error:
        msg = "This installation has no recogniser. Install moothall with the extra 'engine'."
        raise ConfigurationError(msg) from error
    open_store().path(name)

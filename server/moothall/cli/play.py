"""The commands `moothall serve` and `moothall demo`."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import logging
import os
import shlex
import signal
import socket
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec

from moothall.adapters.pages.qr import qr_terminal
from moothall.adapters.store.files import explained, shipped
from moothall.adapters.system.clock import SystemClock
from moothall.adapters.system.programs import start_logging
from moothall.app.hall import RunningServer, hall
from moothall.cli.playing import (
    Playback,
    engine_ready,
    first_of,
    languages_of,
    mapping_of,
    play,
    prepare,
    require_model,
    require_sound,
    session_of,
    stop_signal,
)
from moothall.cli.pulling import address_of, close_pulled, pull, pulled_session
from moothall.cli.sample_speakers import SampleTurn, name_speakers, turns_of
from moothall.core.events.types import SoundKept
from moothall.core.hubs.entry import Details
from moothall.core.kernel.errors import AudioError, ConfigurationError, Refusal
from moothall.core.kernel.ids import SessionId
from moothall.settings.loading import load
from moothall.settings.sections import Settings

logger = logging.getLogger(__name__)

FAREWELL_S = 15.0
"""Seconds that the last words may take when the demo is stopped."""
HUB_FILE = "demo-hub.json"
"""The file in the data folder with `{"address", "words"}`, for `moothall hub --beside FOLDER`."""
HUB, HUB_TITLE = "demo-hub", "Demo hub"
_PROGRAMME = "config/sample/programme.toml"
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Documentation addresses, which belong to nobody. Connecting a UDP socket to one asks the system for the route and so
for the own address; nothing is sent."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands to the parser."""
    serve = commands.add_parser(
        "serve",
        help="run the server",
        description="Run the server until Ctrl-C. The first start prints the admin link, which opens /admin.",
    )
    _common(serve)
    serve.add_argument("--config", type=Path, metavar="FILE", help="settings; see config/moothall.toml")
    serve.add_argument("--play", metavar="FILE", help="play a recording into a session; - is raw PCM on stdin")
    serve.add_argument(
        "--pull", metavar="ADDRESS", help="fetch the sound of a session from a stream; @FILE reads the address there"
    )
    serve.add_argument("--session", default=None, help="name of the session that is played or fetched")
    serve.add_argument("--title", help="its title")
    serve.add_argument(
        "--map",
        metavar="1=floor,2=fr",
        help="which channel of --play is which text: floor, or an interpretation's language; else all are mixed",
    )
    serve.add_argument("--channels", type=int, default=0, help="how many channels standard input has")
    serve.add_argument("--fast", action="store_true", help="play as fast as it goes instead of as live")
    serve.add_argument("--close", action="store_true", help="when told to stop, close the session first")
    serve.set_defaults(run=_serve)
    demo = commands.add_parser(
        "demo", help="play a session as if it were live", description="Play a session as if it were live."
    )
    _common(demo)
    demo.add_argument("--file", metavar="FILE", help="a recording of your own instead of the sample")
    demo.add_argument("--lan", action="store_true", help="let the local network in, and show the address as a QR code")
    demo.set_defaults(run=_demo)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", default="en", help="what is spoken: en, or several: en,de")
    parser.add_argument("--port", type=int, help="port to listen on; 0 takes a free one")
    parser.add_argument("--data", help="folder of the logs and keys")
    parser.add_argument("--model", help="recogniser; see moothall models list")


def settings_of(arguments: argparse.Namespace, config: Path | None = None) -> Settings:
    """Return the settings, overridden by the command line."""
    settings = load(config, os.environ)
    server = {key: getattr(arguments, key) for key in ("port", "data") if getattr(arguments, key) is not None}
    engine = {"model": arguments.model} if arguments.model is not None else {}
    replace = msgspec.structs.replace
    return replace(settings, server=replace(settings.server, **server), engine=replace(settings.engine, **engine))


def quiet(settings: Settings) -> Settings:
    """Return the settings for a command that talks to a person: only warnings, also from the engine, and no metrics,
    since their port may be that of another server on this machine.
    """
    replace = msgspec.structs.replace
    return replace(
        settings, logging=replace(settings.logging, level="warning"), metrics=replace(settings.metrics, host="")
    )


def _serve(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments, arguments.config)
    start_logging(settings.logging.level, settings.logging.format)
    programme = None
    if arguments.play is not None:
        name = arguments.session or "session"
        programme = Playback(
            file=arguments.play,
            title=arguments.title or Path(arguments.play).stem,
            languages=languages_of(arguments.language),
            session=session_of(name),
            exact=arguments.session is not None,
            as_live=not arguments.fast,
            mapping=() if arguments.map is None else mapping_of(arguments.map),
            channels=arguments.channels,
        )
    pulled = None
    if arguments.pull is not None:
        if programme is not None:
            raise ConfigurationError("A session is played or fetched. Leave out --play or --pull.")
        programme, pulled = pulled_session(arguments), address_of(arguments.pull)
    _require_own_model(settings)
    again = partial(_read_again, arguments)
    if settings.cluster.redis:
        if programme is not None:
            raise ConfigurationError(
                "A node of a cluster plays no recording, and fetches streams that are chosen on the sheet of their "
                "meeting. Leave out --play and --pull, or [cluster]."
            )
        asyncio.run(_run_node(settings, read=again))
    else:
        asyncio.run(_run(settings, programme, close=arguments.close, read=again, pulled=pulled))
    return 0


def _require_own_model(settings: Settings) -> None:
    if settings.engine.count:
        require_model(settings.engine.model)


def _read_again(arguments: argparse.Namespace) -> Settings:
    """Read the settings for a reload. A missing model is reported now, and not only at the next start."""
    settings = settings_of(arguments, arguments.config)
    _require_own_model(settings)
    return settings


def _demo(arguments: argparse.Namespace) -> int:
    settings = quiet(settings_of(arguments))
    start_logging(settings.logging.level, settings.logging.format)
    require_model(settings.engine.model)
    if arguments.lan:
        server = msgspec.structs.replace(settings.server, host=lan_address())
        settings = msgspec.structs.replace(settings, server=server)
    sample = find_sample()
    programme = Playback(
        file=arguments.file or str(sample.audio),
        title=Path(arguments.file).stem if arguments.file else sample.title,
        languages=languages_of(arguments.language),
        session=SessionId("demo"),
        exact=False,
        as_live=True,
        sound_kept=SoundKept.NONE,
    )
    turns = [] if arguments.file else sample.turns()
    asyncio.run(_run(settings, programme, close=True, code=arguments.lan, beside=True, turns=turns))
    return 0


async def _run(
    settings: Settings,
    programme: Playback | None,
    *,
    close: bool,
    code: bool = False,
    beside: bool = False,
    read: Callable[[], Settings] | None = None,
    pulled: str | None = None,
    turns: Sequence[SampleTurn] = (),
) -> None:
    """Run a server. `read` reads the settings again. `beside` says whether a hub on this machine may be connected
    without anybody typing words. `turns` says who speaks in the recording, where that is known.
    """
    if programme is not None and pulled is None:
        await require_sound(programme)
    async with stop_signal() as stop, hall(settings, read=read) as running, heard_signals(running, stop):
        if beside:
            await invite_hub(running, Path(settings.server.data))
        if programme is None:
            print(f"Moothall is at {running.address}/ (Ctrl-C stops it).", flush=True)
            await print_first_link(running, settings.server.data)
            await stop.wait()
            return
        if pulled is not None:
            await pull(running, programme, pulled)
            await print_first_link(running, settings.server.data)
            await stop.wait()
            if close:
                await close_pulled(running, programme)
            return
        # The demo's link works only on this machine, and whoever pipes its output wants to open it. So the link is
        # printed into pipes too.
        piped = beside and settings.server.host == "127.0.0.1"
        await show(
            running, programme, stop, close=close, staff=settings.server.data, piped=piped, code=code, turns=turns
        )


async def _run_node(settings: Settings, *, read: Callable[[], Settings]) -> None:
    """Run as one of several servers of a house until stopped."""
    try:
        from moothall.app.cluster.node import live_as_node
    except ImportError as error:
        msg = "This installation can't be a node. Install moothall with the extra 'cluster'."
        raise ConfigurationError(msg) from error

    def told(said: str) -> None:
        print(f"Node {settings.cluster.node} {said} (Ctrl-C stops it).", flush=True)

    async with stop_signal() as stop:

        @asynccontextmanager
        async def serving(running: RunningServer) -> AsyncIterator[None]:
            try:
                async with heard_signals(running, stop):
                    await print_first_link(running, settings.server.data)
                    yield
            finally:
                _hear_standing_by(stop)

        _hear_standing_by(stop)
        await live_as_node(
            settings, stop, clock=SystemClock(), read=read, serving=serving, told=told, hung=_end_at_once
        )


def _end_at_once() -> None:
    """End this process though threads of it wait for a disk that hangs: the interpreter would wait for them."""
    logging.shutdown()
    os._exit(1)


def _hear_standing_by(stop: asyncio.Event) -> None:
    """While a node stands by, have SIGUSR1 end it, since nothing has to be drained, and SIGHUP change nothing. Without
    handlers both signals would kill it.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, stop.set)
    loop.add_signal_handler(
        signal.SIGHUP, logger.warning, "this node stands by: start it again to have its settings read again"
    )


@asynccontextmanager
async def heard_signals(running: RunningServer, stop: asyncio.Event) -> AsyncIterator[None]:
    """While inside, SIGUSR1 begins a drain, and SIGHUP reloads the settings. `stop` is set when a drain is over."""
    loop = asyncio.get_running_loop()

    async def stopped() -> None:
        await running.draining.ended()
        stop.set()

    async with asyncio.TaskGroup() as group:
        loop.add_signal_handler(signal.SIGUSR1, running.draining.begin)
        loop.add_signal_handler(signal.SIGHUP, lambda: group.create_task(running.reloading.reload_or_log()))
        waiting = group.create_task(stopped())
        try:
            yield
        finally:
            waiting.cancel()
            loop.remove_signal_handler(signal.SIGUSR1)
            loop.remove_signal_handler(signal.SIGHUP)


async def print_first_link(running: RunningServer, data: str, *, piped: bool = False) -> None:
    """Print the admin link at the first start; later, the command that makes another one for this data folder.

    Output that is not a terminal may be a journal or a container's log, which others can read. So no link is made
    there, unless `piped`. The command that is named there at each start never replaces a link that is in use.
    """
    command = f"{shlex.quote(str(Path(sys.executable).with_name('moothall')))} admin-link"
    there = f"--data {shlex.quote(data)}"
    if not (piped or sys.stdout.isatty()):
        print(f"The admin link is shown in a terminal only. There, this makes the first: {command} {there}", flush=True)
        return
    link = await running.office.admin_link(new=False)
    if link is None:
        print(f"The admin link was shown at the first start; this makes another: {command} --new {there}", flush=True)
    else:
        print(f"Admin link: {link}\nOpen it once, here: then this browser can make and run meetings.", flush=True)


async def show(
    running: RunningServer,
    programme: Playback,
    stop: asyncio.Event,
    *,
    close: bool,
    staff: str = "",
    piped: bool = False,
    code: bool = False,
    turns: Sequence[SampleTurn] = (),
) -> None:
    """Play the recording, print where to read it, and stay until stopped.

    `staff` is the data folder; if it is given, the admin link is printed too, and `piped` is as for `print_first_link`.

    With `code` the address is also shown as a QR code.

    With `close` the session is closed when stopped, with its last words; otherwise it stays open, and is resumed when
    the same command is given again.
    """
    live = await prepare(running, programme)
    if code:
        print(qr_terminal(f"{running.served.public}/s/{live.id}"))
    print(f"Read it at {running.address}/s/{live.id} (Ctrl-C stops).", flush=True)
    if staff:
        await print_first_link(running, staff, piped=piped)
        print(f"Then: {running.address}/desk/{live.id} works on this text, /control shows all meetings.", flush=True)
        if close:
            print("A hub beside it, as for a room far away: 'make demo-hub' in another terminal.", flush=True)
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(_play(running, programme))
        if turns:
            naming = group.create_task(name_speakers(live, programme.source, turns, running.backend.clock))
            playing.add_done_callback(lambda _: naming.cancel())
        stopped = await first_of(stop, playing)
        if stopped and close:
            running.ingest.stop()
            await asyncio.wait({playing}, timeout=FAREWELL_S)
        if stopped:
            playing.cancel()
            return
        if playing.result():
            print("It is over; the same address now holds the record.", flush=True)
        await stop.wait()


async def _play(running: RunningServer, programme: Playback) -> bool:
    """Play the recording. Return whether it was played to its end; a fault of it ends the play, not the server."""
    await engine_ready(running)
    try:
        await play(running, await prepare(running, programme), programme)
    except AudioError as error:
        print(f"moothall: {error} It is played no further; the server goes on.", file=sys.stderr, flush=True)
        return False
    return True


async def invite_hub(running: RunningServer, data: Path) -> None:
    """Create the demo's hub if there is none, and write new words for it, with which a hub on this machine connects.

    Only the owner can read their file. Raises ConfigurationError, NoLink.
    """
    if running.backend.hubs.get(HUB) is None:
        made = await running.backend.hubs.add(HUB_TITLE, Details())
        if isinstance(made, Refusal):
            raise ConfigurationError(made.message)
    words = await running.backend.pairing.words(HUB)
    told = json.dumps({"address": running.address, "words": " ".join(words or ())})
    await asyncio.to_thread(_write, data / HUB_FILE, told)


def _write(path: Path, text: str) -> None:
    with explained(f"{path} can't be written"):
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def lan_address() -> str:
    """The address at which other machines of the local network reach this one.

    Raises ConfigurationError when it is on no network.
    """
    for family, elsewhere in _ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((elsewhere, 9))
                address = str(asking.getsockname()[0])
        except OSError:
            continue
        if not ipaddress.ip_address(address).is_loopback:
            return address
    msg = "This machine is on no network that others could reach it by. Connect it, or leave LAN out."
    raise ConfigurationError(msg)


class SampleSession(msgspec.Struct, frozen=True, kw_only=True):
    """The sample session, as `config/sample/programme.toml` describes it."""

    folder: Path
    title: str
    language: str
    audio: Path
    reference: Path
    """The file of what is said and when: one JSON object an utterance."""
    speakers: Mapping[str, str]
    """The speakers' names, by the ids that the reference uses."""

    def turns(self) -> list[SampleTurn]:
        """Who begins to speak when, in order."""
        return turns_of(self.reference.read_text(encoding="utf-8").splitlines(), self.speakers)


def find_sample() -> SampleSession:
    """Find the sample: beside `server/` in a checkout, inside the package in a wheel. Raises ConfigurationError."""
    programme = shipped(_PROGRAMME)
    if programme is None:
        msg = f"The sample session {_PROGRAMME} is missing from this installation. Name a recording with --file."
        raise ConfigurationError(msg)
    said = tomllib.loads(programme.read_text(encoding="utf-8"))
    return SampleSession(
        folder=programme.parent,
        title=said["title"],
        language=said["language"],
        audio=programme.parent / said["audio"],
        reference=programme.parent / said["reference"],
        speakers={key: each["name"] for key, each in said["speakers"].items()},
    )

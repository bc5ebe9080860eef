"""`moothall serve --pull`: a session whose sound is fetched from a sound stream."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from moothall.adapters.store.files import explained
from moothall.adapters.streams.stream_texts import tried_said
from moothall.cli.playing import FLOOR, STDIN, Playback, languages_of, prepare, session_of
from moothall.core.commands import CloseSession, OpenSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import ConfigurationError, Refusal
from moothall.core.kernel.ids import CommandId
from moothall.core.sessions.state import Status
from moothall.core.streams.addresses import LONGEST_ADDRESS, read_address
from moothall.services.capture.streams import TriedStream

_ISOLATES = {0x2066: None, 0x2069: None}
"""Unicode isolates, which pages need but terminals show as boxes."""

if TYPE_CHECKING:
    from moothall.app.hall import RunningServer


def address_of(text: str) -> str:
    """Return the address as it was given, or with `@FILE` the content of that file, so that `ps` does not show it.

    Raises ConfigurationError.
    """
    if text.startswith("@"):
        path = Path(text[1:])
        with explained(f"{path} can't be read"):
            text = path.read_text(encoding="utf-8")[: LONGEST_ADDRESS + 2].strip()
    if read_address(text) is None:
        msg = "That is no address of a stream. It begins with http, https, rtsp, rtsps, rtmp or rtmps; copy it whole."
        raise ConfigurationError(msg)
    return text


def pulled_session(arguments: argparse.Namespace) -> Playback:
    """The session to create or resume, as with `--play`. Raises ConfigurationError."""
    name = arguments.session or "session"
    return Playback(
        file=STDIN,
        title=arguments.title or name,
        languages=languages_of(arguments.language),
        session=session_of(name),
        exact=arguments.session is not None,
        as_live=True,
    )


async def pull(running: RunningServer, wanted: Playback, address: str) -> None:
    """Open the session, have its sound fetched, and print what was found. Raises ConfigurationError."""
    live = await prepare(running, wanted)
    if live.state.status is Status.CREATED:
        opened = await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
        if isinstance(opened, Refusal):
            raise ConfigurationError(f"The session '{live.id}' can't be opened. {opened.message}")
    tried = await running.streams.try_it(address)
    if isinstance(tried, TriedStream):
        for said in tried_said(tried, running.pages.catalogues["en"]):
            print(said.translate(_ISOLATES), flush=True)
    refused = await running.streams.put(live.id, FLOOR, address)
    if refused is not None:
        raise ConfigurationError(f"The stream can't be fetched. {refused.message}")
    print(f"Read it at {running.address}/s/{live.id} (Ctrl-C stops).", flush=True)


async def close_pulled(running: RunningServer, wanted: Playback) -> None:
    """Close the session whose sound was fetched, with its last words."""
    found = await running.backend.sessions.find(wanted.session)
    if found is not None:
        act = CommandId(f"close-pulled:{found.writer.offset}")
        await running.backend.closing.send(found.writer, SYSTEM, act, CloseSession())

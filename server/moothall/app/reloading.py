"""Read the settings again while the server runs. Everything that can fail is done before anything changes."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from moothall.adapters.engines.link import EngineTokens, Holder
from moothall.adapters.http.open_files import raise_open_files, room_for
from moothall.adapters.http.slots import Slots, share
from moothall.adapters.http.tls import tls_context
from moothall.adapters.store.files import explained
from moothall.adapters.store.glossary_folder import GlossaryFolder
from moothall.app.backend import Backend, blocked_words
from moothall.app.hubs import gazetteer
from moothall.app.translation import phrases
from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.services.translation.glossaries import Glossaries
from moothall.settings.loading import Changed, changed, engine_tokens, in_force
from moothall.settings.sections import Settings

logger = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class Reloading:
    """Carries out reloads, one after the other."""

    backend: Backend
    _: KW_ONLY
    read: Callable[[], Settings]
    """Reads the settings as at the start. Raises ConfigurationError."""
    glossaries: Glossaries
    tokens: EngineTokens
    tls: ssl.SSLContext | None
    readers: Callable[[int, int], None]
    """Sets how many readers there may be, and how many at one address."""
    connections: tuple[Slots, ...]

    def __post_init__(self) -> None:
        self._now = self.backend.settings
        self._one_at_a_time = asyncio.Lock()

    async def reload(self) -> Changed:
        """Read the settings again and apply them. Return which changes are in force at once, and which need a restart.

        Files that settings name are read again even when the settings are the same. Raises ConfigurationError with a
        sentence; then everything stays as it was.
        """
        async with self._one_at_a_time:
            new = await asyncio.to_thread(self.read)
            found = changed(self._now, new)
            server, conference = new.server, new.conference
            await asyncio.to_thread(check_named, new)
            words = await asyncio.to_thread(blocked_words, conference)
            others = await asyncio.to_thread(remote_holders, new)
            folder = GlossaryFolder(Path(conference.glossaries) if conference.glossaries else None)
            await self.glossaries.change(folder)
            # Nothing below this can fail.
            if self.tls is not None and server.tls_certificate:
                await asyncio.to_thread(self.tls.load_cert_chain, server.tls_certificate, server.tls_key, lambda: "")
            self.backend.asking.block(words)
            self.tokens.change(others)
            room = room_for(server.max_readers, raise_open_files())
            self.readers(room.readers, share(room.readers, server.address_share))
            for slots in self.connections:
                slots.resize(room.connections, share(room.connections, server.address_share))
            logging.getLogger().setLevel(new.logging.level.upper())
            self._now = in_force(self._now, new)
        told = ", ".join(found.at_once), ", ".join(found.by_restart)
        logger.info(
            "the settings were read again; at once: %s; by a restart: %s", *(each or "nothing" for each in told)
        )
        return found

    async def reload_or_log(self) -> None:
        """Reload on a signal. Nobody waits for an answer, so the log says whether it worked, without any value."""
        try:
            await self.reload()
        except MoothallError:
            logger.exception("the settings are unchanged: `moothall reload` says what is wrong", exc_info=False)


_READ = (
    ("engine", "key_file"),
    ("translation", "key_file"),
    ("sign_in", "client_secret_file"),
    ("cluster", "password_file"),
    ("mail", "password_file"),
    ("cluster", "authorities"),
)
"""Settings that name files which are only read at the start."""


def check_named(settings: Settings) -> None:
    """Check the files that settings name and that only a restart reads. Otherwise a wrong one would show only then.

    Raises ConfigurationError with a sentence.
    """
    tls_context(settings.server.tls_certificate, settings.server.tls_key)
    for section, key in _READ:
        path = getattr(getattr(settings, section), key)
        if path:
            with explained(f"{path} can't be read", f"`{key}` of [{section}] names it."):
                Path(path).open("rb").close()
    if settings.server.web and not (Path(settings.server.web) / "pages").is_dir():
        raise ConfigurationError(f"{settings.server.web} has no pages. `web` of [server] names it.")
    phrases(settings.translation.phrases)
    gazetteer(settings.conference)


def remote_holders(settings: Settings) -> dict[str, Holder]:
    """The tokens of engines and translators on other machines, with their holders. Raises ConfigurationError."""
    path = settings.engine.tokens
    return {
        each.secret.value: Holder(name, recognises=each.kind == "recognise", translates=each.kind == "translate")
        for name, each in (engine_tokens(Path(path)) if path else {}).items()
    }

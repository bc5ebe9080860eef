"""Translation: the process with the translators, what each session is translated into, and its formulas."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path

from moothall.adapters.engine_child import EngineChild
from moothall.app_house import House
from moothall.core.errors import ConfigurationError
from moothall.core.translating.phrases import MOST_BYTES, Phrase, read_phrases
from moothall.services.carrying_on import carry_on
from moothall.services.glossaries import Glossaries
from moothall.services.interpreting import Interpreting
from moothall.services.live_session import LiveSession
from moothall.services.text_translation import Terms, TextTranslation
from moothall.services.translating import Translating
from moothall.services.translators import Translators
from moothall.settings import Settings

OWN = "child"
"""The name that belongs to the token of the server's own processes."""
PROGRAM = (sys.executable, "-m", "moothall_models.translator_cli")


def open_translating(
    stack: AsyncExitStack, house: House, settings: Settings, glossaries: Glossaries
) -> tuple[Translating, Translators]:
    """Translate every session until the stack unwinds, by whoever connects. Raises ConfigurationError."""
    translators = Translators()
    texts = TextTranslation(translators, phrases(settings.translation.phrases))

    def terms(live: LiveSession, source: str, target: str) -> Terms:
        forced = glossaries.translation_terms(live.state, source, target)
        return Terms(forced=forced, names=glossaries.names(live.state))

    translating = Translating(
        house.sessions,
        translators,
        texts,
        of_record=settings.translation.languages,
        clock=house.clock,
        terms=terms,
    )
    interpreting = Interpreting(house.sessions, house.clock)
    for run in (translating.run, interpreting.run):
        stack.callback(house.tasks.create_task(carry_on(run, house.clock)).cancel)
    return translating, translators


def start_translators(
    stack: AsyncExitStack, house: House, settings: Settings, translators: Translators, *, url: str, token: str
) -> EngineChild | None:
    """The server's own translators, started again whenever they end or hang; None where the settings name none."""
    if not settings.translation.translators:
        return None
    arguments = ["--url", url, "--name", "translators", "--log-level", settings.logging.level]
    for name in settings.translation.translators:
        arguments += ["--only", name]
    if settings.translation.service:
        arguments += ["--service", settings.translation.service]
        for language in settings.translation.service_languages:
            arguments += ["--language", language]
        if settings.translation.key_file:
            arguments += ["--key-file", settings.translation.key_file]
    child = EngineChild(arguments, token=token, threads=1, clock=house.clock, program=PROGRAM)
    stack.callback(house.tasks.create_task(child.run()).cancel)
    translators.tell_hung(lambda name: child.kill() if name == OWN else None)
    return child


def phrases(path: str) -> tuple[Phrase, ...]:
    """The table of formulas: the file that the settings name, or the one that came with this release.

    Raises ConfigurationError.
    """
    file = Path(path) if path else find_phrases()
    try:
        body = file.read_bytes()
        if len(body) > MOST_BYTES:
            msg = f"{file} has {len(body)} bytes; a table of phrases has at most {MOST_BYTES}."
            raise ConfigurationError(msg)
        return read_phrases(body.decode(), str(file))
    except OSError as error:
        msg = f"{file} can't be read: {error.strerror}."
        raise ConfigurationError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{file} can't be read: it is not UTF-8 text."
        raise ConfigurationError(msg) from error


def find_phrases() -> Path:
    """The checkout's table, or the one inside the installed package. Raises ConfigurationError without either."""
    package = Path(__file__).resolve().parent
    for folder in (package.parents[1] / "config", package / "config"):
        if (folder / "phrases.toml").is_file():
            return folder / "phrases.toml"
    msg = "config/phrases.toml is missing: neither the checkout nor the installed package has it. Install it again."
    raise ConfigurationError(msg)

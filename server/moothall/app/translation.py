"""Translation: the translators' process, the translation of sessions and questions, and the table of formulas."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from moothall.adapters.engines.child import EngineChild
from moothall.adapters.engines.languages_program import LanguagesProgram
from moothall.adapters.reading.page_menu import Lacking
from moothall.adapters.store.files import read_text, shipped
from moothall.app.backend import Backend
from moothall.core.kernel.errors import NO_SESSION, ConfigurationError, Refusal
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.languages import primary
from moothall.core.translation.phrases import MOST_BYTES, Phrase, read_phrases
from moothall.core.translation.routes import Route
from moothall.services.desks.translations import TranslationMessages, keeps_here
from moothall.services.questions.translations import Rendered, WantedTranslation
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.pulses import Pulses
from moothall.services.translation.adding import AddingLanguages
from moothall.services.translation.glossaries import Glossaries
from moothall.services.translation.interpreting import Interpreting
from moothall.services.translation.text_translation import Reach, Terms, TextTranslation
from moothall.services.translation.translating import Translating
from moothall.services.translation.translators import Translators
from moothall.services.translation.work import TermsOf

OWN = "child"
"""The holder's name of the token that the server's own child processes use."""
PROGRAM = (sys.executable, "-m", "moothall_models.translator_cli")


@dataclass(eq=False, repr=False)
class TranslationParts:
    """The translation services, and what the doors ask of them."""

    sessions: Sessions
    translating: Translating
    translators: Translators
    texts: TextTranslation
    terms: TermsOf
    adding: AddingLanguages | None
    """Adds and tests languages for the secretariat; None where the settings name no translator."""

    def __post_init__(self) -> None:
        self.messages = TranslationMessages(self.texts, self.terms)

    async def want(self, session: SessionId, language: str) -> ChannelId | Refusal:
        """Translate a session into a language (BCP-47) while somebody reads that. Return the id of the translation's
        channel, or a refusal (`Translating`). Raises StorageUnavailable.
        """
        live = await self.sessions.find(session)
        if live is None:
            return NO_SESSION
        return await self.translating.want(live, language)

    async def question(self, wanted: WantedTranslation) -> Rendered | Refusal:
        """Return a published question in another language, or a refusal. Raises StorageUnavailable."""
        live = await self.sessions.find(wanted.session)
        if live is None:
            return NO_SESSION
        made = await self.messages.translated(live, wanted.text, wanted.source, wanted.target)
        if isinstance(made, Refusal):
            return made
        return Rendered(text=made.text, route=made.route.name, rough=made.route.rough)

    def has_way(self, wanted: WantedTranslation) -> bool:
        """Whether a published question can be translated now."""
        live = self.sessions.loaded(wanted.session)
        here = live is not None and keeps_here(live)
        return self.texts.route(wanted.source, wanted.target, here=here) is not None

    def reach(self) -> Reach:
        """The directions that can be translated now."""
        return self.translating.reach

    def route(self, source: str, target: str) -> Route | None:
        """The way from one language to another (BCP-47), with its score; None where there is none now."""
        return self.texts.route(source, target)

    def languages(self, session: SessionId) -> Sequence[str]:
        """Languages (primary tags) into which a session can be translated now (`Translating`); empty if it is not
        loaded.
        """
        live = self.sessions.loaded(session)
        return () if live is None else self.translating.languages(live.state)

    def readable(self, session: SessionId, spoken: Sequence[str]) -> Sequence[str]:
        """The languages (BCP-47) in which a session can be read: those that are spoken, those of its other texts if it
        is loaded, and those into which it can be translated now.
        """
        live, ways = self.sessions.loaded(session), self.reach().ways
        if live is None:
            return tuple(dict.fromkeys((*spoken, *(to for tag in spoken for to in ways.get(primary(tag), ())))))
        texts = (tag for each in live.state.channels.values() for tag in each.languages)
        made = self.translating.languages(live.state)
        return tuple(dict.fromkeys((*spoken, *texts, *made)))

    def offered(self, session: SessionId) -> Sequence[str]:
        """Languages for which somebody may start a translation of a session, and that have none yet (`Translating`);
        empty where it is not loaded.
        """
        live = self.sessions.loaded(session)
        return () if live is None else self.translating.offered(live.state)

    def lacking(self, session: SessionId, channel: ChannelId) -> Lacking:
        """What a session's translations lack, for a visitor of a text's page, who then counts as its reader for a
        while.
        """
        live = self.sessions.loaded(session)
        if live is None:
            return Lacking()
        self.translating.visited(live, channel)
        missing = self.translating.out_of_reach(live.state)
        return Lacking(
            missing=missing,
            making=self.translating.making(live, channel),
            services=self.translating.services(live),
        )


def open_translating(
    stack: AsyncExitStack, backend: Backend, glossaries: Glossaries, pulses: Pulses
) -> TranslationParts:
    """Translate all sessions with all translators that connect, until the stack unwinds. Raises ConfigurationError."""
    settings = backend.settings.translation
    translators = Translators(pulses=pulses, remote_first=settings.remote_first, tracing=backend.measures.tracing)
    texts = TextTranslation(translators, phrases(settings.phrases))

    def terms(live: LiveSession, source: str, target: str) -> Terms:
        forced = glossaries.translation_terms(live.state, source, target)
        forms = glossaries.translation_forms(live.state, target)
        return Terms(forced=forced, names=glossaries.names(live.state), forms=forms)

    translating = Translating(
        backend.sessions,
        translators,
        texts,
        of_record=settings.languages,
        clock=backend.clock,
        terms=terms,
    )
    interpreting = Interpreting(backend.sessions, backend.clock)
    backend.keep(stack, translating.run, interpreting.run)
    adding = None
    if settings.translators:
        adding = AddingLanguages(
            LanguagesProgram(settings.registry, translators=settings.translators),
            adds=bool(settings.registry) and "firefox" in settings.translators,
        )
        backend.keep(stack, adding.run)
    return TranslationParts(backend.sessions, translating, translators, texts, terms, adding)


def start_translators(
    stack: AsyncExitStack, backend: Backend, translators: Translators, *, url: str, token: str, pulses: Pulses
) -> EngineChild | None:
    """Run the server's own translators, restarted whenever they end or hang; None where the settings name none."""
    settings = backend.settings.translation
    if not settings.translators and not settings.service:
        return None
    logging = backend.settings.logging
    arguments = ["--url", url, "--name", "translators", "--log-level", logging.level, "--log-format", logging.format]
    for name in settings.translators or ("none",):
        arguments += ["--only", name]
    if settings.service:
        arguments += ["--service", settings.service]
        for language in settings.service_languages:
            arguments += ["--language", language]
        if settings.key_file:
            arguments += ["--key-file", settings.key_file]
    child = EngineChild(
        arguments,
        token=token,
        threads=1,
        clock=backend.clock,
        program=PROGRAM,
        name="translators' child",
        watched=(pulses, backend.randomness),
    )
    stack.callback(backend.tasks.create_task(child.run()).cancel)
    translators.tell_hung(child.kill)
    return child


def phrases(path: str) -> tuple[Phrase, ...]:
    """Read the table of formulas: the file that the settings name, or the one that is shipped with this release.

    Raises ConfigurationError.
    """
    file = Path(path) if path else find_phrases()
    text = read_text(file)
    if (size := len(text.encode())) > MOST_BYTES:
        raise ConfigurationError(f"{file} has {size} bytes; a table of phrases has at most {MOST_BYTES}.")
    return read_phrases(text, str(file))


def find_phrases() -> Path:
    """The table of the checkout, or that of the installed package. Raises ConfigurationError without either."""
    found = shipped("config/phrases.toml")
    if found is not None:
        return found
    msg = "config/phrases.toml is missing: neither the checkout nor the installed package has it. Install it again."
    raise ConfigurationError(msg)

"""Build the documents that are made of reports, and their pages."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from moothall.adapters.outcomes.bodies_desk_door import BodiesDeskDoor
from moothall.adapters.outcomes.bodies_door import BodiesDoor
from moothall.adapters.outcomes.body_reports import BodyLetters
from moothall.adapters.outcomes.comments_door import CommentsDoor
from moothall.adapters.outcomes.documents_desk_door import DocumentsDeskDoor, TranslationsDeskDoor
from moothall.adapters.outcomes.documents_door import DocumentsDoor
from moothall.adapters.outcomes.smtp_mail import SmtpMail
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.typesetting import typeset_apart
from moothall.adapters.store.files import read_text
from moothall.adapters.streams.puller import allowed_networks
from moothall.adapters.webhooks.hook_client import HttpHooks
from moothall.app.backend import Backend
from moothall.app.parts import Entrance, Services
from moothall.core.attendance.recommendations import PublishedByYear
from moothall.core.events.outcome_parts import SendingState
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.services.attendance.reports import CountPublished
from moothall.services.outcomes.comments import DocumentComments
from moothall.services.outcomes.documents import Documents
from moothall.services.outcomes.machine_translations import MachineTranslations
from moothall.services.outcomes.outcome_logs import OutcomeLogs, listed_reports
from moothall.services.outcomes.policy import PolicyQuestions
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.outcomes.quoted_words import QuotedTexts
from moothall.services.outcomes.sending import DocumentSending
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry, SessionCatalogue
from moothall.settings.sections import MailSection


def reports_by_year(backend: Backend, catalogue: SessionCatalogue) -> CountPublished:
    """Returns what was published of sessions that public lists name, by the year of a first version, and what was
    sent.
    """
    known = PublishedReports(backend.log)
    policy = PolicyQuestions(OutcomeLogs(backend.sessions, entries=catalogue.all), clock=backend.clock)

    async def count() -> PublishedByYear:
        names = listed_reports(await catalogue.all()).values()
        zone = backend.programme.zone()
        found = [(zone.at(at).year, messages) for at, messages in await known.first_published(names)]
        sent = (await policy.register()).sendings.values()
        return PublishedByYear(
            reports=Counter(year for year, _ in found),
            messages={each: sum(many for year, many in found if year == each) for each, _ in found},
            sent=Counter(zone.at(each.at).year for each in sent if each.state is not SendingState.FAILED),
        )

    return count


def document_doors(
    stack: AsyncExitStack,
    services: Services,
    entrance: Entrance,
    context: VisitorContext,
    translations: MachineTranslations,
) -> Sequence[web.RouteDef]:
    """The routes of the documents, of the register of bodies, and of the secretariat's pages for both. Documents are
    sent until the stack unwinds. Raises ConfigurationError.
    """
    backend, catalogue, public = services.backend, entrance.catalogue, entrance.address.public

    async def readable(session: SessionId) -> bool:
        await catalogue.fill()
        known = catalogue.known(session)
        return known is not None and known.public

    documents = Documents(
        OutcomeLogs(backend.sessions, entries=catalogue.all),
        PublishedReports(backend.log),
        QuotedTexts(backend.log, readable),
        entries=catalogue.all,
        day_of=lambda entry: day_of(entry, backend.programme),
        randomness=backend.randomness,
    )
    letters = BodyLetters(
        pages=services.pages,
        documents=documents,
        public=public,
    )
    sending = DocumentSending(
        documents.logs,
        book=backend.book,
        hooks=HttpHooks(allowed_networks(backend.settings.webhooks.allowed_networks, "webhooks")),
        mail=mail_server(backend.settings.mail),
        letter_of=letters.write,
        clock=backend.clock,
        randomness=backend.randomness,
        public=public,
    )
    backend.keep(stack, sending.run)
    typeset = typeset_apart if can_typeset() else None
    doors = (
        DocumentsDoor(
            pages=services.pages,
            documents=documents,
            public=public,
            typeset=typeset,
            clock=backend.clock,
            translations=translations,
            questions_of=entrance.access.questions,
        ),
        CommentsDoor(context, DocumentComments(documents, backend.asking, clock=backend.clock)),
        DocumentsDeskDoor(pages=entrance.forms, documents=documents),
        TranslationsDeskDoor(entrance.forms, documents),
        BodiesDoor(pages=services.pages, documents=documents, public=public),
        BodiesDeskDoor(pages=entrance.forms, documents=documents, sending=sending, randomness=backend.randomness),
    )
    return [route for door in doors for route in door.routes()]


def mail_server(settings: MailSection) -> SmtpMail | None:
    """The mail server of the settings, None without one. Raises ConfigurationError."""
    if not settings.host:
        return None
    if not settings.sender:
        raise ConfigurationError("[mail] names a `host` and no `sender`. Say from which address documents are sent.")
    password = read_text(Path(settings.password_file)).strip() if settings.password_file else ""
    return SmtpMail(
        host=settings.host,
        port=settings.port,
        tls=settings.tls,
        user=settings.user,
        password=password,
        sender=settings.sender,
        trust=ssl.create_default_context(),
    )


def held_at(entry: Entry, programme: Programme) -> int | None:
    """When a session began or is to begin, Unix ms; None where that isn't known."""
    plan = programme.plan_of(entry.session)
    return entry.opened if entry.opened is not None else None if plan is None else plan.starts


def day_of(entry: Entry, programme: Programme) -> tuple[str, int] | None:
    """The day of a session in the conference's zone, and when it began or is to begin; None where that isn't known."""
    begins = held_at(entry, programme)
    return None if begins is None else (f"{programme.zone().at(begins):%Y-%m-%d}", begins)

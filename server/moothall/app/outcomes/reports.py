"""Build the pages of reports, and the service behind them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.outcomes.bundled_reports import BundledReports
from moothall.adapters.outcomes.commitment_door import CommitmentDoor
from moothall.adapters.outcomes.outcome_door import OutcomeDoor
from moothall.adapters.outcomes.reports_desk_door import ReportsDeskDoor
from moothall.adapters.outcomes.room_door import RoomDoor
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.typesetting import typeset_apart
from moothall.adapters.reports.drafting_service import HttpDrafting
from moothall.adapters.reports.indexed_vectors import IndexedVectors
from moothall.adapters.reports.reminder_letters import ReminderLetters
from moothall.adapters.reports.suggesting import MeaningVectors, SuggestingProcess
from moothall.adapters.search.meaning_files import MeaningFiles
from moothall.adapters.store.files import read_text, shipped
from moothall.adapters.streams.puller import allowed_networks
from moothall.app.backend import Backend
from moothall.app.outcomes.documents import held_at, mail_server
from moothall.app.parts import Entrance, Services
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.reports.templates import ReportTemplates, read_templates
from moothall.core.sessions.state import ON
from moothall.services.log.publication import Publication
from moothall.services.outcomes.cited_words import CitedRecords
from moothall.services.outcomes.machine_translations import MachineTranslations
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.published_reports import WHOLE, PublishedReports
from moothall.services.outcomes.redacting import Redacting
from moothall.services.outcomes.reminding import Reminding
from moothall.services.outcomes.reports import SessionReports
from moothall.services.reports.drafting import Drafting
from moothall.services.reports.suggesting import Suggesting, no_vectors
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ReaderAccess, ReadSession
from moothall.services.sessions.records import Records
from moothall.settings.sections import DraftingSection

MOST_BYTES = 1 << 20
"""The largest file of templates."""
SHIPPED = "config/report-templates.toml"


class ReportParts(NamedTuple):
    """The routes of the pages of reports, the published reports for bundles, and the translations by machines."""

    routes: Sequence[web.RouteDef]
    bundled: BundledReports
    translations: MachineTranslations


def open_reports(
    stack: AsyncExitStack, services: Services, entrance: Entrance, context: VisitorContext, access: ReaderAccess
) -> ReportParts:
    """The pages of reports, whose drafts are filled at the close of sessions until the stack unwinds.
    Raises ConfigurationError.
    """
    backend = services.backend
    templates = TemplateFile(backend.settings.conference.report_templates)
    records = Records(access, backend.log)
    reports = SessionReports(
        OutcomeLogs(backend.sessions, entries=entrance.catalogue.all),
        CitedRecords(records, backend.sessions.find),
        templates=templates.read,
    )

    def forget(live: ReadSession, publication: Publication) -> None:
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            records.forget(live.id)

    backend.sessions.observe(forget)
    backend.sessions.observe(reports.observe)
    backend.sessions.tell_forgotten(records.forget)
    backend.keep(stack, reports.run)
    meaning = backend.similar if isinstance(backend.similar, MeaningFiles) else None
    suggesting = Suggesting(
        SuggestingProcess(),
        lambda: not any(live.state.status in ON for live in backend.sessions.all_loaded),
        backend.clock,
        embed=None if meaning is None else MeaningVectors(meaning.child),
        made=no_vectors if meaning is None else IndexedVectors(meaning, backend.log),
    )
    mail = mail_server(backend.settings.mail)
    if mail is not None:
        letters = ReminderLetters(
            pages=services.pages,
            title_of=lambda session: "" if (known := entrance.catalogue.known(session)) is None else known.title,
            public=entrance.address.public,
        )
        reminding = Reminding(
            backend.rapporteurs,
            mail,
            report_of=reports.report,
            letter_of=letters.write,
            linked=lambda link: backend.links.get(link) is not None,
            zone=services.pages.zone,
            days=backend.settings.mail.remind_days,
            clock=backend.clock,
        )
        backend.keep(stack, reminding.run)
    drafting = _drafting(backend.settings.drafting, suggesting)
    translations = MachineTranslations(services.translation.texts)
    backend.sessions.observe(translations.observe)
    backend.keep(stack, translations.run)
    staff = entrance.staff
    doors = (
        RoomDoor(
            services.pages,
            reports,
            FormGuard(backend.randomness),
            staff=staff.staff,
            may_act=staff.may_act,
            key_of=staff.key_of,
            room_title=backend.programme.room_title,
            suggest=suggesting.suggest,
            drafting=drafting,
        ),
        ReportsDeskDoor(
            entrance.forms,
            reports,
            backend.clock,
            entries=entrance.catalogue.all,
            held=lambda entry: held_at(entry, backend.programme),
            whole=PublishedReports(backend.log, WHOLE),
            links=backend.links.list,
            commitments=backend.commitments,
            addresses=backend.rapporteurs,
            remind_days=None if mail is None else backend.settings.mail.remind_days,
            redacting=redacting(backend, entrance.catalogue, services.pages),
            may_act=staff.may_act,
            public=entrance.address.public,
        ),
        OutcomeDoor(
            context,
            reports,
            PublishedReports(backend.log),
            staff=staff.staff,
            may_act=staff.may_act,
            flags=backend.asking.flags,
            translations=translations,
            public=entrance.address.public,
            typeset=typeset_apart if can_typeset() else None,
        ),
        CommitmentDoor(
            context, reports, backend.commitments, FormGuard(backend.randomness), flags=backend.asking.flags
        ),
    )
    bundled = BundledReports(
        services.pages,
        reports,
        exists=lambda log: entrance.catalogue.known(log) is not None,
        public=entrance.address.public,
    )
    return ReportParts([route for door in doors for route in door.routes()], bundled, translations)


def redacting(backend: Backend, catalogue: SessionCatalogue, pages: Pages) -> Redacting:
    """What removes words from reports and documents that repeat them."""

    def mark(language: str) -> str:
        return f"[{pages.catalogues.choose(None, language).text('Removed')}]"

    return Redacting(backend.log, backend.sessions.find, entries=catalogue.all, mark=mark)


def _drafting(wanted: DraftingSection, suggesting: Suggesting) -> Drafting | None:
    """What drafts sentences; None without a service. Raises ConfigurationError."""
    if not wanted.service:
        return None
    path = Path(wanted.key_file) if wanted.key_file else None
    key = os.environ.get("MOOTHALL_DRAFTING_KEY", "") if path is None else read_text(path)
    networks = allowed_networks(wanted.allowed_networks, "drafting")
    return Drafting(HttpDrafting(wanted.service, key.strip(), networks), suggesting.suggest)


class TemplateFile:
    """The file of templates that the settings name, or the one that is shipped; read again when it was changed."""

    def __init__(self, path: str) -> None:
        """Raises ConfigurationError when the file can't be read."""
        found = Path(path) if path else shipped(SHIPPED)
        if found is None:
            raise ConfigurationError(f"{SHIPPED} is missing: neither the checkout nor the installed package has it.")
        self._path = found
        self._changed = 0
        self._read = ReportTemplates()
        self._read = self._again()

    def read(self) -> ReportTemplates:
        """The templates as the file has them; those of before, with a sentence, where it can't be read any more."""
        try:
            if self._path.stat().st_mtime_ns != self._changed:
                self._read = self._again()
        except (OSError, ConfigurationError) as error:
            said = f"{self._path.name} can't be read ({type(error).__name__}). The templates of before are used."
            return ReportTemplates(templates=self._read.templates, errors=(said,))
        return self._read

    def _again(self) -> ReportTemplates:
        text = read_text(self._path)
        if len(text.encode()) > MOST_BYTES:
            raise ConfigurationError(f"{self._path} is larger than {MOST_BYTES} bytes: no file of templates is.")
        self._changed = self._path.stat().st_mtime_ns
        found = read_templates(text, self._path.name)
        return found if found.templates else ReportTemplates(templates=self._read.templates, errors=found.errors)

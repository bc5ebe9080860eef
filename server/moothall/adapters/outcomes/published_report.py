"""A published report as values for its page, as JSON, and as a document of styled paragraphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

from moothall.adapters.outcomes.cited_values import CitedRows
from moothall.adapters.outcomes.document_texts import DocumentText, drafted
from moothall.adapters.outcomes.machine_made import MachineMade, MachineText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.events.outcome_parts import Citation, Confirmer, MessageKind, PublishedMessage
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone
from moothall.core.outcomes.report import Objection, Report, ReportVersion
from moothall.record.documents.document import SideBySide, Style, StyledDocument, StyledParagraph, in_one_column
from moothall.record.proceedings.report import SessionReport
from moothall.services.outcomes.cited_words import CitedWords
from moothall.services.outcomes.machine_translations import TranslatedVersion
from moothall.services.outcomes.reports import SessionReports

FIRST_CITED = (
    MessageKind.AGREED,
    MessageKind.VIEW,
    MessageKind.OPTION,
    MessageKind.WAY_FORWARD,
    MessageKind.COMMITMENT,
)
"""The kinds of messages, in the order of the page."""


@dataclass(frozen=True)
class PublishedReport:
    """A version of a report with what its citations name, in the language of an interface."""

    session: SessionId
    report: Report
    version: ReportVersion
    cited: Mapping[Citation, CitedWords]
    policy: Mapping[str, str]
    """The texts of policy questions by id."""
    ui: Catalogue
    zone: Zone
    address: str
    """The public address of the page."""
    machine: MachineMade = field(default_factory=MachineMade)
    """Whether a machine translated it."""
    made: TranslatedVersion | None = None
    """The machine's translation; None for the original."""

    def values(self) -> dict[str, object]:
        """Values for the page."""
        version = self.version
        return {
            "report_title": version.title,
            "report_language": version.language,
            "report_direction": direction(version.language),
            "n": version.n,
            "at": self.ui.moment(self.zone.at(version.at)),
            "redacted": version.redacted,
            "sections": [
                {"id": each.id, "heading": each.heading, "paragraphs": _paragraphs(each.text)}
                for each in version.sections
            ],
            "groups": [
                {
                    "kind": kind.value,
                    "name": self.ui.named(f"report/kind.{kind}"),
                    "messages": [self.message(each) for each in version.messages if each.kind is kind],
                }
                for kind in FIRST_CITED
                if any(each.kind is kind for each in version.messages)
            ],
        }

    def message(self, message: PublishedMessage) -> dict[str, object]:
        """The values of a message."""
        rows = CitedRows(self.ui, self.zone, self.made)
        return {
            "id": message.id,
            "kind": message.kind.value,
            "text": message.text,
            "question": self.policy.get(message.question or "", ""),
            "holders": message.holders,
            "own": message.own,
            "drafted": drafted(message.drafted_by, self.ui),
            "standing": standing(self.report, message, self.ui, self.zone),
            "confirmed": any(self.report.confirmed(message, by) is not None for by in Confirmer),
            "citations": [
                rows.row(self.cited[each]) | {"unheard": each.id in message.unheard} for each in message.citations
            ],
            "objections": [
                objection_row(each, self.ui, self.zone, self.made)
                for each in self.report.objections
                if each.message == message.id
            ],
        }

    def json(self) -> bytes:
        """The version as JSON, with what its citations read as they were cited and now."""
        version = self.version
        body = {
            "notice": self.ui.named("outcome/notice"),
            "session": version.session,
            "version": version.n,
            "published": version.at,
            "redacted": version.redacted,
            "title": version.title,
            "language": version.language,
            "template": version.template,
            "translation": self.machine.told(),
            "address": self.address,
            "sections": version.sections,
            "messages": [
                {
                    **msgspec.to_builtins(each),
                    "citations": [self._cited_json(cited) for cited in each.citations],
                    "confirmations": [
                        {"by": by, "name": found.name, "at": found.at}
                        for by in Confirmer
                        if (found := self.report.confirmed(each, by)) is not None
                    ],
                    "objections": [
                        {"name": one.name, "text": one.text, "language": one.language, "at": one.at}
                        | ({} if self.made is None else {"machine_translation": self._under(one)})
                        for one in self.report.objections
                        if one.message == each.id
                    ],
                }
                for each in version.messages
            ],
        }
        return msgspec.json.encode(body) + b"\n"

    def _under(self, objection: Objection) -> str:
        """A machine's translation of an objection; empty for none."""
        return "" if self.made is None else self.made.quoted(objection.text, objection.language)

    def _cited_json(self, citation: Citation) -> dict[str, object]:
        cited = self.cited[citation]
        state = "checked" if cited.checked_by is not None else "unchecked"
        words = {"was": cited.was, "now": cited.now, "names": cited.names, "fate": cited.fate.value, "state": state}
        if cited.rough:
            words["rough"] = cited.rough
        if self.made is not None:
            under = [self.made.quoted(line.was, line.language) for line in cited.lines]
            words["machine_translation"] = " ".join(each for each in under if each)
        return {**msgspec.to_builtins(citation), **words}

    def document(self) -> StyledDocument:
        """The version as a document."""
        ui = self.ui
        return StyledDocument(
            title=self.version.title,
            language=ui.language,
            right_to_left=ui.direction == "rtl",
            contents=ui.named("record/contents"),
            columns=(),
            blocks=tuple(self._blocks()),
            states=(self.address, ui.text("Version {n}, {time}", n=self.version.n, time=self._at())),
            mark=self.machine.mark,
            unshown=ui.text("□ stands for a character that cannot be shown here. The other files have it."),
        )

    def in_proceedings(self) -> SessionReport:
        """The version as it stands beside the session's record."""
        version = self.version
        return SessionReport(
            title=version.title,
            language=version.language,
            n=version.n,
            at=version.at,
            address=self.address,
            paragraphs=tuple(in_one_column(self._blocks())),
            data=self.json(),
        )

    def _at(self) -> str:
        return self.ui.moment(self.zone.at(self.version.at))

    def _blocks(self) -> Iterator[StyledParagraph | SideBySide]:
        ui, version = self.ui, self.version
        yield self._own(Style.NOTICE, ui.named("outcome/notice"))
        if self.machine.notice:
            yield self._own(Style.NOTICE, self.machine.notice)
        facts = (ui.text("Version {n}, {time}", n=version.n, time=self._at()), self.address)
        yield self._own(Style.FACTS, " · ".join(facts))
        if version.redacted:
            yield self._own(Style.FACTS, ui.text(DocumentText.REDACTED))
        for section in version.sections:
            yield self._said(Style.HEADING, section.heading, version.language, level=1)
            for paragraph in _paragraphs(section.text):
                yield self._said(Style.WORDS, paragraph, version.language)
        for kind in FIRST_CITED:
            messages = [each for each in version.messages if each.kind is kind]
            if messages:
                yield self._own(Style.HEADING, ui.named(f"report/kind.{kind}"), level=1)
                if kind is MessageKind.VIEW and len(messages) > 1:
                    yield self._own(Style.FACTS, ui.text("In the order in which they were presented."))
                    yield SideBySide(sides=tuple(tuple(self._message_blocks(each)) for each in messages))
                    continue
            for each in messages:
                yield from self._message_blocks(each)

    def _message_blocks(self, message: PublishedMessage) -> Iterator[StyledParagraph]:
        ui, values = self.ui, self.message(message)
        yield self._said(Style.HEADING, message.text, self.version.language, level=2)
        about = [str(values["standing"])] if values["standing"] else []
        about += [ui.text("View of: {groups}", groups=ui.listed(message.holders))] if message.holders else []
        about += [ui.text("Rapporteur's own summary: it rests on no citation")] if message.own else []
        about += [str(values["drafted"])] if values["drafted"] else []
        if about:
            yield self._own(Style.FACTS, " · ".join(about), with_next=bool(message.citations))
        for citation in message.citations:
            cited = self.cited[citation]
            rows = CitedRows(ui, self.zone)
            for line in cited.lines:
                under = "" if self.made is None else self.made.quoted(line.was, line.language)
                if under:
                    yield self._own(Style.SOURCE, ui.text(MachineText.SPOKEN), with_next=True)
                if line.was:
                    yield self._said(Style.LINE, f"“{line.was}”", line.language, with_next=True)
                if under:
                    yield self._own(Style.SOURCE, ui.text(MachineText.UNDER), with_next=True)
                    yield self._said(Style.LINE, under, self.machine.target, with_next=True)
            row = rows.row(cited)
            facts = [*cited.names, str(row["time"]), str(row["state"]), str(row["said"])]
            if cited.was != cited.now and cited.now:
                facts.append(f"{ui.text('As it reads now')}: “{cited.now}”")
            facts.append(ui.text("Nobody opened or played this before it was published.") if row["unheard"] else "")
            yield self._own(Style.SOURCE, " · ".join(each for each in facts if each))
        for objection in self.report.objections:
            if objection.message == message.id:
                name = f"\u2068{objection.name}\u2069"
                yield self._own(Style.FACTS, ui.text("Objection by {name}", name=name), with_next=bool(objection.text))
                if objection.text:
                    yield self._said(Style.WORDS, objection.text, objection.language)
                if under := self._under(objection):
                    yield self._own(Style.SOURCE, ui.text(MachineText.UNDER), with_next=True)
                    yield self._said(Style.WORDS, under, self.machine.target)

    def _own(self, style: Style, text: str, *, level: int = 0, with_next: bool = False) -> StyledParagraph:
        return self._said(style, text, self.ui.language, level=level, with_next=with_next)

    def _said(
        self, style: Style, text: str, language: str, *, level: int = 0, with_next: bool = False
    ) -> StyledParagraph:
        leftward = direction(language) == "rtl"
        return StyledParagraph(
            style=style, text=text, language=language, right_to_left=leftward, level=level, with_next=with_next
        )


async def published_report(
    reports: SessionReports, session: SessionId, ui: Catalogue, zone: Zone, public: str, *, n: int | None = None
) -> PublishedReport | None:
    """Version `n` of a session's report, else its newest, with what it cites, for whoever asks; None where there is
    none. `public`: the server's public address. Raises StorageUnavailable, RecordBroken.
    """
    report = await reports.report(session)
    version = report.newest if n is None else next((each for each in report.versions if each.n == n), None)
    if version is None:
        return None
    cited = await reports.cited.look_up([(each, None) for message in version.messages for each in message.citations])
    live = await reports.logs.sessions.find(session)
    policy = () if live is None else live.state.notes_and_tags.questions
    return PublishedReport(
        session=session,
        report=report,
        version=version,
        cited=cited,
        policy={each.id: each.text for each in policy},
        ui=ui,
        zone=zone,
        address=f"{public}/s/{quote(session)}/outcome",
    )


def standing(report: Report, message: PublishedMessage, ui: Catalogue, zone: Zone) -> str:
    """Whether a message is confirmed, as a sentence; empty where nobody has to."""
    if message.kind is MessageKind.AGREED:
        found = report.confirmed(message, Confirmer.CHAIR)
        if found is None:
            return ui.text("The rapporteur found no objection.")
        return ui.text("Confirmed by the chair, {time}", time=ui.moment(zone.at(found.at)))
    if message.kind is MessageKind.COMMITMENT:
        found = report.confirmed(message, Confirmer.GIVER)
        if found is None:
            return ui.text("Whoever gave this commitment has not confirmed it yet.")
        said = {"name": f"\u2068{found.name}\u2069", "time": ui.moment(zone.at(found.at))}
        return ui.text("Confirmed by {name}, {time}", **said)
    return ""


def objection_row(each: Objection, ui: Catalogue, zone: Zone, made: TranslatedVersion | None = None) -> dict[str, str]:
    """The values of an objection; `made`: a machine's translation under it."""
    return {
        "translation": "" if made is None else made.quoted(each.text, each.language),
        "translation_language": "" if made is None else made.wanted.target,
        "translation_direction": "auto" if made is None else direction(made.wanted.target),
        "id": each.id,
        "name": each.name,
        "text": each.text,
        "language": each.language,
        "direction": direction(each.language),
        "at": ui.moment(zone.at(each.at)),
    }


def _paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in text.split("\n\n") if each.strip()]

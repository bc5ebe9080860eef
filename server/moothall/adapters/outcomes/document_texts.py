"""The texts of documents made of reports, in the language of a page."""

from __future__ import annotations

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import alone
from moothall.core.events.outcome_parts import DocumentForm, MessageKind
from moothall.core.outcomes.assembling import Answered, AssemblyWords

FORMS = {
    DocumentForm.OUTCOME: "Outcome document",
    DocumentForm.CHAIR: "Chair's report",
    DocumentForm.DAY: "Messages of the day",
    DocumentForm.REPORTS: "All reports in one",
}
KINDS = {
    MessageKind.AGREED: "What was agreed",
    MessageKind.VIEW: "Views, in the order in which they were spoken",
    MessageKind.OPTION: "Options",
    MessageKind.WAY_FORWARD: "Ways forward",
    MessageKind.COMMITMENT: "Commitments",
}
SINGLE = {
    MessageKind.AGREED: "Agreed",
    MessageKind.VIEW: "A view",
    MessageKind.OPTION: "An option",
    MessageKind.WAY_FORWARD: "A way forward",
    MessageKind.COMMITMENT: "A commitment",
}
"""What one message is."""
ANSWERED = {
    Answered.CONSENSUS: "Answered by consensus: no rapporteur found an objection.",
    Answered.VIEWS: "No consensus: these are the views presented.",
    Answered.NOT_DISCUSSED: "Not discussed: no published report has anything on it.",
}


class DocumentText:
    """Keys of the sentences of documents."""

    BODIES = "Bodies that deal with it already: {names}"
    SESSIONS = "From these meetings: {names}"
    UNREPORTED = "No report is published yet of: {names}"
    NOTHING = "No report of this meeting is published yet."
    HELD = "Meeting of {day}; version {n} of its report"
    CONTENTS = "Contents"
    NO_DOCUMENT = "There is no such document, or no such version of it."
    NO_FORM = "This address is not right: a document ends with one of these: {forms}"
    NO_OBJECTION = "The rapporteur found no objection"
    CHAIR = "Confirmed by the chair"
    GIVER = "Confirmed by {name}"
    NO_GIVER = "Not confirmed yet by whoever gives it"
    HOLDERS = "View of: {names}"
    OWN = "Rapporteur's summary, without a place in the record"
    DRAFTED = "Drafted by {service}; no person has changed the words"
    UNHEARD = "Nobody opened this place before the report was published"
    CLOSED = "Not everybody may read this place"
    GONE = "This message isn't shown any more: it was removed, or not everybody may read its meeting now."
    REDACTED = "Words that were removed from a record were removed from this version too."
    OBJECTS = "{name} objects"
    NOW = "As it reads now: {text}"
    QUESTION = "Question no. {n}"
    FOR_BODY = "{title}: for {name}"
    NO_BODY = "The register has no such body."
    ANNEX = "Annex: where each message was said"
    COMMENT = "Comment no. {n}"
    ANSWERED = "Answered in writing"
    COMMENTS_ELSEWHERE = "Comments on paragraphs that are not in this version"
    NO_COMMENTS = "No comments are taken on this document now."
    LETTER = "What concerns {name} stands at this address, and in the attached file:"


def assembly_words(ui: Catalogue) -> AssemblyWords:
    """The document's own texts in a language. `{names}` stays in them."""
    return AssemblyWords(
        language=ui.language,
        bodies=ui.text(DocumentText.BODIES),
        answered={each: ui.text(key) for each, key in ANSWERED.items()},
        sessions=ui.text(DocumentText.SESSIONS),
        unreported=ui.text(DocumentText.UNREPORTED),
        headings={each: ui.text(key) for each, key in KINDS.items()},
        nothing=ui.text(DocumentText.NOTHING),
        held=ui.text(DocumentText.HELD),
    )


def drafted(service: str, ui: Catalogue) -> str:
    """That a service has written the text of a message; empty where a person has."""
    return ui.text(DocumentText.DRAFTED, service=alone(service)) if service else ""

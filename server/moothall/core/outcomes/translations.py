"""People's translations of published versions of reports and documents, each with the name of who vouches for it.

A translation belongs to one version: the next begins without.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from moothall.core.events import outcomes as oe
from moothall.core.events.outcome_parts import ParagraphStyle, TranslatedText
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.languages import is_language, same_language
from moothall.core.outcomes.commands import EnterTranslation
from moothall.core.outcomes.document import DocumentVersion
from moothall.core.outcomes.report import ReportVersion

MAX_NAME = 200
"""Characters of the name of who vouches."""
MAX_TEXT = 50_000
"""Characters of a text: as many as a section has."""
MOST_TRANSLATIONS = 200
"""Translations of one report or document."""
TITLE = "title"


class VouchedTranslation(msgspec.Struct, frozen=True, kw_only=True):
    """A person's translation."""

    n: int
    language: str
    name: str
    texts: tuple[TranslatedText, ...]


def evolve_translations(
    translations: tuple[VouchedTranslation, ...], event: oe.TranslationEntered
) -> tuple[VouchedTranslation, ...]:
    """The translations after `event`."""
    others = tuple(each for each in translations if (each.n, each.language) != (event.n, event.language))
    return (*others, made_of(VouchedTranslation, event))


def places_of_report(version: ReportVersion) -> frozenset[str]:
    """The places of a report's texts."""
    sections = {f"{kind}.{each.id}" for each in version.sections for kind in ("heading", "section")}
    return frozenset({TITLE, *sections, *(f"message.{each.id}" for each in version.messages)})


def places_of_document(version: DocumentVersion) -> frozenset[str]:
    """The places of a document's texts."""
    return frozenset({TITLE, *(f"paragraph.{each.n}" for each in version.paragraphs)})


def decide_translation(
    translations: Sequence[VouchedTranslation],
    versions: Iterable[ReportVersion | DocumentVersion],
    command: EnterTranslation,
) -> Sequence[oe.TranslationEntered] | Refusal:
    """The event of a translation, or a refusal."""
    version = next((each for each in versions if each.n == command.n), None)
    if version is None:
        return refuse(RefusalCode.UNKNOWN, "There is no such version.")
    if not is_language(command.language) or same_language(command.language, version.language):
        return refuse(RefusalCode.INVALID, "A translation needs the tag of its language, another than the original's.")
    name = " ".join(command.name.split())
    if not 0 < len(name) <= MAX_NAME:
        return refuse(RefusalCode.INVALID, f"Name in 1 to {MAX_NAME} characters who vouches for the translation.")
    places = [each.place for each in command.texts]
    if not set(places) <= _places(version) or len(set(places)) < len(places):
        return refuse(RefusalCode.INVALID, "A translation has one text for each place of the version.")
    lacks = _needed(version) - set(places)
    if lacks or not all(0 < len(each.text.strip()) <= MAX_TEXT for each in command.texts):
        return refuse(RefusalCode.INVALID, f"Each text needs its translation, in up to {MAX_TEXT} characters.")
    if len(translations) >= MOST_TRANSLATIONS:
        return refuse(RefusalCode.CONFLICT, f"There are at most {MOST_TRANSLATIONS} translations.")
    return [made_of(oe.TranslationEntered, command, name=name)]


def _places(version: ReportVersion | DocumentVersion) -> frozenset[str]:
    return places_of_report(version) if isinstance(version, ReportVersion) else places_of_document(version)


def _needed(version: ReportVersion | DocumentVersion) -> frozenset[str]:
    """The places that have to be translated: messages of a document may be gone, and a section may be empty."""
    if isinstance(version, ReportVersion):
        return places_of_report(version) - {f"section.{each.id}" for each in version.sections if not each.text.strip()}
    shown = {f"paragraph.{each.n}" for each in version.paragraphs if each.style is ParagraphStyle.MESSAGE}
    return places_of_document(version) - shown

from __future__ import annotations

import pytest
from msgspec.structs import replace

from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import (
    DocumentForm,
    MessageKind,
    MessageReference,
    NumberedParagraph,
    ParagraphStyle,
    PublishedMessage,
    PublishedSection,
    TranslatedText,
)
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import SessionId
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes.translations import MOST_TRANSLATIONS
from moothall.core.rules.authority import may_send
from moothall.core.sessions.state import State
from support.sessions.deciding import carry_out, refused
from support.sessions.outcomes import M1, log, report, write

PUBLISH = oc.PublishReport(
    title="Report",
    language="en",
    sections=(
        PublishedSection(id="issues", heading="Issues", text="Access."),
        PublishedSection(id="empty", heading="Rest", text=" "),
    ),
    messages=(PublishedMessage(id=M1, kind=MessageKind.AGREED, text="The fund pays."),),
)
PLACES = ("title", "heading.issues", "section.issues", "heading.empty", "message.m1")
INTO_FRENCH = oc.EnterTranslation(
    n=1, language="fr", name=" Ana  Ruiz", texts=tuple(TranslatedText(each, f"fr {each}") for each in PLACES)
)


def published() -> State:
    return report(write(), oc.SubmitReport(), PUBLISH)


def test_a_translation_names_who_vouches_and_the_next_replaces_it() -> None:
    state = carry_out(published(), INTO_FRENCH, replace(INTO_FRENCH, language="es"), replace(INTO_FRENCH, name="Bea"))
    found = [(each.n, each.language, each.name) for each in state.outcomes.translations]
    assert found == [(1, "es", "Ana Ruiz"), (1, "fr", "Bea")]
    assert state.outcomes.translations[0].texts == INTO_FRENCH.texts
    assert [role for role in Role if may_send(role, INTO_FRENCH)] == [Role.SECRETARIAT]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"n": 2}, RefusalCode.UNKNOWN),
        ({"language": "f r"}, RefusalCode.INVALID),
        ({"language": "en-GB"}, RefusalCode.INVALID),
        ({"name": " "}, RefusalCode.INVALID),
        ({"name": "x" * 201}, RefusalCode.INVALID),
        ({"texts": INTO_FRENCH.texts[1:]}, RefusalCode.INVALID),
        ({"texts": (*INTO_FRENCH.texts, INTO_FRENCH.texts[0])}, RefusalCode.INVALID),
        ({"texts": (*INTO_FRENCH.texts, TranslatedText("message.m2", "Autre"))}, RefusalCode.INVALID),
        ({"texts": (TranslatedText("title", " "), *INTO_FRENCH.texts[1:])}, RefusalCode.INVALID),
    ],
)
def test_what_is_not_taken(changed: dict[str, object], code: RefusalCode) -> None:
    assert refused(published(), replace(INTO_FRENCH, **changed)).code is code


def test_there_is_a_bound() -> None:
    state = carry_out(published(), INTO_FRENCH)
    many = state.outcomes.translations * MOST_TRANSLATIONS
    state = replace(state, outcomes=replace(state.outcomes, translations=many))
    assert refused(state, replace(INTO_FRENCH, language="es")).code is RefusalCode.CONFLICT


def test_messages_of_a_document_may_be_gone() -> None:
    paragraphs = (
        NumberedParagraph(n=1, style=ParagraphStyle.TEXT, text="All spoke."),
        NumberedParagraph(
            n=2, style=ParagraphStyle.MESSAGE, message=MessageReference(report=SessionId("r"), n=1, message=M1)
        ),
    )
    stated = oc.StateDocument(form=DocumentForm.CHAIR, since="2026-12-01", until="2026-12-04")
    state = log(ev.LogKind.DOCUMENT, stated, oc.PublishDocument(language="en", paragraphs=paragraphs))
    texts = (TranslatedText("title", "Titre"), TranslatedText("paragraph.1", "Tous."))
    made = carry_out(state, replace(INTO_FRENCH, texts=texts))
    assert made.outcomes.translations[0].texts == texts
    made = carry_out(made, replace(INTO_FRENCH, texts=(*texts, TranslatedText("paragraph.2", "Le fonds."))))
    assert len(made.outcomes.translations) == 1
    assert refused(made, replace(INTO_FRENCH, texts=texts[:1])).code is RefusalCode.INVALID

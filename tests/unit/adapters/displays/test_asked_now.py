from __future__ import annotations

from moothall.adapters.displays.asked_now import AskedNow, QuestionWords, WallQuestion, asked_now
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.questions.interventions import Intervention, Questions
from support.sessions.deciding import carry_out
from support.sessions.questions import MODERATOR, ask, asked, stand

UI = Pages(find_web_folder()).catalogues["en"]


def called() -> Questions:
    """One in Arabic is called, and three wait."""
    state = carry_out(
        asked(),
        ask("d", "لماذا؟", language="ar", name="Añez"),
        ask("e", "", kind=InterventionKind.REQUEST, name="Eva"),
        stand(InterventionStatus.QUEUED, "d", "e", "a", "b"),
        stand(InterventionStatus.CALLED, "d"),
        actor=MODERATOR,
    )
    return state.questions


def test_a_wall_has_the_question_in_its_own_language_and_in_that_of_the_wall() -> None:
    wanted: list[tuple[str, str, bool]] = []

    def into(each: Intervention, target: str, soon: bool) -> tuple[QuestionWords | None, str]:
        wanted.append((each.id, target, soon))
        if target == "fr":
            return None, f"/later/{each.number}"
        return QuestionWords(text=f"[{target}]", language=target, direction="ltr", made="By a machine"), ""

    found = asked_now(called(), ("en", "fr"), into, UI)
    assert found.now == WallQuestion(
        heading="Question no. 4",
        name="Añez",
        words=(
            QuestionWords(text="لماذا؟", language="ar", direction="rtl"),
            QuestionWords(text="[en]", language="en", direction="ltr", made="By a machine"),
        ),
    )
    assert [(each.heading, each.name, [words.text for words in each.words]) for each in found.next] == [
        ("Question no. 1", "", ["Why?"]),
        ("Question no. 2", "", ["When?"]),
    ]
    assert found.pending == ("/later/4",)
    assert wanted == [("d", "en", True), ("d", "fr", True), ("a", "fr", False), ("b", "fr", False)]


def test_who_only_wants_to_speak_has_no_words() -> None:
    questions = carry_out(
        asked(),
        ask("e", "", kind=InterventionKind.REQUEST, name="Eva"),
        stand(InterventionStatus.QUEUED, "e"),
        actor=MODERATOR,
    ).questions
    (eva,) = asked_now(questions, ("en",), lambda *_: (None, ""), UI).next
    assert eva == WallQuestion(heading="Wish to speak no. 4", name="Eva", words=())


def test_where_nothing_is_asked_nothing_is_shown() -> None:
    assert asked_now(Questions(), ("en",), lambda *_: (None, ""), UI) == AskedNow()


def test_a_wall_is_told_that_a_translation_is_not_to_be_had_now() -> None:
    assert asked_now(called(), ("en",), lambda *_: (None, ""), UI).lacks
    assert not asked_now(called(), ("en",), lambda *_: (None, "/later"), UI).lacks
    assert not asked_now(called(), ("ar",), lambda *_: (None, ""), UI).lacks

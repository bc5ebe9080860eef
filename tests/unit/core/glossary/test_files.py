from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.glossary.files import MOST_TERMS, GlossaryPart, read_glossary
from moothall.core.glossary.fixed_wording import InTranslation
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Room, RoomId
from moothall.core.terms.terms import Term
from moothall.core.translation.inflection import Inflection

FILE = """
terms = ["AfriNIC", " multistakeholder "]

[[part]]
languages = ["de", "fr"]
terms = ["Netzneutralität"]

[[part]]
rooms = ["Main  hall", "r2"]
sessions = ["Opening"]
terms = ["Moothall"]
"""
HALL = Room(id=RoomId("hall-1"), title="main hall")


def test_a_file_has_terms_for_everywhere_and_parts() -> None:
    everywhere, german, opening = read_glossary(FILE, "g.toml")
    assert everywhere == GlossaryPart(terms=("AfriNIC", "multistakeholder"))
    assert german.as_terms() == (
        Term(text="Netzneutralität", language="de"),
        Term(text="Netzneutralität", language="fr"),
    )
    assert opening.as_terms() == (Term(text="Moothall"),)
    assert read_glossary("", "g.toml") == ()


def test_a_term_may_say_how_it_is_translated() -> None:
    text = """
    terms = ["AfriNIC", {term = " Moothall ", keep = true}]
    [[part]]
    languages = ["en"]
    terms = [{term = "Compact", in = {es = " Pacto  Digital ", pt = ""}}, {term = "RPKI"}]
    """
    everywhere, english = read_glossary(text, "g.toml")
    assert everywhere.terms == ("AfriNIC", "Moothall")
    assert everywhere.in_translation == (InTranslation(term="Moothall", keep=True),)
    assert english.terms == ("Compact", "RPKI")
    assert english.in_translation == (InTranslation(term="Compact", written={"es": "Pacto Digital"}),)


def test_a_term_may_give_its_forms() -> None:
    text = """
    terms = [
        {term = "Assembly", forms = {article = "the"}, in = {ru = {nom = "Ассамблея", gen = " Ассамблеи"}, es = "A"}},
    ]
    """
    (part,) = read_glossary(text, "g.toml")
    (term,) = part.in_translation
    assert term.written == {"ru": "Ассамблея", "es": "A"}
    assert term.forms == {"ru": Inflection(nom="Ассамблея", gen="Ассамблеи")}
    assert term.own_forms == Inflection(nom="Assembly", article="the")


@pytest.mark.parametrize(
    ("session", "title", "room", "so"),
    [
        ("opening", "Plenary", HALL, True),
        ("s1", " opening ", Room(id=RoomId("r2"), title="Room 2"), True),
        ("s1", "Closing", HALL, False),
        ("opening", "Opening", None, False),
        ("opening", "Opening", Room(id=RoomId("r3"), title="Room 3"), False),
    ],
)
def test_a_part_holds_where_it_says(session: str, title: str, room: Room | None, so: bool) -> None:
    part = read_glossary(FILE, "g.toml")[2]
    assert part.holds(SessionId(session), title, room) is so
    assert GlossaryPart(terms=()).holds(SessionId(session), title, room)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("terms = [", "g.toml is not TOML: "),
        ('term = ["x"]', "unknown field `term`"),
        ("terms = [1]", "got `int`"),
        ('[[part]]\nterms = ["a b", "Smith, John"]', "'Smith, John' can't be preferred. A name or term has 2 to 60"),
        ('terms = [{term = "x1", kept = true}]', "unknown field `kept`"),
        ('terms = [{term = "x1", in = {Spanish = "a"}}]', "'x1' can't be translated so. What stands for a term"),
        ('terms = [{term = "x"}]', "'x' can't be preferred."),
        ('terms = [{term = "x1", in = {ru = {gen = "a"}}}]', "of what has cases the nominative at least."),
        ('terms = [{term = "x1", in = {ru = {nom = "a", gen = "a\\u202eb"}}}]', "'x1' can't be translated so."),
        ('terms = [{term = "x1", in = {ru = {nom = "a", loc = "b"}}}]', "unknown field `loc`"),
        ('terms = [{term = "x1", in = {ru = {nom = "a", gender = "x"}}}]', "Invalid enum value 'x'"),
        ('terms = [{term = "x1", forms = {gen = "a\\u202eb"}}]', "'x1' can't be translated so."),
        ("[[part]]", "missing required field `terms`"),
        (f"terms = {['term'] * (MOST_TERMS + 1)}", "g.toml has 5001 terms in 1 parts; at most 5000"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        read_glossary(text, "g.toml")
    assert said in str(told.value)


def test_the_sample_is_a_glossary() -> None:
    sample = Path(__file__).parents[4] / "config/glossaries/sample.toml"
    parts = read_glossary(sample.read_text(encoding="utf-8"), "sample.toml")
    assert [bool(part.languages or part.rooms or part.sessions) for part in parts] == [
        False,
        True,
        True,
        True,
        True,
    ]
    assert [term.term for part in parts for term in part.in_translation] == ["Moothall", "Global Digital Compact"]

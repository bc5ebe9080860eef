from __future__ import annotations

from moothall.core import commands as do
from moothall.core.glossary.files import read_glossary
from moothall.core.glossary.merging import MOST_NEAR, MOST_TERMS, known_terms, preferred
from moothall.core.kernel.ids import SpeakerId
from moothall.core.programme.plan import Room, RoomId
from moothall.core.sessions.state import State
from support.sessions.deciding import CAPTIONER, FLOOR, carry_out, opened

PARTS = read_glossary(
    """
    terms = ["AfriNIC", "ICANN"]
    [[part]]
    languages = ["pt"]
    terms = ["Lusofonia", "ICANN"]
    [[part]]
    languages = ["sw"]
    terms = ["mtandao"]
    [[part]]
    rooms = ["Hall"]
    terms = ["Kisumu"]
    [[part]]
    sessions = ["Access to the DNS"]
    terms = ["RPKI"]
    """,
    "g.toml",
)
HALL = Room(id=RoomId("hall"), title="Hall")
ANA = SpeakerId("ana")


def session() -> State:
    return carry_out(
        opened(),
        do.DescribeSession(title="Access to the DNS"),
        do.IntroduceSpeaker(speaker=SpeakerId("bo"), name="Bo Ek"),
        do.IntroduceSpeaker(speaker=ANA, name="Ms. Ana Añez (LACNIC)"),
    )


def chosen(state: State, term: str, wanted: bool | None, language: str | None = None) -> State:
    return carry_out(state, do.ChooseTerm(term=term, wanted=wanted, language=language), actor=CAPTIONER)


def test_what_is_near_stands_first_then_speakers_then_the_files() -> None:
    state = carry_out(session(), do.SetSpeaker(channel=FLOOR, speaker=ANA))
    state = chosen(chosen(state, "Moothall", True), "Donostia", True)
    told = preferred(state, FLOOR, PARTS, HALL)
    near = ("Ana Añez", "LACNIC", "Donostia", "Moothall", "DNS")
    assert told.terms == (*near, "Bo Ek", "RPKI", "Kisumu", "AfriNIC", "ICANN", "Lusofonia")
    assert told.near == 5
    away = preferred(carry_out(state, do.SetSpeaker(channel=FLOOR, speaker=None)), FLOOR, PARTS, None)
    still_near, others = ("Donostia", "Moothall", "DNS"), ("Bo Ek", "Ana Añez", "LACNIC", "RPKI", "AfriNIC", "ICANN")
    assert away.terms == (*still_near, *others, "Lusofonia")
    assert away.near == 3


def test_a_text_gets_the_terms_of_its_languages() -> None:
    forced = carry_out(session(), do.ForceLanguage(channel=FLOOR, language="en"))
    assert "Lusofonia" not in preferred(forced, FLOOR, PARTS, None).terms
    english = chosen(session(), "Lusofonia", True, "en")
    assert (
        "Lusofonia"
        in preferred(carry_out(english, do.ForceLanguage(channel=FLOOR, language="en")), FLOOR, (), None).terms
    )


def test_what_was_taken_away_is_not_preferred_wherever_it_comes_from() -> None:
    state = chosen(chosen(session(), "icann", False), "bo ek", False)
    told = preferred(state, FLOOR, PARTS, HALL).terms
    assert "ICANN" not in told
    assert "Bo Ek" not in told
    assert "ICANN" in preferred(chosen(state, "ICANN", None), FLOOR, PARTS, HALL).terms


def test_a_desk_sees_each_term_once_for_each_language_with_its_source() -> None:
    shown = [(each.text, each.language, each.source) for each in known_terms(session(), PARTS, HALL, None)]
    assert shown[:4] == [
        ("DNS", "", "title"),
        ("Bo Ek", "", "speaker"),
        ("Ana Añez", "", "speaker"),
        ("LACNIC", "", "speaker"),
    ]
    assert [text for text, _, _ in shown].count("ICANN") == 1
    assert ("mtandao", "sw", "file") in shown


def test_there_are_never_too_many() -> None:
    many = "terms = [" + ",".join(f'"Term {n}"' for n in range(MOST_TERMS + 10)) + "]"
    state = session()
    for n in range(MOST_NEAR + 5):
        state = chosen(state, f"Word {n}", True)
    told = preferred(state, FLOOR, read_glossary(many, "g.toml"), None)
    assert (len(told.terms), told.near) == (MOST_TERMS, MOST_NEAR)
    assert len(set(told.terms)) == MOST_TERMS
    assert told.terms[MOST_NEAR] == "Word 4"

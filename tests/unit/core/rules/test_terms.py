from __future__ import annotations

import pytest

from deciding import CAPTIONER, WALL, carry_out, opened
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.glossary.in_translation import LONGEST
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import SessionId
from moothall.core.rules.decide import decide
from moothall.core.rules.terms import MOST_CHOSEN
from moothall.core.session.state import State
from moothall.core.terms.chosen import ChosenTerm


def choose(term: str, wanted: bool | None = True, language: str | None = None) -> do.ChooseTerm:
    return do.ChooseTerm(term=term, wanted=wanted, language=language)


def test_a_term_is_kept_as_it_is_written_and_found_however_it_is_spelled() -> None:
    state = carry_out(opened(), choose(" Afri  NIC"), choose("ICANN", False), actor=CAPTIONER)
    assert state.terms == {
        "afri nic": ChosenTerm(term="Afri NIC", wanted=True),
        "icann": ChosenTerm(term="ICANN", wanted=False),
    }
    state = carry_out(state, choose("AFRI NIC", language="en"), actor=CAPTIONER)
    assert list(state.terms.values()) == [
        ChosenTerm(term="ICANN", wanted=False),
        ChosenTerm(term="AFRI NIC", wanted=True, language="en"),
    ]
    assert list(carry_out(state, choose("icann", None), actor=CAPTIONER).terms) == ["afri nic"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (choose("a, b"), RefusalCode.INVALID),
        (choose("term", language="fr"), RefusalCode.INVALID),
        (choose("term", None), RefusalCode.UNKNOWN),
    ],
)
def test_what_is_no_term_is_refused(command: do.ChooseTerm, code: RefusalCode) -> None:
    refused = decide(opened(), command, CAPTIONER, WALL)
    assert isinstance(refused, Refusal)
    assert refused.code is code


def test_how_it_is_translated_is_kept_with_it() -> None:
    command = do.ChooseTerm(term="Compact", wanted=True, keep=False, written={"es": " Pacto  Digital", "fr": ""})
    assert decide(opened(), command, CAPTIONER, WALL) == [
        ev.TermChosen(term="Compact", wanted=True, keep=False, written={"es": "Pacto Digital"})
    ]


@pytest.mark.parametrize(
    "command",
    [
        do.ChooseTerm(term="Compact", wanted=True, written={"es": "x" * (LONGEST + 1)}),
        do.ChooseTerm(term="Compact", wanted=True, written={"in Spanish": "x"}),
        do.ChooseTerm(term="Compact", wanted=False, written={"es": "x"}),
        do.ChooseTerm(term="Compact", wanted=None, keep=True),
    ],
)
def test_what_cannot_be_written_in_translations_is_refused(command: do.ChooseTerm) -> None:
    refused = decide(carry_out(opened(), choose("Compact"), actor=CAPTIONER), command, CAPTIONER, WALL)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.INVALID


def test_a_session_has_only_so_many_of_its_own() -> None:
    state = carry_out(opened(), *(choose(f"term {n}") for n in range(MOST_CHOSEN)), actor=CAPTIONER)
    refused = decide(state, choose("one more"), CAPTIONER, WALL)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.CONFLICT
    assert decide(state, choose("TERM 0", False), CAPTIONER, WALL) == [
        ev.TermChosen(term="TERM 0", wanted=False, language=None)
    ]


def test_without_a_session_there_are_none() -> None:
    assert isinstance(decide(State(id=SessionId("s")), choose("term"), CAPTIONER, WALL), Refusal)

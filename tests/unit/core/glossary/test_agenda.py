from __future__ import annotations

import pytest

from moothall.core.glossary.agenda import MOST_OF_A_TITLE, names_in, terms_in


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        ("Amina Diallo", ("Amina Diallo",)),
        ("Ms. Amina Diallo (AfriNIC)", ("Amina Diallo", "AfriNIC")),
        ("Prof. Dr. Li Wei, Tsinghua University", ("Li Wei", "Tsinghua University")),
        ("H.E. Mr. Olu – Ministry of Works [Lagos]", ("Olu", "Ministry of Works", "Lagos")),  # noqa: RUF001
        ("He Jun", ("He Jun",)),
        ("Mr. X", ()),
        ("Dr", ("Dr",)),
        ("", ()),
    ],
)
def test_a_speaker_has_a_name_and_comes_from_somewhere(shown: str, names: tuple[str, ...]) -> None:
    assert names_in(shown) == names


@pytest.mark.parametrize(
    ("title", "language", "terms"),
    [
        ("Trust in the DNS after NETmundial+10", "en", ("DNS", "NETmundial+10")),
        ("What the Global Digital Compact means for schools in Kenya", "en", ("Global Digital Compact", "Kenya")),
        ("Opening Session With All The Chairs", "en", ()),
        ("Opening Session on the WSIS+20 Review", "en", ("WSIS+20",)),
        ("WHO SPEAKS FOR THE USERS", "en", ()),
        ("Was die DSGVO für Schulen in Kenia bedeutet", "de", ("DSGVO",)),
        ("5G in Nairobi's streets", "en", ("5G", "Nairobi")),
        ("Ce que dit l'UIT de la radio", "fr", ("l'UIT",)),
        ("人工智能与 ICANN", "zh", ("ICANN",)),
        ("Welcome", "en", ()),
        ("", "", ()),
        ("a Ab a Bc a Cd a De a Ef a Fg a Gh a Hi a Ij", "en", ("Ab", "Bc", "Cd", "De", "Ef", "Fg", "Gh", "Hi")),
    ],
)
def test_a_title_names_acronyms_and_proper_names(title: str, language: str, terms: tuple[str, ...]) -> None:
    assert terms_in(title, language) == terms
    assert len(terms) <= MOST_OF_A_TITLE

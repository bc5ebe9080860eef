from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.translation.phrases import Phrase
from moothall.core.translation.routes import Route
from moothall_models.translators.echo import DIRECTIONS, EchoTranslator
from translation import Figures, own_texts, p95, pairs, run, table, texts_in


def put(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"set.{name.replace('_', '-')}.txt").write_text(text, "utf-8")
    return folder


def test_the_texts_of_a_folder(tmp_path: Path) -> None:
    put(tmp_path, eng="one\ntwo\n", por_BR="um\ndois\n", spa_MX="uno\ndos\n", spa="uno\ndos\n", deu="eins\n")
    (tmp_path / "README.txt").write_text("about", "utf-8")
    found = [(text.name, text.language, text.lines) for text in texts_in(tmp_path, 1)]
    assert [name for name, _, _ in found] == ["eng", "spa", "por-BR", "spa-MX"]
    assert found[::2] == [("eng", "en", ["one"]), ("por-BR", "pt", ["um"])]


@pytest.mark.parametrize(
    ("texts", "said"), [({"eng": "one"}, "no text in two languages"), ({"eng": "a\nb", "fra": "a"}, "same number")]
)
def test_a_folder_that_will_not_do(tmp_path: Path, texts: dict[str, str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        texts_in(put(tmp_path, **texts))


def test_the_test_sentences_of_moothall_and_any_pair_of_them() -> None:
    found = own_texts(3)
    assert [text.language for text in found] == ["ar", "en", "es", "fr", "pt", "ru", "zh"]
    assert {len(text.lines) for text in found} == {3}
    assert pairs(["ar-fr", "zh-en"]) == {("ar", "fr"), ("zh", "en")}
    with pytest.raises(SystemExit, match="arfr is no pair"):
        pairs(["ar-fr", "arfr"])


def test_a_way_is_gone_hop_by_hop() -> None:
    en_pt, _, pt_es, _ = DIRECTIONS
    translated, took = run(Route(hops=(en_pt, pt_es)), ["one", "two"], [EchoTranslator()], None)
    assert translated == ["[es] [pt] one", "[es] [pt] two"]
    assert len(took) == 2
    formulas: tuple[Phrase, ...] = ({"en": ("so moved",), "es": ("se propone",)},)
    worded, _ = run(
        Route(hops=(en_pt, pt_es)), ["I say so moved here.", "ONE MORE LINE."], [EchoTranslator()], formulas
    )
    assert "se propone" in worded[0]
    assert worded[1] == "[es] [pt] One more line."


def test_what_is_below_the_bar() -> None:
    figures = Figures(Route(hops=DIRECTIONS[:1]), "por-BR", 57.9, 10.0, 20.0)
    assert figures.below == 58
    assert figures._replace(score=58.0).below is None
    assert figures._replace(reference="por-PT").below is None


def test_the_table_has_the_best_first() -> None:
    row = Figures(Route(hops=DIRECTIONS[:1]), "por-BR", 40.0, 10.0, 20.25)
    lines = table([row, row._replace(score=58.66)]).splitlines()
    assert " ".join(lines[2].split()) == "| en > pt | echo | por-BR | 58.7 | 10.0 | 20.2 |"
    assert "40.0" in lines[3]


def test_p95() -> None:
    assert p95([float(value) for value in range(1, 101)]) == 95
    assert p95([3.0]) == 3

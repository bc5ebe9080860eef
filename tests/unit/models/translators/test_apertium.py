from __future__ import annotations

from pathlib import Path

import pytest

from moothall_models.translators.apertium import ApertiumTranslator, commands_of, mended


def test_the_commands_of_a_mode() -> None:
    line = "lt-proc -z '/a b/x.bin' | apertium-tagger -z -g $2 '/x.prob' | lt-proc -z $1 '/y.bin'"
    assert commands_of(line) == [
        ["lt-proc", "-z", "/a b/x.bin"],
        ["apertium-tagger", "-z", "-g", "/x.prob"],
        ["lt-proc", "-z", "-n", "/y.bin"],
    ]


@pytest.mark.parametrize(
    "line", ["", "a | | b", "a; b", "a > b", "a & b", "a || b", "a $(b)", "a `b`", "a 'b", "a | b\nc < d", "a $3"]
)
def test_what_is_no_pipeline_is_not_run(line: str) -> None:
    assert commands_of(line) == []


def test_without_modes_it_says_which_packages_to_install(tmp_path: Path) -> None:
    nothing = ApertiumTranslator(tmp_path)
    assert nothing.directions == ()
    assert str(nothing.missing).endswith("sudo apt-get install --no-install-recommends apertium apertium-es-pt")
    nothing.check()
    nothing.close()


def test_without_programs_too(tmp_path: Path) -> None:
    (tmp_path / "pt-es.mode").write_text("cat | cat\n", "utf-8")
    nothing = ApertiumTranslator(tmp_path, str(tmp_path))
    assert nothing.directions == ()
    assert "apertium" in str(nothing.missing)


def test_a_system_without_dpkg_has_an_unknown_version(tmp_path: Path) -> None:
    put_rewriter(tmp_path, "echo 'cat | cat'")
    (tmp_path / "es-fr.mode").write_text("cat | cat\n", "utf-8")
    translator = ApertiumTranslator(tmp_path, str(tmp_path))
    [direction] = translator.directions
    assert (direction.engine, direction.version) == ("apertium-fr-es", "unknown+m1")
    assert (direction.source, direction.target, direction.cost) == ("es", "fr", 11.5)
    assert "apertium-es-pt" in str(translator.missing)


@pytest.mark.parametrize("does", ["exit 1", "true", "echo 'cat > /dev/null'"])
def test_a_mode_that_cannot_be_rewritten_is_left_out(
    tmp_path: Path, does: str, caplog: pytest.LogCaptureFixture
) -> None:
    put_rewriter(tmp_path, does)
    (tmp_path / "pt-es.mode").write_text("cat | cat\n", "utf-8")
    assert ApertiumTranslator(tmp_path, str(tmp_path)).directions == ()
    assert "gives no pipeline for pt-es.mode" in caplog.text


def put_rewriter(folder: Path, does: str) -> None:
    program = folder / "apertium-wblank-mode"
    program.write_text(f"#!/bin/sh\n{does}\n", "utf-8")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("para los prójimos 90 minutos", "para los próximos 90 minutos"),
        ("Prójima semana", "Próxima semana"),
        (
            "entonces se su conexión es lenta o se usted no puede oír",
            "entonces si su conexión es lenta o si usted no puede oír",
        ),
        ("Se nosotros votamos", "Si nosotros votamos"),
        ("se la dio y se levanta", "se la dio y se levanta"),
        ("se juntaron a nosotros on-line.", "se juntaron a nosotros en línea."),
        ("Doy la palabra a lo ilustre delegado", "Doy la palabra al ilustre delegado"),
        ("", ""),
    ],
)
def test_what_is_wrong_wherever_it_stands_is_put_right(text: str, right: str) -> None:
    assert mended(text, "pt", "es") == right
    assert mended(right, "pt", "es") == right


def test_other_directions_are_left_alone() -> None:
    assert mended("se su on-line", "es", "pt") == "se su on-line"

from __future__ import annotations

import pytest

from moothall_models.translators.mending import mended


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

from __future__ import annotations

import json

from msgspec.structs import replace

from moothall.record.citation.citing import Cited, apa, bibtex, chicago, csl_json, quotation, ris

CITED = Cited(
    id="opening.1",
    offset=317,
    title="Opening {of} the 50% day",
    names=("Ana Añez", "Bob"),
    medium="Transcript",
    version="version “Checked”, state e1:317",
    time="1:04:05",
    day=(2026, 11, 24),
    date="November 24, 2026",
    month_and_day="November 24",
    publisher="Forum & co.",
    address="https://forum.example/s/opening.1/cite?from=a:3&at=e1:317",
    language="en",
    state="Checked by: Rapporteur, Nov 24, 2026 17:05 UTC",
    text="We are ready.",
    listed="Ana Añez, Bob",
)
BARE = replace(
    CITED, title="Is it open?", names=(), listed="", day=None, date="", month_and_day="", publisher="", language=""
)
ADDRESS = "https://forum.example/s/opening.1/cite?from=a:3&at=e1:317"


def test_styles_name_version_time_and_address() -> None:
    assert apa(CITED) == (
        "Ana Añez, Bob. (2026, November 24). Opening {of} the 50% day "
        f"[Transcript; version “Checked”, state e1:317; 1:04:05]. Forum & co. {ADDRESS}"
    )
    assert chicago(CITED) == (
        "Ana Añez, Bob. “Opening {of} the 50% day.” Transcript, version “Checked”, state e1:317, 1:04:05. "
        f"Forum & co., November 24, 2026. {ADDRESS}."
    )


def test_what_is_not_known_is_left_out() -> None:
    assert apa(BARE) == f"Is it open? [Transcript; version “Checked”, state e1:317; 1:04:05]. {ADDRESS}"
    assert chicago(BARE) == f"“Is it open?” Transcript, version “Checked”, state e1:317, 1:04:05. {ADDRESS}."
    assert bibtex(BARE) == (
        "@misc{opening-1-317-1-04-05,\n"
        "  title = {{Is it open?}},\n"
        "  howpublished = {Transcript, version “Checked”, state e1:317, 1:04:05},\n"
        "  url = {https://forum.example/s/opening.1/cite?from=a:3&at=e1:317},\n"
        "  note = {Checked by: Rapporteur, Nov 24, 2026 17:05 UTC},\n"
        "  abstract = {We are ready.},\n"
        "}\n"
    )
    assert "AU  - " not in ris(BARE)
    assert json.loads(csl_json(BARE))[0].keys() == {
        *("id", "type", "title", "genre", "version", "section", "URL", "note", "abstract"),
    }


def test_a_quotation_carries_its_state() -> None:
    assert quotation(CITED) == (
        "“We are ready.” — Ana Añez, Bob, Opening {of} the 50% day, November 24, 2026, 1:04:05, "
        f"version “Checked”, state e1:317, Checked by: Rapporteur, Nov 24, 2026 17:05 UTC, {ADDRESS}"
    )


def test_bibtex_escapes_what_means_something_there() -> None:
    entry = bibtex(replace(CITED, text=r"a\b {c} ~ ^ # $ % & _", address="https://x/{y}"))
    assert r"  abstract = {a\textbackslash{}b \{c\} \textasciitilde{} \textasciicircum{} \# \$ \% \& \_}," in entry
    assert "  author = {{Ana Añez} and {Bob}},\n" in entry
    assert "  title = {{Opening \\{of\\} the 50\\% day}},\n" in entry
    assert "  url = {https://x/%7By%7D},\n" in entry
    assert "  year = {2026},\n  month = nov,\n  day = {24},\n  langid = {en},\n" in entry
    assert "  publisher = {{Forum \\& co.}},\n" in entry


def test_ris_has_a_row_for_each_value() -> None:
    assert ris(CITED).split("\r\n") == [
        "TY  - GEN",
        "ID  - opening-1-317-1-04-05",
        "AU  - Ana Añez",
        "AU  - Bob",
        "TI  - Opening {of} the 50% day",
        "PY  - 2026",
        "DA  - 2026/11/24/",
        "PB  - Forum & co.",
        "LA  - en",
        "M3  - Transcript",
        "ET  - version “Checked”, state e1:317",
        "SP  - 1:04:05",
        f"UR  - {ADDRESS}",
        "N1  - Checked by: Rapporteur, Nov 24, 2026 17:05 UTC",
        "AB  - We are ready.",
        "ER  - ",
        "",
    ]


def test_csl_json_is_a_list_of_one_item() -> None:
    [item] = json.loads(csl_json(CITED))
    assert item["author"] == [{"literal": "Ana Añez"}, {"literal": "Bob"}]
    assert item["issued"] == {"date-parts": [[2026, 11, 24]]}
    assert (item["publisher"], item["language"], item["type"]) == ("Forum & co.", "en", "speech")

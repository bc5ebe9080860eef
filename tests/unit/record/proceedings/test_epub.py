from __future__ import annotations

from moothall.record.epub import write_epub
from moothall.record.proceedings.epub import ProceedingsBook
from moothall.record.wording import Options
from support.record.golden import TITLE
from support.record.proceedings import FRONT, MONDAY, REPORT, WORDS, two_records
from support.record.trees import OPF, XHTML, tree
from support.sessions.record_maker import WORDING

DC = "{http://purl.org/dc/elements/1.1/}"


def book(*, language: str = "", empty: bool = False) -> dict[str, str]:
    made = ProceedingsBook(WORDS, language)
    files = made.begin()
    for record, day, time in zip(two_records(), (MONDAY, ""), ("17:03", ""), strict=True):
        if not empty:
            files |= made.add(record, WORDING, day=day, time=time, address="https://h/s/1")
    files |= made.finish(FRONT)
    return files


def test_it_begins_as_each_book_does_and_lists_all_its_files_in_their_order() -> None:
    files = book()
    assert next(iter(files)) == "mimetype"
    package = tree(files["EPUB/record.opf"])
    listed = {f"EPUB/{each.get('href')}" for each in package.iter(f"{OPF}item")}
    assert listed == set(files) - {"mimetype", "META-INF/container.xml", "EPUB/record.opf"}
    order = [each.get("idref") or "" for each in package.iter(f"{OPF}itemref")]
    assert order[:4] == ["front.xhtml", "contents", "meeting-1-front.xhtml", "meeting-1-text-1.xhtml"]
    assert order[-1] == "meeting-2-front.xhtml"
    assert package.findtext(f".//{DC}title") == "Rights & <duties> · Proceedings · 24 to 26 November 2025"
    assert package.findtext(f".//{DC}identifier") == FRONT.address
    assert package.findtext(f".//{DC}date") == "2025-11-24"
    assert {each.text for each in package.iter(f"{DC}language")} >= {"en", "ar"}


def test_contents_lead_by_day_to_sessions_and_each_session_to_its_sections() -> None:
    files = book()
    contents = tree(files["EPUB/contents.xhtml"])
    [day] = [each.text for each in contents.iter(f"{XHTML}span")]
    assert day == MONDAY
    links = {"".join(each.itertext()).strip(): each.get("href") or "" for each in contents.iter(f"{XHTML}a")}
    assert links == {
        FRONT.title: "front.xhtml",
        f"17:03 {TITLE}": "meeting-1-front.xhtml",
        "Later": "meeting-2-front.xhtml",
    }
    for name, text in files.items():
        if name.endswith(".xhtml"):
            for each in tree(text).iter(f"{XHTML}a"):
                page, _, anchor = (each.get("href") or "").partition("#")
                if not page.startswith("https:"):
                    assert not anchor or f'id="{anchor}"' in files[f"EPUB/{page or name.removeprefix('EPUB/')}"]


def test_a_record_stands_in_it_as_in_its_own_book_with_the_name_of_its_state() -> None:
    record, _ = two_records()
    files, alone = book(), write_epub(record, WORDING, Options())
    assert files["EPUB/meeting-1-text-1.xhtml"] == alone["EPUB/text-1.xhtml"]
    assert WORDING.named(record) in files["EPUB/meeting-1-front.xhtml"]
    assert 'href="https://h/s/1"' in files["EPUB/meeting-1-front.xhtml"]


def test_it_says_where_to_look_for_what_was_withdrawn_and_that_it_is_empty() -> None:
    front = book(empty=True)["EPUB/front.xhtml"]
    assert f'href="{FRONT.withdrawals}"' in front
    assert "<p>Nothing</p>" in front
    assert "<p>Nothing</p>" not in book()["EPUB/front.xhtml"]


def test_pages_turn_in_the_direction_of_the_chosen_texts() -> None:
    ways = {tag: tree(book(language=tag)["EPUB/record.opf"]).find(f".//{OPF}spine") for tag in ("", "ar")}
    found = {tag: None if spine is None else spine.get("page-progression-direction") for tag, spine in ways.items()}
    assert found == {"": "ltr", "ar": "rtl"}


def test_a_report_has_a_page_and_an_entry_below_its_meeting() -> None:
    made, (record, _) = ProceedingsBook(WORDS), two_records()
    files = made.begin()
    files |= made.add(record, WORDING, day=MONDAY, time="17:03", address="https://h/s/1", report=REPORT)
    files |= made.finish(FRONT)
    order = [each.get("idref") or "" for each in tree(files["EPUB/record.opf"]).iter(f"{OPF}itemref")]
    assert order[2:5] == ["meeting-1-front.xhtml", "meeting-1-report.xhtml", "meeting-1-text-1.xhtml"]
    page = files["EPUB/meeting-1-report.xhtml"]
    tree(page)
    said = ("<h1", "Report: Water &amp; &lt;schools&gt;</h1>", "Binds nobody.", "<h2", "Acuerdos</h2>")
    places = [page.index(each) for each in said]
    assert places == sorted(places)
    link = '<a href="meeting-1-report.xhtml">Report: Water &amp; &lt;schools&gt;</a>'
    assert link in files["EPUB/contents.xhtml"]

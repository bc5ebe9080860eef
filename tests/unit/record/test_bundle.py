from __future__ import annotations

import json
import re
from html import unescape

import pytest
from msgspec.structs import replace

from moothall.core.kernel.times import media_time
from moothall.core.search.han import simpler_in
from moothall.record import bundle
from support.record.golden import ENGLISH, golden_records
from support.sessions.record_maker import FLOOR

WORDS = bundle.BundleWording(
    notice="Texts <&>",
    withdrawn="Look here:",
    search="Words",
    search_in="In",
    find="Find",
    searching="Looking…",
    found='Found "{n}"',
    found_more="First {n}",
    sound="Sound from {time}",
    none="Nothing.",
    report="Report",
    book="As one book",
)
FILES = {form: f"data/s/floor.{form}" for form in ("vtt", "html")}
TEXT = bundle.BundledText(
    channel="floor", kind="floor", languages=("en",), name="English <&>", position="e:1", seal=None, files=FILES
)
SOUND = bundle.BundledSound(path="data/s/sound/a-0.ogg", channel="floor", t0=61_000)
SESSION = bundle.BundledSession(
    id="s",
    title="Water <&> land",
    language="en",
    day="Monday",
    opened=0,
    address="https://hall.example/s/s",
    texts=(TEXT,),
    sound=(SOUND,),
    withdrawn=(bundle.BundledRemoval(offset=9, at=1, reason="request"),),
)
MANIFEST = bundle.BundleManifest(
    title="All\nof <it>",
    language="ar",
    withdrawals="https://hall.example/withdrawals.json?session=s",
    keys="https://hall.example/.well-known/moothall.json",
    sessions=(SESSION,),
    files=(
        bundle.BundledFile(path="data/s/floor.vtt", bytes=3, sha256="a" * 64),
        bundle.BundledFile(path="data/s/floor.html", bytes=4, sha256="b" * 64),
        bundle.BundledFile(path="index.html", bytes=5, sha256="c" * 64),
    ),
)
SEARCHED = {"English": ["search/s/floor.js", "search/s/pt.js"]}


def test_the_page_has_each_session_with_its_texts_and_sound() -> None:
    page = bundle.write_index(MANIFEST, WORDS, SEARCHED)
    assert '<html lang="ar" dir="rtl">' in page
    assert '<h3 id="session-s"><bdi lang="en">Water &lt;&amp;&gt; land</bdi></h3>' in page
    assert '<a href="data/s/floor.html">English &lt;&amp;&gt;</a>' in page
    assert '<a href="data/s/floor.vtt">vtt</a>' in page
    assert f'aria-label="Sound from {media_time(61_000)}"' in page
    assert "https://hall.example/withdrawals.json?session=s" in page
    assert '<option value="search/s/floor.js search/s/pt.js">English</option>' in page
    assert unescape(re.findall(r'data-found="(.*?)"', page)[0]) == 'Found "{n}"'
    assert "<it>" not in page


def test_the_page_has_the_report_of_a_session() -> None:
    files = {form: f"data/s/report.{form}" for form in ("html", "docx")}
    report = bundle.BundledReport(title="Water & <schools>", language="es", n=2, files=files)
    page = bundle.write_index(replace(MANIFEST, sessions=(replace(SESSION, report=report),)), WORDS, SEARCHED)
    assert 'Report: <a href="data/s/report.html"><bdi lang="es">Water &amp; &lt;schools&gt;</bdi></a>' in page
    assert '<a href="data/s/report.docx">docx</a>' in page


def test_the_page_names_the_book_of_the_same_records_where_there_is_one() -> None:
    book = "https://hall.example/proceedings.epub?day=2026-11-24&ui=ar"
    page = bundle.write_index(replace(MANIFEST, proceedings=(book,)), WORDS, SEARCHED)
    assert f'As one book: <a href="{book.replace("&", "&amp;")}">' in page
    assert "As one book" not in bundle.write_index(MANIFEST, WORDS, SEARCHED)


def test_a_page_of_nothing_says_so_and_has_no_search() -> None:
    page = bundle.write_index(replace(MANIFEST, sessions=()), WORDS, {})
    assert "<p>Nothing.</p>" in page
    assert 'role="search"' not in page


def test_a_session_without_a_time_stands_under_no_day() -> None:
    page = bundle.write_index(
        replace(MANIFEST, sessions=(replace(SESSION, day="", opened=None, language=""),)), WORDS, {}
    )
    assert "<h2>" not in page
    assert '<h3 id="session-s"><bdi>' in page


@pytest.mark.parametrize("channel", [FLOOR, ENGLISH])
def test_lines_are_searched_with_the_ids_that_the_page_has(channel: str) -> None:
    record = {str(name): each for name, each in golden_records().items()}[channel]
    script = bundle.search_lines("data/s/floor.html", "Title", record)
    assert script.startswith("moothall_lines(")
    page, title, languages, lines, simpler = json.loads(
        f"[{script.removeprefix('moothall_lines(').removesuffix(');' + chr(10))}]"
    )
    assert (page, title) == ("data/s/floor.html", "Title")
    assert languages[0] == record.language
    assert set(languages) >= {line.language for line in record.lines}
    assert [line[0] for line in lines] == [f"line-{line.segment}" for line in record.lines]
    assert [line[2] for line in lines] == [line.text for line in record.lines]
    assert simpler == simpler_in(line.text for line in record.lines)


def test_the_list_for_programs_can_be_read_again() -> None:
    read = json.loads(bundle.write_manifest(MANIFEST))
    assert (read["format"], read["version"]) == ("moothall.bundle", 1)
    assert read["sessions"][0]["texts"][0]["files"] == FILES
    assert read["sessions"][0]["sound"][0]["t0"] == 61_000


def test_the_bag_says_what_is_in_it() -> None:
    assert bundle.bag_info(MANIFEST) == (
        "External-Description: All of <it>\n"
        "Payload-Oxum: 7.2\n"
        "Internal-Sender-Description: Look at https://hall.example/withdrawals.json?session=s for what was withdrawn "
        "since.\n"
    )
    assert bundle.bag_list(MANIFEST.files[:1]) == f"{'a' * 64}  data/s/floor.vtt\n"

from __future__ import annotations

import base64
import re
from hashlib import sha256

import msgspec
import pytest

from moothall.core.events import types as ev
from moothall.record.html import policy, write_html
from moothall.record.parallel import OtherText
from moothall.record.sections import LONG_SECTION
from moothall.record.wording import Options
from moothall.record.wrapping import EXCERPT
from support.record.golden import ARABIC, golden_records
from support.sessions.record_maker import FLOOR, WORDING, Questions, Telling, meeting, questioned, unanswered

STYLE = "p { color: red }"


def written(told: Telling, **options: bool) -> str:
    return write_html(told.record(), WORDING, Options(**options), STYLE)


def headings(html: str) -> list[str]:
    return [f"{level} {re.sub('<[^>]+>', '', text)}" for level, text in re.findall(r"<(h\d)[^>]*>(.*?)</h\d>", html)]


def long_meeting() -> Telling:
    told = Telling()
    told.line("Good morning.", 1_000, 2_000, name="Ann")
    told.line("And on it goes.", 301_000, 302_000, name="Ann")
    told.tell(ev.GapNoted(channel=FLOOR, t0=900_000, t1=910_000, reason=ev.GapReason.OVERLOAD))
    told.line("Thank you.", 1_500_000, 1_501_000)
    return told


def test_it_is_read_by_its_headings() -> None:
    html = written(long_meeting())
    assert headings(html) == [
        "h1 Plenary", "h2 Contents by time", "h2 0:00", "h3 Ann", "h2 5:00", "h3 Ann", "h2 15:00", "h2 25:00",
        "h3 Speaker not named",
    ]  # fmt: skip
    assert re.findall(r'<li><a href="#(at-\d+)">([^<]+)</a>(.*?)</li>', html) == [
        ("at-0", "0:00", ' <bdi lang="en">Good morning.</bdi>'),
        ("at-300", "5:00", ' <bdi lang="en">And on it goes.</bdi>'),
        ("at-900", "15:00", ""),
        ("at-1500", "25:00", ' <bdi lang="en">Thank you.</bdi>'),
    ]


def test_long_records_have_longer_sections() -> None:
    told = long_meeting()
    told.line("The end.", 3_700_000, 3_701_000)
    assert re.findall(r'<section aria-labelledby="at-(\d+)">', written(told)) == ["0", "600", "1200", "3600"]
    assert LONG_SECTION == 600_000


def test_without_times_and_speakers_it_is_one_text() -> None:
    html = written(long_meeting(), times=False, speakers=False)
    assert headings(html) == ["h1 Plenary"]
    assert 'class="time"' not in html
    assert headings(written(long_meeting(), times=False)) == ["h1 Plenary", "h2 Ann", "h2 Speaker not named"]


def test_each_line_has_its_language_direction_and_source() -> None:
    html = written(meeting())
    assert (
        '<div class="line" id="line-floor-1-11">\n<a class="time" href="#line-floor-1-11">0:17</a>\n'
        '<p lang="ar" dir="rtl">شكرا جزيلا لكم على هذه الكلمة، سيدتي الرئيسة.</p>\n'
        '<p class="source">Written by a machine</p>\n</div>\n'
    ) in html
    assert '<p class="source">Written by a machine · Mended by a person</p>' in html
    assert "<h3><bdi>&lt;v Chair&gt;</bdi></h3>" in html
    assert '<p class="missing">Not recorded from 1:10 to 2:10</p>' in html
    assert "<title>Water &amp; &lt;land&gt; --&gt; 2026</title>" in html
    assert "<script" not in html


def test_what_was_said_is_text_and_never_markup() -> None:
    told = Telling()
    told.line("It is <b>bold</b> & 1 < 2.", 0, 900)
    assert '<p lang="en" dir="ltr">It is &lt;b&gt;bold&lt;/b&gt; &amp; 1 &lt; 2.</p>' in written(told)


def test_a_line_of_no_language_says_none() -> None:
    told = Telling()
    told.line("Hm.", 0, 900, language="")
    assert '<p dir="auto">Hm.</p>' in written(told)


def test_sources_can_be_shown_from_the_beginning() -> None:
    assert '<input type="checkbox" id="sources">' in written(Telling())
    assert '<input type="checkbox" id="sources" checked>' in written(Telling(), sources=True)


def test_its_policy_allows_its_style_and_nothing_else() -> None:
    html = written(Telling())
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(sha256(style[0].encode()).digest()).decode()
    assert policy(STYLE) == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert policy(STYLE).replace("'", "&#x27;") in html


def test_the_contents_show_the_beginning_of_long_lines() -> None:
    told = Telling()
    told.line("word " * 40, 0, 900)
    told.line("水" * 100, 400_000, 400_900, language="zh")
    html = written(told)
    assert f">{'word ' * 11}word…</bdi>" in html
    assert f">{'水' * EXCERPT}…</bdi>" in html


def test_how_good_the_text_is_stands_above_it() -> None:
    words = msgspec.structs.replace(WORDING, quality="Fast & good")
    html = write_html(meeting().record(), words, Options(), STYLE)
    assert '</p>\n<p class="facts">Fast &amp; good</p>\n<p class="choice">' in html
    assert written(meeting()).count('class="facts"') == 1


def test_two_texts_stand_beside_each_other() -> None:
    records = golden_records()
    named = msgspec.structs.replace(WORDING, name="As <spoken>", quality="Good")
    beside = OtherText(record=records[ARABIC], wording=msgspec.structs.replace(WORDING, name="Arabic"))
    html = write_html(records[FLOOR], named, Options(), STYLE, beside)
    assert '<body class="bilingual">' in html
    assert '<div class="pair names"><p>As &lt;spoken&gt;</p><p>Arabic</p></div>' in html
    english = records[FLOOR].lines[0].segment
    assert (
        f'<div class="line pair" id="line-{english}">\n<a class="time" href="#line-{english}">0:01</a>\n'
        '<div>\n<p lang="en" dir="ltr">Good morning, and welcome to this open session on water &amp; rights.</p>\n'
        '<p class="source">Written by a machine</p>\n</div>\n'
        '<div>\n<p lang="ar" dir="rtl">صباح الخير، ومرحبا بكم في هذه الجلسة المفتوحة عن المياه &amp; الحقوق.</p>\n'
    ) in html
    assert '<div>\n<p class="missing">No text from 1:18 to 1:30: source-lost</p>\n</div>\n<div>\n</div>' in html
    assert html.count('<p class="missing">') == 3, "what both texts lack stands once"
    assert html.count('<p class="notice">') == 2
    assert html.count("<bdi>State: ") == 2
    assert "#answer" not in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert not set(re.findall(r'href="#([^"]+)"', html)) - set(ids)


def test_nothing_said() -> None:
    assert headings(written(Telling())) == ["h1 Plenary"]


def test_what_was_asked_stands_below_the_text_and_leads_to_it() -> None:
    words = msgspec.structs.replace(WORDING.asked, figures=("Received: 6.",))
    wording = msgspec.structs.replace(WORDING, asked=words)
    record = questioned().record()
    html = write_html(record, wording, Options(), STYLE)
    assert headings(html)[2:] == [
        "h2 Questions and comments",
        "h3 Question no. 1 · Ana &lt;x&gt;",
        "h3 Comment no. 2",
        "h4 The answer",
        "h3 Question no. 3",
        "h3 Question no. 4",
        "h3 Question no. 5",
    ]
    assert '<p class="facts">Received: 6.</p>' in html
    assert f'<a href="#line-{record.asked[0].segment}">Answered at 1:05</a>' in html
    assert '<p lang="en" dir="ltr">Why?</p>\n<p lang="en" dir="ltr">Why &amp; how?</p>' in html
    assert '<p lang="ar" dir="rtl">نحن.</p>\n<p lang="ar" dir="rtl">معكم.</p>' in html
    assert "Secret" not in html
    bare = write_html(record, wording, Options(speakers=False, times=False), STYLE)
    assert "Ana" not in bare
    assert ">See the answer in the text</a>" in bare
    assert "Asked at" not in bare


def test_the_contents_lead_to_what_was_asked() -> None:
    told = long_meeting()
    Questions(told).ask("Why?")
    assert '<li><a href="#questions">Questions and comments</a></li>' in written(told)
    assert "#questions" not in written(long_meeting())


@pytest.mark.parametrize(
    ("closed", "stands"),
    [
        (False, ["Queued", "Later", "Called"]),
        (True, [*2 * ["The meeting ended before its turn came"], "It had its turn when the meeting ended"]),
    ],
)
def test_after_the_close_it_says_what_became_of_what_was_left(*, closed: bool, stands: list[str]) -> None:
    html = write_html(unanswered(closed=closed).record(), WORDING, Options(), STYLE)
    assert re.findall(r">([^<>]+) · Asked at", html) == stands

from __future__ import annotations

import json
import re
from html import unescape

import msgspec
import pytest

from moothall.adapters.page_files import find_web_folder
from moothall.adapters.page_texts import ErrorText
from moothall.adapters.pages import OlderPage, Pages, channel_name, media_time, script_json, standing
from moothall.core.events import ChannelKind, GapReason, Origin, SealVersion
from moothall.core.ids import ChannelId, Epoch, SegmentId, SessionId, SpeakerId
from moothall.core.session import Status
from moothall.core.views.captions import Channel, Gap, Line, Session, Snapshot

PAGES = Pages(find_web_folder())
EN = PAGES.catalogues["en"]
FLOOR = ChannelId("floor")
NOON = 1_764_000_000_000


def line(n: int, text: str = "Text.", **fields: object) -> Line:
    made = Line(
        segment=SegmentId(f"s{n}"), t0=n * 1_000, t1=n * 1_000 + 900, language="en", origin=Origin.MACHINE, text=text
    )
    return msgspec.structs.replace(made, **fields)


def snapshot(*lines: Line, before: int | None = None, **fields: object) -> Snapshot:
    session = Session(id=SessionId("plenary"), title="Plenary", status=Status.OPEN, opened=NOON, clock=(0, NOON))
    session = msgspec.structs.replace(session, **fields)
    return Snapshot(epoch=Epoch("e1"), offset=7, feed="floor.live", session=session, lines=lines, before=before)


def render(
    seen: Snapshot, language: str = "en", *, live: bool = True, chosen: bool = False, older: OlderPage | None = None
) -> str:
    return PAGES.render_session(
        seen,
        channel=FLOOR,
        live=live,
        ui=PAGES.catalogues[language],
        now=NOON + 10_000,
        ui_chosen=chosen,
        older=older,
    )


def data(html: str) -> dict[str, object]:
    found = re.search(r'id="Data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    value: dict[str, object] = json.loads(found[1])
    return value


def shown(html: str) -> str:
    """The page's words, without markup."""
    body = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-1, "0:00"),
        (999, "0:00"),
        (61_000, "1:01"),
        (3_599_999, "59:59"),
        (3_600_000, "1:00:00"),
        (36_061_000, "10:01:01"),
    ],
)
def test_media_time(ms: int, text: str) -> None:
    assert media_time(ms) == text


def test_data_blocks_cannot_end_themselves() -> None:
    value = {"a": "</script><!-- & \u2028"}
    text = str(script_json(value))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_every_line_says_its_language_time_speaker_and_source() -> None:
    html = render(
        snapshot(
            line(61, speaker=SpeakerId("amina")),
            line(62, "Deux.", language="fr", speaker=SpeakerId("amina"), mended=True),
            line(63, "ثلاثة", language="ar", origin=Origin.INTERPRETER),
            speakers={SpeakerId("amina"): "Amina"},
        )
    )
    assert '<li class="line" id="s61" data-n="0" data-t0="61000" data-origin="machine" data-speaker="amina">' in html
    assert '<li class="line again" id="s62"' in html
    assert '<p class="text" lang="fr" dir="ltr">Deux.</p>' in html
    assert '<p class="text" lang="ar" dir="rtl">ثلاثة</p>' in html
    assert '<time datetime="2025-11-24T16:01:01Z" title="2025-11-24 16:01:01 UTC">1:01</time>' in html
    assert '<a class="time" href="#s63">' in html
    assert html.count("Mended by a person</span>") == 1
    assert '<span class="source">Interpreter</span>' in html


def test_the_open_line_stands_after_the_log_and_lines_without_text_do_not_show() -> None:
    html = render(
        snapshot(line(1), line(2, " "), line(3, "never ended", t1=None), line(4, " Growing", t1=None, words=1))
    )
    log, _, after = html.partition('id="Growing"')
    assert re.findall(r'<li class="[^"]*" id="(s\d)"', log) == ["s1", "s3"]
    assert ">Growing</p>" in after
    assert data(html)["growing"] is not None
    assert data(html)["total"] == 4


def test_what_the_scripts_need_is_there() -> None:
    html = render(snapshot(line(5), before=400), live=False)
    assert 'data-position="e1:7"' in html
    found = data(html)
    assert {name: found[name] for name in ("epoch", "offset", "total", "base", "query", "spoke")} == {
        "epoch": "e1",
        "offset": 7,
        "total": 401,
        "base": "/s/plenary",
        "query": "channel=floor&feed=lines",
        "spoke": NOON + 5_900,
    }
    assert 'href="/s/plenary?channel=floor&amp;feed=lines&amp;before=400#Log"' in html


@pytest.mark.parametrize(
    ("fields", "kind", "values"),
    [
        ({"status": Status.CREATED}, "before", {}),
        ({"status": Status.PAUSED}, "break", {}),
        ({"status": Status.CLOSED}, "closed", {}),
        ({"clock": None}, "waiting", {}),
        ({}, "live", {"n": 4}),
        ({"clock": (5_000, NOON + 6_000)}, "live", {"n": 3}),
        ({"clock": (0, NOON - 120_000)}, "live-min", {"n": 2}),
        ({"clock": (0, NOON + 60_000)}, "live", {"n": 1}),
    ],
)
def test_how_it_stands(fields: dict[str, object], kind: str, values: dict[str, int]) -> None:
    assert standing(snapshot(line(5), before=None, **fields), NOON + 10_000) == (kind, values)


def test_nothing_said_yet() -> None:
    assert standing(snapshot(), NOON) == ("waiting", {})


def test_gaps_stand_where_they_belong() -> None:
    gaps = (
        Gap(t0=500, t1=900, reason=GapReason.SOURCE_LOST),
        Gap(t0=1_950, t1=1_990, reason=GapReason.OVERLOAD),
        Gap(t0=9_000, t1=70_000, reason=GapReason.STORAGE),
    )
    seen = snapshot(line(1), line(2), line(3), gaps=gaps)
    assert re.findall(r'id="(s\d)"|class="gap" data-t0="(\d+)"', render(seen)) == [
        ("", "500"), ("s1", ""), ("", "1950"), ("s2", ""), ("s3", ""), ("", "9000"),
    ]  # fmt: skip
    assert "No text from 0:09 to 1:10: it could not be saved" in render(seen)
    middle = OlderPage(lines=(line(1), line(2)), start=200, total=500)
    assert re.findall(r'class="gap" data-t0="(\d+)"', render(seen, older=middle)) == ["1950"]
    assert "No text from 0:00" in render(snapshot(gaps=gaps[:1]))


def test_pages_of_older_lines_lead_on_and_back_and_need_no_script() -> None:
    seen = snapshot(line(450), before=450)
    html = render(
        seen, "fr", chosen=True, older=OlderPage(lines=tuple(map(line, range(200, 400))), start=200, total=651)
    )
    assert "<script" not in html
    assert "?channel=floor&amp;ui=fr&amp;before=200#Log" in html
    assert "?channel=floor&amp;ui=fr&amp;before=600" in html
    last = render(seen, older=OlderPage(lines=tuple(map(line, range(400, 600))), start=400, total=651))
    assert "Later lines" not in last
    assert "Newest text" in last
    first = render(seen, older=OlderPage(lines=(line(1),), start=0, total=651))
    assert 'id="Older" hidden' in first


def test_a_closed_meeting_is_a_record() -> None:
    html = render(snapshot(line(1), status=Status.CLOSED, seal=SealVersion.FINAL))
    assert "Closed: this is the record · Final" in shown(html)
    assert "Plenary \N{EN DASH} Record" in html
    assert "<noscript>" not in html
    assert "Whole lines only" not in html


def test_several_texts_can_be_chosen_from() -> None:
    channels = {
        FLOOR: Channel(kind=ChannelKind.FLOOR, languages=("en",)),
        ChannelId("fr"): Channel(kind=ChannelKind.INTERPRETATION, languages=("fr",)),
        ChannelId("es"): Channel(kind=ChannelKind.TRANSLATION, languages=("es",)),
    }
    html = render(snapshot(line(1), channels=channels))
    assert '<a href="/s/plenary?channel=floor" aria-current="page">As spoken</a>' in html
    assert '<a href="/s/plenary?channel=fr">Interpreter: French</a>' in html
    assert channel_name(channels[ChannelId("es")], PAGES.catalogues["ar"]) == "ترجمة: الإسبانية"
    assert channel_name(Channel(kind=ChannelKind.FLOOR, languages=()), EN) == "As spoken"
    assert "As spoken" not in render(snapshot(line(1), channels={FLOOR: channels[FLOOR]}))


@pytest.mark.parametrize("language", PAGES.catalogues.languages)
def test_the_page_in_every_language(language: str) -> None:
    ui = PAGES.catalogues[language]
    html = render(snapshot(line(1)), language)
    assert f'<html lang="{language}" dir="{ui.direction}">' in html
    notice = next(key for key in ui.keys if key.startswith("A machine writes this text"))
    assert ui.text(notice) in shown(html)
    assert data(html)["ui"] == language


def test_nothing_inline() -> None:
    html = render(snapshot(line(1)))
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
    scripts = re.findall(r"<script([^>]*)>", html)
    assert [script for script in scripts if "src=" not in script] == [' type="application/json" id="Data"']


def test_the_list_of_meetings() -> None:
    sessions = [
        snapshot(title="<One>", status=Status.PAUSED).session,
        msgspec.structs.replace(snapshot(title=" ", opened=None).session, id=SessionId("b")),
    ]
    html = PAGES.render_sessions(sessions, ui=EN)
    assert '<a href="/s/plenary"><bdi>&lt;One&gt;</bdi></a>' in html
    assert "Break · Nov 24, 2025" in shown(html)
    assert '<a href="/s/b"><bdi>Meeting without a title</bdi></a>' in html
    assert "/s/plenary?ui=en" in PAGES.render_sessions(sessions, ui=EN, ui_chosen=True)
    assert "No meeting is open to the public at the moment." in PAGES.render_sessions([], ui=EN)


@pytest.mark.parametrize("language", PAGES.catalogues.languages)
@pytest.mark.parametrize("key", [value for name, value in vars(ErrorText).items() if name.isupper()])
def test_every_error_is_a_sentence_in_every_language(language: str, key: str) -> None:
    ui = PAGES.catalogues[language]
    assert ui.text(key) in unescape(PAGES.render_error(404, key, ui=ui))
    assert ui.text(key).endswith((".", "。"))

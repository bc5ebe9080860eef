from __future__ import annotations

import pytest

from moothall.core.events.lines import Origin
from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.akoma_ntoso import read_akoma_ntoso

FOREIGN = """<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><debate name="hansard" xml:lang="en">
<meta><identification><FRBRWork><FRBRdate date="2011-06-10" name="sitting"/></FRBRWork></identification>
<references><TLCPerson eId="speaker" href="/x" showAs="Mr. Speaker"/></references></meta>
<preface><p><docTitle>Parliament of Kenya</docTitle></p></preface>
<debateBody><debateSection name="a"><heading>Prayers</heading><narrative>[The House met.]</narrative>
<speech by="#speaker" startTime="2011-06-10T09:00:10"><from>Mr. Speaker:</from>
<p>Order! <remark>x</remark>Sit.</p></speech>
<speech by="#unknown" startTime="2011-06-10T09:00:00+00:00"><from>Hon. Ann:</from>
<p xml:lang="sw">Asante.</p>
<p>Thanks.</p><p> </p></speech></debateSection></debateBody></debate></akomaNtoso>"""

OURS = """<akomaNtoso><debate xml:lang="en"><meta>
<references><TLCPerson eId="speaker-1" showAs="Ann"/></references></meta>
<preface><p><docTitle>Plenary</docTitle></p></preface><debateBody><debateSection>
<speech by="#speaker-1" startTime="2026-11-24T10:00:01.000Z"><from>Ann</from>
<p wId="line-s1" xmlns:m="urn:moothall:record:1" m:origin="machine" m:begin="1000" m:end="2000"
 m:mended="true">Hi.</p>
<p wId="line-s2" xmlns:m="urn:moothall:record:1" m:origin="new" m:begin="3000" m:tool="Zoom" xml:lang="ar">شكرا</p>
<p xmlns:m="urn:moothall:record:1" m:begin="4000"> </p></speech>
<speech by="#unnamed">
<p wId="line-s3" xmlns:m="urn:moothall:record:1" m:begin="500">Well.</p></speech>
<scene xmlns:m="urn:moothall:record:1" m:absence="gap">No text</scene>
</debateSection></debateBody></debate></akomaNtoso>"""


def test_a_debate_of_a_parliament() -> None:
    past = read_akoma_ntoso(FOREIGN)
    assert (past.title, past.day, past.language, past.opened) == (
        "Parliament of Kenya",
        "2011-06-10",
        "en",
        1_307_696_400_000,
    )
    assert [(line.t0, line.name, line.text, line.language) for line in past.lines] == [
        (0, "", "[The House met.]", "en"),
        (0, "Hon. Ann", "Asante.", "sw"),
        (500, "Hon. Ann", "Thanks.", "en"),
        (10_000, "Mr. Speaker", "Order!", "en"),
        (10_500, "Mr. Speaker", "Sit.", "en"),
    ]
    assert not past.estimated


def test_without_times_they_are_estimated() -> None:
    past = read_akoma_ntoso("<debate><debateBody><speech by='#a'><p>Hi.</p></speech></debateBody></debate>")
    assert past.estimated
    assert (past.opened, past.day, past.title, past.lines[0].name) == (None, "", "", "")


def test_what_this_program_wrote_has_media_times_and_origins() -> None:
    past = read_akoma_ntoso(OURS)
    assert past.opened == 1_795_514_400_000
    assert [(line.id, line.t0, line.t1, line.name, line.origin, line.language) for line in past.lines] == [
        ("s3", 500, 500, "", Origin.PERSON, "en"),
        ("s1", 1_000, 2_000, "Ann", Origin.MACHINE, "en"),
        ("s2", 3_000, 3_000, "Ann", Origin.PERSON, "ar"),
    ]
    assert (past.lines[1].mended, past.lines[1].revision, past.lines[2].tool) == (True, 1, "Zoom")


@pytest.mark.parametrize("text", ["<a/>", "<akomaNtoso><debate/></akomaNtoso>", "<debate><debateBody/></debate>"])
def test_what_is_no_debate(text: str) -> None:
    with pytest.raises(ImportRefused):
        read_akoma_ntoso(text)


def test_a_time_that_cannot_be_is_none() -> None:
    text = "<debate><debateBody><speech startTime='{}'><p>Hi.</p></speech></debateBody></debate>"
    for time in ("soon", "1901-01-01T00:00:00", "0001-01-01T00:00:00+14:00"):
        assert read_akoma_ntoso(text.format(time)).opened is None

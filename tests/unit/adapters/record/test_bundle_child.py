from __future__ import annotations

import io
import json
import os
import zipfile
from hashlib import sha256
from pathlib import Path

import pikepdf
import pytest
from msgspec.structs import replace
from pdfua import validate

from moothall.adapters.pages.static_files import StaticFiles, find_web_folder
from moothall.adapters.record.arriving import ArrivingSession
from moothall.adapters.record.bundle_child import FORMS, messages, texts_of, write_bundle
from moothall.adapters.record.bundle_messages import (
    BundleForm,
    BundleMessage,
    BundleOrder,
    RecordingFile,
    SessionBegins,
    SessionEnds,
    SessionEvents,
    framed,
)
from moothall.adapters.record.forms import record_style, write_record
from moothall.adapters.record.proceedings import ProceedingsPdf
from moothall.adapters.record.texts import wording
from moothall.adapters.record.typesetting import TypesettingFailed
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SessionId, SourceId
from moothall.record.json import write_json
from moothall.record.model import Record
from moothall.record.wording import Options
from support.record.golden import ARABIC, CHANNELS, golden_records, golden_session
from support.record.proceedings import REPORT
from support.sessions.record_maker import FLOOR, meeting

ORDER = BundleOrder(
    web=str(find_web_folder()),
    language="en",
    zone="Africa/Nairobi",
    folder="taken",
    title="All",
    public="https://hall.example",
    withdrawals="https://hall.example/withdrawals.json",
    most_bytes=1 << 30,
)


def told(*sound: RecordingFile, channels: tuple[ChannelId, ...] = (FLOOR, ChannelId("fr"))) -> list[BundleMessage]:
    """The messages about one meeting, whose source began at 5 s and whose events 3 and 4 were removed."""
    telling = meeting()
    telling.tell(
        ev.SourceAttached(source=SourceId("mic"), channel=FLOOR, t=5_000, rate=48_000),
        ev.BodyRemoved(offsets=(3, 4), reason="request", by="s"),
        ev.BodyRemoved(offsets=(), reason="request", by="s"),
    )
    header = telling.records[0].header
    begins = SessionBegins(session=header.session, epoch=header.epoch, channels=channels, sound=sound)
    return [begins, SessionEvents(tuple(telling.records)), SessionEnds()]


def first_record(arriving: list[BundleMessage]) -> Record:
    """The record of the first text of a meeting."""
    begins, events, _ = arriving
    assert isinstance(begins, SessionBegins)
    assert isinstance(events, SessionEvents)
    session = ArrivingSession(begins)
    session.take(events.records)
    return next(session.records())


def made(path: Path, order: BundleOrder, arriving: list[BundleMessage]) -> bytes:
    with path.open("w+b") as file:
        write_bundle(file.fileno(), order, iter(arriving))
    return path.read_bytes()


def test_published_sound_is_taken_along_with_its_media_time(tmp_path: Path) -> None:
    (tmp_path / "a.opus").write_bytes(b"OggS" * 100_000)
    known = RecordingFile(str(tmp_path / "a.opus"), "mic", 32_000)
    other = RecordingFile(str(tmp_path / "none.opus"), "unknown", 0)
    body = made(tmp_path / "taken.zip", ORDER, told(known, other))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        manifest = json.loads(archive.read("taken/manifest.json"))
        [session] = manifest["sessions"]
        assert [(part["channel"], part["t0"]) for part in session["sound"]] == [("floor", 7_000)]
        [part] = session["sound"]
        assert archive.read(f"taken/{part['path']}") == b"OggS" * 100_000
        assert archive.getinfo(f"taken/{part['path']}").compress_type == zipfile.ZIP_STORED
        assert f'src="{part["path"]}"' in archive.read("taken/index.html").decode()
    assert [each["reason"] for each in session["withdrawn"]] == ["request"]


def test_a_text_is_in_it_as_pdf_where_that_can_be_set(tmp_path: Path) -> None:
    """All texts are set by one process, while those of the next meeting are written; the first is the file that its own
    address gives.
    """
    ui, zone = texts_of(ORDER)
    record = first_record(told())
    alone = write_record("pdf", record, wording(record, ui, zone, ORDER.public), Options(), lambda: "")
    (begins, *later), empty = told(channels=(FLOOR,)), told(channels=(ChannelId("none"),))
    assert isinstance(begins, SessionBegins)
    arriving = [*told(), replace(begins, session=SessionId("zz")), *later, *empty]
    for order in (replace(ORDER, pdf=True), ORDER):
        with zipfile.ZipFile(io.BytesIO(made(tmp_path / "taken.zip", order, arriving))) as archive:
            manifest = json.loads(archive.read("taken/manifest.json"))
            session, other = manifest["sessions"]
            reasons = {text["channel"]: text["without_pdf"] for text in session["texts"]}
            pdfs = {each["path"] for each in manifest["files"] if each["path"].endswith(".pdf")}
            texts = (*session["texts"], *other["texts"])
            assert pdfs == {text["files"]["pdf"] for text in texts if "pdf" in text["files"]}
            if order.pdf:
                assert "data/zz/floor.pdf" in pdfs
                assert reasons == {"floor": None, "fr": None}
                assert archive.read("taken/data/plenary/floor.pdf") == alone
                assert '<a href="data/plenary/fr.pdf">pdf</a>' in archive.read("taken/index.html").decode()
                assert archive.comment.decode() == sha256(archive.read("taken/manifest.json")).hexdigest()
            else:
                assert reasons == dict.fromkeys(("floor", "fr"), "not-installed")
                assert not pdfs


def test_equal_messages_give_equal_bytes(tmp_path: Path) -> None:
    bodies = {form: made(tmp_path / form, replace(ORDER, form=form), told()) for form in BundleForm}
    assert all(made(tmp_path / "again", replace(ORDER, form=form), told()) == body for form, body in bodies.items())
    first, *records = map(json.loads, bodies[BundleForm.LINES].splitlines())
    assert first["texts"] == len(records) == 2
    assert {record["format"] for record in records} == {"moothall.record"}


def test_each_text_is_in_it_as_at_its_own_address(tmp_path: Path) -> None:
    records = tuple(golden_session().records)
    begins = SessionBegins(
        session=records[0].header.session, epoch=records[0].header.epoch, channels=CHANNELS, sound=()
    )
    arriving: list[BundleMessage] = [begins, SessionEvents(records), SessionEnds()]
    ui, zone = texts_of(ORDER)
    own = {channel: record for channel, record in golden_records().items() if channel in CHANNELS}
    style = record_style(StaticFiles(find_web_folder()))
    with zipfile.ZipFile(io.BytesIO(made(tmp_path / "taken.zip", ORDER, arriving))) as archive:
        for channel, record in own.items():
            words = wording(record, ui, zone, ORDER.public)
            for form in FORMS:
                alone = write_record(form, record, words, Options(), lambda: style)
                assert archive.read(f"taken/data/{record.id}/{channel}.{form}") == alone, (channel, form)
    lines = made(tmp_path / "lines", replace(ORDER, form=BundleForm.LINES), arriving).splitlines(keepends=True)
    of_one = {str(json.loads(line)["text"]["channel"]): line for line in lines[1:]}
    assert of_one == {
        channel: write_json(record, wording(record, ui, zone, ORDER.public), Options())
        for channel, record in own.items()
    }


def test_a_published_report_stands_beside_the_records(tmp_path: Path) -> None:
    begins, *rest = told()
    arriving = [begins, REPORT, *rest]
    assert [*messages_of(arriving)] == arriving, "it is read as it was sent"
    body = made(tmp_path / "taken.zip", ORDER, arriving)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        [session] = json.loads(archive.read("taken/manifest.json"))["sessions"]
        files = session["report"]["files"]
        assert set(files) == {"html", "json", "docx", "epub"}
        assert archive.read(f"taken/{files['json']}") == REPORT.data
        page = archive.read(f"taken/{files['html']}").decode()
        assert page.index("Water &amp; &lt;schools&gt;") < page.index("Binds nobody.")
        index = archive.read("taken/index.html").decode()
        assert f'Report of the meeting: <a href="{files["html"]}">' in index
        for form in ("docx", "epub"):
            assert zipfile.ZipFile(io.BytesIO(archive.read(f"taken/{files[form]}"))).testzip() is None
    book = made(tmp_path / "book.epub", replace(ORDER, form=BundleForm.EPUB), arriving)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert "Acuerdos" in archive.read("EPUB/meeting-1-report.xhtml").decode()
    order = replace(ORDER, form=BundleForm.LINES)
    for sent, report in ((arriving, json.loads(REPORT.data)), (told(), None)):
        first, *records = map(json.loads, made(tmp_path / "lines", order, sent).splitlines())
        assert (first["report"], len(records)) == (report, 2)


def messages_of(arriving: list[BundleMessage]) -> list[BundleMessage]:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as out:
        out.write(b"".join(map(framed, arriving)))
    try:
        return list(messages(read))
    finally:
        os.close(read)


def of_golden(order: BundleOrder, path: Path) -> bytes:
    records = tuple(golden_session().records)
    header = records[0].header
    begins = SessionBegins(session=header.session, epoch=header.epoch, channels=CHANNELS, sound=())
    return made(path, order, [begins, SessionEvents(records), SessionEnds(), *told(channels=(FLOOR,))])


@pytest.mark.parametrize(
    ("language", "taken"), [("", FLOOR), ("ar", ARABIC), ("fr-CA", ChannelId("fr")), ("sw", FLOOR)]
)
def test_an_e_book_has_of_each_session_the_text_in_a_language_or_what_was_spoken(
    tmp_path: Path, language: str, taken: ChannelId
) -> None:
    body = of_golden(replace(ORDER, form=BundleForm.EPUB, text=language), tmp_path / "book")
    record = golden_records()[taken]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        front, contents = (archive.read(f"EPUB/{name}.xhtml").decode() for name in ("meeting-1-front", "contents"))
        assert f"{record.position}" in front
        assert "Checked" in front
        title = archive.read("EPUB/front.xhtml").decode()
    assert f'href="{ORDER.withdrawals}"' in title
    assert "<p>November 24, 2025</p>" in title
    assert "<span>Monday, November 24, 2025</span>" in contents
    assert contents.count("19:00 <bdi>") == 2, "by the conference's clock"


def test_a_pdf_is_tagged_in_the_order_of_the_meetings_and_bounded_before_it_is_set(tmp_path: Path) -> None:
    bounded: list[int] = []
    order = replace(ORDER, form=BundleForm.PDF, text="ar", language="ar")
    with (tmp_path / "book.pdf").open("w+b") as file:
        write_bundle(
            file.fileno(),
            order,
            iter([told()[0], REPORT, *told()[1:]]),
            before_setting=lambda: bounded.append(file.tell()),
        )
    assert bounded == [0]
    assert [str(each) for each in validate(str(tmp_path / "book.pdf")).findings] == []
    with pikepdf.open(tmp_path / "book.pdf") as pdf, pdf.open_outline() as outline:
        assert str(pdf.Root.Lang) == "ar"
        [day] = outline.root
        assert "2025" in day.title
        assert [each.title for each in day.children] == ["Water & <land> --> 2026"]
        assert len(pdf.pages) >= 3, "a title, contents, and the meeting"


def test_a_pdf_of_too_many_meetings_is_refused_before_it_is_set(tmp_path: Path) -> None:
    [begins] = [each for each in told() if isinstance(each, SessionBegins)]
    session = ArrivingSession(begins)
    session.take(tuple(meeting().records))
    order = replace(ORDER, form=BundleForm.PDF)
    pdf = ProceedingsPdf(io.BytesIO(), order, *texts_of(order), before_setting=lambda: None, most=30_000)
    pdf.add_session(session)
    with pytest.raises(TypesettingFailed, match="too many meetings"):
        pdf.add_session(session)


def test_a_session_without_a_text_is_left_out(tmp_path: Path) -> None:
    nothing = told(channels=(ChannelId("nosuchone"),))
    assert made(tmp_path / "lines", replace(ORDER, form=BundleForm.LINES), nothing) == b""
    body = made(tmp_path / "zip", ORDER, nothing)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert "There is no meeting in this file." in archive.read("taken/index.html").decode()
    body = made(tmp_path / "epub", replace(ORDER, form=BundleForm.EPUB), nothing)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert "There is no meeting in this file." in archive.read("EPUB/front.xhtml").decode()


@pytest.mark.parametrize("cut", [slice(0, 2), slice(1, 3), slice(2, 3)])
def test_messages_that_break_off_make_no_file(tmp_path: Path, cut: slice) -> None:
    with pytest.raises(EOFError):
        made(tmp_path / "taken.zip", ORDER, told()[cut])


@pytest.mark.parametrize("cut", [None, -1])
def test_messages_come_through_a_pipe_until_they_break_off(cut: int | None) -> None:
    first, _, last = told()
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as out:
        out.write(framed(first) + framed(last)[:cut])
    got = messages(reading)
    assert next(got) == first
    if cut is None:
        assert list(got) == [last]
    else:
        with pytest.raises(EOFError):
            next(got)
    os.close(reading)

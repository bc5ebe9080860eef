from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from moothall.adapters.pages.static_files import StaticFiles, find_web_folder
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
from moothall.adapters.record.texts import wording
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SourceId
from moothall.record.json import write_json
from moothall.record.wording import Options
from support.record.golden import CHANNELS, golden_records, golden_session
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
    style = record_style(StaticFiles(find_web_folder()))
    with zipfile.ZipFile(io.BytesIO(made(tmp_path / "taken.zip", ORDER, arriving))) as archive:
        for channel, record in golden_records().items():
            words = wording(record, ui, zone, ORDER.public)
            for form in FORMS:
                alone = write_record(form, record, words, Options(), lambda: style)
                assert archive.read(f"taken/data/{record.id}/{channel}.{form}") == alone, (channel, form)
    lines = made(tmp_path / "lines", replace(ORDER, form=BundleForm.LINES), arriving).splitlines(keepends=True)
    of_one = {str(json.loads(line)["text"]["channel"]): line for line in lines[1:]}
    assert of_one == {
        channel: write_json(record, wording(record, ui, zone, ORDER.public), Options())
        for channel, record in golden_records().items()
    }


def test_a_session_without_a_text_is_left_out(tmp_path: Path) -> None:
    nothing = told(channels=(ChannelId("nosuchone"),))
    assert made(tmp_path / "lines", replace(ORDER, form=BundleForm.LINES), nothing) == b""
    body = made(tmp_path / "zip", ORDER, nothing)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert "There is no meeting in this file." in archive.read("taken/index.html").decode()


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

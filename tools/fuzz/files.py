"""Targets for files that people upload or install: programmes, glossaries, settings, records, packages of models."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path

import msgspec

from fuzz.hub_links import log
from fuzz.target import Target, joined, parts
from moothall.adapters.programme import read_icalendar
from moothall.adapters.store.signing import verifier
from moothall.cli.verifying import read_heads, read_keys
from moothall.core.chain import LogRecord, decode_header
from moothall.core.events.codec import decode_event
from moothall.core.glossary.files import MOST_PARTS, MOST_TERMS, read_glossary
from moothall.core.hubs.gazetteer import read_places
from moothall.core.kernel.decoding import Unreadable
from moothall.core.kernel.errors import ConfigurationError, ProgrammeError, RecordBroken
from moothall.core.programme.drafts import FileContext
from moothall.core.programme.look import MOST_LOGO_SIDE, clean_png, size_of_png
from moothall.core.programme.reading import read_programme
from moothall.core.questions import blocked_words
from moothall.core.terms.terms import cleaned
from moothall.core.translation.phrases import read_phrases
from moothall.record.verify import verify
from moothall.settings import loading
from moothall_hub import settings as hub_settings
from moothall_models.store.archive import ArchiveUnusable, opened_archive
from moothall_models.translators.argos_package import PackageUnusable, check_files, read_about

ROOT = Path(__file__).resolve().parents[2]
ZONES: dict[str, tzinfo] = {"UTC": UTC, "Africa/Nairobi": timezone(timedelta(hours=3))}
READING = FileContext(zones=ZONES.get, calendar=read_icalendar, zone=UTC, languages=("en",))
_MOST_READ = 1 << 20


def seed(path: str, most: int) -> bytes:
    """Return the beginning of a file of the project, at most `most` bytes, up to a line's end."""
    data = (ROOT / path).read_bytes()
    return data if len(data) <= most else data[: data.rindex(b"\n", 0, most) + 1]


def in_file(data: bytes) -> Path:
    """Return the path of a file in memory that holds `data`; it replaces the previous contents."""
    os.ftruncate(_FILE, 0)
    os.pwrite(_FILE, data, 0)
    return Path(f"/proc/self/fd/{_FILE}")


_FILE = os.memfd_create("fuzzed")


def tables(data: bytes) -> None:
    """Give the same text to each of the project's TOML readers, which has to accept it or raise ConfigurationError."""
    text = data.decode("utf-8", "replace")
    _settle(lambda: read_glossary(text, "it"))
    _settle(lambda: read_phrases(text, "it"))
    _settle(lambda: blocked_words.parse("it", text))
    _settle(lambda: read_places(text, "it"))
    path = in_file(data)
    _settle(lambda: loading.load(path, {}))
    _settle(lambda: loading.engine_tokens(path))
    _settle(lambda: hub_settings.load(path, {}))


def _settle(call: Callable[[], object]) -> None:
    try:
        call()
    except ConfigurationError:
        return


def glossary(data: bytes) -> None:
    """Check that a glossary stays within its limits, and that each term is fit for a prompt."""
    found = read_glossary(data.decode("utf-8", "replace"), "it")
    if len(found) > MOST_PARTS or sum(len(part.terms) for part in found) > MOST_TERMS:
        raise AssertionError("A glossary has more than it may have.")
    for part in found:
        if any(cleaned(term) != term for term in part.terms):
            raise AssertionError("A term isn't clean.")
        part.as_terms()


def logo(data: bytes) -> None:
    """Check that cleaning a picture again changes nothing, and that its size is allowed.

    The input is the whole file, or chunks to which correct checksums are added, as the first byte says.
    """
    if data[:1] >= b"\x80":
        chunks = (each[:4].ljust(4, b"\0") + each[4:] for each in parts(data[1:]))
        made = (struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks)
        kept = clean_png(PNG + b"".join(made))
    else:
        kept = clean_png(data[1:])
    if clean_png(kept) != kept:
        raise AssertionError("A picture is cleaned twice.")
    if not all(0 < side <= MOST_LOGO_SIDE for side in size_of_png(kept)):
        raise AssertionError("A picture has a size that none may have.")


PNG = b"\x89PNG\r\n\x1a\n"
LOGO = (
    b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0),
    b"tEXtAuthor\0Somebody",
    b"IDAT" + zlib.compress(b"\0\0"),
    b"IEND",
)


def record(data: bytes) -> None:
    """Try events as a log stores them: header, salt, body and digest of each, four messages an event."""
    rows = parts(data, most=160)
    records = []
    for header, salt, body, digest in zip(rows[::4], rows[1::4], rows[2::4], rows[3::4], strict=False):
        try:
            decoded = decode_header(header)
        except Unreadable:
            continue
        records.append(
            LogRecord(header=decoded, header_bytes=header, salt=salt, body=body, body_digest=digest[:32], digest=digest)
        )
        try:
            decode_event(body)
        except RecordBroken:
            continue
    verify(records, signed=lambda *_: True)


def taken_home(data: bytes) -> None:
    """Try a record in JSON that somebody has kept, and a document of keys."""
    path = in_file(data)
    try:
        heads = read_heads(path)
        heads.expected()
        heads.signed(lambda *_: False)
        verify(log(), expected=heads.expected()[0])
    except ConfigurationError:
        verifier(read_keys(str(path)))


def archive(data: bytes) -> None:
    """Try a package of a translation model, read up to its last byte."""
    with opened_archive(in_file(data)) as opened:
        check_files(set(opened.files))
        for name in opened.files:
            left = _MOST_READ
            for piece in opened.read(name):
                left -= len(piece)
                if left < 0:
                    break
        read_about(b"".join(opened.read("metadata.json")))


def package() -> bytes:
    """Return a minimal package as a seed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a/metadata.json", '{"from_code":"en","to_code":"es","package_version":"1.9"}')
        zipped.writestr("a/model/model.bin", bytes(300))
        zipped.writestr("a/sentencepiece.model", b"x")
    return made.getvalue()


def _log_bytes() -> bytes:
    return joined(
        [part for each in log() for part in (each.header_bytes, each.salt or b"", each.body or b"", each.digest)]
    )


TARGETS = (
    Target(
        name="programme",
        call=lambda data: read_programme(data, READING),
        declared=(ProgrammeError,),
        seeds=(
            seed("config/sample-conference/programme.csv", 1_500),
            seed("config/sample-conference/programme.ics", 3_000),
            seed("config/sample-conference/schedule.xml", 3_500),
            seed("config/sample-conference/schedule.json", 3_500),
            (
                b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:x\r\n"
                b"DTSTART;TZID=Africa/Nairobi:20261201T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
                b"EXDATE:20261202T060000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            ),
        ),
        instrumented=("moothall", "icalendar", "dateutil"),
    ),
    Target(
        name="tables",
        call=tables,
        seeds=(
            seed("config/glossaries/sample.toml", 2_000),
            seed("config/phrases.toml", 1_000),
            seed("config/words/en.toml", 600),
            (
                b'[countries]\nKE = {at = [-1.29, 36.82], capital = "Nairobi"}\n[names.KE]\nen = "Kenya"\n'
                b'[[cities]]\nname = "Kisumu"\ncountry = "KE"\nat = [-0.09, 34.77]\n'
            ),
            seed("config/moothall.toml", 3_000),
            seed("config/moothall-hub.toml", 2_000),
            b"alpha 0123456789abcdef01234567 translate # x\n",
        ),
        instrumented=("moothall", "moothall_hub", "tomllib"),
    ),
    Target(
        name="glossary",
        call=glossary,
        declared=(ConfigurationError,),
        seeds=(
            seed("config/glossaries/sample.toml", 2_000),
            (
                b'terms = ["Kisumu", {term = "M-Pesa", keep = true}]\n[[part]]\nterms = [{term = "The Hague", '
                b'in = {es = "La Haya", fr = "La Haye"}}]\nlanguages = ["en"]\nrooms = ["hall"]\nsessions = ["s"]\n'
            ),
        ),
        instrumented=("moothall", "tomllib"),
    ),
    Target(name="logo", call=logo, declared=(RecordBroken,), seeds=(b"\xff" + joined(LOGO), b"\0" + PNG)),
    Target(name="record", call=record, seeds=(_log_bytes(),)),
    Target(
        name="taken-home",
        call=taken_home,
        declared=(ConfigurationError,),
        seeds=(
            (
                b'{"session":{"id":"s"},"position":{"epoch":"1r2","offset":4},"heads":{"session":{"offset":4,'
                b'"digest":"00"}},"checkpoint":{"offset":4,"key":"k","signature":"AA==","lanes":{}}}'
            ),
            msgspec.json.encode({"keys": [{"id": "0", "alg": "Ed25519", "public_key": "AA=="}]}),
        ),
    ),
    Target(
        name="package",
        call=archive,
        declared=(ArchiveUnusable, PackageUnusable),
        seeds=(package(),),
        instrumented=("moothall_models", "zipfile"),
    ),
)

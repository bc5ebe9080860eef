"""Databases of earlier releases: each must open, verify, and read the same as ever."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.signing import verifier
from moothall.core.chain import LogRecord
from moothall.core.events.codec import EVENT_TYPES, decode_event
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import LogHead
from moothall.core.views.captions import CaptionsView
from moothall.record.verify import RecordVerdict, verify
from support.sessions.recorder import SESSION

HERE = Path(__file__).parent
LOGS = sorted(HERE.glob("log-*.sqlite"))
FEEDS = [Feed(ChannelId(channel), live) for channel in ("floor", "pt") for live in (True, False)]


async def opened(original: Path, tmp_path: Path) -> tuple[LogHead, list[LogRecord]]:
    """Return the head and the records that this release reads in a copy of the file."""
    copy = tmp_path / "log.sqlite"
    shutil.copyfile(original, copy)
    log = await SqliteLog.open(copy)
    head = await log.head(SESSION)
    records = list(await log.read(SESSION, 0, 10_000))
    await log.close()
    assert head is not None
    return head, records


def row(record: LogRecord) -> str:
    """Return a record as one readable line, with its body's original bytes."""
    header = record.header
    position = f"{header.offset:3} {header.lane:9} <{header.prev:<3} {header.at} {header.role}:{header.actor}"
    digests = f"{record.body_digest.hex()[:12]} {record.digest.hex()[:12]}"
    body = f"({header.type}, removed)" if record.body is None else record.body.decode()
    return f"{position} {header.cause}.{header.n} {digests} {body}"


def seen(head: LogHead, records: list[LogRecord], feed: Feed) -> str:
    view = CaptionsView.empty(SESSION, head.epoch, feed)
    for record in records:
        if record.header.lane in feed.lanes:
            event = None if record.body is None else decode_event(record.body)
            view = view.apply(record.header.offset, record.header.role, event)
    return msgspec.json.format(msgspec.json.encode(view.snapshot()), indent=2).decode()


@pytest.mark.parametrize("original", LOGS, ids=lambda path: path.stem)
async def test_it_reads_as_it_always_did(original: Path, tmp_path: Path, update_golden: bool) -> None:
    head, records = await opened(original, tmp_path)
    parts = [f"epoch {head.epoch}, term {head.term}, offset {head.offset}", *map(row, records)]
    feeds = [*FEEDS, Feed(ChannelId("mt-es"))] if "translated" in original.stem else FEEDS
    parts += [f"\n{feed.name}\n{seen(head, records, feed)}" for feed in feeds]
    text = "\n".join(parts) + "\n"
    golden = original.with_suffix(".txt")
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    kept = golden.read_text(encoding="utf-8")
    assert text == kept, "\n" + "\n".join(difflib.unified_diff(kept.split("\n"), text.split("\n"), lineterm="", n=0))


@pytest.mark.parametrize("original", LOGS, ids=lambda path: path.stem)
async def test_it_verifies_with_the_keys_of_its_time(original: Path, tmp_path: Path) -> None:
    head, records = await opened(original, tmp_path)
    keys = msgspec.json.decode(original.with_suffix(".keys.json").read_bytes())
    found = verify(records, expected=head.lanes, signed=verifier(keys))
    assert (found.broken, found.missing) == ((), ())
    assert found.verdict is RecordVerdict.REMOVED
    assert found.signed == head.offset


async def test_together_they_hold_every_type_of_event(tmp_path: Path) -> None:
    """A new type needs a new story in make_log.py; existing databases stay as they are."""
    told: set[str] = set()
    for original in LOGS:
        _, records = await opened(original, tmp_path)
        told |= {record.header.type for record in records}
    assert told == set(EVENT_TYPES)

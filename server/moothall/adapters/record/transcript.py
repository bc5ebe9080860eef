"""Writes the text of a recording in the formats of the record."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall import __version__
from moothall.adapters.pages.catalogues import Catalogue, negotiate
from moothall.adapters.pages.static_files import StaticFiles, find_web_folder
from moothall.adapters.record.forms import TYPES, record_style, write_record
from moothall.adapters.record.texts import wording
from moothall.core.events.lines import Origin
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.sessions.roughness import is_rough
from moothall.core.sessions.state import Status
from moothall.core.views.captions import ReaderChannel
from moothall.record.model import Record, RecordedLine, RecordFold
from moothall.record.wording import Options, Wording
from moothall.record.wrapping import plain
from moothall.wire.transcribing import HeardLine

FORMS = tuple(TYPES)
_FLOOR = ChannelId("floor")


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a recording, with what made it."""

    title: str
    languages: tuple[str, ...]
    """The languages that may be spoken, the likeliest first."""
    model: str
    lines: Sequence[HeardLine]
    rough: tuple[str, ...] = ()
    """The languages (primary tags) in which the text of the model is rough."""

    def write(self, form: str) -> bytes:
        """Write the file in one of the formats `FORMS`. Raises ConfigurationError when the web folder lacks texts or
        style.
        """
        record = self._record()
        web = find_web_folder()
        words = self._wording(record, Catalogue.read(web / "locales", negotiate(self.languages[0])))
        return write_record(form, record, words, Options(), lambda: record_style(StaticFiles(web)))

    def _record(self) -> Record:
        """A record as of a closed session. There is no log, so it has no heads and no seals."""
        empty = RecordFold(SessionId("recording"), Epoch("0"), _FLOOR).record()
        session = msgspec.structs.replace(
            empty.session,
            title=self.title,
            languages=self.languages,
            access=Access.STAFF,
            status=Status.CLOSED,
            channels={_FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=self.languages)},
        )
        lines = [
            _line(number, line, rough=is_rough(line.language, self.rough)) for number, line in enumerate(self.lines, 1)
        ]
        return msgspec.structs.replace(
            empty,
            session=session,
            languages=self.languages,
            lines=tuple(line for line in lines if line.text),
        )

    def _wording(self, record: Record, ui: Catalogue) -> Wording:
        # There is no position of a log to cite; a reader can check the model and the release instead.
        made = f"{self.model} · Moothall {__version__}".replace("{", "{{").replace("}", "}}")
        return msgspec.structs.replace(wording(record, ui), version=made)


def _line(number: int, line: HeardLine, *, rough: bool) -> RecordedLine:
    return made_of(
        RecordedLine,
        line,
        segment=SegmentId(f"line-{number}"),
        origin=Origin.MACHINE,
        mended=False,
        accepted=False,
        revision=0,
        speaker=None,
        name="",
        text=plain(line.text),
        rough=rough or msgspec.UNSET,
    )

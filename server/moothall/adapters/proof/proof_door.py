"""Proofs of lines and files as downloads, and the page that says in words what the proof of a line shows.

    /s/{session}/line.tlog-proof?line=ID or ?offset=N
    /s/{session}/record.{form}.tlog-proof, with the same options as the file
    /s/{session}/manifest.json.tlog-proof?sha256=DIGEST, of the list of a bundle's files
    /s/{session}/proof?line=ID
    /s/{session}/seal.tlog-proof, of the newest seal that has a time stamp, and that stamp behind it, with `.tsr`

Who may read the session may have its proofs. A proof holds the words, and whoever has it keeps it: after a removal none
is given out any more, and those that were stay true.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass

from aiohttp import hdrs, web
from babel.dates import format_datetime

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, html, language, refusal_for
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import DoorText, ErrorText
from moothall.adapters.proof.texts import ProofText, source_text
from moothall.adapters.record.record_door import TakenFile
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.lines import SegmentCorrected, SegmentEnded
from moothall.core.events.types import AnyEvent, SealVersion
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId, is_name
from moothall.core.ports import Clock, Randomness
from moothall.core.proof.entries import ExportEntry, file_digest
from moothall.core.proof.time_stamps import STAMP_SUFFIX
from moothall.core.proof.tlog_proofs import MEDIA_TYPE, SUFFIX, InclusionProof, LoggedEvent, thing_of
from moothall.core.rules.authority import STAFF_ROLES
from moothall.record.bundle import MANIFEST
from moothall.services.proof.quoting import NoProof, Quoting
from moothall.services.proof.seal_stamps import SealStamps, StampedSeal
from moothall.services.sessions.reader_access import ASKER, ReaderAccess
from moothall.wire.token_bucket import Allowance, Bucket

EACH, EACH_S = Allowance(per_second=1, burst=32), 240
"""New files that one address may have logged: 32 at once, then one in 240 s."""
ALL, ALL_S = Allowance(per_second=4, burst=256), 60
"""New files that all strangers together may have logged: 256 at once, then four a minute, which are 6,016 in a day at
most. Each is some 220 bytes of the book, for good: 1.3 MB. Overflow: 429."""
MOST_OFFSET = 15
"""The most digits of an offset in an address."""
RETRY_S = "60"
_SHA256 = re.compile("[0-9a-f]{64}")


_NONE: dict[NoProof, tuple[int, str]] = {
    NoProof.NOWHERE: (404, ProofText.NOWHERE),
    NoProof.REMOVED: (410, ProofText.REMOVED),
    NoProof.REHEARSAL: (404, ProofText.REHEARSAL),
    NoProof.LATER: (404, ProofText.LATER),
    NoProof.STILL: (503, ProofText.STILL),
    NoProof.OFTEN: (429, DoorText.OFTEN),
    NoProof.BUSY: (503, ProofText.BUSY),
}


@dataclass(eq=False, repr=False)
class StrangersFiles:
    """Bounds how many files strangers have logged, since a leaf stays for good, and a file has thousands of variants
    (its options, languages and positions). Whoever has a desk is no stranger.
    """

    clock: Clock
    randomness: Randomness
    address_of: AddressOf

    def __post_init__(self) -> None:
        self._each = AddressGate(self.clock, self.randomness, EACH, patience_ms=0, slower=EACH_S)
        self._all = Bucket.full(ALL, self._now())

    def may_log(self, request: web.Request) -> bool:
        """Whether whoever sends a request may have one more file logged; counts it."""
        if any(staff.role in STAFF_ROLES for staff in ASKER.get()):
            return True
        if self._each.take(self.address_of(request)):
            return False
        self._all, wait = self._all.take(ALL, self._now())
        return not wait

    def _now(self) -> int:
        return self.clock.monotonic() // ALL_S


@dataclass(eq=False, repr=False)
class ProofDoor:
    """Handlers of proofs."""

    pages: Pages
    quoting: Quoting
    access: ReaderAccess
    _: KW_ONLY
    taken: Callable[[web.Request], Awaitable[TakenFile | web.Response]]
    """Makes the file that a request names (`RecordDoor.taken`)."""
    witnesses: Callable[[InclusionProof], list[str]]
    """Names of those who have cosigned a proof's checkpoint, without this server's operator."""
    strangers: StrangersFiles
    stamps: SealStamps | None = None
    """The time stamps of seals; None where the settings name no authority."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`: before those of records, one of which fits all addresses of files."""
        return [
            web.get("/s/{session}/line.tlog-proof", self.line),
            web.get("/s/{session}/record.{form}.tlog-proof", self.file),
            web.get("/s/{session}/manifest.json.tlog-proof", self.manifest),
            web.get("/s/{session}/proof", self.page),
            web.get(f"/s/{{session}}/seal{SUFFIX}", self.seal),
            web.get(f"/s/{{session}}/seal{SUFFIX}{STAMP_SUFFIX}", self.seal),
        ]

    async def line(self, request: web.Request) -> web.Response:
        """The proof of a line, or of any event of the public lanes."""
        proof = await self._line(request)
        if isinstance(proof, InclusionProof):
            offset = _offset(request)
            named = request.query["line"] if offset is None else str(offset)
            return _download(proof, f"{request.match_info['session']}-{named}")
        return self._refuse(request, *proof)

    async def file(self, request: web.Request) -> web.Response:
        """The proof of a file."""
        made = await self.taken(request)
        if isinstance(made, web.Response):
            return made
        if not made.finished:
            return self._refuse(request, 409, ProofText.NOT_OVER)
        sha256 = hashlib.sha256(made.body).digest()
        salt = self.quoting.tree.salt_of(made.session, made.channel, made.form, sha256)
        export = ExportEntry(
            session=made.session,
            epoch=made.position.epoch,
            offset=made.position.offset,
            channel=made.channel,
            form=made.form,
            digest=file_digest(salt, sha256),
            version=made.version,
        )
        try:
            proof = await self.quoting.export(export, salt, lambda: self.strangers.may_log(request))
        except (StorageUnavailable, RecordBroken):
            return self._refuse(request, 503, ErrorText.UNAVAILABLE)
        if isinstance(proof, NoProof):
            return self._refuse(request, *_NONE[proof])
        return _download(proof, f"{export.session}-{export.channel}.{export.form}")

    async def manifest(self, request: web.Request) -> web.Response:
        """The proof of the list of the files of a bundle that was made here, by the digest of that list."""
        name, digest = request.match_info["session"], request.query.get("sha256", "").strip().lower()
        if not is_name(name):
            return self._refuse(request, 404, ErrorText.NO_SESSION)
        session = SessionId(name)
        try:
            if await self.access.find(session) is None or self.access.may_read(session) is not None:
                return self._refuse(request, 404, ErrorText.NO_SESSION)
            if _SHA256.fullmatch(digest) is None:
                return self._refuse(request, 404, ProofText.NOWHERE)
            proof = await self.quoting.manifest(session, bytes.fromhex(digest))
        except (StorageUnavailable, RecordBroken):
            return self._refuse(request, 503, ErrorText.UNAVAILABLE)
        if isinstance(proof, NoProof):
            return self._refuse(request, *_NONE[proof])
        return _download(proof, MANIFEST)

    async def seal(self, request: web.Request) -> web.Response:
        """The proof of the newest seal that has a time stamp; or that stamp."""
        name = request.match_info["session"]
        if not is_name(name):
            return self._refuse(request, 404, ErrorText.NO_SESSION)
        session = SessionId(name)
        try:
            if await self.access.find(session) is None or self.access.may_read(session) is not None:
                return self._refuse(request, 404, ErrorText.NO_SESSION)
            found = await self._stamped(session)
        except (StorageUnavailable, RecordBroken):
            return self._refuse(request, 503, ErrorText.UNAVAILABLE)
        if found is None:
            return self._refuse(request, 404, ProofText.NO_STAMP)
        if request.path.endswith(STAMP_SUFFIX):
            return _file(found.answer, "application/timestamp-reply", f"{name}-seal{SUFFIX}{STAMP_SUFFIX}")
        return _file(found.proof, MEDIA_TYPE, f"{name}-seal{SUFFIX}")

    async def _stamped(self, session: SessionId) -> StampedSeal | None:
        return None if self.stamps is None else await self.stamps.find(session)

    async def page(self, request: web.Request) -> web.Response:
        """What the proof of a line shows, in words."""
        proof = await self._line(request)
        if not isinstance(proof, InclusionProof):
            return self._refuse(request, *proof)
        ui = language(self.pages, request)
        event = thing_of(proof)
        if not isinstance(event, LoggedEvent):
            return self._refuse(request, 404, ProofText.NOWHERE)
        session, said = request.match_info["session"], decode_event(event.body)
        stamped, damaged = None, False
        try:
            stamped = await self._stamped(SessionId(session))
        except RecordBroken:
            damaged = True  # The proof of the line holds without it.
        except StorageUnavailable:
            return self._refuse(request, 503, ErrorText.UNAVAILABLE)
        covered = stamped is not None and event.about.offset <= stamped.offset
        text = self.pages.render(
            "reader/proof.html",
            ui=ui,
            back=f"/s/{session}{ui.query}",
            title=event.context.title or session,
            title_language=self._title_language(SessionId(session)) if event.context.title else "",
            line_language=self._line_language(SessionId(session), said),
            line=said.text + getattr(said, "tail", "") if isinstance(said, SegmentEnded | SegmentCorrected) else "",
            sentences=self._words(event, said, ui),
            others=self.witnesses(proof),
            file=f"/s/{session}/line{SUFFIX}?{request.query_string}",
            stamped=self._time(stamped.at, ui) if stamped is not None and covered else "",
            seal=f"/s/{session}/seal{SUFFIX}",
            damaged=damaged,
            keys="/.well-known/moothall.json",
            policy="/log/policy",
        )
        return html(text, ui)

    def _title_language(self, session: SessionId) -> str:
        live = self.access.sessions.loaded(session)
        return "" if live is None else next(iter(live.state.languages), "")

    def _line_language(self, session: SessionId, said: object) -> str:
        """The language of the line whose text an event carries; empty where it isn't known."""
        live = self.access.sessions.loaded(session)
        if live is None or not isinstance(said, SegmentEnded | SegmentCorrected):
            return ""
        line = live.state.segments.get(said.segment)
        return "" if line is None else line.language

    def _words(self, event: LoggedEvent, said: AnyEvent | UnknownEvent, ui: Catalogue) -> list[str]:
        """The words of the page: since when and until when, and what a proof doesn't say."""
        context, source = event.context, source_text(said, event.context.origin)
        times = {"since": self._time(event.about.at, ui), "until": self._time(context.signed_at, ui)}
        if context.version:
            version = ui.named(f"reader/seal.{SealVersion(context.version)}")
            sentences = [ui.text(ProofText.SINCE_VERSION, version=version, **times)]
        else:
            sentences = [ui.text(ProofText.SINCE, **times)]
        return [*sentences, ui.text(source)] if source else sentences

    def _time(self, ms: int, ui: Catalogue) -> str:
        return format_datetime(self.pages.zone().at(ms), "d MMM y, HH:mm", locale=ui.locale)

    async def _line(self, request: web.Request) -> InclusionProof | tuple[int, str]:
        name, segment, offset = request.match_info["session"], request.query.get("line", ""), _offset(request)
        if not is_name(name):
            return 404, ErrorText.NO_SESSION
        session = SessionId(name)
        try:
            if await self.access.find(session) is None or self.access.may_read(session) is not None:
                return 404, ErrorText.NO_SESSION
            if offset is not None:
                proof = await self.quoting.event(session, offset)
            elif is_name(segment):
                proof = await self.quoting.line(session, SegmentId(segment))
            else:
                return 404, ProofText.NOWHERE
        except (StorageUnavailable, RecordBroken):
            return 503, ErrorText.UNAVAILABLE
        return _NONE[proof] if isinstance(proof, NoProof) else proof

    def _refuse(self, request: web.Request, status: int, key: str) -> web.Response:
        response = refusal_for(request, HttpProblem(status, key), self.pages, language(self.pages, request))
        if status in (429, 503) or key == ProofText.LATER:
            response.headers[hdrs.RETRY_AFTER] = RETRY_S
        return response


def _offset(request: web.Request) -> int | None:
    """The offset that a request names; None where it names none."""
    text = request.query.get("offset", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_OFFSET else None


def _download(proof: InclusionProof, name: str) -> web.Response:
    return _file(bytes(proof), MEDIA_TYPE, f"{name}{SUFFIX}")


def _file(body: bytes, kind: str, name: str) -> web.Response:
    headers = {
        hdrs.CONTENT_TYPE: kind,
        hdrs.CACHE_CONTROL: "no-cache",
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
    }
    return web.Response(body=body, headers=headers)

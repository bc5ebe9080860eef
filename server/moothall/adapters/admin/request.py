"""The checks of every request to the staff's pages: who asks, in which language, and with a form made for this browser.

A form may hold a file. Its size, the fields' sizes and their number are limited while it is read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from typing import Protocol, TypeVar
from urllib.parse import urlencode

import msgspec
from aiohttp import BodyPartReader, hdrs, web

from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, language, own_html, own_json, wants_json
from moothall.adapters.pages.staff_frame import Asked, StaffOf, house_frame
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import read_fields, see_other
from moothall.core.kernel.errors import NoLink, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.visible import visible
from moothall.services.sessions.staff import Staff, opens_admin

LONGEST_FIELD = 2_000
"""The most bytes of a field of a form with a file."""
MOST_FIELDS = 9
"""The most fields of a form with a file."""
MOST_VALUES = 5_000
"""The most values of a form without a file, which may have a box for each meeting and role. Overflow: the whole form is
rejected."""

_REFUSALS = {
    RefusalCode.BUSY: (503, AdminText.BUSY),
    RefusalCode.UNAVAILABLE: (503, AdminText.BUSY),
    RefusalCode.UNKNOWN: (404, AdminText.GONE),
}


class AdminProblem(Exception):
    """The request can't be served. Holds an HTTP status, the key of a sentence, the values of its placeholders, and a
    detail in English where there is one.
    """

    def __init__(self, status: int, key: str, detail: str = "", **values: str) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.detail = detail
        self.values = values


def newest(sent: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The last value of each field, without invisible characters."""
    return {name: visible(values[-1]) for name, values in sent.items()}


def wrong(refusal: Refusal) -> AdminProblem:
    """Turn a refusal into a problem to show on a page."""
    if (quicker := refusal.gone_on) is not None:
        key = AdminText.QUICKER if quicker.who else AdminText.QUICKER_NOBODY
        return AdminProblem(409, key, who=f"\u2068{quicker.who}\u2069", title=f"\u2068{quicker.title}\u2069")
    status, key = _REFUSALS.get(refusal.code, (409, AdminText.CONFLICT))
    return AdminProblem(status, key)


class AdminRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was authorised."""

    staff: tuple[Staff, ...]
    ui: Catalogue
    key: str
    """The browser's key from its cookie."""
    links: tuple[Staff, ...] = ()
    """All role links of the browser, for the frame of its pages; `staff` has only those that allow this page."""
    path: str = ""

    @property
    def place(self) -> Asked:
        """The page's path and language, for its frame."""
        return Asked(path=self.path, language=self.ui.chosen)

    def to(self, path: str, **query: str) -> str:
        """The address of another page in the same language, with `query`."""
        asked = {**self.ui.kept, **query}
        return f"{path}?{urlencode(asked)}" if asked else path


class StaffPages:
    """Authorisation, form checks and rendering that all handlers of staff pages share."""

    def __init__(
        self,
        *,
        pages: Pages,
        guard: FormGuard,
        staff: StaffOf,
        key_of: Callable[[web.Request], str],
        sign_in: str = "",
        demanded: bool = False,
    ) -> None:
        """`sign_in`: the address of the sign-in, empty where there is none; `demanded`: whether pages redirect
        strangers there.
        """
        self._sign_in = sign_in
        self._demanded = demanded
        self.pages = pages
        self._guard = guard
        self._staff = staff
        self._key_of = key_of

    def asked(self, request: web.Request, allowed: Callable[[Staff], bool]) -> AdminRequest:
        """Authorise a request: return who asks. Raises AdminProblem unless one of their links is `allowed`."""
        ui = language(self.pages, request)
        asked = AdminRequest(
            staff=tuple(staff for staff in self._staff(request) if allowed(staff)),
            ui=ui,
            key=self._key_of(request),
            links=tuple(self._staff(request)),
            path=request.path,
        )
        if not asked.staff:
            raise AdminProblem(403, AdminText.STRANGERS)
        return asked

    def check(self, asked: AdminRequest, token: str) -> None:
        """Raise AdminProblem unless the form's token was made here for this browser."""
        if not self._guard.passes(token, asked.key):
            raise AdminProblem(403, AdminText.FORM)

    async def form(self, request: web.Request, asked: AdminRequest) -> dict[str, str]:
        """Read a form's fields and check its token as `check` does. A form with a file is read by `read_upload`."""
        return self.checked(await self.sent(request), asked)

    async def sent(self, request: web.Request) -> dict[str, list[str]]:
        """Read all values of each field of a form, without checking its token. Raises AdminProblem."""
        try:
            return await read_fields(
                request,
                request.client_max_size,
                fields=MOST_VALUES,
                long=ErrorText.LONG,
                unread=AdminText.FORM,
                blank=True,
            )
        except HttpProblem as error:
            # Not a form of these pages
            raise AdminProblem(403 if error.status == 415 else error.status, error.key) from error

    def checked(self, sent: Mapping[str, Sequence[str]], asked: AdminRequest) -> dict[str, str]:
        """The last value of each field, after checking the form's token as `check` does."""
        fields = newest(sent)
        self.check(asked, fields.get(FIELD, ""))
        return fields

    def once(self, fields: dict[str, str]) -> bool:
        """Whether this form is sent for the first time."""
        return self._guard.first_time(fields.get(FIELD, ""))

    def show(self, template: str, asked: AdminRequest, *, status: int = 200, **values: object) -> web.Response:
        """Render a page that no cache may share. Its frame is the house's, unless `frame` is given, such as a
        meeting's.
        """
        values = {"frame": house_frame(asked.links, asked.ui, self.pages.zone(), asked=asked.place)} | values
        text = self.pages.render(
            template, ui=asked.ui, to=asked.to, form=lambda: self._guard.token(asked.key), form_field=FIELD, **values
        )
        return own_html(text, asked.ui, status=status)

    def refuse(self, request: web.Request, error: AdminProblem) -> web.Response:
        """The page that says what is wrong, or a redirect to the sign-in where that would help and is demanded. A
        script that asks for JSON gets the sentence only.
        """
        ui = language(self.pages, request)
        if wants_json(request):
            return own_json({"error": ui.text(error.key, **error.values)}, status=error.status)
        stranger = bool(self._sign_in) and error.key == AdminText.STRANGERS and not self._staff(request)
        to = f"{self._sign_in}?{urlencode({'to': request.path})}" if stranger else ""
        if stranger and self._demanded and request.method == hdrs.METH_GET:
            return see_other(to)
        text = self.pages.render(
            "admin/staff_error.html",
            ui=ui,
            sentence=ui.text(error.key, **error.values),
            detail=error.detail,
            status=error.status,
            sign_in=to,
        )
        return own_html(text, ui, status=error.status)


class _HasPages(Protocol):
    @property
    def pages(self) -> StaffPages: ...


DoorWithPages = TypeVar("DoorWithPages", bound=_HasPages)
Allowed = Callable[[Staff, web.Request], bool]
AdminHandler = Callable[[DoorWithPages, web.Request, AdminRequest], Awaitable[web.Response]]


def runs_the_house(staff: Staff, _: web.Request | None = None) -> bool:
    """Whether a link opens `/admin`."""
    return opens_admin(staff)


def staff_page(
    allowed: Allowed, *, no_link: tuple[int, str] = (404, AdminText.GONE)
) -> Callable[[AdminHandler[DoorWithPages]], Callable[[DoorWithPages, web.Request], Awaitable[web.Response]]]:
    """A decorator for handlers that require an `allowed` link. It answers problems and refused visitors with a
    sentence.

    `no_link`: status and sentence key for NoLink, when a link no longer exists or can't be made.
    """

    def decorate(
        handler: AdminHandler[DoorWithPages],
    ) -> Callable[[DoorWithPages, web.Request], Awaitable[web.Response]]:
        @wraps(handler)
        async def handle(self: DoorWithPages, request: web.Request) -> web.Response:
            try:
                asked = self.pages.asked(request, lambda staff: allowed(staff, request))
                return await handler(self, request, asked)
            except AdminProblem as error:
                return self.pages.refuse(request, error)
            except NoLink:
                return self.pages.refuse(request, AdminProblem(*no_link))
            except StorageUnavailable:
                return self.pages.refuse(request, AdminProblem(503, AdminText.BUSY))

        return handle

    return decorate


async def read_upload(
    request: web.Request, most: int, named: Callable[[str], None] = lambda _: None
) -> tuple[dict[str, str], bytes]:
    """Read the fields and the one file of a form; the file has at most `most` bytes. `named` is called with the file's
    name. Raises AdminProblem.
    """
    fields: dict[str, str] = {}
    data = b""
    try:
        reader = await request.multipart()
        async for part in reader:
            if not isinstance(part, BodyPartReader) or len(fields) >= MOST_FIELDS:
                raise AdminProblem(400, AdminText.FILE)
            content = await _content(part, most if part.name == "file" else LONGEST_FIELD)
            if part.name == "file":
                data = content
                named(visible(part.filename or ""))
            else:
                fields[part.name or ""] = content.decode("utf-8", "replace")
    except (ValueError, AssertionError, RuntimeError) as error:
        raise AdminProblem(400, AdminText.FILE) from error
    return fields, data


async def _content(part: BodyPartReader, most: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > most:
            raise AdminProblem(413, AdminText.FILE, f"It is larger than {most} bytes.")
    return bytes(content)

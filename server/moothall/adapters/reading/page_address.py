"""Addresses of one session's pages, which carry the reader's choices along."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from moothall.adapters.reading.page_choices import BRAILLE, SHOW, UNCERTAIN, Choices
from moothall.core.kernel.ids import ChannelId, SessionId

FORMATS = ("vtt", "srt", "ttml", "txt", "html", "docx", "pdf", "epub", "json", "akn")
"""File formats in which a text can be downloaded."""
BILINGUAL = ("html", "docx", "pdf")
"""Those that can have two texts beside each other."""


class TextAddresses:
    """Addresses of the pages around the text of a session that a reader has open."""

    def __init__(
        self, session: SessionId, *, channel: ChannelId | None, ui: str | None = None, choices: Choices | None = None
    ) -> None:
        """`ui` is the interface's language where the address names one; `choices` are the other choices that the
        address names.
        """
        self.base = f"/s/{quote(session)}"
        self.channel = channel
        self.ui = ui
        self.choices = choices or {}

    @property
    def query(self) -> str:
        """The query with which the page requests its streams and its pages of lines."""
        return urlencode({"channel": self.channel or ""})

    @property
    def kept(self) -> dict[str, str]:
        """Names and values that the form of choices sends along as hidden fields."""
        kept = {
            "channel": self.channel,
            "ui": self.ui,
            **{name: self.choices.get(name) for name in (SHOW, BRAILLE, UNCERTAIN)},
        }
        return {name: value for name, value in kept.items() if value is not None}

    def page(
        self,
        *,
        channel: ChannelId | None = None,
        ui: str | None = None,
        before: int | None = None,
        show: str | None = None,
        instead_of: ChannelId | None = None,
    ) -> str:
        """The address of the session's page, with the arguments changed; `before` requests older lines, `instead_of`
        names the interpreter's text in place of which this text is read.
        """
        return self._with(self.base, channel=channel, ui=ui, before=before, show=show, instead_of=instead_of)

    def own_pace(
        self,
        start: int | None = None,
        *,
        channel: ChannelId | None = None,
        ui: str | None = None,
        show: str | None = None,
        braille: bool | None = None,
        uncertain: bool | None = None,
    ) -> str:
        """The address of the page to read at one's own pace, from line `start` on (the first line is 1).

        `braille`: whether lines are joined to whole turns; `uncertain`: whether the page marks the words of which the
        recogniser was not sure.
        """
        return self._with(
            f"{self.base}/read", channel=channel, ui=ui, start=start, show=show, braille=braille, uncertain=uncertain
        )

    def asking(self) -> str:
        """The address of the form with which a reader asks or comments."""
        return self._with(f"{self.base}/ask")

    def questions(self) -> str:
        """The address of the page with readers' questions and comments."""
        return self._with(f"{self.base}/questions")

    def catch_up(self) -> str:
        """The address of the page *What did I miss?*."""
        return self._with(f"{self.base}/catch-up")

    def line(self, segment: str) -> str:
        """The address that redirects to a line, however old."""
        return self._with(f"{self.base}/line/{quote(segment)}")

    def citation(self, first: str, last: str, at: str, form: str = "") -> str:
        """The address of the quotation of a span as it read at a position of the log, or of its citation in a `form`.

        `first` and `last` are as `SpanEnd` writes them.
        """
        whole = last == first.partition(":")[0]  # Without `to` a quotation goes to the end of its first line.
        span = {"channel": self.channel, "from": first, **({} if whole else {"to": last}), "at": at}
        kept = {**span, "ui": self.ui}
        query = urlencode({name: value for name, value in kept.items() if value}, safe=":")
        return f"{self.base}/cite{form and f'.{form}'}?{query}"

    def line_history(self, segment: str) -> str:
        """The address of the history of a line."""
        return self._with(f"{self.base}/history/{quote(segment)}")

    def proof(self, segment: str) -> str:
        """The address of the page about the proof of a line."""
        query = {"line": segment, "ui": self.ui}
        return f"{self.base}/proof?{urlencode({name: value for name, value in query.items() if value})}"

    def versions(self, *numbers: str) -> str:
        """The address of the list of versions; of a version, by its number or `now`; or of the comparison of two."""
        return self._with("/".join((f"{self.base}/versions", *numbers)))

    def moment(self, t: int) -> str:
        """The address that redirects to what was said at `t`, media ms, on the live page."""
        address = self._with(f"{self.base}/moment/{t}")
        return f"{address}{'&' if '?' in address else '?'}live"

    def ask(self) -> str:
        """The address to which the form for another language is sent."""
        return self._with(f"{self.base}/language")

    def record(self, form: str, *, channel: ChannelId | None = None, beside: ChannelId | None = None) -> str:
        """The address of the text, or of another, as a download in one of FORMATS; `beside` is the text beside it, in
        one of BILINGUAL.
        """
        named = (("channel", channel or self.channel), ("beside", beside))
        wanted = {name: value for name, value in named if value}
        query = urlencode(wanted)
        return f"{self.base}/record.{form}" + (f"?{query}" if query else "")

    def _with(
        self,
        path: str,
        *,
        channel: ChannelId | None = None,
        ui: str | None = None,
        before: int | None = None,
        start: int | None = None,
        show: str | None = None,
        instead_of: ChannelId | None = None,
        braille: bool | None = None,
        uncertain: bool | None = None,
    ) -> str:
        wanted: dict[str, object] = {
            "channel": channel or self.channel,
            **self.choices,
            **({} if show is None else {SHOW: show}),
            **({} if braille is None else {BRAILLE: "yes" if braille else None}),
            **({} if uncertain is None else {UNCERTAIN: "yes" if uncertain else None}),
            "ui": ui or self.ui,
            "before": before,
            "from": start,
            "instead-of": instead_of,
        }
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return f"{path}?{query}" if query else path

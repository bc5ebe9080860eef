"""A copy of how Plover2CAT posts captions to Zoom, written from the documentation of both.

It asks for the last number at the path `/closedcaption/seq` of the server, whatever path it was given, puts `seq` and
`lang` behind the address, counts characters where bytes are meant, and by default sends its last lines again in full
each time that a word is added.
"""

from __future__ import annotations

from collections import deque
from http.client import HTTPConnection
from urllib.parse import urlsplit

LONGEST, LINES = 32, 3


class PloverWorker:
    """Posts words as its user writes them, and waits for each answer."""

    def __init__(self, address: str, *, rolling: bool = True) -> None:
        self.address = urlsplit(address)
        self.rolling = rolling
        self.rows: deque[str] = deque(maxlen=LINES)
        self.row = ""
        self.statuses: list[int] = []
        status, text = self._ask("GET", f"/closedcaption/seq?{self.address.query}")
        self.seq = int(text) + 1 if status == 200 else 1

    def _ask(self, method: str, target: str, body: str | None = None) -> tuple[int, str]:
        line = HTTPConnection(self.address.hostname or "", self.address.port, timeout=10)
        try:
            headers = {} if body is None else {"Content-Type": "text/plain"}
            line.request(method, target, None if body is None else body.encode(), headers)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        finally:
            line.close()

    def write(self, *words: str) -> None:
        for word in words:
            if not self.rolling:
                if len(self.row) + len(word) > LONGEST:
                    self._post(self.row)
                    self.row = ""
                self.row += word
                continue
            last = self.rows.pop() if self.rows else ""
            self.rows += [last, word] if len(last) + len(word) > LONGEST else [last + word]
            self._post("\n".join(row.lstrip(" ") for row in self.rows if row.strip()))

    def flush(self) -> None:
        self._post(self.row)
        self.row = ""

    def _post(self, text: str) -> None:
        target = f"{self.address.path}?{self.address.query}&seq={self.seq}&lang=en-US"
        self.seq += 1
        self.statuses.append(self._ask("POST", target, text)[0])

"""A scenario for locust, which is no part of this project: bench/README.md says how to run it.

Readers open a meeting's page and follow its text over SSE, scripts poll, and visitors look at pages and questions. What
locust calls *caption* is the latency of a frame: from the moment at which the server encoded it (`sent`) until it was
read here, by one clock. Ends with 1 when a request failed, when the p95 of requests is above 300 ms, or that of
captions above 100 ms.

The environment variable MEETING is the meeting's path, `/s/bench` by default.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any

from locust import HttpUser, between, events, task

MEETING = os.environ.get("MEETING", "/s/bench")
STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')
STAY_S = 30.0
BARS_MS = {"caption": 100, "poll, waited": 5_000}
BAR_MS = 300
PAGE = {"Accept": "text/html", "Accept-Language": "en"}


class Reader(HttpUser):
    """Opens the page as a browser does, with the files that it needs, and follows the text for half a minute."""

    weight = 6
    wait_time = between(1, 4)

    @task
    def read(self) -> None:
        """Open the page and follow the text once."""
        with self.client.get(MEETING, headers=PAGE, name="page", catch_response=True) as page:
            if page.status_code != 200:
                page.failure(f"status {page.status_code}")
                return
            files = sorted(set(STATIC.findall(page.text)))
            page.success()
        for file in files:
            self.client.get(file, name="file of a page")
        self._follow()

    def _follow(self) -> None:
        began = time.perf_counter()
        with self.client.get(
            f"{MEETING}/events", stream=True, timeout=20, name="events, begun", catch_response=True
        ) as answer:
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}")
                return
            answer.success()
            for line in answer.iter_lines():
                if line.startswith(b"data:"):
                    self._took(json.loads(line[5:]))
                if time.perf_counter() - began > STAY_S:
                    return

    def _took(self, frame: dict[str, Any]) -> None:
        if "snapshot" in frame or "pulse" in frame:
            return
        late = time.time_ns() / 1e6 - frame["sent"]
        events.request.fire(
            request_type="SSE",
            name="caption",
            response_time=max(0.0, late),
            response_length=0,
            exception=None,
            context={},
        )


class Script(HttpUser):
    """Polls, each time from its last position."""

    weight = 2
    wait_time = between(0.5, 1)
    after = ""

    @task
    def poll(self) -> None:
        """Poll once; a poll that has everything waits for up to 5 s."""
        query = f"?wait=5&after={self.after}" if self.after else "?wait=0"
        name = "poll, waited" if self.after else "poll"
        with self.client.get(f"{MEETING}/poll{query}", name=name, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}")
                return
            self.after = answer.json()["position"]
            answer.success()


class Visitor(HttpUser):
    """Looks at pages."""

    weight = 2
    wait_time = between(1, 3)

    @task
    def look(self) -> None:
        """Request each page once."""
        for path, name in (("/", "front page"), (MEETING, "page"), (f"{MEETING}/questions", "questions")):
            self.client.get(path, headers=PAGE, name=name)


@events.quitting.add_listener
def judge(environment: Any, **_: Any) -> None:
    """Print the verdict, and set the exit status."""
    stats = environment.stats
    wrong = [
        f"{each.name}: p95 {each.get_response_time_percentile(0.95):.0f} ms"
        for each in stats.entries.values()
        if each.get_response_time_percentile(0.95) > BARS_MS.get(each.name, BAR_MS)
    ]
    wrong += [f"{stats.total.num_failures} failed"] if stats.total.num_failures else []
    print("not reached: " + "; ".join(wrong) if wrong else "reached")
    environment.process_exit_code = 1 if wrong else 0

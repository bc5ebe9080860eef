"""A connection that freezes: nothing arrives over it any more, and neither system reports it. The
page must not read as live.

The test moves the page's time: nothing here waits for a watchdog.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core.commands import SetStatus
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import InterventionId
from support.browser.browsing import tab, texts
from support.desks.meeting import S, meeting
from support.halls.process import free_port
from support.halls.stage import FLOOR, Stage, stage
from support.links.breakable_link import BreakableLink, breakable_link_to

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LIVE_MS, LOW_MS = 12_500, 37_500
"""Two and a half intervals."""
UP_MS = 3_000
"""After this a page loads what watches its line."""
DRAIN_MS = 2_000
SPREAD_MS = 5_000
"""Over so long the tries of new lines are spread by chance."""
TRY_MS = 25_000
"""So long the latest of several tries lasts. One that was begun before the line takes connections brings nothing,
nor may the one after it: a browser may send that over a connection that it had dialled before."""


PULSED = """
document.addEventListener('pulse', () => (document.documentElement.dataset.pulsed = 'yes'));
new MutationObserver(() => {
    const root = document.documentElement; // over a picture it says how the line is
    const kinds = [root, document.getElementById('State')].map((each) => each?.dataset.kind);
    if (kinds.includes('back')) root.dataset.back = 'yes';
}).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-kind'] });
Object.defineProperty(navigator, 'serviceWorker', { value: undefined });  // whose script comes at any time
"""


async def open_page(page: Page, on: Stage, link: BreakableLink, path: str = "") -> None:
    await page.clock.install()
    await page.add_init_script(PULSED)
    async with page.expect_response(lambda response: "/events" in response.url or "/low" in response.url):
        await page.goto(f"{link.address}/s/{on.session}{path}")
    async with page.expect_response("**/silence.js") as watches:
        await page.clock.run_for(UP_MS)
    # It watches once the module has run; the page waited for that before this does.
    await page.evaluate("(script) => import(script).then(() => null)", (await watches.value).url)
    if "low" not in path:
        await expect(page.locator("html")).to_have_attribute("data-pulsed", "yes")


async def until_back(page: Page, on: Stage) -> None:
    """A second of the page's and the server's time after the other, until the page said that nothing was missed.

    It says so for a few of its seconds only.
    """
    for _ in range(2 * (TRY_MS + SPREAD_MS) // 1_000):
        await page.clock.run_for(1_000)
        await on.clock.advance(1_000)
        with contextlib.suppress(AssertionError):
            await expect(page.locator("html")).to_have_attribute("data-back", "yes", timeout=200)
            return
    raise AssertionError("the page found no line of its own")


async def test_a_reader_is_told_and_goes_on_over_a_link_of_its_own(page: Page) -> None:
    async with stage() as on, breakable_link_to(int(on.address.rpartition(":")[2])) as link:
        await on.lines(2)
        await open_page(page, on, link)
        state = page.locator("#State")
        assert await state.get_attribute("data-kind") != "lost"

        link.freeze()
        await on.lines(1)
        await page.clock.run_for(LIVE_MS - 8_000)
        assert await state.get_attribute("data-kind") != "lost"
        await page.clock.run_for(8_000)
        await expect(state).to_have_attribute("data-kind", "lost")
        await expect(state).to_have_text("Reconnecting: nothing will be missed")
        await page.clock.run_for(60_000)
        await expect(state).to_have_attribute("data-kind", "lost")
        assert len(await texts(page)) == 2

        link.take()  # The old connection never comes back.
        await until_back(page, on)
        await expect(page.locator("#s2")).to_be_visible()
        assert on.fanout.readers == {FLOOR: 1}, "both connections are one reader"


@pytest.mark.parametrize(
    ("path", "silent"),
    [
        ("?read=low", LOW_MS),
        ("/overlay", LIVE_MS),
        *(pytest.param(path, LIVE_MS, marks=pytest.mark.slow) for path in ("/screen", "/embed")),
    ],
)
async def test_so_are_readers_of_few_data_and_whoever_reads_where_the_text_is_shown(
    page: Page, path: str, silent: int
) -> None:
    async with stage() as on, breakable_link_to(int(on.address.rpartition(":")[2])) as link:
        await on.lines(2)
        await open_page(page, on, link, path)
        state = page.locator("#State")
        kind = page.locator("html") if path == "/overlay" else state
        await expect(state).to_be_visible(visible=path != "/overlay")  # over a picture only what is wrong is said
        await on.clock.advance(1_000)  # a door for few data looks at its readers once a second
        await expect(page.locator("html")).to_have_attribute("data-pulsed", "yes")

        link.freeze()
        await page.clock.run_for(silent - 8_000)
        assert await kind.get_attribute("data-kind") != "lost"
        await page.clock.run_for(8_000)
        await expect(kind).to_have_attribute("data-kind", "lost")
        await expect(state).to_have_text("Reconnecting: nothing will be missed")
        await expect(state).to_be_visible()
        if path == "/overlay":
            sign, text = await state.bounding_box(), await page.locator("#Newest").bounding_box()
            assert sign is not None
            assert text is not None
            assert sign["y"] + sign["height"] <= text["y"], "it covers no text"
        link.take()
        await until_back(page, on)
        await expect(state).to_be_visible(visible=path != "/overlay")

        for lost in (True, False) if path in ("/embed", "/overlay") else ():  # as a hub says that its own line is dead
            await page.evaluate(f"document.dispatchEvent(new CustomEvent('pulse', {{detail: {{lost: {lost:d}}}}}))")
            await page.clock.run_for(1_000)
            await expect(state).to_be_visible(visible=lost or path == "/embed")
            assert (await kind.get_attribute("data-kind") == "lost") == lost


async def test_a_page_that_wakes_up_takes_in_what_waits_before_it_judges(page: Page) -> None:
    async with stage() as on, breakable_link_to(int(on.address.rpartition(":")[2])) as link:
        await on.lines(1)
        await open_page(page, on, link)
        link.freeze()
        await on.lines(1)
        streams = len(on.asked)
        await page.clock.fast_forward(600_000)
        assert await page.locator("#State").get_attribute("data-kind") != "lost"
        link.thaw()
        await expect(page.locator("#s1")).to_be_visible()
        await page.clock.run_for(DRAIN_MS + 2_000)
        assert await page.locator("#State").get_attribute("data-kind") != "lost"
        assert len(on.asked) == streams, "it read on over the line that it had"

        link.freeze()
        await page.clock.fast_forward(600_000)
        await page.clock.run_for(DRAIN_MS + 2_000)
        await expect(page.locator("#State")).to_have_attribute("data-kind", "lost")


async def test_a_page_of_the_staff_sits_down_again_once_and_what_is_done_meanwhile_is_done_once(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        breakable_link_to(port := free_port(71)) as link,
        meeting(tmp_path, port=port, behind=link.address) as on,
        tab(browser) as page,
    ):
        await page.clock.install()
        await page.goto(link.address + (await on.link(Role.MODERATOR)).removeprefix(on.running.address))
        await page.goto(f"{link.address}/moderate/{S}")
        stands = page.locator("#Stands")
        await expect(stands).to_have_attribute("data-kind", "live")
        await expect(page.locator("#Desk")).to_be_visible()
        await page.clock.run_for(1_000)
        link.freeze()
        await page.clock.run_for(LIVE_MS - 4_000)
        assert await stands.get_attribute("data-kind") == "live"
        await page.clock.run_for(6_000)
        await expect(stands).to_have_attribute("data-kind", "lost")  # not by the library's own 20 s
        await page.locator("#Add textarea").fill("Who pays?")
        await page.get_by_role("button", name="Put it into the queue").click()
        link.take()
        for _ in range(SPREAD_MS // 1_000 + 2):
            await page.clock.run_for(1_000)
        await expect(stands).to_have_attribute("data-kind", "live")
        await expect(page.locator("#Queued .question")).to_have_count(1)
        assert len(on.live.state.questions.with_status(*InterventionStatus)) == 1


ASKED = """
AbortSignal.timeout = () => {
    const request = new AbortController();
    (window.waiting ??= []).push(() => request.abort(new DOMException('Too late', 'TimeoutError')));
    document.documentElement.dataset.waits = 'yes';
    return request.signal;
};
"""
"""A request waits until the test says that it has waited long enough."""


async def give_up(page: Page) -> None:
    """Have all requests of the page, one at least, waited for too long."""
    await expect(page.locator("html")).to_have_attribute("data-waits", "yes")
    await page.evaluate("waiting.splice(0).forEach((late) => late())")


async def test_what_is_asked_and_typed_over_a_link_that_froze_is_kept_and_arrives_once(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with (
        breakable_link_to(port := free_port(72)) as link,
        meeting(tmp_path, port=port, behind=link.address) as on,
        tab(browser) as form,
        tab(browser) as questions,
    ):
        address = f"{link.address}/s/{S}"
        await page.goto(f"{address}/ask?ui=en")
        await page.get_by_label("Your question or comment").fill("Who pays?")
        await page.get_by_role("button", name="Send").click()
        await page.wait_for_url("**/asked/**")
        own = InterventionId(page.url.partition("?")[0].rpartition(".")[2])
        for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
            await on.do(SetStatus(interventions=(own,), status=status), by=Actor(Role.MODERATOR, "m1"))
        for each in (page, questions):
            await each.clock.install()
        for each in (page, form, questions):
            await each.add_init_script(PULSED + ASKED)
        await page.reload()
        await form.goto(f"{address}/ask?ui=en")
        await questions.goto(f"{address}/questions?ui=en")
        for each in (page, questions):
            async with each.expect_response("**/silence.js"):
                await each.clock.run_for(UP_MS)
            await expect(each.locator("html")).to_have_attribute("data-pulsed", "yes")

        link.freeze()
        for each in (page, questions):
            await expect(each.locator("#Away")).to_be_empty()
            for _ in range(LIVE_MS // 1_000 + 4):
                await each.clock.run_for(1_000)
            await expect(each.locator("#Away")).to_have_text("Reconnecting: nothing will be missed")
        await form.get_by_label("Your question or comment").fill("And who decides?")
        await form.get_by_role("button", name="Send").click()
        await give_up(form)
        await expect(form.locator("#KeptList")).to_contain_text("And who decides?")
        await page.get_by_label("Your words").fill("I wonder. ")
        await give_up(page)
        await expect(page.locator("#TypingStands")).to_have_text(
            "The connection is slow. What you typed is sent again."
        )

        link.take()
        await form.evaluate("dispatchEvent(new Event('online'))")
        await expect(form.locator("#KeptSent a")).to_have_text("Your question (no. 2)")
        for _ in range(2 * SPREAD_MS // 1_000):
            for each in (page, questions):
                await each.clock.run_for(1_000)
        for each in (page, questions):
            await expect(each.locator("#Away")).to_be_empty()
        await expect(page.locator("#TypingStands")).to_be_empty()
        assert [each.text for each in on.live.state.questions.with_status(*InterventionStatus)] == [
            "Who pays?",
            "And who decides?",
        ]
        assert [line.whole for _, line in on.live.state.segments.items()] == ["I wonder."]


SOURCES = """() => {
Math.random = () => 0.5;
window.opened = [];
window.EventSource = class {
    constructor(address) { Object.assign(this, { address, named: {}, closed: false }); window.opened.push(this); }
    addEventListener(name, does) { this.named[name] = does; }
    close() { this.closed = true; }
};
}"""
LINK = """async (root) => {
    const { Link } = await import(`${root}/js/lib/link.js`);
    const seen = { offset: 3, told: [], took: [], begun: 0 };
    const link = new Link(() => `/events?after=k:${seen.offset}`, (frame) => seen.took.push(frame.prev),
        (open) => seen.told.push(open), () => seen.offset, () => (seen.begun += 1));
    link.open();
    window.link = link;
    window.seen = seen;
    window.message = (n, frame) => window.opened[n].onmessage({ data: JSON.stringify(frame) });
    const text = (head) => JSON.stringify({ sent: 1, pulse: { head, age: 0, every: 5000 } });
    window.pulse = (n, head) => window.opened[n].named.pulse({ data: text(head) });
    Object.defineProperty(link, 'silence', { get: () => window.silence, set(value) {
        window.silence = value;
        document.documentElement.dataset.watched = 'yes';
    } });
    window.states = () => window.opened.map(({ closed }) => !closed);
}"""


async def test_a_link_is_given_up_for_one_that_brings_something_and_at_once_where_something_was_lost(
    page: Page,
) -> None:
    async with stage() as on:
        await page.clock.install()
        await page.goto(on.page)
        sheet = await page.locator("link[rel=stylesheet]").first.get_attribute("href")
        assert sheet is not None
        await page.goto(f"{on.page}/read?channel=floor")
        await page.evaluate(SOURCES)
        await page.evaluate(LINK, sheet.rpartition("/css/")[0])
        await page.evaluate("opened[0].onopen(), pulse(0, 3)")
        async with page.expect_response("**/silence.js"):
            await page.clock.run_for(UP_MS)
        await expect(page.locator("html")).to_have_attribute("data-watched", "yes")
        await page.clock.run_for(15_000)
        assert await page.evaluate("[states(), seen.told]") == [[True, True], [True, False]], "one beside the other"
        await page.evaluate("opened[1].onopen()")
        assert await page.evaluate("states()") == [True, True], "it has brought nothing yet"
        await page.evaluate("pulse(0, 3)")
        assert await page.evaluate("[states(), seen.told]") == [[True, False], [True, False, True]], (
            "the old one was first"
        )

        await page.clock.run_for(18_000)
        await page.evaluate("message(2, { sent: 1, prev: 3, events: [{ offset: 4 }] })")
        assert await page.evaluate("[states(), seen.took, seen.begun]") == [[False, False, True], [3], 2]
        await page.evaluate("message(0, { sent: 1, prev: 4, events: [{ offset: 5 }] })")
        assert await page.evaluate("seen.took") == [3], "what a line that was given up brings late comes again"
        names = await page.evaluate("opened.map(({ address }) => address.split('reader=')[1])")
        assert len(set(names)) == 1

        assert await page.evaluate("(seen.offset = 4, pulse(2, 4), states())") == [False, False, True]
        # In one step: within a second the page dials again, and its clock goes on by itself between two steps.
        assert await page.evaluate("(pulse(2, 6), states())") == [False, False, False]
        await page.clock.run_for(1_000)
        assert "after=k:4&" in await page.evaluate("opened[3].address")

        await page.clock.run_for(4 * (LIVE_MS + SPREAD_MS))
        states = await page.evaluate("states()")
        assert len(states) >= 6
        assert states.count(True) in (1, 2), "one at a time is tried"

        # A page of a meeting that is over lets its line go where that is lost.
        await page.evaluate("link.open(), opened.at(-1).onopen(), pulse(opened.length - 1, 4)")
        await page.evaluate("(link.tell = (open) => open || link.close(), 0)")
        await page.clock.run_for(4 * (LIVE_MS + SPREAD_MS))
        assert await page.evaluate("[states().includes(true), opened.length]") == [False, len(states) + 1]


MICROPHONE = """async (root) => {
    const { AudioLink } = await import(`${root}/js/microphone/audio_link.js`);
    window.sockets = [];
    window.WebSocket = class {
        static OPEN = 1;
        constructor(address) {
            Object.assign(this, { address, readyState: 1, bufferedAmount: 0 });
            window.sockets.push(this);
        }
        send() {}
        close() { this.readyState = 3; }
    };
    window.told = [];
    const ring = { oldest: null, samples: 0, clear() {} };
    const tell = (kind) => window.told.push(kind);
    const sender = new AudioLink({ address: 'ws://hall/audio', channel: () => 'floor', ring, tell });
    sender.start();
    window.say = (n, said) => window.sockets[n].onmessage({ data: JSON.stringify(said) });
}"""


async def test_a_microphone_with_nothing_to_send_sees_that_its_link_is_dead(page: Page) -> None:
    async with stage() as on:
        await page.clock.install()
        await page.goto(on.page)
        sheet = await page.locator("link[rel=stylesheet]").first.get_attribute("href")
        assert sheet is not None
        await page.goto(f"{on.page}/read?channel=floor")
        await page.evaluate(MICROPHONE, sheet.rpartition("/css/")[0])
        assert await page.evaluate("sockets[0].address") == "ws://hall/audio?pulse=1&full=1&done=0"
        await page.evaluate("sockets[0].onopen(), say(0, { kind: 'pulse', every: 5000 })")
        await page.clock.run_for(10_000)
        await page.evaluate("say(0, { kind: 'pulse', every: 5000 })")
        await page.clock.run_for(LIVE_MS - 1_000)
        assert await page.evaluate("[told, sockets.length]") == [[], 1]
        await page.clock.run_for(3_000)
        assert await page.evaluate("[told, sockets.length]") == [["cut"], 2]
        # A server of before has no pulses: it says nothing to one that sends nothing, and isn't dead for that.
        await page.evaluate("sockets[1].onopen()")
        await page.clock.run_for(60_000)
        assert await page.evaluate("[told, sockets.length]") == [["cut"], 2]
        # Nor is what it says of the meeting read from a line over which nothing comes.
        await page.evaluate(SOURCES)
        await page.evaluate(FOLLOWING, sheet.rpartition("/css/")[0])
        await page.evaluate("opened[0].onopen(), pulse(0, 3), snapshot(0, 3)")
        async with page.expect_response("**/silence.js"):
            await page.clock.run_for(UP_MS)
        await page.clock.run_for(LIVE_MS - UP_MS - 1_000)
        assert await page.evaluate("[words.session.status, words.lost, opened.length]") == ["paused", False, 1]
        await page.clock.run_for(3_000 + SPREAD_MS)
        assert await page.evaluate("[words.lost, opened.length]") == [True, 2], "another one is tried"
        await page.evaluate("opened[1].onopen(), pulse(1, 4), snapshot(1, 4, 'open')")
        assert await page.evaluate("[words.session.status, words.lost, opened[0].closed]") == ["open", False, True]


FOLLOWING = """async (root) => {
    const { Words } = await import(`${root}/js/microphone/words.js`);
    window.words = new Words(() => {});
    window.pulse = (n, head) => window.opened[n].named.pulse({ data: JSON.stringify(
        { sent: 1, pulse: { head, age: 0, every: 5000 } }) });
    window.snapshot = (n, offset, status = 'paused') => window.opened[n].onmessage({ data: JSON.stringify(
        { sent: 1, snapshot: { epoch: 'k', offset, session: { title: 'Water', status }, lines: [] } }) });
    words.follow('/s/plenary/events?channel=floor&feed=live&as=microphone');
}"""

"""The record as TTML in the renderer of npm's imsc, in a browser: what it understands and how it looks."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from moothall.core.kernel.ids import ChannelId
from moothall.record.cues import cues_of
from moothall.record.ttml import write_ttml
from moothall.record.wording import Options
from support.browser.node import module
from support.record.golden import ARABIC, CHINESE, NONCHARACTERS, golden_records
from support.sessions.record_maker import FLOOR, WORDING

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REPLACED = str.maketrans(dict.fromkeys(NONCHARACTERS, "\ufffd"))
RENDER = """
(xml) => {
  const faults = [];
  const handler = Object.fromEntries(['info', 'warn', 'error', 'fatal'].map(
    (kind) => [kind, (message) => { faults.push(`${kind}: ${message}`); return false; }]));
  const tt = imsc.fromXML(xml, handler);
  const picture = document.body.appendChild(document.createElement('div'));
  picture.style = 'position: relative; width: 640px; height: 360px; background: teal';
  const shown = tt.getMediaTimeEvents().map((at) => {
    picture.replaceChildren();
    imsc.renderHTML(imsc.generateISD(tt, at, handler), picture, null, 360, 640, false, handler);
    const frame = picture.getBoundingClientRect();
    return { at: Math.round(at * 1000), captions: [...picture.querySelectorAll('p')].map((p) => {
      const boxes = [...p.querySelectorAll('span')].map((span) => span.getBoundingClientRect());
      return {
        text: p.innerText.replace(/\\n+$/, ''),
        direction: getComputedStyle(p).direction,
        inside: boxes.every((box) => box.left >= frame.left && box.right <= frame.right && box.bottom <= frame.bottom),
        rows: new Set(boxes.filter((box) => box.width).map((box) => Math.round(box.top))).size,
      };
    }) };
  });
  return { faults, shown };
}
"""


@pytest.mark.parametrize("channel", [FLOOR, ARABIC, CHINESE])
async def test_imsc_shows_every_caption_in_its_time_and_direction(page: Page, channel: ChannelId) -> None:
    await page.set_content("<!doctype html><meta charset=utf-8><title>Player</title>")
    await page.add_script_tag(path=module("imsc/dist/imsc.all.min.js"))
    record = golden_records()[channel]
    found: dict[str, Any] = await page.evaluate(RENDER, write_ttml(record, WORDING, Options()))
    assert found["faults"] == []
    cues = cues_of(record, WORDING, Options())
    for moment in found["shown"]:
        mine = [cue for cue in cues if cue.t0 <= moment["at"] < cue.t1]
        assert [each["text"] for each in moment["captions"]] == [
            "\n".join(cue.lines).translate(REPLACED) for cue in mine
        ]
        for cue, each in zip(mine, moment["captions"], strict=True):
            assert each["direction"] == ("rtl" if cue.language == "ar" else "ltr")
            assert each["inside"]
            assert each["rows"] == len(cue.lines)
    assert {cue.t0 for cue in cues} <= {moment["at"] for moment in found["shown"]}

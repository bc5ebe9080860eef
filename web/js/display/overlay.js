// The page with text over a video, styled by its address, whose values the server has checked.

import { AskedNow } from './asked_now.js';
import { Tail, given, groupsOf } from './tail.js';

const data = given();
const { lines, size, color, back, fade, question, groups } = data.look;
const root = document.documentElement;
root.style.cssText = `--lines: ${lines}; --size: ${size}px; --color: #${color}; --back: ${back}%`;

const asked = question ? new AskedNow() : null;
let said = '';
let quietSince = Date.now();
let lost = false; // at a hub: whether its uplink is lost
document.addEventListener('pulse', ({ detail }) => ({ lost = false } = detail));

const heard = groups ? groupsOf(data) : null;
const tail = new Tail(data, (each) => {
  root.dataset.kind = lost ? 'lost' : each.state().kind;
  const text = each.box.textContent;
  if (text !== said) {
    said = text;
    if (!each.late) quietSince = Date.now();
  }
  root.classList.toggle('faded', fade > 0 && Date.now() - quietSince >= fade * 1000);
}, (event) => {
  asked?.heard(event);
  heard?.(event, tail.reader.session);
});

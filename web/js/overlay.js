// Text over a picture. What the address asks for was checked by the server; here it is only set.

import { AskedNow } from './asked_now.js';
import { Tail, given, groupsOf } from './tail.js';

const data = given();
const { lines, size, color, back, fade } = data.look;
const root = document.documentElement;
for (const [name, value] of [['lines', lines], ['size', `${size}px`], ['color', `#${color}`], ['back', `${back}%`]]) {
  root.style.setProperty(`--${name}`, value);
}

const asked = data.look.question ? new AskedNow() : null;
let said = '';
let quietSince = Date.now();

const groups = data.look.groups ? groupsOf(data) : null;
const tail = new Tail(data, ({ box, late }) => {
  const text = box.textContent;
  if (text !== said) {
    said = text;
    if (!late) quietSince = Date.now();
  }
  root.classList.toggle('faded', fade > 0 && Date.now() - quietSince >= fade * 1000);
}, (event) => {
  asked?.heard(event);
  groups?.(event, tail.reader.session);
});

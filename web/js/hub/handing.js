// Takes what was asked to another computer of the hub. It goes along in the part of the address that no server is sent.

import { at, set } from '../lib/nodes.js';

const ADDRESS = /^(?:https?:\/\/)?([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?\/?$/i;

/** Offer to take along what `entries` gives; nothing to take, nothing offered. @param {() => Pick<Carried, 'fields' | 'at'>[]} entries */
export function offer(entries) {
  const part = at('Handing');
  part.hidden = !entries().length;
  if (part.dataset.ready) return;
  part.dataset.ready = 'yes';
  part.open ||= document.getElementById('HubLine')?.dataset.kind === 'fenced'; // From here it goes nowhere any more.
  at('HandingForm').addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = at('HandingAddress').value.trim();
    const right = ADDRESS.test(typed);
    set(at('HandingWrong'), right ? '' : at('HandingWrong').dataset.text);
    if (!right) {
      at('HandingAddress').setAttribute('aria-invalid', 'true');
      at('HandingAddress').focus();
      return;
    }
    const base = (typed.includes('://') ? typed : `http://${typed}`).replace(/\/$/, '');
    const [first] = entries();
    const said = new URLSearchParams({ ...first.fields, age: String(Math.max(0, Date.now() - first.at)) });
    location.assign(`${base}/s/${part.dataset.session}/ask#${said}`);
  });
}

/** What came along in this page's address: a form's fields; null where nothing did. It is taken out of the address. */
export function handed() {
  const said = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (!said.id || !('text' in said)) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return said;
}

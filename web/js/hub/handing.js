// Takes a question to another computer of the hub, in the fragment of the address, which browsers send to no server.

import { at, set } from '../lib/nodes.js';

const ADDRESS = /^(?:https?:\/\/)?([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?\/?$/i;

/**
 * Offer to take along the first question that `entries` gives; without one hide the offer.
 * @param {() => Pick<Carried, 'fields' | 'at'>[]} entries
 */
export function offer(entries) {
  const part = at('Handing');
  part.hidden = !entries().length;
  if (part.dataset.ready) return;
  part.dataset.ready = 'yes';
  part.open ||= document.getElementById('HubLine')?.dataset.kind === 'fenced'; // a fenced hub can't pass the question on
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

/** The form's fields that came in this page's fragment, which is removed; null where there are none. */
export function handed() {
  const said = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (!said.id || !('text' in said)) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return said;
}

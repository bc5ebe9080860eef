// The page *Ask or comment* with scripts: a form that can't be sent is stored in the browser and sent once there is a
// connection.

import { drop, kept, put, says, send, sendAll } from './asks_kept.js';
import { at, element, only, set } from '../lib/nodes.js';

const AGAIN = 10000; // ms between two attempts, on average

let form = only('form.asking');
let timer = 0;
let sending = false;

const action = () => form.getAttribute('action') ?? '';
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Send the form; without a connection, store it. @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  const button = only('button', form);
  button.setAttribute('aria-disabled', 'true');
  // A form from the service worker's cache has the same id each time it is opened.
  const id = only('input[name=id]', form);
  if (kept().some(({ fields }) => fields.id === id.value && fields.text !== only('textarea[name=text]', form).value)) id.value = newId();
  const label = form.querySelector('[name=kind]:checked')?.parentElement?.textContent.trim();
  const fields = /** @type {FormFields} */ (Object.fromEntries(new FormData(form)));
  // A form that another page has handed over may have been written a while ago.
  const entry = { action: action(), fields, label, at: Date.now() - (Number(fields.age) || 0) };
  const answer = form.dataset.busy ? undefined : await sent(entry);
  button.removeAttribute('aria-disabled');
  if (answer?.taken) location.assign(answer.address);
  else if (answer) shown(answer.page);
  else if (answer === null && put(entry)) waits();
  else if (answer === null) form.submit(); // no room, or no storage: the browser itself reports the missing connection
}

/** Send the form, and keep it from being sent twice at a time. @param {KeptForm} entry */
async function sent(entry) {
  form.dataset.busy = 'yes';
  const answer = await send(entry);
  delete form.dataset.busy;
  return answer;
}

/** Show the form as the server returned it, with the sentence that says what is wrong. @param {Document} page */
function shown(page) {
  const next = page.querySelector('main');
  const made = next?.querySelector('form.asking');
  if (!made) {
    form.submit(); // the answer is another page: let the browser load it
    return;
  }
  document.title = page.title;
  document.querySelector('main #Wrong')?.remove();
  const wrong = next?.querySelector('#Wrong');
  if (wrong) form.before(wrong);
  form.replaceWith(made);
  take();
  form.querySelector('[aria-invalid]')?.focus();
}

/** The form was stored: empty the one on the page, and give it a new id. */
function waits() {
  only('input[name=id]', form).value = newId();
  only('textarea[name=text]', form).value = '';
  document.getElementById('Wrong')?.remove();
  list();
  at('KeptTitle').focus();
  later();
}

/** Show the stored forms, those that wait and those that were refused, each with a button to discard it. */
function list() {
  const entries = kept().filter((each) => each.action.split('?')[0] === action().split('?')[0]);
  set(at('KeptTitle'), entries.length ? at('Kept').dataset.kept : at('Kept').dataset.sent);
  at('Kept').hidden = !entries.length && !at('KeptSent').children.length;
  set(at('KeptSays'), entries.some(({ wrong }) => !wrong) ? at('Kept').dataset.waits : '');
  at('KeptList').replaceChildren(...entries.map(({ fields, label, wrong }) => {
    const away = element('button', { type: 'button', class: 'quiet' }, at('Kept').dataset.away);
    away.addEventListener('click', () => {
      drop(fields.id);
      list();
      only('textarea[name=text]', form).focus();
    });
    const says = wrong ? [element('p', { class: 'wrong' }, wrong)] : [];
    return element('li', {}, element('p', { class: 'words', dir: 'auto' }, fields.text || (label ?? '')), ...says, away);
  }));
}

/** Send all forms that wait. */
async function all() {
  clearTimeout(timer);
  timer = 0;
  if (sending) return void later(); // two runs at a time would report the same forms twice
  sending = true;
  const waiting = await sendAll((answer) => at('KeptSent').append(element('li', {}, says(answer))))
    .finally(() => { sending = false; });
  list();
  if (waiting) later();
}

function later() {
  timer ||= setTimeout(all, AGAIN * (0.5 + Math.random()));
}

/** Take over the form that is on the page now. */
function take() {
  form = only('form.asking');
  form.addEventListener('submit', submit);
}

take();
list();
if (kept().some(({ wrong }) => !wrong)) all();
addEventListener('online', all);

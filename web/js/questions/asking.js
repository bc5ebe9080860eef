// *Ask or comment* with a script: what is written while there is no line is kept here and sent once it is back.

import { drop, kept, put, says, send, sendAll } from './asks_kept.js';
import { at, element, only, set } from '../lib/nodes.js';

const AGAIN = 10000; // ms between two tries; each browser a little otherwise

let form = only('form.asking');
let timer = 0;
let sending = false;

const action = () => form.getAttribute('action') ?? '';
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  const button = only('button', form);
  button.setAttribute('aria-disabled', 'true');
  // A form that this browser has kept comes with the same id each time it is opened.
  const id = only('input[name=id]', form);
  if (kept().some(({ fields }) => fields.id === id.value && fields.text !== only('textarea[name=text]', form).value)) id.value = newId();
  const label = form.querySelector('[name=kind]:checked')?.parentElement?.textContent.trim();
  const fields = /** @type {FormFields} */ (Object.fromEntries(new FormData(form)));
  // It may have been written a while ago, on a page elsewhere.
  const entry = { action: action(), fields, label, at: Date.now() - (Number(fields.age) || 0) };
  const answer = form.dataset.busy ? undefined : await sent(entry);
  button.removeAttribute('aria-disabled');
  if (answer?.taken) location.assign(answer.address);
  else if (answer) shown(answer.page);
  else if (answer === null && put(entry)) waits();
  else if (answer === null) form.submit(); // No room, or nothing can be kept here: the browser says that there is no line.
}

/** @param {KeptForm} entry */
async function sent(entry) {
  form.dataset.busy = 'yes';
  const answer = await send(entry);
  delete form.dataset.busy;
  return answer;
}

/** The form as the server gave it back, with the sentence that says what is wrong. @param {Document} page */
function shown(page) {
  const next = page.querySelector('main');
  const made = next?.querySelector('form.asking');
  if (!made) {
    form.submit(); // Another page: the browser shows it.
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

/** It is kept: the form is empty again, under an id of its own. */
function waits() {
  only('input[name=id]', form).value = newId();
  only('textarea[name=text]', form).value = '';
  document.getElementById('Wrong')?.remove();
  list();
  at('KeptTitle').focus();
  later();
}

/** What waits here and what was not taken, each with a way to get rid of it. */
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

async function all() {
  clearTimeout(timer);
  timer = 0;
  if (sending) return void later(); // Two at a time would tell twice of what both find waiting.
  sending = true;
  const waiting = await sendAll((answer) => at('KeptSent').append(element('li', {}, says(answer))))
    .finally(() => { sending = false; });
  list();
  if (waiting) later();
}

function later() {
  timer ||= setTimeout(all, AGAIN * (0.5 + Math.random()));
}

function take() {
  form = only('form.asking');
  form.addEventListener('submit', submit);
}

take();
list();
if (kept().some(({ wrong }) => !wrong)) all();
addEventListener('online', all);

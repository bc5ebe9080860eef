// *Ask or comment* with a script: what is written while there is no line is kept here and sent once it is back.

import { drop, kept, put, says, send, sendAll } from './asks_kept.js';
import { at, element, set } from '../lib/nodes.js';

const AGAIN = 10000; // ms between two tries; each browser a little otherwise

let form = document.querySelector('.asking');
let timer = null;

const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

async function submit(event) {
  event.preventDefault();
  const button = form.querySelector('button');
  button.setAttribute('aria-disabled', 'true');
  // A form that this browser has kept comes with the same id each time it is opened.
  const id = form.querySelector('[name=id]');
  if (kept().some(({ fields }) => fields.id === id.value && fields.text !== form.querySelector('[name=text]').value)) id.value = newId();
  const label = form.querySelector('[name=kind]:checked')?.parentElement.textContent.trim();
  const fields = Object.fromEntries(new FormData(form));
  // It may have been written a while ago, on a page elsewhere.
  const entry = { action: form.getAttribute('action'), fields, label, at: Date.now() - (Number(fields.age) || 0) };
  const answer = form.dataset.busy ? undefined : await sent(entry);
  button.removeAttribute('aria-disabled');
  if (answer?.taken) location.assign(answer.address);
  else if (answer) shown(answer.page);
  else if (answer === null && put(entry)) waits();
  else if (answer === null) form.submit(); // No room, or nothing can be kept here: the browser says that there is no line.
}

async function sent(entry) {
  form.dataset.busy = 'yes';
  const answer = await send(entry);
  delete form.dataset.busy;
  return answer;
}

/** The form as the server gave it back, with the sentence that says what is wrong. */
function shown(page) {
  const [main, next] = [document.querySelector('main'), page.querySelector('main')];
  if (!next?.querySelector('.asking')) {
    form.submit(); // Another page: the browser shows it.
    return;
  }
  document.title = page.title;
  main.querySelector('#Wrong')?.remove();
  const wrong = next.querySelector('#Wrong');
  if (wrong) form.before(wrong);
  form.replaceWith(next.querySelector('.asking'));
  take();
  form.querySelector('[aria-invalid]')?.focus();
}

/** It is kept: the form is empty again, under an id of its own. */
function waits() {
  form.querySelector('[name=id]').value = newId();
  form.querySelector('[name=text]').value = '';
  document.getElementById('Wrong')?.remove();
  list();
  at('KeptTitle').focus();
  later();
}

/** What waits here and what was not taken, each with a way to get rid of it. */
function list() {
  const entries = kept().filter(({ action }) => action.split('?')[0] === form.getAttribute('action').split('?')[0]);
  set(at('KeptTitle'), entries.length ? at('Kept').dataset.kept : at('Kept').dataset.sent);
  at('Kept').hidden = !entries.length && !at('KeptSent').children.length;
  set(at('KeptSays'), entries.some(({ wrong }) => !wrong) ? at('Kept').dataset.waits : '');
  at('KeptList').replaceChildren(...entries.map(({ fields, label, wrong }) => {
    const away = element('button', { type: 'button', class: 'quiet' }, at('Kept').dataset.away);
    away.addEventListener('click', () => {
      drop(fields.id);
      list();
      form.querySelector('[name=text]').focus();
    });
    const says = wrong ? [element('p', { class: 'wrong' }, wrong)] : [];
    return element('li', {}, element('p', { class: 'words', dir: 'auto' }, fields.text || label), ...says, away);
  }));
}

async function all() {
  clearTimeout(timer);
  timer = null;
  const waiting = await sendAll((answer) => at('KeptSent').append(element('li', {}, says(answer))));
  list();
  if (waiting) later();
}

function later() {
  timer ??= setTimeout(all, AGAIN * (0.5 + Math.random()));
}

function take() {
  form = document.querySelector('.asking');
  form.addEventListener('submit', submit);
}

take();
list();
if (kept().some(({ wrong }) => !wrong)) all();
addEventListener('online', all);

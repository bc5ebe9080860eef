// The page *Ask or comment* at a hub: takes over a question from another computer of the hub, and offers to take one to
// another.

import { kept } from '../questions/asks_kept.js';
import { handed, offer } from './handing.js';
import { arrived, carried } from './kept.js';
import { at, only, set } from '../lib/nodes.js';

const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes

const { session } = at('Handing').dataset;
const form = () => only('form.asking');

/** The questions stored in this browser that the meeting doesn't have: not sent yet, or sent only to this computer. */
const waiting = () => [
  ...kept().filter(({ action }) => action.split('?')[0] === location.pathname),
  ...carried(session),
];

/**
 * Fill the form on the page with a stored question, with its id, so that it stays the same question.
 * @param {FormFields} fields
 */
function fill(fields) {
  for (const [name, value] of Object.entries(fields)) {
    const radio = form().querySelector(`input[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"][type=radio]`);
    const field = form().querySelector(`[name="${CSS.escape(name)}"]:not([type=radio])`);
    if (radio) radio.checked = true;
    else if (field instanceof HTMLSelectElement) {
      if (![...field.options].some((each) => each.value === value)) field.append(new Option(value, value));
      field.value = value;
    } else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = value;
  }
  if (fields.age && !form().querySelector('[name=age]')) {
    const age = document.createElement('input');
    Object.assign(age, { type: 'hidden', name: 'age', value: fields.age });
    form().append(age);
  }
  form().hidden = false; // after the close it serves for questions written before
  form().before(at('Carried'));
  set(at('Carried'), at('Carried').dataset.text);
}

/**
 * Put a question back into the form that was sent to this address but isn't there (another computer may have the
 * address now).
 */
async function lost() {
  for (const entry of carried(session)) {
    try {
      const answer = await fetch(entry.page, { signal: AbortSignal.timeout(PATIENCE) });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const data = page.getElementById('CarriedData');
      if (data && JSON.parse(data.textContent).safe) arrived(entry.fields.id);
      if (answer.status !== 404) continue;
    } catch {
      continue; // no connection: the computer may still have the question
    }
    if (!only('textarea[name=text]', form()).value) fill({ ...entry.fields, age: String(Math.max(0, Date.now() - entry.at)) });
  }
  offer(waiting);
}

const along = handed();
if (along) fill(along);
lost();

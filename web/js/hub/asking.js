// *Ask or comment* at a hub: what came along from another computer of it, and what can be taken to another one.

import { kept } from '../questions/asks_kept.js';
import { handed, offer } from './handing.js';
import { arrived, carried } from './kept.js';
import { at, only, set } from '../lib/nodes.js';

const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes

const { session } = at('Handing').dataset;
const form = () => only('form.asking');

/** What this browser keeps that the meeting doesn't have: sent to this computer already, or not even that. */
const waiting = () => [
  ...kept().filter(({ action }) => action.split('?')[0] === location.pathname),
  ...carried(session),
];

/** Put a form's fields in the form on the page: sent from here it is the same question. @param {FormFields} fields */
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
  form().hidden = false; // after the close it is there for what was written before
  form().before(at('Carried'));
  set(at('Carried'), at('Carried').dataset.text);
}

/** What this computer was sent and has no more (another one has its address now) is put in the form again. */
async function lost() {
  for (const entry of carried(session)) {
    try {
      const answer = await fetch(entry.page, { signal: AbortSignal.timeout(PATIENCE) });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const data = page.getElementById('CarriedData');
      if (data && JSON.parse(data.textContent).safe) arrived(entry.fields.id);
      if (answer.status !== 404) continue;
    } catch {
      continue; // It is away; what it has, it has.
    }
    if (!only('textarea[name=text]', form()).value) fill({ ...entry.fields, age: String(Math.max(0, Date.now() - entry.at)) });
  }
  offer(waiting);
}

const along = handed();
if (along) fill(along);
lost();

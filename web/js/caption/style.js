// Shows the captioner's field in each of its states, on the page of styles.

import { at, element, only } from '../lib/nodes.js';

/** @type {{ words: string, name: string }} */
const { words, name } = JSON.parse(at('Data').textContent);
const written = at('Compose').outerHTML;
for (const state of ['yours', 'apart', 'off', 'heard']) {
  // A copy has ids of its own, and so have the references to them.
  at(`Field-${state}`).innerHTML = written.replace(/ (id|for|aria-[a-z]+)="([A-Z]\w+)"/g, ` $1="$2-${state}"`);
  at(`Compose-${state}`).classList.add(state);
  only('textarea', at(`Compose-${state}`)).value = state === 'heard' ? '' : words;
}
at('SpeaksNow-yours').textContent = name;
at('Suggested-yours').hidden = false;
at('Suggested-yours').append(...words.split(' ').slice(0, 2).map((word, n) => element('li', { role: 'option', 'aria-selected': String(n === 0) }, word)));
at('OffAir-off').hidden = false;
at('HeardBox-heard').hidden = false;
only('.text', at('Heard-heard')).textContent = words;

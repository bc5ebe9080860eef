// Shows a second pass's proposals, one of each fate, on the page of styles.

import { RefinementRows, counts } from './refinement_rows.js';
import { Words } from '../lib/words.js';
import { at, set } from '../lib/nodes.js';

const CURRENT = 1; // the row on which the keys would act
/** @type {Texts & { rows: Proposal[], fates: string }} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);
const rows = new RefinementRows(words, { does: () => {}, sound: true });
rows.fates = data.fates;
rows.begin(data.rows);
counts(rows, words);
set(at('By'), words.text('by', { model: 'whisper-large', time: '14:02' }));
set(at('AcceptAll'), words.counted('accepting', rows.count('w')));
at('AcceptAll').hidden = at('AllHint').hidden = false;
at('Proposals').children[CURRENT].classList.add('current');

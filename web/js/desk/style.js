// Shows lines of the text desk in each look, on the page of styles.

import { DeskLines } from '../lines/lines.js';
import { DeskState } from '../lines/state.js';
import { at } from '../lib/nodes.js';
import { Words } from '../lib/words.js';

/** @type {Texts & { snapshot: NonNullable<DeskFrame['snapshot']>, certain: Record<string, [string, number][]> }} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);
const state = new DeskState();
state.channel = 'floor';
const change = state.apply({ sent: 0, snapshot: data.snapshot });
state.words = data.certain;
const lines = new DeskLines(state, words, { picked: () => {}, mend: () => {} });
lines.marks.set('line-0', [words.text('tag.agreed')]);
lines.claims.set('line-3', words.text('claimed', { name: data.snapshot.session.speakers.b }));
lines.update(change);
lines.pick('line-2');

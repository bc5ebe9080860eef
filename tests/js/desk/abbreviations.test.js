// Abbreviations: which are taken, and what they are written out to.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MOST, readable, withOne, withPasted, writtenOut } from '../../../web/js/desk/abbreviations.js';

const LIST = { tt: 'transparency and accountability', igf: 'Internet Governance Forum' };

/** @param {string} before */
const written = (before) => {
  const out = writtenOut(LIST, before);
  return out && before.slice(0, out.from) + out.text + before.slice(out.to);
};

test('a space or a mark behind it has it written out, with the case of its first letter', () => {
  assert.equal(written('for tt '), 'for transparency and accountability ');
  assert.equal(written('Tt.'), 'Transparency and accountability.');
  assert.equal(written('(IGF)'), '(Internet Governance Forum)');
  assert.equal(written('att '), null);
  assert.equal(written('tt'), null);
  assert.equal(written('constructor '), null);
});

test('one that is none is refused with the name of a sentence', () => {
  assert.deepEqual(withOne({}, ' TT ', ' a   b '), { list: { tt: 'a b' }, refused: null });
  assert.equal(withOne({}, 't t', 'x').refused, 'abbreviation.word');
  assert.equal(withOne({}, 't'.repeat(21), 'x').refused, 'abbreviation.long');
  assert.equal(withOne({}, 'tt', ' ').refused, 'abbreviation.empty');
  const full = Object.fromEntries(Array.from({ length: MOST }, (_, n) => [`a${n}`, 'x']));
  assert.equal(withOne(full, 'tt', 'x').refused, 'abbreviation.many');
  assert.equal(withOne(full, 'a1', 'y').refused, null);
});

test('pasted rows are taken as far as they can be, and the others named', () => {
  const { list, taken, wrong, refused } = withPasted(LIST, 'wg\tworking group\r\n\nnothing\nun\tUnited\tNations\n');
  assert.deepEqual([list.wg, list.un, taken, wrong, refused], ['working group', 'United Nations', 2, [3], 'abbreviation.empty']);
});

test('lists of other programs are taken: CSV, Word\'s, Plover\'s', () => {
  const from = (/** @type {string} */ pasted) => withPasted({}, pasted);
  assert.deepEqual(from('tt,"transparency, and ""more"""\n"wg";working group').list, { tt: 'transparency, and "more"', wg: 'working group' });
  assert.deepEqual(from('\ufefftt=transparency\nwg = working group = a').list, { tt: 'transparency', wg: 'working group = a' });
  const plover = from('{"TT": "transparency", "TP/WG": "two strokes", "-G": "{^ing}", "WG": "working group"}');
  assert.deepEqual([plover.list, plover.taken, plover.wrong], [{ tt: 'transparency', wg: 'working group' }, 2, [2, 3]]);
  assert.deepEqual([from('{ "tt":').wrong, from('nothing').wrong], [[1], [1]]);
});

test('a dictionary of steno programs in RTF/CRE is taken, but for what is a command or has several strokes', () => {
  const { list, taken, wrong } = withPasted({}, `{\\rtf1\\ansi{\\*\\cxrev100}\\cxdict{\\*\\cxsystem Eclipse}
{\\stylesheet{\\s0 Normal;}}
{\\*\\cxs TT}transparency and accountability
{\\*\\cxs SAO}S\\'e3o Paulo\\u8217?s{\\*\\cxcomment a city}{\\*\\cxsvatdictentrydate 2024}
{\\*\\cxs TP/WG}two strokes
{\\*\\cxs -G}\\cxds ing
{\\*\\cxs WG}working\\~group
}`);
  assert.deepEqual(list, { tt: 'transparency and accountability', sao: 'São Paulo’s', wg: 'working group' });
  assert.deepEqual([taken, wrong], [3, [3, 4]]);
});

test('rows of AutoHotkey are taken', () => {
  assert.deepEqual(withPasted({}, '::tt::transparency, and more\n:*:wg::working group').list, { tt: 'transparency, and more', wg: 'working group' });
});

test('what is kept and is no list of ours is none', () => {
  assert.deepEqual(readable(null), {});
  assert.deepEqual(readable({ tt: 5, 'a b': 'x', wg: 'working group' }), { wg: 'working group' });
});

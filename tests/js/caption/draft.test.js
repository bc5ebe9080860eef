// What a captioner typed and the server has not answered yet: none of it is lost, and none of it is there twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Draft, MOST, readable } from '../../../web/js/caption/draft.js';

const HOW = { channel: 'floor', language: 'en', speaker: null };

function desk() {
  /** @type {{kept: any}} */
  const disk = { kept: null };
  let many = 0;
  const open = () => new Draft(JSON.parse(JSON.stringify(disk.kept)), { write: (kept) => { disk.kept = kept; } }, () => `l${many += 1}`);
  return { disk, open };
}

test('a page that is opened again goes on with the same words and the same ids', () => {
  const { open } = desk();
  const one = open();
  one.type('We beg', true);
  const two = open();
  assert.deepEqual([two.line, two.text, two.apart], [one.line, 'We beg', false]);
  two.send(['We  begin.'], 'Th', HOW);
  const three = open();
  assert.deepEqual(three.waiting, [{ segment: one.line, text: 'We begin.', ...HOW }]);
  assert.notEqual(three.line, one.line);
  assert.equal(three.text, 'Th');
  three.done(one.line);
  three.done(one.line);
  assert.deepEqual([open().waiting, open().text], [[], 'Th']);
});

test('several sentences at once are several lines, and too many are none', () => {
  const { open } = desk();
  const draft = open();
  const { line } = draft;
  draft.send(['One.', ' ', 'Two.'], '', { ...HOW, speaker: 'p1' });
  assert.deepEqual(draft.waiting.map(({ segment, text, speaker }) => [segment === line, text, speaker]), [[true, 'One.', 'p1'], [false, 'Two.', 'p1']]);
  assert.equal(new Set([...draft.waiting.map(({ segment }) => segment), draft.line]).size, 3);
  draft.type('Three', true);
  assert.equal(draft.send(Array.from({ length: MOST }, () => 'x'), '', HOW), false);
  assert.equal(draft.text, 'Three');
});

test('what is refused is in the field again, and is sent by a key alone', () => {
  const { open } = desk();
  const draft = open();
  draft.send(['One.', 'Two.'], 'Thr', HOW);
  const { line } = draft;
  draft.back();
  assert.deepEqual([draft.text, draft.waiting, draft.apart], ['One. Two. Thr', [], true]);
  assert.notEqual(draft.line, line);
  draft.back();
  assert.equal(draft.text, 'One. Two. Thr');
});

test('what was typed while nothing was kept stays apart until none of it is left', () => {
  const { open } = desk();
  const draft = open();
  draft.type('off', false);
  draft.type('off and on', true);
  assert.equal(draft.apart, true);
  draft.send(['off and on'], '', HOW);
  assert.equal(draft.apart, false);
  draft.type('', false);
  assert.equal(draft.apart, false);
});

test('a line is taken back in front, and so is what another page left', () => {
  const { open } = desk();
  const draft = open();
  draft.type('and', true);
  draft.takes({ act: 'line-a', segment: 'a', text: 'One' });
  draft.taken(true);
  assert.deepEqual([draft.text, draft.taking], ['One and', null]);
  const taking = { act: 'line-b', segment: 'b', text: 'Gone?' };
  draft.inherit({ line: 'x', text: 'Before.', apart: false, waiting: [{ segment: 'w', text: 'First.', ...HOW }], taking });
  assert.deepEqual([draft.text, draft.waiting.length, draft.taking], ['Before. One and', 1, taking]);
});

test('a page that ends while a line is taken back has its words, in the text or in the field', () => {
  const { open } = desk();
  const taking = { act: 'line-a', segment: 'a', text: 'One' };
  open().takes(taking);
  const stays = open();
  assert.deepEqual([stays.taking, stays.text], [taking, '']);
  stays.taken(false);
  assert.deepEqual([open().taking, open().text], [null, '']);
  open().takes(taking);
  open().taken(true);
  assert.deepEqual([open().taking, open().text], [null, 'One']);
});

test('what is kept and is none of ours is nothing', () => {
  for (const kept of [null, 3, 'x', { line: 4, waiting: 'x' }]) assert.deepEqual(readable(kept, 'n'), { line: 'n', text: '', apart: false, waiting: [], taking: null });
  assert.deepEqual(readable({ waiting: [null, { segment: 's', text: 't' }, { segment: 's', text: 't', ...HOW, speaker: 3 }] }, 'n').waiting, [{ segment: 's', text: 't', ...HOW }]);
});

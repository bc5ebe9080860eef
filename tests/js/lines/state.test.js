// What a staff page knows of the machine's certainty, before and after a correction.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DeskState, writesInto } from '../../../web/js/lines/state.js';
import { unquotable } from '../../../web/js/panels/rough.js';

test('a correction with as many words leaves the other words as uncertain as they were', () => {
  const state = new DeskState();
  state.words = { s1: [['The', 0.9], [' fond', 0.2], [' pays', 0.3]] };
  const line = /** @type {DeskLine} */ ({ segment: 's1', text: 'The fond pays', revision: 0, mended: true });
  assert.deepEqual(state.certainties(line), state.words.s1);
  assert.deepEqual(state.certainties({ ...line, text: ' The fund pays', revision: 1 }), [['The', 0.9], ['fund', 1], [' pays', 0.3]]);
  assert.deepEqual(state.certainties({ ...line, text: 'The big fund pays', revision: 1 }), []);
  assert.deepEqual(state.certainties({ ...line, segment: 'other', revision: 1 }), []);
});

test('words that a machine left are as uncertain as before', () => {
  const state = new DeskState();
  const unsure = (/** @type {string} */ words, /** @type {string} */ text) => {
    state.words = { s1: words.split('|').map((word) => [word, 0.2]) };
    const read = state.certainties(/** @type {DeskLine} */ ({ segment: 's1', text, revision: 1, mended: false }));
    assert.equal(read.length, state.words.s1.length, 'other readings are counted by words');
    return read.filter(([, certainty]) => certainty < 1).map(([word]) => word.trim()).join(' ');
  };
  assert.equal(unsure(' the| fund| pays', ' the fund pays'), 'the fund pays');
  assert.equal(unsure(' the| fund| pays', 'the bond pays'), 'the pays');
  assert.equal(unsure(' the| fund| pays| for| it', 'the phone pays, for, it'), 'the it');
  const line = ' the| fund| pays| for| it';
  for (const [text, found] of [
    [' the whole fund pays for it', 'the pays for it'], ['the fund  pays for', 'the fund'], ['a fund', ''], ['the fund pays for items now', 'the fund pays for'],
    ['the fund pays for it now', 'the fund pays for it'], ['I say the fund pays for it', 'fund pays for it'],
  ]) assert.equal(unsure(line, text), found);
  assert.equal(unsure(' the|  fund| pays', 'the new fund pays'), 'the fund pays');
  assert.equal(unsure('大家|早上|好|吗', '大家早安好吗'), '大家 吗');
  assert.equal(unsure('大家|早上|好', '大家早上好'), '大家 早上 好');
});

test('nobody writes into a translation, and an interpreter into interpretations alone', () => {
  const into = (/** @type {string[]} */ ...may) => ['floor', 'interpretation', 'translation'].filter((kind) => writesInto(new Set(may), kind));
  assert.deepEqual(into('type', 'correct'), ['floor', 'interpretation']);
  assert.deepEqual(into('type'), ['interpretation']);
  assert.deepEqual(into('correct'), []);
});

test('whoever seals the record as checked vouches for the lines that a desk shows', () => {
  const state = new DeskState();
  const session = /** @type {Session} */ (/** @type {unknown} */ ({ channels: {}, speakers: {}, clock: null, gaps: [] }));
  const lines = [{ segment: 'a', rough: true, text: 'A.' }, { segment: 'b', text: 'B.' }, { segment: 'c', rough: true, mended: true, text: 'C.' },
    ...[true, false].map((checked) => ({ segment: `d-${checked}`, text: 'D.', made_from: { sources: [], route: 'echo 1 ar>en', rough: true, until_checked: checked } }))];
  state.apply(/** @type {DeskFrame} */ (/** @type {unknown} */ ({ snapshot: { epoch: 'e', offset: 0, session, lines } })));
  const seal = (/** @type {number} */ offset, /** @type {string} */ version) => state.apply(/** @type {DeskFrame} */ (/** @type {unknown} */ ({ prev: offset - 1, events: [{ offset, at: 1, by: 'secretariat', body: { type: 'record.sealed', version } }] })));
  assert.deepEqual([...seal(1, 'raw').lines], []);
  assert.deepEqual([...seal(2, 'checked').lines], ['a', 'd-true']);
  assert.deepEqual([...state.lines.values()].map(unquotable), [false, false, false, false, false]);
  assert.deepEqual([...state.lines.values()].map((line) => line.made_from?.rough ?? false), [false, false, false, false, true]);
});

test('a split line becomes two, directly one after the other, each with its words', () => {
  const state = new DeskState();
  const session = /** @type {Session} */ (/** @type {unknown} */ ({ channels: {}, speakers: {}, clock: null, gaps: [] }));
  state.apply(/** @type {DeskFrame} */ ({ snapshot: { epoch: 'e', offset: 0, session, lines: [] } }));
  let offset = 0;
  const tell = (/** @type {object[]} */ ...bodies) => state.apply(/** @type {DeskFrame} */ (/** @type {unknown} */ ({ prev: offset, events: bodies.map((body) => ({ offset: (offset += 1), at: 1, by: 'engine', body: { channel: 'floor', ...body } })) })));
  const words = (/** @type {string[]} */ ...texts) => texts.map((text) => ({ text, p: 0.4 }));
  const opened = { type: 'segment.opened', language: 'en', origin: 'machine' };
  tell({ ...opened, segment: 'a', t0: 0 }, { type: 'words.committed', segment: 'a', first: 0, words: words(' Who?', ' I') });
  tell({ type: 'segment.ended', segment: 'a', t1: 400, text: ' Who? I', reason: 'pause' }, { ...opened, segment: 'b', t0: 350 });
  const { spoke } = state;
  tell(
    { type: 'segment.split', segment: 'a', revision: 0, word: 1, into: 'a-2', t1: 200 },
    { type: 'segment.corrected', segment: 'a', base_revision: 0, base_words: 0, text: '', tail: ' Who?', machine: true },
  );
  assert.equal(state.spoke, spoke);
  tell(
    { ...opened, segment: 'a-2', t0: 300, part_of: 'a' },
    { type: 'words.committed', segment: 'a-2', first: 0, words: words(' I') },
    { type: 'segment.ended', segment: 'a-2', t1: 400, text: ' I', reason: 'speaker' },
  );
  tell({ type: 'segment.split', segment: 'unknown', revision: 0, word: 1, into: 'x', t1: 200 });
  assert.deepEqual(state.shown().map(({ segment, text, words: count, voice_changes: changes }) => [segment, text, count, changes]), [
    ['a', ' Who?', 1, true], ['a-2', ' I', 1, true], ['b', '', 0, undefined],
  ]);
  assert.deepEqual(state.words, { a: [[' Who?', 0.4]], 'a-2': [[' I', 0.4]] });
});

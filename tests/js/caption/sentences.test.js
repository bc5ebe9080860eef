// Where sentences end: what is sent while somebody types, and what stays theirs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LONGEST, oneLine, sentences } from '../../../web/js/caption/sentences.js';

test('a mark and a space end a sentence; without the space it is still the typist\'s', () => {
  assert.deepEqual(sentences('We begin.'), { ended: [], rest: 'We begin.' });
  assert.deepEqual(sentences('We begin. '), { ended: ['We begin.'], rest: '' });
  assert.deepEqual(sentences('Why?! Because… n'), { ended: ['Why?!', 'Because…'], rest: 'n' });
  assert.deepEqual(sentences('He said "no." And'), { ended: ['He said "no."'], rest: 'And' });
  assert.deepEqual(sentences('It grew by 3.5 per cent'), { ended: [], rest: 'It grew by 3.5 per cent' });
});

test('what is only shortened ends nothing', () => {
  for (const text of ['Dr. Diallo', 'We thank Mr. Li', 'J. Smith', 'the e.g. here', '1. The']) assert.deepEqual(sentences(text), { ended: [], rest: text });
  assert.deepEqual(sentences('There were 12. Then').ended, ['There were 12.']);
  assert.deepEqual(sentences('See no. 4 there'), { ended: [], rest: 'See no. 4 there' });
  for (const text of ['He said no.', 'So do I.', 'It is on example.org.', 'Dice que no.']) assert.deepEqual(sentences(`${text} And`).ended, [text]);
});

test('Arabic and Chinese marks end sentences as well', () => {
  assert.deepEqual(sentences('من يدفع؟ لا'), { ended: ['من يدفع؟'], rest: 'لا' });
  assert.deepEqual(sentences('我们开始。'), { ended: [], rest: '我们开始。' });
  assert.deepEqual(sentences('我们开始。第'), { ended: ['我们开始。'], rest: '第' });
  assert.deepEqual(sentences('他说“好！”然'), { ended: ['他说“好！”'], rest: '然' });
});

test('nothing is lost of what is typed, and what has no end is cut at a word', () => {
  const text = 'word '.repeat(LONGEST / 5 + 1);
  const { ended, rest } = sentences(text);
  assert.equal(oneLine(`${ended.join(' ')} ${rest}`), oneLine(text));
  assert.ok(ended.length === 1 && ended[0].endsWith('word'));
  assert.deepEqual(sentences('  . ').rest, '');
});

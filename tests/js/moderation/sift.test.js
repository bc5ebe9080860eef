// What of the questions is shown when a moderator looks for something.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fits } from '../../../web/js/moderation/sift.js';

const ONE = { number: 1, kind: 'question', status: 'queued', origin: 'remote', language: 'en', flags: [], text: 'Who pays?', received: 'Who pays?', name: 'Ana' };
const TWO = { ...ONE, number: 2, status: 'being-checked', language: 'es', flags: ['blocked-word'], text: '¿Quién paga el agua?', received: '¿Quién paga?', name: '' };
const THREE = { ...ONE, number: 13, kind: 'comment', status: 'later', origin: 'hub:nairobi', text: 'I see', received: 'I see', name: 'Ben' };

const CASES = [
  [{}, [1, 2, 13]],
  [{ kind: 'comment' }, [13]],
  [{ status: 'later' }, [13]],
  [{ status: 'being-checked' }, [2]],
  [{ flag: 'any' }, [2]],
  [{ flag: 'none' }, [1, 13]],
  [{ flag: 'blocked-word' }, [2]],
  [{ flag: 'abuse' }, []],
  [{ language: 'es' }, [2]],
  [{ place: 'hub' }, [13]],
  [{ place: 'hub:nairobi' }, [13]],
  [{ place: 'hub:nai' }, []],
  [{ place: 'remote' }, [1, 2]],
  [{ text: ' PAYS ' }, [1]],
  [{ text: 'quien' }, [2]],
  [{ text: 'ben' }, [13]],
  [{ text: '1' }, [1]],
  [{ text: 'pays', language: 'es' }, []],
];

for (const [wanted, numbers] of CASES) {
  test(`fits ${JSON.stringify(wanted)}`, () => {
    assert.deepEqual([ONE, TWO, THREE].filter((each) => fits(each, wanted)).map(({ number }) => number), numbers);
  });
}

test('a translation is looked through as well', () => assert.equal(fits(TWO, { text: 'water' }, 'Who pays for the water?'), true));

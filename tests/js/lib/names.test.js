import assert from 'node:assert/strict';
import { test } from 'node:test';

import { alarmText } from '../../../web/js/lib/names.js';
import { Words } from '../../../web/js/lib/words.js';

test('an alarm lists languages as its language does', () => {
  const said = (/** @type {string} */ ui) => {
    const words = new Words({ ui, texts: { 'alarm.language': '{heard}: {expected}' }, counted: {} });
    const alarm = { kind: 'language', values: { heard: 'fr', expected: 'en,es,pt' } };
    return alarmText(words, alarm, (tag) => tag.toUpperCase());
  };
  assert.deepEqual(['en', 'ar', 'zh'].map(said), ['FR: EN, ES, PT', 'FR: EN وES وPT', 'FR: EN、ES、PT']);
});

// Which voices may read a text aloud.

import assert from 'node:assert/strict';
import test from 'node:test';

import { usable } from '../../../web/js/reader/voice.js';

/** @param {string} name  @param {string} lang  @param {boolean} localService */
const voice = (name, lang, localService) => ({ name, lang, localService, default: false, voiceURI: name });
const VOICES = [
  voice('far', 'es-MX', false), voice('here', 'es-ES', true), voice('old name', 'es_AR', true), voice('english', 'en-GB', true),
];

test('a voice that sends the text away is used only where that is allowed, behind those of the device', () => {
  const names = (/** @type {boolean} */ allowed) => usable(VOICES, 'es', allowed).map(({ name }) => name);
  assert.deepEqual(names(false), ['here', 'old name']);
  assert.deepEqual(names(true), ['here', 'old name', 'far']);
});

test('a language counts by its first part', () => {
  assert.deepEqual(usable(VOICES, 'en-KE', false).map(({ name }) => name), ['english']);
  assert.deepEqual(usable(VOICES, 'fr', true), []);
});

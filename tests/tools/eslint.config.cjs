// What `make check` finds in scripts: ESLint's recommended rules. NODE_PATH says where the packages are.

const js = require('@eslint/js');
const globals = require('globals');

module.exports = [
  js.configs.recommended,
  { languageOptions: { globals: globals.browser }, linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { files: ['web/js/microphone/worklet.js'], languageOptions: { globals: globals.audioWorklet } },
  { files: ['web/js/questions/worker.js'], languageOptions: { globals: globals.serviceworker } },
  { files: ['tests/**'], languageOptions: { globals: globals.node } },
  { files: ['tests/tools/*.js', '**/*.cjs'], languageOptions: { sourceType: 'commonjs', globals: globals.node } },
];

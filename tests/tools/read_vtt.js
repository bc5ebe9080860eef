// Reads an array of WebVTT texts from standard input and writes what the W3C's parser finds in each:
// [{"errors": ["line:col message", …], "cues": [{"id", "start", "end", "text"}, …]}, …]; times in ms.
'use strict';

const { WebVTTParser } = require(process.argv[2]);

let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (data) => { input += data; });
process.stdin.on('end', () => {
  const found = JSON.parse(input).map((text) => {
    const { cues, errors } = new WebVTTParser().parse(text, 'captions');
    return {
      errors: errors.map((error) => `${error.line}:${error.col ?? ''} ${error.message}`),
      cues: cues.map((cue) => ({
        id: cue.id,
        start: Math.round(cue.startTime * 1000),
        end: Math.round(cue.endTime * 1000),
        text: cue.text,
      })),
    };
  });
  process.stdout.write(JSON.stringify(found));
});

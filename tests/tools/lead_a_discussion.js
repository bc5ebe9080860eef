// A desk by the stock client of npm. On standard input: {"url", "cookie", "transports", "session", "acts": [{"id", "commands"}, …]}.
// It joins, sends each act twice, and writes {"transport", "first", "answers", "told"}: what it was told of questions when
// it came, the acknowledgements in pairs, and what it was told since.
'use strict';

const { io } = require(process.argv[2]);

let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (data) => { input += data; });
process.stdin.on('end', () => {
  const { url, cookie, transports, session, acts } = JSON.parse(input);
  const desk = io(`${url}/desk`, { transports, extraHeaders: { Cookie: cookie }, reconnection: false });
  const ask = (event, body) => desk.timeout(5000).emitWithAck(event, body);
  const told = [];
  desk.on('interventions', (body) => told.push(body));
  desk.on('connect_error', ({ message }) => {
    process.stderr.write(`${message}\n`);
    process.exit(1);
  });
  desk.on('connect', async () => {
    const { news } = await ask('join', { session });
    const answers = [];
    for (const act of acts) answers.push([await ask('act', act), await ask('act', act)]);
    const transport = desk.io.engine.transport.name;
    process.stdout.write(JSON.stringify({ transport, first: news.interventions, answers, told }), () => process.exit(0));
  });
});

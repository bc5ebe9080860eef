// A desk by the stock client of npm. On standard input: {"url", "cookie", "transports", "session", "acts": [{"id", "commands"}, …]}.
// It joins, sends each act twice, is cut off, and joins again where its text stood when it first came. It writes
// {"transport", "first", "answers", "told", "missed"}: what it was told of questions when it came, the acknowledgements in
// pairs, what it was told since, and the frames that came after the cut.
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
  let frames = [];
  let news = () => {};
  desk.on('interventions', (body) => told.push(body));
  desk.on('frame', (body) => {
    frames.push(body);
    news();
  });
  desk.on('connect_error', ({ message }) => {
    process.stderr.write(`${message}\n`);
    process.exit(1);
  });
  const came = (last) => frames.some(({ events = [] }) => events.some(({ offset }) => offset >= last));
  const until = async (holds) => {
    while (!holds()) await new Promise((resolve) => { news = resolve; });
  };
  const connected = () => new Promise((resolve) => { desk.once('connect', resolve); });
  const lead = async () => {
    await connected();
    const { news: { interventions: first } } = await ask('join', { session });
    await until(() => frames.length);
    const { epoch, offset } = frames[0].snapshot;
    const answers = [];
    for (const act of acts) answers.push([await ask('act', act), await ask('act', act)]);
    const transport = desk.io.engine.transport.name;
    const { last } = answers.at(-1)[0].receipt;
    await until(() => came(last));
    desk.disconnect();
    frames = [];
    desk.connect();
    await connected();
    await ask('join', { session, after: `${epoch}:${offset}` });
    await until(() => came(last));
    process.stdout.write(JSON.stringify({ transport, first, answers, told, missed: frames }), () => process.exit(0));
  };
  lead();
});

// At a hub: says how the line is, and offers what was missed. It asks the computer that served the page, not the line.

const EVERY_MS = 8_000;
const PATIENCE = 6_000; // ms for an answer: of a line that is frozen none ever comes
const DOWN = ['beginning', 'down', 'fenced', 'refused', 'unpaired'];
const KEPT = 'moothall.skipped';

const strip = document.getElementById('HubLine');
const said = document.getElementById('HubSaid');
const missed = document.getElementById('HubMissed');
const { ask, session } = strip.dataset;
const skip = missed.querySelector('button');

const skipped = () => {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {}; // Nothing is remembered here.
  }
};

const offer = (span) => {
  const end = span ? span.end : Number(missed.dataset.end ?? -1);
  if (span) {
    missed.querySelector('span').textContent = span.text;
    missed.querySelector('a').href = span.address;
    missed.dataset.end = span.end;
  }
  missed.hidden = end < 0 || (skipped()[session] ?? -1) >= end;
};

const put = (kind, text) => {
  // Written only when it is another, so that it is read out once.
  if (said.textContent !== text) said.textContent = text;
  strip.dataset.kind = kind;
};

const look = async () => {
  try {
    const answer = await fetch(ask, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return;
    const now = await answer.json();
    put(now.kind, now.text);
    if (now.missed) offer(now.missed);
  } catch {
    put('lost', strip.dataset.lost); // This computer itself can't be reached: how its line is nobody here knows.
  }
};

skip.hidden = false;
skip.addEventListener('click', () => {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ ...skipped(), [session]: Number(missed.dataset.end) }));
  } catch {
    // Then it is skipped for as long as the page is open.
  }
  missed.hidden = true;
});
offer(null);
// What comes over the text's own line says how long ago the centre was heard.
document.addEventListener('pulse', ({ detail: { lost = false } }) => lost === DOWN.includes(strip.dataset.kind) || look());
setTimeout(look, 1_000);
// Not all phones of a hall at the same moment.
setTimeout(() => setInterval(look, EVERY_MS), Math.random() * EVERY_MS);

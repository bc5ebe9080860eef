// Shows proposals of a call that say nearly the same while somebody types theirs, and then those that may mean something
// like it. The server compares; what is typed is kept nowhere.

const form = /** @type {HTMLFormElement | null} */ (document.getElementById('Proposing'));
const shown = document.getElementById('Like');
const meant = document.getElementById('Meant'); // only where the server compares meanings
const text = /** @type {HTMLTextAreaElement | null} */ (document.getElementById('Text'));
const QUIET_MS = 600; // after the last key
const FEWEST = 12; // characters that say something
let timer = 0;
let asked = 0;

/**
 * @param {HTMLElement} box
 * @param {{number: number, text: string, language: string, direction: string}[]} similar
 */
function show(box, similar) {
  const rows = similar.map((each) => {
    const link = document.createElement('a');
    link.href = `#No-${each.number}`;
    link.textContent = each.text;
    link.lang = each.language;
    link.dir = each.direction;
    const row = document.createElement('li');
    row.append(link);
    return row;
  });
  box.querySelector('ul')?.replaceChildren(...rows);
  box.hidden = rows.length === 0;
}

/**
 * @param {HTMLElement} box
 * @param {Record<string, string>} asking
 * @param {number} mine
 */
async function fill(box, asking, mine) {
  const body = new URLSearchParams(asking);
  const answer = await fetch(form?.dataset.like ?? '', { method: 'POST', body }).catch(() => null);
  if (answer?.ok && mine === asked) show(box, (await answer.json()).similar);
}

async function ask() {
  if (!form || !shown || !text) return;
  asked += 1;
  const mine = asked;
  if (text.value.trim().length < FEWEST) {
    show(shown, []);
    if (meant) show(meant, []);
    return;
  }
  await fill(shown, { text: text.value }, mine);
  // Words come first: they wait for no meanings.
  if (meant && mine === asked) await fill(meant, { text: text.value, by: 'meaning' }, mine);
}

text?.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(ask, QUIET_MS);
});

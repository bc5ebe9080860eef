// *Something wrong?*: sends a report without leaving the page, and then says what becomes of it.

import { at, element, only } from '../lib/nodes.js';

const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const LONGEST = 40000; // ms for one that comes when something has changed, after 25 s at the latest
const PAUSE = 5000; // ms until it is asked again after a failure

const box = at('Report');

/** Make the form send itself. */
function report() {
  const form = /** @type {Form<{channel: HTMLInputElement}>} */ (only('form', box));
  const status = only('[role=status]', box);
  const list = only('ul', status);
  let known = '';
  let asking = false;

  /** @param {{kind: string, answer: string, what: string, became: string}[]} reports */
  function show(reports) {
    known = reports.map(({ kind, answer }) => `${kind}:${answer}`).join(',');
    list.replaceChildren(...reports.map(({ what, became }) => element('li', {}, element('strong', {}, what), ' ', became)));
    for (const button of form.querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(reports.some(({ kind }) => kind === button.value)));
    }
  }

  /** @param {string | URL} address  @param {number} patience  @param {{method?: string, body?: string}} post */
  async function call(address, patience, post = {}) {
    const headers = { Accept: 'application/json', ...(post.body && { 'Content-Type': 'application/json' }) };
    const answer = await fetch(address, { ...post, headers, signal: AbortSignal.timeout(patience) });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    return body.reports;
  }

  /** While something was reported and isn't mended, ask what became of it. */
  async function ask() {
    if (asking) return;
    asking = true;
    const address = new URL(form.action);
    address.searchParams.set('channel', form.elements.channel.value);
    address.searchParams.set('wait', '1');
    while (known && /:(sent|seen)/.test(known)) {
      address.searchParams.set('known', known);
      try {
        show(await call(address, LONGEST));
      } catch {
        await new Promise((done) => setTimeout(done, PAUSE));
      }
    }
    asking = false;
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const sent = { kind: event.submitter?.getAttribute('value'), channel: form.elements.channel.value };
    try {
      show(await call(form.action, PATIENCE, {
        method: 'POST',
        body: JSON.stringify(sent),
      }));
      ask();
    } catch (error) {
      list.replaceChildren(element('li', {}, error instanceof TypeError || !(error instanceof Error) || error instanceof DOMException || !error.message ? status.dataset.failed ?? '' : error.message));
    }
  });
}

if (box) report();

// The panel *Something wrong?*: sends a reader's report without leaving the page, and shows what becomes of it.

import { at, element, only } from '../lib/nodes.js';

const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const LONGEST = 40000; // ms for a long poll: the server answers when something has changed, after 25 s at the latest
const PAUSE = 5000; // ms until the next request after a failure

const box = at('Report');

/** Set up the form. */
function report() {
  const form = /** @type {Form<{channel: HTMLInputElement}>} */ (only('form', box));
  const status = only('[role=status]', box);
  const list = only('ul', status);
  let known = '';
  let asking = false;

  /**
   * Show this reader's reports with their outcomes.
   * @param {{kind: string, answer: string, what: string, became: string}[]} reports
   */
  function show(reports) {
    known = reports.map(({ kind, answer }) => `${kind}:${answer}`).join(',');
    list.replaceChildren(...reports.map(({ what, became }) => element('li', {}, element('strong', {}, what), ' ', became)));
    for (const button of form.querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(reports.some(({ kind }) => kind === button.value)));
    }
  }

  /**
   * Send a request; resolves to the reports.
   * @param {string | URL} address  @param {number} patience  ms  @param {{method?: string, body?: string}} post
   */
  async function call(address, patience, post = {}) {
    const headers = { Accept: 'application/json', ...(post.body && { 'Content-Type': 'application/json' }) };
    const answer = await fetch(address, { ...post, headers, signal: AbortSignal.timeout(patience) });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    return body.reports;
  }

  /** Poll for outcomes until all reports are mended. */
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

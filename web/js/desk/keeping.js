// What is kept of a meeting, on a staff page: breaks and *Not recorded*, begun and ended now or a little while ago, and
// what is offered to whoever writes in a break.

import { at, only, set } from '../lib/nodes.js';

const BACK = 30000; // ms by which either may begin before it is said
const EARLIER = 20000; // ms before now from which on there is text again when a break is ended so

export class DeskKeeping {
  /**
   * @param {{act: (...commands: Command[]) => Promise<Answer>, words: import('../lib/words.js').Words}} with_  `act` does something for the meeting
   */
  constructor({ act, words }) {
    this.words = words;
    this.box = at('EndEarlier');
    this.opener = only('[data-act="resume-back"]');
    /** @type {Record<string, () => unknown>} */
    const acts = {
      'pause-back': () => act({ do: 'pause', back: BACK }),
      'resume-back': () => this.#ask(Boolean(this.box.hidden)),
      'resume-not': () => this.#ask(false),
      'resume-sure': () => act({ do: 'resume', back: EARLIER }),
      off: () => act({ do: 'not-recorded', back: 0 }),
      'off-back': () => act({ do: 'not-recorded', back: BACK }),
    };
    document.addEventListener('click', ({ target }) => acts[target.closest('button[data-act]')?.dataset.act ?? '']?.());
  }

  /**
   * How the meeting stands, and what may be done: what was asked or offered goes with the break.
   * @param {Session} session  @param {Set<string>} may
   */
  stands({ status, not_recorded: since }, may) {
    const off = since !== null && since !== undefined;
    at('Off').hidden = !may.has('not-recorded') || !['open', 'paused'].includes(status);
    at('Off').classList.toggle('on', off);
    for (const button of at('Off').querySelectorAll('button')) button.hidden = (button.dataset.act === 'recorded') !== off;
    this.box.hidden ||= status !== 'paused';
    this.opener.setAttribute('aria-expanded', String(!this.box.hidden));
    at('InBreak').hidden ||= status !== 'paused';
  }

  /** A line was refused: say so where it was written, and offer to end the break. @param {Refusal} [refusal] */
  refused(refusal) {
    if (refusal?.code !== 'break') return;
    at('InBreak').hidden = false;
    set(only('#InBreak > *'), this.words.text('refused.break'));
  }

  /** Ask whether what was said a little while ago is to become text. @param {boolean} open */
  #ask(open) {
    this.box.hidden = !open;
    this.opener.setAttribute('aria-expanded', String(open));
    (open ? only('button', this.box) : this.opener).focus();
  }
}

// The controls of a staff page for breaks and *Not recorded*: begin and end them now or some seconds ago, and offer to
// end a break to whoever tries to write in it.

import { at, only, set } from '../lib/nodes.js';

const BACK = 30000; // ms: how far back a break or *Not recorded* begins with the buttons for that
const EARLIER = 20000; // ms: how far back a break ends with the button for that; from there on there is text again

export class DeskKeeping {
  /**
   * @param {{act: (...commands: Command[]) => Promise<Answer>, words: import('../lib/words.js').Words}} with_  `act`: send commands
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
   * Show the controls that fit the meeting's status and our permissions (`may`). Questions and offers go when the break
   * ends.
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

  /**
   * Where a line was refused because of the break, say so beside its box and offer to end the break.
   * @param {Refusal} [refusal]
   */
  refused(refusal) {
    if (refusal?.code !== 'break') return;
    at('InBreak').hidden = false;
    set(only('#InBreak > *'), this.words.text('refused.break'));
  }

  /**
   * Ask whether the break is to end some seconds ago, so that what was said since becomes text.
   * @param {boolean} open
   */
  #ask(open) {
    this.box.hidden = !open;
    this.opener.setAttribute('aria-expanded', String(open));
    (open ? only('button', this.box) : this.opener).focus();
  }
}

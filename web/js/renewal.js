// A page that the server makes, renewed in place: named parts of it are asked for again and put where they differ.

const SPREAD = 2000; // ms over which readers spread their questions
const WORDS = /^(intervention|queue)\.|^session\.|^record\.body/;

/** Whether an event of the meeting may change what such a page says. */
export const concerns = (event) => WORDS.test(event.body?.type ?? '');

export class Renewal {
  #timer = null;
  #busy = false;
  #again = false;

  /** @param {string[]} parts  ids of what is renewed */
  constructor(parts) {
    this.parts = parts;
  }

  /** Ask before long; what is wanted meanwhile is asked for once. */
  soon() {
    this.#timer ??= setTimeout(() => this.#ask(), 200 + Math.random() * SPREAD);
  }

  async #ask() {
    this.#timer = null;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
      if (answer.ok) this.#put(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch {
      this.#again = true; // The line is away.
    }
    this.#busy = false;
    if (this.#again) this.soon();
    this.#again = false;
  }

  #put(made) {
    document.title = made.title;
    for (const id of this.parts) {
      const old = document.getElementById(id);
      const next = made.getElementById(id);
      // What stays is neither read out again nor loses the focus.
      if (old && next && old.innerHTML !== next.innerHTML) old.replaceChildren(...next.childNodes);
    }
  }
}

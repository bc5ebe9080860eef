// Taking a moment along: a line's time copies its address, and beside it stands a button that copies the line as a quote.

/** Put text on the clipboard; says whether it went there. Pages that are not on https have only the older way. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'unseen';
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}

export class Quote {
  /**
   * @param {HTMLElement} list
   * @param {{words: object, address: (id: string) => string, about: () => string[], tell: (text: string) => void}} with_
   */
  constructor(list, { words, address, about, tell }) {
    Object.assign(this, { words, address, about, tell });
    this.button = document.createElement('button');
    this.button.type = 'button';
    this.button.className = 'quiet';
    this.button.textContent = words.text('copy');
    this.said = document.createElement('span');
    this.said.className = 'copied';
    this.button.addEventListener('click', () => this.#quote());
    list.addEventListener('click', (event) => {
      const time = event.target.closest?.('a.time');
      if (!time || event.ctrlKey || event.metaKey || event.shiftKey) return;
      this.offer(time.closest('.line'));
      this.#copy(this.address(time.closest('.line').id), 'copied.address');
    });
  }

  /** Put the button at a line. */
  offer(line) {
    if (line.contains(this.button)) return;
    this.said.textContent = '';
    line.querySelector('.about').append(' ', this.button, ' ', this.said);
  }

  #quote() {
    const line = this.button.closest('.line');
    const name = speakerOf(line);
    const facts = [name, ...this.about(), line.querySelector('time').textContent, this.address(line.id)];
    this.#copy(`“${line.querySelector('.text').textContent}” — ${facts.filter(Boolean).join(', ')}`, 'copied.quote');
  }

  async #copy(text, done) {
    const said = this.words.text((await copy(text)) ? done : 'copied.nothing');
    this.said.textContent = said;
    this.tell(said);
  }
}

/** The name over a line; one that says the same as the line above does not show it, but has it. */
const speakerOf = (line) => line.querySelector('.speaker')?.textContent ?? '';

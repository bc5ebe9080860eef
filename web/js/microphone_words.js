// What readers see of the text that the microphone feeds: its last line, as proof that it works.

const LATE = 10000; // ms: what comes so late says nothing of now

export class Words {
  #source = null;
  #address = '';

  /** @param {(shown: {text: string, heard: ?boolean}) => void} show */
  constructor(show) {
    this.show = show;
    this.lines = new Map(); // texts by line, the last two
    this.partial = '';
    this.heard = null; // whether an engine hears speech; null while none has said
  }

  /** Follow a text, from now on. */
  follow(address) {
    if (address === this.#address) return;
    this.close();
    this.#address = address;
    this.#source = new EventSource(address);
    this.#source.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  close() {
    this.#source?.close();
    this.#source = null;
    this.#address = '';
  }

  #take(frame) {
    if (frame.snapshot) {
      this.lines.clear();
      for (const { segment, text } of frame.snapshot.lines.slice(-2)) this.lines.set(segment, text);
    }
    for (const { body } of frame.events ?? []) this.#event(body);
    for (const signal of frame.signals ?? []) {
      if (signal.kind === 'partial') this.partial = signal.text;
      if (signal.kind === 'state') this.heard = signal.sound === 'speech' && signal.lag < LATE;
    }
    const text = [...this.lines.values()].map((line) => line.trim()).join(' ') + this.partial;
    this.show({ text: text.trim(), heard: this.heard });
  }

  #event(body) {
    if (!body) return;
    if (body.type === 'words.committed') {
      const before = this.lines.get(body.segment) ?? '';
      this.lines.set(body.segment, before + body.words.map(({ text }) => text).join(''));
      this.partial = '';
    } else if (body.type === 'segment.ended' || body.type === 'segment.corrected') {
      if (this.lines.has(body.segment)) this.lines.set(body.segment, body.text + (body.tail ?? ''));
    }
    while (this.lines.size > 2) this.lines.delete(this.lines.keys().next().value);
  }
}

// What is taken up now, on the pages of the staff: the policy questions and a free heading to choose from, and how long
// the meeting was at each topic.

import { alone } from '../lib/names.js';
import { at, element, only, set } from '../lib/nodes.js';
import { mediaTime } from '../lib/words.js';

const BACK = 30000; // ms by which the beginning is set back

export class DeskTopics {
  /**
   * @param {import('../lib/words.js').Words} words
   * @param {{act: (...commands: Command[]) => Promise<Answer>, say: (text: string) => void, now: () => number}} does
   *   `now`: the media time now, ms
   */
  constructor(words, does) {
    this.words = words;
    this.does = does;
    /** @type {?TopicNews} */
    this.news = null;
    this.box = at('Topics');
    this.list = only('ul', this.box);
    this.form = at('OtherTopic');
    this.made = '';
    this.list.addEventListener('click', ({ target }) => {
      const { question } = target.closest('button')?.dataset ?? {};
      if (question !== undefined) this.#take({ question: question || null });
    });
    this.form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const { title } = this.form.elements;
      if (title.value.trim() && await this.#take({ title: title.value.trim() })) title.value = '';
    });
  }

  /** Open the panel, and go to what is taken up now, or to the first that can be. */
  go() {
    if (this.box.hidden) return;
    this.box.setAttribute('open', '');
    /** @type {HTMLElement} */ (this.list.querySelector('[aria-pressed=true]') ?? this.list.querySelector('button') ?? this.form.elements.title).focus();
  }

  /** @param {?TopicNews} news  @param {boolean} shown  whether something may be taken up here, and the meeting is on */
  show(news, shown) {
    this.news = news;
    this.box.hidden = !shown || !news;
    if (!news) return;
    const made = JSON.stringify([news, shown]);
    if (made !== this.made) {
      this.made = made;
      this.#fill(news);
    }
    this.tick();
  }

  /** Bring the time of the present topic up to date. Called each second. */
  tick() {
    if (!this.news) return;
    const { times, now, until, runs } = this.news;
    for (const row of this.list.children) {
      const { of = '' } = row.dataset;
      const spent = times.find((each) => key(each) === of);
      const here = now !== null && key(now) === of;
      const ms = (spent?.ms ?? 0) + (here && runs ? Math.max(0, this.does.now() - until) : 0);
      set(only('.spent', row), spent || here ? mediaTime(ms) : '');
    }
  }

  /** Fill the list: the policy questions, then other topics that were taken up, then nothing. @param {TopicNews} news */
  #fill({ questions, times, now }) {
    const focused = document.activeElement?.closest('#Topics li')?.dataset.of;
    const others = times.filter(({ question }) => !questions.some(({ id }) => id === question));
    const rows = [
      ...questions.map(({ id, text }, n) => this.#row(`q ${id}`, `${n + 1}. ${text}`, { question: id }, now?.question === id)),
      ...others.map((each) => this.#row(key(each), each.title, { title: each.title }, now !== null && key(now) === key(each))),
      this.#row('', this.words.text('topic.nothing'), { question: '' }, now === null),
    ];
    this.list.replaceChildren(...rows);
    set(only('summary .soft', this.box), now ? now.title : '');
    if (focused !== undefined) [...this.list.children].find((row) => row.dataset.of === focused)?.querySelector('button')?.focus();
  }

  /**
   * @param {string} of  @param {string} text  @param {{question?: string, title?: string}} what  @param {boolean} here
   */
  #row(of, text, what, here) {
    const button = element('button', { type: 'button', 'aria-pressed': String(here), dir: 'auto' }, text);
    if (what.question !== undefined) button.dataset.question = what.question;
    else button.addEventListener('click', () => this.#take(what));
    return element('li', { 'data-of': of }, button, ' ', element('span', { class: 'spent' }));
  }

  /** Take something up; resolves to whether that was done. @param {{question?: ?string, title?: string}} what */
  async #take(what) {
    const back = only('input[name=back]', this.box);
    const answer = await this.does.act({ do: 'take-up', ...what, back: back.checked ? BACK : 0 });
    if (answer.refusal) return false;
    back.checked = false;
    const said = what.title ?? this.news?.questions.find(({ id }) => id === what.question)?.text;
    this.does.say(said ? this.words.text('did.take-up', { text: alone(said) }) : this.words.text('topic.nothing'));
    return true;
  }
}

/** By what a topic is known. @param {{question: ?string, title: string}} topic */
function key({ question, title }) {
  return question === null ? `t ${title}` : `q ${question}`;
}

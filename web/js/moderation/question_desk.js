// What the pages of questions share: the connection to the server, the state that it keeps up to date, and acts.

import { menu } from '../desk/fill.js';
import { DeskLink, knowing, newId } from '../desk/link.js';
import { alone, ownName } from '../lib/names.js';
import { DeskNotes } from '../desk/notes.js';
import { DeskTopics } from '../topics/desk.js';
import { DeskState } from '../lines/state.js';
import { HubsHere } from './hubs_here.js';
import { at, set } from '../lib/nodes.js';
import { QuestionDone } from './done.js';
import { QuestionTranslating } from './translating.js';
import { Questions } from './questions.js';
import { say } from '../lib/said.js';
import { Words } from '../lib/words.js';

const SECOND = 1000; // ms between two updates of times

export class QuestionDesk {
  /**
   * @param {{shown: () => void, came: (ids: string[]) => void, closed: () => void, said: () => void,
   *   balance?: (told: ?BalanceNews) => void}} ears
   *   `shown`: the state has changed; `came`: these questions are new; `closed`: the meeting was closed just now;
   *   `said`: a line of its text, or a translation, has changed; `balance`: figures of who is heard
   */
  constructor(ears) {
    this.ears = ears;
    /** @type {DeskData} */
    this.data = JSON.parse(at('Data').textContent);
    this.words = new Words(this.data);
    this.state = new DeskState();
    this.questions = new Questions();
    this.ahead = 0; // ms by which the server's clock is ahead of ours
    this.desk = '';
    this.joined = false;
    /** @type {Set<string>} */
    this.may = new Set();
    /** @type {Seat[]} */
    this.presence = [];
    this.say = say;
    this.act = async (/** @type {Command[]} */ ...commands) => this.#answered(await knowing(
      this.words, (anyway) => this.link.request('act', { id: newId(), commands, anyway }), (know) => this.#known(know, commands),
    ));
    this.now = () => this.state.mediaNow(Date.now() + this.ahead);
    this.said = (/** @type {string} */ segment) => this.state.lines.get(segment)?.text.trim() || null;
    this.done = new QuestionDone(this.questions, this.state, this.words, this.data, { undo: (id) => this.undo(id), say: this.say });
    this.notes = new DeskNotes(this.state, this.words, this.data, { act: this.act, say: this.say });
    this.hubs = new HubsHere(this.words, this.say, this.data.ui, this.data.zone);
    this.topics = new DeskTopics(this.words, { act: this.act, say: this.say, now: this.now });
    /** @type {?TopicNews} */
    this.topicNews = null;
    setInterval(() => this.topics.tick(), SECOND);
    this.link = new DeskLink('/desk', () => ({
      session: this.data.session, channel: this.data.channel, after: this.state.position, name: ownName(), role: this.data.role,
    }), { joined: (answer) => this.#joined(answer), told: (...told) => this.#told(...told), stands: (how, n) => this.#stands(how, n) });
    this.translating = new QuestionTranslating(this.link, this.data.ui, () => this.ears.said());
  }

  /** Tags of the languages that are spoken in the meeting. */
  languages() {
    const { session } = this.state;
    return session?.channels[this.data.channel]?.languages ?? session?.languages ?? [];
  }

  /** Fill a menu with these languages. @param {HTMLSelectElement} select */
  offer(select) {
    const languages = this.languages();
    menu(select, languages.map((tag) => [tag, this.done.languageName(tag)]), this.state.session?.forced ?? languages[0]);
  }

  /** Undo an act, and announce the outcome. @param {string} id */
  async undo(id) {
    const { refusal } = await this.link.request('undo', { id });
    if (refusal?.code === 'stale') this.say(this.words.text('refused.conflict')); // the usual text of `stale` would say that somebody else was faster
    else this.say(this.words.text(refusal ? `refused.${refusal.code}` : 'undone'));
  }

  /**
   * The values of a warning: who has just called which question, and which one is called instead.
   * @param {Know} know  @param {Command[]} commands
   */
  #known({ who, number, seconds }, commands) {
    const called = commands.find(({ status }) => status === 'called')?.interventions?.[0] ?? '';
    return { who: who ? alone(who) : this.words.text('first.nobody'), n: number, s: seconds, m: this.questions.get(called)?.number ?? '' };
  }

  /** Announce a refusal. @param {Answer} answer */
  #answered(answer) {
    if (answer.refusal) this.say(this.words.text(`refused.${answer.refusal.code}`));
    return answer;
  }

  /** The page has joined the session: take over the state in the answer. @param {Answer} answer */
  #joined(answer) {
    this.ahead = answer.now - Date.now();
    this.state.channel = answer.channel;
    this.desk = answer.desk;
    this.done.desks.add(answer.desk);
    this.done.joined(answer);
    this.may = this.done.may;
    this.state.notes = answer.notes;
    this.#hubs(answer.news.hubs);
    this.presence = answer.presence;
    const first = !this.joined;
    this.joined = true;
    const came = this.questions.take(answer.news.interventions);
    if (!first) this.ears.came(came);
    this.ears.balance?.(answer.news.balance);
    this.questions.aside = answer.news['set-aside'];
    this.questions.lately = answer.news.lately;
    this.questions.crowds = answer.news.crowds;
    this.questions.alarms = answer.news.alarm;
    this.#topics(answer.news.topics);
    this.#show();
  }

  /** @param {Told} told */
  #told(...[event, body]) {
    if (event === 'frame') this.#frame(body);
    else if (event === 'interventions') {
      const came = this.questions.take(body);
      if (this.joined) this.ears.came(came);
      this.#show();
    } else if (event === 'overridden') {
      const { by, number, instead } = body;
      const who = by.name || by.label;
      this.say(this.words.text('overridden', { who: who ? alone(who) : this.words.text('first.nobody'), n: number, m: instead }));
    } else if (event === 'balance') {
      this.ears.balance?.(body);
    } else if (event === 'alarm') {
      this.questions.alarms = body;
      this.#show();
    } else if (event === 'set-aside' || event === 'lately' || event === 'crowds') {
      Object.assign(this.questions, { [event === 'set-aside' ? 'aside' : event]: body });
      this.#show();
    } else if (event === 'topics') {
      this.#topics(body);
      this.#show();
    } else if (event === 'hubs') {
      this.#hubs(body);
      this.#show();
    } else if (event === 'presence') {
      this.presence = body;
      this.#show();
    } else if (event === 'acted' || event === 'forgotten') {
      if (event === 'acted') this.done.acts = [...this.done.acts.filter(({ id }) => id !== body.id), body].sort((a, b) => a.at - b.at).slice(-30);
      else this.done.acts = this.done.acts.filter(({ id }) => !body.includes(id));
      this.#show();
    }
  }

  /** @param {?TopicNews} news */
  #topics(news) {
    this.topicNews = news;
    this.questions.policy = news?.questions ?? [];
  }

  /** Take over the news of hubs. @param {?HubNews} told */
  #hubs(told) {
    this.notes.take(told);
    this.hubs.take(told?.presence);
  }

  /** Fold a frame into the state. @param {DeskFrame} body */
  #frame(body) {
    this.ahead = body.sent - Date.now();
    const before = this.state.session?.status;
    const change = this.state.apply(body);
    if (change.lost) this.link.join();
    else if (change.whole || change.session) this.#show();
    else if (change.lines.size) this.ears.said();
    if (change.notes) this.notes.show();
    const { status } = this.state.session ?? {};
    at('Break').hidden = status !== 'paused';
    if (before && before !== status) this.#show(); // the close ends a turn
    if (before && before !== 'closed' && status === 'closed') this.ears.closed();
  }

  #show() {
    if (!this.joined || !this.state.session) return;
    at('Desk').hidden = false;
    this.topics.show(this.topicNews, this.may.has('take-up') && ['open', 'paused'].includes(this.state.session.status));
    if (at('Done')) {
      this.done.done();
      this.done.here(this.presence, this.desk);
    }
    this.ears.shown();
  }

  /** Show the state of the connection. @param {LinkState} how  @param {number} waiting  requests without an answer */
  #stands(how, waiting) {
    const n = waiting - (this.translating?.asking ?? 0);
    const kind = how === 'open' && n > 0 ? 'waiting' : how;
    at('Stands').dataset.kind = kind === 'open' ? 'live' : 'lost';
    const text = this.words.text(`line.${kind}`, { n });
    set(at('Stands'), text);
    if (how === 'shut') this.say(text, '#Stands');
  }
}

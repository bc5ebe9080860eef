// What a meeting has taken up: policy questions and other topics, such as agenda items. Counterpart of
// core/sessions/topics.py. Pure.

/** @param {Topic} topic */
const nothing = ({ question = null, title = '' }) => question === null && !title;

/**
 * Fold an event; returns whether it is about topics.
 * @param {Session} session  @param {EventBody} body
 */
export function tookUp(session, body) {
  if (body.type === 'topic.taken-up') {
    const { t, question = null, number = 0, title = '' } = body;
    const before = (session.topics ?? []).filter((topic) => topic.t < t);
    const topic = { t, question: /** @type {?string} */ (question), number, title };
    session.topics = nothing(topic) && !before.length ? [] : [...before, topic];
    return true;
  }
  if (body.type !== 'policy-questions.listed') return false;
  const listed = body.questions ?? [];
  session.topics = session.topics?.map((topic) => {
    if (topic.question === null) return topic;
    const n = listed.findIndex(({ id }) => id === topic.question);
    return { ...topic, number: n + 1, title: listed[n]?.text ?? topic.title };
  });
  return true;
}

/** What is taken up now; null for nothing. @param {Pick<Session, 'topics'>} session */
export function topicNow({ topics = [] }) {
  const last = topics.at(-1);
  return last && !nothing(last) ? last : null;
}

/**
 * What was taken up, in words; empty for nothing. The title, whose direction is its own, is in Unicode isolates.
 * @param {?Pick<Topic, 'number' | 'title'>} topic  @param {import('../lib/words.js').Words} words
 */
export function topicText(topic, words) {
  if (!topic) return '';
  const title = `\u2068${topic.title}\u2069`;
  return topic.number ? `${words.text('policy-question', { n: topic.number })}: ${title}` : title;
}

/**
 * Show what is taken up now.
 * @param {HTMLElement} box  @param {Pick<Session, 'topics' | 'status'>} session  @param {import('../lib/words.js').Words} words
 */
export function putTopic(box, session, words) {
  const topic = session.status === 'closed' ? null : topicNow(session);
  box.hidden = !topic;
  const text = topic ? words.text('topic-now', { what: topicText(topic, words) }) : '';
  if (box.textContent !== text) box.textContent = text;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { putTopic, tookUp, topicNow, topicText } from '../../../web/js/topics/topics.js';

const words = { text: (name, values) => `${name} ${Object.values(values)}` };
const after = (...bodies) => {
  const session = { status: 'open' };
  for (const body of bodies) assert.ok(tookUp(session, body));
  return session;
};
const taken = (t, title = '', question = null, number = 0) => ({ type: 'topic.taken-up', t, title, question, number });

test('topics follow each other, are set back, and end', () => {
  const session = after(taken(1, 'A'), taken(5, 'B'), taken(4, 'Who?', 'q1', 1));
  assert.deepEqual(session.topics.map(({ t }) => t), [1, 4]);
  assert.equal(topicNow(session).title, 'Who?');
  assert.ok(tookUp(session, { type: 'topic.taken-up', t: 9 }));
  assert.equal(topicNow(session), null);
  assert.deepEqual(after(taken(3)).topics, []);
  assert.equal(tookUp(session, { type: 'session.closed', t: 9 }), false);
});

test('a question is worded as it is listed now', () => {
  const listed = { type: 'policy-questions.listed', questions: [{ id: 'q2', text: 'When?' }, { id: 'q1', text: 'Who pays?' }] };
  const [item, question] = after(taken(1, 'A'), taken(2, 'Who?', 'q1', 1), listed).topics;
  assert.equal(item.title, 'A');
  assert.deepEqual([question.number, question.title], [2, 'Who pays?']);
  const [dropped] = after(taken(2, 'Who?', 'q1', 1), { ...listed, questions: [] }).topics;
  assert.deepEqual([dropped.number, dropped.title], [0, 'Who?']);
  assert.equal(after(listed).topics, undefined);
});

test('it is shown while the meeting is on', () => {
  const box = { hidden: true, textContent: '' };
  const session = after(taken(2, 'Who?', 'q1', 1));
  putTopic(box, session, words);
  assert.deepEqual(box, { hidden: false, textContent: 'topic-now policy-question 1: \u2068Who?\u2069' });
  putTopic(box, { ...session, status: 'closed' }, words);
  assert.ok(box.hidden);
  assert.equal(topicText({ number: 0, title: 'A' }, words), '\u2068A\u2069');
});

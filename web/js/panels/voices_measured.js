// What engines measure of voices, as in core/views/captions.py, and the notice that says so, as `voices_notice` of
// adapters/reading/page_rows.py. Without the notice pure.

import { at, element, set } from '../lib/nodes.js';

/** The most of what is told; undefined for nothing. @param {(string | undefined)[]} told */
const most = (told) => ['known', 'changes'].find((each) => told.includes(each));

/**
 * An engine took over a channel. Returns whether something else is measured now.
 * @param {Session} session  @param {Pick<EventBody, 'channel' | 'voices'>} body
 */
export function heardBy(session, { channel, voices }) {
  const { [channel]: before, ...others } = session.voices ?? {};
  if (before === voices) return false;
  const now = voices ? { ...others, [channel]: voices } : others;
  session.voices = Object.keys(now).length ? now : undefined;
  session.voices_so_far = most([session.voices_so_far, voices]);
  return true;
}

/** What is measured now, or was before the meeting was closed. @param {Session} session */
export const measured = ({ status, voices, voices_so_far: soFar }) => status === 'closed' ? soFar : most(Object.values(voices ?? {}));

/**
 * Put the notice behind that of how the text is made, or take it away.
 * @param {string} before  what it says, empty: there is none  @param {string} said  what it is to say, empty: nothing
 */
export function voicesNotice(before, said) {
  const notices = [...at('Notices').querySelectorAll('p')];
  const notice = notices.find(({ textContent }) => before && textContent === before) ?? element('p', {});
  set(notice, said);
  if (!said) notice.remove();
  else if (!notice.isConnected) notices[0].after(notice);
}

// Adds the reader's local time beside each time on the front page, where their time zone differs from the conference's.

const { own = '' } = document.getElementById('Times')?.dataset ?? {};

/**
 * The offset of an ISO time in minutes ahead of UTC: `…T17:00:00+03:00` is 180; 0 without one.
 * @param {string} written
 */
function ahead(written) {
  const found = /([+-])(\d\d):(\d\d)$/.exec(written);
  return found ? Number(`${found[1]}1`) * (Number(found[2]) * 60 + Number(found[3])) : 0;
}

for (const time of own ? document.querySelectorAll('time') : []) {
  if (!time.dateTime) continue;
  const moment = new Date(time.dateTime);
  if (-moment.getTimezoneOffset() === ahead(time.dateTime)) continue;
  // The weekday is shown too, since it may differ in the reader's zone.
  const shown = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const beside = document.createElement('span');
  beside.className = 'own-time';
  beside.textContent = ` (${own.replace('{time}', shown.format(moment))})`;
  time.after(beside);
}

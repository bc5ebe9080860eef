// The front page: beside each time the reader's own, where their clock goes by another one.

const { own = '' } = document.getElementById('Times')?.dataset ?? {};

/** Minutes ahead of UTC that a time's address says: `…T17:00:00+03:00`. @param {string} written */
function ahead(written) {
  const found = /([+-])(\d\d):(\d\d)$/.exec(written);
  return found ? Number(`${found[1]}1`) * (Number(found[2]) * 60 + Number(found[3])) : 0;
}

for (const time of own ? document.querySelectorAll('time') : []) {
  if (!time.dateTime) continue;
  const moment = new Date(time.dateTime);
  if (-moment.getTimezoneOffset() === ahead(time.dateTime)) continue;
  // The day too: it may be another one there.
  const shown = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const beside = document.createElement('span');
  beside.className = 'own-time';
  beside.textContent = ` (${own.replace('{time}', shown.format(moment))})`;
  time.after(beside);
}

// Dragging a meeting that has not begun to another room and time in the day's timetable. This sends the form of the
// meeting's own page with another room and other times, which users of the keyboard send themselves.

import { dragging } from '../lib/dragging.js';

/**
 * The new end, so that the duration by local time stays; empty without one.
 * @param {string} starts  @param {string} ends  @param {string} moved  the new start
 */
function endOf(starts, ends, moved) {
  if (!starts || !ends) return '';
  const [from, to, now] = [starts, ends, moved].map((time) => Date.parse(`${time}Z`));
  return new Date(now + to - from).toISOString().slice(0, `${moved}`.length);
}

/** The cell at which something is dropped; null for none. @param {?EventTarget} target */
function cellAt(target) {
  const cell = target instanceof Element ? target.closest('td[data-place]') : null;
  return cell instanceof HTMLElement ? cell : null;
}

/**
 * Fetch the form of a meeting, and send it with the room and time of a cell.
 * @param {HTMLElement} meeting  @param {HTMLElement} cell
 */
async function move(meeting, cell) {
  const { address = '', starts = '', ends = '' } = meeting.dataset;
  const { place = '', starts: moved = '' } = cell.dataset;
  const answer = await fetch(address);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const form = page.querySelector('form[data-plan]');
  const fields = form instanceof HTMLFormElement ? form.elements : null;
  const chosen = fields?.namedItem('place');
  if (!(form instanceof HTMLFormElement) || !fields || !(chosen instanceof HTMLSelectElement)) {
    location.assign(address); // the meeting has begun or was deleted: its page says so
    return;
  }
  chosen.value = place;
  for (const [name, value] of Object.entries({ starts: moved, ends: endOf(starts, ends, moved) })) {
    const field = fields.namedItem(name);
    if (field instanceof HTMLInputElement && value) field.value = value;
  }
  const then = Object.assign(page.createElement('input'), { type: 'hidden', name: 'then', value: 'day' });
  form.append(then);
  form.hidden = true;
  document.body.append(document.adoptNode(form));
  form.submit(); // the page that answers shows errors, as after any form
}

/** Highlight the cell as the drop target; null: none. @param {?HTMLElement} cell */
function mark(cell) {
  for (const each of document.querySelectorAll('td.target')) each.classList.toggle('target', each === cell);
  cell?.classList.add('target');
}

for (const meeting of document.querySelectorAll('[data-address][data-starts]')) {
  if (!(meeting instanceof HTMLElement)) continue;
  meeting.draggable = true;
  for (const link of meeting.querySelectorAll('a')) link.draggable = false; // the whole block is dragged, not the link
}
const table = document.querySelector('table.day');
if (table instanceof HTMLElement) {
  dragging(table, {
    type: 'text/x-moothall-meeting',
    mark,
    item: (from) => from.closest('[data-address][data-starts]'),
    place: (at, _, meeting) => {
      const cell = cellAt(at);
      return cell?.contains(meeting) ? null : cell;
    },
    drop: (meeting, cell) => {
      meeting.classList.add('moving');
      move(meeting, cell).catch(() => location.assign(meeting.dataset.address ?? ''));
    },
  });
}
const hint = document.getElementById('DragHint');
if (hint && table && document.querySelector('[draggable="true"]')) hint.hidden = false;

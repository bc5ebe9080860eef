// What was typed into the forms of a report and isn't stored yet: it is kept in this browser until the server has it,
// so that nothing is lost without a connection, or with the page.

import { keep, recall } from '../lib/kept.js';

/** @typedef {{fields: [string, string][]}} Typed */

/** The fields of a form that somebody fills in, with the revision that they changed. @param {HTMLFormElement} form */
export function typedIn(form) {
  /** @type {[string, string][]} */
  const fields = [];
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && name !== 'form') fields.push([name, value]);
  }
  return { fields };
}

/** Put what was typed back into a form. @param {HTMLFormElement} form  @param {Typed} typed */
export function putBack(form, typed) {
  const given = new Map(typed.fields);
  for (const each of form.elements) {
    if (each instanceof HTMLInputElement && each.type === 'checkbox') {
      each.checked = given.get(each.name) === each.value;
    } else if (
      (each instanceof HTMLInputElement && each.name !== 'form')
      || each instanceof HTMLTextAreaElement || each instanceof HTMLSelectElement
    ) {
      const value = given.get(each.name);
      if (value !== undefined) each.value = value;
    }
  }
}

/** The drafts of one report that wait in this browser. */
export class TypedStore {
  /** @param {string} session */
  constructor(session) {
    this.name = `moothall.report.${session}`;
    /** @type {Record<string, Typed>} */
    this.waiting = recall(this.name) ?? {};
  }

  /** @param {string} form  its id  @param {Typed} typed */
  put(form, typed) {
    this.waiting[form] = typed;
    keep(this.name, { ...recall(this.name), [form]: typed }); // other pages of this browser keep theirs there too
  }

  /** Forget a draft, unless something else was typed since. @param {string} form  @param {Typed} typed */
  stored(form, typed) {
    if (JSON.stringify(this.waiting[form]) !== JSON.stringify(typed)) return;
    delete this.waiting[form];
    const all = recall(this.name) ?? {};
    delete all[form];
    keep(this.name, all);
  }
}

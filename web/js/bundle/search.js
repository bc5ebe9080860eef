// The search of a bundle of records that was taken home. It runs from a disk, without a server: the lines come from
// scripts, since browsers let such a page load nothing else, and each calls `moothall_lines`.

/**
 * @typedef {{page: string, title: string, languages: string[], lines: [id: string, time: string, text: string][],
 *   simpler: Record<string, string>}} Text `simpler`: the simplified characters of traditional ones, as far as they
 *   stand in a line, in either script
 */

(() => {
  const MOST = 200;
  const form = document.getElementById('Search');
  const words = document.getElementById('Words');
  const language = document.getElementById('Language');
  const status = document.getElementById('Found');
  const list = document.getElementById('Lines');
  if (
    !(form instanceof HTMLFormElement) ||
    !(words instanceof HTMLInputElement) ||
    !(language instanceof HTMLSelectElement) ||
    !status ||
    !list
  ) {
    return;
  }

  /** @type {Map<string, Text>} the texts that are loaded, by the address of their script */
  const texts = new Map();
  let searches = 0;
  /** @type {?Text} */
  let arrived = null;

  Reflect.set(
    globalThis,
    'moothall_lines',
    /** @type {(page: string, title: string, languages: string[], lines: Text['lines'], simpler: Text['simpler']) => void} */
    (page, title, languages, lines, simpler) => {
      arrived = { page, title, languages, lines, simpler };
    },
  );

  /**
   * Words without what a searcher may leave out: marks, case, the ways to write an alef or a final letter, and the
   * script of Chinese.
   * @param {string} words @param {Text['simpler']} simpler
   */
  const folded = (words, simpler) =>
    words
      .replace(/\p{Script=Han}/gu, (each) => simpler[each] ?? each)
      .normalize('NFKD')
      .replace(/[\p{M}\u0640]/gu, '')
      .toLowerCase()
      .replace(/[\u0622\u0623\u0625\u0671]/g, '\u0627')
      .replace(/\u0649/g, '\u064a')
      .replace(/\u0629/g, '\u0647');

  /** Load a text. @param {string} address @returns {Promise<?Text>} */
  const load = (address) =>
    new Promise((done) => {
      const known = texts.get(address);
      if (known) {
        done(known);
        return;
      }
      const script = document.createElement('script');
      script.src = address;
      script.onload = () => {
        if (arrived) texts.set(address, arrived);
        done(arrived);
        script.remove();
      };
      script.onerror = () => done(null);
      document.head.append(script);
    });

  /** A line that was found. @param {Text} text @param {Text['lines'][0]} line */
  const found = (text, [id, time, said]) => {
    const row = document.createElement('li');
    const link = document.createElement('a');
    const title = document.createElement('bdi');
    const line = document.createElement('p');
    link.href = `${text.page}#${id}`;
    title.textContent = text.title;
    link.append(title, ` · ${time}`);
    line.dir = 'auto';
    line.textContent = said;
    row.append(link, line);
    return row;
  };

  const search = async () => {
    const mine = ++searches;
    const asked = words.value;
    list.replaceChildren();
    if (!folded(asked, {}).trim()) {
      status.textContent = '';
      return;
    }
    status.textContent = form.dataset.searching ?? '';
    let n = 0;
    for (const address of language.value.split(' ')) {
      const text = await load(address);
      if (mine !== searches) return;
      if (!text) continue;
      const wanted = folded(asked, text.simpler).split(/\s+/u).filter(Boolean);
      for (const line of text.lines) {
        const said = folded(line[2], text.simpler);
        if (!wanted.every((word) => said.includes(word))) continue;
        n += 1;
        if (n <= MOST) list.append(found(text, line));
      }
    }
    const says = (n > MOST ? form.dataset.more : form.dataset.found) ?? '';
    status.textContent = says.replace('{n}', `\u2068${Math.min(n, MOST)}\u2069`);
  };

  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void search();
  });
})();

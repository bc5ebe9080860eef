// The room's own questions on a hub's wall. Where the wall is cleared there, the page is loaded anew: nothing of it stays.

const AGAIN = 2000; // ms; it asks the computer in the same place, and costs the line nothing

const part = document.getElementById('HereWall');

async function look() {
  try {
    const answer = await fetch(part.dataset.ask);
    if (!answer.ok) return;
    const { cleared, html } = await answer.json();
    if ((cleared ?? 0) > Number(part.dataset.cleared)) location.reload();
    else if (part.dataset.html !== html) {
      part.dataset.html = html;
      part.replaceChildren(...new DOMParser().parseFromString(html, 'text/html').body.childNodes);
    }
  } catch {
    // What stands there stays.
  }
}

setInterval(look, AGAIN);
look();

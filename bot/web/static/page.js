// What all pages share. A page without a script works, too, so this only says that there is one.
document.documentElement.classList.add("scripted");

export const root = document.documentElement.dataset.root;

// Asks the server for a part of a page. Returns its text, whatever the status.
export async function part(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { ...options.headers, "x-part": "1" } });
  return { ok: answer.ok, text: await answer.text() };
}

// A sentence that is shown where there is no better place for it.
export function notice(sentence) {
  const shown = document.createElement("p");
  shown.className = "notice";
  shown.setAttribute("role", "status");
  shown.textContent = sentence;
  return shown;
}

export const AWAY = "I cannot reach the server. It may be starting again; try again in a moment.";

// Hears events while the page can be seen. A browser has few connections to a server, and hidden tabs would take them
// all. `again` is asked when the page is seen again: it tells everything that may have changed meanwhile.
export function live(address, listeners, again = address) {
  let source = null;
  let from = address;
  const follow = () => {
    if (document.hidden) {
      source?.close();
      source = null;
      from = again;
    } else if (!source) {
      source = new EventSource(from);
      for (const [name, heard] of Object.entries(listeners)) source.addEventListener(name, heard);
    }
  };
  document.addEventListener("visibilitychange", follow);
  follow();
  return () => {
    document.removeEventListener("visibilitychange", follow);
    source?.close();
  };
}

// A button with `data-copy` copies that text, and says so.
export async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.getAttribute("aria-label");
  button.setAttribute("aria-label", "Copied");
  button.setAttribute("aria-pressed", "true");
  setTimeout(() => { button.setAttribute("aria-label", label); button.removeAttribute("aria-pressed"); }, 1500);
}

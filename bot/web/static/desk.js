// The desk: posts and trainings as they change. What somebody is writing is never replaced.
import { live, notice, root } from "./page.js";

// A form that was sent leaves its own address. A reload shall show the desk, and send nothing again.
if (location.pathname !== `${root}/desk`) history.replaceState(null, "", `${root}/desk`);

// What was written and not saved is there again after a reload, unless the post has changed meanwhile.
for (const box of document.querySelectorAll("[data-live] textarea")) {
  const [text, from] = JSON.parse(sessionStorage.getItem(box.id) ?? "[]");
  if (from === box.defaultValue) box.value = text;
}
document.addEventListener("input", ({ target }) => {
  if (target.matches("[data-live] textarea")) sessionStorage.setItem(target.id, JSON.stringify([target.value, target.defaultValue]));
});
document.addEventListener("submit", ({ target }) => {
  for (const box of target.querySelectorAll("textarea")) sessionStorage.removeItem(box.id);
});

const busy = (section) => section.contains(document.activeElement) && document.activeElement.matches("textarea, select")
  || [...section.querySelectorAll("textarea")].some((box) => box.value !== box.defaultValue);

const listeners = {};
for (const section of document.querySelectorAll("[data-live]")) {
  listeners[section.dataset.live] = (event) => {
    if (!busy(section)) section.innerHTML = event.data;
    else if (!section.querySelector("[data-stale]")) {
      const stale = notice("This has changed meanwhile. Save what you write, or reload the page.");
      stale.dataset.stale = "";
      section.prepend(stale);
    }
  };
}
live(`${root}/desk/events`, listeners, `${root}/desk/events?all=true`);

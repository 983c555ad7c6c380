// Tweets are looked through: what is decided about one changes the table in its place.
import { AWAY, notice, part } from "./page.js";

const tweets = document.querySelector("[data-tweets]");

tweets.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-choose]");
  if (!form) return;
  event.preventDefault();
  const at = [...tweets.querySelectorAll("[data-choose]")].indexOf(form);
  try {
    const { text } = await part(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    tweets.innerHTML = text;
    // The button that was pressed is gone; the one in its place gets the focus.
    const forms = tweets.querySelectorAll("[data-choose]");
    const next = forms[Math.min(at, forms.length - 1)];
    tweets.querySelector(`button[form="${next?.id}"]`)?.focus();
  } catch {
    tweets.prepend(notice(AWAY));
  }
});
tweets.addEventListener("change", (event) => {
  if (event.target.matches("[data-auto-select]")) event.target.form.requestSubmit();
});
for (const form of document.querySelectorAll("[data-auto]")) form.addEventListener("change", () => form.requestSubmit());

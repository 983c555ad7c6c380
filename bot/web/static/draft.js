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
// The switch stays where it is, with the focus on it, and the table below it shows what it did.
for (const form of document.querySelectorAll("[data-auto]")) {
  form.addEventListener("change", async () => {
    const { ok, text } = await part(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })
      .catch(() => ({ ok: false, text: "" }));
    if (ok) tweets.innerHTML = text;
    else form.requestSubmit();
  });
}

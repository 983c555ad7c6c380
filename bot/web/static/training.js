// A training or an export: how far it is, live. At its end the page is loaded again, which shows what became of it.
import { live } from "./page.js";

const shown = document.querySelector("[data-progress]");
const close = live(shown.dataset.progress, {
  progress: (event) => { shown.innerHTML = event.data; },
  ended: () => { close(); location.reload(); },
});

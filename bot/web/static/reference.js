// The description of the API: its examples can be copied.
import { copy } from "./page.js";

document.querySelector("main").addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button).catch(() => {});
});

// Files are dropped or chosen, and their upload shows how far it is.
import { AWAY, notice } from "./page.js";

const form = document.querySelector("[data-upload]");
const go = form.querySelector("[data-go]");
const drop = form.querySelector(".drop");
const input = drop.querySelector("input");
const title = drop.querySelector("strong");
const said = form.querySelector("[data-said]");
const bar = form.querySelector("progress");
const asked = title.textContent;

input.addEventListener("change", () => {
  title.textContent = input.files.length ? Array.from(input.files, (file) => file.name).join(", ") : asked;
});
for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, () => drop.classList.add("over"));
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (go.hasAttribute("aria-disabled")) return;
  go.setAttribute("aria-disabled", "true");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("x-part", "1");
  request.addEventListener("loadend", () => go.removeAttribute("aria-disabled"));
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.hidden = false;
    bar.value = total ? (100 * loaded) / total : 0;
  });
  request.addEventListener("load", () => {
    bar.hidden = true;
    if (request.status < 400) location.assign(request.responseURL);
    else said.innerHTML = request.responseText;
  });
  request.addEventListener("error", () => {
    bar.hidden = true;
    said.replaceChildren(notice(AWAY));
  });
  said.replaceChildren();
  request.send(new FormData(form));
});

// The Try page: tweets come while they are drawn, and the address shows them again.
import { AWAY, copy, notice, part, root } from "./page.js";

const form = document.querySelector("[data-composer]");
const cards = document.querySelector("[data-cards]");
const text = form?.elements.text;

// Reads server-sent events from an answer to a POST, which EventSource cannot send.
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    pending += value;
    const whole = pending.split("\n\n");
    pending = whole.pop();
    for (const one of whole) {
      const lines = one.split("\n");
      const name = lines.find((line) => line.startsWith("event: "))?.slice(7);
      yield [name, lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(6)).join("\n")];
    }
  }
}

function placeholders(count) {
  return Array.from({ length: count }, () => Object.assign(document.createElement("div"), { className: "waiting" }));
}

function element(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return holder.content.firstElementChild;
}

// What the server says why not. It is a plain sentence if the session is over.
function refused(text) {
  return element(text) ?? notice(text.trim() || AWAY);
}

// On a phone the voices are a row that is wider than the screen.
function showVoice() {
  const voice = form.querySelector(".voice:has(:checked)");
  const row = voice?.parentElement;
  if (row && row.scrollWidth > row.clientWidth) row.scrollLeft = voice.offsetLeft - row.offsetLeft - 8;
}

async function draw() {
  const go = form.querySelector("[data-go]");
  const kind = form.elements.kind.value;
  const waiting = placeholders(Number(form.elements[kind === "scene" ? "lines" : "count"].value));
  const shown = [];
  cards.querySelector("[data-first]")?.remove();
  cards.querySelectorAll(".notice, .waiting").forEach((old) => old.remove());
  cards.prepend(...waiting);
  cards.setAttribute("aria-busy", "true");
  go.setAttribute("aria-disabled", "true");
  const { top } = cards.getBoundingClientRect();
  if (top < 0 || top > window.innerHeight / 2) cards.scrollIntoView({ behavior: "smooth", block: "start" });
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, headers: { "x-part": "1" } });
    if (!answer.ok) {
      waiting[0].replaceWith(refused(await answer.text()));
    } else {
      for await (const [name, data] of events(answer)) {
        if (name === "card") {
          const card = element(data);
          card.classList.add("new");
          shown.push(card);
          (waiting.shift() ?? cards.lastElementChild).replaceWith(card);
        } else if (name === "done") {
          history.pushState(null, "", data);
        } else {
          if (name === "withdrawn") shown.forEach((card) => card.remove());
          cards.prepend(element(data));
        }
      }
    }
  } catch {
    cards.prepend(notice(AWAY));
  } finally {
    waiting.forEach((one) => one.remove());
    cards.setAttribute("aria-busy", "false");
    go.removeAttribute("aria-disabled");
  }
}

async function suggest() {
  const voice = form.elements.voice.value;
  const { ok, text: html } = await part(`${root}/starts?voice=${encodeURIComponent(voice)}`);
  const parts = document.createElement("template");
  parts.innerHTML = ok ? html : "";
  for (const name of ["starts", "first"]) {
    const shown = document.querySelector(`[data-${name}]`);
    shown?.replaceChildren(parts.content.querySelector(`[data-part=${name}]`)?.content ?? "");
  }
}

function chooseKind() {
  const kind = form.elements.kind.value;
  text.placeholder = text.dataset[`${kind}Placeholder`];
  form.querySelector("[data-starts]").hidden = kind !== "start";
}

// As many voices as fit into a blend.
function limitMixes() {
  const mixes = form.querySelector("[data-mixes]");
  if (mixes) form.querySelector("[data-more]").hidden = mixes.children.length >= Number(mixes.dataset.most);
}

async function vote(button) {
  const one = button.closest("form");
  const { ok, text: said } = await part(one.action, { method: "POST", body: new URLSearchParams({ value: button.value }) });
  for (const other of one.querySelectorAll("button")) other.setAttribute("aria-pressed", String(ok && other === button));
  if (!ok) one.closest(".said").append(refused(said));
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.querySelector("[data-go]").hasAttribute("aria-disabled")) draw();
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "voice") suggest().catch(() => {});
    if (event.target.name === "kind") chooseKind();
  });
  form.addEventListener("input", (event) => {
    if (event.target.name === "share") {
      const shown = `${event.target.value} %`;
      event.target.setAttribute("aria-valuetext", shown);
      event.target.parentElement.querySelector("output").value = shown;
    }
    if (event.target.name === "daring") {
      const value = Number(event.target.value);
      const shown = value === 1 ? "usual" : `${value}, ${value < 1 ? "tamer" : "wilder"}`;
      event.target.setAttribute("aria-valuetext", shown);
      event.target.parentElement.querySelector("output").value = shown;
    }
    if (event.target.matches("[data-search]")) {
      const wanted = event.target.value.trim().toLowerCase().replace(/^@/, "");
      for (const voice of form.querySelectorAll(".voice")) voice.hidden = !voice.dataset.name.includes(wanted);
    }
  });
  form.addEventListener("click", (event) => {
    const start = event.target.closest("[data-start]");
    if (start) {
      text.value = `${start.dataset.start} `;
      text.focus();
    }
    if (event.target.closest("[data-more]")) {
      const mixes = form.querySelector("[data-mixes]");
      if (mixes.children.length < Number(mixes.dataset.most)) {
        const copyOfLast = mixes.lastElementChild.cloneNode(true);
        copyOfLast.querySelector("select").value = "";
        mixes.append(copyOfLast);
        copyOfLast.querySelector("select").focus();
      }
      limitMixes();
    }
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  chooseKind();
  limitMixes();
  showVoice();
  window.addEventListener("popstate", () => location.reload());
}

cards?.addEventListener("click", (event) => {
  const copied = event.target.closest("[data-copy]");
  if (copied) copy(copied);
});
cards?.addEventListener("submit", (event) => {
  if (event.target.matches("[data-vote]")) {
    event.preventDefault();
    vote(event.submitter).catch(() => {});
  }
});

// Keeps the view on an open page up to date. Without it the page renews itself as a whole.
"use strict";

const view = document.getElementById("live");
const state = document.getElementById("live-state");
const pause = document.getElementById("live-pause");

// What had the focus, was scrolled or opened, is so again after an update.
function keyOf(element) {
  if (element.tagName === "SUMMARY") return `summary ${element.parentElement.dataset.key}`;
  return element.getAttribute("href") || element.getAttribute("aria-label") || element.dataset.key;
}

function replace(html) {
  const focused = view.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  const scrolled = new Map();
  for (const region of view.querySelectorAll(".scrolls")) scrolled.set(keyOf(region), region.scrollLeft);
  const opened = new Set(Array.from(view.querySelectorAll("details[open]"), keyOf));
  view.innerHTML = html;
  for (const details of view.querySelectorAll("details")) details.open = opened.has(keyOf(details));
  for (const region of view.querySelectorAll(".scrolls")) region.scrollLeft = scrolled.get(keyOf(region)) || 0;
  if (focused !== null) {
    const same = Array.from(view.querySelectorAll("a, summary, [tabindex]")).find((element) => keyOf(element) === focused);
    if (same) same.focus({ preventScroll: true });
  }
}

function say(words) {
  // Said once: a screen reader need not hear of each update.
  if (state.textContent !== words) state.textContent = words;
}

let source = null;

function follow() {
  source = new EventSource(view.dataset.live);
  source.addEventListener("view", (event) => {
    replace(event.data);
    say("Live");
  });
  source.addEventListener("error", () => {
    say(source.readyState === EventSource.CLOSED ? "Not live: load the page again" : "Connection lost, trying again");
  });
}

function stop() {
  source.close();
  source = null;
  say("Paused");
}

if (view) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    const stops = source !== null;
    if (stops) stop();
    else follow();
    pause.textContent = stops ? "Go on with updates" : "Pause updates";
  });
  follow();
}

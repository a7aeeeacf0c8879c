/**
 * Pictures of one job on one page, all taken for one label: the worker marks those that do not fit. Each is a task of its
 * own; what is marked is kept as its draft, and all are submitted at once.
 */

import { showCard, showNoWork, showPause, toJobs } from "./card.js";
import { ActiveTime, TimeLimit } from "./clock.js";
import { signInAgain } from "./dialogs.js";
import { clearNotice, tell } from "./notice.js";
import { hold } from "./one-tab.js";
import { part } from "./page.js";
import { Refused, ask, askUntilAnswered, whenSignedOut } from "./server.js";

const GIVE_BACK = "\u0000back"; // no label has this character
const { job = "", worker = "", lookAgain = "" } = document.body.dataset;
const path = `/jobs/${encodeURIComponent(job)}/grid`;
const place = part("tiles");
const main = part("label");
const labels = [...main.options].map((option) => option.value);
const clock = new TimeLimit(part("clock"), (state) => {
  if (state === "over") tell("The time for these pictures is over. Submit within a minute; after that they go to others.", "bad");
});

/** @typedef {{task: string, image: string, label: string|null, secondsLeft: number, timeLimitSeconds: number}} Known what the server tells of a picture */

/**
 * @typedef {object} Tile
 * @property {string} task @property {string|null} label what it is instead of the main label; null: it fits; "": not said yet
 * @property {boolean} isBroken @property {string} name "picture 3" @property {HTMLElement} element @property {HTMLButtonElement} button
 */

/** @type {Tile[]} */
let tiles = [];
let active = new ActiveTime();
let isBusy = false;
let lookTimer = 0;

// --- tiles

/** @param {Known} known @param {number} number @returns {Tile} */
function build(known, number) {
  const element = document.createElement("div");
  element.className = "tile";
  const button = document.createElement("button");
  button.type = "button";
  const image = document.createElement("img");
  image.src = known.image;
  image.alt = `Picture ${number + 1}`;
  image.draggable = false;
  button.append(image);
  element.append(button);
  const label = known.label === main.value ? null : known.label;
  /** @type {Tile} */
  const tile = { task: known.task, label, isBroken: false, name: image.alt.toLowerCase(), element, button };
  button.onclick = () => mark(tile, tile.label === null ? other() : null);
  image.onerror = () => {
    tile.isBroken = true;
    const words = document.createElement("span");
    words.className = "broken";
    words.textContent = "This picture cannot be shown. It is declined.";
    button.replaceChildren(words);
    show(tile);
  };
  show(tile);
  return tile;
}

/** With two labels there is but one other. */
const other = () => (labels.length === 2 ? labels.find((label) => label !== main.value) : "");

/** @param {Tile} tile @param {string|null} label */
function mark(tile, label) {
  if (isBusy || tile.isBroken) return;
  tile.label = label === main.value ? null : label;
  show(tile);
  keep(tile);
}

/** What was marked is there after a reload, here and elsewhere. @param {Tile} tile */
function keep(tile) {
  const chosen = tile.label && tile.label !== GIVE_BACK ? tile.label : null;
  showSaved("Saving…");
  ask("PUT", `/tasks/${encodeURIComponent(tile.task)}/draft`, { grid: chosen })
    .then(() => showSaved("Saved"))
    .catch((error) => showSaved(error instanceof Refused ? "" : "Offline: submit when you are back"));
}

/** @param {Tile} tile */
function show(tile) {
  const { element, button, label } = tile;
  element.dataset.state = label === null ? "fits" : "marked";
  delete element.dataset.missing;
  button.setAttribute("aria-pressed", String(label !== null));
  const hadFocus = element.contains(document.activeElement);
  element.querySelectorAll("p, select").forEach((/** @type {Element} */ old) => old.remove());
  if (tile.isBroken) return;
  if (label === null) {
    const words = document.createElement("p");
    words.textContent = main.value;
    element.append(words);
  } else {
    const choice = document.createElement("select");
    choice.setAttribute("aria-label", `What is ${tile.name}?`);
    const offered = labels.filter((one) => one !== main.value).map((one) => [one, one]);
    for (const [value, words] of [["", "What is it?"], ...offered, [GIVE_BACK, "Not sure: give it back"]]) choice.add(new Option(words, value));
    choice.value = label;
    choice.onchange = () => mark(tile, choice.value);
    element.append(choice);
  }
  if (hadFocus && document.activeElement !== button && !element.contains(document.activeElement)) button.focus();
}

// --- taking and submitting

async function take() {
  isBusy = true;
  clearTimeout(lookTimer);
  clock.stop();
  showControls();
  try {
    /** @type {{tiles: Known[], isPaused: boolean}} */
    const answer = await askUntilAnswered("POST", path, {}, showOffline);
    if (!answer.tiles.length) return showNothing(answer.isPaused);
    tiles = answer.tiles.map(build);
    place.replaceChildren(...tiles.map((tile) => tile.element));
    part("waiting").hidden = true;
    active = new ActiveTime();
    active.start();
    clock.start(Math.min(...answer.tiles.map((tile) => tile.secondsLeft)), answer.tiles[0].timeLimitSeconds);
    tiles[0].button.focus({ preventScroll: true });
    part("tiles").parentElement.scrollTop = 0;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    showCard("No pictures here", error.message, [toJobs]);
  } finally {
    isBusy = false;
    showControls();
  }
  return undefined;
}

/** @param {Tile} tile */
function answerOf(tile) {
  if (tile.isBroken) return { task: tile.task, reason: "cannot-be-shown" };
  if (tile.label === GIVE_BACK) return { task: tile.task };
  return { task: tile.task, label: tile.label ?? main.value };
}

async function submit() {
  if (isBusy || !tiles.length) return;
  const missing = tiles.filter((tile) => tile.label === "" && !tile.isBroken);
  if (missing.length) {
    for (const tile of missing) tile.element.dataset.missing = "";
    missing[0].element.querySelector("select")?.focus();
    tell(`Say of ${missing.length === 1 ? "the marked picture" : `${missing.length} marked pictures`} what it is, or give it back.`);
    return;
  }
  isBusy = true;
  active.stop();
  showControls();
  clearNotice();
  showSaved("Saving…");
  try {
    const body = { answers: tiles.map(answerOf), activeSeconds: active.seconds };
    const { done, refused } = await askUntilAnswered("POST", `${path}/submit`, body, showOffline);
    const problems = Object.values(refused);
    showSaved(`${done} done today`);
    if (problems.length) tell(`${problems.length} of ${tiles.length} were not taken: ${problems[0]}`, "bad");
    tiles = [];
    place.replaceChildren();
    showCard("Loading…");
    await take();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message, "bad");
    active.resume();
  } finally {
    isBusy = false;
    showControls();
  }
}

// --- what is shown

/** @param {string} words */
const showSaved = (words) => { part("saved").textContent = words; };
/** @param {boolean} isLate */
const showOffline = (isLate) => { if (isLate) showSaved("Offline: trying again"); };

function showControls() {
  part("submit").disabled = isBusy || !tiles.length;
  main.disabled = isBusy;
}

/** @param {boolean} isPaused */
function showNothing(isPaused) {
  tiles = [];
  place.replaceChildren();
  if (isPaused) {
    return showPause();
  }
  showNoWork(lookAgain, take);
  lookTimer = setTimeout(take, Number(lookAgain) * 1000);
  return undefined;
}

// --- keys

const focused = () => tiles.findIndex((tile) => tile.element.contains(document.activeElement));
const columns = () => getComputedStyle(place).gridTemplateColumns.split(" ").length;

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const target = event.target instanceof Element ? event.target : null; // a key may come from the document itself
  if (event.key === "Enter" && !target?.closest("a, .card")) {
    event.preventDefault(); // a tile that has the focus is marked with the space bar
    submit();
    return;
  }
  if (target?.closest("select")) return;
  const at = Math.max(0, focused());
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() }[event.key];
  if (step !== undefined && tiles.length) {
    event.preventDefault();
    tiles[Math.min(tiles.length - 1, Math.max(0, at + step))].button.focus();
  } else if (/^[1-9]$/.test(event.key) && focused() >= 0 && labels[Number(event.key) - 1] !== undefined) {
    mark(tiles[at], labels[Number(event.key) - 1]);
  }
}

document.addEventListener("keydown", press);
for (const type of ["pointerdown", "pointermove", "keydown", "wheel"]) {
  document.addEventListener(type, () => active.touch(), { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && tiles.length && !isBusy) active.resume();
});
main.onchange = () => {
  for (const tile of tiles) {
    if (tile.label === main.value || tile.label === "") tile.label = null;
    show(tile);
  }
};
part("submit").onclick = submit;
setInterval(() => active.count(), 1000);
whenSignedOut(() => signInAgain(worker));

// One tab works on a job, here or one at a time.
hold({ worker, job }, take)
  .catch(() => showCard("This job is open in another tab", "Go on there, or close it and load this page again.", [toJobs]));

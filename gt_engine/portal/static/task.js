/**
 * The page around tasks: takes them one after the other, with the next one loaded and drawn while the present one is
 * worked on. Work is kept by keeping.js; what may be done is the server's word, what is shown is decided here.
 */

import { clearNotice, part, showCard, showNoWork, showPause, toJobs } from "./card.js";
import { ActiveTime, TimeLimit } from "./clock.js";
import { openDialog, signInAgain } from "./dialogs.js";
import { DraftKeeper, Shelf, lastDraft, sendLeftDrafts } from "./keeping.js";
import { Refused, ask, askUntilAnswered, whenSignedOut } from "./server.js";
import { TaskFrame } from "./task-frame.js";

const UNDO_FOR = 30; // seconds
const LOCK_PATIENCE = 2000; // ms
const DRAFT_DELAY = 500; // ms: a frame tells of a stroke after 400
const RESERVED_FOR = 270_000; // ms: the server keeps a task that was fetched ahead for 300 s

const { job, worker, lookAgain } = document.body.dataset;
const shelf = new Shelf(worker);
const place = part("frames");
const theme = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const taskPath = (task, verb) => `/tasks/${encodeURIComponent(task)}/${verb}`;

/**
 * @typedef {object} Work a task in this page
 * @property {object} task as the server tells it @property {TaskFrame} frame @property {DraftKeeper} keeper
 * @property {Promise<void>} [accepted] @property {ActiveTime} active @property {Promise<object|null>} draft @property {number} fetched @property {object} [answer]
 * @property {boolean} isStarted @property {boolean} isSent
 */

/** @type {Work|null} */
let now = null;
/** @type {Work|null} */
let before = null;
/** @type {Promise<Work|null>|null} */
let upcoming = null;
let isPaused = false; // the worker gets no new tasks for now
let isGoing = false; // between two tasks: keys and buttons do nothing
let turn = 0;
let lateTimer = 0;
let undoTimer = 0;
let lookTimer = 0;
let lastAnswer;
/** Answers on their way: task → whether this browser keeps it as well. @type {Map<string, boolean>} */
const unsent = new Map();

const clock = new TimeLimit(part("clock"), (state) => {
  if (state === "over") tell("The time for this task is over. Submit within a minute; after that it goes to others, and your work is kept as a draft.", "bad");
});

// --- taking tasks

/** @param {object} task @returns {Work} */
function open(task) {
  const work = { task, active: new ActiveTime(), fetched: performance.now(), isStarted: false, isSent: false };
  work.frame = new TaskFrame(place, task, () => hearing(work));
  work.keeper = new DraftKeeper(task.id, shelf, (state) => { if (work === now) showSaved(state); });
  work.draft = lastDraft(task.id, shelf).catch(() => null);
  return work;
}

function close(work) {
  work?.active.stop();
  work?.frame.remove();
}

/** What is shown or answered already. */
const besides = () => [...new Set([now?.task.id, ...unsent.keys(), ...shelf.tasks("answer")].filter(Boolean))];

/** @returns {Promise<Work|null>} null: there is nothing now */
async function fetchNext() {
  const answer = await askUntilAnswered("POST", `/jobs/${encodeURIComponent(job)}/next`, { besides: besides() });
  isPaused = answer.isPaused;
  return answer.task && open(answer.task);
}

function fetchAhead() {
  upcoming ??= fetchNext().catch((error) => {
    upcoming = null;
    if (!(error instanceof Refused)) throw error;
    return null;
  });
}

/** A task fetched ahead is kept for five minutes only; then it is fetched anew, in time. */
async function renewAhead() {
  const waiting = await upcoming;
  if (!waiting || waiting.isStarted || performance.now() - waiting.fetched < RESERVED_FOR || waiting === now) return;
  upcoming = null;
  close(waiting);
  fetchAhead();
}

/** Shows a task; its clock starts. Nobody waits for the server: it is told at the same time. @param {Work} work */
async function begin(work) {
  now = work;
  work.frame.show("now");
  work.accepted = acceptance(work);
  work.accepted.catch(() => {}); // awaited below, and before an answer is sent
  const [draft] = await Promise.all([work.draft, work.frame.ready]);
  if (now !== work) return;
  clearTimeout(lateTimer);
  part("waiting").hidden = true;
  if (work.isStarted) work.active.resume();
  else start(work, draft);
  isGoing = false;
  if (work.frame.imageFailed) showImageFailed();
  showControls();
  fetchAhead();
  await work.accepted;
}

function start(work, draft) {
  work.isStarted = true;
  work.frame.send({ type: "start", draft: draft?.value, theme: theme(), last: lastAnswer, settings: shelf.get("settings", job) ?? {} });
  work.active.start(draft?.activeSeconds ?? 0);
  showSaved(draft ? "saved" : "");
  if (shelf.get("draft", work.task.id)) work.keeper.keep(draft);
}

/** The server's clock. Errors: `Refused` where the task is no longer to be had. */
async function acceptance(work) {
  const task = await askUntilAnswered("POST", taskPath(work.task.id, "accept"), {}, showOffline);
  work.task = { ...task, page: work.task.page };
  if (now === work) clock.start(task.secondsLeft, task.timeLimitSeconds);
}

/** On to the next task. */
async function goOn() {
  if (isGoing) return;
  isGoing = true;
  const own = turn += 1;
  clock.stop();
  showControls();
  clearTimeout(lateTimer);
  lateTimer = setTimeout(() => showCard("Loading…"), 250);
  try {
    for (let next = await takeNext(); next; next = await takeNext()) {
      if (await isBegun(next)) return;
    }
    showNothing();
  } catch (error) {
    if (error instanceof Refused && error.status === 404 && !now) showEnd();
    else showProblem(error);
  } finally {
    if (own === turn) { // else the worker has submitted already, and the next turn goes on
      clearTimeout(lateTimer);
      isGoing = false;
      showControls();
    }
  }
}

/** @returns {Promise<Work|null>} the task that was fetched ahead; where there was none then, there may be one now */
async function takeNext() {
  const ahead = await upcoming;
  upcoming = null;
  if (ahead) return ahead;
  if (now?.isSent) now = null;
  return fetchNext();
}

/** @returns {Promise<boolean>} whether the task is shown; false where others were faster */
async function isBegun(work) {
  try {
    await begin(work);
    return true;
  } catch (error) {
    if (!(error instanceof Refused && error.status === 409)) throw error;
    isGoing = true;
    close(work);
    now = null;
    return false;
  }
}

// --- what a frame says

/** @param {Work} work */
function hearing(work) {
  const isNow = work === now && !isGoing;
  const idle = () => {};
  return {
    draft: (value) => {
      if (!work.isStarted || work.isSent) return;
      work.keeper.keep({ value, activeSeconds: work.active.count() });
    },
    submit: isNow && work.isStarted ? (answer) => submit(work, answer) : idle,
    valid: isNow ? (verdict) => showVerdict(work, verdict) : idle,
    settings: (value) => shelf.put("settings", job, value),
    activity: () => work.active.touch(),
    key: isNow ? press : idle,
    imageFailed: isNow ? showImageFailed : idle,
  };
}

/** @param {Work} work @param {object} answer */
function submit(work, answer) {
  work.active.stop();
  work.answer = answer;
  work.isSent = true;
  lastAnswer = answer;
  unsent.set(work.task.id, shelf.put("answer", work.task.id, { answer, activeSeconds: work.active.seconds }));
  close(before);
  hideUndo();
  clearNotice();
  before = work;
  work.frame.show("before");
  goOn();
  deliver(work);
}

/** Sends an answer until the server has it. */
async function deliver(work) {
  try {
    await work.accepted;
    const { answer, activeSeconds } = { answer: work.answer, activeSeconds: work.active.seconds };
    const day = await askUntilAnswered("POST", taskPath(work.task.id, "submit"), { answer, activeSeconds }, showOffline);
    work.keeper.drop();
    shelf.remove("answer", work.task.id);
    showDay(day);
    if (work === before) offerUndo(work);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    shelf.remove("answer", work.task.id);
    if (error.status === 422) return bringBack(work, error.message);
    tell(`The last answer was not taken: ${error.message}`, "bad");
  } finally {
    unsent.delete(work.task.id);
  }
}

/** An earlier visit's answers that the server has not. */
async function sendLeftAnswers() {
  for (const task of shelf.tasks("answer")) {
    try {
      await askUntilAnswered("POST", taskPath(task, "submit"), shelf.get("answer", task), showOffline);
      shelf.remove("draft", task);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      tell(`An answer of your last visit was not taken: ${error.message}`, "bad");
    }
    shelf.remove("answer", task);
  }
}

// --- back to the task before

/** The present task waits behind the one that comes back. */
function stepAside() {
  const present = now;
  if (!present || present === before) return;
  present.active.stop();
  present.frame.show("next");
  upcoming?.then((waiting) => { if (waiting && waiting !== present) close(waiting); });
  upcoming = Promise.resolve(present);
}

async function bringBack(work, message) {
  if (work !== before) return tell(`An answer was not taken: ${message}`, "bad");
  stepAside();
  before = null;
  work.isSent = false;
  await begin(work);
  tell(message, "bad");
}

async function undo() {
  const work = before;
  if (!work || part("undo").hidden || isGoing) return;
  hideUndo();
  try {
    work.task = { ...(await ask("POST", taskPath(work.task.id, "undo"), {})), page: work.task.page };
  } catch (error) {
    return tell(error instanceof Refused ? error.message : "The server cannot be reached: the answer stands.", "bad");
  }
  stepAside();
  before = null;
  work.isSent = false;
  await begin(work).catch(showProblem);
}

function offerUndo(work) {
  const until = performance.now() + UNDO_FOR * 1000;
  clearInterval(undoTimer);
  const show = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    if (left <= 0 || work !== before) return hideUndo();
    part("undo").querySelector("span").textContent = left;
    part("undo").hidden = false;
  };
  undoTimer = setInterval(show, 500);
  show();
}

function hideUndo() {
  clearInterval(undoTimer);
  part("undo").hidden = true;
}

// --- giving tasks back

function declineDialog(reason) {
  openDialog("decline-dialog", async (fields) => {
    await giveBack("decline", { reason: fields.get("reason"), comment: fields.get("comment") });
  });
  if (reason) document.querySelector(`#decline-dialog [value="${reason}"]`).checked = true;
}

async function giveBack(verb, body) {
  const work = now;
  await ask("POST", taskPath(work.task.id, verb), body);
  work.isSent = true;
  work.keeper.drop();
  close(work);
  clearNotice();
  now = null;
  isGoing = false;
  goOn();
}

async function later() {
  const work = now;
  work.active.stop();
  showSaved("saving");
  await pause(DRAFT_DELAY);
  await Promise.race([work.keeper.saved(), pause(5000)]);
  try {
    await ask("POST", taskPath(work.task.id, "later"), {});
    location.assign("/jobs");
  } catch (error) {
    work.active.resume();
    tell(error instanceof Refused ? error.message : "The server cannot be reached. Your work is kept in this browser.", "bad");
  }
}

// --- what is shown

/** What is missing is said in the frame, where it can be mended; that a script of the template stopped it, is said here. */
function showVerdict(work, { canSubmit, message }) {
  showControls();
  if (canSubmit && work.isAsked && message) tell(message);
  else if (canSubmit) clearNotice();
  work.isAsked = false;
}

const WORDS = { saved: "Saved", saving: "Saving…", offline: "Offline: kept in this browser", failed: "Not saved: keep this page open", "": "" };

/** @param {import("./keeping.js").State|""} state */
function showSaved(state) {
  part("saved").textContent = WORDS[state];
  part("saved").dataset.state = state;
  if (state === "saved") now?.frame.send({ type: "saved" });
}

function showOffline(isLate) {
  if (isLate) showSaved("offline");
  else if (part("saved").dataset.state === "offline") showSaved("");
}

function showDay({ done }) {
  part("day").textContent = `${done} done today`;
}

function showControls() {
  const isOpen = Boolean(now?.isStarted) && !isGoing;
  part("submit").disabled = !isOpen;
  part("submit").setAttribute("aria-disabled", String(!isOpen || !now.frame.canSubmit));
  part("returned").hidden = !(isOpen && now.task.comment);
  part("returned").lastElementChild.textContent = now?.task.comment ?? "";
  for (const id of ["instructions", "keys"]) part(id).disabled = !isOpen;
  for (const button of document.querySelectorAll("[data-needs-task]")) button.disabled = !isOpen;
}

/** @param {string} text @param {"warn"|"bad"} kind @param {{label: string, act: () => void}} [button] */
function tell(text, kind = "warn", button) {
  const notice = part("notice");
  notice.firstElementChild.textContent = text;
  notice.dataset.kind = kind;
  notice.lastElementChild.hidden = !button;
  if (button) {
    notice.lastElementChild.textContent = button.label;
    notice.lastElementChild.onclick = button.act;
  }
  notice.hidden = false;
}

function showImageFailed() {
  tell("An image of this task cannot be shown.", "bad", { label: "Decline this task", act: () => declineDialog("cannot-be-shown") });
}

function showNothing() {
  now = null;
  showSaved("");
  if (isPaused) {
    return showPause();
  }
  showNoWork(lookAgain, goOn);
  clearTimeout(lookTimer);
  lookTimer = setTimeout(() => { if (!now) goOn(); }, lookAgain * 1000);
  return undefined;
}

/** A job that has ended, or that is for others, has no tasks. */
function showEnd() {
  showSaved("");
  showCard("This job has no tasks", "It is done, or not open yet. Your answers count; thank you.", [toJobs]);
}

function showProblem(error) {
  console.error(error);
  const words = error instanceof Refused ? error.message : error.message || "Something went wrong.";
  const buttons = [{ label: "Load again", act: () => location.reload() }, toJobs];
  if (now && !(error instanceof Refused)) buttons.push({ label: "Decline this task", act: () => declineDialog("cannot-be-shown") });
  showCard("This task cannot be shown", words, buttons);
}

// --- keys and buttons

function press({ key, ctrl, alt, shift, meta }) {
  if (isGoing || document.querySelector("dialog[open]")) return;
  if (key === "Enter" && !alt && !shift) return askToSubmit();
  if (ctrl || alt || meta) return undefined;
  const act = { "?": shortcuts, I: instructions, D: () => now && declineDialog(), L: () => now && later(), U: undo }[key];
  return act?.();
}

function askToSubmit() {
  if (isGoing || !now?.isStarted) return;
  now.isAsked = true;
  askFrame({ type: "submit" });
}

/** What the page of the task shows next is worked on with the keyboard: the button that was pressed gives it up. @param {object} message */
function askFrame(message) {
  now?.frame.focus();
  now?.frame.send(message);
}

const KEYS = [
  { keys: ["?"], does: "This list" },
  { keys: ["Shift+I"], does: "Instructions" },
  { keys: ["Shift+U"], does: "Undo the last submit (30 s)" },
  { keys: ["Shift+D"], does: "Decline the task" },
  { keys: ["Shift+L"], does: "Stop and resume later" },
];
const shortcuts = () => askFrame({ type: "shortcuts", more: KEYS });
const instructions = () => askFrame({ type: "instructions" });

const menu = part("menu");
const fromMenu = (act) => () => {
  menu.hidePopover();
  act();
};
part("submit").onclick = askToSubmit;
part("instructions").onclick = instructions;
part("keys").onclick = shortcuts;
part("undo").onclick = undo;
part("decline").onclick = fromMenu(() => declineDialog());
part("release").onclick = fromMenu(() => openDialog("release-dialog", () => giveBack("release", {})));
part("later").onclick = fromMenu(later);
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.target.closest("dialog, [popover], button, a, input, textarea")) return;
  press({ key: event.key, ctrl: event.ctrlKey, alt: event.altKey, shift: event.shiftKey, meta: event.metaKey });
});
for (const type of ["pointerdown", "pointermove", "keydown", "wheel"]) {
  document.addEventListener(type, () => now?.active.touch(), { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && now?.isStarted && !now.isSent) now.active.resume();
});
// Asks before a page is left that holds the only copy of something.
window.addEventListener("beforeunload", (event) => {
  if ([...unsent.values()].includes(false) || part("saved").dataset.state === "failed") event.preventDefault();
});
setInterval(() => now?.active.count(), 1000);
setInterval(renewAhead, 15_000);
whenSignedOut(() => signInAgain(worker));

// --- from the beginning

/** One tab works on a job: two would write over each other's drafts. Browsers have no locks on plain HTTP; then all may. */
async function whenAlone(begin, isWanted = false) {
  if (!navigator.locks) return begin();
  let isHeld = false;
  // A page that is loaded again waits a moment for itself to be gone.
  const way = isWanted ? { steal: true } : { signal: AbortSignal.timeout(LOCK_PATIENCE) };
  try {
    await navigator.locks.request(`gt-portal:${worker}:${job}`, way, () => {
      isHeld = true;
      begin();
      return new Promise(() => {}); // until the tab is closed
    });
  } catch {
    if (isHeld) leaveToOtherTab();
    else {
      showCard("This job is open in another tab", "Go on there, or here: then the other tab stops.",
        [{ label: "Work here", act: () => whenAlone(begin, true) }, toJobs]);
    }
  }
  return undefined;
}

function leaveToOtherTab() {
  isGoing = true;
  turn += 1;
  clearTimeout(lookTimer);
  upcoming?.then(close);
  for (const work of [now, before]) close(work);
  now = before = upcoming = null;
  clock.stop();
  hideUndo();
  clearNotice();
  showSaved("");
  showControls();
  showCard("This job is open in another tab", "It was opened there, and goes on there.",
    [{ label: "Work here", act: () => location.reload() }, toJobs]);
}

async function beginVisit() {
  const reopen = new URLSearchParams(location.search).get("reopen");
  history.replaceState(null, "", location.pathname);
  sendLeftAnswers().then(() => sendLeftDrafts(shelf, besides()));
  if (reopen) {
    try {
      upcoming = Promise.resolve(open(await ask("POST", taskPath(reopen, "undo"), {})));
    } catch (error) {
      tell(error instanceof Refused ? error.message : "The server cannot be reached.", "bad");
    }
  }
  await goOn();
}

whenAlone(beginVisit);

/** The page around tasks: its buttons and keys, and what it does while somebody works, comes back, or leaves. */

import { shownSaved } from "./controls.js";
import { signInAgain } from "./dialogs.js";
import { whenAlone } from "./one-tab.js";
import { part } from "./page.js";
import { whenSignedOut } from "./server.js";
import { TaskFlow } from "./task-flow.js";

const { job = "", worker = "", lookAgain = "" } = document.body.dataset;
const flow = new TaskFlow({ job, worker, lookAgain }, press);

// --- keys and buttons

const KEYS = [
  { keys: ["?"], does: "This list" },
  { keys: ["Shift+I"], does: "Instructions" },
  { keys: ["Shift+U"], does: "Undo the last submit (30 s)" },
  { keys: ["Shift+D"], does: "Decline the task" },
  { keys: ["Shift+L"], does: "Stop and resume later" },
];

/** What the page of the task shows next is worked on with the keyboard: the button that was pressed gives it up. @param {object} message */
function askFrame(message) {
  flow.current?.frame.focus();
  flow.current?.frame.send(message);
}

const shortcuts = () => askFrame({ type: "shortcuts", more: KEYS });
const instructions = () => askFrame({ type: "instructions" });

function askToSubmit() {
  if (!flow.current || !flow.isOpen) return;
  flow.current.isAsked = true;
  askFrame({ type: "submit" });
}

/** @type {Record<string, () => void>} */
const ACTS = {
  "?": shortcuts,
  I: instructions,
  D: () => flow.givingBack.decline(),
  L: () => flow.givingBack.putOff(),
  U: () => flow.undo(),
};

/** @param {import("./task-frame.js").Key} pressed */
function press({ key, ctrl, alt, shift, meta }) {
  if (flow.isGoing || document.querySelector("dialog[open]")) return;
  if (key === "Enter" && !alt && !shift) askToSubmit();
  else if (!ctrl && !alt && !meta) ACTS[key]?.();
}

/** @param {() => void} act */
const fromMenu = (act) => () => {
  part("menu").hidePopover();
  act();
};
part("submit").onclick = askToSubmit;
part("instructions").onclick = instructions;
part("keys").onclick = shortcuts;
part("undo").onclick = () => flow.undo();
part("decline").onclick = fromMenu(() => flow.givingBack.decline());
part("release").onclick = fromMenu(() => flow.givingBack.release());
part("later").onclick = fromMenu(() => flow.givingBack.putOff());
document.addEventListener("keydown", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (event.defaultPrevented || target.closest("dialog, [popover], button, a, input, textarea")) return;
  press({ key: event.key, ctrl: event.ctrlKey, alt: event.altKey, shift: event.shiftKey, meta: event.metaKey });
});

// --- working, coming back, leaving

for (const type of ["pointerdown", "pointermove", "keydown", "wheel"]) {
  document.addEventListener(type, () => flow.current?.active.touch(), { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => {
  const work = flow.current;
  if (document.visibilityState === "visible" && work?.isStarted && !work.isSent) work.active.resume();
});
// Asks before a page is left that holds the only copy of something.
window.addEventListener("beforeunload", (event) => {
  if (flow.delivery.hasOnlyCopy || shownSaved() === "failed") event.preventDefault();
});
setInterval(() => flow.current?.active.count(), 1000);
setInterval(() => flow.queue.renewAhead(), 15_000);
whenSignedOut(() => signInAgain(worker));
whenAlone({ worker, job }, () => flow.visit(), () => flow.leave());

/** The bar above a task: its buttons, what is kept of the work, and what was done today. */

import { part } from "./page.js";

const WORDS = { saved: "Saved", saving: "Saving…", offline: "Offline: kept in this browser", failed: "Not saved: keep this page open", "": "" };

/** @typedef {import("./keeping.js").State|""} State */

/** @param {State} state */
export function showSaved(state) {
  part("saved").textContent = WORDS[state];
  part("saved").dataset.state = state;
}

/** @returns {State} what was shown last */
export const shownSaved = () => part("saved").dataset.state ?? "";

/** @param {boolean} isLate */
export function showOffline(isLate) {
  if (isLate) showSaved("offline");
  else if (shownSaved() === "offline") showSaved("");
}

/** @param {import("./work.js").Day} day */
export function showDay({ done }) {
  part("day").textContent = `${done} done today`;
}

/** @param {import("./work.js").Work|null} work the current one @param {boolean} isOpen whether it can be worked on now */
export function showControls(work, isOpen) {
  part("submit").disabled = !isOpen;
  part("submit").setAttribute("aria-disabled", String(!isOpen || !work?.frame.canSubmit));
  part("returned").hidden = !(isOpen && work?.task.comment);
  part("returned").lastElementChild.textContent = work?.task.comment ?? "";
  for (const id of ["instructions", "keys"]) part(id).disabled = !isOpen;
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-needs-task]"))) button.disabled = !isOpen;
}

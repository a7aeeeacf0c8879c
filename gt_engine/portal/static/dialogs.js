/** Dialogs that ask before something is done, and the one that lets somebody in again. */

import { part } from "./page.js";
import { Refused, Unreachable } from "./server.js";

/** @param {string} id @returns {HTMLDialogElement} */
const dialog = (id) => part(id);

for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog")?.close());
}

/**
 * @param {string} id @param {(fields: FormData) => Promise<void>} act what the dialog is for; it stays open with the reason where that fails
 */
export function openDialog(id, act) {
  const box = dialog(id);
  const form = /** @type {HTMLFormElement} */ (box.querySelector("form"));
  const refusal = box.querySelector(".refusal");
  form.reset();
  if (refusal) refusal.textContent = "";
  form.onsubmit = async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
    button.disabled = true;
    try {
      await act(new FormData(form));
      box.close();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      if (refusal) refusal.textContent = error instanceof Refused ? error.message : "The server cannot be reached. Try again.";
    } finally {
      button.disabled = false;
    }
  };
  if (!box.open) box.showModal();
}

const LOOK_EVERY = 3000; // ms

/** @type {Promise<void>|null} */
let signingIn = null;

/** Settled when somebody is signed in again: by a link pasted here, or in another tab. @param {string} worker who worked here */
export function signInAgain(worker) {
  signingIn ??= new Promise((resolve) => {
    const box = dialog("sign-in-dialog");
    box.oncancel = (event) => event.preventDefault(); // nothing goes on without it
    const isBack = async () => {
      const answer = await fetch("/session", { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok) return;
      if ((await answer.json()).worker !== worker) return location.assign("/jobs"); // somebody else: other tasks
      clearInterval(timer);
      window.removeEventListener("focus", isBack);
      box.close();
      signingIn = null;
      resolve();
    };
    const timer = setInterval(isBack, LOOK_EVERY);
    window.addEventListener("focus", isBack);
    openDialog("sign-in-dialog", async (fields) => {
      const token = String(fields.get("link")).trim().split("/").at(-1) ?? "";
      const answer = await fetch(`/sign-in/${encodeURIComponent(token)}`, { method: "POST", headers: { Accept: "application/json" } })
        .catch(() => { throw new Unreachable(); });
      if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
      await isBack();
    });
  });
  return signingIn;
}

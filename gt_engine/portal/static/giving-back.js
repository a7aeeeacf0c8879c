/** The ways out of a task without an answer: it is declined, given back to others, or put off. */

import { showSaved } from "./controls.js";
import { openDialog } from "./dialogs.js";
import { clearNotice, tell } from "./notice.js";
import { Refused } from "./server.js";

const DRAFT_DELAY = 500; // ms: a frame tells of a stroke after 400
const PATIENCE = 5000; // ms for the draft; this browser keeps it as well

/** @param {number} milliseconds @returns {Promise<void>} */
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

export class GivingBack {
  /** @param {import("./task-queue.js").TaskQueue} queue @param {() => void} goOn called when there is no current task any more */
  constructor(queue, goOn) {
    this.queue = queue;
    this.goOn = goOn;
  }

  /** Asks why. @param {string} [reason] that is chosen already */
  decline(reason) {
    if (!this.queue.current) return;
    openDialog("decline-dialog", (fields) => this.#giveBack("decline", { reason: fields.get("reason"), comment: fields.get("comment") }));
    const choice = reason && document.querySelector(`#decline-dialog [value="${reason}"]`);
    if (choice) /** @type {HTMLInputElement} */ (choice).checked = true;
  }

  release() {
    openDialog("release-dialog", () => this.#giveBack("release", {}));
  }

  /** It stays the worker's, with its draft, for another visit. */
  async putOff() {
    const work = this.queue.current;
    if (!work) return;
    work.active.stop();
    showSaved("saving");
    await pause(DRAFT_DELAY);
    await Promise.race([work.keeper.saved(), pause(PATIENCE)]);
    try {
      await work.putOff();
      location.assign("/jobs");
    } catch (error) {
      work.active.resume();
      tell(error instanceof Refused ? error.message : "The server cannot be reached. Your work is kept in this browser.", "bad");
    }
  }

  /** @param {"decline"|"release"} verb @param {object} body */
  async #giveBack(verb, body) {
    await this.queue.current?.giveBack(verb, body);
    clearNotice();
    this.queue.dropCurrent();
    this.goOn();
  }
}

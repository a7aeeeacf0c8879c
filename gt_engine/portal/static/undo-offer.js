/** The offer to take the last answer back, for as long as the server lets it. */

import { tell } from "./notice.js";
import { Refused } from "./server.js";

/** @typedef {import("./work.js").Work} Work */

const UNDO_FOR = 30; // seconds

export class UndoOffer {
  #timer = 0;

  /** @param {HTMLElement} button with a place for the seconds that are left @param {import("./task-queue.js").TaskQueue} queue */
  constructor(button, queue) {
    this.button = button;
    this.queue = queue;
  }

  get isOpen() {
    return Boolean(this.queue.previous) && !this.button.hidden;
  }

  /** @param {Work} work whose answer the server has now */
  open(work) {
    const until = performance.now() + UNDO_FOR * 1000;
    const seconds = /** @type {HTMLElement} */ (this.button.querySelector("span"));
    const show = () => {
      const left = Math.ceil((until - performance.now()) / 1000);
      if (left <= 0 || work !== this.queue.previous) {
        this.withdraw();
        return;
      }
      seconds.textContent = String(left);
      this.button.hidden = false;
    };
    clearInterval(this.#timer);
    this.#timer = setInterval(show, 500);
    show();
  }

  withdraw() {
    clearInterval(this.#timer);
    this.button.hidden = true;
  }

  /** @returns {Promise<Work|null>} the task to be worked on again; null: none was offered, or the answer stands */
  async take() {
    const work = this.queue.previous;
    if (!work || !this.isOpen) return null;
    this.withdraw();
    try {
      await work.undo();
    } catch (error) {
      tell(error instanceof Refused ? error.message : "The server cannot be reached: the answer stands.", "bad");
      return null;
    }
    this.queue.takeBack(work);
    return work;
  }
}

/** Answers on their way: in this browser from when they are submitted until the server has them. */

import { Refused } from "./server.js";
import { submitAnswer } from "./work.js";

/** @typedef {import("./work.js").Work} Work */
/** @typedef {import("./work.js").Day} Day */

/**
 * @typedef {object} Told of what becomes of answers
 * @property {(isLate: boolean) => void} late
 * @property {(work: Work, day: Day) => void} taken
 * @property {(work: Work, error: Refused) => void} refused
 * @property {(error: Refused) => void} leftRefused an answer of an earlier visit
 */

export class Delivery {
  /** Task → whether this browser keeps its answer as well. @type {Map<string, boolean>} */
  #unsent = new Map();

  /** @param {import("./keeping.js").Shelf} shelf @param {Told} told */
  constructor(shelf, told) {
    this.shelf = shelf;
    this.told = told;
  }

  /** Tasks whose answers the server has not, of earlier visits as well. @returns {string[]} */
  get tasks() {
    return [...this.#unsent.keys(), ...this.shelf.tasks("answer")];
  }

  /** Whether an answer is lost with this page: the browser did not take it. */
  get hasOnlyCopy() {
    return [...this.#unsent.values()].includes(false);
  }

  /** @param {Work} work that is finished */
  keep({ task, answer, active }) {
    this.#unsent.set(task.id, this.shelf.put("answer", task.id, { answer, activeSeconds: active.seconds }));
  }

  /** Sends an answer until the server has it. @param {Work} work that was kept */
  async send(work) {
    const { id } = work.task;
    try {
      await work.accepted;
      const day = await submitAnswer(id, { answer: /** @type {object} */ (work.answer), activeSeconds: work.active.seconds }, this.told.late);
      work.keeper.drop();
      this.shelf.remove("answer", id);
      this.told.taken(work, day);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.shelf.remove("answer", id);
      this.told.refused(work, error);
    } finally {
      this.#unsent.delete(id);
    }
  }

  /** An earlier visit's answers that the server has not. */
  async sendLeft() {
    for (const task of this.shelf.tasks("answer")) {
      try {
        await submitAnswer(task, this.shelf.get("answer", task), this.told.late);
        this.shelf.remove("draft", task);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.told.leftRefused(error);
      }
      this.shelf.remove("answer", task);
    }
  }
}

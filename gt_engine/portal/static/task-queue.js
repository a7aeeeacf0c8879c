/**
 * The tasks of this page: the current one, the previous one for as long as it can be taken back, and the next one,
 * fetched and drawn while the current one is worked on.
 */

import { Refused, askUntilAnswered } from "./server.js";
import { undoAnswer } from "./work.js";

/** @typedef {import("./work.js").Work} Work */

export class TaskQueue {
  /** @type {Work|null} */
  #current = null;
  /** @type {Work|null} */
  #previous = null;
  isPaused = false; // the worker gets no new tasks for now
  /** @type {Promise<Work|null>|null} */
  #next = null;

  /**
   * @param {string} job @param {(task: import("./work.js").Task) => Work} open
   * @param {() => string[]} unsent tasks whose answers the server has not: they are not to be had again
   */
  constructor(job, open, unsent) {
    this.job = job;
    this.open = open;
    this.unsent = unsent;
  }

  get current() {
    return this.#current;
  }

  get previous() {
    return this.#previous;
  }

  /** Tasks that are shown or answered already. @returns {string[]} */
  get besides() {
    return [...new Set([...(this.#current ? [this.#current.task.id] : []), ...this.unsent()])];
  }

  fetchAhead() {
    this.#next ??= this.#fetch().catch((error) => {
      this.#next = null;
      if (!(error instanceof Refused)) throw error;
      return null;
    });
  }

  /** A task fetched ahead is kept for five minutes only; then it is fetched anew, in time. */
  async renewAhead() {
    const waiting = await this.#next;
    if (!waiting?.isStale || waiting === this.#current) return;
    this.#next = null;
    waiting.close();
    this.fetchAhead();
  }

  /** @returns {Promise<Work|null>} the task that was fetched ahead; where there was none then, there may be one now */
  async takeNext() {
    const ahead = await this.#next;
    this.#next = null;
    if (ahead) return ahead;
    if (this.#current?.isSent) this.#current = null;
    return this.#fetch();
  }

  /** A task that was answered is the next one. @param {string} task Errors: `Refused` where it is too late, `Unreachable` */
  async reopen(task) {
    this.#next = Promise.resolve(this.open(await undoAnswer(task)));
  }

  /** @param {Work} work the current task from now on */
  show(work) {
    this.#current = work;
    work.frame.show("current");
  }

  /** The current task is answered: it is the previous one, and stays the current one until another is. */
  keepAsPrevious() {
    this.#previous?.close();
    this.#previous = this.#current;
    this.#previous?.frame.show("previous");
  }

  /** A task that was answered is to be worked on again; the current one waits behind it. @param {Work} work */
  takeBack(work) {
    if (this.#current && this.#current !== this.#previous) this.#putAside(this.#current);
    this.#previous = null;
    work.isSent = false;
  }

  dropCurrent() {
    this.#current = null;
  }

  close() {
    this.#next?.then((work) => work?.close());
    for (const work of [this.#current, this.#previous]) work?.close();
    this.#current = this.#previous = this.#next = null;
  }

  /** @param {Work} current */
  #putAside(current) {
    current.active.stop();
    current.frame.show("next");
    this.#next?.then((waiting) => { if (waiting && waiting !== current) waiting.close(); });
    this.#next = Promise.resolve(current);
  }

  /** @returns {Promise<Work|null>} null: there is nothing now */
  async #fetch() {
    const answer = await askUntilAnswered("POST", `/jobs/${encodeURIComponent(this.job)}/next`, { besides: this.besides });
    this.isPaused = answer.isPaused;
    return answer.task && this.open(answer.task);
  }
}

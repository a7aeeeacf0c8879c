/** One task in this page: its frame, its draft, and the time that was worked on it. */

import { ActiveTime } from "./clock.js";
import { DraftKeeper, lastDraft } from "./keeping.js";
import { ask, askUntilAnswered } from "./server.js";
import { TaskFrame } from "./task-frame.js";

/**
 * @typedef {object} Task as the server tells it
 * @property {string} id @property {string} page its address @property {string} title @property {string} [comment] why it came back
 * @property {number} secondsLeft @property {number} timeLimitSeconds
 */
/** @typedef {{value: unknown, activeSeconds: number}} Draft */
/** @typedef {{done: number}} Day what the worker did today */

const RESERVED_FOR = 270_000; // ms: the server keeps a task that was fetched ahead for 300 s

/** @param {string} task @param {string} verb */
const path = (task, verb) => `/tasks/${encodeURIComponent(task)}/${verb}`;

export class Work {
  isStarted = false;
  isSent = false; // answered or given back: its draft is kept no more
  isAsked = false; // for its answer, since the frame last said whether it can be submitted
  active = new ActiveTime();
  /** @type {object|undefined} */
  answer;
  /** Settled when the server's clock runs; awaited before an answer is sent. @type {Promise<void>|undefined} */
  accepted;
  #fetched = performance.now();

  /**
   * @param {Task} task @param {HTMLElement} place for its frame @param {import("./keeping.js").Shelf} shelf
   * @param {object} heard
   * @param {(work: Work) => import("./task-frame.js").Listener} heard.byFrame asked at each message
   * @param {(work: Work, state: import("./keeping.js").State) => void} heard.byKeeper
   */
  constructor(task, place, shelf, { byFrame, byKeeper }) {
    this.task = task;
    this.frame = new TaskFrame(place, task, () => byFrame(this));
    this.keeper = new DraftKeeper(task.id, shelf, (state) => byKeeper(this, state));
    /** @type {Promise<Draft|null>} */
    this.draft = lastDraft(task.id, shelf).catch(() => null);
  }

  /** Whether others may have it soon: it was fetched ahead, and too long ago. */
  get isStale() {
    return !this.isStarted && performance.now() - this.#fetched >= RESERVED_FOR;
  }

  /** The server's clock. @param {(isLate: boolean) => void} late Errors: `Refused` where the task is no longer to be had. */
  async accept(late) {
    this.#renew(await askUntilAnswered("POST", path(this.task.id, "accept"), {}, late));
  }

  /**
   * What is drawn from here on is kept. @param {Draft|null} draft
   * @param {{theme: string, last: object|undefined, settings: object}} desk the same for all tasks
   */
  start(draft, desk) {
    this.isStarted = true;
    this.frame.send({ type: "start", draft: draft?.value, ...desk });
    this.active.start(draft?.activeSeconds ?? 0);
  }

  /** @param {unknown} value */
  keep(value) {
    if (!this.isStarted || this.isSent) return;
    this.keeper.keep({ value, activeSeconds: this.active.count() });
  }

  /** @param {object} answer */
  finish(answer) {
    this.active.stop();
    this.answer = answer;
    this.isSent = true;
  }

  /** The server gives its answer back. Errors: `Refused` where it is too late, `Unreachable`. */
  async undo() {
    this.#renew(await undoAnswer(this.task.id));
  }

  /** To others. @param {"decline"|"release"} verb @param {object} body Errors: `Refused`, `Unreachable` */
  async giveBack(verb, body) {
    await ask("POST", path(this.task.id, verb), body);
    this.isSent = true;
    this.keeper.drop();
    this.close();
  }

  /** It stays the worker's, for another visit. Errors: `Refused`, `Unreachable` */
  async putOff() {
    await ask("POST", path(this.task.id, "later"), {});
  }

  close() {
    this.active.stop();
    this.frame.remove();
  }

  /** The page of the frame stays the one it has. @param {Task} task */
  #renew(task) {
    this.task = { ...task, page: this.task.page };
  }
}

/** @param {string} task @returns {Promise<Task>} to be worked on again. Errors: `Refused` where it is too late, `Unreachable` */
export const undoAnswer = (task) => ask("POST", path(task, "undo"), {});

/**
 * As often as it takes. @param {string} task @param {{answer: object, activeSeconds: number}} said
 * @param {(isLate: boolean) => void} late @returns {Promise<Day>} Errors: `Refused`
 */
export const submitAnswer = (task, said, late) => askUntilAnswered("POST", path(task, "submit"), said, late);

/**
 * Work that is not submitted: first into this browser, then to the server, again and again until the server has it.
 * What the server has is taken out of the browser.
 */

import { Refused, Unreachable, ask, askUntilAnswered } from "./server.js";

/** @typedef {"saved"|"saving"|"offline"|"failed"} State */

/** @typedef {"draft"|"answer"|"settings"} Kind of a task; settings of a job */

const PREFIX = "gt-portal";

/** What this worker's tasks left in this browser. */
export class Shelf {
  /** @param {string} worker one browser may serve several people */
  constructor(worker) {
    this.prefix = `${PREFIX}:${worker}`;
  }

  /** @param {Kind} kind @param {string} task @param {unknown} value @returns {boolean} whether the browser took it: it may be full, or forbid it */
  put(kind, task, value) {
    try {
      localStorage.setItem(`${this.prefix}:${kind}:${task}`, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }

  /** @param {Kind} kind @param {string} task @returns {any} null: nothing */
  get(kind, task) {
    try {
      return JSON.parse(localStorage.getItem(`${this.prefix}:${kind}:${task}`) ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {Kind} kind @param {string} task */
  remove(kind, task) {
    try {
      localStorage.removeItem(`${this.prefix}:${kind}:${task}`);
    } catch {
      // A browser that keeps nothing has nothing to remove.
    }
  }

  /** @param {Kind} kind @returns {string[]} tasks with something of the kind */
  tasks(kind) {
    const start = `${this.prefix}:${kind}:`;
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
    } catch {
      return [];
    }
  }
}

/** @param {string} task */
const draftPath = (task) => `/tasks/${encodeURIComponent(task)}/draft`;

/** Keeps the draft of one task. */
export class DraftKeeper {
  /** The newest draft that the server has not. @type {string|null} */
  #waiting = null;
  /** @type {Promise<void>|null} */
  #sending = null;
  #isKept = true;

  /** @param {string} task @param {Shelf} shelf @param {(state: State) => void} tell */
  constructor(task, shelf, tell) {
    this.task = task;
    this.shelf = shelf;
    this.tell = tell;
  }

  /** @param {{value: unknown, activeSeconds: number}} draft */
  keep(draft) {
    this.#isKept = this.shelf.put("draft", this.task, draft);
    this.#waiting = JSON.stringify(draft);
    this.tell("saving");
    this.#sending ??= this.#send().finally(() => { this.#sending = null; });
  }

  /** Settled when the server has the newest draft. */
  async saved() {
    while (this.#sending) await this.#sending;
  }

  /** No more of it: the task is done or given back. */
  drop() {
    this.#waiting = null;
    this.shelf.remove("draft", this.task);
  }

  async #send() {
    while (this.#waiting !== null) {
      const body = this.#waiting;
      try {
        await askUntilAnswered("PUT", draftPath(this.task), body, (isLate) => {
          if (isLate) this.tell(this.#isKept ? "offline" : "failed");
        });
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.tell("failed");
        return;
      }
      if (this.#waiting !== body) continue;
      this.#waiting = null;
      this.shelf.remove("draft", this.task);
      this.tell("saved");
    }
  }
}

/** The draft to go on with: what this browser could not send is newer than what the server has. @param {string} task @param {Shelf} shelf */
export async function lastDraft(task, shelf) {
  return shelf.get("draft", task) ?? await ask("GET", draftPath(task));
}

/** Sends drafts that an earlier visit could not, of tasks that are not shown now. @param {Shelf} shelf @param {string[]} besides the tasks that are */
export async function sendLeftDrafts(shelf, besides) {
  for (const task of shelf.tasks("draft").filter((one) => !besides.includes(one))) {
    try {
      await ask("PUT", draftPath(task), JSON.stringify(shelf.get("draft", task)));
    } catch (error) {
      if (error instanceof Unreachable) return; // next time
    }
    shelf.remove("draft", task);
  }
}

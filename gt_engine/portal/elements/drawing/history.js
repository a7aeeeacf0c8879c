// Undo and redo without limit, over states that are never changed in place.

const TOGETHER = 800; // ms: a run of equal small steps (arrow keys) is undone as one

/** @template State */
export class History {
  /** @type {State[]} */ #past = [];
  /** @type {State[]} */ #future = [];
  #key = "";
  #time = -Infinity;

  get canUndo() { return this.#past.length > 0; }
  get canRedo() { return this.#future.length > 0; }

  /**
   * @param {State} before the state that the change replaced
   * @param {string} key changes of the same key in quick succession are one step; '' never joins
   * @param {number} now milliseconds
   */
  push(before, key = "", now = performance.now()) {
    const joins = key !== "" && key === this.#key && now - this.#time < TOGETHER && !this.canRedo;
    if (!joins) this.#past.push(before);
    this.#future = [];
    this.#key = key;
    this.#time = now;
  }

  /** @param {State} current @returns {State} */
  undo(current) {
    const before = this.#past.pop();
    if (before === undefined) return current;
    this.#future.push(current);
    this.#key = "";
    return before;
  }

  /** @param {State} current @returns {State} */
  redo(current) {
    const after = this.#future.pop();
    if (after === undefined) return current;
    this.#past.push(current);
    this.#key = "";
    return after;
  }

  clear() {
    this.#past = [];
    this.#future = [];
    this.#key = "";
  }
}

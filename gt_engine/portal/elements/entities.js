/**
 * Entities in a text, with undo. Offsets here are JavaScript's (UTF-16 units), ends exclusive; outside, in answers and in
 * `initial-value`, they count Unicode code points, as Python does: `text[startOffset:endOffset]` is the entity there.
 * The two differ from the first emoji on.
 */

/** @typedef {{label: string, start: number, end: number}} Entity */

export class Entities {
  /** @type {Entity[]} in the order of the text, without overlaps */ list = [];
  #past = [];
  #future = [];

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /**
   * Labels a part of the text. What lies wholly inside is replaced.
   * @returns {Entity|null} null where nothing but blanks is meant, or a part of another entity
   */
  add(start, end, label) {
    const range = this.trim(start, end);
    if (!range || this.isPartOfAnother(range)) return null;
    const entity = { ...range, label };
    this.#change([...this.list.filter((other) => !(other.start >= range.start && other.end <= range.end)), entity]);
    return entity;
  }

  /** Labels all other places where the entity's text stands as a word of its own. @returns {number} how many */
  addAlike({ start, end, label }) {
    const words = this.text.slice(start, end);
    const more = [];
    for (let at = this.text.indexOf(words); at >= 0; at = this.text.indexOf(words, at + words.length)) {
      const range = { start: at, end: at + words.length };
      if (this.#isWord(range) && !this.list.some((other) => other.start < range.end && range.start < other.end)) more.push({ ...range, label });
    }
    if (more.length) this.#change([...this.list, ...more]);
    return more.length;
  }

  /** @param {Entity} entity */
  remove(entity) {
    this.#change(this.list.filter((other) => other !== entity));
  }

  /** @param {Entity} entity @returns {Entity} the one in its place */
  relabel(entity, label) {
    const next = { ...entity, label };
    this.#change(this.list.map((other) => (other === entity ? next : other)));
    return next;
  }

  get canUndo() { return this.#past.length > 0; }
  get canRedo() { return this.#future.length > 0; }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.list);
    this.list = this.#past.pop();
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.list);
    this.list = this.#future.pop();
  }

  /** A range without the blanks at its ends, or null. */
  trim(start, end) {
    const words = this.text.slice(start, end);
    const from = start + words.length - words.trimStart().length;
    const to = end - (words.length - words.trimEnd().length);
    return from < to ? { start: from, end: to } : null;
  }

  /** Whether a range cuts another entity, or lies inside a longer one. */
  isPartOfAnother({ start, end }) {
    return this.list.some((other) => other.start < end && start < other.end && !(other.start >= start && other.end <= end));
  }

  /** For the answer. */
  toOffsets() {
    return this.list.map(({ label, start, end }) => ({ endOffset: codePoints(this.text, end), label, startOffset: codePoints(this.text, start) }));
  }

  /** Takes what an answer, or `initial-value`, holds. @returns {object[]} those that are not in the text */
  fromOffsets(offsets) {
    const units = unitsOf(this.text);
    const last = units.length - 1;
    const isInside = ({ startOffset: start, endOffset: end }) => Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= last;
    const inside = offsets.filter(isInside);
    this.list = sorted(inside.map(({ label, startOffset, endOffset }) => ({ label, start: units[startOffset], end: units[endOffset] })));
    this.#past = [];
    this.#future = [];
    return offsets.filter((entity) => !isInside(entity));
  }

  #change(list) {
    this.#past.push(this.list);
    this.#future = [];
    this.list = sorted(list);
  }

  #isWord({ start, end }) {
    const joins = (before, after) => /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
    return !joins(this.text[start - 1] ?? " ", this.text[start]) && !joins(this.text[end - 1], this.text[end] ?? " ");
  }
}

const sorted = (list) => [...list].sort((one, other) => one.start - other.start || one.end - other.end);

/** @returns {number} how many code points stand before that UTF-16 offset */
export const codePoints = (text, offset) => [...text.slice(0, offset)].length;

/** @returns {number[]} the UTF-16 offset of each code point, and of the end */
function unitsOf(text) {
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return units;
}

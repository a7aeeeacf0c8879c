/**
 * crowd-question-answer-generation: questions about a text, with answers and the places that they rest on.
 * Ground Truth's guide does not tell the form of its answer; this one is ours:
 * `{questionAnswerPairs: [{question, answer, tags: [...], textReferences: [{startOffset, endOffset, text}]}]}`,
 * offsets in Unicode code points as everywhere.
 */

import { FullPageElement, css, define, h } from "./base.js";
import { codePoints } from "./entities.js";
import { markedIn } from "./text-selection.js";

const styles = css`
  .passage { padding: 1.1rem 1.5rem; max-width: 60rem; font-size: 1.05rem; line-height: 1.65; white-space: pre-wrap; overflow-wrap: anywhere; }
  .side { width: min(26rem, 46cqw); }
  .pair { border: 1px solid var(--crowd-line); border-radius: 8px; padding: .6rem .8rem .8rem; margin: 0 0 .9rem; }
  .pair legend { font-weight: 600; padding: 0 .3rem; }
  .pair label { display: block; font-size: .9rem; margin: .5rem 0 .2rem; }
  .pair textarea, .pair .custom { width: 100%; padding: .45em .6em; border: 1px solid var(--crowd-control); border-radius: var(--crowd-radius); background: var(--crowd-surface); field-sizing: content; min-height: 2.6em; resize: vertical; }
  .tags { display: flex; flex-wrap: wrap; gap: .3rem; margin-top: .5rem; }
  .tags .button { min-height: 1.9rem; padding: .1rem .6rem; font-size: .85rem; }
  .references { list-style: none; margin: .4rem 0; padding: 0; font-size: .875rem; }
  .references li { display: flex; gap: .4rem; align-items: center; color: var(--crowd-muted); }
  .references button { border: 0; background: none; cursor: pointer; color: inherit; min-width: 1.6rem; min-height: 1.6rem; }
  .references span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .foot { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .6rem; }
  @container (max-width: 52rem) { .side { width: auto; max-height: 60vh; } }
`;
const emptyPair = () => ({ question: "", answer: "", tags: [], textReferences: [] });
const wordsIn = (text) => text.split(/\s+/).filter(Boolean).length;

class CrowdQuestionAnswerGeneration extends FullPageElement {
  static attributes = {
    ...super.attributes, text: "string", "min-questions": "number", "max-questions": "number", "question-min-words": "number",
    "question-max-words": "number", "answer-min-words": "number", "answer-max-words": "number", "question-tags": "json", "allow-custom-question-tags": "boolean",
  };
  static styles = [...super.styles, styles];
  static header = "Write questions about the text, with their answers";
  #pairs = [emptyPair()];
  /** Tags that are being typed, by their pair: they count as they are, and become buttons when the page is next drawn. */
  #typed = new Map();
  #passage = h("div", { class: "passage", dir: "auto" });

  renderMain(root) {
    root.tabIndex = 0;
    this.#passage.textContent = this.text;
    root.append(this.#passage);
  }

  renderSide(root) {
    root.setAttribute("aria-label", "Questions and answers");
    for (const type of ["input", "change"]) root.addEventListener(type, (event) => event.stopPropagation());
    this.#show();
  }

  update(names) {
    super.update(names);
    if (names.has("text")) this.#passage.textContent = this.text;
    this.#show();
  }

  get value() {
    const pairs = this.#pairs.filter((pair) => pair.question.trim() || pair.answer.trim());
    return { questionAnswerPairs: structuredClone(pairs.map((pair) => ({ ...pair, tags: this.#tagsOf(pair) }))) };
  }

  set value(value) {
    const pairs = structuredClone(value?.questionAnswerPairs ?? []);
    this.#typed.clear();
    this.#pairs = pairs.length ? pairs.map((pair) => ({ ...emptyPair(), ...pair })) : [emptyPair()];
    this.#show();
  }

  validate() {
    const pairs = this.value.questionAnswerPairs;
    const least = this.minQuestions ?? 1;
    if (pairs.length < least) return `Please write at least ${least} ${least === 1 ? "question" : "questions"} with an answer.`;
    for (const [index, pair] of pairs.entries()) {
      const problem = this.#lengthProblem("Question", pair.question, this.questionMinWords ?? 1, this.questionMaxWords)
        ?? this.#lengthProblem("Answer", pair.answer, this.answerMinWords ?? 1, this.answerMaxWords);
      if (problem) return `${problem.replace(" ", ` ${index + 1} `)}`;
    }
    return null;
  }

  #lengthProblem(what, text, least, most) {
    const count = wordsIn(text);
    if (count < least) return `${what} needs at least ${least} ${least === 1 ? "word" : "words"}; it has ${count}.`;
    return most !== undefined && count > most ? `${what} may have ${most} words; it has ${count}.` : null;
  }

  #show() {
    if (!this.parts.side) return;
    for (const pair of this.#typed.keys()) pair.tags = this.#tagsOf(pair);
    this.#typed.clear();
    const isFull = this.#pairs.length >= (this.maxQuestions ?? Infinity);
    this.parts.side.replaceChildren(...this.#pairs.map((pair, index) => this.#pair(pair, index)),
      h("button", { type: "button", class: "button", disabled: isFull, onclick: () => this.#addPair() }, "Add a question"));
  }

  #pair(pair, index) {
    const field = (name, label) => {
      const area = h("textarea", { id: `${name}-${index}`, rows: 2, dir: "auto", oninput: () => this.#set(pair, name, area.value) });
      area.value = pair[name];
      return [h("label", { for: `${name}-${index}` }, label), area];
    };
    const tags = [...new Set([...(this.questionTags ?? []).map(String), ...pair.tags])];
    return h("fieldset", { class: "pair" }, h("legend", {}, `Question ${index + 1}`), ...field("question", "Question"), ...field("answer", "Answer"),
      h("div", { class: "tags", role: "group", "aria-label": "Tags of the question" }, ...tags.map((tag) => this.#tag(pair, tag)), this.allowCustomQuestionTags ? this.#customTag(pair) : null),
      h("ul", { class: "references", "aria-label": "Places in the text" }, ...pair.textReferences.map((reference) => h("li", {}, h("span", {}, `“${reference.text}”`),
        h("button", { type: "button", "aria-label": `Remove the place “${reference.text}”`, onclick: () => this.#set(pair, "textReferences", pair.textReferences.filter((other) => other !== reference), true) }, "×")))),
      h("div", { class: "foot" },
        h("button", { type: "button", class: "button", onmousedown: (event) => event.preventDefault(), onclick: () => this.#addReference(pair) }, "Add the marked text"),
        this.#pairs.length > 1 && h("button", { type: "button", class: "button link", onclick: () => this.#removePair(pair) }, "Remove the question")));
  }

  #tag(pair, tag) {
    const isOn = pair.tags.includes(tag);
    return h("button", { type: "button", class: "button", "aria-pressed": String(isOn), onclick: () => this.#set(pair, "tags", isOn ? pair.tags.filter((other) => other !== tag) : [...pair.tags, tag], true) }, tag);
  }

  #customTag(pair) {
    const input = h("input", { class: "custom", placeholder: "Another tag, then Enter", "aria-label": "Another tag" });
    input.addEventListener("input", () => {
      this.#typed.set(pair, input.value);
      this.changed();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.#show();
    });
    return input;
  }

  #tagsOf(pair) {
    return [...new Set([...pair.tags, (this.#typed.get(pair) ?? "").trim()])].filter(Boolean);
  }

  #addPair() {
    this.#pairs.push(emptyPair());
    this.#show();
    this.parts.side.querySelector(".pair:last-of-type textarea").focus();
    this.changed();
  }

  #removePair(pair) {
    this.#pairs = this.#pairs.filter((other) => other !== pair);
    this.#show();
    this.changed();
  }

  #addReference(pair) {
    const range = markedIn(this.shadowRoot, this.#passage);
    if (!range) return this.showProblem("Mark a part of the text first.");
    const { text } = this;
    this.#set(pair, "textReferences", [...pair.textReferences, {
      endOffset: codePoints(text, range.end), startOffset: codePoints(text, range.start), text: text.slice(range.start, range.end),
    }], true);
  }

  #set(pair, field, value, isRedrawn = false) {
    pair[field] = value;
    if (isRedrawn) this.#show();
    this.changed();
  }

  showProblem(message) {
    const place = this.shadowRoot.querySelector("[part~=error]");
    if (place) place.textContent = message ?? "";
  }
}

define("crowd-question-answer-generation", CrowdQuestionAnswerGeneration);

/** crowd-text-ranking: answers of a model put in order, once for each dimension. */

import { FullPageElement, css, define, h } from "./base.js";

const styles = css`
  .ranking { padding: 1.1rem 1.5rem; max-width: 60rem; }
  .prompt { margin: 0 0 1.25rem; padding: .8rem 1rem; border-inline-start: 4px solid var(--crowd-accent); background: var(--crowd-raised); white-space: pre-wrap; overflow-wrap: anywhere; }
  .response { margin: 0 0 1rem; border: 1px solid var(--crowd-line); border-radius: 8px; padding: .2rem 1rem .9rem; }
  .response h2 { font-size: .95rem; margin: .6rem 0 .3rem; color: var(--crowd-muted); }
  .response p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  .dimension { border: 0; margin: 0 0 1.4rem; padding: 0; min-width: 0; }
  .dimension legend { font-weight: 600; padding: 0; margin-bottom: .2rem; }
  .dimension .note { margin: 0 0 .5rem; color: var(--crowd-muted); font-size: .85rem; }
  .row { display: flex; align-items: center; gap: .5rem; flex-wrap: wrap; margin-bottom: .35rem; }
  .row > span { flex: 1; min-width: 6rem; }
  .ranks { display: flex; }
  .ranks label { position: relative; display: grid; place-content: center; min-width: 2.1rem; height: 2.1rem; border: 1px solid var(--crowd-control); margin-inline-start: -1px; cursor: pointer; }
  .ranks label:first-child { border-radius: 6px 0 0 6px; }
  .ranks label:last-child { border-radius: 0 6px 6px 0; }
  .ranks input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .ranks label:has(:checked) { background: var(--crowd-accent); color: var(--crowd-accent-ink); font-weight: 700; }
  .ranks label:has(:focus-visible) { outline: 2px solid var(--crowd-accent); outline-offset: 2px; z-index: 1; }
`;

/** The answer stands at the top of the page's answer, not below the element's name. */
class CrowdTextRanking extends FullPageElement {
  static attributes = { ...super.attributes, text: "string", responses: "json", "ordinal-ranking-dimensions": "json" };
  static styles = [...super.styles, styles];
  static header = "Rank the responses";
  static isSpread = true;
  /** @type {(number|undefined)[][]} dimension → response → rank, 1 for the best */ #ranks = [];

  renderMain(root) {
    root.tabIndex = 0;
    root.append(h("div", { class: "ranking" },
      this.text ? h("p", { class: "prompt", dir: "auto" }, this.text) : null,
      ...this.#responses.map((response, index) => h("section", { class: "response" }, h("h2", {}, `Response ${index + 1}`), h("p", { dir: "auto" }, response)))));
  }

  renderSide(root) {
    root.setAttribute("aria-label", "Ranking");
    this.#dimensions.forEach((dimension, place) => {
      this.#ranks[place] ??= [];
      root.append(h("fieldset", { class: "dimension", "data-dimension": place }, h("legend", {}, dimension.name ?? "Rank the responses"),
        h("p", { class: "note" }, `1 is the best.${dimension.allowTie ? " Equal ranks are allowed." : ""}`),
        ...this.#responses.map((_, index) => this.#row(place, index))));
    });
    root.addEventListener("input", (event) => event.stopPropagation());
    this.#show();
  }

  update(names) {
    super.update(names);
    if (["text", "responses", "ordinal-ranking-dimensions"].some((name) => names.has(name))) {
      const { main, side } = this.parts;
      main.querySelector(".ranking").remove();
      side.replaceChildren();
      this.renderMain(main);
      this.renderSide(side);
    }
  }

  get value() {
    return {
      ordinalRankingDimensions: this.#dimensions.map(({ name }, place) => ({
        ...(name === undefined ? {} : { name }), responseRankings: this.#responses.map((_, index) => this.#ranks[place]?.[index]),
      })),
    };
  }

  set value(value) {
    const given = value?.ordinalRankingDimensions ?? [];
    this.#ranks = this.#dimensions.map((_, place) => (given[place]?.responseRankings ?? []).map((rank) => rank ?? undefined));
    this.#show();
    this.refreshValidity();
  }

  validate() {
    for (const [place, { name }] of this.#dimensions.entries()) {
      if (this.#responses.some((_, index) => this.#ranks[place]?.[index] === undefined)) return `Please rank all responses${name ? ` by ${name}` : ""}.`;
    }
    return null;
  }

  shortcuts() {
    return [{ keys: ["Tab"], does: "Go to the next response" }, { keys: ["←", "→"], does: "Give it another rank" }];
  }

  get #responses() { return (this.responses ?? []).map(String); }
  get #dimensions() { return this.ordinalRankingDimensions ?? [{ allowTie: true }]; }

  #row(place, index) {
    const ranks = this.#responses.map((_, at) => {
      const rank = at + 1;
      const input = h("input", { type: "radio", name: `rank-${place}-${index}`, value: rank, "aria-label": `Response ${index + 1}: rank ${rank}` });
      input.addEventListener("change", (event) => {
        event.stopPropagation();
        this.#rank(place, index, rank);
      });
      return h("label", {}, input, rank);
    });
    return h("div", { class: "row" }, h("span", {}, `Response ${index + 1}`), h("div", { class: "ranks" }, ranks));
  }

  /** Where ties are not allowed, a response that had the rank gets the one that this had. */
  #rank(place, index, rank) {
    const ranks = this.#ranks[place];
    const other = this.#dimensions[place].allowTie ? -1 : ranks.findIndex((taken, at) => taken === rank && at !== index);
    if (other >= 0) ranks[other] = ranks[index];
    ranks[index] = rank;
    this.#show();
    this.changed();
  }

  #show() {
    this.parts.side?.querySelectorAll(".dimension").forEach((dimension, place) => {
      dimension.querySelectorAll(".ranks").forEach((ranks, index) => {
        for (const input of ranks.querySelectorAll("input")) input.checked = Number(input.value) === this.#ranks[place]?.[index];
      });
    });
  }
}

define("crowd-text-ranking", CrowdTextRanking);

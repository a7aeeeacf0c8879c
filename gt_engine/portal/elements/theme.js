/**
 * How every element looks: variables for colours and sizes, light and dark, and the few controls that all share.
 * Constructable style sheets need neither a nonce nor 'unsafe-inline', so they work under any content policy.
 */

/** Colours of labels in their order, those of Ground Truth's own pages. */
export const COLORS = Object.freeze([
  "#2ca02c", "#1f77b4", "#ff7f0e", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
  "#98df8a", "#aec7e8", "#ffbb78", "#ff9896", "#c5b0d5", "#c49c94", "#f7b6d2", "#c7c7c7", "#dbdb8d", "#9edae5",
]);

/** Keys of labels in their order; the letters between are the tools' keys. */
export const KEYS = Object.freeze([..."1234567890ghijknrsu"]);

/** @param {number} index @returns {string} the colour of the label at that place */
export const colorOf = (index) => COLORS[index % COLORS.length];

/** @param {string} color "#rrggbb" @returns {string} black or white, whichever can be read on it */
export function inkOn(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

/** @returns {CSSStyleSheet} a sheet of the text, for `static styles` of an element */
export function css(strings, ...values) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(String.raw(strings, ...values));
  return sheet;
}

const LIGHT = `
  color-scheme: light;
  --crowd-surface: #ffffff; --crowd-raised: #f5f7f9; --crowd-sunken: #e9edf1; --crowd-text: #16212c; --crowd-muted: #4f5f6f;
  --crowd-line: #d3dae1; --crowd-control: #8593a1; --crowd-accent: #0b5cad; --crowd-accent-ink: #ffffff; --crowd-tint: #e3eefa;
  --crowd-danger: #b3261e; --crowd-danger-tint: #fcebea; --crowd-warning: #7a5200; --crowd-warning-tint: #fdf3dd;
  --crowd-success: #1a6b33; --crowd-success-tint: #e6f4ea; --crowd-shadow: 0 6px 24px rgb(22 33 44 / 18%);`;
const DARK = `
  color-scheme: dark;
  --crowd-surface: #171c22; --crowd-raised: #1f262e; --crowd-sunken: #10141a; --crowd-text: #e7ecf1; --crowd-muted: #a7b4c0;
  --crowd-line: #35404b; --crowd-control: #74828f; --crowd-accent: #7db8f5; --crowd-accent-ink: #08203a; --crowd-tint: #1d3147;
  --crowd-danger: #ff9a92; --crowd-danger-tint: #40201f; --crowd-warning: #f0c26a; --crowd-warning-tint: #3a2e15;
  --crowd-success: #8fd6a4; --crowd-success-tint: #1a3324; --crowd-shadow: 0 6px 24px rgb(0 0 0 / 55%);`;

/** Variables and the page's own ground, for the document. `:where` lets any rule of a template win. */
export const pageSheet = css`
  :where(:root) {${LIGHT}
    --crowd-font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
    --crowd-radius: 6px;
    font-family: var(--crowd-font); font-size: 16px; line-height: 1.45;
  }
  :where(:root[data-theme="dark"]) {${DARK}}
  :where(body) { margin: 0; background: var(--crowd-surface); color: var(--crowd-text); }
  :where(crowd-form > form) { margin: 0; }
  :where(:root:not([data-full-page]) body) { margin: 1rem 1.25rem 2rem; }
  :where(a) { color: var(--crowd-accent); }
  :where(textarea, select, input:not([type]), input:is([type="text"], [type="number"], [type="email"], [type="url"], [type="search"])) {
    font: inherit; color: inherit; background: var(--crowd-surface); border: 1px solid var(--crowd-control);
    border-radius: var(--crowd-radius); padding: .45em .6em; box-sizing: border-box;
  }
  :where(input:is([type="checkbox"], [type="radio"], [type="range"])) { accent-color: var(--crowd-accent); }
  :where(short-instructions, full-instructions, classification-target, worker-comment, short-summary, detailed-instructions,
    positive-example, negative-example) { display: block; }
`;

/** What every shadow root adopts. */
export const theme = css`
  :host { box-sizing: border-box; font-family: var(--crowd-font); color: var(--crowd-text); }
  :host([hidden]) { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }
  button, input, textarea, select { font: inherit; color: inherit; }
  :focus-visible { outline: 2px solid var(--crowd-accent); outline-offset: 2px; }
  .button {
    display: inline-flex; align-items: center; justify-content: center; gap: .5em; min-height: 2.25rem; padding: .35rem .9rem;
    border: 1px solid var(--crowd-control); border-radius: var(--crowd-radius); background: var(--crowd-surface);
    color: var(--crowd-text); font-weight: 500; cursor: pointer; text-decoration: none; line-height: 1.2;
  }
  .button:hover { background: var(--crowd-sunken); }
  .button.primary { background: var(--crowd-accent); border-color: var(--crowd-accent); color: var(--crowd-accent-ink); }
  .button.primary:hover { filter: brightness(1.08); }
  .button.link { background: none; border-color: transparent; color: var(--crowd-accent); padding-inline: .25rem; }
  .button.link:hover { text-decoration: underline; }
  .button.icon { min-width: 2.25rem; padding: .35rem; }
  .button:disabled, .button[aria-disabled="true"] { opacity: .5; cursor: not-allowed; filter: none; }
  .button[aria-pressed="true"] { background: var(--crowd-tint); border-color: var(--crowd-accent); color: var(--crowd-accent); }
  kbd {
    font: 600 .75rem/1.2 ui-monospace, "SF Mono", Menlo, Consolas, monospace; padding: .1em .4em; border-radius: 4px;
    border: 1px solid var(--crowd-line); border-bottom-width: 2px; background: var(--crowd-surface); color: var(--crowd-muted); white-space: nowrap;
  }
  dialog {
    width: min(44rem, calc(100vw - 2rem)); max-height: calc(100vh - 4rem); padding: 0; overflow: auto; border: 1px solid var(--crowd-line);
    border-radius: 10px; background: var(--crowd-surface); color: var(--crowd-text); box-shadow: var(--crowd-shadow);
  }
  dialog::backdrop { background: rgb(8 14 20 / 45%); }
  dialog > header { display: flex; align-items: center; gap: 1rem; padding: .9rem 1.2rem; border-bottom: 1px solid var(--crowd-line); }
  dialog > header > h2 { flex: 1; margin: 0; font-size: 1.1rem; }
  dialog > .body { padding: 1rem 1.2rem 1.4rem; line-height: 1.5; }
  .error { margin: .3rem 0 0; color: var(--crowd-danger); font-size: .875rem; }
  .error:empty { display: none; }
  .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

document.adoptedStyleSheets = [...document.adoptedStyleSheets, pageSheet];

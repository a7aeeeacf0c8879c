/** crowd-instructions: a link that opens three tabs, summary, details and examples. */

import { CrowdElement, css, define, h } from "./base.js";
import { TabList, tabStyles } from "./tab-list.js";

const styles = css`
  :host { display: block; margin-block: .25rem .75rem; }
  .examples { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 1.25rem; }
  .examples section { border-top: 4px solid var(--crowd-success); padding-top: .5rem; }
  .examples section.bad { border-color: var(--crowd-danger); }
  .examples h3 { margin: 0 0 .5rem; font-size: 1rem; }
`;

class CrowdInstructions extends CrowdElement {
  static formAssociated = false;
  static attributes = { "link-text": "string", "link-type": "string" };
  static regions = ["short-summary", "detailed-instructions", "positive-example", "negative-example"];
  static styles = [tabStyles, styles];

  render(root) {
    const kind = this.linkType === "button" ? "" : "link";
    const examples = ["positive-example", "negative-example"].filter((tag) => this.region(tag)).map((tag) =>
      h("section", { class: tag === "negative-example" ? "bad" : null }, h("h3", {}, tag === "negative-example" ? "Not like this" : "Like this"), h("slot", { name: tag })));
    const tabs = new TabList("Instructions", [
      this.region("short-summary") && ["Summary", h("slot", { name: "short-summary" })],
      this.region("detailed-instructions") && ["Detailed instructions", h("slot", { name: "detailed-instructions" })],
      examples.length > 0 && ["Examples", h("div", { class: "examples" }, examples)],
    ].filter(Boolean));
    const dialog = h("dialog", { "aria-label": "Instructions" },
      h("header", {}, h("h2", {}, "Instructions"), h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close")),
      h("div", { class: "body" }, tabs.element));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    root.append(h("button", { type: "button", class: `button ${kind}`, "aria-haspopup": "dialog", onclick: () => this.openInstructions() }, this.linkText || "View instructions"), dialog, h("slot"));
  }

  openInstructions() {
    const dialog = this.shadowRoot.querySelector("dialog");
    if (!dialog.open) dialog.showModal();
  }
}

define("crowd-instructions", CrowdInstructions);

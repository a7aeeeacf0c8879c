/** crowd-tabs and crowd-tab: parts of a page of which one is seen. */

import { CrowdElement, define, h } from "./base.js";
import { TabList, tabStyles } from "./tab-list.js";

class CrowdTabs extends CrowdElement {
  static formAssociated = false;
  static attributes = {};
  static styles = [tabStyles];
  #tabs = null;
  #observer = new MutationObserver(() => this.update());

  render(root) {
    const tabs = [...this.children].filter((child) => child.localName === "crowd-tab");
    tabs.forEach((tab, index) => { tab.slot = `tab-${index}`; });
    this.#tabs = new TabList("Tabs", tabs.map((tab, index) => [tab.getAttribute("header") || `Tab ${index + 1}`, h("slot", { name: `tab-${index}` })]),
      Math.min(this.#tabs?.selected ?? 0, Math.max(0, tabs.length - 1)));
    root.append(this.#tabs.element, h("slot"));
    this.#observer.observe(this, { childList: true, subtree: true, attributeFilter: ["header"] });
  }
}

class CrowdTab extends CrowdElement {
  static formAssociated = false;
  static attributes = { header: "string" };
}

define("crowd-tab", CrowdTab);
define("crowd-tabs", CrowdTabs);

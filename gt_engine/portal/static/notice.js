/** The line above the work that says what went wrong, or what is missing. */

import { part } from "./page.js";

/** @param {string} text @param {"warn"|"bad"} [kind] @param {import("./page.js").Button} [way] what can be done about it */
export function tell(text, kind = "warn", way) {
  const notice = part("notice");
  notice.querySelector("span").textContent = text;
  notice.dataset.kind = kind;
  const button = notice.querySelector("button"); // not every page has one
  if (button) button.hidden = !way;
  if (way) {
    button.textContent = way.label;
    button.onclick = way.act;
  }
  notice.hidden = false;
}

export function clearNotice() {
  part("notice").hidden = true;
}

/** What a page of tasks shows where no task is. */

import { part } from "./page.js";

/** @typedef {import("./page.js").Button} Button */

/** @type {Button} */
export const toJobs = { label: "All jobs", act: () => location.assign("/jobs") };

/** @param {string} title @param {string} [words] @param {Button[]} [buttons] */
export function showCard(title, words = "", buttons = []) {
  const [heading, text, acts] = part("waiting").querySelectorAll("h2, p, .acts");
  heading.textContent = title;
  text.textContent = words;
  acts.replaceChildren(...buttons.map(({ label, act }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.onclick = act;
    return button;
  }));
  part("waiting").hidden = false;
}

/** For a worker who gets no new tasks for now. */
export function showPause() {
  showCard("A short break", "Thank you for your work. Some of your last answers were not what the instructions ask for, so you get no new tasks for now. Everything that you did is kept and counts. Whoever runs your team can let you go on at any time.", [toJobs]);
}

/** @param {string} lookAgain seconds @param {() => void} look */
export function showNoWork(lookAgain, look) {
  showCard("No work right now", `All tasks of this job are done or with others. This page looks again every ${lookAgain} seconds.`,
    [{ label: "Look now", act: look }, toJobs]);
}

/** For a job that has ended, or that is for others. */
export function showEnd() {
  showCard("This job has no tasks", "It is done, or not open yet. Your answers count; thank you.", [toJobs]);
}

/** @param {string} words @param {Button[]} ways */
export function showFailure(words, ...ways) {
  showCard("This task cannot be shown", words, [{ label: "Load again", act: () => location.reload() }, toJobs, ...ways]);
}

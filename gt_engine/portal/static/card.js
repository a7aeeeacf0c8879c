/** What a page of tasks shows where no task is, and its notice. */

/** @param {string} id */
export const part = (id) => document.getElementById(id);

export function clearNotice() {
  part("notice").hidden = true;
}

export const toJobs = { label: "All jobs", act: () => location.assign("/jobs") };

/** @param {string} title @param {string} [words] @param {{label: string, act: () => void}[]} [buttons] */
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

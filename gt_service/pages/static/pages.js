// The little that the pages cannot do without a script: look again only while someone looks, ask before acting.
"use strict";

// Polling: not while the tab is hidden, and nothing is swapped where the server's answer is the one already shown
// (focus and text selections stay).
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers.Accept = "text/html";
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[data-poll]") && document.hidden) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.target || event.detail.target.id !== "live") return;
  const tag = event.detail.xhr.getResponseHeader("ETag");
  if (tag && tag === document.body.dataset.shown) event.detail.shouldSwap = false;
  else {
    document.body.dataset.shown = tag || "";
    document.body.dataset.open = [...document.querySelectorAll("#live details[open] > summary")]
      .map((summary) => summary.textContent).join("\n");
  }
});
document.addEventListener("htmx:afterSwap", () => {
  const open = new Set((document.body.dataset.open || "").split("\n"));
  for (const summary of document.querySelectorAll("#live details > summary")) {
    if (open.has(summary.textContent)) summary.parentElement.open = true;
  }
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) lookAgain();
});
// A session that ended (401) shows the sign-in page instead of a page that silently grows old.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.reload();
  else announce("The server did not answer well (" + event.detail.xhr.status + "); trying again.");
});
document.addEventListener("htmx:sendError", () => announce("The server cannot be reached; trying again."));
document.addEventListener("htmx:afterOnLoad", () => announce(""));

function lookAgain() {
  document.body.dispatchEvent(new Event("look-again"));
}

function announce(text) {
  document.getElementById("announce").textContent = text;
}

// Buttons that ask first. The dialog is the browser's own: it traps the focus, and Escape closes it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens);
    dialog.querySelector(".refusal").hidden = true;
    dialog.dataset.key = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
    dialog.showModal();
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
});

// The one way in which pages change anything: the API's own POST, with a header that no other site can send and a key
// that makes a second click the same request.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-act]")) return;
  event.preventDefault();
  const dialog = form.closest("dialog");
  const button = form.querySelector("[type=submit]");
  const refusal = dialog.querySelector(".refusal");
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Gt-Service-Page": "1",
        "Idempotency-Key": dialog.dataset.key,
      },
      body: "{}",
    });
    if (answer.ok) {
      dialog.close();
      // Buttons and dialogs follow the state, so the whole page is asked for again.
      location.reload();
      return;
    }
    const body = await answer.json().catch(() => ({}));
    refusal.textContent = [body.message || "The server answered " + answer.status + ".", body.remedy].filter(Boolean).join(" ");
    refusal.hidden = false;
  } catch (error) {
    refusal.textContent = "The server cannot be reached. Nothing may have happened; try again.";
    refusal.hidden = false;
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
});

// A choice in a filter shows its images at once; the button is for who has no script.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-filters] select")) event.target.form.requestSubmit();
});

// Signs in by an address that ends in `#token=…`, as `gt-service up` prints. What follows the # is never sent to a
// server; it is taken off the address before the form is, so that it does not stay in the history either.
function signInByAddress() {
  const field = document.querySelector('form[action$="login"] input[name="token"]');
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!field || !token) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (field.getAttribute("aria-invalid")) return;
  field.value = token;
  field.form.requestSubmit();
}
signInByAddress();
addEventListener("hashchange", signInByAddress); // the address was pasted where this page was open already

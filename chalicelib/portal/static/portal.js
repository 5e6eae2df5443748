// What moves on pages that work without it. No inline handlers, no eval: the Content-Security-Policy takes neither.
"use strict";

// What is wrong comes first, for screen readers, too.
document.getElementById("errors")?.focus();

// A second press of a button is none; the server would not do it twice either.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "get") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(() => { delete form.dataset.sent; event.submitter?.removeAttribute("aria-busy"); }, 2000);
});
// Back may bring the page as it was left, without asking the server. What was typed into a form stays then; a page into
// which nothing was typed comes anew, for its numbers may be old.
window.addEventListener("pageshow", (event) => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  const given = (list) => Math.max(0, [...list.options].findIndex((option) => option.defaultSelected));
  const typed = (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  const changed = (field) => field.options ? field.selectedIndex !== given(field) : typed(field);
  const fields = document.querySelectorAll("form[method=post] :is(input:not([type=hidden]), textarea, select)");
  if (event.persisted && ![...fields].some(changed)) location.reload();
});

// Nobody looks at a hidden tab: it does not ask for news, and asks at once when it is looked at again.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.id === "live") event.preventDefault();
});
// An answer that failed is asked for again, some minutes long.
for (const failed of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failed, ({ target }) => {
    if (target.id !== "live" || target.dataset.failed >= 20) return;
    target.dataset.failed = Number(target.dataset.failed || 0) + 1;
    setTimeout(() => htmx.trigger(target, "again"), 15000);
  });
}
// Another page came in its place: the session has ended. The whole page says so, and leads back after the log-in.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id !== "live" || event.detail.isError || /id="live"/.test(event.detail.serverResponse)) return;
  event.detail.shouldSwap = false;
  location.reload();
});

// Control and `/` go to the search field, where there is one. No key acts alone: who speaks to the computer would
// press it by speaking (WCAG 2.1.4).
const search = document.getElementById("search");
search?.setAttribute("aria-keyshortcuts", "Control+/");
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || !(event.ctrlKey || event.metaKey) || !search) return;
  event.preventDefault();
  search.focus();
});

// Says how many are chosen, those on other pages among them; no more can be than fit.
for (const list of document.querySelectorAll("[data-choices]")) {
  const boxes = [...list.querySelectorAll("input[type=checkbox]:not([disabled])")];
  const most = Number(list.dataset.most || boxes.length);
  const told = document.getElementById(list.dataset.choices);
  const count = () => {
    const chosen = Number(list.dataset.before || 0) + boxes.filter((box) => box.checked).length;
    if (told) told.textContent = `${chosen} of ${most} chosen`;
    for (const box of boxes) box.disabled = !box.checked && chosen >= most;
  };
  list.addEventListener("change", count);
  count();
}

// A press puts the field's text into the clipboard; where a browser does not let us, the field is chosen to copy.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try { await navigator.clipboard.writeText(field.value); button.textContent = "Copied"; } catch { field.focus(); }
  });
}

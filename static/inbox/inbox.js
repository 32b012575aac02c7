// What the Inbox does beyond plain forms and htmx; every page works without it.
"use strict";

// The upload's drop zone: a file dropped anywhere in the window is put into the form's own file field.
for (const zone of document.querySelectorAll("[data-drop]")) {
  const field = zone.querySelector("input[type=file]");
  const chosen = zone.querySelector(".drop-chosen");
  zone.querySelector(".drop-hint").hidden = false;

  const show = () => {
    const file = field.files[0];
    chosen.textContent = file ? `${file.name}, ${inWords(file.size)}` : "";
  };
  field.addEventListener("change", show);
  for (const event of ["dragenter", "dragover"]) {
    document.addEventListener(event, (drag) => {
      drag.preventDefault();
      zone.classList.add("is-over");
    });
  }
  document.addEventListener("dragleave", (drag) => drag.relatedTarget || zone.classList.remove("is-over"));
  document.addEventListener("drop", () => zone.classList.remove("is-over"));
  document.addEventListener("drop", (drag) => {
    drag.preventDefault();
    const files = drag.dataTransfer.files;
    if (files.length > 1) {
      chosen.textContent = "Drop one file. Put several together in a ZIP.";
    } else if (files.length === 1) {
      field.files = files;
      show();
    }
  });
}

function inWords(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  return `${unit ? bytes.toFixed(1) : bytes} ${units[unit]}`;
}

// A form that takes long says so, and is sent once.
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    const pressed = event.submitter || form.querySelector("button.primary");
    pressed.textContent = form.dataset.busy;
    // A moment later: what a disabled button says is not sent.
    setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
  });
}
// How is this file written? The confirmation stays off while an open question has no answer; the server insists on it too.
for (const form of document.querySelectorAll("form[data-confirm]")) {
  const confirm = form.querySelector("button[value=confirm]");
  if (!confirm) continue;
  // A text is only needed where it is the chosen answer.
  for (const other of form.querySelectorAll("input.other")) {
    const choices = form.querySelectorAll(`[name="${CSS.escape(other.name.replace(/-other$/, ""))}"]`);
    if (!choices.length) continue;
    const update = () => {
      const chosen = [...choices].some((one) => (one.type === "radio" ? one.checked : true) && one.value === "other");
      other.hidden = !chosen;
      other.required = chosen;
    };
    choices.forEach((one) => one.addEventListener("change", update));
    update();
  }
  // What comes of another style, or of another kind of record, is seen before it is confirmed; the server insists on it too.
  let isUnseen = false;
  for (const style of form.querySelectorAll(".style-of select, .other-kind select")) {
    style.addEventListener("input", () => {
      isUnseen = true;
      confirm.disabled = true;
      form.querySelector("#see-first").hidden = false;
    });
  }
  // Where the server has a reason besides open questions, it decides alone.
  if (form.dataset.confirm === "answers")
    form.addEventListener("input", () => (confirm.disabled = isUnseen || !form.checkValidity()));
}
// Back from the next page, the browser may show this one as it was left: busy.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Copy buttons, where the browser allows them.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

// A button to print, which only a script can do.
for (const button of document.querySelectorAll("button.print")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// The person menu closes when one goes elsewhere.
const menu = document.querySelector(".person");
if (menu) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

// “/” goes to the search of all records and syncs, as long as nothing is being typed.
document.addEventListener("keydown", (event) => {
  const field = document.querySelector(".site-search input");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !field) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  field.focus();
  field.select();
});

// Nothing typed is lost when the session has ended: what a form sent is kept in this window until the next page says
// that it arrived, and filled in again where the answer was the page for signing in.
const KEPT = "kept form";
const keep = (value) => {
  try {
    if (value) sessionStorage.setItem(KEPT, JSON.stringify(value));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Without a store, the page for signing in says what is lost.
  }
};
const kept = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
};
const SENT_BY_THE_PAGE = ["csrfmiddlewaretoken", "next"];
for (const form of document.querySelectorAll("form[data-keep]")) {
  form.addEventListener("submit", () => {
    const values = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !SENT_BY_THE_PAGE.includes(name));
    keep({ path: location.pathname, values });
  });
}
const lost = kept();
if (lost) {
  const note = document.querySelector("[data-kept]");
  const form = lost.path === location.pathname && document.querySelector("form[data-keep]");
  if (note) {
    note.hidden = false;
    keep({ ...lost, isLost: true });
  } else if (lost.isLost && form) {
    for (const [name, value] of lost.values) {
      const field = form.elements[name];
      if (!field || field.readOnly) continue;
      if (field.type === "checkbox") field.checked = true;
      else field.value = value;
    }
    const told = Object.assign(document.createElement("p"), { className: "note note-warning", textContent: "What you had typed before your session ended is filled in again. It is not saved yet." });
    told.setAttribute("role", "status");
    form.before(told);
    keep(null);
  } else if (!lost.isLost) {
    keep(null);
  }
}

// Lists of records: completion of queries, and addresses without empty filters. Everything works without it.
"use strict";

for (const form of document.querySelectorAll("form[data-drop-empty]"))
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });

// Offers what may follow in a query: a field, an operator, or AND and OR.
class Completion {
  constructor(input) {
    this.input = input;
    ({ fields: this.fields, operators: this.operators } = JSON.parse(input.dataset.query));
    this.list = document.createElement("ul");
    this.list.className = "completion";
    this.list.id = `${input.id}-completion`;
    this.list.role = "listbox";
    this.list.hidden = true;
    input.after(this.list);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", this.list.id]])
      input.setAttribute(name, value);
    input.addEventListener("input", () => this.show());
    input.addEventListener("focus", () => input.value || this.show());
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => this.hide());
  }

  // The word before the cursor, and what may stand there; nothing within quotes.
  offered() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    if ((before.split("'").length - 1) % 2) return ["", []];
    const words = before.match(/'[^']*'|[^\s()]+|[()]/g) || [];
    const word = /[\s()]$/.test(before) || !before ? "" : words.pop();
    const last = (words.at(-1) || "").toLowerCase();
    const names = Object.keys(this.fields);
    if (!last || ["(", "and", "or"].includes(last)) return [word, names.map((name) => [name, this.fields[name]])];
    if (names.some((name) => name.toLowerCase() === last)) return [word, [...this.operators, "not", "=", "!=", ">", ">=", "<", "<="].map((name) => [name, ""])];
    if (words.length > 2) return [word, [["and", ""], ["or", ""]]];
    return [word, []];
  }

  show() {
    const [word, offered] = this.offered();
    const low = word.toLowerCase();
    const fitting = offered.filter(([name]) => name.toLowerCase().includes(low) && name.toLowerCase() !== low);
    fitting.sort(([one], [other]) => other.toLowerCase().startsWith(low) - one.toLowerCase().startsWith(low));
    this.word = word;
    this.list.replaceChildren(...fitting.slice(0, 12).map(([name, type], at) => this.option(name, type, at)));
    this.chosen = -1;
    this.list.hidden = !fitting.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.input.removeAttribute("aria-activedescendant");
  }

  option(name, type, at) {
    const option = document.createElement("li");
    option.role = "option";
    option.id = `${this.list.id}-${at}`;
    option.dataset.name = name;
    option.append(Object.assign(document.createElement("span"), { textContent: name }));
    option.append(Object.assign(document.createElement("span"), { textContent: type, className: "soft" }));
    option.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.take(name);
    });
    return option;
  }

  hide() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  press(event) {
    const options = [...this.list.children];
    if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.hide();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      if (this.list.hidden) this.show();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.chosen = (this.chosen + step + options.length) % (options.length || 1);
      options.forEach((option, at) => option.setAttribute("aria-selected", String(at === this.chosen)));
      options[this.chosen]?.scrollIntoView({ block: "nearest" });
      if (options[this.chosen]) this.input.setAttribute("aria-activedescendant", options[this.chosen].id);
    } else if (event.key === "Enter" && !this.list.hidden && this.chosen >= 0) {
      event.preventDefault();
      this.take(options[this.chosen].dataset.name);
    }
  }

  take(name) {
    const cursor = this.input.selectionStart;
    const start = cursor - this.word.length;
    this.input.setRangeText(`${name} `, start, cursor, "end");
    this.input.focus();
    this.show();
  }
}

for (const input of document.querySelectorAll("input[data-query]")) new Completion(input);

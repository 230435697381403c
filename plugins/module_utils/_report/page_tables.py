# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The script of the page of a report, first part: texts, nodes, bars and tables. Pure."""

from __future__ import annotations

TABLES = r"""
// Texts. null is unknown, and never 0.

const UNKNOWN = "unknown";
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const GROUPED = new Intl.NumberFormat("en-US");
const DAY = 86400;

function count(value) {
  return value === null ? UNKNOWN : GROUPED.format(value);
}

function counted(value, one, many) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

// A number of bytes in the unit that suits it.
function scaled(value, rounded) {
  for (let place = 0; ; place++) {
    const tenths = rounded((value * 10) / 1024 ** place);
    if (tenths < 10240 || place === UNITS.length - 1) {
      return [place ? (tenths / 10).toFixed(1) : String(value), UNITS[place]];
    }
  }
}

function bytes(value) {
  return value === null ? UNKNOWN : scaled(value, (tenths) => Math.floor(tenths + 0.5)).join(" ");
}

function date(seconds) {
  return seconds === null ? UNKNOWN : new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

// From the least to the most bytes that are freed. Bounds that can't be told apart are one number; others are rounded
// outwards.
function range(least, most) {
  if (bytes(least) === bytes(most)) return bytes(least);
  const [low, unit] = least === null ? [] : scaled(least, Math.floor);
  const [high, largest] = most === null ? [] : scaled(most, Math.ceil);
  if (least === null) return `at most ${high} ${largest}`;
  if (most === null) return `at least ${low} ${unit}`;
  return `${least === 0 || unit === largest ? low : `${low} ${unit}`} to ${high} ${largest}`;
}

function named(names, value) {
  return Object.hasOwn(names, value) ? names[value] : value;
}

function cut(text) {
  if (text.length <= 400) return text;
  return `${text.slice(0, 200)} [... ${count(text.length)} characters ...] ${text.slice(-100)}`;
}

// Nodes. Whatever is given as a text becomes text, and never markup.

function node(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null).map(
    (child) => (typeof child === "string" ? cut(child) : child)));
  return made;
}

function button(text, press, attributes) {
  return node("button", { type: "button", class: "plain", onclick: press, ...attributes }, text);
}

// A text that is never cut.
function code(text) {
  const made = node("code", {});
  made.textContent = text;
  return made;
}

// A path that may be broken after each slash.
function pathText(path) {
  return cut(path).split("/").flatMap((part, place) => (place ? ["/", node("wbr", {}), part] : [part]));
}

function scrolled(title, content) {
  return node("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `${title}, table` }, content);
}

// Pairs of a name and a value; one without a value is left out.
function facts(pairs, kind = "facts") {
  const known = pairs.filter(([, value]) => value !== null && value !== "");
  return node("dl", { class: kind }, known.map(([name, value]) =>
    node("div", {}, node("dt", {}, name), node("dd", {}, value))));
}

const announcement = node("p", { class: "aside", role: "status" });

function copyable(text, what, kind) {
  const shown = code(text);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      announcement.textContent = `Copied ${what}.`;
      press.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(shown);
      announcement.textContent = `Selected ${what}. Copy it with the keyboard.`;
      press.textContent = "Selected";
    }
  }
  const press = button("Copy", copy, { "aria-label": `Copy ${what}`, class: "plain screen" });
  return node("div", { class: `copy ${kind || ""}` }, shown, press);
}

// Bars. items: [label, value, text]; a bar is as long as its value, compared with the largest.
function bars(items, kind) {
  const largest = Math.max(1, ...items.map(([, value]) => value || 0));
  return node("ol", { class: `bars ${kind || ""}` }, items.map(([label, value, text]) => {
    const bar = node("i", {});
    bar.style.width = `${value ? Math.max(0.5, (100 * value) / largest) : 0}%`;
    return node("li", {},
      node("div", { class: "label" }, node("span", {}, label), node("span", { class: "value" }, text)),
      node("div", { class: "track", "aria-hidden": "true" }, bar));
  }));
}

// Tables: sorted, filtered, and a page of rows at a time.

const PAGE = 200;

function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

// The rows by a column. What is unknown comes last either way.
function sorted(rows, column, descending) {
  const keyed = rows.map((row) => [column.key(row), row]);
  const sign = descending ? -1 : 1;
  keyed.sort(([one], [other]) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return sign * compare(one, other);
  });
  return keyed.map(([, row]) => row);
}

function plainTable(title, columns, rows) {
  const heads = columns.map((column) => node("th", { scope: "col", class: column.kind }, column.name));
  return node("table", {}, node("caption", { class: "aside" }, title), node("thead", {}, node("tr", {}, heads)),
    node("tbody", {}, rows.map((row) => node("tr", {}, cells(columns, row)))));
}

function cells(columns, row, first) {
  return columns.map((column, place) => {
    const kind = `${column.kind || ""} ${column.wide ? "wide" : ""}`.trim() || null;
    const content = place === 0 && first ? first : column.cell(row);
    return place === 0 ? node("th", { scope: "row", class: kind }, content) : node("td", { class: kind }, content);
  });
}

// title: of the table; nouns: of one row and of many; columns: each with name, key (to sort by), cell (what is shown),
// kind, and wide, which a phone does without; rows; has: whether a row has the text that is searched for; choices: each
// with label and options, of which each has a label and a test; detail: what a row opens to; column and descending: the
// first order. find(text, choices) filters from elsewhere.
function table({ title, nouns, columns, rows, search, has, choices = [], detail, column = 0, descending = false }) {
  let order = { column, descending };
  let ordered = rows;
  let found = rows;
  let page = 0;

  const field = node("input", { type: "search", autocomplete: "off", spellcheck: "false", oninput: filter });
  const selects = choices.map((choice) => node("select", { onchange: filter },
    choice.options.map(({ label }, place) => node("option", { value: String(place) }, label))));
  const status = node("p", { class: "status quiet", role: "status" });
  const body = node("tbody", {});
  const heads = columns.map(({ name, kind, wide }, place) => node("th",
    { scope: "col", class: `${kind || ""} ${wide ? "wide" : ""}`.trim() || null },
    node("button", { type: "button", class: "sort", onclick: () => sort(place) }, name)));
  const before = button("Previous", () => turn(-1));
  const after = button("Next", () => turn(1));
  const place = node("span", { class: "quiet" });
  const pages = node("nav", { class: "pages", "aria-label": `Pages of ${title}` }, before, place, after);

  function filter() {
    const text = field.value.trim().toLowerCase();
    const tests = selects.map((select, number) => choices[number].options[Number(select.value)].test).filter(Boolean);
    found = ordered.filter((row) => (!text || has(row, text)) && tests.every((test) => test(row)));
    page = 0;
    show();
  }

  function sort(number) {
    const same = order.column === number;
    order = { column: number, descending: same ? !order.descending : columns[number].kind === "number" };
    arrange();
  }

  function arrange() {
    ordered = sorted(rows, columns[order.column], order.descending);
    heads.forEach((head, number) => {
      if (number !== order.column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
    });
    filter();
  }

  function turn(step) {
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    page = Math.min(last, Math.max(0, page + step));
    show();
  }

  function show() {
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    const begin = page * PAGE;
    const shown = found.slice(begin, begin + PAGE);
    body.replaceChildren(...shown.map(made));
    pages.hidden = last === 0;
    before.setAttribute("aria-disabled", String(page === 0));
    after.setAttribute("aria-disabled", String(page === last));
    place.textContent = `Page ${count(page + 1)} of ${count(last + 1)}`;
    const all = counted(rows.length, ...nouns);
    const part = found.length < rows.length ? `${count(found.length)} of ${all}` : all;
    status.textContent = last ? `${part}, ${count(begin + 1)} to ${count(begin + shown.length)} shown` : part;
  }

  function made(row) {
    if (!detail) return node("tr", {}, cells(columns, row));
    const opener = node("button", { type: "button", class: "open", "aria-expanded": "false", onclick: toggle },
      node("span", {}, columns[0].cell(row)));
    const line = node("tr", {}, cells(columns, row, opener));
    function toggle() {
      const opened = opener.getAttribute("aria-expanded") === "true";
      opener.setAttribute("aria-expanded", String(!opened));
      if (opened) line.nextSibling.remove();
      else line.after(node("tr", { class: "detail" },
        node("td", { colspan: columns.length }, node("div", {}, detail(row, field.value)))));
    }
    return line;
  }

  function find(text, values = []) {
    field.value = text;
    selects.forEach((select, number) => { select.value = String(values[number] || 0); });
    filter();
  }

  arrange();
  const labels = choices.map((choice, number) => node("label", {}, choice.label, selects[number]));
  const parts = node("div", { class: "screen" },
    node("div", { class: "filters" }, node("label", {}, search, field), labels),
    status,
    scrolled(title, node("table", {}, node("caption", { class: "aside" }, title),
      node("thead", {}, node("tr", {}, heads)), body)),
    pages);
  return { parts, find };
}
"""

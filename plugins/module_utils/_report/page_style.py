# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How the page of a report looks: on a screen, light or dark, on a phone and on paper. Pure."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #d9dde3; --field: #767d88;
  --text: #1b1f26; --quiet: #565e6a; --accent: #1d5fb8; --track: #e8ebf0;
  --bad: #b3261e; --bad-back: #fdeeec; --warn: #7d5200; --warn-back: #fff6e0; --good: #1a6b3c; --good-back: #e9f6ee;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #111419; --card: #1a1e25; --line: #313843; --field: #8b93a0;
    --text: #e7eaef; --quiet: #a6aebb; --accent: #82b1ff; --track: #2a303a;
    --bad: #ff9c93; --bad-back: #3a1d1b; --warn: #f2c163; --warn-back: #35290f; --good: #7fd6a2; --good-back: #14301f;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 82rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 0.75rem; }
h3 { font-size: 1rem; margin: 0 0 0.75rem; }
p { margin: 0 0 0.75rem; max-width: 75ch; }
section { margin: 2.5rem 0 0; }
code { overflow-wrap: anywhere; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.85em; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.quiet { color: var(--quiet); font-size: 0.875rem; }
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; padding: 0.5rem 1rem; background: var(--card); z-index: 1; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem; min-width: 0; }
.columns { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); }

.top { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; margin-bottom: 1rem; }
.badge { display: inline-block; padding: 0.1rem 0.6rem; border-radius: 1rem; overflow-wrap: anywhere; }
.badge { font-size: 0.85rem; font-weight: 600; }
.good { color: var(--good); background: var(--good-back); }
.warn { color: var(--warn); background: var(--warn-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.alert { margin: 0 0 0.75rem; padding: 0.75rem 1.25rem; border-left: 4px solid currentColor; border-radius: 6px; }
.alert h2 { margin: 0; font-size: 1.05rem; }
.alert ul { margin: 0.25rem 0 0; overflow-wrap: anywhere; padding-left: 1.2rem; color: var(--text); }
.alert details { margin-top: 0.5rem; }
.facts { margin: 0; }
.facts div { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 0 1rem; margin-bottom: 0.35rem; }
.facts dt { color: var(--quiet); overflow-wrap: anywhere; }
.facts dd { margin: 0; min-width: 0; }
.head { display: flex; flex-wrap: wrap; gap: 0.75rem 2.5rem; margin: 1.25rem 0 0; }
.head div { min-width: 0; }
.head dt { color: var(--quiet); font-size: 0.875rem; }
.head dd { margin: 0; overflow-wrap: anywhere; }
nav.places { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 1.25rem 0; }
nav.places a { padding: 0.25rem 0; }

.tiles { display: grid; gap: 1rem; grid-template-columns: repeat(6, 1fr); margin: 0 0 0.75rem; }
.tiles .card { padding: 1rem 1.1rem; }
.tiles dt { color: var(--quiet); font-size: 0.9rem; }
.tiles dd { margin: 0; }
.tiles .figure span { display: block; font-size: 1.25rem; white-space: nowrap; }
.tiles button { margin-top: 0.4rem; }
.tiles .figure { font-size: 1.6rem; font-weight: 650; line-height: 1.25; letter-spacing: -0.01em; }

.bars { list-style: none; margin: 0; padding: 0; }
.bars li { margin: 0 0 0.7rem; }
.bars .label { display: flex; justify-content: space-between; gap: 1rem; font-size: 0.92rem; }
.bars .label > :first-child { min-width: 0; overflow-wrap: anywhere; }
.bars .value { white-space: nowrap; }
.bars .track { height: 6px; border-radius: 3px; background: var(--track); margin-top: 0.2rem; overflow: hidden; }
.bars .track i { display: block; height: 100%; border-radius: 3px; background: var(--accent); }
.bars.delete .track i { background: var(--bad); }

button, input, select { font: inherit; color: inherit; }
button { cursor: pointer; }
button.plain, .pages button {
  min-height: 2rem; padding: 0.15rem 0.75rem; font-size: 0.9rem;
  background: var(--card); border: 1px solid var(--field); border-radius: 6px;
}
button:hover { background: var(--track); }
button[aria-disabled="true"] { opacity: 0.55; cursor: default; }
.filters { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: end; margin-bottom: 0.5rem; }
.filters label { font-size: 0.875rem; color: var(--quiet); }
.filters label:first-child { flex: 1 1 16rem; max-width: 30rem; }
.filters input, .filters select {
  display: block; width: 100%; min-height: 2.4rem; padding: 0.3rem 0.6rem; margin-top: 0.15rem;
  color: var(--text); background: var(--card); border: 1px solid var(--field); border-radius: 6px;
}
.status { margin: 0.5rem 0; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th, td { padding: 0.5rem 0.75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody > tr:last-child > * { border-bottom: 0; }
tbody > tr > th { font-weight: inherit; min-width: 15rem; overflow-wrap: anywhere; }
thead > tr > th { font-size: 0.85rem; font-weight: 600; vertical-align: bottom; color: var(--quiet); }
thead th:has(button) { padding: 0.25rem; }
thead th.number button { flex-direction: row-reverse; }
th.number, td.number { text-align: right; overflow-wrap: normal; white-space: nowrap; }
td.date { white-space: nowrap; }
th button.sort {
  display: flex; gap: 0.35rem; width: 100%; min-height: 2rem; align-items: center; padding: 0.1rem 0.5rem;
  background: none; border: 0; border-radius: 4px; font-weight: inherit; text-align: inherit; white-space: nowrap;
}
th[aria-sort] button.sort { color: var(--text); }
th button.sort::after { content: ""; width: 0.9em; font-size: 0.7em; }
th[aria-sort="ascending"] button.sort::after { content: "\\25B2"; }
th[aria-sort="descending"] button.sort::after { content: "\\25BC"; }
button.open {
  display: flex; gap: 0.5rem; width: 100%; min-height: 1.6rem; padding: 0; background: none; border: 0;
  text-align: left; color: var(--accent); overflow-wrap: anywhere;
}
button.open:hover { background: none; text-decoration: underline; }
button.open::before { content: "\\25B8"; flex: none; width: 0.8em; }
button.open[aria-expanded="true"]::before { content: "\\25BE"; }
tr.detail > td { padding: 1rem 1.25rem 1.5rem; background: var(--page); }
tr.detail > td > div { contain: inline-size; }
tr.detail .facts, tr.detail ul { margin: 0 0 0.75rem; }
tr.detail p { margin-bottom: 0.4rem; max-width: none; }
.pages { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; margin-top: 0.75rem; }
.digest { display: block; color: var(--quiet); }
.delete-word { color: var(--bad); font-weight: 600; }
.copy { display: flex; gap: 0.5rem 0.75rem; align-items: start; flex-wrap: wrap; }
.copy code { padding: 0.3rem 0; flex: 0 1 auto; min-width: 0; }
.command code { display: block; flex: 1 1 100%; padding: 0.75rem 1rem; background: var(--track); border-radius: 6px; }
ol.steps { padding-left: 1.4rem; margin: 0; }
ol.steps li { margin-bottom: 0.75rem; }
#paper { display: none; }

@media screen and (max-width: 70rem) {
  .tiles { grid-template-columns: repeat(3, 1fr); }
}
@media screen and (max-width: 46rem) {
  body { padding: 1rem; }
  .wide { display: none; }
  .facts div { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: 1fr 1fr; gap: 0.6rem; }
  .tiles .card { padding: 0.8rem; }
  .tiles .figure, .tiles .figure span { font-size: 1.2rem; }
  th, td { padding: 0.4rem 0.5rem; }
  tbody > tr > th { min-width: 9rem; }
  tr.detail > td { padding: 0.75rem 0.5rem 1rem; }
}
@media print {
  html { font-size: 9.5pt; }
  body { padding: 0; max-width: none; background: none; }
  .screen, .skip { display: none !important; }
  #paper { display: block; }
  .tiles { grid-template-columns: repeat(3, 1fr); gap: 0.5rem; }
  .head { margin-bottom: 1rem; }
  #paper h2 { margin-top: 1.25rem; }
  .card, .alert, tr { break-inside: avoid; }
  .scroll { overflow: visible; border: 0; }
  section { margin-top: 1.25rem; }
  table { font-size: 8.5pt; }
  thead { display: table-header-group; }
  th, td { padding: 0.2rem 0.4rem; }
  tbody > tr > th { min-width: 0; }
  @page { margin: 15mm; }
}
"""

# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The script of the page of a report, second part: what the data mean, and the numbers over all repositories. Pure."""

from __future__ import annotations

OVERVIEW = r"""
// The data, with names for the places of their lists.

const data = JSON.parse(document.getElementById("data").textContent);
const head = data.head;
const words = data.words;
const planned = words.planned;
const TO_BE = planned && !words.preview ? "Planned to be" : "Would be";
const AGES = words.ages;
// Those that are older than 90 days.
const OLD = [3, 4];
const METHODS = words.methods;
const DATES = words.dates;
const LISTINGS = { capped: "Only a part of its tags could be listed.", unread: "Its tags could not be read." };
const EXPOSED = {
  anyone: "anyone", signed_in: "all who sign in", members: "members", nobody: "nobody", unknown: UNKNOWN,
};
function figures([tags, size, method, oldest, newest, tagsByAge, bytesByAge, deletions, kept, least, most]) {
  return { tags, size, method, oldest, newest, tagsByAge, bytesByAge, deletions, kept, least, most };
}

const total = figures(data.total);
const projects = data.projects.map(([path, namespace, numbers, repositories, unread, topics, visibility, access,
  exposed, archived, policy, nextRun, lint, error, before]) => ({
  path, namespace, repositories, unread, topics, visibility, access, exposed, archived, policy, nextRun, lint, error,
  before: before && figures(before), ...figures(numbers) }));
const repositories = data.repositories.map(([path, project, numbers, dates, listing, certainty, limit, error,
  columns]) => ({ path, project, dates, listing, certainty, limit, error, columns, ...figures(numbers) }));

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function digestOf(column, place) {
  const value = at(column, place);
  if (value === null) return null;
  if (typeof value === "number") return digestOf(column, value);
  if (value.startsWith("=")) return value.slice(1);
  let digest = "sha256:";
  for (const byte of atob(value)) digest += HEX[byte.charCodeAt(0)];
  return digest;
}

// A column whose values are all the same is this one value.
function at(column, place) {
  return Array.isArray(column) ? column[place] : column;
}

function tagsOf(repository) {
  const [names, decisions, digests, mediaTypes, sizes, pushes, builds, judged, outcomes] = repository.columns || [[]];
  return names.map((name, place) => {
    const [action, reason, rule] = data.decisions[at(decisions, place)];
    const [outcome, message] = data.outcomes[at(outcomes, place)];
    const pushed = at(pushes, place);
    const built = at(builds, place);
    const date = { p: pushed, b: built }[at(judged, place)] ?? at(judged, place);
    return { name, action, reason, rule, outcome, message, pushed, built, date, digests, place, digest: null,
      mediaType: data.mediaTypes[at(mediaTypes, place)], size: at(sizes, place) };
  });
}

function hasText(repository, text) {
  repository.text ??= [repository.path, ...(repository.columns ? repository.columns[0] : [])].join("\n").toLowerCase();
  return repository.text.includes(text);
}

function sentence(reason) {
  return named(data.sentences, reason) || UNKNOWN;
}

function days(seconds) {
  if (seconds === null || head.clock === null) return "";
  return counted(Math.max(0, Math.floor((head.clock - seconds) / DAY)), "day", "days");
}

function tally(items, key, value) {
  const sums = new Map();
  for (const item of items) sums.set(key(item), (sums.get(key(item)) || 0) + value(item));
  return [...sums].sort(([, one], [, other]) => other - one);
}

function largestFirst(items) {
  return [...items].sort((one, other) => (other.size ?? -1) - (one.size ?? -1) || compare(one.path, other.path));
}

// The parts of the page, from its top.

function section(id, title, ...parts) {
  return node("section", { id, class: "screen", "aria-labelledby": `${id}-title` },
    node("h2", { id: `${id}-title`, tabindex: "-1" }, title), parts);
}

function alert(kind, title, lines) {
  const list = (some) => node("ul", {}, some.map((line) => node("li", {}, line)));
  return node("div", { class: `alert ${kind}` }, node("h2", {}, title), lines.length ? list(lines.slice(0, 10)) : null,
    lines.length > 10
      ? node("details", {}, node("summary", {}, `${count(lines.length - 10)} more`), list(lines.slice(10))) : null);
}

function alerts() {
  const unread = head.unread.map(([what, why]) => `${what}: ${why}`);
  const found = [];
  if (head.result === "failed") found.push(alert("bad", "The run failed.", head.message ? [head.message] : []));
  else if (head.message) found.push(alert("warn", "The run says", [head.message]));
  found.push(...[shortfall()].filter(Boolean));
  if (head.refusals.length) found.push(alert("bad", "This plan is refused. Nothing was deleted.", head.refusals));
  if (unread.length) found.push(alert("warn", "Not everything could be read. What was not read is kept.", unread));
  if (head.warnings.length) found.push(alert("warn", "Warnings", head.warnings));
  return found;
}

function result() {
  const kinds = { ok: "good", partial: "warn", refused: "bad", failed: "bad" };
  const kind = Object.hasOwn(kinds, head.result) ? kinds[head.result] : "warn";
  return node("span", { class: `badge ${kind}` }, words.headline);
}

// What became of the planned tags, the most urgent first.
const outcomes = words.outcomes || [];
const OUTCOMES = Object.fromEntries(outcomes.map(([value, name]) => [value, name]));
const notDeleted = outcomes.filter(([value]) => value !== "deleted");
// What is left for the next run is not a failure.
const failed = notDeleted.filter(([value]) => value !== "left_for_next_run");

function outcomeText({ outcome, message }) {
  return `${OUTCOMES[outcome]}${message ? `: ${message}` : ""}`;
}

// The first planned tags that were not deleted, those of the most urgent outcome first.
function undeleted(most) {
  if (!failed.length) return [];
  const found = Object.fromEntries(failed.map(([value]) => [value, []]));
  for (const repository of repositories) {
    for (const tag of repository.deletions ? tagsOf(repository) : []) {
      if (Object.hasOwn(found, tag.outcome) && found[tag.outcome].length < most) {
        found[tag.outcome].push(`${repository.path}:${tag.name}: ${outcomeText(tag)}`);
      }
    }
  }
  return Object.values(found).flat().slice(0, most);
}

function shortfall() {
  const number = failed.reduce((before, [, , tags]) => before + tags, 0);
  if (!number) return null;
  const lines = undeleted(50);
  const more = number > lines.length ? [`and ${count(number - lines.length)} more: filter the tags below`] : [];
  const title = `${counted(number, "planned tag was", "planned tags were")} not deleted, or it is unknown.`;
  return alert("warn", title, [...lines, ...more]);
}

function top() {
  const title = head.carriedOut ? "Cleanup" : planned ? "Cleanup plan" : "Container registry report";
  const heading = head.scope ? `${title}: ${head.scope}` : title;
  document.title = cut(heading);
  return node("header", {},
    node("div", { class: "top" }, node("h1", {}, heading), result()),
    alerts(),
    facts([
      ["Server", head.server],
      ["Scope", head.scope],
      ["Server's time", `${date(head.clock)}${head.clock === null ? "" : " UTC"}`],
      ["Dates", head.dateSources.map((each) => named(DATES, each)).join("; ") || DATES.none],
      ["Fingerprint", head.fingerprint && copyable(head.fingerprint, "the fingerprint")],
      ["Plan", head.planPlace],
      ["Each run", head.eachRun],
      ["Run by", Object.entries(head.runBy).map(([name, value]) => `${name}: ${value}`).join(", ")],
    ], "head"));
}

function tile(label, figure, lines, press) {
  return node("div", { class: "card" }, node("dt", {}, label), node("dd", { class: "figure" }, figure),
    lines.filter(Boolean).map((line) => node("dd", { class: "quiet" }, line)),
    press ? node("dd", { class: "screen" }, press) : null);
}

function howMany(field, value) {
  return projects.filter((project) => project[field] === value).length;
}

function others(field, names) {
  return Object.entries(names).map(([value, text]) => [howMany(field, value), text]).filter(([number]) => number)
    .map(([number, text]) => `${count(number)} ${text}`).join(", ");
}

function tiles() {
  const percent = total.tags && total.deletions !== null ? (100 * total.deletions) / total.tags : null;
  const share = percent === null ? "" : `${percent.toFixed(1)}% of all tags`;
  const ends = range(total.least, total.most).split(/(?<=^at (?:most|least)) | (?=to )/);
  const show = (what, list, id, choices) => button("Show", () => { list.find("", choices); goTo(id); },
    { "aria-label": `Show ${what}` });
  const deleted = `${head.deleted !== null && OUTCOMES.unknown ? "at least " : ""}${count(head.deleted)}`;
  const showDeletions = total.deletions
    ? show("repositories with tags to delete", repositoryTable, "repositories", [1]) : null;
  const showProjects = (what, choices) => (projects.length ? show(what, projectTable, "projects", choices) : null);
  const known = (field) => (projects.length && projects.length === howMany(field, UNKNOWN) ? UNKNOWN : null);
  return node("div", {}, node("dl", { class: "tiles" },
    tile("Tags", count(total.tags), [
      `in ${counted(repositories.length, "repository", "repositories")}`,
      data.repositoriesUnread ? `${counted(data.repositoriesUnread, "repository", "repositories")} not read` : "",
    ]),
    tile("Space", bytes(total.size), [named(METHODS, total.method),
      words.cost && total.size !== null ? `${words.cost} a month, at ${head.price} per GiB` : ""]),
    head.carriedOut
      ? tile("Deleted", deleted, [`of ${count(total.deletions)} planned`,
        ...notDeleted.map(([, name, tags]) => `${count(tags)} ${name}`)], showDeletions)
      : tile(`${TO_BE} deleted`, planned ? count(total.deletions) : "no plan",
      planned ? [share, `${count(total.kept)} ${words.preview ? "would be" : "are"} kept`] : [],
      showDeletions),
    tile(`${TO_BE} freed`, planned ? ends.map((end) => node("span", {}, end)) : "no plan",
      planned ? ["by garbage collection",
        words.saved && total.most !== null ? `${words.saved} a month` : ""] : []),
    tile("Public registries", known("exposed") || count(howMany("exposed", "anyone")), [
      `of ${words.projects}`,
      others("exposed", { signed_in: "open to all who sign in", unknown: UNKNOWN }),
    ], showProjects("projects with a public registry", [1, 0])),
    tile("Without a cleanup policy", known("policy") || count(howMany("policy", "none")), [
      `of ${words.projects}`,
      others("policy", { disabled: "disabled", unknown: UNKNOWN }),
    ], showProjects("projects without a cleanup policy", [0, 1]))),
  node("p", { class: "quiet" }, `${words.onBytes} ${words.onManifests} All times are UTC.`));
}

function spaceCard(title, items) {
  const known = items.filter(({ size }) => size !== null);
  const ordered = largestFirst(known);
  const rest = ordered.slice(10);
  const sum = rest.reduce((before, { size }) => before + size, 0);
  return node("div", { class: "card" }, node("h3", {}, title),
    ordered.length
      ? bars(ordered.slice(0, 10).map(({ path, size, note = "" }) => [pathText(path), size, bytes(size) + note]))
      : node("p", {}, "No size is known."),
    rest.length ? node("p", { class: "quiet" }, `and ${count(rest.length)} more with ${bytes(sum)}`) : null,
    known.length < items.length
      ? node("p", { class: "quiet" }, `${count(items.length - known.length)} of unknown size`) : null);
}

function groups() {
  return words.groups.map(([path, size, unknown]) =>
    ({ path, size, note: unknown ? `, and ${count(unknown)} of unknown size` : "" }));
}

function space() {
  return section("space", "Space",
    node("div", { class: "columns" }, spaceCard("By group", groups()), spaceCard("By project", projects),
      spaceCard("By repository", repositories)));
}

function ages() {
  const rows = AGES.map((age, place) => {
    const tags = total.tagsByAge ? total.tagsByAge[place] : null;
    const size = total.bytesByAge ? total.bytesByAge[place] : null;
    return [age, tags, `${counted(tags, "tag", "tags")}, ${tags === 0 ? bytes(0) : bytes(size)}`];
  });
  const sum = (values) => (values && OLD.every((place) => values[place] !== null)
    ? OLD.reduce((before, place) => before + values[place], 0) : null);
  const old = sum(total.tagsByAge);
  return section("ages", "Tags by age",
    node("p", { class: "quiet" }, `Oldest: ${date(total.oldest)}. Newest: ${date(total.newest)}. `
      + "The sizes here are sizes of images. Each image is counted once, by its newest tag. "
      + "Shared layers are counted several times."),
    node("div", { class: "card" }, bars(rows), node("p", { class: "older" },
      `Older than 90 days: ${counted(old, "tag", "tags")}, ${old === 0 ? bytes(0) : bytes(sum(total.bytesByAge))}`)));
}

function reasons() {
  if (!planned) return null;
  const card = (title, action, kind) => {
    const those = data.decisions.filter(([each]) => each === action);
    const sums = tally(those, ([, reason]) => reason, ([, , , number]) => number);
    return node("div", { class: "card" }, node("h3", {}, title),
      sums.length ? bars(sums.map(([reason, number]) => [
        [sentence(reason), " ", node("code", { class: "quiet" }, reason || "")], number, count(number)]), kind)
        : node("p", {}, "None."));
  };
  const byRule = tally(data.decisions.filter(([action]) => action === "delete"), ([, , rule]) => rule,
    ([, , , number]) => number);
  return section("reasons", words.preview ? "Why tags would be deleted or kept" : "Why tags are deleted or kept",
    node("div", { class: "columns" }, card(`${TO_BE} deleted, by reason`, "delete", "delete"),
      card("Kept, by reason", "keep"),
      node("div", { class: "card" }, node("h3", {}, `${TO_BE} deleted, by rule`), byRule.length
        ? bars(byRule.map(([rule, number]) => [rule || "the task's own options", number, count(number)]), "delete")
        : node("p", {}, "None."))));
}

function entries() {
  if (!head.matches.length && !head.options.length) return null;
  const columns = [
    { name: "Entry", cell: ([, entry]) => node("code", {}, String(entry)) },
    { name: "Option", cell: ([option]) => option },
    { name: "Rule", cell: ([, , rule]) => rule || "" },
    { name: "Matches", kind: "number", cell: ([, , , matched]) => matched === 0
      ? node("span", { class: "badge warn" }, "nothing") : count(matched) },
  ];
  const rows = [...head.matches].sort((one, other) => (one[3] ?? 0) - (other[3] ?? 0));
  return section("entries", "What the entries match",
    rows.length ? [
      node("p", { class: "quiet" }, "Entries that keep or exclude something. "
      + "An entry that matches nothing may be a mistake."),
      scrolled("What the entries match", plainTable("What the entries match", columns, rows)),
    ] : [],
    head.options.length ? node("details", {}, node("summary", {}, "Options of this plan that were set"),
      facts(head.options.map(([name, text]) => [name, code(text)])),
      head.moreOptions ? node("p", {}, `and ${count(head.moreOptions)} more`) : null) : null);
}

function notes() {
  return head.notes.length
    ? section("notes", "Notes", node("ul", {}, head.notes.map((line) => node("li", {}, line)))) : null;
}

// Compared with an earlier report: all projects, and those that changed the most.
function since() {
  if (!data.before) return null;
  const known = (row) => row.size !== null && row.before.size !== null;
  const recounted = (row) => known(row) && row.method !== row.before.method;
  const change = (row) => (known(row) && !recounted(row) ? row.size - row.before.size : null);
  const sign = (value) => (value > 0 ? "+" : value < 0 ? "-" : "");
  const signed = (value, text) => (value === null ? UNKNOWN : sign(value) + text(Math.abs(value)));
  const tags = (row) => (row.tags === null || row.before.tags === null ? null : row.tags - row.before.tags);
  const columns = [
    { name: "Project", cell: (row) => pathText(row.path) },
    { name: "Tags then", kind: "number", wide: true, cell: (row) => count(row.before.tags) },
    { name: "Change in tags", kind: "number", cell: (row) => signed(tags(row), count) },
    { name: "Space then", kind: "number", wide: true, cell: (row) => bytes(row.before.size) },
    { name: "Change in space", kind: "number", cell: (row) => (recounted(row) ? "not compared"
      : signed(change(row), bytes)) },
  ];
  const changed = projects.filter((row) => row.before && (change(row) || tags(row)));
  const most = changed.sort((one, other) => Math.abs(change(other)) - Math.abs(change(one))
    || compare(one.path, other.path)).slice(0, 20);
  const rows = [{ ...total, path: "All projects", before: figures(data.before) }, ...most];
  if (rows.some((row) => row.before.deletions !== null)) {
    columns.push({ name: "Was to be freed", kind: "number", wide: true,
      cell: (row) => (row.before.deletions === null ? "no plan" : range(row.before.least, row.before.most)) });
  }
  const left = changed.length - most.length;
  return section("since", `Since ${date(head.comparedWith)}`,
    words.recounted ? node("p", {}, words.recounted) : null,
    scrolled("Compared with the earlier report", plainTable("Compared with the earlier report", columns, rows)),
    left ? node("p", { class: "quiet" }, `${counted(left, "more project", "more projects")} changed less.`) : null);
}
"""

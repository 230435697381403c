# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The script of the page of a report, last part: projects, repositories and tags, and the page as a whole. Pure."""

from __future__ import annotations

LISTS = r"""
const size = { name: "Space", kind: "number", key: (row) => row.size, cell: (row) => bytes(row.size) };
const tagCount = { name: "Tags", kind: "number", wide: true, key: (row) => row.tags, cell: (row) => count(row.tags) };
const oldest = { name: "Oldest", kind: "date", wide: true, key: (row) => row.oldest,
  cell: (row) => date(row.oldest).slice(0, 10) };
const newest = { name: "Newest", kind: "date", wide: true, key: (row) => row.newest,
  cell: (row) => date(row.newest).slice(0, 10) };
const toDelete = { name: "Delete", kind: "number", key: (row) => row.deletions, cell: (row) => count(row.deletions) };
const freed = { name: words.preview ? "Would free" : "Frees", kind: "number", wide: true,
  key: (row) => row.most ?? row.least, cell: (row) => range(row.least, row.most) };
const planColumns = planned ? [toDelete, freed] : [];

function path(name) {
  return { name, key: (row) => row.path.toLowerCase(), cell: (row) => pathText(row.path) };
}

function choice(field, label, names) {
  return { label, options: [{ label: "All" }, ...Object.entries(names).map(([value, text]) =>
    ({ label: text, test: (row) => row[field] === value }))] };
}

const projectTable = table({
  title: "Projects",
  nouns: ["project", "projects"],
  rows: projects,
  search: "Search projects and topics",
  has: (row, text) => row.path.toLowerCase().includes(text)
    || row.topics.some((topic) => topic.toLowerCase().includes(text)),
  choices: [
    choice("exposed", "Who can pull", EXPOSED),
    choice("policy", "Cleanup policy",
      { none: "none", disabled: "disabled", enabled: "enabled", unknown: UNKNOWN }),
  ],
  columns: [path("Project"),
    { name: "Who can pull", key: (row) => row.exposed, cell: (row) => named(EXPOSED, row.exposed) },
    { name: "Policy", wide: true, key: (row) => row.policy, cell: (row) => row.policy },
    tagCount, size, ...planColumns, oldest, newest],
  column: 4,
  descending: true,
  detail: projectDetail,
});

function projectDetail(project) {
  const yes = { true: "yes", false: "no" };
  return [
    project.error ? node("p", { class: "bad" }, `Not everything could be read: ${project.error}`) : null,
    facts([
      ["Repositories", `${count(project.repositories)}${project.unread ? `, ${count(project.unread)} not read` : ""}`],
      ["Tags", count(project.tags)],
      ["Policy", project.policy],
      ["Visibility", `${project.visibility || UNKNOWN}, registry ${project.access || UNKNOWN}`],
      ["Archived", yes[project.archived] || UNKNOWN],
      ["Topics", project.topics.join(", ")],
      ["Policy runs next", project.policy === "enabled" ? `${date(project.nextRun)} UTC` : ""],
    ]),
    project.lint.length ? node("p", {}, "Probable mistakes in its policy:") : null,
    project.lint.length ? node("ul", {}, project.lint.map((line) => node("li", {}, line))) : null,
    button("Show its repositories", () => { repositoryTable.find(project.path); goTo("repositories"); }),
  ];
}

const repositoryTable = table({
  title: "Repositories",
  nouns: ["repository", "repositories"],
  rows: repositories,
  search: "Search repositories and tags",
  has: hasText,
  choices: [{ label: "Show", options: [
    { label: "All" },
    ...(planned ? [{ label: "Tags to delete", test: (row) => row.deletions > 0 },
      { label: "Beyond a limit", test: (row) => row.limit !== null }] : []),
    { label: "Not read", test: (row) => isUnread(row) },
  ] }],
  columns: [
    { ...path("Repository"), cell: (row) => [pathText(row.path), isUnread(row) ? " (not read)" : null] },
    tagCount, size, ...planColumns, oldest, newest],
  column: 2,
  descending: true,
  detail: repositoryDetail,
});

function repositoryDetail(repository, searched) {
  const tags = tagsOf(repository);
  const notes = [
    repository.error ? node("p", { class: "bad" }, `Not everything could be read: ${repository.error}`) : null,
    Object.hasOwn(LISTINGS, repository.listing) ? node("p", { class: "bad" }, LISTINGS[repository.listing]) : null,
    repository.limit ? node("p", { class: "warn" }, `Beyond a limit: ${repository.limit}`) : null,
    node("p", { class: "quiet" }, [
      `Project: ${repository.project}.`,
      `${counted(repository.tags, "tag", "tags")}.`,
      `Dates: ${named(DATES, repository.dates)}.`,
      `Space: ${bytes(repository.size)} (${named(METHODS, repository.method)}).`,
      planned ? `${count(repository.deletions)} to delete, ${count(repository.kept)} to keep. ${TO_BE} freed: ${
        range(repository.least, repository.most)}.` : "",
      repository.certainty === "upper_bound" ? "GitLab itself decides: at most these tags are deleted." : "",
      repository.certainty === "unknown" ? "GitLab itself decides: it is unknown what is deleted." : "",
    ].filter(Boolean).join(" ")),
  ];
  if (repository.columns === null) return [notes, node("p", {}, "Its tags were not read.")];
  const shown = tagTable(repository, tags);
  const text = searched.trim().toLowerCase();
  if (text && !repository.path.toLowerCase().includes(text)) shown.find(searched);
  return [notes, shown.parts];
}

function decision(tag) {
  return [
    tag.action === "delete" ? node("span", { class: "delete-word" }, "Delete. ") : "Keep. ",
    tag.outcome ? node("span", { class: "outcome" }, `Outcome: ${outcomeText(tag)}. `) : null,
    sentence(tag.reason),
    node("span", { class: "quiet" }, ` ${tag.reason || ""}${tag.rule ? `, rule ${tag.rule}` : ""}`),
  ];
}

// Less of a digest is in too many of them.
const DIGEST_PART = /^(sha256:)?[0-9a-f]{6,}$/;

function tagTable(repository, tags) {
  const moment = (name, field) => ({ name, kind: "date", wide: true, key: (tag) => tag[field],
    cell: (tag) => date(tag[field]) });
  const judged = { name: "Decision", key: (tag) => `${tag.action} ${tag.reason} ${tag.rule}`, cell: decision };
  const digest = (tag) => (tag.digest ??= digestOf(tag.digests, tag.place) || "digest unknown");
  return table({
    title: `Tags of ${cut(repository.path)}`,
    nouns: ["tag", "tags"],
    rows: tags,
    search: "Search tags and digests",
    has: (tag, text) => tag.name.toLowerCase().includes(text) || (DIGEST_PART.test(text) && digest(tag).includes(text)),
    choices: [...(planned ? [choice("action", "Show", { delete: "To delete", keep: "To keep" })] : []),
      ...(outcomes.length ? [choice("outcome", "Outcome", OUTCOMES)] : [])],
    columns: [
      { name: "Tag", key: (tag) => tag.name,
        cell: (tag) => [tag.name, node("code", { class: "digest", title: tag.mediaType }, digest(tag))] },
      ...(planned ? [judged] : []),
      { name: "Size", kind: "number", wide: true, key: (tag) => tag.size, cell: (tag) => bytes(tag.size) },
      { name: "Age", kind: "number", key: (tag) => tag.date === null ? null : -tag.date,
        cell: (tag) => days(tag.date) || UNKNOWN },
      moment("Pushed", "pushed"), moment("Built", "built"),
    ],
  });
}

function isUnread(repository) {
  return repository.error !== null || Object.hasOwn(LISTINGS, repository.listing);
}

function goTo(id) {
  const title = document.getElementById(`${id}-title`);
  title.scrollIntoView();
  title.focus();
}

function approval() {
  if (!head.fingerprint || head.carriedOut) return null;
  if (head.refusals.length) {
    return section("approve", "Approve and apply", node("p", {}, "This plan is refused, so it can't be applied. "
      + "Correct the reasons of the refusal at the top, and make a new plan."));
  }
  if (!head.planPlace) {
    return section("approve", "Approve and apply", node("p", {}, "This plan was not stored, so it can't be approved. "
      + "Make a plan that is stored, with registry_cleanup_plan_path:"),
    copyable("ansible-playbook containerops.gitlab.plan -e registry_cleanup_plan_path=plan.jsonl", "the command",
      "command"));
  }
  return section("approve", "Approve and apply", node("div", { class: "card" }, node("ol", { class: "steps" },
    node("li", {}, "Look at what is deleted, and why."),
    node("li", {}, "To approve, send this fingerprint by another way than the plan. It covers every line of the plan.",
      copyable(head.fingerprint, "the fingerprint to approve")),
    head.planPlace.includes("://") ? node("li", {}, `Fetch the plan as plan.jsonl from ${head.planPlace}`) : null,
    node("li", {}, "Apply it:", copyable(head.command, "the command", "command")),
  ), node("p", { class: "quiet" }, "That run reads everything again. It deletes a tag only if this plan deletes it, "
    + "the rules still delete it, and it still points to the same image.")));
}

// On paper: all repositories, and the first deletions. It is made when it is needed.

const PRINTED = 500;
const paper = node("div", { id: "paper" });

function firstDeletions() {
  const found = [];
  for (const repository of repositories) {
    for (const tag of tagsOf(repository)) {
      if (tag.action !== "delete") continue;
      if (found.length === PRINTED) return found;
      found.push([repository, tag]);
    }
  }
  return found;
}

function fillPaper() {
  if (paper.hasChildNodes()) return;
  const deletions = planned ? firstDeletions() : [];
  const columns = [
    { name: "Tag", cell: ([repository, tag]) => pathText(`${repository.path}:${tag.name}`) },
    { name: "Why", cell: ([, tag]) => `${sentence(tag.reason)}${tag.rule ? ` Rule: ${tag.rule}.` : ""}${
      tag.outcome ? ` Outcome: ${outcomeText(tag)}.` : ""}` },
    { name: "Date", kind: "date", cell: ([, tag]) => date(tag.date) },
    { name: "Size", kind: "number", cell: ([, tag]) => bytes(tag.size) },
    { name: "Digest", cell: ([, tag]) => node("code", {}, digestOf(tag.digests, tag.place) || UNKNOWN) },
  ];
  const rest = (total.deletions || 0) - deletions.length;
  paper.append(
    node("h2", {}, "Repositories"),
    plainTable("Repositories", [path("Repository"), tagCount, size, ...planColumns, oldest, newest],
      largestFirst(repositories)));
  if (planned) {
    const first = `The first ${counted(deletions.length, "deletion", "deletions")}`;
    paper.append(node("h2", {}, rest > 0 ? first : "Deletions"),
      plainTable("Deletions", columns, deletions));
    if (rest > 0) {
      const more = counted(rest, "more is", "more are");
      paper.append(node("p", {}, `${more} in the plan${head.planPlace ? `: ${head.planPlace}` : ""}.`));
    }
  }
}

addEventListener("beforeprint", fillPaper);
matchMedia("print").addEventListener("change", fillPaper);

const parts = [
  space(), ages(), since(), reasons(), entries(), notes(),
  projects.length ? section("projects", "Projects", projectTable.parts) : null,
  section("repositories", "Repositories",
    ...(repositories.length
      ? [node("p", { class: "quiet" }, "Open a repository to see all of its tags."), repositoryTable.parts]
      : [node("p", {}, "There is no repository in this scope.")])),
  approval(),
].filter(Boolean);

document.getElementById("page").replaceWith(node("main", {},
  top(),
  node("nav", { class: "places screen", "aria-label": "Parts of this page" }, parts.map(({ id, firstChild }) =>
    node("a", { href: `#${id}` }, firstChild.textContent))),
  tiles(), parts, paper), announcement);
document.getElementById("repositories").tabIndex = -1;
"""

#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_cleanup
short_description: Delete old tags from GitLab container registries
version_added: 0.1.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Decides for every tag of one repository, some projects or a whole group whether it goes or stays, and why, and
    deletes
    exactly the tags that check mode shows.
  - Whatever could not be read, or read with doubt, is kept and reported.
  - >-
    The decision is made in this order: O(protect) and C(latest); tags under a GitLab protection rule;
    O(name_regex_delete) and O(name_regex_keep); of what is left the newest O(keep_n), and those of O(keep_n_per); then
    O(older_than) and O(min_age). A tag goes when nothing has kept it. What belongs to it follows (O(signatures)).
  - With O(rules), the first rule that matches a tag decides about it in this order. What no rule matches stays.
  - Tags are deleted by name, so that other tags of the same image stay. Right before a tag goes it is read again,
    and stays when it is
    another image by then.
  - Deleting tags frees no disk space by itself; that is done by the registry's garbage collection.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._registry
  - containerops.gitlab._registry.reading
  - containerops.gitlab._scope
  - containerops.gitlab._scope.project
  - containerops.gitlab._scope.group
  - containerops.gitlab._deletion.limit
  - containerops.gitlab._deletion.limit_total
  - containerops.gitlab._deletion.limit_total_percent
  - containerops.gitlab._deletion.wait
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
notes:
  - Exactly one of O(project), O(group) and O(repository_id) is required.
requirements:
  - google-re2 (Python library)
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
    details: With O(older_than) tags become old enough as time goes on.
options:
  name_regex_delete:
    description:
      - RE2 pattern of the names that may be deleted. It has to match the whole name.
      - GitLab does not group a pattern before it anchors it, so that V(v1|v2) also matches V(v1-foo). Where the two
        readings of a pattern
        differ on a tag, the tag stays and a warning names it. Write V((v1|v2\)).
      - Exactly one of O(name_regex_delete) and O(rules) is required.
    type: str
    aliases:
      - name_regex
  name_regex_keep: &name_regex_keep
    description:
      - RE2 pattern of names that stay although the pattern that deletes matches them. They take no O(keep_n) place.
      - An empty string is the same as leaving the option out.
    type: str
  keep_n: &keep_n
    description:
      - Keep this many of the newest matching tags in each repository. Tags that are equally new at the edge all stay.
      - V(0) keeps none.
    type: int
    default: 0
  keep_n_per: &keep_n_per
    description:
      - Keep the newest tags of each group, besides O(keep_n). A tag that one of the entries keeps stays.
      - Seven days, four weeks and twelve months, each with one tag, keep backups in the way of grandfather, father and
        son.
    type: list
    elements: dict
    suboptions:
      by:
        description:
          - What makes a group. V(day), V(week) (from Monday), V(month) or V(year) of the tag's date, in UTC; V(major)
            or V(minor) of a semantic version; else a capture group of the pattern, by its name or number.
        type: str
        required: true
      keep_n:
        description:
          - How many tags of each group.
        type: int
        default: 1
      groups:
        description:
          - Only the newest so many groups that have a tag. All by default.
        type: int
  sort_by: &sort_by
    description:
      - What newest means for O(keep_n) and O(keep_n_per).
      - With V(semver) it is the version that the whole name is, with or without a v before it. A name that is none,
        such as V(1.2), stays and takes no place.
      - V(name) compares the names letter by letter, which suits names that are dates.
    type: str
    choices:
      - date
      - semver
      - name
    default: date
  prereleases: &prereleases
    description:
      - V(apart) gives prereleases of semantic versions, such as V(1.2.0-rc1), places of their own, so that they take
        none of a release.
    type: str
    choices:
      - together
      - apart
    default: together
  older_than: &older_than
    description:
      - Delete only tags older than this, such as V(30d), V(12h) or V(1month 2w).
      - Units are V(s), V(sec), V(min), V(h), V(d), V(w), V(month) of 30 days and V(y) of 365.25 days. V(1m) and bare
        numbers are
        refused, since GitLab reads V(1m) as a minute and V(30) as 30 seconds.
    type: str
  rules:
    description:
      - Several rules, for several kinds of tags. The first one whose pattern matches a tag decides about it, and a tag
        that none matches stays. O(protect) stands above all rules.
      - They say for themselves what the options of a single rule say, so these can't be given besides.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the rule, which is given with each tag that it decides about. Its number by default.
        type: str
      match:
        description:
          - RE2 pattern of the names that the rule decides about. It has to match the whole name.
        type: str
        required: true
        aliases:
          - name_regex_delete
      keep:
        description:
          - Whether all that matches stays.
        type: bool
        default: false
      name_regex_keep: *name_regex_keep
      keep_n: *keep_n
      keep_n_per: *keep_n_per
      older_than: *older_than
      sort_by: *sort_by
      prereleases: *prereleases
  min_age:
    description:
      - Keep every tag that is younger than this, whatever the rules say. It is written as O(older_than).
    type: str
  dates_valid_from:
    description:
      - From when on GitLab's dates are those of pushes, such as V(2026-01-31) or V(2026-01-31T12:00:00Z).
      - An import to the registry's metadata database dates all tags anew. Where most tags of the scope are dated within
        three days, and images among them were built long before, or that can't be read, a plan that goes by dates is
        refused until this option is given, whether or not something would go today.
      - A tag with an older date is as old as the build of its image, which is read from the registry itself; where it
        can't be read, or under O(timestamp=created), its age is unknown and it stays. A time before all dates says that
        all of them can be trusted.
    type: str
  timestamp:
    description:
      - What the age of a tag is. It is judged by the clock of the server.
      - With V(auto) it is the last push of the tag where the registry has a metadata database, else the build of the
        image, the only
        date that GitLab knows there; an old image that was tagged today is old then.
      - With V(created) it is the date that GitLab calls C(created_at). Where there is a metadata database that is
        the first push of the
        name, so that a tag that was pushed again an hour ago may count as old.
    type: str
    choices:
      - auto
      - created
    default: auto
  protect:
    description:
      - RE2 patterns of names that always stay.
    type: list
    elements: str
  allow_latest:
    description:
      - Whether the tag C(latest) may be deleted.
    type: bool
    default: false
  in_use:
    description:
      - Images that run somewhere, which stay. Each is a reference by tag or by digest, with or without the registry's
        host, or an image's id as container engines show it.
      - An index in use keeps the tags of its images, and an image in use keeps the tag of its index. Which images an
        index has is read from the registry itself (O(read_via)); GitLab does not show it.
      - Where an image is in use by digest or by id, tags of which that can't be told stay too. By ids these are the
        tags of images for several platforms.
    type: list
    elements: str
  in_use_sources:
    description:
      - The same by where it was found, so that a source that gave nothing is noticed. A source without images, or with
        a failure, refuses the plan.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the source, such as a host.
        type: str
        required: true
      images:
        description:
          - What it uses, written as O(in_use).
        type: list
        elements: str
        default: []
      failed:
        description:
          - Why the images are not all there. Empty when they are.
        type: str
        default: ""
  in_use_sources_expected:
    description:
      - The names of the sources that have to be there, or their number. Where one is missing the plan is refused.
    type: raw
  pin_untagged_in_use:
    description:
      - Give a tag to each image that is in use by its digest and that no tag leads to (RV(in_use.untagged)), before
        anything is deleted, so that the registry does not collect it. The tag is C(in-use-) and the digits of the
        digest. While the image is in use its tag stays, like every other; later a rule may delete it.
      - It needs the registry itself (O(read_via)) and a token that may push.
    type: bool
    default: false
  keep_refs:
    description:
      - Keep tags that belong to what is alive in the project's git repository, branches, source branches of open merge
        requests, or git tags. It takes a request for each hundred of them, and a token that may read the code.
      - Where they can't be read, the repository counts as unread and keeps all its tags.
    type: list
    elements: str
    choices:
      - branches
      - merge_requests
      - tags
  keep_deployments:
    description:
      - Keep tags that belong to the last so many successful deployments of each environment of the project that was not
        stopped, and to later ones that run or wait for approval. A tag belongs to a deployment by its ref, its commit
        or the commit's first eight digits (C(CI_COMMIT_SHORT_SHA)), as O(ref_match) says. It takes a request for each
        environment, and a token that may read the code.
      - Where they can't be read, the repository counts as unread and keeps all its tags.
    type: int
    default: 0
  ref_match:
    description:
      - How the name of a tag carries a ref, or the slug of it (C(CI_COMMIT_REF_SLUG)), in upper or lower case. It is
        the V(whole) name, or with V(prefix) and V(suffix) its beginning or end too, up to one of C(-), C(.) and C(_).
    type: str
    choices:
      - whole
      - prefix
      - suffix
    default: whole
  signatures:
    description:
      - What becomes of signatures, attestations and lists of materials, which carry the digest of their image in their
        names (C(sha256-<digest>) and what may follow).
      - With V(follow) they go when every tag of their image goes, be it the image of a tag or one inside of an index,
        and stay as long as one stays. Where a tag that stays may hold their image unseen, they stay too.
      - V(collect) deletes those without an image besides, if all tags of the repository were read and the registry
        itself, asked for the digest, says that there is no such image.
      - With V(keep) they all stay. Under O(delete_via=bulk) they stay in any case.
      - Any other tag that belongs to an image by its manifest's C(subject) is deleted by its rule, yet never while a
        tag of its image stays. The registry itself alone shows this field (O(read_via)).
    type: str
    choices:
      - keep
      - follow
      - collect
    default: follow
  shared_digest:
    description:
      - What becomes of a tag whose image another tag of the repository is, too. With V(independent) each is judged by
        itself.
      - With V(keep_together) it stays as long as one of them stays. All tags of a repository are read then, and where
        the digest of one that stays is not known, all stay.
    type: str
    choices:
      - independent
      - keep_together
    default: independent
  min_remaining:
    description:
      - The least number of tags that has to stay in each repository that tags are deleted from, signatures not
        counted.
    type: int
    default: 1
  max_deletions_percent:
    description:
      - The most tags to delete from one repository, in percent of all its tags.
    type: float
  max_unknown_percent:
    description:
      - The most tags of one repository of which it is not known whether they may go, in percent of all its tags.
    type: float
  on_limit:
    description:
      - What to do when a repository is beyond a limit. V(fail) deletes nothing anywhere, V(skip_repository) leaves
        that repository whole.
    type: str
    choices:
      - fail
      - skip_repository
    default: fail
  on_server_policy:
    description:
      - What to do when the project has a cleanup policy of its own enabled, which deletes tags by its own rules.
    type: str
    choices:
      - warn
      - fail
      - ignore
    default: warn
  require_digest:
    description:
      - Keep tags whose digest can't be read, since they can't be compared right before they are deleted.
      - With V(false), tags that are chosen by name alone are deleted all the same and listed under RV(unguarded). It
        has no effect with
        O(keep_n) or O(older_than), nor where the registry has a metadata database.
    type: bool
    default: true
  allow_unread_protection:
    description:
      - Go on as an administrator although GitLab's tag protection rules can't be read. GitLab enforces them for
        everybody else.
    type: bool
    default: false
  delete_via:
    description:
      - V(graphql) deletes 20 tags with a request, V(rest) one, which is the only way with a job token. V(auto) takes
        the first that works.
      - V(registry) asks the registry itself, tag by tag and by name. It needs the role Maintainer, or a job token in
        the job's own project, and a registry of GitLab's.
      - V(bulk) asks GitLab once for each repository to delete the planned tags in the background, which it does once an
        hour. It needs the role Maintainer and O(older_than), since GitLab checks the age of each tag right before it
        goes; tags are not compared with the plan again. Without a metadata database it is refused for more than 200
        tags of a repository.
      - V(bulk_unpinned) hands O(name_regex_delete), O(name_regex_keep), O(keep_n) and O(older_than) to the same
        endpoint as they are, and GitLab decides. The plan is then a prediction that says how sure it is
        (RV(plan.repositories[].certainty)). O(protect), O(allow_latest), O(timestamp) and O(require_digest) have no
        effect there and are refused.
    type: str
    choices:
      - auto
      - graphql
      - rest
      - registry
      - bulk
      - bulk_unpinned
    default: auto
  plan_path:
    description:
      - Write the whole plan, with every tag and its reason, to this file as JSON Lines; in check mode too.
    type: path
  approved_plan_path:
    description:
      - A plan that O(plan_path) wrote before and somebody approved. Only tags go that it holds, that today's rules
        still choose, and that are still the same image. What differs is told under RV(approved).
      - Of a plan that M(containerops.gitlab.registry_plan_merge) made of several, it takes the one for its own scope.
      - It is refused when it was altered, is older than O(plan_max_age), or was made for another server or scope.
    type: path
  approved_plan:
    description:
      - The same as text, up to 64 KB.
    type: str
  approved_fingerprint:
    description:
      - The fingerprint (RV(plan.fingerprint)) of the plan that was approved, from whoever approved it. Required with an
        approved plan.
    type: str
  journal_path:
    description:
      - Append a line to this file before each tag is asked to be deleted or given, and one with what became of it, as
        JSON Lines, each on disk at once. So a run can be followed, and each digest that went is known.
      - A run that was killed is started again as it was, with the same file; tags of an approved plan that it had
        already deleted are then no drift.
      - In check mode nothing is written to it.
    type: path
  plan_max_age:
    description:
      - The oldest an approved plan may be, written as O(older_than).
    type: str
    default: 72h
  max_drift_percent:
    description:
      - Refuse when more of the tags of the approved plan, in percent, are gone, changed, unread, or kept by today's
        rules.
    type: float
seealso:
  - module: containerops.gitlab.registry_info
  - module: containerops.gitlab.registry_plan_merge
  - name: GitLab's cleanup policy
    description: What GitLab deletes by itself.
    link: https://docs.gitlab.com/user/packages/container_registry/reduce_container_registry_storage/
"""

EXAMPLES = r"""
- name: See what would go from a group, and why everything else stays
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: "(dev|feature)-.*"
    keep_n: 5
    older_than: 30d
    plan_path: "{{ playbook_dir }}/plan.jsonl"
  check_mode: true
  diff: true
  register: preview

- name: Delete it
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: "(dev|feature)-.*"
    keep_n: 5
    older_than: 30d
    max_deletions_percent: 90

- name: Delete what was approved, and nothing else
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: "(dev|feature)-.*"
    keep_n: 5
    older_than: 30d
    approved_plan_path: "{{ playbook_dir }}/plan.jsonl"
    approved_fingerprint: "{{ preview.plan.fingerprint }}"
    journal_path: "{{ playbook_dir }}/journal.jsonl"

- name: Keep the images of living branches, of which a pipeline wrote the slug before the build
  containerops.gitlab.registry_cleanup:
    project:
      - team/app
    name_regex_delete: .*
    keep_refs:
      - branches
      - merge_requests
    ref_match: prefix
    older_than: 7d
  check_mode: true

- name: Keep what runs, and refuse when a host did not tell
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: .*
    older_than: 90d
    in_use_sources:
      - name: web-1
        images:
          - registry.example.com/team/app/web:v1
      - name: web-2
        images:
          - registry.example.com/team/app:dev-1
    in_use_sources_expected:
      - web-1
      - web-2
  check_mode: true

- name: Clean by a rule for each kind of tags
  containerops.gitlab.registry_cleanup:
    group: team
    rules:
      - name: releases
        match: v[0-9].*
        sort_by: semver
        keep_n_per:
          - by: minor
            keep_n: 2
        older_than: 1y
      - name: nightly builds
        match: nightly-.*
        keep_n_per:
          - by: day
            groups: 7
          - by: week
            groups: 4
          - by: month
            groups: 12
      - name: branches
        match: (?P<branch>.+)-[0-9]+
        keep_n_per:
          - by: branch
            keep_n: 3
        older_than: 14d
    min_age: 2d
  check_mode: true

- name: Clean two repositories of one project, but never a release
  containerops.gitlab.registry_cleanup:
    project:
      - team/app
    repositories:
      - team/app
      - team/app/*
    name_regex_delete: ".*"
    name_regex_keep: 'v\d+\.\d+\.\d+'
    protect:
      - "release-.*"
    older_than: 1month

- name: Clean one repository by names alone, with a job token
  containerops.gitlab.registry_cleanup:
    project: "{{ lookup('ansible.builtin.env', 'CI_PROJECT_PATH') }}"
    name_regex_delete: "mr-1234-.*"
    delete_via: rest
  when: lookup('ansible.builtin.env', 'CI_JOB_TOKEN') | length > 0

- name: See what GitLab would make of the same request in bulk, where GitLab decides
  containerops.gitlab.registry_cleanup:
    project: team/app
    name_regex_delete: "[0-9a-z]{40}"
    keep_n: 5
    older_than: 2d
    delete_via: bulk_unpinned
  check_mode: true
"""

RETURN = r"""
result:
  description:
    - V(ok) when every planned tag is gone, or was rightly left since it changed; in check mode when the plan is
      complete.
    - V(partial) when something could not be read or deleted, V(refused) when a limit forbids the plan, V(failed)
      when there is no plan.
  returned: always
  type: str
  sample: ok
plan:
  description:
    - What goes and what stays. The same in check mode and in a run, for the same state of the server and the same
      clock.
  returned: when a plan could be made
  type: dict
  contains:
    fingerprint:
      description: A digest of where, when, of what and by which rules the plan was made, and of every tag that goes
        with its digest, date, size and reason.
      type: str
      returned: success
      sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
    delete:
      description: What goes, oldest first in each repository, at most O(return_limit) entries.
      type: list
      elements: dict
      returned: success
      contains: &decision
        repository:
          description: Path of the repository.
          type: str
          returned: success
          sample: team/app
        name:
          description: Name of the tag.
          type: str
          returned: success
          sample: dev-41
        action:
          description: V(delete) or V(keep).
          type: str
          returned: success
          sample: delete
        reason:
          description:
            - For a tag that goes V(matched), or V(expired) under O(older_than), V(with_subject) for what goes after its
              image and V(orphaned) for what has none (O(signatures)).
            - >-
              For a tag that may go under O(delete_via=bulk_unpinned) V(sampled), V(tied), V(near_cutoff),
              V(unseen_date), V(unseen_protection) or V(unseen_registry), which RV(plan.repositories[].doubts) explain.
            - >-
              For a tag that stays V(protected) (O(protect)), V(gitlab_protected), V(latest), V(signature),
              V(orphan), V(unknown_subject), V(referrer), V(shared_digest), V(no_match),
              V(ambiguous_pattern), V(keep_pattern), V(keep_rule), V(in_use), V(unknown_in_use), V(living_ref),
              V(deployed), V(keep_n),
              V(keep_n_per), V(too_young), V(min_age),
              V(unknown_date), V(unknown_version), V(unknown_digest), V(limit) or V(cleanup_fails); with an approved
              plan V(changed) or V(not_approved).
          type: str
          returned: success
          sample: expired
        rule:
          description: Name of the rule that decided, null where none did or there is a single one.
          type: str
          returned: success
          sample: null
        digest:
          description: Digest of the image, null when it was not read or can't be read.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        date:
          description: The date that was judged, null when none was needed or known.
          type: str
          returned: success
          sample: "2026-01-31T12:00:00Z"
        size:
          description: Bytes, null when not read or not known.
          type: int
          returned: success
          sample: 31457280
    keep:
      description: What stays, by name in each repository, at most O(return_limit) entries.
      type: list
      elements: dict
      returned: success
      contains: *decision
    repositories:
      description: The repositories with their counts, at most O(return_limit) entries.
      type: list
      elements: dict
      returned: success
      contains:
        id:
          description: Id of the repository.
          type: int
          returned: success
          sample: 7
        path:
          description: Path of the repository.
          type: str
          returned: success
          sample: team/app
        project:
          description: Path of its project, in lower case.
          type: str
          returned: success
          sample: team/app
        project_id:
          description: Id of its project.
          type: int
          returned: success
          sample: 3
        listing:
          description:
            - V(complete), V(unread), V(empty), which a broken registry looks like too, or V(capped) when GitLab may
              have cut it off at
              10,000 tags.
          type: str
          returned: success
          sample: complete
        date_source:
          description:
            - What the judged dates are, V(published) for the last push, V(built) for the build of the image,
              V(created) under
              O(timestamp=created), V(none) when no date is needed, V(unknown) when it can't be told, and every tag
              stays then.
          type: str
          returned: success
          sample: published
        tags:
          description: Number of tags.
          type: int
          returned: success
          sample: 120
        delete:
          description: Number of tags that go, or may go.
          type: int
          returned: success
          sample: 90
        delete_least:
          description: Number of tags that go at least.
          type: int
          returned: success
          sample: 90
        delete_most:
          description: Number of tags that go at most.
          type: int
          returned: success
          sample: 90
        keep:
          description: Number of tags that stay.
          type: int
          returned: success
          sample: 30
        certainty:
          description:
            - V(exact), but under O(delete_via=bulk_unpinned) also V(upper_bound) where chance or a rule decides whether
              some of the tags go, and V(unknown) where a date that GitLab goes by can't be seen.
          type: str
          returned: success
          sample: exact
        doubts:
          description: Why it is not exact, one sentence each.
          type: list
          elements: str
          returned: success
          sample: []
        reasons:
          description: Number of tags by reason.
          type: dict
          returned: success
          sample: {"expired": 90, "keep_n": 5, "latest": 1, "no_match": 24}
        limit:
          description: The limit that the repository is beyond, null when there is none.
          type: str
          returned: success
          sample: null
        error:
          description: Why it could not be read, null when it was.
          type: str
          returned: success
          sample: null
        server_policy:
          description: The project's own cleanup policy.
          type: dict
          returned: success
          contains:
            state:
              description: V(enabled), V(disabled), or V(unknown) when the token can't see it.
              type: str
              returned: success
              sample: disabled
            next_run_at:
              description: When it runs next, null unless it is enabled.
              type: str
              returned: success
              sample: null
    totals:
      description: The whole plan in numbers.
      type: dict
      returned: success
      contains:
        repositories:
          description: Number of repositories.
          type: int
          returned: success
          sample: 4
        repositories_unread:
          description: Number of repositories that could not be read.
          type: int
          returned: success
          sample: 0
        repositories_limited:
          description: Number of repositories beyond a limit.
          type: int
          returned: success
          sample: 0
        projects:
          description: Number of projects that have a repository in the plan.
          type: int
          returned: success
          sample: 2
        tags:
          description: Number of tags.
          type: int
          returned: success
          sample: 480
        delete:
          description: Number of tags that go.
          type: int
          returned: success
          sample: 90
        keep:
          description: Number of tags that stay.
          type: int
          returned: success
          sample: 390
        reasons:
          description: Number of tags by reason; V(repository_unread) counts repositories.
          type: dict
          returned: success
          sample: {"expired": 90, "keep_n": 20, "latest": 4, "no_match": 366}
    refusals:
      description: Why the plan may not be carried out.
      type: list
      elements: str
      returned: success
      sample: []
    truncated:
      description: Whether one of the lists is shorter than what it stands for.
      type: bool
      returned: success
      sample: false
outcome:
  description: What became of the planned tags. Each list holds at most O(return_limit) entries.
  returned: when something was to be deleted and this is not check mode
  type: dict
  contains:
    deleted:
      description: Gone, and shown to be gone by a complete listing that still holds a tag that was to stay.
      type: list
      elements: dict
      returned: success
      contains: &fate
        repository:
          description: Path of the repository.
          type: str
          returned: success
          sample: team/app
        name:
          description: Name of the tag.
          type: str
          returned: success
          sample: dev-41
        digest:
          description: The planned digest.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        message:
          description: What happened, empty where that is plain.
          type: str
          returned: success
          sample: ""
    already_gone:
      description: Gone before this run came to it.
      type: list
      elements: dict
      returned: success
      contains: *fate
    changed_since:
      description: Left, since it is another image, was pushed again or has become protected since the plan was made.
      type: list
      elements: dict
      returned: success
      contains: *fate
    recreated:
      description: Deleted, and there again afterwards.
      type: list
      elements: dict
      returned: success
      contains: *fate
    unverified:
      description: Deleted as far as GitLab says, but no complete listing shows it.
      type: list
      elements: dict
      returned: success
      contains: *fate
    not_deleted:
      description: Asked for, and still there or refused.
      type: list
      elements: dict
      returned: success
      contains: *fate
    not_tried:
      description: Left alone, since it could not be read again or the run had stopped.
      type: list
      elements: dict
      returned: success
      contains: *fate
    counts:
      description: Number of tags by outcome.
      type: dict
      returned: success
      sample: {"already_gone": 0, "changed_since": 0, "deleted": 90, "not_deleted": 0, "not_tried": 0, "recreated":
        0, "unverified": 0}
    pinned:
      description: What became of the tags that images in use got (O(pin_untagged_in_use)).
      type: list
      elements: dict
      returned: success
      contains:
        repository: &pinned_repository
          description: Path of the repository.
          type: str
          returned: success
          sample: team/app
        name: &pinned_name
          description: Name of the tag.
          type: str
          returned: success
          sample: in-use-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        digest: &pinned_digest
          description: Digest of the image.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        outcome:
          description: V(written), V(changed_since) where the name was something else by then, or V(not_written).
          type: str
          returned: success
          sample: written
        message:
          description: What happened, empty where that is plain.
          type: str
          returned: success
          sample: ""
    remaining:
      description: Number of tags listed afterwards in the repositories that tags were deleted from, null when that
        can't be told.
      type: int
      returned: success
      sample: 30
    stopped:
      description: Why the run stopped everything, null when it did not.
      type: str
      returned: success
      sample: null
    truncated:
      description: Whether one of the lists is shorter than what it stands for.
      type: bool
      returned: success
      sample: false
unguarded:
  description: Planned tags whose digest could not be read under O(require_digest=false), at most O(return_limit) of
    them.
  returned: when a plan could be made
  type: list
  elements: str
  sample: []
errors:
  description: What could not be read.
  returned: when a plan could be made
  type: list
  elements: dict
  contains: &error
    repository:
      description: Path of the repository.
      type: str
      returned: success
      sample: team/app
    kind:
      description: What kind of failure it is, such as V(forbidden), V(not_found), V(rate_limited), V(unavailable) or
        V(incomplete).
      type: str
      returned: success
      sample: unavailable
    status:
      description: HTTP status, null when there was no answer.
      type: int
      returned: success
      sample: 503
    method:
      description: HTTP method.
      type: str
      returned: success
      sample: GET
    path:
      description: Path of the request.
      type: str
      returned: success
      sample: /api/v4/projects/3/registry/repositories/7/tags
    message:
      description: What the server or the connection said.
      type: str
      returned: success
      sample: We are having trouble connecting to the Container Registry.
    request_id:
      description: GitLab's id of the request, for its administrators.
      type: str
      returned: success
      sample: 01HXYZ
error:
  description: The request that failed the task.
  returned: when there is no plan because a request failed
  type: dict
  sample: {"kind": "not_found", "message": "404 Group Not Found", "method": "GET", "path":
    "/api/v4/groups/team/projects", "request_id": "", "status": 404}
notes:
  description: What to know about how the plan was made, such as what the dates mean on this server.
  returned: when a plan could be made
  type: list
  elements: str
  sample: []
in_use:
  description: What is in use.
  returned: when a plan could be made
  type: dict
  contains:
    references:
      description: Number of references that were given.
      type: int
      returned: success
      sample: 12
    untagged:
      description: References by digest into repositories in scope that no tag leads to. What they name is lost at the
        registry's next collection of untagged manifests. At most O(return_limit) of them.
      type: list
      elements: str
      returned: success
      sample: []
    pinned:
      description: What gets a tag (O(pin_untagged_in_use)). At most O(return_limit) of them.
      type: list
      elements: dict
      returned: success
      contains:
        repository: *pinned_repository
        name: *pinned_name
        digest: *pinned_digest
    lost:
      description: Of RV(in_use.untagged) those that the registry does not have any more, as far as it was asked
        (O(pin_untagged_in_use)). At most O(return_limit) of them.
      type: list
      elements: str
      returned: success
      sample: []
approved:
  description: How the approved plan and today differ.
  returned: when a plan could be made, with an approved plan
  type: dict
  contains:
    fingerprint:
      description: Its fingerprint.
      type: str
      returned: success
      sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
    clock:
      description: When it was made.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
    tags:
      description: Number of tags that it holds.
      type: int
      returned: success
      sample: 12
    deleted_before:
      description: Number of tags that an interrupted run with the same O(journal_path) has deleted.
      type: int
      returned: success
      sample: 0
    as_planned:
      description: Number of repositories of which only names and the tags that the plan needs were read again, since
        nothing had moved that could change a decision. New tags are not judged there.
      type: int
      returned: success
      sample: 4
    counts:
      description: Number of differences by kind.
      type: dict
      returned: success
      sample: {"gone": 0, "changed": 1, "kept": 0, "unread": 0, "not_approved": 2}
    drift:
      description: The differences, at most O(return_limit) of them.
      type: list
      elements: dict
      returned: success
      contains:
        repository:
          description: Path of the repository.
          type: str
          returned: success
          sample: team/app
        name:
          description: Name of the tag.
          type: str
          returned: success
          sample: dev-41
        kind:
          description: V(gone), V(changed) (another image by now), V(kept) by today's rules, V(unread), or
            V(not_approved) for a tag that today's rules choose and the plan does not hold.
          type: str
          returned: success
          sample: changed
        reason:
          description: Why today's rules keep it, null where they don't.
          type: str
          returned: success
          sample: null
server:
  description: What was found out about the server.
  returned: when a plan could be made
  type: dict
  contains:
    url:
      description: Address of the server.
      type: str
      returned: success
      sample: https://gitlab.example.com
    registry:
      description: V(database) for a registry with metadata database, V(no_database) for one without, or V(unknown).
      type: str
      returned: success
      sample: database
    delete_via:
      description: How tags are deleted, V(graphql), V(rest), V(registry), V(bulk) or V(bulk_unpinned).
      type: str
      returned: success
      sample: graphql
    read_via:
      description: How tags are read, V(graphql), V(rest) or V(registry).
      type: str
      returned: success
      sample: graphql
    clock:
      description: The server's time at the first answer, which ages are judged by; null when it sent none.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
    being_deleted:
      description: Repositories in scope that GitLab is deleting already and that are left out.
      type: list
      elements: str
      returned: success
      sample: []
    registry_disabled:
      description: Projects of the group whose container registry is disabled and that are left out.
      type: list
      elements: str
      returned: success
      sample: []
plan_path:
  description: Where the whole plan is.
  returned: when O(plan_path) is given and a plan could be made
  type: str
  sample: /tmp/plan.jsonl
requests:
  description: Number of requests sent.
  returned: when a plan could be made
  type: int
  sample: 46
"""

import typing as t
from dataclasses import replace

from ..module_utils._cleanup.build_dates import dates_note, rules_on
from ..module_utils._cleanup.bulk import Order, delete_in_bulk, pinned, why_not_pinned
from ..module_utils._cleanup.deletion import BULK, delete, tell_end, tell_following
from ..module_utils._cleanup.estimate import estimate_deleting, too_many
from ..module_utils._cleanup.journal import interrupted, kept_journal
from ..module_utils._cleanup.observation import State, Wish, held_of, observe, untagged_in
from ..module_utils._cleanup.pinning import Pin, diff_of, pin
from ..module_utils._cleanup.report import applied_deletion, intent_of
from ..module_utils._core.errors import RequestError, UsageError
from ..module_utils._core.files import check_writable, read_lines, write_lines
from ..module_utils._core.models import Mode, Project, format_time
from ..module_utils._gitlab.scope import check_scope
from ..module_utils._module.options import CONNECTION, READING, RESULT, SCOPE, WAIT, ArgumentSpec, scope
from ..module_utils._module.run import Applied, Connection, Intent, connect, failing, finish, new_module
from ..module_utils._plan.approval import LARGEST_INLINE, Approved, Comparison, Terms, check_plan, compare, refusals_of
from ..module_utils._plan.merge import approved_in
from ..module_utils._plan.plan import (
    FILE_FORMAT,
    FILE_VERSION,
    Limits,
    Plan,
    RepositoryPlan,
    file_lines,
    fingerprint,
    limited,
    result,
)
from ..module_utils._plan.recall import JUDGING
from ..module_utils._policy.prediction import Parameters
from ..module_utils._policy.preview import decisions_of, parameters_in_request, predicted
from ..module_utils._registry.auth import Registry
from ..module_utils._registry.image_cache import remembered
from ..module_utils._rules.durations import seconds
from ..module_utils._rules.options import EITHER, IN_USE, NOT_WITH_RULES, RULES, rules_of, used_of
from ..module_utils._rules.referrers import Known, ReferrerPolicy, with_families
from ..module_utils._rules.retention import Decision, Rules, age_reason, date_source, decide
from ..module_utils._tags.capabilities import TagListing

ARGUMENTS = (
    CONNECTION.merged(READING)
    .merged(SCOPE)
    .merged(
        ArgumentSpec(
            {
                **RULES,
                **IN_USE,
                "min_remaining": {"type": "int", "default": 1},
                "max_deletions": {"type": "int"},
                "max_deletions_percent": {"type": "float"},
                "max_deletions_total": {"type": "int"},
                "max_deletions_total_percent": {"type": "float"},
                "max_unknown_percent": {"type": "float"},
                "on_limit": {"type": "str", "choices": ["fail", "skip_repository"], "default": "fail"},
                "on_server_policy": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
                "allow_unread_protection": {"type": "bool", "default": False},
                "delete_via": {
                    "type": "str",
                    "choices": ["auto", "graphql", "rest", "registry", *BULK],
                    "default": "auto",
                },
                **WAIT.options,
                "plan_path": {"type": "path"},
                "approved_plan_path": {"type": "path"},
                "approved_plan": {"type": "str"},
                "approved_fingerprint": {"type": "str"},
                "journal_path": {"type": "path"},
                "plan_max_age": {"type": "str", "default": "72h"},
                "max_drift_percent": {"type": "float"},
                **RESULT.options,
            },
            mutually_exclusive=(*NOT_WITH_RULES, ("approved_plan_path", "approved_plan")),
            required_one_of=(EITHER,),
        )
    )
)


# Options that GitLab's own bulk deletion can't heed, with what they are when nobody gives them.
UNHEARD_BY_GITLAB: dict[str, t.Any] = {"protect": None, "timestamp": "auto", "require_digest": True}


class Planned(t.NamedTuple):
    """A plan, and how it differs from the approved one where there is one."""

    plan: Plan
    comparison: Comparison | None


def wish_of(params: t.Mapping[str, t.Any]) -> Wish:
    """The checked wish; raises UsageError before anything is sent."""
    for option in (
        "min_remaining",
        "max_deletions",
        "max_deletions_total",
        "keep_deployments",
        "return_limit",
        "wait_timeout",
    ):
        if params[option] is not None and params[option] < 0:
            raise UsageError(f"{option} is {params[option]}: it can't be negative.")
    for option in (
        "max_deletions_percent",
        "max_deletions_total_percent",
        "max_unknown_percent",
        "max_drift_percent",
    ):
        percent = params[option]
        if percent is not None and not 0 <= percent <= 100:
            raise UsageError(f"{option} is {percent:g}: it has to be between 0 and 100.")
    rules = rules_of(params)
    limits = Limits(
        min_remaining=params["min_remaining"],
        max_deletions=params["max_deletions"],
        max_deletions_percent=params["max_deletions_percent"],
        max_deletions_total=params["max_deletions_total"],
        max_deletions_total_percent=params["max_deletions_total_percent"],
        max_unknown_percent=params["max_unknown_percent"],
        on_limit=params["on_limit"],
    )
    _check_bulk(params)
    for option in ("plan_path", "journal_path"):
        if params[option]:
            check_writable(params[option], option)
    approved, terms = approved_of(params)
    parameters = _parameters(params) if params["delete_via"] == "bulk_unpinned" else None
    used, use_unknown = used_of(params)
    families = families_of(params)
    return Wish(
        scope(params),
        rules,
        limits,
        parameters,
        used,
        use_unknown,
        params["ref_match"],
        families,
        params["pin_untagged_in_use"],
        approved,
        terms,
    )


def families_of(params: t.Mapping[str, t.Any]) -> ReferrerPolicy:
    """What becomes of tags that belong together. GitLab's own bulk deletion can't delete one tag after another."""
    signatures = "keep" if params["delete_via"] in BULK else params["signatures"]
    return ReferrerPolicy(signatures, params["shared_digest"] == "keep_together")


def approved_of(params: t.Mapping[str, t.Any]) -> tuple[Approved | None, Terms | None]:
    """The approved plan and its terms; raises UsageError."""
    path, inline, seal = params["approved_plan_path"], params["approved_plan"], params["approved_fingerprint"]
    if path is None and inline is None:
        if seal is not None:
            raise UsageError("approved_fingerprint needs approved_plan_path or approved_plan.")
        return None, None
    if not seal:
        raise UsageError("An approved plan needs approved_fingerprint, which does not come from the plan itself.")
    if params["delete_via"] == "bulk_unpinned":
        raise UsageError("An approved plan does not go with delete_via bulk_unpinned, where GitLab decides what goes.")
    if inline is not None and len(inline.encode()) > LARGEST_INLINE:
        raise UsageError(f"approved_plan is larger than {LARGEST_INLINE} bytes: give a file in approved_plan_path.")
    lines = inline.splitlines() if inline is not None else read_lines(path, "approved_plan_path")
    terms = Terms(seal, seconds(params["plan_max_age"]), params["max_drift_percent"])
    return approved_in(lines, scope(params).as_result()), terms


def _check_bulk(params: t.Mapping[str, t.Any]) -> None:
    """Raises UsageError for what a bulk deletion can't heed."""
    via = params["delete_via"]
    if via not in BULK:
        return
    if params["signatures"] == "collect":
        raise UsageError(f"signatures collect does not go with delete_via {via}: GitLab deletes in no order.")
    if params["pin_untagged_in_use"]:
        raise UsageError(f"pin_untagged_in_use does not go with delete_via {via}, for which the registry is not asked.")
    held = ("in_use", "in_use_sources", "keep_refs", "keep_deployments")
    for option in ("rules", "keep_n_per", "min_age", *((*held, "dates_valid_from") if via == "bulk_unpinned" else ())):
        if params[option]:
            raise UsageError(f"{option} does not go with delete_via {via}: GitLab's bulk deletion knows one rule.")
    if params["read_via"] == "registry":
        raise UsageError(
            f"read_via registry does not go with delete_via {via}: GitLab judges by what it sees itself, and of images "
            "for several platforms that is less."
        )
    if via == "bulk" and params["older_than"] is None:
        raise UsageError(
            "delete_via bulk needs older_than: its tags are not read again right before they go, and only GitLab's own "
            "check of their age keeps one that was pushed meanwhile."
        )
    unheard: dict[str, t.Any] = {"allow_latest": False}
    if via == "bulk_unpinned":
        unheard = {**unheard, **UNHEARD_BY_GITLAB}
    for option, default in unheard.items():
        if params[option] not in (default, []):
            raise UsageError(f"{option} has no effect with delete_via {via}, where GitLab decides: leave it out.")


def _parameters(params: t.Mapping[str, t.Any]) -> Parameters:
    return Parameters(
        name_regex_delete=params["name_regex_delete"],
        name_regex_keep=params["name_regex_keep"] or None,
        keep_n=params["keep_n"] or None,
        older_than=params["older_than"],
    )


def plan_of(state: State, params: t.Mapping[str, t.Any], wish: Wish) -> Planned:
    """The plan for this state: pure."""
    rules = rules_on(state.server, wish.rules)
    source = date_source(state.server.mode, rules)
    parts = [_repository_plan(reading, state, rules, source, wish) for reading in state.readings]
    comparison = compare(parts, wish.approved, wish.families, wish.before.asked) if wish.approved else None
    plan = limited(comparison.repositories if comparison else parts, wish.limits)
    refusals = [*wish.use_unknown, *state.pins.doubts, *plan.refusals] + _bulk_refusals(state, plan, params, wish)
    if rules.has_ages and state.clock is None and parts:
        refusals.append("the server's first answer had no Date, so that ages can't be judged")
    if rules.dates_valid_from and state.clock and rules.dates_valid_from > state.clock:
        refusals.append(f"dates_valid_from {format_time(rules.dates_valid_from)} is later than the server's clock")
    if state.imported:
        refusals.append(state.imported)
    if rules.need_dates and rules.timestamp == "auto" and (state.server.way, source) == ("registry", "published"):
        refusals.append(
            "read_via registry shows when images were built, and with this registry's metadata database tags are as "
            "old as their last push (read_via auto shows that, timestamp created goes by the build)"
        )
    if params["on_server_policy"] == "fail":
        refusals += [_policy_text(project) for project in _projects_with_policy(state)]
    if state.unread_protection:
        refusals.append(
            "GitLab would let an administrator delete protected tags, and its protection rules can't be read here "
            "(allow_unread_protection goes on all the same)"
        )
    if comparison and wish.approved and wish.terms:
        refusals += refusals_of(wish.approved, wish.terms, comparison, state.clock)
    most = state.server.client.settings.max_requests
    if most and state.via not in BULK:
        needed = estimate_deleting(state.server, plan, state.via)
        if reason := too_many(needed, state.sent, most, f"deleting {plan.deletions} tags"):
            refusals.append(reason)
    return Planned(replace(plan, refusals=tuple(refusals)), comparison)


def _bulk_refusals(state: State, plan: Plan, params: t.Mapping[str, t.Any], wish: Wish) -> list[str]:
    if state.via not in BULK or not plan.deletions:
        return []
    if state.server.mode == Mode.UNKNOWN:
        return ["it could not be told what registry this is, and so not what a bulk deletion does there"]
    if state.via != "bulk":
        return []
    found = (why_not_pinned(order, state.server.mode) for order in orders_of(plan, params, wish))
    return [reason for reason in found if reason]


def orders_of(plan: Plan, params: t.Mapping[str, t.Any], wish: Wish) -> list[Order]:
    """The bulk deletions that carry the plan out, one for each repository."""
    parts = [part for part in plan.repositories if part.deletions]
    if wish.parameters is None:
        return [pinned(part, params["name_regex_keep"], params["older_than"]) for part in parts]
    parameters = parameters_in_request(wish.parameters)
    return [Order(part, parameters) for part in parts]


def _repository_plan(reading: TagListing, state: State, rules: Rules, source: str, wish: Wish) -> RepositoryPlan:
    project = state.selection.projects.get(reading.repository.project_id)
    part = RepositoryPlan(
        reading.repository,
        date_source=source,
        listing=reading.listing,
        policy=project.policy if project else None,
        policy_known=project is not None and project.policy is not None,
        error=reading.error,
    )
    refs = state.refs.get(reading.repository.project_id)
    if reading.error:
        return part
    if isinstance(refs, RequestError):
        return replace(part, error=refs)
    if wish.parameters is None:
        return replace(part, decisions=tuple(decisions_on(reading, state, rules, source, wish)))
    found = predicted(state.server, reading, wish.parameters, state.clock, binding=False)
    return replace(
        part,
        decisions=decisions_of(found, reading),
        certainty=found.certainty,
        doubts=found.why,
        expected=(found.least, found.most),
    )


def decisions_on(reading: TagListing, state: State, rules: Rules, source: str, wish: Wish) -> list[Decision]:
    """What the rules decide, and what belongs together."""
    if reading.repository.id in state.by_plan:
        return list(state.by_plan[reading.repository.id])
    return with_families(
        decide(reading.tags, rules, source, state.clock, held_of(reading, state.refs, wish)),
        wish.families,
        lambda tag: age_reason(tag, rules, source, state.clock),
        known_of(reading, state, wish),
    )


def known_of(reading: TagListing, state: State, wish: Wish) -> Known:
    path = reading.repository.path
    return Known(wish.promised.get(path, ()), state.missing.get(path, frozenset()))


def _projects_with_policy(state: State) -> list[Project]:
    numbers = {reading.repository.project_id for reading in state.readings}
    projects = [project for number, project in state.selection.projects.items() if number in numbers]
    return sorted(
        (project for project in projects if project.policy and project.policy.enabled), key=lambda project: project.path
    )


def _policy_text(project: Project) -> str:
    when = f", next at {project.policy.next_run_at}" if project.policy and project.policy.next_run_at else ""
    return f"the cleanup policy of project {project.path} itself is enabled and deletes tags by its own rules{when}"


def warnings_of(state: State, plan: Plan, params: t.Mapping[str, t.Any]) -> list[str]:
    """What a user has to know before trusting the plan."""
    found = list(state.selection.warnings)
    if params["on_server_policy"] == "warn":
        found += [f"T{_policy_text(project)[1:]}." for project in _projects_with_policy(state)]
    if params["timestamp"] == "created" and state.server.mode != Mode.NO_DATABASE:
        found.append(
            "timestamp is created: where the registry has a metadata database that is the first push of a tag's name, "
            "and a tag that was pushed again since may be deleted as old."
        )
    for part in plan.repositories:
        differing = [decision.tag.name for decision in part.decisions if decision.reason == "ambiguous_pattern"]
        if differing:
            found.append(
                f"{part.repository.path}: GitLab reads a pattern in another way than people do for {len(differing)} "
                f"tags, which stay ({', '.join(differing[:5])}); put brackets around its alternatives."
            )
        if part.listing == "capped":
            found.append(f"{part.repository.path}: exactly 10,000 tags are listed, so there may be more.")
    return found


def notes_of(state: State, rules: Rules) -> list[str]:
    """How the plan was made, for the result."""
    found = []
    source = date_source(state.server.mode, rules)
    if source == "built":
        found.append(
            "This registry has no metadata database: dates are the build dates of the images, and an old image that "
            "was tagged today is old."
        )
    if source == "unknown" and state.readings:
        found.append(
            "It could not be told whether the registry has a metadata database, so no date can be trusted and every "
            "tag that a date would decide about is kept."
        )
    builds = dates_note(state.readings, rules_on(state.server, rules))
    found += [builds] if builds else []
    if state.server.missing_dates_reason:
        found.append(state.server.missing_dates_reason)
    if source == "published" and not state.server.uses_graphql:
        found.append(f"The last push of tags is shown by GraphQL alone. {state.server.why_no_graphql}".rstrip())
    if state.readings and not state.server.uses_graphql and state.server.mode != Mode.NO_DATABASE:
        found.append("GitLab's tag protection rules can't be read here; GitLab itself enforces them.")
    return found


def result_of(
    connection: Connection,
    state: State,
    plan: Plan,
    params: t.Mapping[str, t.Any],
    wish: Wish,
    seal: str,
    comparison: Comparison | None,
) -> dict[str, t.Any]:
    """Everything about the plan that is returned in check mode and in a run alike."""
    limit = params["return_limit"]
    unguarded = [
        f"{part.repository.path}:{decision.tag.name}"
        for part in plan.repositories
        for decision in part.deletions
        if decision.tag.digest is None and state.via not in BULK
    ]
    found = {
        "plan": result(plan, limit, seal),
        "unguarded": unguarded[:limit],
        "in_use": {
            "references": len(wish.used.references),
            "untagged": [each.text for each in untagged_in(state.readings, wish)[:limit]],
            "pinned": [each.as_result() for each in state.pins.pins[:limit]],
            "lost": list(state.pins.lost[:limit]),
        },
        "errors": [
            {"repository": part.repository.path, **part.error.as_result()} for part in plan.unread if part.error
        ],
        "notes": notes_of(state, wish.rules),
        "server": {
            "url": connection.access.settings.url,
            "registry": state.server.mode,
            "delete_via": state.via,
            "read_via": state.server.way,
            "clock": format_time(state.clock),
            "being_deleted": [repository.path for repository in state.selection.being_deleted],
            "registry_disabled": list(state.selection.registry_disabled),
        },
    }
    if comparison and wish.approved:
        found["approved"] = {
            "fingerprint": wish.approved.fingerprint,
            "clock": format_time(wish.approved.clock),
            "tags": len(wish.approved.digests),
            "deleted_before": comparison.done,
            "as_planned": len(state.by_plan),
            "counts": comparison.counts(),
            "drift": [each.as_result() for each in comparison.drift[:limit]],
        }
    return {**found, "plan_path": params["plan_path"]} if params["plan_path"] else found


def plan_header(connection: Connection, state: State, params: t.Mapping[str, t.Any], wish: Wish) -> dict[str, t.Any]:
    """The first line of the plan file: where, what and by which rules."""
    options = [
        *JUDGING,
        "in_use",
        "in_use_sources",
        "in_use_sources_expected",
        "keep_refs",
        "keep_deployments",
        "ref_match",
        "min_remaining",
        "max_deletions",
        "max_deletions_percent",
        "max_deletions_total",
        "max_deletions_total_percent",
        "max_unknown_percent",
        "on_limit",
        "delete_via",
        "read_via",
    ]
    return {
        "format": FILE_FORMAT,
        "version": FILE_VERSION,
        "server": connection.access.settings.url,
        "registry": state.server.mode,
        "clock": format_time(state.clock),
        "scope": wish.scope.as_result(),
        "rules": {option: params[option] for option in options},
    }


def with_pins(intent: Intent, pins: t.Sequence[Pin], limit: int) -> Intent:
    """The intent, with the tags that images in use get. limit: the most of them in the diff."""
    if not pins or intent.refusals:
        return intent
    return replace(intent, changed=True, diff=[*intent.diff, *diff_of(pins, limit)])


def with_pinned(applied: Applied, pinned: list[dict[str, t.Any]], limit: int) -> Applied:
    """What came of it, with the tags that images in use got."""
    failed = [row for row in pinned if row["outcome"] != "written"]
    sentences = [applied.shortfall] if applied.shortfall else []
    if failed:
        place = f"{failed[0]['repository']}@{failed[0]['digest']}"
        sentences.append(
            f"{len(failed)} of {len(pinned)} images in use got no tag; first {place}: {failed[0]['message']}"
        )
    outcome = {**applied.outcome, "pinned": pinned[:limit]}
    return replace(applied, outcome=outcome, shortfall=" ".join(sentences))


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    params = module.params
    with failing(module):
        wish = wish_of(params)
        connection = connect(module)
        check_scope(wish.scope, connection.is_job_token)
        for option in ("keep_refs", "keep_deployments"):
            if params[option] and connection.is_job_token:
                raise UsageError(f"{option} can't be had with a CI/CD job token: give a project access token instead.")
        if wish.approved and wish.terms:
            check_plan(wish.approved, wish.terms, connection.access.settings.url, wish.scope.as_result())
        wish = replace(wish, before=interrupted(params["journal_path"], connection.access.settings.url))
        with remembered(params["cache_path"]) as images:
            state = observe(connection, params, wish, images)
        plan, comparison = plan_of(state, params, wish)
        for warning in warnings_of(state, plan, params):
            module.warn(warning)
        header = plan_header(connection, state, params, wish)
        seal = fingerprint(header, plan.going())
        if params["plan_path"]:
            write_lines(params["plan_path"], file_lines(plan, header, seal), "plan_path")

        def apply() -> Applied:
            with kept_journal(params["journal_path"]) as tell:
                tell({"event": "start", "server": header["server"], "fingerprint": seal, "planned": plan.deletions})
                tell_following(tell, plan)
                pinned = pin(t.cast(Registry, state.server.registry), state.pins.pins, tell)
                if state.via in BULK:
                    wait = float(params["wait_timeout"]) if params["wait"] else None
                    outcome = delete_in_bulk(state.server, orders_of(plan, params, wish), wait, tell)
                else:
                    outcome = delete(state.server, plan, state.via, tell)
                tell_end(tell, outcome)
            return with_pinned(applied_deletion(outcome, params["return_limit"]), pinned, params["return_limit"])

        finish(
            module,
            connection,
            with_pins(intent_of(plan, params["return_limit"]), state.pins.pins, params["return_limit"]),
            result_of(connection, state, plan, params, wish, seal, comparison),
            apply,
            tolerate=params["on_error"] == "report",
        )


if __name__ == "__main__":
    main()

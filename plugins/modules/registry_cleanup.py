#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_cleanup
short_description: Delete old tags from GitLab container registries
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Decides for every tag of one repository, some projects or a whole group whether it is deleted or kept, and why. Then
    deletes exactly the tags that check mode shows.
  - Anything that could not be read reliably is kept and reported.
  - >-
    The decision is made in this order: O(protect) and C(latest); tags under a GitLab protection rule;
    O(name_regex_delete) and O(name_regex_keep); of what is left the newest O(keep_n), and those of O(keep_n_per); then
    O(older_than), O(min_age) and O(expires_label). A tag that nothing has kept is deleted. Signatures and the like are
    deleted with the last tag of their image (O(signatures)).
  - With O(rules), the first rule that matches a tag decides about it in this order. A tag that no rule matches is kept.
  - Tags are deleted by name, so other tags of the same image are kept. Each tag is read again right before it is
    deleted, and is kept if it points to another image by then.
  - Deleting tags frees no disk space by itself. The registry's garbage collection does that.
  - A run that is interrupted (Ctrl-C, C(timeout), a killed C(ansible-playbook) on the same host) sends no further
    request, except for the end of the journal (O(journal_package)). With C(async) it continues.
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
  - containerops.gitlab._deletion.run_by
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
notes:
  - Exactly one of O(project), O(group) and O(repository_id) is required, unless an approved plan says it.
  - A task that takes longer than 20 seconds shows every 30 seconds how far it is, on stderr, if it runs on the control
    node without C(become), C(async) and C(no_log). The variable C(registry_progress_interval) sets other seconds, and
    V(0) shows nothing.
requirements:
  - google-re2 (Python library)
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
    details: With O(older_than), tags become old enough as time passes.
options:
  name_regex_delete:
    description:
      - RE2 pattern of the names that may be deleted. It has to match the whole name.
      - GitLab does not group a pattern before it anchors it, so to GitLab V(v1|v2) also matches V(v1-foo). If the two
        readings of a pattern differ on a tag, the tag is kept and a warning names it. Write V((v1|v2\)).
      - Exactly one of O(name_regex_delete) and O(rules) is required, unless an approved plan says it.
    type: str
    aliases:
      - name_regex
  name_regex_keep: &name_regex_keep
    description:
      - RE2 pattern of names that are kept although O(name_regex_delete) matches them. They do not count towards
        O(keep_n).
    type: str
  keep_n: &keep_n
    description:
      - Keep this many of the newest matching tags in each repository. If several tags are as old as the last one of
        these, all of them are kept.
      - V(0) keeps none.
    type: int
    default: 0
  keep_n_counts: &keep_n_counts
    description:
      - What O(keep_n) and O(keep_n_per) count.
      - With V(images), all tags of one image take one place together, that of the newest of them. The image is kept
        whole. If a rank or something else keeps a tag that the pattern matches, the other matching tags of its image
        are kept, too.
      - If it is not known to which image such a kept tag points, all tags that the pattern matches are kept.
      - V(images) never deletes a tag that V(tags) keeps.
    type: str
    choices:
      - tags
      - images
    default: tags
  keep_n_per: &keep_n_per
    description:
      - Keep the newest tags of each group, besides O(keep_n). A tag is kept if one of the entries keeps it.
      - Seven days, four weeks and twelve months, each with one tag, keep backups in the way of grandfather, father and
        son.
    type: list
    elements: dict
    suboptions:
      by:
        description:
          - What makes a group. V(day), V(week) (from Monday), V(month) or V(year) of the tag's date, in UTC; V(major)
            or V(minor) of the version (O(sort_by)); else a capture group of the pattern, by its name or number.
        type: str
        required: true
      keep_n:
        description:
          - How many tags to keep of each group.
        type: int
        default: 1
      groups:
        description:
          - Only this many groups, the newest that have a tag. All by default.
        type: int
  sort_by: &sort_by
    description:
      - What newest means for O(keep_n) and O(keep_n_per). Except for V(date), the version in the name counts. That is
        the whole name, or a part of it (O(version_group)).
      - V(semver) is a semantic version, with or without a v before it. Registries allow no C(+), so build metadata
        follows an underscore, as in V(1.2.3_build.5). It does not count, so V(1.2.3_4) and V(1.2.3_5) are equally new.
      - V(calver) is a calendar version of a year with four or two digits and up to four more numbers, such as
        V(2024.05.1) or V(24.4), or a date such as V(2024-05-31), V(2024-05), V(20240531) or V(20240531.2). Before a
        release come V(dev), V(alpha), V(beta) and V(rc), as in V(2024.05.0-rc1). V(major) and V(minor) of O(keep_n_per)
        are the first number, and the first two.
      - V(natural) compares all numbers in a name as numbers and the rest letter by letter, so that V(build-8) is older
        than V(build-10).
      - V(name) compares letter by letter, so that V(build-10) is older than V(build-8). A note tells where that decides
        otherwise than V(natural).
      - With V(semver) and V(calver), a name that holds no such version, such as V(1.2) for V(semver), is kept and does
        not count.
    type: str
    choices:
      - date
      - semver
      - calver
      - natural
      - name
    default: date
  version_group: &version_group
    description:
      - The capture group of the pattern that holds the version, by its name or number. With the pattern
        V(app-(?P<version>.+\)-alpine) and V(version), the version of C(app-1.2.3-alpine) is C(1.2.3). The whole name is
        the version by default.
      - It is used by every O(sort_by) but V(date), by V(major) and V(minor) of O(keep_n_per), and by
        O(prereleases=apart).
      - A tag of which the group holds nothing is kept and does not count.
    type: str
  prereleases: &prereleases
    description:
      - V(apart) counts prereleases, such as V(1.2.0-rc1), apart from releases, so that no release is deleted because
        prereleases are newer. Versions are semantic, or calendar versions with O(sort_by=calver).
    type: str
    choices:
      - together
      - apart
    default: together
  prerelease_order: &prerelease_order
    description:
      - How prereleases of the same version are ordered with O(sort_by=semver).
      - V(semver) is the order of U(https://semver.org). It compares the parts between dots letter by letter unless they
        are numbers, so V(rc10) is older than V(rc9), and V(rc.9) older than V(rc.10). A note tells where that decides
        otherwise than V(natural).
      - V(natural) also compares numbers as numbers that follow letters, so that V(rc9) is older than V(rc10).
    type: str
    choices:
      - semver
      - natural
    default: semver
  expires_label: &expires_label
    description:
      - Delete only tags whose image says by itself that it has expired, by the label or annotation of this name, such
        as V(quay.expires-after).
      - Its value is a duration in hours, days or weeks such as V(12h), V(1d) or V(2w), which counts from the date of
        the tag; or a time such as V(2026-01-31T12:00:00Z); or a day, which counts until it is over, in UTC. A duration
        counts from the last push, or from the build where the registry has no metadata database (O(timestamp)).
      - All other options of the rule hold besides, so a label never deletes what they keep. A tag whose image lacks
        the label is kept, whatever its age. It has the reason V(no_expiry_label), and V(label_not_expired) before its
        time has come.
      - A tag is kept with V(unknown_expiry) if the label can't be read, or if its value is anything else, is zero, is a
        time before the date of the tag, or lies more than 150 years after it.
      - If both the manifest and the config of an image have the label, the later time counts. A multi-platform image
        expires with the last of its images, and only if all of them have the label, or its own manifest.
      - A label is inherited from the image that an image is built from.
      - Only the registry itself shows labels. It is asked for the manifest and the config of each image that nothing
        else keeps and that O(cache_path) does not know, and of a multi-platform image for those of all its images.
    type: str
  older_than: &older_than
    description:
      - Delete only tags older than this, such as V(30d), V(12h) or V(1month 2w).
      - Units are V(s), V(sec), V(min), V(h), V(d), V(w), V(month) of 30 days and V(y) of 365.25 days. V(1m) and bare
        numbers are refused, since GitLab reads V(1m) as a minute and V(30) as 30 seconds.
    type: str
  rules:
    description:
      - Several rules, for several kinds of tags. The first one whose pattern matches a tag decides about it, and a tag
        that none matches is kept. O(protect) comes before all rules.
      - Each rule has its own O(keep_n), O(older_than) and so on, so those options can't be given besides.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the rule. Each tag that the rule decides about shows it. The rule's number by default.
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
          - Whether to keep all tags that match.
        type: bool
        default: false
      name_regex_keep: *name_regex_keep
      keep_n: *keep_n
      keep_n_counts: *keep_n_counts
      keep_n_per: *keep_n_per
      older_than: *older_than
      sort_by: *sort_by
      version_group: *version_group
      prereleases: *prereleases
      prerelease_order: *prerelease_order
      expires_label: *expires_label
  retention:
    description:
      - Rule sets for many projects, and which group, project or repository has which of them. The page
        C(docs/retention-document.md) of the collection explains its keys.
      - It is a mapping, or a text in YAML. It is checked as a whole before anything is read.
      - A repository has the rule set that is assigned to its own path, else to a glob that matches its path, else to
        its project, else to the nearest group around it, else C(default). Sets are never merged. A repository that has
        none keeps all its tags.
      - What the task itself keeps, such as by O(protect), and its limits hold for all rule sets. A rule set can only
        add to them.
      - Exactly one of O(name_regex_delete), O(rules), O(retention) and O(retention_path) is required, unless an
        approved plan contains the rules.
    type: raw
  retention_path:
    description:
      - Read O(retention) from this file. Messages name the line of a mistake then. It needs PyYAML where the module
        runs.
    type: path
  only_rule_sets:
    description:
      - Delete tags by these rule sets of O(retention) only, by their names. The repositories of all other rule sets
        keep their tags. All rule sets by default.
    type: list
    elements: str
  previous_retention:
    description:
      - The retention document before a change, to see what the change does. RV(retention_changes) has the repositories
        from which other tags are deleted, and those with another rule set.
      - It does not change what is deleted, and takes no more requests than both documents need.
    type: raw
  previous_retention_path:
    description:
      - Read O(previous_retention) from this file.
    type: path
  min_age:
    description:
      - Keep every tag that is younger than this, whatever the rules say. It is written as O(older_than).
    type: str
  dates_valid_from:
    description:
      - The time from which on GitLab's dates are those of pushes, such as V(2026-01-31) or V(2026-01-31T12:00:00Z).
      - An import to the registry's metadata database gives all tags new dates. If most tags of the scope are dated
        within three days, and images among them were built long before or can't be read, a plan that needs dates is
        refused until this option is given, even if it would delete nothing today.
      - A tag with an older date is as old as the build of its image, which is read from the registry itself. If that
        can't be read, or with O(timestamp=created), its age is unknown and it is kept. A time before all dates says
        that all of them can be trusted.
    type: str
  timestamp:
    description:
      - What the age of a tag is. It is judged by the clock of the server.
      - With V(auto) it is the last push that changed the tag's image, if the registry has a metadata database. To push
        the same image again changes nothing. Without such a database it is the build of the image, the only date that
        GitLab knows there, so an old image that was tagged today is old.
      - An artifact, Helm chart or cache has no build in its config. If the registry itself is asked (O(read_via)), the
        annotation C(org.opencontainers.image.created) of its manifest counts as the build. It counts for an image, and
        so does the label of this name, only if the config has no C(created) at all; and for a multi-platform image only
        if none of its images has a date.
      - With V(created) it is the date that GitLab calls C(created_at). With a metadata database that is the first push
        of the name, so a tag that was pushed again an hour ago may count as old. If tags are read by REST in front of a
        metadata database (O(read_via)), it can't be told what GitLab's date means, and every such tag is kept.
    type: str
    choices:
      - auto
      - created
    default: auto
  protect:
    description:
      - RE2 patterns of names that are always kept. A pattern is refused if it, or one of its alternatives, can match no
        tag, as for a blank or a comma in it.
    type: list
    elements: str
  allow_latest:
    description:
      - Whether the tag C(latest) may be deleted.
    type: bool
    default: false
  in_use:
    description:
      - Images that run somewhere, whose tags are kept. Each is a reference by tag or by digest, with or without the
        registry's host, or an image's id as container engines show it.
      - A reference keeps every tag that it may mean. V(acme.io/shop:blue) may begin with a host or with a group, and
        V(harbor.corp/gitlab/team/app:v1) may come from a mirror, so it keeps C(v1) of C(team/app). V(app:v1) may lack
        its host and groups, so it keeps C(v1) of every repository whose path ends in C(/app).
      - An index in use keeps the tags of its images, and an image in use keeps the tag of its index. Which images an
        index has is read from the registry itself (O(read_via)); GitLab does not show it.
      - If an image is in use by digest or by id, tags for which this is unknown are kept as well. By ids these are the
        tags of multi-platform images.
    type: list
    elements: str
  in_use_sources:
    description:
      - Images in use, grouped by where they were found, so that a source that gave nothing is noticed. A source without
        images, or with a failure, refuses the plan.
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
          - Why the images are incomplete. Empty if they are complete.
        type: str
        default: ""
      read_at:
        description:
          - When the images were read, such as V(2026-01-31T12:00:00Z), for O(in_use_max_age). A source without it
            counts as read now.
        type: str
  in_use_sources_expected:
    description:
      - The names of the sources that have to be there, or their number. If one is missing, the plan is refused.
    type: raw
  in_use_max_age:
    description:
      - The greatest age of O(in_use_sources), written as O(older_than) and judged by GitLab's clock. If a source was
        read longer ago, the plan is refused. It is no part of the plan's fingerprint.
    type: str
    default: 1h
  pin_untagged_in_use:
    description:
      - Give a tag to each image that is in use by its digest and that no tag leads to (RV(in_use.untagged)), before
        anything is deleted, so that the registry does not collect it. The tag is C(in-use-) and the digits of the
        digest. It is kept while the image is in use, like every other tag; later a rule may delete it.
      - It needs the registry itself (O(read_via)) and a token that may push.
    type: bool
    default: false
  keep_refs:
    description:
      - Keep tags named after an existing branch, the source branch of an open merge request, or a git tag of the
        project. It takes a request for each hundred of them, and a token that may read the code.
      - The merge requests of a fork may be in another project. So in a fork V(merge_requests) keeps tags named after
        its branches too.
      - If they can't be read, the repository counts as unread and keeps all its tags.
    type: list
    elements: str
    choices:
      - branches
      - merge_requests
      - tags
  keep_deployments:
    description:
      - Keep tags of the last N successful deployments of each environment of the project that was not stopped, and of
        later ones that run or wait for approval. A tag belongs to a deployment by its ref, its commit or at least seven
        of the commit's first digits, as O(ref_match) says. It takes a request for each environment, and a token that
        may read the code.
      - If they can't be read, the repository counts as unread and keeps all its tags.
    type: int
    default: 0
  ref_match:
    description:
      - How the name of a tag carries a ref, or the slug of it (C(CI_COMMIT_REF_SLUG)). It is the V(whole) name, or with
        V(prefix) and V(suffix) its beginning or end too, up to one of C(-), C(.) and C(_).
      - Upper and lower case are the same, and so are all characters but letters and digits. So C(feature-Login_2)
        carries the branch C(feature/login-2).
    type: str
    choices:
      - whole
      - prefix
      - suffix
    default: whole
  signatures:
    description:
      - What to do with signatures, attestations and SBOMs, which carry the digest of their image in their names
        (C(sha256-<digest>) and what may follow).
      - V(follow) deletes them when every tag of their image is deleted, whether a tag points to the image or to an
        index that holds it. They are kept while one such tag is kept. If a tag that is kept may hold their image
        unseen, they are kept too.
      - V(collect) also deletes those without an image, if all tags of the repository were read and the registry itself,
        asked for the digest, says that there is no such image.
      - V(keep) keeps all of them. With O(delete_via=bulk) they are kept in any case.
      - Any other tag that belongs to an image by its manifest's C(subject) is deleted by its rule, but never while a
        tag of its image is kept. Only the registry itself shows this field (O(read_via)).
    type: str
    choices:
      - keep
      - follow
      - collect
    default: follow
  shared_digest:
    description:
      - What to do with a tag if another tag of the repository points to the same image. V(independent) judges each tag
        by itself.
      - With V(auto) each tag is judged by itself if the registry is known to delete a tag without the other tags of its
        image. That is so for GitLab's own registry, which proves it by its metadata database, or by its version where
        the registry itself can be asked (O(read_via)). Any other registry is treated as with V(keep_together).
        There O(delete_via=bulk_unpinned) is refused if GitLab would delete a tag that shares its image with a kept one.
      - V(keep_together) keeps all tags of an image if one of them is kept. All tags of a repository are read then, and
        if the digest of one that is kept is unknown, all tags are kept.
    type: str
    choices:
      - auto
      - independent
      - keep_together
    default: auto
  min_remaining:
    description:
      - The least number of tags to keep in each repository that tags are deleted from. Signatures do not count.
    type: int
    default: 1
  max_deletions_percent:
    description:
      - The most tags to delete from one repository, in percent of all its tags.
    type: float
  max_unknown_percent:
    description:
      - The most tags of one repository for which it is unknown whether they may be deleted, in percent of all its tags.
    type: float
  on_limit:
    description:
      - What to do if a repository exceeds a limit. V(fail) deletes nothing anywhere, V(skip_repository) keeps all tags
        of that repository.
    type: str
    choices:
      - fail
      - skip_repository
    default: fail
  max_deletions_per_run:
    description:
      - The most tags that one run tries to delete. The next run continues. Unlike a limit it does not refuse the plan.
        Limits still judge the whole plan.
      - With it, or with O(max_duration), tags are deleted in turns. A turn is up to 20 tags of one repository, as many
        as GitLab deletes with one request. The oldest tags of each repository come first, the repositories in the order
        of their paths, then the second turn of each, and so on. Tags that belong to other tags, such as signatures,
        follow when all of these have had their turn.
      - The plan is the whole one. RV(plan.delete) and the diff show what this run deletes at most, and
        RV(plan.this_run) says so.
      - Tags that fail count too. What a run tried is always the beginning of that order.
      - A run that leaves tags for its budget does not fail. Its outcome counts them in V(left_for_next_run) and says
        in RV(outcome.budget) why it stopped and how to continue.
      - The plan file holds this option and O(max_duration), under its fingerprint. A run of an approved plan takes both
        from there. A smaller value of the task counts instead, a larger one does not, and RV(notes) says so.
      - To continue an approved plan, run the same task again within O(plan_max_age), with the same O(journal_path).
      - If a registry deletes an image with all its tags, a tag that is left for the next run may be deleted with the
        others of its image, if the plan deletes all of them.
      - Not with O(delete_via=bulk) or O(delete_via=bulk_unpinned).
    type: int
  max_duration:
    description:
      - After this time no turn is begun, written as O(older_than). It is measured by the clock of the machine that
        the module runs on, from its start. See O(max_deletions_per_run) for the order, and for how to continue.
      - What has begun is finished. The repositories are listed again afterwards to see what became of the tags, so give
        the job more time than this.
      - If reading takes longer than this, nothing is deleted.
      - Not with O(delete_via=bulk) or O(delete_via=bulk_unpinned).
    type: str
  on_server_policy:
    description:
      - What to do if the project has a cleanup policy of its own enabled, which deletes tags by its own rules.
    type: str
    choices:
      - warn
      - fail
      - ignore
    default: warn
  on_unmatched:
    description:
      - What to do if an entry that keeps or excludes something matches nothing, such as O(protect=1.0.0) where the tags
        are called V(v1.0.0). RV(plan.totals.matches) has what each entry matches.
      - With V(auto), an entry of O(exclude_repositories) that excludes nothing refuses the plan. So does an assignment
        or an exception of O(retention) for something that has to be in scope and is not there. Everything else is a
        warning. With V(warn) all of them are warnings, with V(fail) each of them refuses the plan.
      - It is judged by the scope of this task. An exclusion never refuses the plan if there is no repository in scope,
        or if all of them are of one project and the entry names neither that project nor a part of the path of one of
        its repositories, since such entries may be meant for other tasks.
      - Some entries never refuse the plan. A source of O(in_use_sources) may have images of other registries alone, and
        there may be no open merge request. If no tag could be read, nothing is said.
    type: str
    choices:
      - auto
      - warn
      - fail
    default: auto
  require_digest:
    description:
      - Keep tags whose digest can't be read, since they can't be compared right before they are deleted.
      - With V(false), such tags are deleted if they are chosen by name alone, and listed in RV(unguarded). It has no
        effect with O(keep_n) or O(older_than), nor if the registry has a metadata database.
    type: bool
    default: true
  allow_unread_protection:
    description:
      - Continue as an administrator although GitLab's tag protection rules can't be read. GitLab enforces them for
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
        deletes it; tags are not compared with the plan again. Without a metadata database it is refused for more than
        200 tags of a repository.
      - V(bulk_unpinned) passes O(name_regex_delete), O(name_regex_keep), O(keep_n) and O(older_than) to the same
        endpoint as they are, and GitLab decides. The plan is then a prediction that says how sure it is
        (RV(plan.repositories[].certainty)). O(protect), O(allow_latest), O(timestamp) and O(require_digest) have no
        effect there and are refused.
      - With both, O(wait) is about GitLab's background job. Without waiting, tags are reported as C(unverified).
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
      - Write the whole plan, with every tag and its reason, to this file as JSON Lines, in check mode too.
    type: path
  output_path:
    description:
      - Write an audit of all repositories and projects to this file as JSON Lines, in check mode too. The lines are
        those that M(containerops.gitlab.registry_info) writes, so that an audit with a plan reads the tags only once.
        Each says besides how many tags the plan deletes, and how many bytes it frees.
    type: path
  gather:
    description:
      - What O(output_path) holds of each repository. It does not change what the plan deletes.
      - V(tags_count) is the number of its tags. V(tags) adds the tags, with what was read of them to decide.
      - V(tag_details) reads date, digest, size and media type of all tags, even if the rules do not need them.
      - V(size) costs a request for each repository, and is known only if the registry has a metadata database.
        V(layers) costs a request to the registry itself for each manifest that O(cache_path) does not know. Both are
        read after the plan was made and tell what it frees (RV(plan.totals.freed_least)), without O(output_path) too.
      - If O(max_requests) would not leave enough requests to delete what is planned, they are not read, and
        RV(notes) says so.
    type: list
    elements: str
    choices:
      - tags_count
      - tags
      - tag_details
      - size
      - layers
    default:
      - tags_count
  approved_plan_path:
    description:
      - Read the approved plan from this file, which O(plan_path) wrote before. Only tags are deleted that are in it,
        that today's rules still choose, and that still point to the same image. Differences are reported in
        RV(plan.approved).
      - If M(containerops.gitlab.registry_plan_merge) made the plan of several, the one for this scope is taken from it.
      - A task that has neither O(project) nor O(group) nor O(repository_id) takes the scope of the plan. One that has
        neither O(name_regex_delete) nor O(rules) takes all options that the plan was made by, except those that it
        gives itself. O(max_deletions_per_run) and O(max_duration) are always taken from the plan, unless the task gives
        a smaller value. O(in_use_sources) is never taken from the plan. Whatever rules are given, all sources are
        required that the plan was made with, and at least as many as its O(in_use_sources_expected).
      - It is refused if any line of it was altered, if it is older than O(plan_max_age), was made for another server or
        scope, or was refused itself when it was made.
    type: path
  approved_plan:
    description:
      - The approved plan as text, at most 64 KB, instead of O(approved_plan_path).
    type: str
  approved_fingerprint:
    description:
      - The fingerprint (RV(plan.fingerprint)) of the plan that was approved, from whoever approved it. Required with an
        approved plan. It may be in capitals and without C(sha256:), and shortened to its first 12 digits or more. Give
        the whole one if somebody else may write where the plan lies.
    type: str
  require_approval:
    description:
      - Refuse, before the first request, what has no approved plan with its fingerprint.
    type: bool
    default: false
  journal_path:
    description:
      - Write a line to the end of this regular file before each tag is asked to be deleted or given, and one with what
        became of it, as JSON Lines. The lines are on disk before the request is sent. So a run can be followed, and
        each deleted digest is known. What can't be noted is not deleted.
      - A run that was killed is started again as it was, with the same file. What it had already deleted is counted in
        RV(plan.deleted_before) then, and is no drift from an approved plan.
      - In check mode nothing is written to it.
    type: path
  journal_is_temporary:
    description:
      - The file of O(journal_path) is removed after the run, as by roles that only make reports of it. So it does not
        count as a journal for O(journal_package).
    type: bool
    default: false
  journal_package:
    description:
      - Store the journal in a generic package of a project, so that a run that is killed or cancelled leaves its record
        although its machine is gone. It is stored in parts, before the first tag is deleted, every 30 seconds, and at
        the end. In the order in which they were stored the parts are the journal.
      - If the first part can't be stored, nothing is deleted. If a later one can't be, it is tried again. With
        O(journal_path) the run continues meanwhile. Without it, no further tag is deleted while GitLab refuses a part,
        or while a line waits for longer than a minute.
      - So after a kill the package lacks at most what was noted within one minute, if there is no O(journal_path). The
        file of O(journal_path) lacks nothing.
      - If the end of the journal can't be stored, a warning says so with O(journal_path), and the task fails without
        it.
      - If a signal ends the run, it waits at most 8 seconds for the end of the journal.
      - Parts do not count for O(max_requests), and are sent at once whatever O(max_requests_per_minute) is.
      - M(containerops.gitlab.registry_plan_package) joins the parts into a file for O(journal_path), to continue a run
        that was killed.
      - The role P(containerops.gitlab.registry_cleanup#role) needs only the project. The version and the name are by
        default as for its O(containerops.gitlab.registry_cleanup#role:main:registry_cleanup_plan_package).
      - In check mode nothing is stored.
    type: dict
    suboptions:
      project:
        description:
          - Path or number of the project. The token's user needs the role Developer in it.
        type: str
        required: true
      package:
        description:
          - Name of the package.
        type: str
        default: registry-cleanup-journal
      version:
        description:
          - Version of the package, such as the number of the workflow's job. Letters, digits and C(.+_-).
        type: str
        required: true
      file_name:
        description:
          - What the names of the parts begin with. Give each host another one if several share a version.
        type: str
        default: journal
  plan_max_age:
    description:
      - The greatest age of an approved plan, written as O(older_than).
    type: str
    default: 72h
  max_drift_percent:
    description:
      - Refuse if more of the tags of the approved plan, in percent, have vanished, moved to another image, are unread,
        or are kept by today's rules or limits.
    type: float
seealso:
  - module: containerops.gitlab.registry_info
  - module: containerops.gitlab.registry_plan_merge
  - name: GitLab's cleanup policy
    description: What GitLab deletes by itself.
    link: https://docs.gitlab.com/user/packages/container_registry/reduce_container_registry_storage/
"""

EXAMPLES = r"""
- name: See what would be deleted from a group, and why every other tag is kept
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

- name: Delete at most 500 tags a night, and begin nothing after two hours
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: "(dev|feature)-.*"
    older_than: 30d
    max_deletions_percent: 90
    max_deletions_per_run: 500
    max_duration: 2h

- name: Delete what was approved, and nothing else
  containerops.gitlab.registry_cleanup:
    approved_plan_path: "{{ playbook_dir }}/plan.jsonl"
    approved_fingerprint: "{{ preview.plan.fingerprint }}"
    journal_path: "{{ playbook_dir }}/journal.jsonl"

- name: Keep the images of existing branches, if pipelines put the branch's slug before the build in the tag
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

- name: Delete images of reviews once they have expired by their own label, as in Quay
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: review-.*
    expires_label: quay.expires-after
  check_mode: true

- name: Keep what runs, and refuse if a host is missing
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
        match: (?P<branch>.+)-(?P<build>[0-9]+)
        sort_by: natural
        version_group: build
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

- name: See what GitLab would delete by its own bulk deletion
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
    - V(ok) if every planned tag is gone, or was correctly skipped since it changed; in check mode if the plan is
      complete.
    - V(partial) if something could not be read or deleted, V(refused) if a limit forbids the plan, V(failed) if there
      is no plan.
  returned: always
  type: str
  sample: ok
msg:
  description:
    - Why the task failed. If it did not, what the plan is to delete (RV(plan.summary)), and after a run what became of
      it (RV(outcome.summary)).
  returned: always
  type: str
  sample: 15 deleted of 15 planned.
plan:
  description:
    - The tags to delete and to keep. The same in check mode and in a run, for the same state of the server and the
      same clock.
  returned: when a plan could be made
  type: dict
  contains:
    fingerprint:
      description: A digest of where, when, of what and by which rules the plan was made, and of every tag that is
        deleted or kept with its digest, date, size and reason.
      type: str
      returned: success
      sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
    delete:
      description: The tags to delete, oldest first in each repository, at most O(return_limit) entries. If there are
        more, they are of the repositories with the most deletions.
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
            - For a tag to delete V(matched), V(expired) with O(older_than), or V(label_expired) with O(expires_label);
              V(with_subject) for what is deleted
              after its image, and V(orphaned) for what has no image (O(signatures)).
            - >-
              For a tag that GitLab may delete with O(delete_via=bulk_unpinned) V(sampled), V(tied), V(near_cutoff),
              V(unseen_date), V(unseen_protection), V(unseen_registry) or V(unseen_age), which
              RV(plan.repositories[].doubts) explain.
            - >-
              For a tag to keep V(protected) (O(protect)), V(archived), V(gitlab_protected), V(latest), V(signature),
              V(orphan), V(unknown_subject), V(referrer), V(shared_digest), V(no_match),
              V(ambiguous_pattern), V(keep_pattern), V(keep_rule), V(in_use), V(unknown_in_use), V(active_ref),
              V(deployed), V(no_rule_set), V(rule_set_not_selected), V(exception), V(keep_n),
              V(keep_n_per), V(too_young), V(min_age), V(label_not_expired), V(no_expiry_label),
              V(unknown_date), V(unknown_version), V(unknown_digest), V(unknown_expiry), V(limit) or V(cleanup_fails);
              with an approved plan V(changed), V(rule_set_changed) or V(not_approved).
          type: str
          returned: success
          sample: expired
        rule_set:
          description: Name of the rule set of its repository (O(retention)), null without one.
          type: str
          returned: success
          sample: null
        rule:
          description: Name of the rule that decided, null if none did or there is only one.
          type: str
          returned: success
          sample: null
        digest:
          description: Digest of the image, null when it was not read or can't be read.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        date:
          description: The date of the tag, null if none was read or known. If ages matter, the decision is made by it.
          type: str
          returned: success
          sample: "2026-01-31T12:00:00Z"
        size:
          description: Bytes of the image's manifest, config and layers, null when not read or not known.
          type: int
          returned: success
          sample: 31457280
    keep:
      description: The tags to keep, by name in each repository, at most O(return_limit) entries.
      type: list
      elements: dict
      returned: success
      contains: *decision
    repositories:
      description: The repositories with their counts, by path. If there are more than O(return_limit), they are those
        with the most tags to delete.
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
          description: Path of its project as GitLab writes it, or in lower case if the project can't be read.
          type: str
          returned: success
          sample: team/app
        project_id:
          description: Id of its project.
          type: int
          returned: success
          sample: 3
        rule_set:
          description: Name of its rule set (O(retention)), null without one.
          type: str
          returned: success
          sample: null
        listing:
          description:
            - V(complete), V(unread), V(empty), which a broken registry looks like too, or V(capped) if GitLab may have
              cut it off at 10,000 tags.
          type: str
          returned: success
          sample: complete
        date_source:
          description:
            - What the dates are that decide, V(published) for the last push that changed the image, V(built) for the
              build of the image, V(created) with O(timestamp=created), V(none) if no date was read, or V(unknown) if
              it can't be told, and every tag is kept then.
          type: str
          returned: success
          sample: published
        tags:
          description: Number of tags.
          type: int
          returned: success
          sample: 120
        delete:
          description: Number of tags to delete, or that may be deleted.
          type: int
          returned: success
          sample: 90
        delete_this_run:
          description: Number of these that this run deletes at most (O(max_deletions_per_run)).
          type: int
          returned: success
          sample: 90
        delete_least:
          description: The least number of tags that are deleted.
          type: int
          returned: success
          sample: 90
        delete_most:
          description: The greatest number of tags that are deleted.
          type: int
          returned: success
          sample: 90
        keep:
          description: Number of tags to keep.
          type: int
          returned: success
          sample: 30
        certainty:
          description:
            - V(exact), but with O(delete_via=bulk_unpinned) also V(upper_bound) if chance or a rule decides whether
              some of the tags are deleted, and V(unknown) if a date that GitLab uses can't be seen.
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
          description: The limit that the repository exceeds, null if there is none.
          type: str
          returned: success
          sample: null
        error:
          description: Why it could not be read, null when it was.
          type: str
          returned: success
          sample: null
        bytes:
          description: Bytes of all images before anything is deleted, null if not known.
          type: int
          returned: success
          sample: 104857600
        bytes_method:
          description:
            - Where the number comes from, V(gitlab) (O(gather=size)), V(layers) (O(gather=layers)), V(estimated) by
              adding the sizes of the images, or V(unknown).
          type: str
          returned: success
          sample: gitlab
        freed_least:
          description:
            - The least number of bytes that the plan frees after the registry's garbage collection, null if it can't be
              told. Layers that images share are freed only with the last of these images.
          type: int
          returned: success
          sample: 20971520
        freed_most:
          description: The greatest number of bytes, null if it can't be told. With V(layers) it is the same number.
          type: int
          returned: success
          sample: 52428800
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
          description: Number of repositories that exceed a limit.
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
          description: Number of tags to delete.
          type: int
          returned: success
          sample: 90
        delete_this_run:
          description: Number of these that this run deletes at most (O(max_deletions_per_run)).
          type: int
          returned: success
          sample: 90
        keep:
          description: Number of tags to keep.
          type: int
          returned: success
          sample: 390
        reasons:
          description: Number of tags by reason; V(repository_unread) counts repositories.
          type: dict
          returned: success
          sample: {"expired": 90, "keep_n": 20, "latest": 4, "no_match": 366}
        bytes:
          description:
            - Bytes of all images before anything is deleted, null if not known. Repositories share storage, so the sum
              exceeds what they take together, unless layers were read (O(gather=layers)).
          type: int
          returned: success
          sample: 104857600
        bytes_method:
          description:
            - Where the number comes from, V(gitlab) (O(gather=size)), V(layers) (O(gather=layers)), V(estimated) by
              adding the sizes of the images, or V(unknown).
          type: str
          returned: success
          sample: gitlab
        freed_least:
          description:
            - The least number of bytes that the plan frees after the registry's garbage collection, null if it can't be
              told. It is the sum over the repositories. If they share layers, and O(gather=layers) does not count them,
              less may be freed.
          type: int
          returned: success
          sample: 20971520
        freed_most:
          description: The greatest number of bytes, null if it can't be told. With V(layers) it is the same number.
          type: int
          returned: success
          sample: 52428800
        matches:
          description:
            - What each entry matches that keeps tags or excludes repositories. At most O(return_limit) of them; the
              file of O(plan_path) has all.
          type: list
          elements: dict
          returned: success
          contains: &entry
            option:
              description: Its option. V(keep) is a rule with C(keep).
              type: str
              returned: success
              sample: protect
            entry:
              description: The entry as it was written, such as a pattern or the name of a source. Empty for O(in_use).
              type: str
              returned: success
              sample: release-.*
            rule_set:
              description: The rule set of a retention document that it is a part of, null if it is a part of none.
              type: str
              returned: success
              sample: null
            rule:
              description: The rule that it is a part of, null if it is a part of none or there is only one.
              type: str
              returned: success
              sample: null
            matched:
              description:
                - Number of tags in scope that it matches, whatever else keeps them. For O(exclude_repositories) it is
                  the number of repositories.
                - Tags that another rule decides about do not count for a part of a rule.
              type: int
              returned: success
              sample: 12
            references:
              description: Number of images or git references that it stands for, null if it stands for itself.
              type: int
              returned: success
              sample: null
    unmatched:
      description: The entries that keep or exclude and match nothing (O(on_unmatched)), one sentence each.
      type: list
      elements: str
      returned: success
      sample: ["protect '1.0.0' matches no tag (it is only a part of v1.0.0)"]
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
    rules:
      description:
        - The options that it was made by, as the first line of O(plan_path) names them, and null if they are not given.
          Of O(in_use) and O(in_use_sources) it has the number of sources and images.
      type: dict
      returned: success
      sample: {"in_use": null, "in_use_sources": {"images": 12, "sources": 2}, "keep_n": 5, "older_than": "30d"}
    summary:
      description: What the plan is to delete, in one sentence. Without an outcome it is also the task's message.
      type: str
      returned: success
      sample: 15 to delete of 17 approved; 1 moved, 1 already deleted by an earlier run
    budget:
      description:
        - How much one run deletes of the plan, as the plan file holds it. With an approved plan the smaller value
          counts, that of the plan or of the task, for each of both options. Null if one run deletes all of it.
      type: dict
      returned: success
      sample: {"max_deletions_per_run": 50, "max_duration": null}
    this_run:
      description:
        - What a run deletes of the plan at most (O(max_deletions_per_run), O(max_duration)). Null if that is all of it.
      type: str
      returned: success
      sample: at most 50 of 90 in this run
    deleted_before:
      description:
        - Number of tags that earlier runs with the same O(journal_path) have deleted and that are not there any more.
          With an approved plan these are tags of it; otherwise those of runs that were interrupted and not finished
          since.
      type: int
      returned: success
      sample: 1
    approved:
      description: How the approved plan and today differ. Null without an approved plan.
      type: dict
      returned: success
      contains:
        fingerprint:
          description: Its fingerprint, for a part of a merged plan that of the merged one.
          type: str
          returned: success
          sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
        clock:
          description: When it was made.
          type: str
          returned: success
          sample: "2026-06-01T12:00:00Z"
        totals:
          description: The approved plan in numbers, for a part of a merged plan that part alone.
          type: dict
          returned: success
          contains:
            repositories:
              description: Number of repositories.
              type: int
              returned: success
              sample: 2
            tags:
              description: Number of tags.
              type: int
              returned: success
              sample: 120
            delete:
              description: Number of tags that were approved to be deleted.
              type: int
              returned: success
              sample: 17
        counts:
          description: Number of differences by kind, which RV(plan.approved.drift[].kind) explains.
          type: dict
          returned: success
          sample: {"vanished": 0, "moved": 1, "kept": 0, "unread": 0, "renamed": 0, "rule_set": 0, "new": 2}
        kept_by:
          description: Number of approved tags that today's rules and limits keep, by reason.
          type: dict
          returned: success
          sample: {"in_use": 1}
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
              description:
                - V(vanished) for an approved tag that is not there any more, V(moved) for one that points to another
                  image now, V(kept) for one that today's rules or limits keep, V(unread) for one of a repository that
                  could not be read, V(renamed) for one of a repository that has another path now.
                - V(rule_set) for an approved tag of a repository that has another rule set now. It is kept.
                - V(new) for a tag that today's rules choose and that the plan does not hold. It is kept.
              type: str
              returned: success
              sample: moved
            reason:
              description: Why today's rules or limits keep it, null if they don't.
              type: str
              returned: success
              sample: null
            rule:
              description: Name of the rule that keeps it, null if none does or there is only one.
              type: str
              returned: success
              sample: null
retention_changes:
  description:
    - What the document changes, compared with O(previous_retention), null without that. Repositories of which the most
      tags are newly deleted come first. Tags that GitLab or the task keeps in both cases are no change.
  returned: when a plan could be made
  type: dict
  contains:
    repositories:
      description: The repositories that have another rule set or of which other tags are deleted, at most
        O(return_limit) of them.
      type: list
      elements: dict
      returned: success
      contains:
        repository:
          description: Path of the repository.
          type: str
          returned: success
          sample: team/app
        rule_set:
          description: Name of its rule set, null without one.
          type: str
          returned: success
          sample: services
        previous_rule_set:
          description: Name of its rule set by the previous document, null without one.
          type: str
          returned: success
          sample: null
        newly_deleted:
          description: Names of tags that are deleted now and were kept, at most O(return_limit).
          type: list
          elements: str
          returned: success
          sample: [dev-1]
        newly_kept:
          description: Names of tags that are kept now and were deleted, at most O(return_limit).
          type: list
          elements: str
          returned: success
          sample: []
        newly_deleted_count:
          description: Number of all tags that are newly deleted.
          type: int
          returned: success
          sample: 1
        newly_kept_count:
          description: Number of all tags that are newly kept.
          type: int
          returned: success
          sample: 0
    repositories_changed:
      description: Number of all such repositories.
      type: int
      returned: success
      sample: 1
    newly_deleted:
      description: Number of tags that are newly deleted in all of them.
      type: int
      returned: success
      sample: 1
    newly_kept:
      description: Number of tags that are newly kept in all of them.
      type: int
      returned: success
      sample: 0
outcome:
  description: What became of the planned tags. Each list holds at most O(return_limit) entries.
  returned: when something was to be deleted and this is not check mode
  type: dict
  contains:
    summary:
      description: What was deleted, in one sentence. Unless the task fails it is also its message.
      type: str
      returned: success
      sample: 15 deleted of 17 approved; 1 moved, 1 already deleted by an earlier run
    deleted:
      description: Deleted. A complete listing, which still has a tag that was to be kept, does not have them.
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
          description: What happened, empty if the outcome says it all.
          type: str
          returned: success
          sample: ""
    already_gone:
      description: Deleted by somebody else before this run came to them.
      type: list
      elements: dict
      returned: success
      contains: *fate
    changed_since:
      description: Kept, since they point to another image, were pushed again or became protected after the plan was
        made.
      type: list
      elements: dict
      returned: success
      contains: *fate
    recreated:
      description: Deleted, but there again afterwards.
      type: list
      elements: dict
      returned: success
      contains: *fate
    unverified:
      description: Deleted as GitLab says, but no complete listing shows it.
      type: list
      elements: dict
      returned: success
      contains: *fate
    not_deleted:
      description: GitLab was asked to delete them, but refused or did not, or the answer was lost.
      type: list
      elements: dict
      returned: success
      contains: *fate
    not_tried:
      description: Never asked for, since they could not be read again or the run had stopped.
      type: list
      elements: dict
      returned: success
      contains: *fate
    left_for_next_run:
      description: Not tried, since the budget of the run was used up before their turn (O(max_deletions_per_run)).
      type: list
      elements: dict
      returned: success
      contains: *fate
    counts:
      description: Number of tags by outcome.
      type: dict
      returned: success
      sample: {"already_gone": 0, "changed_since": 0, "deleted": 90, "left_for_next_run": 0, "not_deleted": 0,
        "not_tried": 0, "recreated": 0, "unverified": 0}
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
          description: V(written), V(unverified) if the registry took it and could not be asked afterwards,
            V(changed_since) if the name pointed to another image by then, V(not_written), or V(not_tried).
          type: str
          returned: success
          sample: written
        message:
          description: What happened, empty if the outcome says it all.
          type: str
          returned: success
          sample: ""
    journal:
      description: Where the journal lies (O(journal_package)), in how many parts, and whether they are all of it. Null
        without that option.
      type: dict
      returned: success
      sample: {"complete": true, "file_name": "journal", "package": "registry-cleanup-journal", "parts": 2, "project":
        "team/app", "version": "2026.06.01"}
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
    budget:
      description: Why the run left tags for the next one, and how to continue. Null if it left none.
      type: str
      returned: success
      sample: "max_deletions_per_run 50 was reached: run the task again to delete the rest"
    truncated:
      description: Whether one of the lists is shorter than what it stands for.
      type: bool
      returned: success
      sample: false
run_by:
  description: Who and what runs this (O(run_by)).
  returned: when a plan could be made
  type: dict
  sample: {"awx_job_id": "7", "awx_user_name": "ana"}
unguarded:
  description: Planned tags whose digest could not be read, with O(require_digest=false), at most O(return_limit) of
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
  description: What to know about how the plan was made, such as what the dates mean on this server, or that a rule
    decides about no tag.
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
    elsewhere:
      description: Number of references by name that mean no repository in scope and keep no tag.
      type: int
      returned: success
      sample: 7
    missing:
      description: References by tag to repositories in scope that have no such tag. At most O(return_limit) of them.
      type: list
      elements: str
      returned: success
      sample: []
    untagged:
      description: References by digest that may mean an image of a repository in scope, if no tag leads to it. Such an
        image is lost at the registry's next collection of untagged manifests. At most O(return_limit) of them.
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
      description: GitLab's time by which ages are judged, the earliest of its answers; null when it is not known.
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
output_path:
  description: Where the repositories are.
  returned: when O(output_path) is given and a plan could be made
  type: str
  sample: /tmp/repositories.jsonl
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

from dataclasses import replace

from ..module_utils._cleanup.application import apply_cleanup
from ..module_utils._cleanup.approval import SCOPES, approval_of, check_sources, options_of_plan
from ..module_utils._cleanup.contents import read_contents
from ..module_utils._cleanup.notes import warnings_of
from ..module_utils._cleanup.observation import observe
from ..module_utils._cleanup.planning import plan_cleanup
from ..module_utils._cleanup.report import applied_cleanup, cleanup_intent, cleanup_result, plan_header
from ..module_utils._cleanup.request import (
    BUDGET,
    LIMITS,
    PLANNED_BY,
    OnServerPolicy,
    check_for_server,
    cleanup_request,
)
from ..module_utils._cleanup.retention_changes import changes_result, retention_changes
from ..module_utils._cleanup.retention_file import given_document
from ..module_utils._cleanup.usage import listed_dates, plan_usage
from ..module_utils._core.files import check_files, given_lines, write_files
from ..module_utils._core.scope import check_scope
from ..module_utils._core.server import DeleteMethod, choices_of
from ..module_utils._deletion.earlier_runs import journal_warnings
from ..module_utils._deletion.journal import (
    Record,
    counted,
    earlier_runs,
    journal_end,
    journal_referrers,
    journal_start,
    open_journal,
)
from ..module_utils._deletion.journal_upload import (
    JOURNAL_OPTIONS,
    journal_place,
    journal_upload,
    stored_meanwhile,
    why_not_done,
    with_journal,
)
from ..module_utils._deletion.report import applied_deletion
from ..module_utils._info.audit_file import AuditedRepository, audit_lines
from ..module_utils._info.audit_rows import AuditHead
from ..module_utils._module.intent import Applied
from ..module_utils._module.options import (
    CONNECTION,
    READING,
    RESULT,
    SCOPE,
    WAIT,
    ArgumentSpec,
    Gather,
    OnError,
    scope_of,
)
from ..module_utils._module.registry import connect_with_registry
from ..module_utils._module.run import add_options, exit_on_error, finish, given_options, new_module
from ..module_utils._plan.plan_file import sealed
from ..module_utils._registry.image_cache import image_cache
from ..module_utils._rules.matches import OnUnmatched
from ..module_utils._rules.options import IN_USE, NOT_WITH_RULES, RETENTION, RULE_SOURCES, RULES

_PLANS = ("approved_plan_path", "approved_plan")
ARGUMENTS = (
    CONNECTION.merged(READING)
    .merged(SCOPE._replace(required_one_of=()))
    .merged(
        ArgumentSpec(
            {
                **RULES,
                **RETENTION,
                **IN_USE,
                **LIMITS,
                **BUDGET,
                "on_server_policy": {
                    "type": "str",
                    "choices": [policy.value for policy in OnServerPolicy],
                    "default": "warn",
                },
                "on_unmatched": {"type": "str", "choices": [each.value for each in OnUnmatched], "default": "auto"},
                "allow_unread_protection": {"type": "bool", "default": False},
                "delete_via": {"type": "str", "choices": choices_of(DeleteMethod), "default": "auto"},
                **WAIT.options,
                "plan_path": {"type": "path"},
                "output_path": {"type": "path"},
                "gather": {
                    "type": "list",
                    "elements": "str",
                    "choices": [
                        each.value
                        for each in (Gather.TAGS_COUNT, Gather.TAGS, Gather.TAG_DETAILS, Gather.SIZE, Gather.LAYERS)
                    ],
                    "default": [Gather.TAGS_COUNT.value],
                },
                "approved_plan_path": {"type": "path"},
                "approved_plan": {"type": "str"},
                "approved_fingerprint": {"type": "str"},
                "require_approval": {"type": "bool", "default": False},
                "journal_path": {"type": "path"},
                "journal_is_temporary": {"type": "bool", "default": False},
                "journal_package": {"type": "dict", "options": JOURNAL_OPTIONS},
                "run_by": {"type": "dict"},
                "plan_max_age": {"type": "str", "default": "72h"},
                "in_use_max_age": {"type": "str", "default": "1h"},
                "max_drift_percent": {"type": "float"},
                **RESULT.options,
            },
            mutually_exclusive=(*NOT_WITH_RULES, _PLANS),
            # An approved plan says both itself.
            required_one_of=((*SCOPES, *_PLANS), (*RULE_SOURCES, *_PLANS)),
        )
    )
)
_OF_A_PLAN = {option: ARGUMENTS.options[option] for option in (*SCOPE.options, *PLANNED_BY)}


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    params = module.params
    limit, wait = params["return_limit"], float(params["wait_timeout"]) if params["wait"] else None
    with exit_on_error(module):
        connection = connect_with_registry(module)
        begun = connection.client.timing.monotonic()
        url = connection.url
        given = given_options(module)
        scope = scope_of(params, url) if {*SCOPES}.intersection(given) else None
        approval = approval_of(params, given_lines(params, "approved_plan", "approved_plan_path"), scope)
        add_options(module, ARGUMENTS, options_of_plan(approval, given, _OF_A_PLAN), "The approved plan")
        check_sources(approval, params)
        document = given_document(module)
        previous = given_document(module, "previous_retention")
        request = cleanup_request(params, scope_of(params, url), approval, document, url, previous)
        package = journal_place(params["journal_package"], url)
        check_files(params, "plan_path", "output_path", "journal_path")
        check_scope(request.scope, job_token=connection.is_job_token)
        check_for_server(request, url=url, job_token=connection.is_job_token)
        request = replace(request, earlier=earlier_runs(params["journal_path"], url))
        with image_cache(params["cache_path"], module.warn, request.expiry_labels) as images:
            state, reader = observe(connection, request, images)
            found = plan_cleanup(state, request)
            contents = read_contents(connection, reader, state, request, found, images)
        approved = approval.plan.fingerprint if approval else None
        for warning in [*journal_warnings(request.earlier, url, approved), *warnings_of(state, found.plan, request)]:
            module.warn(warning)
        plan = sealed(found.plan, plan_header(state, request, url))
        dates = listed_dates(state, request)
        usages = plan_usage(state, found.plan, contents.listings, dates)
        result = cleanup_result(state, request, found, usages, url=url, fingerprint=plan.fingerprint, limit=limit)
        files = {
            "plan_path": plan.lines(),
            "output_path": audit_lines(
                AuditHead(url, state.capabilities.mode, clock=state.clock, scope=request.scope, date_source=dates),
                [
                    AuditedRepository(listing, usages[part.repository.id], error=part.error)
                    for listing, part in zip(contents.listings, found.plan.repositories)
                ],
                state.projects,
                shows_tags=not {Gather.TAGS.value, Gather.TAG_DETAILS.value}.isdisjoint(params["gather"]),
            ),
        }
        result["notes"] += contents.notes
        result["retention_changes"] = changes_result(retention_changes(state, request), limit) if previous else None
        result.update(write_files(params, files))

        is_only = not params["journal_path"] or params["journal_is_temporary"]
        record, upload = Record(), journal_upload(connection.client, package, is_only=is_only)

        def apply() -> Applied:
            with open_journal(params["journal_path"], upload) as file:
                journal = counted(connection.progress, found.plan, record.added_to(file), found.deletions_of)
                planned = result["plan"]["totals"]["delete_this_run"]
                journal_start(journal, url, plan.fingerprint, planned, request.run_by, approved)
                journal_referrers(journal, found.parts_of_run)
                with stored_meanwhile(upload):
                    deleted, pinned = apply_cleanup(reader, state, found, wait=wait, journal=journal, begun=begun)
                    journal_end(journal, deleted.counts(), deleted.stopped, deleted.budget)
            return with_journal(applied_cleanup(found, deleted, pinned, limit), upload)

        finish(
            module,
            connection,
            cleanup_intent(found, limit),
            result,
            apply,
            tolerate=OnError(params["on_error"]) is OnError.REPORT,
            so_far=lambda reason: with_journal(applied_deletion(record.result(found.plan, reason), limit), upload),
            foresee=lambda: "" if connection.is_job_token else why_not_done(connection.client, package),
        )


if __name__ == "__main__":
    main()

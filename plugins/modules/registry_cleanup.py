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
  - Deletes old tags from one repository, from projects or from a whole group. For every tag it decides whether the tag
    is deleted or kept, and reports the reason.
  - For the same server state and the same clock, check mode shows exactly the tags that a run deletes.
  - Anything that could not be read reliably is kept and reported.
  - >-
    The checks are made in this order. First O(protect), the tag C(latest), and GitLab's tag protection rules. Then
    O(name_regex_delete) and O(name_regex_keep). Then O(keep_n) and O(keep_n_per), for the tags that are left. Last
    O(older_than), O(min_age) and O(expires_label). A tag that no check keeps is deleted.
  - With O(rules), the first rule that matches a tag decides about it, by the checks in this order. A tag that no rule
    matches is kept.
  - Signatures, attestations and SBOMs are deleted with the last tag of their image (O(signatures)).
  - Tags are deleted by name, so other tags of the same image are kept. Each tag is read again right before it is
    deleted. If it then points to another image, it is kept.
  - Deleting tags frees no disk space by itself. The registry's garbage collection frees the space.
  - A run can be interrupted by Ctrl-C, by C(timeout), or by killing C(ansible-playbook) on the same host. It then sends
    no further request, except for the end of the journal (O(journal_package)). With C(async) the run continues.
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
  - containerops.gitlab._in_use
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
notes:
  - Exactly one of O(project), O(group) and O(repository_id) is required. With an approved plan, none of them is
    required, since the plan contains the scope.
  - A task that takes longer than 20 seconds shows its progress on stderr every 30 seconds. It does so if it runs on the
    control node without C(become), C(async) and C(no_log). The variable C(registry_progress_interval) sets another
    interval in seconds. V(0) shows no progress.
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
      - RE2 pattern of the tag names that may be deleted, such as V(dev-.*). It has to match the whole name.
      - Write parentheses around alternatives, as in V((v1|v2\)). Without them GitLab reads V(v1|v2) differently, so
        that it also matches V(v1-foo). A tag for which the two readings differ is kept, and a warning names it.
      - Exactly one of O(name_regex_delete), O(rules), O(retention) and O(retention_path) is required. With an approved
        plan, none of them is required, since the plan contains the rules.
    type: str
    aliases:
      - name_regex
  name_regex_keep: &name_regex_keep
    description:
      - RE2 pattern of tag names that are kept although O(name_regex_delete) matches them, such as V(.*-stable). It has
        to match the whole name.
      - These tags do not count towards O(keep_n).
    type: str
  keep_n: &keep_n
    description:
      - Keep the newest N of the matching tags in each repository, such as V(5).
      - If several tags are exactly as new as the last of these, all of them are kept.
      - V(0) keeps no tag by its rank.
    type: int
    default: 0
  keep_n_counts: &keep_n_counts
    description:
      - What O(keep_n) and O(keep_n_per) count.
      - With V(tags), every tag counts.
      - With V(images), all matching tags of one image count once, by the newest of them. An image is kept whole. If
        anything keeps one matching tag of an image, the other matching tags of this image are kept, too.
      - If it is unknown to which image such a kept tag points, all matching tags are kept.
      - V(images) never deletes a tag that V(tags) keeps.
    type: str
    choices:
      - tags
      - images
    default: tags
  keep_n_per: &keep_n_per
    description:
      - Keep the newest tags of each group of tags, in addition to O(keep_n). Groups are, for example, the tags of one
        day. A tag is kept if at least one entry keeps it.
      - For example, three entries keep one tag for each of 7 days, 4 weeks and 12 months. Backups call this
        grandfather, father, son.
    type: list
    elements: dict
    suboptions:
      by:
        description:
          - What makes a group, such as V(day).
          - V(day), V(week), V(month) and V(year) group tags by their date in UTC. A week starts on Monday.
          - V(major) and V(minor) group tags by their version (O(sort_by)).
          - Any other value is the name or the number of a capture group of the pattern.
        type: str
        required: true
      keep_n:
        description:
          - Number of tags to keep of each group.
        type: int
        default: 1
      groups:
        description:
          - Use only the newest N groups that have a tag. By default all groups are used.
        type: int
  sort_by: &sort_by
    description:
      - Which tags are the newest for O(keep_n) and O(keep_n_per). V(date) compares the dates of the tags. All other
        values compare the versions in the names. The version is the whole name, or a part of it (O(version_group)).
      - V(semver) compares semantic versions, with or without a leading C(v). Registries allow no C(+), so build
        metadata follows an underscore, as in V(1.2.3_build.5). Build metadata is not compared, so V(1.2.3_4) and
        V(1.2.3_5) are equally new.
      - V(calver) compares calendar versions. A calendar version is a year with four or two digits and up to four more
        numbers, such as V(2024.05.1) or V(24.4). It may also be a date, such as V(2024-05-31), V(2024-05), V(20240531)
        or V(20240531.2). Prereleases with V(dev), V(alpha), V(beta) and V(rc), such as V(2024.05.0-rc1), are older than
        their release. For O(keep_n_per), V(major) is the first number, and V(minor) the first two.
      - V(natural) compares all numbers in a name as numbers, and the rest letter by letter. So V(build-8) is older than
        V(build-10).
      - V(name) compares letter by letter. So V(build-10) is older than V(build-8). If V(name) and V(natural) would keep
        different tags, a note says so.
      - With V(semver) and V(calver), a name without such a version is kept and is not counted. With V(semver), an
        example is V(1.2).
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
      - The capture group of the pattern that contains the version, by its name or number. By default the whole name is
        the version.
      - For example, the pattern is V(app-(?P<version>.+\)-alpine) and the group is V(version). Then the version of
        C(app-1.2.3-alpine) is C(1.2.3).
      - It is used by O(sort_by), except by V(date), by V(major) and V(minor) of O(keep_n_per), and by
        O(prereleases=apart).
      - A tag for which the group is empty is kept and is not counted.
    type: str
  prereleases: &prereleases
    description:
      - Whether prereleases, such as V(1.2.0-rc1), are counted together with releases or apart from them.
      - With V(apart), no release is deleted because prereleases are newer. Versions are semantic versions, or calendar
        versions with O(sort_by=calver).
    type: str
    choices:
      - together
      - apart
    default: together
  prerelease_order: &prerelease_order
    description:
      - How prereleases of the same version are ordered with O(sort_by=semver).
      - V(semver) is the order of U(https://semver.org). It compares the parts between dots letter by letter unless they
        are numbers. So V(rc10) is older than V(rc9), and V(rc.9) is older than V(rc.10). If V(semver) and V(natural)
        would keep different tags, a note says so.
      - V(natural) also compares numbers that follow letters as numbers. So V(rc9) is older than V(rc10).
    type: str
    choices:
      - semver
      - natural
    default: semver
  expires_label: &expires_label
    description:
      - Delete only tags whose image has expired by its own label or annotation. The value is the name of the label,
        such as V(quay.expires-after).
      - The label contains a duration, a time or a day. A duration in hours, days or weeks, such as V(12h), V(1d) or
        V(2w), starts at the date of the tag. An example of a time is V(2026-01-31T12:00:00Z). A day, such as
        V(2026-01-31), lasts until it is over in UTC.
      - The date of the tag is its last push. If the registry has no metadata database, it is the build of the image
        (O(timestamp)).
      - All other options of the rule apply as well, so a label never deletes what they keep.
      - A tag whose image has no such label is kept with the reason V(no_expiry_label), at any age. A tag whose label
        has not expired is kept with V(label_not_expired).
      - A tag is kept with V(unknown_expiry) if the label can't be read or its value is not valid. Values are not valid
        if they are zero, before the date of the tag, or more than 150 years after it.
      - If both the manifest and the config of an image have the label, the later time is used.
      - A multi-platform image expires with the last of its images, if all of them have the label. It also expires if
        its own manifest has the label.
      - An image inherits labels from its base image.
      - Labels are read from the registry itself. This costs a request for the manifest and one for the config of each
        image that nothing else keeps. For a multi-platform image, all of its images are read. Images in O(cache_path)
        cost no request.
    type: str
  older_than: &older_than
    description:
      - Delete only tags that are older than this duration, such as V(30d), V(12h) or V(1month 2w).
      - Units are V(s), V(sec), V(min), V(h), V(d), V(w), V(month) of 30 days and V(y) of 365.25 days.
      - V(1m) and numbers without a unit are refused, since GitLab reads V(1m) as one minute and V(30) as 30 seconds.
    type: str
  rules:
    description:
      - Several rules, for several kinds of tags. The first rule whose pattern matches a tag decides about it. A tag
        that no rule matches is kept. O(protect) takes precedence over all rules.
      - Each rule has its own options, such as C(keep_n) and C(older_than). The options of the task with these names,
        such as O(keep_n) and O(older_than), are refused with O(rules).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the rule. Each tag that the rule decides about shows it. By default it is the number of the rule.
        type: str
      match:
        description:
          - RE2 pattern of the tag names that the rule decides about. It has to match the whole name.
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
      - Rule sets for many projects, and which group, project or repository uses which rule set. The page
        C(docs/retention-document.md) of the collection explains the keys.
      - It is a mapping, or a text in YAML. All of it is checked before anything is read from GitLab.
      - A repository uses exactly one rule set. It is the one of the repository's path, else of a glob that matches the
        path. Otherwise it is the one of the project, else of the nearest group around it, else C(default).
      - Rule sets are never merged. A repository without a rule set keeps all its tags.
      - Options of the task that keep tags, such as O(protect), and the limits of the task apply to all rule sets. A
        rule set can only add to them.
    type: raw
  retention_path:
    description:
      - Read O(retention) from this file. Messages then name the line of a mistake. PyYAML is required where the module
        runs.
    type: path
  only_rule_sets:
    description:
      - Delete tags only by the rule sets of O(retention) with these names. Repositories with other rule sets keep all
        their tags. By default all rule sets are used.
    type: list
    elements: str
  previous_retention:
    description:
      - The retention document before a change, to see what the change does. RV(retention_changes) lists the
        repositories that have another rule set or of which other tags are deleted.
      - It does not change what is deleted. It costs only the requests that both documents need.
    type: raw
  previous_retention_path:
    description:
      - Read O(previous_retention) from this file.
    type: path
  min_age:
    description:
      - Keep every tag that is younger than this duration, whatever the rules say. Durations are written as in
        O(older_than), such as V(2d).
    type: str
  dates_valid_from:
    description:
      - The time from which GitLab's dates are dates of pushes, such as V(2026-01-31) or V(2026-01-31T12:00:00Z).
      - An import to the registry's metadata database gives new dates to all tags. The module refuses a plan that needs
        dates if it finds signs of such an import and this option is not set. It refuses even if the plan deletes
        nothing today.
      - There are two signs of an import. Most tags of the scope are dated within three days. Some of their images were
        built long before, or can't be read.
      - For a tag with an earlier date than this, the build date of its image is used. It is read from the registry
        itself. The age is unknown, and the tag is kept, if the build date can't be read, or with O(timestamp=created).
      - If all of GitLab's dates can be trusted, set a time before all of them, such as V(1970-01-01).
    type: str
  timestamp:
    description:
      - Which date gives the age of a tag. The server's clock is used to calculate the age.
      - With V(auto) and a metadata database, it is the last push that changed the tag's image. Pushing the same image
        again does not change it.
      - With V(auto) and no metadata database, it is the build of the image. GitLab knows no other date there. So an old
        image that was tagged today is old.
      - An artifact, a Helm chart or a cache has no build date in its config. If tags are read from the registry itself
        (O(read_via)), the annotation C(org.opencontainers.image.created) of the manifest is used as its build date.
      - For an image, this annotation, and the label with this name, are used only if the config has no C(created). For
        a multi-platform image they are used only if none of its images has a date.
      - V(created) is the date that GitLab calls C(created_at). With a metadata database it is the first push of the
        name. So a tag that was pushed again an hour ago may be old.
      - If tags are read by REST (O(read_via)) with V(created), and the registry has a metadata database, the meaning of
        the date is unknown. Every such tag is kept.
    type: str
    choices:
      - auto
      - created
    default: auto
  protect:
    description:
      - RE2 patterns of tag names that are always kept, such as V(release-.*). A pattern has to match the whole name.
      - A pattern is refused if it, or one of its alternatives, can't match any tag name. An example is a pattern with a
        space or a comma.
    type: list
    elements: str
  allow_latest:
    description:
      - Whether the tag C(latest) may be deleted.
    type: bool
    default: false
  in_use:
    description:
      - Images that are running somewhere. Their tags are kept. Each entry is a reference with a tag or a digest, with
        or without the registry's host. It may also be an image id as container engines show it.
      - A reference keeps every tag that it may mean. For example, V(acme.io/shop:blue) may start with a host or with a
        group.
      - V(harbor.corp/gitlab/team/app:v1) may come from a mirror, so it keeps C(v1) of C(team/app).
      - V(app:v1) may lack its host and groups, so it keeps C(v1) of every repository whose path ends in C(/app).
      - If a multi-platform image is in use, the tags of its images are kept as well. If one of its images is in use,
        the tags of the multi-platform image are kept. Which images belong to it is read from the registry itself
        (O(read_via)), since GitLab does not show it.
      - If an image is in use by digest or by id, tags for which this is unknown are kept as well. With ids, these are
        the tags of multi-platform images.
    type: list
    elements: str
  in_use_max_age:
    description:
      - Maximum age of O(in_use_sources), such as V(1h), by GitLab's clock. Durations are written as in O(older_than).
        If a source was read earlier, the plan is refused.
      - The fingerprint of the plan does not depend on this option.
    type: str
    default: 1h
  pin_untagged_in_use:
    description:
      - Add a tag to each image that is in use by digest and has no tag (RV(in_use.untagged)). This happens before
        anything is deleted. Otherwise the registry's garbage collection may remove such an image.
      - The name of the tag is C(in-use-) and the hexadecimal digits of the digest. The tag is kept while the image is
        in use. Later a rule may delete it.
      - The registry itself (O(read_via)) and a token that may push are required.
    type: bool
    default: false
  keep_refs:
    description:
      - Keep tags named after an existing branch, the source branch of an open merge request, or a git tag of the
        project. The option O(ref_match) says how names are compared.
      - This costs one request for each hundred of them. The token needs to be allowed to read the code.
      - The merge requests of a fork may be in another project. So in a fork, V(merge_requests) also keeps tags named
        after the fork's branches.
      - If the branches, merge requests or git tags can't be read, the repository counts as unread and keeps all its
        tags.
    type: list
    elements: str
    choices:
      - branches
      - merge_requests
      - tags
  keep_deployments:
    description:
      - Keep the tags of the last N successful deployments of each environment that is not stopped, such as V(2). Tags
        of later deployments that are running or waiting for approval are kept, too.
      - A tag belongs to a deployment if it is named after its branch, git tag or commit. At least seven digits of the
        commit are enough. The option O(ref_match) says how names are compared.
      - This costs one request for each environment. The token needs to be allowed to read the code.
      - If the deployments can't be read, the repository counts as unread and keeps all its tags.
    type: int
    default: 0
  ref_match:
    description:
      - For O(keep_refs) and O(keep_deployments), which part of a tag's name is compared with a branch or git tag. The
        slug of the branch or git tag (C(CI_COMMIT_REF_SLUG)) is compared as well.
      - V(whole) compares the whole name. V(prefix) also compares the beginning of the name, and V(suffix) its end. The
        part ends, or begins, at one of C(-), C(.) and C(_).
      - Upper and lower case are equal, and so are all characters other than letters and digits. So the tag
        C(feature-Login_2) is named after the branch C(feature/login-2).
    type: str
    choices:
      - whole
      - prefix
      - suffix
    default: whole
  signatures:
    description:
      - What to do with signatures, attestations and SBOMs. Their names contain the digest of their image, as in
        C(sha256-<digest>.sig).
      - With V(follow), they are deleted when the last tag of their image is deleted. A tag of the image points to it,
        or to a multi-platform image that contains it. If it is unknown whether a kept tag contains their image, they
        are kept.
      - V(collect) also deletes signatures without an image. For this, all tags of the repository have to be read. The
        registry itself has to answer that it has no image with this digest.
      - V(keep) keeps all of them. With O(delete_via=bulk) they are always kept.
      - Other tags may belong to an image by the field C(subject) of their manifest. They are deleted by their rule, but
        never while a tag of their image is kept. Only the registry itself shows this field (O(read_via)).
    type: str
    choices:
      - keep
      - follow
      - collect
    default: follow
  shared_digest:
    description:
      - What to do with a tag if another tag of the repository points to the same image.
      - V(independent) decides about each tag by itself.
      - V(keep_together) keeps all tags of an image if one of them is kept. All tags of the repository are read for
        this. If the digest of a kept tag is unknown, all tags are kept.
      - V(auto) is like V(independent) for GitLab's own registry, which deletes a tag without the other tags of its
        image. It is like V(keep_together) for any other registry.
      - GitLab's own registry is recognized by its metadata database, or by its version if the registry itself can be
        asked.
      - For any other registry, O(delete_via=bulk_unpinned) is refused if GitLab would delete a tag whose image also has
        a kept tag.
    type: str
    choices:
      - auto
      - independent
      - keep_together
    default: auto
  min_remaining:
    description:
      - Minimum number of tags that are kept in each repository from which tags are deleted. Signatures are not counted.
    type: int
    default: 1
  max_deletions_percent:
    description:
      - Maximum number of tags to delete from one repository, in percent of all its tags, such as V(90).
    type: float
  max_unknown_percent:
    description:
      - Maximum number of tags of one repository for which it is unknown whether they may be deleted, in percent of all
        its tags.
    type: float
  on_limit:
    description:
      - What to do if a repository exceeds a limit.
      - V(fail) deletes nothing in any repository. V(skip_repository) keeps all tags of this repository only.
    type: str
    choices:
      - fail
      - skip_repository
    default: fail
  max_deletions_per_run:
    description:
      - Maximum number of tags that one run tries to delete, such as V(500). The next run continues.
      - Unlike a limit, such as O(max_deletions), it never refuses a plan. Limits apply to the whole plan.
      - With this option or O(max_duration), tags are deleted in turns. A turn is up to 20 tags of one repository, as
        many as GitLab deletes with one request. The oldest tags of a repository come first.
      - Each repository gets its first turn, in the order of paths, then each its second, and so on. Tags that belong to
        other tags, such as signatures, come after all of these.
      - The plan contains everything. RV(plan.delete) and the diff show what this run deletes at most, and
        RV(plan.this_run) says how many that are.
      - Tags whose deletion fails are counted. So what a run has tried is always the beginning of this order.
      - A run that leaves tags for the next run does not fail. Its outcome counts them in V(left_for_next_run).
        RV(outcome.budget) says why it stopped and how to continue.
      - The plan file contains this option and O(max_duration), and the fingerprint covers them. A run of an approved
        plan uses both values of the plan. A smaller value of the task is used instead. A larger value is not used, and
        RV(notes) says so.
      - To continue an approved plan, run the same task again within O(plan_max_age), with the same O(journal_path).
      - Some registries delete an image together with all its tags. If the plan deletes all tags of an image, a tag that
        is left for the next run may then be deleted too early.
      - It can't be used with O(delete_via=bulk) or O(delete_via=bulk_unpinned).
    type: int
  max_duration:
    description:
      - Maximum duration of the task, such as V(2h), after which no further turn is started. Durations are written as in
        O(older_than). The machine on which the module runs measures it, from the start of the module.
      - A turn that has started is finished. Then the repositories are listed again to check the deleted tags. So the
        timeout of the job has to be longer than this.
      - If reading takes longer than this, nothing is deleted.
      - O(max_deletions_per_run) describes the turns, and how to continue.
      - It can't be used with O(delete_via=bulk) or O(delete_via=bulk_unpinned).
    type: str
  on_server_policy:
    description:
      - What to do if the project's own cleanup policy is enabled. GitLab then deletes tags by the rules of that policy.
    type: str
    choices:
      - warn
      - fail
      - ignore
    default: warn
  on_unmatched:
    description:
      - What to do if an entry that keeps or excludes something matches nothing. An example is O(protect=1.0.0) if the
        tag is called V(v1.0.0). RV(plan.totals.matches) shows what each entry matches.
      - V(warn) warns about each such entry. V(fail) refuses the plan.
      - V(auto) refuses the plan for an entry of O(exclude_repositories) that excludes nothing. It also refuses for an
        assignment or exception of O(retention) that has to be in scope and does not exist. It warns about all other
        entries.
      - Only the scope of this task is considered. An entry of O(exclude_repositories) is only a warning if there is no
        repository in scope.
      - If all repositories are of one project, such an entry refuses the plan only if it belongs to this project. It
        belongs to it if it names the project or a part of a repository's path. Other entries may be intended for other
        tasks.
      - Some entries never refuse the plan. A source of O(in_use_sources) may only have images of other registries, and
        there may be no open merge request.
      - If no tag could be read, there is no warning.
    type: str
    choices:
      - auto
      - warn
      - fail
    default: auto
  require_digest:
    description:
      - Keep tags whose digest can't be read, since they can't be compared right before they are deleted.
      - With V(false), such tags are deleted if they are chosen by name alone. RV(unguarded) lists them.
      - V(false) has no effect with O(keep_n) or O(older_than), nor if the registry has a metadata database.
    type: bool
    default: true
  allow_unread_protection:
    description:
      - Whether to continue with an administrator's token although GitLab's tag protection rules can't be read. Without
        this option, the plan is refused. GitLab itself enforces these rules for all other users.
    type: bool
    default: false
  delete_via:
    description:
      - How tags are deleted.
      - V(auto) uses V(graphql), or V(rest) if GraphQL can't be used.
      - V(graphql) deletes 20 tags with one request.
      - V(rest) deletes one tag with one request. It is the only way with a job token.
      - V(registry) deletes by name in the registry itself, one tag with one request. It needs the role Maintainer, or a
        job token in its own project, and GitLab's own registry.
      - V(bulk) sends one request for each repository. GitLab then deletes the planned tags in the background, once an
        hour. It needs the role Maintainer and O(older_than).
      - With V(bulk), GitLab checks the age of each tag right before it deletes it. Tags are not compared with the plan
        again. Without a metadata database, V(bulk) is refused for more than 200 tags of a repository.
      - V(bulk_unpinned) sends O(name_regex_delete), O(name_regex_keep), O(keep_n) and O(older_than) unchanged to the
        same endpoint, and GitLab decides. The plan is then a prediction. RV(plan.repositories[].certainty) says how
        reliable it is.
      - O(protect), O(allow_latest), O(timestamp) and O(require_digest) have no effect with V(bulk_unpinned) and are
        refused.
      - With V(bulk) and V(bulk_unpinned), O(wait) waits for GitLab's background job. Without it, tags are reported as
        C(unverified).
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
      - Write the whole plan, with every tag and its reason, to this file as JSON Lines. It is also written in check
        mode.
    type: path
  output_path:
    description:
      - Write an audit of all repositories and projects to this file as JSON Lines. It is also written in check mode.
      - It contains the lines that M(containerops.gitlab.registry_info) writes, and how many tags and bytes the plan
        deletes. So an audit with a plan reads the tags only once.
    type: path
  gather:
    description:
      - What O(output_path) contains for each repository. It does not change what the plan deletes.
      - V(tags_count) is the number of tags. V(tags) adds the tags, with the details that were read for the plan.
      - V(tag_details) reads date, digest, size and media type of all tags, even if the rules do not need them.
      - V(size) costs one request for each repository. It is known only if the registry has a metadata database.
      - V(layers) costs one request to the registry itself for each manifest that is not in O(cache_path).
      - V(size) and V(layers) are read after the plan was made. They show how many bytes the plan frees
        (RV(plan.totals.freed_least)), even without O(output_path).
      - V(size) and V(layers) are not read if O(max_requests) would then not leave enough requests for the deletions.
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
      - Read the approved plan from this file. It is a file that O(plan_path) wrote in an earlier run.
      - A tag is deleted only if it is in the approved plan, today's rules still choose it, and it still points to the
        same image. RV(plan.approved) reports the differences.
      - In a plan that M(containerops.gitlab.registry_plan_merge) made, only the part for this scope is used.
      - If O(project), O(group) and O(repository_id) are not set, the scope of the plan is used.
      - If no rules are set (O(name_regex_delete), O(rules), O(retention)), all options of the plan are used, except
        those that the task sets itself.
      - O(max_deletions_per_run) and O(max_duration) are always those of the plan, unless the task sets a smaller value.
      - O(in_use_sources) is never taken from the plan. All sources that were used for the plan are required, and at
        least as many as its O(in_use_sources_expected).
      - The plan is refused if a line was altered, if it is older than O(plan_max_age), or if it was made for another
        server or scope. A plan that was already refused when it was made is refused, too.
    type: path
  approved_plan:
    description:
      - The approved plan as text, at most 64 KB, instead of a file (O(approved_plan_path)).
    type: str
  approved_fingerprint:
    description:
      - The fingerprint (RV(plan.fingerprint)) of the approved plan, from the person who approved it. It is required
        with an approved plan.
      - Upper case is accepted, and so is a fingerprint without C(sha256:). It may be shortened to its first 12 or more
        digits. Use the whole fingerprint if others can write the file of the plan.
    type: str
  require_approval:
    description:
      - Refuse a task without an approved plan and its fingerprint, before the first request is sent.
    type: bool
    default: false
  journal_path:
    description:
      - Append a journal to this regular file, as JSON Lines. A line is written before each request to delete or to
        write a tag, and another line with its outcome.
      - Each line is on disk before the request is sent. So a run can be followed, and the digest of each deleted tag is
        known. If the line can't be written, the tag is not deleted.
      - To continue a run that was killed, run the same task again with the same file. Tags that it already deleted are
        counted in RV(plan.deleted_before). They do not count as a difference from an approved plan.
      - In check mode nothing is written to it.
    type: path
  journal_is_temporary:
    description:
      - Whether the file of O(journal_path) is removed after the run. Roles set this if they only make reports from the
        file. O(journal_package) then works as without O(journal_path).
    type: bool
    default: false
  journal_package:
    description:
      - Store the journal in a generic package of a project. So a run that is killed or cancelled leaves its record even
        if its machine no longer exists.
      - The journal is stored in parts, before the first tag is deleted, every 30 seconds, and at the end. All parts in
        the order of their upload are the journal.
      - If the first part can't be stored, nothing is deleted. If a later part can't be stored, the upload is tried
        again.
      - With O(journal_path), tags are deleted meanwhile. Without O(journal_path), no further tag is deleted while
        GitLab refuses a part, or while a line has not been stored for longer than one minute.
      - So without O(journal_path), the package of a killed run lacks at most the lines of one minute. The file of
        O(journal_path) lacks no line.
      - If the last part can't be stored, there is a warning with O(journal_path). Without O(journal_path), the task
        fails.
      - If a signal ends the run, the module waits at most 8 seconds for the upload of the last part.
      - Uploads of parts do not count towards O(max_requests), and O(max_requests_per_minute) does not delay them.
      - M(containerops.gitlab.registry_plan_package) joins the parts into a file for O(journal_path), to continue a run
        that was killed.
      - For the role P(containerops.gitlab.registry_cleanup#role) only the project is required. The default version and
        name are those of O(containerops.gitlab.registry_cleanup#role:main:registry_cleanup_plan_package).
      - In check mode nothing is stored.
    type: dict
    suboptions:
      project:
        description:
          - Path or id of the project. The token's user needs the role Developer in it.
        type: str
        required: true
      package:
        description:
          - Name of the package.
        type: str
        default: registry-cleanup-journal
      version:
        description:
          - Version of the package, such as the number of the workflow's job. Letters, digits and C(.+_-) are allowed.
        type: str
        required: true
      file_name:
        description:
          - Beginning of the file names of the parts. If several hosts share a version, use another name for each host.
        type: str
        default: journal
  plan_max_age:
    description:
      - Maximum age of an approved plan, such as V(72h). Durations are written as in O(older_than).
    type: str
    default: 72h
  max_drift_percent:
    description:
      - Maximum difference from the approved plan, in percent of its tags to delete, such as V(10). If there are more
        differences, the plan is refused.
      - Differences are approved tags that no longer exist, point to another image, are unread, or are now kept by the
        rules or limits.
    type: float
seealso:
  - module: containerops.gitlab.registry_info
  - module: containerops.gitlab.registry_plan_merge
  - name: GitLab's cleanup policy
    description: Which tags GitLab deletes by itself.
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
    - V(ok) if every planned tag is deleted, or was correctly skipped since it had changed. In check mode, V(ok) if the
      plan is complete.
    - V(partial) if something could not be read or deleted.
    - V(refused) if the plan may not be carried out (RV(plan.refusals)).
    - V(failed) if there is no plan.
  returned: always
  type: str
  sample: ok
msg:
  description:
    - Why the task failed. If it did not fail, the summary of the plan (RV(plan.summary)), and after a run the summary
      of its outcome (RV(outcome.summary)).
  returned: always
  type: str
  sample: 15 deleted of 15 planned.
plan:
  description:
    - The tags to delete and to keep. For the same server state and the same clock, it is the same in check mode and in
      a run.
  returned: when a plan could be made
  type: dict
  contains:
    fingerprint:
      description:
        - Identifies the plan. It is a digest of the server, the time, the scope, the rules and every tag with its
          decision. The digest, date, size and reason of each tag are included.
      type: str
      returned: success
      sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
    delete:
      description: The tags to delete, oldest first in each repository, at most O(return_limit) entries. If there are
        more, the list contains those of the repositories with the most deletions.
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
            - Why the tag is deleted or kept. The page C(docs/safety.md) of the collection explains each reason.
            - >-
              Reasons to delete a tag are V(matched), V(expired) with O(older_than), and V(label_expired) with
              O(expires_label). Signatures are deleted as V(with_subject) after their image, and as V(orphaned) if they
              have no image.
            - >-
              With O(delete_via=bulk_unpinned), GitLab may delete a tag with one of these reasons. They are V(sampled),
              V(tied), V(near_cutoff), V(unseen_date), V(unseen_protection), V(unseen_registry) and V(unseen_age).
              RV(plan.repositories[].doubts) explains them.
            - >-
              A tag is kept by the project or its rule set with V(archived), V(no_rule_set), V(rule_set_not_selected) or
              V(exception).
            - >-
              A tag is kept by its name with V(protected) (O(protect)), V(latest), V(gitlab_protected), V(no_match),
              V(ambiguous_pattern), V(keep_pattern) or V(keep_rule).
            - A tag is kept by what uses it with V(in_use), V(unknown_in_use), V(active_ref) or V(deployed).
            - >-
              A tag is kept by its rank or age with V(keep_n), V(keep_n_per), V(too_young), V(min_age),
              V(label_not_expired) or V(no_expiry_label).
            - >-
              A tag is kept for other tags with V(signature), V(orphan), V(unknown_subject), V(referrer) or
              V(shared_digest).
            - >-
              A tag is kept for missing data with V(unknown_date), V(unknown_version), V(unknown_digest) or
              V(unknown_expiry).
            - >-
              A tag is also kept with V(limit) if its repository exceeds a limit, and with V(cleanup_fails) if GitLab's
              bulk deletion would fail.
            - With an approved plan, a tag may be kept with V(changed), V(rule_set_changed) or V(not_approved).
          type: str
          returned: success
          sample: expired
        rule_set:
          description: Name of the rule set of its repository (O(retention)). Null if it has none.
          type: str
          returned: success
          sample: null
        rule:
          description: Name of the rule that decided. Null if no rule did, or if there is only one rule.
          type: str
          returned: success
          sample: null
        digest:
          description: Digest of the image. Null if it was not read or can't be read.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        date:
          description: The date of the tag, by which its age is judged. Null if it was not read or is unknown.
          type: str
          returned: success
          sample: "2026-01-31T12:00:00Z"
        size:
          description: Size of the image in bytes, with its manifest, config and layers. Null if it was not read or is
            unknown.
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
      description: The repositories with their counts, sorted by path. If there are more than O(return_limit), the list
        contains those with the most tags to delete.
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
          description: Path of its project as GitLab writes it. It is in lower case if the project can't be read.
          type: str
          returned: success
          sample: team/app
        project_id:
          description: Id of its project.
          type: int
          returned: success
          sample: 3
        rule_set:
          description: Name of its rule set (O(retention)). Null if it has none.
          type: str
          returned: success
          sample: null
        listing:
          description:
            - How completely the tags were listed. V(complete), or V(unread) if they could not be read.
            - V(empty) if no tags are listed. A broken registry looks the same.
            - V(capped) if GitLab may have cut off the list at 10,000 tags.
          type: str
          returned: success
          sample: complete
        date_source:
          description:
            - What the dates of the tags mean.
            - V(published) is the last push that changed the image. V(built) is the build of the image. V(created) is
              used with O(timestamp=created).
            - V(none) if no date was read. V(unknown) if the meaning of the dates is unknown. Every tag is kept then.
          type: str
          returned: success
          sample: published
        tags:
          description: Number of tags.
          type: int
          returned: success
          sample: 120
        delete:
          description: Number of tags that are deleted or may be deleted.
          type: int
          returned: success
          sample: 90
        delete_this_run:
          description: Maximum number of these tags that this run deletes (O(max_deletions_per_run)).
          type: int
          returned: success
          sample: 90
        delete_least:
          description: Minimum number of tags that are deleted.
          type: int
          returned: success
          sample: 90
        delete_most:
          description: Maximum number of tags that are deleted.
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
            - How reliable the numbers are. It is V(exact), except with O(delete_via=bulk_unpinned).
            - V(upper_bound) if chance, or a rule that can't be read, decides about some of the tags.
            - V(unknown) if a date that GitLab uses can't be seen.
          type: str
          returned: success
          sample: exact
        doubts:
          description: Why the certainty is not V(exact), as a list of sentences.
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
          description: The limit that the repository exceeds. Null if it exceeds none.
          type: str
          returned: success
          sample: null
        error:
          description: Why the repository could not be read. Null if it was read.
          type: str
          returned: success
          sample: null
        bytes:
          description: Size of all images in bytes before anything is deleted. Null if it is unknown.
          type: int
          returned: success
          sample: 104857600
        bytes_method:
          description:
            - How the number of bytes was found. V(gitlab) with O(gather=size), V(layers) with O(gather=layers).
            - V(estimated) is the sum of the sizes of the images. V(unknown) if there is no number.
          type: str
          returned: success
          sample: gitlab
        freed_least:
          description:
            - Minimum number of bytes that the plan frees, after the registry's garbage collection. Null if it is
              unknown.
            - Layers that images share are freed only with the last of these images.
          type: int
          returned: success
          sample: 20971520
        freed_most:
          description: Maximum number of bytes that the plan frees. Null if it is unknown. With O(gather=layers),
            minimum and maximum are equal.
          type: int
          returned: success
          sample: 52428800
        server_policy:
          description: The project's own cleanup policy.
          type: dict
          returned: success
          contains:
            state:
              description: V(enabled), V(disabled), or V(unknown) if the token can't read it.
              type: str
              returned: success
              sample: disabled
            next_run_at:
              description: Time of its next run. Null unless it is enabled.
              type: str
              returned: success
              sample: null
    totals:
      description: Totals of the whole plan.
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
          description: Maximum number of these tags that this run deletes (O(max_deletions_per_run)).
          type: int
          returned: success
          sample: 90
        keep:
          description: Number of tags to keep.
          type: int
          returned: success
          sample: 390
        reasons:
          description: Number of tags by reason. V(repository_unread) is the number of repositories that could not be
            read.
          type: dict
          returned: success
          sample: {"expired": 90, "keep_n": 20, "latest": 4, "no_match": 366}
        bytes:
          description:
            - Size of all images in bytes before anything is deleted. Null if it is unknown.
            - Repositories share storage, so this sum is larger than the storage that they use together. Only with
              O(gather=layers) shared layers are counted once.
          type: int
          returned: success
          sample: 104857600
        bytes_method:
          description:
            - How the number of bytes was found. V(gitlab) with O(gather=size), V(layers) with O(gather=layers).
            - V(estimated) is the sum of the sizes of the images. V(unknown) if there is no number.
          type: str
          returned: success
          sample: gitlab
        freed_least:
          description:
            - Minimum number of bytes that the plan frees, after the registry's garbage collection. Null if it is
              unknown.
            - It is the sum over the repositories. If they share layers, less may be freed, unless O(gather=layers) is
              set.
          type: int
          returned: success
          sample: 20971520
        freed_most:
          description: Maximum number of bytes that the plan frees. Null if it is unknown. With O(gather=layers),
            minimum and maximum are equal.
          type: int
          returned: success
          sample: 52428800
        matches:
          description:
            - How many tags or repositories each entry matches. Entries are those that keep tags or exclude
              repositories.
            - At most O(return_limit) entries. The file of O(plan_path) contains all of them.
          type: list
          elements: dict
          returned: success
          contains: &entry
            option:
              description: Option of the entry. V(keep) is a rule with C(keep).
              type: str
              returned: success
              sample: protect
            entry:
              description: The entry, such as a pattern or the name of a source. Empty for O(in_use).
              type: str
              returned: success
              sample: release-.*
            rule_set:
              description: Name of the rule set that contains the entry. Null if no rule set contains it.
              type: str
              returned: success
              sample: null
            rule:
              description: Name of the rule that contains the entry. Null if no rule contains it, or if there is only
                one rule.
              type: str
              returned: success
              sample: null
            matched:
              description:
                - Number of tags in scope that the entry matches, even if something else keeps them too. For
                  O(exclude_repositories) it is the number of repositories.
                - If a rule contains the entry, tags that another rule decides about are not counted.
              type: int
              returned: success
              sample: 12
            references:
              description: Number of images, branches, merge requests, git tags or deployments of the entry. Null for
                other entries.
              type: int
              returned: success
              sample: null
    unmatched:
      description: The entries that keep or exclude something and match nothing (O(on_unmatched)), as a list of
        sentences.
      type: list
      elements: str
      returned: success
      sample: ["protect '1.0.0' matches no tag (it is only a part of v1.0.0)"]
    refusals:
      description: Why the plan may not be carried out, as a list of sentences. Empty if it may.
      type: list
      elements: str
      returned: success
      sample: []
    truncated:
      description: Whether one of the lists was cut to O(return_limit) entries.
      type: bool
      returned: success
      sample: false
    rules:
      description:
        - The options of the plan, as in the first line of the file of O(plan_path). Options that are not set are null.
        - For O(in_use) and O(in_use_sources), it contains the number of sources and images.
      type: dict
      returned: success
      sample: {"in_use": null, "in_use_sources": {"images": 12, "sources": 2}, "keep_n": 5, "older_than": "30d"}
    summary:
      description: What the plan deletes, in one sentence. In check mode it is also the task's message.
      type: str
      returned: success
      sample: 15 to delete of 17 approved; 1 moved, 1 already deleted by an earlier run
    budget:
      description:
        - Values of O(max_deletions_per_run) and O(max_duration) that apply to this run, as in the plan file. Null if
          both are not set.
        - With an approved plan, the smaller value of plan and task is used, for each of the two options.
      type: dict
      returned: success
      sample: {"max_deletions_per_run": 50, "max_duration": null}
    this_run:
      description:
        - Which part of the plan this run deletes at most (O(max_deletions_per_run), O(max_duration)). Null if it
          deletes all of it.
      type: str
      returned: success
      sample: at most 50 of 90 in this run
    deleted_before:
      description:
        - Number of tags that earlier runs with the same O(journal_path) have deleted and that no longer exist.
        - With an approved plan, these are tags of this plan. Otherwise they are tags of runs that were interrupted and
          have not been finished.
      type: int
      returned: success
      sample: 1
    approved:
      description: Differences between the approved plan and today. Null without an approved plan.
      type: dict
      returned: success
      contains:
        fingerprint:
          description: Fingerprint of the approved plan. For a part of a merged plan, it is that of the merged plan.
          type: str
          returned: success
          sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
        clock:
          description: When the approved plan was made.
          type: str
          returned: success
          sample: "2026-06-01T12:00:00Z"
        totals:
          description: Totals of the approved plan. For a part of a merged plan, only of this part.
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
              description: Number of tags whose deletion was approved.
              type: int
              returned: success
              sample: 17
        counts:
          description: Number of differences by kind. RV(plan.approved.drift[].kind) explains the kinds.
          type: dict
          returned: success
          sample: {"vanished": 0, "moved": 1, "kept": 0, "unread": 0, "renamed": 0, "rule_set": 0, "new": 2}
        kept_by:
          description: Number of approved tags that are kept by today's rules and limits, by reason.
          type: dict
          returned: success
          sample: {"in_use": 1}
        drift:
          description: List of the differences, at most O(return_limit) entries.
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
                - What has changed. V(vanished) if the approved tag no longer exists, V(moved) if it now points to
                  another image.
                - V(kept) if today's rules or limits keep the approved tag.
                - V(unread) if its repository could not be read, V(renamed) if its repository now has another path.
                - V(rule_set) if its repository now has another rule set. The tag is kept.
                - V(new) if today's rules choose a tag that the approved plan does not contain. The tag is kept.
              type: str
              returned: success
              sample: moved
            reason:
              description: Why today's rules or limits keep the tag. Null if they do not.
              type: str
              returned: success
              sample: null
            rule:
              description: Name of the rule that keeps the tag. Null if no rule does, or if there is only one rule.
              type: str
              returned: success
              sample: null
retention_changes:
  description:
    - Differences between O(retention) and O(previous_retention). Null without O(previous_retention).
    - Repositories with the most newly deleted tags come first. Tags that are kept in both cases, by GitLab or by the
      task, are not a change.
  returned: when a plan could be made
  type: dict
  contains:
    repositories:
      description: Repositories that have another rule set, or of which other tags are deleted, at most O(return_limit)
        entries.
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
          description: Name of its rule set. Null if it has none.
          type: str
          returned: success
          sample: services
        previous_rule_set:
          description: Name of its rule set in the previous document. Null if it had none.
          type: str
          returned: success
          sample: null
        newly_deleted:
          description: Names of tags that are deleted and that the previous document kept, at most O(return_limit)
            entries.
          type: list
          elements: str
          returned: success
          sample: [dev-1]
        newly_kept:
          description: Names of tags that are kept and that the previous document deleted, at most O(return_limit)
            entries.
          type: list
          elements: str
          returned: success
          sample: []
        newly_deleted_count:
          description: Number of all newly deleted tags of the repository.
          type: int
          returned: success
          sample: 1
        newly_kept_count:
          description: Number of all newly kept tags of the repository.
          type: int
          returned: success
          sample: 0
    repositories_changed:
      description: Number of all changed repositories.
      type: int
      returned: success
      sample: 1
    newly_deleted:
      description: Number of newly deleted tags of all repositories.
      type: int
      returned: success
      sample: 1
    newly_kept:
      description: Number of newly kept tags of all repositories.
      type: int
      returned: success
      sample: 0
outcome:
  description: What happened to the planned tags. Each list contains at most O(return_limit) entries.
  returned: when something was to be deleted and this is not check mode
  type: dict
  contains:
    summary:
      description: What was deleted, in one sentence. Unless the task fails, it is also the task's message.
      type: str
      returned: success
      sample: 15 deleted of 17 approved; 1 moved, 1 already deleted by an earlier run
    deleted:
      description: Tags that were deleted. A complete list of the repository's tags, which was read afterwards, does not
        contain them. It still contains at least one tag that was to be kept.
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
          description: Digest of the tag in the plan.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        message:
          description: Details of what happened. Empty if there are none.
          type: str
          returned: success
          sample: ""
    already_gone:
      description: Tags that no longer existed when this run was about to delete them.
      type: list
      elements: dict
      returned: success
      contains: *fate
    changed_since:
      description: Tags that were kept, since they changed after the plan was made. They point to another image, were
        pushed again, or became protected.
      type: list
      elements: dict
      returned: success
      contains: *fate
    recreated:
      description: Tags that were deleted and exist again afterwards.
      type: list
      elements: dict
      returned: success
      contains: *fate
    unverified:
      description: Tags that GitLab reported as deleted, but no complete list of tags confirms it.
      type: list
      elements: dict
      returned: success
      contains: *fate
    not_deleted:
      description: Tags that GitLab was asked to delete, and that were not deleted. GitLab refused, did nothing, or its
        answer was lost.
      type: list
      elements: dict
      returned: success
      contains: *fate
    not_tried:
      description: Tags for which no deletion was requested, since they could not be read again or the run had stopped.
      type: list
      elements: dict
      returned: success
      contains: *fate
    left_for_next_run:
      description: Tags that the next run deletes, since this run reached O(max_deletions_per_run) or O(max_duration)
        before their turn.
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
      description: Tags that were added to images in use (O(pin_untagged_in_use)).
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
          description:
            - V(written), V(not_written), or V(not_tried).
            - V(unverified) if the registry accepted the tag and could not be asked afterwards.
            - V(changed_since) if the name already pointed to another image.
          type: str
          returned: success
          sample: written
        message:
          description: Details of what happened. Empty if there are none.
          type: str
          returned: success
          sample: ""
    journal:
      description: The package of the journal (O(journal_package)), the number of its parts, and whether it is complete.
        Null without O(journal_package).
      type: dict
      returned: success
      sample: {"complete": true, "file_name": "journal", "package": "registry-cleanup-journal", "parts": 2, "project":
        "team/app", "version": "2026.06.01"}
    remaining:
      description: Number of tags that were listed afterwards in the repositories from which tags were deleted. Null if
        it is unknown.
      type: int
      returned: success
      sample: 30
    stopped:
      description: Why the run stopped before the end of the plan. Null if it did not stop.
      type: str
      returned: success
      sample: null
    budget:
      description: Why the run left tags for the next run, and how to continue. Null if it left no tags.
      type: str
      returned: success
      sample: "max_deletions_per_run 50 was reached: run the task again to delete the rest"
    truncated:
      description: Whether one of the lists was cut to O(return_limit) entries.
      type: bool
      returned: success
      sample: false
run_by:
  description: Who and what runs this (O(run_by)).
  returned: when a plan could be made
  type: dict
  sample: {"awx_job_id": "7", "awx_user_name": "ana"}
unguarded:
  description: Tags to delete whose digest could not be read, with O(require_digest=false), at most O(return_limit)
    entries.
  returned: when a plan could be made
  type: list
  elements: str
  sample: []
errors:
  description: Requests that failed, so that something could not be read.
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
      description: Kind of the failure, such as V(forbidden), V(not_found), V(rate_limited), V(unavailable) or
        V(incomplete).
      type: str
      returned: success
      sample: unavailable
    status:
      description: HTTP status. Null if there was no answer.
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
      description: Error message of the server or of the connection.
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
  description: Remarks on the plan, such as the meaning of the dates on this server, or a rule that decides about no
    tag.
  returned: when a plan could be made
  type: list
  elements: str
  sample: []
in_use:
  description: Images in use, compared with the repositories in scope.
  returned: when a plan could be made
  type: dict
  contains:
    references:
      description: Number of references in O(in_use) and O(in_use_sources).
      type: int
      returned: success
      sample: 12
    elsewhere:
      description: Number of references by name that belong to no repository in scope. They keep no tag.
      type: int
      returned: success
      sample: 7
    missing:
      description: References by tag to repositories in scope that have no such tag, at most O(return_limit) entries.
      type: list
      elements: str
      returned: success
      sample: []
    untagged:
      description:
        - References by digest that may belong to an image of a repository in scope to which no tag points, at most
          O(return_limit) entries.
        - Such an image is removed when the registry's garbage collection removes untagged manifests.
      type: list
      elements: str
      returned: success
      sample: []
    pinned:
      description: Images that get a tag (O(pin_untagged_in_use)), at most O(return_limit) entries.
      type: list
      elements: dict
      returned: success
      contains:
        repository: *pinned_repository
        name: *pinned_name
        digest: *pinned_digest
    lost:
      description: Images of RV(in_use.untagged) that no longer exist in the registry, at most O(return_limit) entries.
        The registry is asked only with O(pin_untagged_in_use).
      type: list
      elements: str
      returned: success
      sample: []
server:
  description: What the module found out about the server.
  returned: when a plan could be made
  type: dict
  contains:
    url:
      description: Address of the server.
      type: str
      returned: success
      sample: https://gitlab.example.com
    registry:
      description: V(database) if the registry has a metadata database, V(no_database) if it has none, or V(unknown).
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
      description: GitLab's time, which is used to calculate ages. It is the earliest time in GitLab's answers. Null if
        it is unknown.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
    being_deleted:
      description: Repositories in scope that GitLab is already deleting. They are left out.
      type: list
      elements: str
      returned: success
      sample: []
    registry_disabled:
      description: Projects of the group whose container registry is disabled. They are left out.
      type: list
      elements: str
      returned: success
      sample: []
output_path:
  description: Path of the file with the audit.
  returned: when O(output_path) is given and a plan could be made
  type: str
  sample: /tmp/repositories.jsonl
plan_path:
  description: Path of the file with the whole plan.
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

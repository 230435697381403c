#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_report
short_description: Report what registries hold, and what a plan deletes, as CSV, Markdown, metrics and a page
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Makes reports of an audit, which O(containerops.gitlab.registry_info#module:output_path) or
    O(containerops.gitlab.registry_cleanup#module:output_path) wrote, of a plan, or of both.
  - If both are given, the numbers come from the audit, and what is deleted and kept comes from the plan.
    Without an audit, the numbers are counted from the tags of the plan.
  - What is not known is empty in CSV, has no sample in metrics, and is called unknown in Markdown and on the page. It
    is never V(0).
  - It works on files alone, and asks no server.
extends_documentation_fragment:
  - containerops.gitlab._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  audit_path:
    description:
      - Read the audit from this file, in JSON Lines. It is what O(containerops.gitlab.registry_info#module:output_path)
        or O(containerops.gitlab.registry_cleanup#module:output_path) wrote.
      - At least one of O(audit_path) and O(plan_path) is required.
    type: path
  plan_path:
    description:
      - Read the plan from this file, which O(containerops.gitlab.registry_cleanup#module:plan_path),
        O(containerops.gitlab.registry_plan_merge#module:merged_plan_path) or
        O(containerops.gitlab.registry_repository#module:plan_path) wrote.
      - A plan of M(containerops.gitlab.registry_repository) is about whole repositories. It is shown as Markdown and
        CSV. O(html_path) and O(prometheus_path) are refused with it.
      - The fingerprint of a plan that was altered is not shown.
    type: path
  journal_path:
    description:
      - The file that O(containerops.gitlab.registry_cleanup#module:journal_path) or
        O(containerops.gitlab.registry_repository#module:journal_path) names, if the plan was carried out. The reports
        then say of each tag and each repository that the plan deletes what became of it, and why.
      - The last run of the plan counts. A tag counts as deleted only if the journal says so.
    type: path
  compare_with:
    description:
      - Read an earlier audit of the same server and scope from this file. The report then says how many tags and bytes
        there are more or fewer since then, and what was to be freed then.
      - If it is not there, or is of another scope, nothing is compared, and the report says so.
      - Markdown and the page tell the comparison. CSV and metrics do not.
    type: path
  price_per_gib_month:
    description:
      - What a GiB costs in a month, in any currency. CSV, Markdown, the page and the results then tell costs.
    type: float
  csv_folder:
    description:
      - Write C(projects.csv), C(repositories.csv) and C(tags.csv) to this folder. It has to be there.
      - They are in UTF-8 as RFC 4180 says, always with a header, with bytes as whole numbers and times as ISO 8601.
      - C(tags.csv) has the tags of the plan, and those of an audit that gathered tags.
    type: path
  prometheus_path:
    description:
      - Write metrics to this file, which the textfile collector of Prometheus' node exporter reads. Its name has to end
        with C(.prom), since the collector reads no other files. Everybody can read it.
    type: path
  prometheus_repositories:
    description:
      - Write metrics for each repository too, and not for each project alone.
      - It is refused without O(prometheus_path).
    type: bool
    default: false
  markdown_path:
    description:
      - Write at most 100,000 characters of Markdown to this file, for a merge request, an approval or a log.
      - The totals and warnings come first, then the largest repositories, and at most 500 tags that are deleted.
    type: path
  html_path:
    description:
      - Write one page to this file that any browser shows, without a server or a connection. It lists all repositories
        and tags, sorted and filtered, and says how to approve the plan.
    type: path
  result:
    description:
      - What the task that was to write the files ended with. It is on top of the reports.
      - With V(refused) or V(failed), files that are not there are no error. The report says that they are missing.
    type: str
    choices: [ok, partial, refused, failed]
    default: ok
  failure:
    description:
      - Why that task failed.
    type: str
  warnings:
    description:
      - What readers of the report should know besides, one sentence each.
    type: list
    elements: str
    default: []
  notes:
    description:
      - How it was read and planned, one sentence each. Reports list them below the warnings.
    type: list
    elements: str
    default: []
  deleted:
    description:
      - How many tags the run deleted. Left out, it is counted in the journal. Without O(journal_path) too, the report
        of a plan says that it is a preview, and that nothing was deleted.
      - It is refused without O(plan_path).
    type: int
  api_url:
    description:
      - The address of GitLab, which stands in the reports of a run that read nothing. Nothing is asked there.
    type: str
  scope:
    description:
      - What that task was asked for, as a dictionary with its options of scope. It stands in the reports of a run
        that read nothing.
    type: dict
    default: {}
  plan_location:
    description:
      - Where readers find the plan, a path or an address. The report shows it beside the fingerprint, with the command
        that applies the plan.
      - It is refused without O(plan_path), and so is O(plan_package).
      - Without it and O(plan_package), nobody can approve the plan, and the page says how to make one that is kept.
    type: str
  plan_package:
    description:
      - The package where readers find the plan, as M(containerops.gitlab.registry_plan_package) stored it.
    type: dict
    suboptions:
      project:
        description: ID or path of the project.
        type: str
        required: true
      version:
        description: Version of the package.
        type: str
        required: true
      package:
        description: Name of the package. Left out, it is C(registry-cleanup-plan).
        type: str
      file_name:
        description: Name of the file. Left out, it is C(plan.jsonl).
        type: str
  run_by:
    description:
      - Who and what ran, as texts by any names.
    type: dict
    default: {}
  validate_paths_only:
    description:
      - Only see that all files can be written. Nothing is read and no report is written. Roles do this before they
        delete anything.
    type: bool
    default: false
seealso:
  - module: containerops.gitlab.registry_info
  - module: containerops.gitlab.registry_cleanup
  - module: containerops.gitlab.registry_repository
"""

EXAMPLES = r"""
- name: Read all tags of a group
  containerops.gitlab.registry_info:
    group: team
    gather: [projects, tags, tag_details, size]
    output_path: "{{ playbook_dir }}/audit.jsonl"

- name: Report them for spreadsheets and for a merge request
  containerops.gitlab.registry_report:
    audit_path: "{{ playbook_dir }}/audit.jsonl"
    csv_folder: "{{ playbook_dir }}"
    markdown_path: "{{ playbook_dir }}/report.md"
    price_per_gib_month: 0.10

- name: Plan a cleanup
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: dev-.*
    older_than: 30d
    plan_path: "{{ playbook_dir }}/plan.jsonl"
    output_path: "{{ playbook_dir }}/audit-new.jsonl"
  check_mode: true

- name: Report what it deletes, as metrics too, and what is new since the audit
  containerops.gitlab.registry_report:
    audit_path: "{{ playbook_dir }}/audit-new.jsonl"
    plan_path: "{{ playbook_dir }}/plan.jsonl"
    compare_with: "{{ playbook_dir }}/audit.jsonl"
    prometheus_path: "{{ playbook_dir }}/registry.prom"
    markdown_path: "{{ playbook_dir }}/plan.md"

- name: Clean up
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: dev-.*
    older_than: 30d
    plan_path: "{{ playbook_dir }}/run.jsonl"
    journal_path: "{{ playbook_dir }}/journal.jsonl"
  register: cleanup

- name: Report what became of each tag that it was to delete
  containerops.gitlab.registry_report:
    plan_path: "{{ playbook_dir }}/run.jsonl"
    journal_path: "{{ playbook_dir }}/journal.jsonl"
    result: "{{ cleanup.result }}"
    csv_folder: "{{ playbook_dir }}"
    html_path: "{{ playbook_dir }}/run.html"
"""

RETURN = r"""
result:
  description: V(ok), or V(failed) when nothing could be reported.
  returned: always
  type: str
  sample: ok
report:
  description: Of what the report is.
  returned: when files were read
  type: dict
  contains:
    result:
      description:
        - As O(result), but V(partial) instead of V(ok) if a file has flaws, such as a line that can't be read.
      type: str
      returned: success
      sample: ok
    server:
      description: URL of GitLab.
      type: str
      returned: success
      sample: https://gitlab.example.com
    scope:
      description: What was asked for.
      type: str
      returned: success
      sample: group team
    clock:
      description: The server's time when the files were made, null if it is not known.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
    fingerprint:
      description: Fingerprint of the plan, null if there is none or the plan was altered.
      type: str
      returned: success
      sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
    deleted:
      description: Number of tags that the run deleted, null if there was none, or it is not known.
      type: int
      returned: success
      sample: 88
    outcomes:
      description:
        - Number of tags that the plan deletes by what became of them, as O(journal_path) says. It is null without a
          journal. C(unknown) are those of which the journal does not say what became of them.
      type: dict
      returned: success
      sample: {"not_deleted": 1, "recreated": 0, "unknown": 0, "not_tried": 0, "unverified": 0, "changed_since": 1,
        "already_gone": 0, "deleted": 88}
    repository_outcomes:
      description:
        - Number of repositories that a plan of whole repositories deletes, by what became of them, as O(journal_path)
          says. It is null without a journal, and for any other plan.
      type: dict
      returned: success
      sample: null
totals:
  description: All repositories in numbers. What is not known is null.
  returned: when files were read
  type: dict
  contains:
    projects:
      description: Number of projects.
      type: int
      returned: success
      sample: 2
    repositories:
      description: Number of repositories.
      type: int
      returned: success
      sample: 4
    repositories_unread:
      description: Number of repositories of which something could not be read.
      type: int
      returned: success
      sample: 0
    repositories_deleted:
      description: Number of repositories that a plan of whole repositories deletes, null for any other plan.
      type: int
      returned: success
      sample: null
    tags:
      description: Number of tags.
      type: int
      returned: success
      sample: 480
    bytes:
      description: Bytes of the images.
      type: int
      returned: success
      sample: 5368709120
    bytes_method:
      description:
        - Where the bytes come from. V(gitlab) is GitLab's number, which counts a layer of a repository once. V(layers)
          counts each layer once. V(estimated) adds the sizes of images, and counts shared layers more than once.
      type: str
      returned: success
      sample: gitlab
    oldest_tag_at:
      description: The oldest date of a tag.
      type: str
      returned: success
      sample: "2025-06-01T12:00:00Z"
    newest_tag_at:
      description: The newest date of a tag.
      type: str
      returned: success
      sample: "2026-06-01T11:00:00Z"
    tags_by_age:
      description: Number of tags in each age bucket. Buckets do not overlap, so each tag counts once.
      type: dict
      returned: success
      sample: {"7d": 20, "30d": 60, "90d": 200, "365d": 200, "older": 0, "unknown": 0}
    bytes_by_age:
      description: Bytes of the images in each age bucket, each image once, by its newest tag.
      type: dict
      returned: success
      sample: {"7d": 1024, "30d": 0, "90d": 0, "365d": 0, "older": 0, "unknown": null}
    delete:
      description: Number of tags that the plan deletes, null without a plan.
      type: int
      returned: success
      sample: 90
    keep:
      description: Number of tags that the plan keeps, null without a plan.
      type: int
      returned: success
      sample: 390
    freed_least:
      description: Bytes that are free at least after the plan and garbage collection.
      type: int
      returned: success
      sample: 1073741824
    freed_most:
      description: Bytes that are free at most after the plan and garbage collection.
      type: int
      returned: success
      sample: 2147483648
    cost:
      description: What the bytes cost in a month by O(price_per_gib_month).
      type: float
      returned: success
      sample: 0.5
    saved_least:
      description: What the plan saves in a month at least.
      type: float
      returned: success
      sample: 0.1
    saved_most:
      description: What the plan saves in a month at most.
      type: float
      returned: success
      sample: 0.2
compared:
  description: What O(compare_with) says, null if nothing is compared.
  returned: when files were read
  type: dict
  contains:
    clock:
      description: The server's time of then.
      type: str
      returned: success
      sample: "2026-05-01T12:00:00Z"
    tags:
      description: Number of tags of then.
      type: int
      returned: success
      sample: 500
    bytes:
      description: Bytes of then.
      type: int
      returned: success
      sample: 6442450944
    planned:
      description: Number of tags that the plan of then deletes, null if there was none.
      type: int
      returned: success
      sample: 40
    planned_freed_least:
      description: Bytes that were to be free at least after the plan of then.
      type: int
      returned: success
      sample: 1073741824
    planned_freed_most:
      description: Bytes that were to be free at most after the plan of then.
      type: int
      returned: success
      sample: 1073741824
    more_tags:
      description: Number of tags that there are more than then. It is negative if there are fewer.
      type: int
      returned: success
      sample: -20
    more_bytes:
      description:
        - Bytes that there are more than then. It is negative if there are fewer, and null if they were counted in
          another way then.
      type: int
      returned: success
      sample: -1073741824
files:
  description: Paths of the files of the report.
  returned: when nothing is wrong with the options
  type: list
  elements: str
  sample: [/reports/report.md]
"""

from ..module_utils._module.intent import Applied, Intent
from ..module_utils._module.options import ArgumentSpec
from ..module_utils._module.run import exit_on_error, finish, new_module
from ..module_utils._report.files import changed_files, check_places, files_of, write_reports
from ..module_utils._report.reading import read_report
from ..module_utils._report.request import request_of
from ..module_utils._report.results import flaws_of, intent_of, result_of

ARGUMENTS = ArgumentSpec(
    {
        "audit_path": {"type": "path"},
        "plan_path": {"type": "path"},
        "journal_path": {"type": "path"},
        "compare_with": {"type": "path"},
        "price_per_gib_month": {"type": "float"},
        "csv_folder": {"type": "path"},
        "prometheus_path": {"type": "path"},
        "prometheus_repositories": {"type": "bool", "default": False},
        "markdown_path": {"type": "path"},
        "html_path": {"type": "path"},
        "result": {"type": "str", "choices": ["ok", "partial", "refused", "failed"], "default": "ok"},
        "failure": {"type": "str"},
        "warnings": {"type": "list", "elements": "str", "default": []},
        "notes": {"type": "list", "elements": "str", "default": []},
        "deleted": {"type": "int"},
        "api_url": {"type": "str"},
        "scope": {"type": "dict", "default": {}},
        "plan_location": {"type": "str"},
        "plan_package": {
            "type": "dict",
            "options": {
                "project": {"type": "str", "required": True},
                "version": {"type": "str", "required": True},
                "package": {"type": "str"},
                "file_name": {"type": "str"},
            },
        },
        "run_by": {"type": "dict", "default": {}},
        "validate_paths_only": {"type": "bool", "default": False},
    }
)


def main() -> None:
    module = new_module(ARGUMENTS)
    with exit_on_error(module):
        request = request_of(module.params)
        files = files_of(request)
        check_places(files, request)
        paths = [file.path for file in files]
        if request.validate_paths_only:
            finish(module, None, Intent(changed=False, diff=[]), {"files": paths}, lambda: Applied(None))
        report = read_report(request)
        for warning in flaws_of(report, request.told):
            module.warn(warning)
        changed = changed_files(files, report)

        def apply() -> Applied:
            write_reports(changed, report)
            return Applied(None)

        finish(module, None, intent_of(report, [file.path for file in changed]), result_of(report, paths), apply)


if __name__ == "__main__":
    main()

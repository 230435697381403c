#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_report
short_description: Report registry contents and cleanup plans as CSV, Markdown, metrics and an HTML page
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Makes reports of an audit, of a plan, or of both. An audit is a file of
    O(containerops.gitlab.registry_info#module:output_path) or
    O(containerops.gitlab.registry_cleanup#module:output_path).
  - With an audit and a plan, the numbers come from the audit, and the decisions to delete or keep come from the plan.
    Without an audit, the numbers are counted from the tags of the plan.
  - An unknown number is empty in CSV, has no sample in metrics, and is called unknown in Markdown and on the page. It
    is never V(0).
  - The module only works with files. It sends no request to a server.
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
      - Read the audit from this file, as JSON Lines. It is a file of
        O(containerops.gitlab.registry_info#module:output_path) or
        O(containerops.gitlab.registry_cleanup#module:output_path).
      - At least one of O(audit_path) and O(plan_path) is required.
    type: path
  plan_path:
    description:
      - Read the plan from this file. It is a file of O(containerops.gitlab.registry_cleanup#module:plan_path),
        O(containerops.gitlab.registry_plan_merge#module:merged_plan_path) or
        O(containerops.gitlab.registry_repository#module:plan_path).
      - A plan of M(containerops.gitlab.registry_repository) contains whole repositories. It is reported only as
        Markdown and CSV. O(html_path) and O(prometheus_path) are refused with it.
      - If the plan was altered, its fingerprint is not shown.
    type: path
  journal_path:
    description:
      - Read the journal of the run from this file, if the plan was carried out. It is a file of
        O(containerops.gitlab.registry_cleanup#module:journal_path) or
        O(containerops.gitlab.registry_repository#module:journal_path).
      - The reports then show the outcome of each tag and each repository that the plan deletes, and why.
      - The last run of the plan is used. A tag counts as deleted only if the journal says so.
    type: path
  compare_with:
    description:
      - Read an earlier audit of the same server and scope from this file. The reports then show how the numbers of tags
        and bytes have changed since then, and how many bytes the earlier plan was to free.
      - If the file does not exist, or has another scope, nothing is compared, and the reports say so.
      - Markdown and the page show the comparison. CSV and metrics do not.
    type: path
  price_per_gib_month:
    description:
      - Price of one GiB per month, in any currency, such as V(0.02). CSV, Markdown, the page and the results then show
        costs.
    type: float
  csv_folder:
    description:
      - Write C(projects.csv), C(repositories.csv) and C(tags.csv) to this folder. The folder has to exist.
      - The files follow RFC 4180, in UTF-8, always with a header. Bytes are whole numbers, and times are ISO 8601.
      - C(tags.csv) contains the tags of the plan, and the tags of an audit if it gathered tags.
    type: path
  prometheus_path:
    description:
      - Write metrics to this file, for the textfile collector of Prometheus' node exporter.
      - The file name has to end with C(.prom), since the collector reads no other files. All users of the host may read
        the file.
    type: path
  prometheus_repositories:
    description:
      - Whether to write metrics for each repository, in addition to those for each project.
      - It is refused without O(prometheus_path).
    type: bool
    default: false
  markdown_path:
    description:
      - Write a report in Markdown to this file, for a merge request, an approval or a log. It has at most 100,000
        characters.
      - It begins with the totals and warnings. Then it lists the largest repositories, and at most 500 tags that are
        deleted.
    type: path
  html_path:
    description:
      - Write an HTML page to this file. Any browser shows it, without a server and without a connection.
      - The page lists all repositories and tags, which can be sorted and filtered. It explains how to approve the plan.
    type: path
  result:
    description:
      - Result of the task that wrote the files. It is shown at the top of the reports.
      - With V(refused) or V(failed), missing files are not an error. The report says that they are missing.
    type: str
    choices: [ok, partial, refused, failed]
    default: ok
  failure:
    description:
      - Why the task that wrote the files failed (O(result)).
    type: str
  warnings:
    description:
      - Further warnings for the report, as a list of sentences.
    type: list
    elements: str
    default: []
  notes:
    description:
      - Remarks on how the data was read and planned, as a list of sentences. Reports show them below the warnings.
    type: list
    elements: str
    default: []
  deleted:
    description:
      - Number of tags that the run deleted. By default it is counted in the journal (O(journal_path)).
      - Without this option and without O(journal_path), the report says that it is a preview and that nothing was
        deleted.
      - It is refused without O(plan_path).
    type: int
  api_url:
    description:
      - Address of GitLab, which is shown in the reports of a run that read nothing. No request is sent to it.
    type: str
  scope:
    description:
      - Scope options of the task that wrote the files, as a dictionary. They are shown in the reports of a run that
        read nothing.
    type: dict
    default: {}
  plan_location:
    description:
      - Where readers find the plan, as a path or an address. The report shows it next to the fingerprint, with the
        command that applies the plan.
      - Without O(plan_location) and O(plan_package), the plan can't be approved. The page then explains how to make a
        plan that is stored.
      - It is refused without O(plan_path), and so is O(plan_package).
    type: str
  plan_package:
    description:
      - Package in which readers find the plan. M(containerops.gitlab.registry_plan_package) stores it there.
    type: dict
    suboptions:
      project:
        description: Path or id of the project.
        type: str
        required: true
      version:
        description: Version of the package.
        type: str
        required: true
      package:
        description: Name of the package. The default is C(registry-cleanup-plan).
        type: str
      file_name:
        description: Name of the file. The default is C(plan.jsonl).
        type: str
  run_by:
    description:
      - Who and what started the run, as names and values, such as C(awx_user_name).
    type: dict
    default: {}
  validate_paths_only:
    description:
      - Whether to check only that all files can be written. Then nothing is read and no report is written. Roles do
        this before they delete anything.
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
  description: V(ok), or V(failed) if no report could be made.
  returned: always
  type: str
  sample: ok
report:
  description: What the report is about.
  returned: when files were read
  type: dict
  contains:
    result:
      description:
        - The value of O(result), but V(partial) instead of V(ok) if a file has a problem, such as a line that can't be
          read.
      type: str
      returned: success
      sample: ok
    server:
      description: URL of GitLab.
      type: str
      returned: success
      sample: https://gitlab.example.com
    scope:
      description: The scope of the audit or plan.
      type: str
      returned: success
      sample: group team
    clock:
      description: The server's time when the files were made. Null if it is unknown.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
    fingerprint:
      description: Fingerprint of the plan. Null if there is no plan, or if the plan was altered.
      type: str
      returned: success
      sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
    deleted:
      description: Number of tags that the run deleted. Null if there was no run, or if the number is unknown.
      type: int
      returned: success
      sample: 88
    outcomes:
      description:
        - Number of the planned tags by outcome, from the journal (O(journal_path)). Null without a journal.
        - C(unknown) is the number of tags whose outcome is not in the journal.
      type: dict
      returned: success
      sample: {"not_deleted": 1, "recreated": 0, "unknown": 0, "not_tried": 0, "unverified": 0, "changed_since": 1,
        "already_gone": 0, "deleted": 88}
    repository_outcomes:
      description:
        - Number of repositories by outcome, from the journal (O(journal_path)), for a plan of whole repositories. Null
          without a journal, and for any other plan.
      type: dict
      returned: success
      sample: null
totals:
  description: Totals of all repositories. Unknown numbers are null.
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
      description: Number of repositories that could not be read completely.
      type: int
      returned: success
      sample: 0
    repositories_deleted:
      description: Number of repositories that a plan of whole repositories deletes. Null for any other plan.
      type: int
      returned: success
      sample: null
    tags:
      description: Number of tags.
      type: int
      returned: success
      sample: 480
    bytes:
      description: Size of all images in bytes.
      type: int
      returned: success
      sample: 5368709120
    bytes_method:
      description:
        - How the number of bytes was found.
        - V(gitlab) is GitLab's number, which counts each layer once in a repository.
        - V(layers) counts each layer once.
        - V(estimated) is the sum of the sizes of the images. It counts shared layers several times.
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
      description: Number of tags by age. The ranges do not overlap, so each tag is counted once.
      type: dict
      returned: success
      sample: {"7d": 20, "30d": 60, "90d": 200, "365d": 200, "older": 0, "unknown": 0}
    bytes_by_age:
      description: Size of images in bytes by age. Each image is counted once, by the age of its newest tag.
      type: dict
      returned: success
      sample: {"7d": 1024, "30d": 0, "90d": 0, "365d": 0, "older": 0, "unknown": null}
    delete:
      description: Number of tags that the plan deletes. Null without a plan.
      type: int
      returned: success
      sample: 90
    keep:
      description: Number of tags that the plan keeps. Null without a plan.
      type: int
      returned: success
      sample: 390
    freed_least:
      description: Minimum number of bytes that the plan frees, after garbage collection.
      type: int
      returned: success
      sample: 1073741824
    freed_most:
      description: Maximum number of bytes that the plan frees, after garbage collection.
      type: int
      returned: success
      sample: 2147483648
    cost:
      description: Cost of all images per month, by O(price_per_gib_month).
      type: float
      returned: success
      sample: 0.5
    saved_least:
      description: Minimum cost that the plan saves per month.
      type: float
      returned: success
      sample: 0.1
    saved_most:
      description: Maximum cost that the plan saves per month.
      type: float
      returned: success
      sample: 0.2
compared:
  description: Comparison with the audit of O(compare_with). Null if nothing is compared.
  returned: when files were read
  type: dict
  contains:
    clock:
      description: The server's time in the earlier audit.
      type: str
      returned: success
      sample: "2026-05-01T12:00:00Z"
    tags:
      description: Number of tags in the earlier audit.
      type: int
      returned: success
      sample: 500
    bytes:
      description: Size of all images in bytes in the earlier audit.
      type: int
      returned: success
      sample: 6442450944
    planned:
      description: Number of tags that the earlier plan deletes. Null if there was no plan.
      type: int
      returned: success
      sample: 40
    planned_freed_least:
      description: Minimum number of bytes that the earlier plan frees.
      type: int
      returned: success
      sample: 1073741824
    planned_freed_most:
      description: Maximum number of bytes that the earlier plan frees.
      type: int
      returned: success
      sample: 1073741824
    more_tags:
      description: Change of the number of tags. It is negative if there are now fewer tags.
      type: int
      returned: success
      sample: -20
    more_bytes:
      description:
        - Change of the size in bytes. It is negative if there are now fewer bytes. Null if the two sizes were found by
          different methods.
      type: int
      returned: success
      sample: -1073741824
files:
  description: Paths of the report files.
  returned: when the options are valid
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

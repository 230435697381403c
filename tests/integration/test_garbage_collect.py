# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The garbage collection role on a real Docker registry, and on stand-ins for what can't be installed here."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import Ansible, Changes, Run, environment
from tests.simulator.images import EVERYTHING, RegistryClient, untag
from tests.simulator.real_registry import RegistryUnavailable, program, running_registry
from tests.simulator.seed import seed

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
ROLE = "registry_garbage_collect"
PLAYBOOK = "containerops.gitlab.garbage_collect"
DIGESTS = [f"sha256:{letter * 64}" for letter in "abcdef"]
# What `registry garbage-collect --dry-run` of GitLab's registry printed, by the level and the format of its log.
RECORDED: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "tests/conformance/tables/garbage_collections.jsonl").read_text().splitlines()
]


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    """Ansible that knows of no GitLab."""
    return Ansible(tmp_path, environment(tmp_path, None))


def play(ansible: Ansible, *modes: str, env: Changes = None, **options: Any) -> Run:
    wanted = {f"{ROLE}_{name}": value for name, value in options.items()}
    return ansible.play(PLAYBOOK, *modes, "-e", json.dumps(wanted), env=env)


def report(run: Run) -> dict[str, Any]:
    facts = [task.result["ansible_facts"] for task in run.tasks if task.name.endswith("Pass on the report")]
    assert len(facts) == 1, run.output
    found: dict[str, Any] = facts[0][f"{ROLE}_report"]
    return found


def shown(run: Run) -> str:
    return "\n".join(run.of("ansible.builtin.debug").result["msg"])


def changed(run: Run) -> bool:
    return bool(re.search(r"changed=[1-9]", run.output))


# On real images


@dataclass
class Images:
    """A registry's folder, with the digests that its tags had."""

    folder: Path
    digests: dict[str, dict[str, str]]

    @property
    def config(self) -> Path:
        return self.folder / "config.yml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def options(self, **more: Any) -> dict[str, Any]:
        return {"command": str(program(BUILD)), "config_path": str(self.config), "offline": True, **more}

    def pullable(self) -> set[str]:
        """The tags and former tags that a client gets with everything that belongs to them."""
        with running_registry(BUILD, self.folder) as registry:
            return complete(registry.url, self.digests)


def complete(url: str, digests: dict[str, dict[str, str]]) -> set[str]:
    client = RegistryClient(url)

    def whole(path: str, digest: str) -> bool:
        answer = client.manifest(path, digest, EVERYTHING)
        if not answer.ok:
            return False
        manifest = json.loads(answer.body)
        blobs = [manifest["config"], *manifest["layers"]] if "config" in manifest else []
        return all(client.blob(path, blob["digest"]).ok for blob in blobs) and all(
            whole(path, child["digest"]) for child in manifest.get("manifests", [])
        )

    return {f"{path}:{name}" for path, names in digests.items() for name in names if whole(path, names[name])}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def seeded(folder: Path, specification: dict[str, Any]) -> Iterator[Images]:
    """Images of which team/app:deleted was deleted as an image, and team/app:moved has lost its tag."""
    try:
        with running_registry(BUILD, folder) as registry:
            digests = seed(registry.url, specification)
            client = RegistryClient(registry.url)
            assert client.delete_manifest("team/app", digests["team/app"]["deleted"]).ok
            assert untag(client, "team/app", "moved") == "deleted"
    except RegistryUnavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    yield Images(folder, digests)


APP = {"team/app": [{"name": "v1"}, {"name": "deleted"}, {"name": "moved"}]}
INDEXES = {
    "team/multi": [
        {"name": "oci", "platforms": ["linux/amd64", "linux/arm64"]},
        {"name": "docker", "platforms": ["linux/amd64", "linux/arm64"], "format": "docker"},
    ]
}


@pytest.fixture
def images(tmp_path: Path) -> Iterator[Images]:
    with seeded(tmp_path / "store", APP) as found:
        yield found


@pytest.fixture
def indexes(tmp_path: Path) -> Iterator[Images]:
    with seeded(tmp_path / "store", {**APP, **INDEXES}) as found:
        yield found


@pytest.mark.real_registry
@pytest.mark.parametrize(("modes", "run"), [([], False), (["--check"], True)])
def test_a_report_changes_nothing_on_the_disk(ansible: Ansible, images: Images, modes: list[str], run: bool) -> None:
    before = tree(images.data)
    done = play(ansible, *modes, **images.options(run=run))
    assert done.code == 0, done.output
    assert tree(images.data) == before
    found = report(done)
    assert (found["result"], found["kind"], found["manifests"]) == ("reported", "plain", 0)
    # Config and layer of the deleted image and its manifest, and what took the place of the moved tag.
    assert found["blobs"] == 5
    assert found["bytes_before"] > 0
    assert (found["bytes_after"], found["bytes_freed"]) == (None, None)
    assert "nothing was removed" in shown(done)
    assert changed(done) is run
    assert not list(ansible.folder.glob("tmp.*"))


@pytest.mark.real_registry
def test_a_run_between_stop_and_start_frees_bytes_and_leaves_every_tag(
    ansible: Ansible, indexes: Images, tmp_path: Path
) -> None:
    pid, log = tmp_path / "pid", tmp_path / "log"
    start, stop = tmp_path / "start", tmp_path / "stop"
    start.write_text(f"#!/bin/sh\n{program(BUILD)} serve {indexes.config} > {log} 2>&1 &\necho $! > {pid}\n")
    stop.write_text(f"#!/bin/sh\nkill $(cat {pid})\nwhile kill -0 $(cat {pid}) 2> /dev/null; do sleep 0.1; done\n")
    for script in (start, stop):
        script.chmod(0o755)
    subprocess.run([start], check=True, env={**os.environ, "OTEL_TRACES_EXPORTER": "none"})
    first = pid.read_text()
    try:
        options = indexes.options(run=True, offline=False, stop_command=str(stop), start_command=str(start))
        run = play(ansible, **options, env={"OTEL_TRACES_EXPORTER": "none"})
        assert run.code == 0, run.output
        second = pid.read_text()
        assert second != first
        found = report(run)
        assert (found["result"], found["blobs"]) == ("collected", 5)
        assert found["bytes_freed"] == found["bytes_before"] - found["bytes_after"] > 0
        usage = subprocess.run(["du", "-sk", indexes.data], capture_output=True, text=True, check=True)
        assert found["bytes_after"] == int(usage.stdout.split()[0]) * 1024
        assert f"{found['bytes_freed']} freed" in shown(run)
        assert changed(run)

        again = play(ansible, **options)
        assert report(again)["result"] == "nothing_to_collect"
        assert not changed(again)
        assert pid.read_text() == second
    finally:
        subprocess.run([stop], check=True)
    assert indexes.pullable() == {"team/app:v1", "team/app:moved", "team/multi:oci", "team/multi:docker"}


@pytest.mark.sweep(2)
@pytest.mark.real_registry
@pytest.mark.parametrize("modes", [[], ["--check"]])
def test_images_without_a_tag_need_a_list_or_consent(ansible: Ansible, images: Images, modes: list[str]) -> None:
    before = tree(images.data)
    run = play(ansible, *modes, **images.options(run=True, untagged=True))
    assert run.code != 0
    assert report(run)["result"] == "refused"
    assert "registry_garbage_collect_digests_in_use" in run.tasks[-1].message
    assert "registry_garbage_collect_allow_untagged_without_list" in run.tasks[-1].message
    assert "1 manifests without a tag" in shown(run)
    assert not changed(run)
    assert tree(images.data) == before


@pytest.mark.sweep(2)
@pytest.mark.real_registry
@pytest.mark.parametrize("consent", [False, True])
def test_what_runs_by_its_digest_stays_and_is_named(ansible: Ansible, images: Images, consent: bool) -> None:
    before = tree(images.data)
    used = images.digests["team/app"]["moved"]
    in_use = [f"registry.example.com/team/app:v1@{images.digests['team/app']['v1']}", f"registry/team/app@{used}"]
    options = images.options(untagged=True, digests_in_use=in_use, allow_untagged_without_list=consent)
    run = play(ansible, **options, run=True)
    assert run.code != 0
    assert report(run)["digests_in_use"] == [used]
    assert run.tasks[-1].message == f"in use and without a tag: {used}"
    assert tree(images.data) == before
    # A report says so, and is no failure.
    only = play(ansible, **options)
    assert only.code == 0
    assert f"a run would be refused: in use and without a tag: {used}" in shown(only)


@pytest.mark.sweep(2)
@pytest.mark.real_registry
@pytest.mark.parametrize("consent", ["list", "without list"])
def test_with_consent_what_has_no_tag_goes_and_the_rest_stays(ansible: Ansible, images: Images, consent: str) -> None:
    assert images.pullable() == {"team/app:v1", "team/app:moved"}
    given: dict[str, Any] = {"allow_untagged_without_list": True}
    if consent == "list":
        given = {"digests_in_use": [images.digests["team/app"]["v1"]]}
    run = play(ansible, **images.options(run=True, untagged=True, **given))
    assert run.code == 0, run.output
    assert (report(run)["result"], report(run)["manifests"]) == ("collected", 1)
    assert images.pullable() == {"team/app:v1"}


@pytest.mark.real_registry
def test_a_command_that_breaks_tagged_indexes_is_refused_whatever_the_consent(
    ansible: Ansible, indexes: Images, tmp_path: Path
) -> None:
    tagged = {"team/app:v1", "team/multi:oci", "team/multi:docker"}
    other = Images(tmp_path / "other", indexes.digests)
    shutil.copytree(indexes.folder, other.folder)
    other.config.write_text(indexes.config.read_text().replace(str(indexes.data), str(other.data)))
    subprocess.run([program(BUILD), "garbage-collect", "-m", other.config], check=True, capture_output=True)
    breaks = other.pullable() != tagged

    before = tree(indexes.data)
    run = play(ansible, **indexes.options(run=True, untagged=True, allow_untagged_without_list=True))
    # Debian's 2.8.2 breaks them; a later one may not.
    assert (report(run)["result"] == "refused") is breaks
    if breaks:
        assert run.code != 0
        assert "tagged indexes would lose images" in run.tasks[-1].message
        assert tree(indexes.data) == before
    assert tagged <= indexes.pullable()


# On stand-ins


@dataclass
class Host:
    """Stand-ins for commands: what they print and how they end is in files, and what they were called with in a log."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.yml"

    def command(self, path: str, body: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{file.name} $*" >> {self.folder}/log\n{body}\n')
        file.chmod(0o755)
        return file

    def calls(self) -> list[str]:
        log = self.folder / "log"
        found = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return found

    def configure(self, **sections: Any) -> None:
        folder = self.folder / "data"
        (folder / "docker/registry/v2/repositories").mkdir(parents=True, exist_ok=True)
        config = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(folder)}}, **sections}
        self.config.write_text(json.dumps(config))


# One image is kept, and one blob goes.
KEPT, GONE = DIGESTS[5], DIGESTS[0]
DRY = {
    "docker": f"team/app\\nteam/app: marking manifest {KEPT}\\nteam/app: marking blob {KEPT}\\n"
    f"1 blobs marked, 1 blobs and 0 manifests eligible for deletion\\nblob eligible for deletion: {GONE}",
    "text": f'level=info msg="marking blob" digest="{KEPT}"\\n'
    f'level=info msg="blob eligible for deletion" digest="{GONE}"\\n'
    'level=info msg="mark stage complete" blobs_marked=1 blobs_to_delete=1 manifests_to_delete=0',
    "json": f'{{"digest":"{KEPT}","msg":"marking blob"}}\\n{{"digest":"{GONE}","msg":"blob eligible for deletion"}}\\n'
    '{"blobs_marked":1,"blobs_to_delete":1,"manifests_to_delete":0,"msg":"mark stage complete"}',
    "silent": "",
}


def tell(kind: str) -> str:
    return f"printf '%b\\n' '{DRY[kind]}'"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host with a stand-in for GitLab's package, whose command is a link on the PATH as there."""
    found = Host(tmp_path / "host")
    found.command("opt/bin/gitlab-ctl", tell("text"))
    found.command("opt/embedded/bin/registry", tell("text"))
    programs: dict[str, Path | None] = {
        "gitlab-ctl": found.folder / "opt/bin/gitlab-ctl",
        "docker-registry": None,
        "registry": None,
    }
    for folder in os.get_exec_path():
        for file in Path(folder).glob("*"):
            programs.setdefault(file.name, file)
    (found.folder / "bin").mkdir()
    for name, target in programs.items():
        if target:
            (found.folder / "bin" / name).symlink_to(target)
    found.configure()
    return found


def on(host: Host, ansible: Ansible, *modes: str, **options: Any) -> Run:
    """On a PATH with gitlab-ctl and without the registry that this machine may have."""
    return play(ansible, *modes, **{"config_path": str(host.config), **options}, env={"PATH": f"{host.folder}/bin"})


def test_the_package_of_gitlab_is_recognised_and_stops_the_registry_itself(ansible: Ansible, host: Host) -> None:
    only = on(host, ansible)
    assert only.code == 0, only.output
    assert report(only)["kind"] == "package"
    assert host.calls() == [f"registry garbage-collect --dry-run {host.config}"]
    assert "which stops the registry and starts it again" in shown(only)
    check = on(host, ansible, "--check", run=True)
    assert host.calls() == [f"registry garbage-collect --dry-run {host.config}"]
    assert changed(check)
    run = on(host, ansible, run=True)
    assert run.code == 0, run.output
    assert host.calls()[1:] == [f"gitlab-ctl registry-garbage-collect {host.config}"]
    assert (report(run)["result"], report(run)["blobs"]) == ("collected", 1)
    assert changed(run)


@pytest.mark.slow
def test_the_package_removes_what_has_no_tag_only_with_consent(ansible: Ansible, host: Host) -> None:
    refused = on(host, ansible, run=True, untagged=True)
    assert refused.code != 0
    assert host.calls() == [f"registry garbage-collect --dry-run {host.config} -m"]
    run = on(host, ansible, run=True, untagged=True, allow_untagged_without_list=True)
    assert run.code == 0, run.output
    assert host.calls()[1:] == [f"gitlab-ctl registry-garbage-collect {host.config} -m"]


def recorded(host: Host, row: dict[str, Any]) -> None:
    """The registry of GitLab's package prints what the real one printed."""
    (host.folder / "printed").write_text(row["printed"])
    host.command("opt/embedded/bin/registry", f"cat {host.folder}/printed")


@pytest.mark.sweep(3)
@pytest.mark.parametrize("row", [row for row in RECORDED if row["printed"]], ids=lambda row: str(row["what"]))
def test_what_gitlabs_registry_prints_is_understood(ansible: Ansible, host: Host, row: dict[str, Any]) -> None:
    recorded(host, row)
    untagged = row["command"].endswith("-m")
    gone = going(row["printed"])
    found = report(on(host, ansible, untagged=untagged, digests_in_use=DIGESTS[:1]))
    assert (found["blobs"], found["manifests"]) == ((7, 2) if untagged else (1, 0))
    assert found["refusals"] == []
    used = on(host, ansible, run=True, untagged=untagged, digests_in_use=[*DIGESTS[:1], *gone[:1]])
    assert report(used)["result"] == ("refused" if gone else "collected")
    assert report(used)["digests_in_use"] == gone[:1]
    assert ("gitlab-ctl" in " ".join(host.calls())) is not bool(gone)


@pytest.mark.sweep(4)
@pytest.mark.parametrize("row", [row for row in RECORDED if not row["printed"]], ids=lambda row: str(row["what"]))
def test_a_registry_that_says_nothing_is_not_collected(ansible: Ansible, host: Host, row: dict[str, Any]) -> None:
    recorded(host, row)
    run = on(host, ansible, run=True, untagged=row["command"].endswith("-m"), digests_in_use=DIGESTS[:1])
    assert run.code != 0
    assert run.tasks[-1].message == ("what would be removed is not known: the command says nothing of it in a dry run")
    assert (report(run)["result"], report(run)["blobs"]) == ("refused", None)
    assert len(host.calls()) == 1


@pytest.mark.slow
def test_a_registry_that_logs_warnings_alone_is_asked_for_more(ansible: Ansible, host: Host) -> None:
    host.command("opt/embedded/bin/registry", f'[ "$REGISTRY_LOG_LEVEL" != info ] || {tell("text")}')
    assert report(on(host, ansible))["blobs"] == 1


def test_a_package_without_its_program_is_not_collected(ansible: Ansible, host: Host) -> None:
    (host.folder / "opt/embedded/bin/registry").unlink()
    run = on(host, ansible, run=True)
    assert run.code != 0
    assert "opt/embedded/bin/registry, is not there to ask" in run.tasks[-1].message
    assert host.calls() == []


def summary(printed: str, *in_use: str) -> dict[str, Any]:
    """What the role makes of what a registry printed."""
    script = ROOT / "roles" / ROLE / "files" / "summary.awk"
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(printed)
        file.flush()
        command = ["awk", "-f", str(script), "part=in_use", "-", "part=printed", file.name]
        told = subprocess.run(command, input="\n".join(in_use), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def going(printed: str) -> list[str]:
    """The manifests that GitLab's registry says it removes."""
    lines = [line for line in printed.splitlines() if "will be deleted from repository" in line]
    return [match.group() for match in (re.search("sha256:[0-9a-f]{64}", line) for line in lines) if match]


@pytest.mark.parametrize("row", [row for row in RECORDED if row["printed"]], ids=lambda row: str(row["what"]))
def test_a_line_that_is_not_understood_shows_in_the_totals(row: dict[str, Any]) -> None:
    lines = row["printed"].splitlines(keepends=True)
    removals = [line for line in lines if "eligible for deletion" in line or "will be deleted" in line]
    named = [line for line in removals if "sha256:" in line]
    assert len(named) == (9 if row["command"].endswith("-m") else 1)
    for line in named:
        found = summary("".join(each if each is not line else each.replace("elet", "elit") for each in lines))
        totals = (found["total_blobs"], found["total_manifests"])
        assert totals != (found["blobs"], found["manifests"]), line
    for each in going(row["printed"]):
        assert summary(row["printed"], each)["in_use"] == [each]


def test_what_is_not_understood_is_not_collected(ansible: Ansible, host: Host) -> None:
    command = tell("text").replace("blobs_to_delete=1", "blobs_to_delete=3")
    host.command("opt/embedded/bin/registry", command)
    run = on(host, ansible, run=True)
    assert run.tasks[-1].message == (
        "what would be removed is not understood: the command counts 3 blobs and 0 manifests, "
        "and its lines name 1 and 0"
    )
    assert len(host.calls()) == 1


@pytest.mark.sweep(3)
@pytest.mark.parametrize("log", ["docker", "text", "json"])
def test_a_storage_in_which_nothing_is_kept_is_not_collected(ansible: Ansible, host: Host, log: str) -> None:
    """As that of a registry whose metadata database its command does not know of: every blob would go."""
    command = tell(log).replace("blobs_marked=1", "blobs_marked=0").replace('"blobs_marked":1', '"blobs_marked":0')
    command = command.replace("1 blobs marked", "0 blobs marked")
    host.command("opt/embedded/bin/registry", command)
    run = on(host, ansible, run=True)
    assert "no image would be kept, and 1 blobs and manifests would be removed" in run.tasks[-1].message
    assert len(host.calls()) == 1


def test_an_image_goes_from_one_repository_and_stays_in_another() -> None:
    lines = [
        f'msg="manifest metadata will be deleted from repository" digest="{GONE}" repository=team/app',
        f'msg="marking blob" digest="{GONE}" repository=team/kept',
        'msg="mark stage complete" blobs_marked=1 blobs_to_delete=0 manifests_to_delete=1',
    ]
    found = summary("\n".join(lines) + "\n", GONE)
    assert (found["manifests"], found["children"], found["in_use"]) == (1, [], [GONE])
    broken = summary("\n".join(lines).replace("team/kept", "team/app"))
    assert broken["children"] == [GONE]


def test_a_failed_collection_is_told_as_one(ansible: Ansible, host: Host) -> None:
    host.command("opt/bin/gitlab-ctl", "echo Failed to run garbage-collect command; exit 1")
    run = on(host, ansible, run=True)
    assert run.code != 0
    assert run.tasks[-1].message == "the collection failed: Failed to run garbage-collect command"
    assert report(run)["result"] == "failed"
    assert "failed: the collection failed" in shown(run)


def test_a_failed_dry_run_is_told_and_nothing_is_collected(ansible: Ansible, host: Host) -> None:
    host.command("opt/embedded/bin/registry", "echo unknown driver >&2; exit 1")
    run = on(host, ansible, run=True)
    assert run.code != 0
    assert run.tasks[-1].message == "the dry run failed: unknown driver"
    assert len(host.calls()) == 1


def test_false_as_an_extra_variable_is_no_run(ansible: Ansible, host: Host) -> None:
    run = ansible.play(
        PLAYBOOK,
        *("-e", f"{ROLE}_command={host.folder}/opt/bin/gitlab-ctl", "-e", f"{ROLE}_config_path={host.config}"),
        *("-e", f"{ROLE}_run=false", "-e", f"{ROLE}_digests_in_use={DIGESTS[0]}"),
    )
    assert run.code == 0, run.output
    assert report(run)["result"] == "reported"


def plain(host: Host, dry: str = tell("docker"), wet: str = tell("docker")) -> dict[str, Any]:
    command = host.command("registry", f'case "$*" in *--dry-run*) {dry};; *) {wet};; esac')
    return {"command": str(command), "run": True}


def stopped(host: Host, stop: str = ":", start: str = ":") -> dict[str, Any]:
    return {"stop_command": str(host.command("stop", stop)), "start_command": str(host.command("start", start))}


def names(calls: list[str]) -> list[str]:
    return [call.replace("registry garbage-collect ", "").split(" /")[0] for call in calls]


def test_a_plain_registry_that_takes_images_is_not_collected(ansible: Ansible, host: Host) -> None:
    run = on(host, ansible, **plain(host))
    assert run.code != 0
    assert "read-only or stopped" in run.tasks[-1].message
    assert names(host.calls()) == ["--dry-run"]
    half = on(host, ansible, **plain(host), stop_command="true")
    assert half.code != 0
    assert "are needed together" in half.output
    folder = {"filesystem": {"rootdirectory": str(host.folder / "data")}}
    host.configure(storage={**folder, "maintenance": {"readonly": {"enabled": True}}})
    readonly = on(host, ansible, **plain(host))
    assert readonly.code == 0, readonly.output
    assert report(readonly)["result"] == "collected"


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    ("stop", "wet", "start", "calls", "message"),
    [
        (":", "echo broken; exit 3", ":", ["stop", "--dry-run", "registry", "start"], "the collection failed: broken"),
        ("echo no >&2; exit 1", ":", ":", ["stop", "start"], "Stop the registry: no"),
        (":", ":", "echo no >&2; exit 1", ["stop", "--dry-run", "registry", "start"], "did not start again: no"),
    ],
)
def test_a_plain_registry_is_started_again_whatever_fails(
    ansible: Ansible, host: Host, stop: str, wet: str, start: str, calls: list[str], message: str
) -> None:
    run = on(host, ansible, **plain(host, wet=wet), **stopped(host, stop, start))
    assert run.code != 0
    assert message in run.tasks[-1].message
    assert report(run)["result"] == "failed"
    done = [re.sub(r"^registry garbage-collect /.*", "registry", call).strip() for call in host.calls()]
    assert [re.sub(r"^registry garbage-collect (--dry-run) .*", r"\1", call) for call in done][1:] == calls


def test_what_lost_its_tag_until_the_registry_stopped_is_seen(ansible: Ansible, host: Host) -> None:
    later = (
        f"{tell('docker').replace('0 manifests', '1 manifests')}; echo 'manifest eligible for deletion: {DIGESTS[1]}'"
    )
    options = plain(
        host, dry=f"if [ -e {host.folder}/later ]; then {later}; else {tell('docker')}; fi; touch {host.folder}/later"
    )
    run = on(host, ansible, **options, **stopped(host), untagged=True, digests_in_use=[DIGESTS[1]])
    assert run.code != 0
    assert run.tasks[-1].message == f"in use and without a tag: {DIGESTS[1]}"
    assert [call.split(" /")[0].strip() for call in host.calls()] == [
        "registry garbage-collect --dry-run",
        "stop",
        "registry garbage-collect --dry-run",
        "start",
    ]


def test_object_storage_has_no_bytes_and_is_collected_all_the_same(ansible: Ansible, host: Host) -> None:
    host.configure(storage={"s3": {"bucket": "images", "secretkey": "integration-key"}})
    run = on(host, ansible, "-vvv", run=True)
    assert run.code == 0, run.output
    assert "integration-key" not in run.output
    assert base64.b64encode(host.config.read_bytes()).decode() not in run.output
    found = report(run)
    assert (found["result"], found["storage_path"], found["blobs"]) == ("collected", "", 1)
    assert (found["bytes_before"], found["bytes_after"], found["bytes_freed"]) == (None, None, None)
    assert "unknown bytes" in shown(run)
    assert changed(run)


def test_no_registry_is_told_in_one_sentence(ansible: Ansible, tmp_path: Path) -> None:
    run = play(ansible, config_path=str(tmp_path / "none.yml"))
    assert run.code != 0
    assert run.tasks[-1].message.startswith("No registry was found on this host, or more than one")
    assert "set registry_garbage_collect_command to gitlab-ctl" in run.tasks[-1].message


@pytest.mark.slow
def test_a_configuration_that_two_commands_could_mean_needs_the_command(ansible: Ansible, host: Host) -> None:
    host.command("bin/registry", tell("docker"))
    run = on(host, ansible, run=True)
    assert "more than one that could be meant" in run.tasks[-1].message
    assert host.calls() == []
    told = on(host, ansible, command="gitlab-ctl")
    assert report(told)["kind"] == "package"


def test_digests_are_checked(ansible: Ansible, host: Host) -> None:
    run = on(host, ansible, untagged=True, digests_in_use=["registry.example.com/team/app:v1"])
    assert run.code != 0
    assert "takes sha256 digests" in run.tasks[-1].message
    assert host.calls() == []


# A metadata database


@contextlib.contextmanager
def answering(status: int, **headers: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v2/" else 404)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *words: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def nothing_to_run(run: Run, host: Host, seen_by: str) -> None:
    assert run.code == 0, run.output
    assert (report(run)["result"], report(run)["kind"]) == ("nothing_to_run", "database")
    assert seen_by in report(run)["database_seen_by"]
    assert "nothing to run" in shown(run)
    assert host.calls() == []
    assert not changed(run)


@pytest.mark.sweep(2)
@pytest.mark.parametrize("given", [False, True])
def test_the_header_tells_of_a_database_and_nothing_is_run(ansible: Ansible, host: Host, given: bool) -> None:
    with answering(200, Gitlab_Container_Registry_Database_Enabled="true") as address:
        host.configure(**({} if given else {"http": {"addr": address}}))
        options = {"registry_url": f"http://{address}"} if given else {}
        nothing_to_run(on(host, ansible, run=True, untagged=True, **options), host, f"http://{address}/v2/")


@pytest.mark.slow
def test_a_url_alone_is_enough_to_say_so(ansible: Ansible, host: Host, tmp_path: Path) -> None:
    with answering(200, Gitlab_Container_Registry_Database_Enabled="true") as address:
        run = play(ansible, registry_url=f"http://{address}/v2", config_path=str(tmp_path / "none"), run=True)
    nothing_to_run(run, host, "header")


@pytest.mark.slow
def test_the_configuration_tells_of_a_database_where_the_header_needs_a_token(ansible: Ansible, host: Host) -> None:
    with answering(401) as address:
        host.configure(http={"addr": address}, database={"enabled": True})
        nothing_to_run(on(host, ansible, run=True), host, "database.enabled")
        host.configure(http={"addr": address}, database={"enabled": False})
        assert report(on(host, ansible, run=True))["result"] == "collected"


@pytest.mark.slow
def test_a_database_that_the_registry_may_use_is_one(ansible: Ansible, host: Host) -> None:
    host.configure(database={"enabled": "prefer"})
    nothing_to_run(on(host, ansible, run=True), host, "database.enabled in ")


@pytest.mark.sweep(3)
@pytest.mark.parametrize("value", ["true", "prefer", "TRUE"])
def test_the_environment_of_a_registry_tells_of_a_database(ansible: Ansible, host: Host, value: str) -> None:
    command = [sys.executable, "-c", "import sys; sys.stdin.read()", "serve", str(host.config)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, env={**os.environ, "REGISTRY_DATABASE_ENABLED": value}
    ) as process:
        nothing_to_run(on(host, ansible, run=True), host, f"REGISTRY_DATABASE_ENABLED of process {process.pid}")


def test_the_lock_file_tells_of_a_database(ansible: Ansible, host: Host) -> None:
    lock = host.folder / "data/docker/registry/lockfiles/database-in-use"
    lock.parent.mkdir(parents=True)
    lock.touch()
    nothing_to_run(on(host, ansible, run=True), host, "lock file")


def test_a_registry_without_database_is_collected(ansible: Ansible, host: Host) -> None:
    with answering(200, Gitlab_Container_Registry_Database_Enabled="false") as address:
        run = on(host, ansible, run=True, registry_url=f"http://{address}")
    assert report(run)["result"] == "collected"


def test_a_given_url_that_does_not_answer_is_a_failure(ansible: Ansible, host: Host) -> None:
    with answering(200) as address:
        pass
    run = on(host, ansible, run=True, registry_url=f"http://{address}")
    assert run.code != 0
    assert "Connection refused" in run.tasks[-1].message
    assert host.calls() == []


# What is written about it


def test_every_variable_that_is_named_is_an_option() -> None:
    role = ROOT / "roles" / ROLE
    options = set(yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"])
    options |= {f"{ROLE}_report"}
    for file in [*role.rglob("*.*"), ROOT / "playbooks/garbage_collect.yml"]:
        named = set(re.findall(rf"(?<![_.\w]){ROLE}_\w*\w", file.read_text()))
        assert named <= options | {f"{ROLE}_"}, file


def test_the_readme_lists_the_keys_of_the_report(ansible: Ansible, host: Host) -> None:
    table = (ROOT / "roles" / ROLE / "README.md").read_text().partition("| key | holds |")[2]
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    assert {name for cell in cells for name in re.findall("`([^`]+)`", cell)} == set(report(on(host, ansible)))


@pytest.mark.versions
def test_the_playbook_of_the_readme_reports(ansible: Ansible, host: Host, tmp_path: Path) -> None:
    readme = (ROOT / "roles" / ROLE / "README.md").read_text()
    playbook = tmp_path / "readme.yml"
    playbook.write_text(readme.partition("```yaml\n")[2].partition("```")[0].replace("  become: true\n", ""))
    inventory = tmp_path / "hosts.yml"
    settings = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    inventory.write_text(json.dumps({"registries": {"hosts": {"registry-1": settings}}}))
    options = {f"{ROLE}_command": str(host.folder / "bin/gitlab-ctl"), f"{ROLE}_config_path": str(host.config)}
    for play_name, more in ((str(playbook), []), (PLAYBOOK, ["-e", "target_hosts=registries"])):
        run = ansible.play(play_name, "-i", str(inventory), "-e", json.dumps(options), *more)
        assert run.code == 0, run.output
        assert report(run)["result"] == "reported"

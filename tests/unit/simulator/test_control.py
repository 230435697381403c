# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control path, the harness and the program."""

from __future__ import annotations

import datetime
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.simulator.harness import ROOT, ControlError, Simulator, running

from .helpers import Client, default_scenario

APP = "/projects/1/registry/repositories"


def test_a_reset_server_knows_nobody(gitlab: Client) -> None:
    gitlab.simulator.faults([{"action": "html"}])
    gitlab.simulator.latency(request=5)
    gitlab.simulator.reset()
    assert gitlab.rest("/user").json() == {"message": "401 Unauthorized"}
    assert gitlab.simulator.state() == {}
    assert gitlab.simulator.counters()["total"] == 1


def test_the_log_tells_requests_apart_and_keeps_no_token(gitlab: Client) -> None:
    gitlab.rest("/projects/team%2Fapp/registry/repositories?per_page=5", headers={"User-Agent": "test/1"})
    gitlab.rest(f"{APP}/100/tags/a", method="DELETE")
    gitlab.rest("/nope")
    first, second, _third = log = gitlab.simulator.requests()
    assert first["path"] == "/api/v4/projects/team%2Fapp/registry/repositories"
    assert (first["n"], first["query"], first["kind"], first["status"]) == (1, "per_page=5", "rest", 200)
    assert (first["write"], first["credential"], first["user_agent"]) == (False, "private-token", "test/1")
    assert first["size"] > 0
    assert (second["method"], second["write"], second["size"]) == ("DELETE", True, 3)
    assert '"maintainer"' not in json.dumps(log)
    assert gitlab.simulator.counters() == {
        "total": 3,
        "reads": 2,
        "writes": 1,
        "rest": 3,
        "graphql": 0,
        "tokens": 0,
        "v2": 0,
        "mutations": 0,
        "by_route": {
            "DELETE /projects/:id/registry/repositories/:repository_id/tags/:tag_name": 1,
            "GET (no route)": 1,
            "GET /projects/:id/registry/repositories": 1,
        },
        "registry": 2,
    }
    gitlab.simulator.clear_log()
    assert gitlab.simulator.requests() == []
    assert gitlab.simulator.counters()["registry"] == 0


def test_tags_can_be_edited(gitlab: Client) -> None:
    created = "2026-05-05T00:00:00Z"
    gitlab.simulator.edit_tags(
        "team/app", put=[{"name": "new", "created_at": created}, {"name": "a", "size": 7}], remove=["b"]
    )
    assert gitlab.simulator.state()["team/app"] == ["a", "c", "new"]
    tags = {tag["name"]: tag for tag in gitlab.simulator.tags("team/app")}
    assert tags["a"]["size"] == 7
    assert tags["new"]["published_at"] == tags["new"]["config_created"] == created
    with pytest.raises(ControlError, match="there is no repository 'team/nope'"):
        gitlab.simulator.edit_tags("team/nope", remove=["a"])


def _broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    scenario = default_scenario()
    change(scenario)
    return scenario


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda s: s.update(colour="red"), "scenario: unknown keys: colour"),
        (lambda s: s.update(mode="M9"), "scenario.mode: must be one of M1, M2, M3, not 'M9'"),
        (lambda s: s.update(clock="noon"), "scenario.clock: 'noon' is no ISO 8601 time"),
        (lambda s: s.update(clock="2026-01-01T00:00:00"), "has no time zone"),
        (lambda s: s["tokens"][0].update(user="nobody"), "scenario.tokens[0].user: there is no user 'nobody'"),
        (lambda s: s.update(registry={"deletes": "all"}), "scenario.registry.deletes: must be one of by_dummy"),
        (lambda s: s.update(cleanup={"page_size": 1001}), "scenario.cleanup.page_size: must be from 1 to 1000"),
        (lambda s: s.update(cleanup={"pages": 1}), "scenario.cleanup: unknown keys: pages"),
        (lambda s: s.update(jobs={"delay": "1h"}), "scenario.jobs.delay: must be int or float, not '1h'"),
        (lambda s: s["tokens"][0].update(kind="magic"), "scenario.tokens[0].kind: must be one of"),
        (lambda s: s["groups"][1].update(path="nope/sub"), "there is no group 'nope' above"),
        (lambda s: s["groups"][0].update(members={"owner": "king"}), "'king' is no role"),
        (lambda s: s["projects"][1].update(path="team/app"), "is there already"),
        (lambda s: s["projects"][0].update(tag_rules=[{"pattern": "(?=x)"}]), "is no RE2 pattern"),
        (lambda s: s["projects"][0].update(policy={"keep": 1}), "unknown keys: keep"),
        (lambda s: s["repositories"][0].update(project="nope/x"), "there is no project 'nope/x'"),
        (lambda s: s["repositories"][0].update(id="7"), "scenario.repositories[0].id: must be int, not '7'"),
        (lambda s: s["repositories"][0].update(tags=[{"name": "a b"}]), "'a b' is no tag name"),
        (lambda s: s["repositories"][0].update(tags=[{"name": "a"}, {"name": "a"}]), "two tags have the same name"),
        (lambda s: s["repositories"][0].update(tags=[{"name": "a", "dgest": "x"}]), "unknown keys: dgest"),
        (lambda s: s.update(graphql_missing_fields=["Tag.nope"]), "there is no field 'Tag.nope'"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_and_changes_nothing(
    gitlab: Client, change: Callable[[dict[str, Any]], Any], text: str
) -> None:
    before = gitlab.simulator.state()
    with pytest.raises(ControlError) as refusal:
        gitlab.simulator.load(_broken(change))
    assert text in str(refusal.value)
    assert gitlab.simulator.state() == before


def test_many_tags_are_made_cheaply(simulator: Simulator) -> None:
    generate = {"count": 100_000, "prefix": "build-", "first_created": "2020-01-01T00:00:00Z", "step_seconds": 60}
    simulator.load(default_scenario(repositories=[{"id": 100, "project": "team/app", "generate": generate}]))
    gitlab = Client(simulator)
    rows = gitlab.rest(f"{APP}/100/tags?pagination=keyset&per_page=1000&last=build-98999").json()
    assert (rows[0]["name"], rows[-1]["name"], len(rows)) == ("build-99000", "build-99999", 1000)
    [tag] = gitlab.tags('(first: 1, after: "build-00009")', "name createdAt digest")["nodes"]
    assert (tag["name"], tag["createdAt"]) == ("build-00010", "2020-01-01T00:10:00+00:00")
    assert simulator.counters()["registry"] == 4


def test_two_servers_do_not_know_each_other(simulator: Simulator) -> None:
    simulator.load(default_scenario())
    with running(default_scenario(), mode="M2") as other:
        assert other.mode == "M2"
        assert other.url != simulator.url
        assert Client(other).rest(f"{APP}/100/tags?pagination=keyset").status_code == 405
        assert other.counters()["total"] == 1
    assert simulator.counters()["total"] == 0


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_program_says_when_it_is_ready_and_stops_cleanly(tmp_path: Path, end: signal.Signals) -> None:
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(default_scenario(mode="M2")))
    command = [sys.executable, "-m", "tests.simulator", "--scenario", str(scenario)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        gitlab = Client(Simulator(**ready))
        assert ready == {"url": gitlab.simulator.url, "api_url": f"{gitlab.simulator.url}/api/v4", "mode": "M2"}
        assert gitlab.rest("/user").status_code == 200
        process.send_signal(end)
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, out, errors) == (0, "", "")


def test_the_program_ends_with_whoever_started_it() -> None:
    command = [sys.executable, "-m", "tests.simulator", "--until-stdin-closes"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline()
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--help"], 0, "--registry URL"),
        (["--https"], 2, "--https needs --certfile and --keyfile"),
        (["--mode", "M1", "--registry", "http://127.0.0.1:1"], 2, "exclude each other"),
        (["--scenario", "/nowhere.json"], 2, "No such file"),
    ],
)
def test_the_program_explains_itself(words: list[str], code: int, text: str) -> None:
    command = [sys.executable, "-m", "tests.simulator", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == code
    assert text in done.stdout + done.stderr


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulator")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365 * 100))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return paths


def test_it_speaks_tls_and_resets_connections_there_too(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    with running(default_scenario(), https=(certificate, key)) as simulator:
        gitlab = Client(simulator)
        assert simulator.url.startswith("https://127.0.0.1:")
        assert gitlab.rest("/user", verify=str(certificate)).status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            gitlab.rest("/user")
        simulator.faults([{"action": "reset_after"}])
        with pytest.raises(requests.ConnectionError):
            gitlab.rest(f"{APP}/100/tags/a", method="DELETE", verify=str(certificate))
        assert simulator.state()["team/app"] == ["b", "c"]

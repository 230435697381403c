# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user may write for projects, groups and repositories, and what is told about the rest."""

from __future__ import annotations

import itertools
import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import (
    Exclusion,
    Scope,
    check_globs,
    check_scope,
    exclusions_of,
    full_path,
    looks_like_host,
    path_matcher,
    project_path,
    repository_path,
    without_host,
)


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("team/app/api", "team/app/api", True),
        ("team/app/api", "/Team/App/API/", True),
        ("team/app/x", "Team/App/X", True),
        ("team/app/api", "team/app", False),
        ("team/app/api", "team/*", True),
        ("team/app/api", "*/api", True),
        ("team/app/api", "team/app/ap?", True),
        ("team/app/api", "team/app/[A-C]pi", True),
        ("team/app/api", "other/*", False),
        ("team/app/api", "", False),
    ],
)
def test_a_pattern_means_whole_paths_in_any_case(path: str, pattern: str, expected: bool) -> None:
    assert path_matcher([pattern])(path) == ([pattern] if expected else [])


_PATHS = st.from_regex("[ab]{1,2}(/[ab]{1,2}){0,2}", fullmatch=True)
_GLOBS = st.text("abAB/*?[]!", max_size=6)


@given(st.lists(_GLOBS | _PATHS), _PATHS)
def test_many_patterns_match_as_each_of_them_would(patterns: list[str], path: str) -> None:
    found = path_matcher(patterns)(path)
    assert len(found) == len(set(found))
    assert set(found) == {each for each in patterns if fnmatchcase(path, each.strip("/").lower())}


PATHS = ["team/app", "team/app/web", "team/prod"]


def test_what_exclusions_match() -> None:
    scope = Scope(group="team", exclude=("team/prod*", "Team/App/*", "team/*", "team/prod.*", "team/prod*"))
    assert exclusions_of(scope, PATHS, {"team/app", "team/prod"}) == (
        Exclusion("team/prod*", matched=1, elsewhere=False),
        Exclusion("Team/App/*", matched=1, elsewhere=False),
        Exclusion("team/*", matched=3, elsewhere=False),
        Exclusion("team/prod.*", matched=0, elsewhere=False),
    )


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        *(
            ("prod", "team/app/prod"),
            ("/Prod/", "team/app/Prod"),
            ("app/prod", "team/app/prod"),
            ("pr?d", "team/app/pr?d"),
        ),
        *(
            ("pro*", "team/app/pro*"),
            ("prod/*", "team/app/prod"),
            ("app/prod/**", "team/app/prod"),
            ("app", "team/app"),
        ),
        *(("web", "team/app/web/*"), ("web/*", "team/app/web/*"), ("X", "team/app/web/X"), ("app/*", "team/app/*")),
        *(("reg.io/prod", "team/app/prod"), ("reg:5000/app/prod", "team/app/prod"), ("reg.io/web/*", "team/app/web/*")),
        *(("team/app/prod/*", "team/app/prod"), ("team/app/web", "team/app/web/*"), ("reg.io/team/app", "team/app")),
        *(("other/*", ""), ("production", ""), ("prod-1", ""), ("pro", ""), ("b-team/app/prod", ""), ("team/prod", "")),
        *(("team/app/prod", ""), ("*/prod", ""), ("reg/prod", "")),
    ],
)
def test_an_exclusion_that_is_a_part_of_a_path_is_never_about_another_task(pattern: str, meant: str) -> None:
    paths = ["team/app", "team/app/prod", "team/app/web/x"]
    for scope in (Scope(projects=("team/app",), exclude=(pattern,)), Scope(group="team", exclude=(pattern,))):
        [found] = exclusions_of(scope, paths, {"team/app"})
        assert found.meant == meant
        if meant:
            assert not found.elsewhere
            assert any(path_matcher([meant])(path) for path in paths)
            assert found.unmatched("team/app") == (
                f"exclude_repositories {pattern!r} matches no repository in scope, since it is compared with whole "
                f"paths: write {meant!r}"
            )


@given(st.sampled_from(["team/app/prod", "team/app/a/b"]), st.data())
def test_every_part_of_a_path_may_be_meant(path: str, data: st.DataObject) -> None:
    parts = path.split("/")
    start, end = data.draw(st.sampled_from(list(itertools.combinations(range(len(parts) + 1), 2))))
    pattern = "/".join(parts[start:end]) + data.draw(st.sampled_from(["", "/", "/*", "*"]))
    [found] = exclusions_of(Scope(projects=("team/app",), exclude=(pattern,)), [path], {"team/app"})
    assert found.matched or (not found.elsewhere and path_matcher([found.meant])(path))


# Exclusions that are mistaken in every scope that holds team/prod, and those that may be about other tasks' projects.
MISTAKEN = ["team/prod.*", "team/prod*\n", "registry.example.com/team/prod*", "Team/Prod/x", "reg:5000/team/prod"]
OTHERS = ["team/production", "team/prod-2/*", "team/prod.eu/*", "a-team/prod/*", "team/*/x", "other/*", "*/cache", ""]


@pytest.mark.parametrize("pattern", [*MISTAKEN, *OTHERS])
def test_in_a_task_for_a_single_project_an_exclusion_may_be_about_others(pattern: str) -> None:
    single = [Scope(projects=("team/prod",), exclude=(pattern,)), Scope(repository_ids=(7, 8), exclude=(pattern,))]
    for scope in single:
        [found] = exclusions_of(scope, ["team/prod"], {"team/prod"})
        assert found.elsewhere is (pattern in OTHERS)
    several = Scope(projects=("team/prod", "team/app"), exclude=(pattern,))
    for scope in (several, Scope(group="team", exclude=(pattern,)), Scope(instance=True, exclude=(pattern,))):
        projects = {"team/prod", "team/app"} if scope is several else {"team/prod"}
        [found] = exclusions_of(scope, PATHS[1:2], projects)
        assert (found.matched, found.elsewhere) == (0, False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("team/app", "team/app"),
        ("/Team/App/API/", "team/app/api"),
        ("X/app/X", "x/app/x"),
        ("a.b/c_d/e__f/g--h/1", "a.b/c_d/e__f/g--h/1"),
    ],
)
def test_the_path_of_a_repository_may_be_written_in_any_case(text: str, path: str) -> None:
    assert repository_path(text) == path


@pytest.mark.parametrize(
    "text",
    [
        *("", "app", "team//app", "team/app ", "team/-app", "team/a..b", "team/a___b", "team/ä"),
        *("team/app:v1", "team/app:v1/x"),
    ],
)
def test_what_is_no_path_of_a_repository_is_refused_by_the_name_of_its_option(text: str) -> None:
    sentence = f"{text!r} is not the path of a repository: write it as group/project/name."
    with pytest.raises(UsageError) as caught:
        repository_path(text)
    assert str(caught.value) == f"repository {sentence}"
    with pytest.raises(UsageError) as caught:
        repository_path(text, "source")
    assert str(caught.value) == f"source {sentence}"


@pytest.mark.parametrize(
    "text",
    [
        *("https://registry.example.com/Team/App", "https://registry.example.com/team/app/"),
        *(
            "registry.example.com:5050/team/app",
            "localhost:5000/team/app",
            "ssh://git@gitlab.example.com:2222/team/app",
            "git://gitlab/team/app.git",
            "docker://registry.example.com/team/app",
            "DOCKER://localhost:5000/team/app",
            "oci://team/app",
        ),
    ],
)
def test_a_repository_is_named_without_the_host_of_its_registry(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        repository_path(text, "source")
    shown = text.replace("//git@", "//")
    is_address = "://" in text
    fault = "is an address: write the path alone," if is_address else f"{HOST_BEFORE}: write"
    assert str(caught.value) == f"source {shown!r} {fault} 'team/app'."


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *((path, True) for path in ("registry.example.com/team/app", "X.org/team/app", "localhost:5000/app", "a:1")),
        # A repository lies in a group, so that what has two parts begins with that.
        *((path, False) for path in ("acme.io/shop", "team/app.x/web", "team/app/web", ".team/app/web", "x.org", "")),
    ],
)
def test_a_path_that_may_begin_with_a_host(path: str, expected: bool) -> None:
    assert looks_like_host(path) is expected


def test_what_to_do_about_a_host() -> None:
    advice = "If registry.example.com is a host, leave it out: write 'team/app'."
    assert without_host("registry.example.com/team/app") == advice


HOST_BEFORE = "begins with a host, which no path in GitLab does"
SERVER = "https://gitlab.example.com"


@pytest.mark.parametrize(
    "text",
    [
        *("team/app", " team/app\n", "/team/app/", "team/app.git", "team%2Fapp", "team%2fapp.git"),
        *("https://gitlab.example.com/team/app", "http://gitlab.example.com/team/app/", "gitlab.example.com/team/app"),
        *("https://gitlab.example.com:443/team/app.git", "https://user:secret@GITLAB.example.com/team/app"),
        *("https://gitlab.example.com/team/app/-/container_registry/12", "https://gitlab.example.com/team/app?tab=1"),
        *("https://gitlab.example.com/team/app#readme", "git@gitlab.example.com:team/app.git"),
        "ssh://git@gitlab.example.com:2222/team/app.git",
    ],
)
def test_a_project_may_be_pasted(text: str) -> None:
    assert project_path(text, "project", SERVER) == "team/app"
    assert full_path(text, "project", SERVER) == "team/app"


@pytest.mark.parametrize(
    ("text", "server", "path"),
    [
        ("https://example.com/gitlab/team/app", "https://example.com/gitlab", "team/app"),
        ("https://example.com/gitlab/-/team", "https://example.com/gitlab", "gitlab"),
        ("http://127.0.0.1:8080/Team/App", "http://127.0.0.1:8080", "Team/App"),
        ("http://gitlab.example.com:80/team/app", SERVER, "team/app"),
        ("gitlab.example.com/team/app", f"{SERVER}:443", "team/app"),
        ("ssh://git@127.0.0.1:2222/team/app", "http://127.0.0.1:8080", "team/app"),
        ("https://gitlab.example.com/groups/team/sub", SERVER, "team/sub"),
        ("https://gitlab.example.com/groups/team/-/packages", SERVER, "team"),
        ("groups/team", SERVER, "groups/team"),
        ("acme.io/shop", SERVER, "acme.io/shop"),
        ("_x/a.b-c", SERVER, "_x/a.b-c"),
        ("42", SERVER, "42"),
        ("team", SERVER, "team"),
    ],
)
def test_what_is_pasted_is_read_for_the_server_at_hand(text: str, server: str, path: str) -> None:
    assert full_path(text, "group", server) == path


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://other.example.com/team/app", "other.example.com"),
        ("https://gitlab.example.com:8443/team/app.git", "gitlab.example.com:8443"),
        ("https://gitlab.example.com.evil.org/team/app", "gitlab.example.com.evil.org"),
        ("git@other.example.com:team/app.git", "other.example.com"),
        ("ssh://other.example.com:22/team/app", "other.example.com:22"),
    ],
)
def test_what_is_on_another_server_is_refused(text: str, host: str) -> None:
    with pytest.raises(UsageError) as caught:
        project_path(text, "project", SERVER)
    assert str(caught.value) == (
        f"project {text!r} is on {host}, and api_url leads to gitlab.example.com: write the path alone, 'team/app'."
    )


def test_a_secret_in_an_address_is_not_told() -> None:
    with pytest.raises(UsageError) as caught:
        full_path("https://user:secret@other.example.com/team", "group", SERVER)
    assert "'https://other.example.com/team'" in str(caught.value)
    with pytest.raises(UsageError) as caught:
        check_globs(["https://user:secret@registry.example.com/team/app"], "repositories")
    assert "'https://registry.example.com/team/app' is an address" in str(caught.value)
    with pytest.raises(UsageError) as caught:
        repository_path("https://user:secret@registry.example.com/team/app")
    assert "'https://registry.example.com/team/app' is an address" in str(caught.value)


@pytest.mark.parametrize("secret", ["glpat-SECRET", "glpat-SEC/RET", "a@glpat-SECRET", "x:glpat-SECRET"])
@pytest.mark.parametrize("address", ["https://oauth2:{}@other.example.com/t/a", "oauth2:{}@other.example.com:t/a"])
def test_no_part_of_a_password_is_told(address: str, secret: str) -> None:
    text = address.format(secret)
    checks = (
        lambda: full_path(text, "group", SERVER),
        lambda: project_path(text, "project", SERVER),
        lambda: check_globs([text], "repositories"),
        lambda: check_globs([f"{text}.*"], "repositories"),
        lambda: repository_path(text),
    )
    for check in checks:
        with pytest.raises(UsageError) as caught:
            check()
        assert not re.search("oauth|glpat|SEC|RET", str(caught.value))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("oauth2:glpat-SECRET@other.example.com:t/a", "git@other.example.com:t/a"),
        ("https://oauth2:glpat-SECRET@other.example.com/t/a", "https://other.example.com/t/a"),
        ("https://glpat-SECRET@other.example.com/t/a", "https://other.example.com/t/a"),
        ("git@other.example.com:t/a", "git@other.example.com:t/a"),
    ],
)
def test_an_address_is_told_as_it_is_without_a_password(text: str, shown: str) -> None:
    with pytest.raises(UsageError) as caught:
        full_path(text, "group", SERVER)
    words = "is on other.example.com, and api_url leads to gitlab.example.com: write the path alone, 't/a'."
    assert str(caught.value) == f"group {shown!r} {words}"


@pytest.mark.parametrize("text", ["https:///team/app", "docker:///team/app/"])
def test_an_address_without_a_host_has_a_path(text: str) -> None:
    assert project_path(text, "project", SERVER) == "team/app"
    with pytest.raises(UsageError, match="is an address: write the path alone, 'team/app'"):
        check_globs([text], "repositories")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "/", "team app", "Team / App", "team/app:v1", "team//app", "team/ä", "-1", "a,b", SERVER),
        *(".", "..", "team/..", "../team", "team/./app", f"{SERVER}/..", f"{SERVER}/team/../other", "%2e%2e/.."),
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        full_path(text, "group", SERVER)
    assert str(caught.value) == (
        f"group {text!r} is not a path: write it as in the address of its page, such as group/project."
    )


@pytest.mark.parametrize(("text", "name"), [("app", "app"), ("app/", "app"), ("/app", "app"), ("12a", "12a")])
def test_a_project_that_gitlab_could_not_look_up_is_refused(text: str, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        project_path(text, "project", SERVER)
    assert str(caught.value) == (
        f"project {text!r} is a name without its group, which is not enough: give the full path, such as group/{name}, "
        "or the numeric id."
    )


@pytest.mark.parametrize(
    "glob",
    [
        *("team/prod", "team/prod*", "Team/*", "*/prod", "team/app?", "team/[a-c]*", "team/[!a]b", "team/[.]*"),
        *("acme.io/shop", "acme.io/shop/x*", "prod/*", "team.x/*", "other.x/y/team*"),
    ],
)
def test_globs_are_taken(glob: str) -> None:
    check_globs([glob], "repositories", ["team"])


@pytest.mark.parametrize(
    ("glob", "words"),
    [
        (
            "team/prod.*",
            "is a regular expression, and a glob is required: write 'team/prod*', or 'team/prod[.]*' for a",
        ),
        ("^team/prod$", "is a regular expression, and a glob is required: write 'team/prod'."),
        ("team/.+/prod", "is a regular expression, and a glob is required: write 'team/*/prod'."),
        (r"team\/prod", "is a regular expression, and a glob is required: write 'team/prod'."),
        ("^team/X$", "is a regular expression, and a glob is required: write 'team/X'."),
        ("docker://team/prod.*", "is a regular expression, and a glob is required: write 'team/prod*', or"),
        (
            "/team/prod.*X/",
            "is a regular expression, and a glob is required: write 'team/prod*X', or 'team/prod[.]*X'",
        ),
        ("team/(prod|live)", "is not a glob, since a glob has no |: write one entry for each."),
        ("[prod]", "is a class, which matches a single character: if it is a list, write it without quotes."),
        ("[team/prod]", "is a class, which matches a single character: if it is a list, write it without quotes."),
        ("team/prod|team/live", "is not a glob, since a glob has no |: write one entry for each."),
        ("registry.example.com/team/prod*", "begins with a host, which no path in GitLab does: write 'team/prod*'."),
        ("registry.example.com/team/sub/x*", "begins with a host, which no path in GitLab does: write 'team/sub/x*'."),
        ("registry.example.com:5050/team/prod*", "begins with a host, which no path in GitLab does: write 'team/pr"),
        ("localhost:5050/team", "begins with a host, which no path in GitLab does: write 'team'."),
        ("https://registry.example.com/team/prod", "is an address: write the path alone, 'team/prod'."),
        *(
            (text, "is neither the path of a repository nor a glob: write group/project/name or group/project/*.")
            for text in (
                "team/app:v1",
                "team/prod x",
                "!team/prod",
                "team/{a,b}",
                "team/[a",
                "'team'",
                "",
                "team/a\nb",
                r"team/v1\..*",
            )
        ),
    ],
)
def test_what_is_no_glob_is_refused(glob: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_globs(["team/app", glob], "exclude_repositories", ["team"])
    assert str(caught.value).startswith(f"exclude_repositories {glob!r} {words}")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("https://registry.example.com/team/X/", "team/X"),
        ("localhost:5050/team", "team"),
        ("registry.example.com:5050/team/prod*", "team/prod*"),
        ("/localhost:5050/team/X/", "team/X"),
        ("git@gitlab.example.com:team/app.git", "team/app"),
        ("docker://registry.example.com/team/*", "team/*"),
        ("docker://team/prod", "team/prod"),
        ("http://gitlab/team/app", "team/app"),
    ],
)
def test_an_address_or_a_port_tells_a_host_whatever_is_in_scope(text: str, path: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_globs([text], "repositories")
    fault = "is an address: write the path alone," if "://" in text or "@" in text else f"{HOST_BEFORE}: write"
    assert str(caught.value) == f"repositories {text!r} {fault} {path!r}."


@pytest.mark.parametrize("text", ["https://registry.example.com", "https://registry.example.com/", "git@gitlab:"])
def test_an_address_of_a_host_alone_names_nothing(text: str) -> None:
    for check in (repository_path, lambda text, option: check_globs([text], option)):
        with pytest.raises(UsageError) as caught:
            check(text, "repositories")
        assert str(caught.value) == f"repositories {text!r} is an address: write the path alone, group/project/name."


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("git@gitlab.example.com:team/app.git", "'team/app'"),
        ("https://gitlab.example.com/team/app/-/container_registry/12", "'team/app'"),
        ("https://gitlab.example.com/team/app?sort=name#top", "'team/app'"),
        ("https://registry.example.com/team/app:v1", "group/project/name"),
        ("docker://localhost/team/app", "'team/app'"),
        ("docker://team/app.*", "group/project/name"),
    ],
)
def test_the_path_in_an_address_is_told_without_what_is_around_it(text: str, path: str) -> None:
    with pytest.raises(UsageError) as caught:
        repository_path(text)
    assert str(caught.value) == f"repository {text!r} is an address: write the path alone, {path}."


def test_a_first_part_with_a_dot_is_a_host_only_where_it_can_be_no_group() -> None:
    glob = "acme.io/team/shop*"
    check_globs([glob, "Acme.io/team/shop*"], "repositories", ["acme.io", "team"])
    check_globs([glob], "repositories")
    check_globs([glob], "repositories", ["acme.io"])
    with pytest.raises(UsageError, match="begins with a host"):
        check_globs([glob], "repositories", ["team"])


@given(
    st.text("abz019._/-*?[]!A", min_size=1, max_size=12),
    st.from_regex("[a-z0-9]{1,3}(/[a-z0-9]{1,3}){1,2}", fullmatch=True),
)
def test_what_is_refused_could_match_no_path(glob: str, path: str) -> None:
    """But for .*, which a glob reads as a dot and anything."""
    try:
        check_globs([glob], "repositories")
    except UsageError:
        assert ".*" in glob or not path_matcher([glob])(path)


@pytest.mark.parametrize(
    ("scope", "option"),
    [
        (Scope(instance=True), "instance"),
        (Scope(group="team"), "group"),
        (Scope(repository_ids=(7,)), "repository_id"),
    ],
)
def test_a_job_token_reads_nothing_but_its_project(scope: Scope, option: str) -> None:
    check_scope(scope, job_token=False)
    with pytest.raises(UsageError) as caught:
        check_scope(scope, job_token=True)
    assert str(caught.value) == (
        f"{option} can't be read with a CI/CD job token, which sees only its own project: name that project in "
        "project, or give a project or group access token in api_token."
    )


def test_a_plan_holds_its_scope_as_the_options_that_made_it() -> None:
    named = Scope(projects=("team/app", "7"), include=("team/app/a*",), exclude=("team/app/api",))
    assert named.as_result() == {
        "project": ["team/app", "7"],
        "group": None,
        "repository_id": [],
        "repositories": ["team/app/a*"],
        "exclude_repositories": ["team/app/api"],
    }
    assert Scope(group="team", repository_ids=(7, 8)).as_result() == {
        "project": [],
        "group": "team",
        "repository_id": [7, 8],
        "repositories": [],
        "exclude_repositories": [],
    }


@pytest.mark.parametrize("character_class", ["[z-a]", "[Z-A]", "[!a-z0-9._/-]", "[9-0]", "[!!-z]"])
def test_a_class_that_stands_for_no_character_is_refused(character_class: str) -> None:
    with pytest.raises(
        UsageError, match=r"has the class .*, which matches no character of a path\.|is neither the path"
    ):
        check_globs([f"team/app{character_class}"], "exclude_repositories")


@given(st.text("abz019-", min_size=1, max_size=5), st.booleans())
def test_a_class_is_refused_if_it_matches_nothing(inside: str, negated: bool) -> None:
    glob = f"team/[{'!' * negated}{inside}]"
    matching = [text for text in "abcdefghijklmnopqrstuvwxyz0123456789._/-" if path_matcher([glob])(f"team/{text}")]
    try:
        check_globs([glob], "repositories")
    except UsageError:
        assert matching == []
    else:
        assert matching

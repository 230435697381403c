# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a task is about, as the user names it."""

from __future__ import annotations

import itertools
import re
import string
import typing as t
from collections import Counter
from fnmatch import translate

from .errors import UsageError

# lib/gitlab/path_regex.rb: segments of lower-case letters and digits, joined by single separators.
_SEGMENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})+", re.ASCII)
# The same file: what a project or group is called in addresses.
_PART = r"(?!\.{1,2}(?:/|\Z))[a-z0-9_.][a-z0-9_.-]*"
_FULL_PATH = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII | re.IGNORECASE)
# The address of a page, or what git clones from.
_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^/@]*@)?(?P<host>[^/?#]*)(?P<path>.*)"
    r"|[^/@\s]+@(?P<ssh_host>[^/:]+):(?P<ssh_path>.*)",
    re.IGNORECASE,
)
_SCHEMES_WITH_HOST = ("http", "https", "ssh", "git")
# Where the path in the address of a page ends. In a glob, a question mark belongs to the path.
_END_OF_PATH = re.compile(r"#|/-(?:/|$)")
_WILDCARD = re.compile(r"[*?[]")
_END_OF_WILDCARD = re.compile(r"[]*?]")
# What a path is made of, with * and ? and classes.
_CHARACTERS = f"{string.ascii_lowercase}{string.digits}._/-"
_CLASS = re.compile(r"\[[^\]]*\]")
_GLOB = re.compile(r"(?:[a-z0-9._/*?-]|\[!?[a-z0-9._/-]+\])+", re.ASCII | re.IGNORECASE)


class Scope(t.NamedTuple):
    """Which repositories a task is about.

    Args:
        projects: by id or full path.
        group: by id or full path.
        repository_ids: ids of the repositories themselves.
        include: exact repository paths or globs, compared in lower case. Empty is all.
        exclude: the same of those that are left out.
        instance: everything that this GitLab has.
    """

    projects: tuple[str, ...] = ()
    group: str | None = None
    repository_ids: tuple[int, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    instance: bool = False

    def as_result(self) -> dict[str, t.Any]:
        """The scope as the options that made it."""
        return {
            "project": list(self.projects),
            "group": self.group,
            "repository_id": list(self.repository_ids),
            "repositories": list(self.include),
            "exclude_repositories": list(self.exclude),
        }


class ProjectScope(t.NamedTuple):
    """Which projects a task is about.

    Args:
        projects: by id or full path.
        groups: by id or full path.
        by_path: what is wanted goes by the paths, so that a project which has another one by now is left alone.
        instance: all projects of this GitLab.
    """

    projects: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    by_path: bool = False
    instance: bool = False


def check_scope(scope: Scope, *, job_token: bool) -> None:
    """See that the token can read a scope.

    Args:
        scope: what the user named.
        job_token: whether GitLab is asked with a CI/CD job token.

    Raises:
        UsageError: it can't.
    """
    if job_token and not scope.projects:
        option = "instance" if scope.instance else "group" if scope.group is not None else "repository_id"
        raise UsageError(
            f"{option} can't be read with a CI/CD job token, which sees only its own project: name that project in "
            "project, or give a project or group access token in api_token."
        )


def project_path(text: str, option: str, server: str) -> str:
    """The id or full path of a project, read as by full_path.

    Raises:
        UsageError: it is on another server, or GitLab could not look it up.
    """
    text = _without_credentials(text)
    name = full_path(text, option, server)
    if "/" not in name and not name.isdigit():
        raise UsageError(
            f"{option} {text!r} is a name without its group, which is not enough: give the full path, such as "
            f"group/{name}, or the numeric id."
        )
    return name


def full_path(text: str, option: str, server: str) -> str:
    """The id or full path of a project or group, of what may be pasted from a browser or a clone command.

    Args:
        text: as the user wrote it.
        option: the option that holds it, for messages.
        server: URL of the GitLab that is asked.

    Raises:
        UsageError: it is on another server, or it is no path.
    """
    text = _without_credentials(text)
    host, root = _host_and_root(server)
    name = re.sub("%2f", "/", text.strip(), flags=re.IGNORECASE)
    address = _ADDRESS.fullmatch(name)
    if address:
        path = _END_OF_PATH.split(address["path"] or address["ssh_path"] or "")[0]
        name = _without_ending(path.partition("?")[0])
        at = (address["host"] or address["ssh_host"] or "").lower()
        is_web = (address["scheme"] or "").lower().startswith("http")
        ports = "80|443" if is_web else "[0-9]+"
        if at and _without_port(at, ports) != _without_port(host, ports):
            raise UsageError(
                f"{option} {text!r} is on {at}, and api_url leads to {host}: write the path alone, {name!r}."
            )
        name = re.sub("^groups/", "", name.removeprefix(root))
    if name.lower().startswith(f"{host}/"):
        name = name[len(host) + 1 :]
    name = _without_ending(name)
    if not _FULL_PATH.fullmatch(name):
        raise UsageError(
            f"{option} {text!r} is not a path: write it as in the address of its page, such as group/project."
        )
    return name


def _without_credentials(text: str) -> str:
    """An address without the name and the password before its host, which no message may show."""
    return re.sub(r"^[^/\s]*:(?!//)\S*@", "git@", re.sub(r"//(?:\S*:\S*|[^/@\s]*)@", "//", text))


def _host_and_root(server: str) -> tuple[str, str]:
    """The host of a URL with its port, unless that is the usual one, and the path below which its pages are."""
    host, _slash, root = server.partition("://")[2].partition("/")
    return _without_port(host.lower(), "80|443"), f"{root}/"


def _without_port(host: str, ports: str) -> str:
    return re.sub(rf":({ports})$", "", host)


def _without_ending(path: str) -> str:
    """A path without the slashes around it, and without what only addresses for git have."""
    return re.sub(r"\.git$", "", path.strip("/"))


def looks_like_host(path: str) -> bool:
    """Whether the first of several parts of a path may be a host: it has a dot, or a port."""
    first, _slash, rest = path.partition("/")
    return ":" in first or ("/" in rest and "." in first.strip("."))


def without_host(path: str) -> str:
    """What to do about a path that may begin with a host."""
    first, _slash, rest = path.partition("/")
    return f"If {first} is a host, leave it out: write {rest!r}."


def check_globs(globs: t.Iterable[str], option: str, namespaces: t.Collection[str] = ()) -> None:
    """See that each is the path of a repository, or a glob on such paths.

    Args:
        globs: as the user wrote them.
        option: the option that holds them, for messages.
        namespaces: what the paths in scope begin with, in lower case; empty where that is not known.

    Raises:
        UsageError: one is a regular expression, begins with a host, or matches no path at all.
    """
    for text in map(_without_credentials, globs):
        glob = text.strip("/")
        first, _slash, rest = glob.partition("/")
        # A group may be called like a host, and what is left out may be meant for other tasks.
        is_host = first.lower() not in namespaces and rest.partition("/")[0].lower() in namespaces
        path = rest if is_host and looks_like_host(glob) else _path_after_host(text)
        glob = glob if path is None else path
        if path != "" and (".*" in glob or _CLASS.fullmatch(glob) or not _GLOB.fullmatch(glob)):
            raise UsageError(f"{option} {text!r} {_why_no_glob(glob)}.")
        empty = next((each for each in _CLASS.findall(glob) if not _stands_for_something(each)), None)
        if empty:
            raise UsageError(f"{option} {text!r} has the class {empty}, which matches no character of a path.")
        if path is not None:
            raise _host_refusal(text, option, path)


def _stands_for_something(character_class: str) -> bool:
    """Whether any character of a path is in a class of a glob, as none is in [z-a]."""
    try:
        return any(map(re.compile(translate(character_class.lower())).match, _CHARACTERS))
    except re.error:
        # What Python before 3.11 makes of a range from a later letter to an earlier one.
        return False


def _path_after_host(text: str) -> str | None:
    """The path in an address, which may be empty, or after a host with a port; None if there is neither."""
    address = _ADDRESS.fullmatch(text.strip())
    if address is None:
        first, _slash, rest = text.strip("/").partition("/")
        return rest if ":" in first and rest else None
    path = address["path"] or address["ssh_path"] or ""
    host = address["host"] or ""
    # The host may be left out, as in docker://team/app.
    has_host = not host or address["scheme"].lower() in _SCHEMES_WITH_HOST or looks_like_host(f"{host}/-/-")
    whole = path if has_host or host.lower() == "localhost" else f"{host}{path}"
    return _without_ending(_END_OF_PATH.split(whole)[0])


def _host_refusal(text: str, option: str, path: str) -> UsageError:
    """That a path begins with a host. path: what follows it."""
    wanted = repr(path) if path else "group/project/name"
    if _ADDRESS.fullmatch(text.strip()):
        return UsageError(f"{option} {text!r} is an address: write the path alone, {wanted}.")
    return UsageError(f"{option} {text!r} begins with a host, which no path in GitLab does: write {wanted}.")


def _why_no_glob(text: str) -> str:
    if _CLASS.fullmatch(text):
        return "is a class, which matches a single character: if it is a list, write it without quotes"
    if "|" in text:
        return "is not a glob, since a glob has no |: write one entry for each"
    glob = re.sub(r"\.[*+]", "*", re.sub(r"\\(.)", r"\1", text.strip("^$")))
    if ".*" in glob or not _GLOB.fullmatch(glob):
        return "is neither the path of a repository nor a glob: write group/project/name or group/project/*"
    dot = f", or {text.replace('.*', '[.]*')!r} for a dot" if _GLOB.fullmatch(text) else ""
    return f"is a regular expression, and a glob is required: write {glob!r}{dot}"


def is_repository_path(text: str) -> bool:
    """Whether a text is the path of a repository exactly as GitLab writes it."""
    return _REPOSITORY_PATH.fullmatch(text) is not None


def repository_path(text: str, option: str = "repository") -> str:
    """The path of a repository as GitLab writes it.

    Args:
        text: as the user wrote it.
        option: the option that holds it, for the message.

    Raises:
        UsageError: it is none.
    """
    text = _without_credentials(text)
    path = path_key(text)
    after_host = _path_after_host(path)
    if after_host is not None:
        wanted = after_host.partition("?")[0]
        raise _host_refusal(text, option, wanted if is_repository_path(wanted) else "")
    if not is_repository_path(path):
        raise UsageError(f"{option} {path!r} is not the path of a repository: write it as group/project/name.")
    return path


class Exclusion(t.NamedTuple):
    """An entry of exclude_repositories.

    Args:
        pattern: an exact path or a glob.
        matched: number of repositories that it matches.
        elsewhere: whether it may be about repositories outside of the scope.
        meant: the entry as it would match a repository, if it matches only a part of the path of one; else empty.
    """

    pattern: str
    matched: int
    elsewhere: bool
    meant: str = ""

    def unmatched(self, path: str) -> str:
        """What is said of it if it matches nothing, a sentence without its full stop. path: of a repository."""
        sentence = f"exclude_repositories {self.pattern!r} matches no repository in scope"
        if self.meant:
            return f"{sentence}, since it is compared with whole paths: write {self.meant!r}"
        return f"{sentence} (paths are written as {path}; in a glob, * stands for any text, and a dot for itself)"


def exclusions_of(scope: Scope, paths: t.Collection[str], projects: t.Collection[str]) -> tuple[Exclusion, ...]:
    """What each exclusion of a scope matches.

    Tasks for a project each share their exclusions, so what is said of another project is about another task. In a
    group, or with several projects, an exclusion that matches nothing is a mistake. So is one that matches a part of
    the path of a repository.

    Args:
        scope: with its exclusions.
        paths: of all its repositories, whatever is included or excluded.
        projects: paths of their projects, in lower case.
    """
    alone = None if scope.group is not None or scope.instance or len(projects) != 1 else next(iter(projects))
    # The project's path as a whole: of team/prod.* or registry.example.com/team/prod*, but not of team/production.
    named = re.compile(rf"(?:\A|/){re.escape(alone)}(?![a-z0-9_-]|\.[a-z0-9])") if alone else None
    matching = path_matcher(scope.exclude)
    matched = Counter(pattern for path in paths for pattern in matching(path))
    patterns = list(dict.fromkeys(scope.exclude))
    whole = _as_whole_paths([pattern for pattern in patterns if not matched[pattern]], paths)
    found = []
    for pattern in patterns:
        meant = whole.get(pattern, "")
        elsewhere = named is not None and not meant and not named.search(pattern.lower())
        found.append(Exclusion(pattern, matched=matched[pattern], elsewhere=elsewhere, meant=meant))
    return tuple(found)


def _as_whole_paths(patterns: t.Sequence[str], paths: t.Iterable[str]) -> dict[str, str]:
    """By pattern, as it would match all of a path of which it matches some parts, side by side."""
    matching = path_matcher(reading for pattern in patterns for reading in _readings(pattern))
    found: dict[str, str] = {}
    for path in paths if patterns else ():
        parts = path.split("/")
        for start, end in itertools.combinations(range(len(parts) + 1), 2):
            for reading in matching("/".join(parts[start:end])):
                found.setdefault(reading, "/".join([*parts[:start], reading, *(["*"] if end < len(parts) else [])]))
    meant = ((pattern, next(filter(None, map(found.get, _readings(pattern))), "")) for pattern in patterns)
    return {pattern: whole for pattern, whole in meant if whole}


def _readings(pattern: str) -> list[str]:
    """A pattern as it may be meant: without what may be a host before it, and without what is below a repository."""
    glob = pattern.strip("/")
    first, _slash, rest = glob.partition("/")
    wide = [glob, rest] if "." in first or ":" in first else [glob]
    return [*wide, *(re.sub(r"/\*+$", "", each) for each in wide)]


def is_glob(pattern: str) -> bool:
    """Whether a pattern may match other paths than itself."""
    return _WILDCARD.search(pattern) is not None


def path_key(text: str) -> str:
    """A path or glob as such are compared: GitLab's paths are the same in any case."""
    return text.strip("/").lower()


def beginning_of(pattern: str) -> str:
    """What all paths begin with that a pattern matches."""
    return _WILDCARD.split(pattern)[0]


def path_matcher(patterns: t.Iterable[str]) -> t.Callable[[str], list[str]]:
    """Tells which of the patterns match the path of a repository. A * stands for slashes, too.

    Exact paths are looked up, and globs are tried only on paths that begin and end like them: there may be thousands of
    both.
    """
    exact: dict[str, list[str]] = {}
    globs: dict[tuple[str, str], list[tuple[str, t.Callable[[str], t.Any]]]] = {}
    for pattern in dict.fromkeys(patterns):
        text = path_key(pattern)
        if is_glob(text):
            edges = beginning_of(text), _END_OF_WILDCARD.split(text)[-1]
            globs.setdefault(edges, []).append((pattern, re.compile(translate(text)).match))
        else:
            exact.setdefault(text, []).append(pattern)
    lengths = sorted({(len(beginning), len(end)) for beginning, end in globs})

    def matching(path: str) -> list[str]:
        size = len(path)
        edges = ((path[:start], path[size - end :]) for start, end in lengths if max(start, end) <= size)
        near = (each for edge in edges for each in globs.get(edge, ()))
        return [*exact.get(path, ()), *(pattern for pattern, match in near if match(path))]

    return matching

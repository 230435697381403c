# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Lines of the logs of a registry, or of a proxy before it, and the images that were pulled by them. Pure.

GitLab's registry: https://gitlab.com/gitlab-org/labkit/-/blob/master/log/access_logger_fields.go. Docker's:
https://distribution.github.io/distribution/about/configuration/#log. Notifications:
https://distribution.github.io/distribution/about/notifications/#events.
"""

from __future__ import annotations

import functools
import json
import re
import typing as t
from datetime import datetime

from .._core.errors import UsageError
from .._core.models import OLDEST_CREDIBLE
from .references import parse_reference

# What GitLab's registry, Docker's, nginx and Traefik call the parts of a request, in this order.
_METHOD = ("method", "http.request.method", "request_method", "RequestMethod")
_URI = ("uri", "http.request.uri", "request_uri", "RequestPath")
_STATUS = ("status", "http.response.status", "DownstreamStatus")
_TIME = ("time", "timestamp", "@timestamp", "time_iso8601", "time_local", "ts", "StartUTC", "msec")
_AGENT = ("user_agent", "http.request.useragent", "http_user_agent", "request_User-Agent")

# What Docker's registry and GitLab's write of a request that was answered.
_OF_REQUESTS = ("response completed", "access")
_PULLING = frozenset({"GET", "HEAD"})
_QUERY = re.compile(r"[?#].*", re.DOTALL)
_CODE = re.compile(r"\d{3}", re.ASCII)
_ESCAPED = re.compile(r"%([0-9a-fA-F]{2})")
_REQUEST = re.compile(r"([A-Z]+) +(\S+)")
# A repository may be called blobs, so that only the end of an address tells.
_BLOB = re.compile(r"/blobs/[^/]*\Z")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d) ?(?:[Zz]|([+-]\d\d):?(\d\d))", re.ASCII)
_COMMON = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})", re.ASCII)
_EPOCH = re.compile(r"\d{9,13}", re.ASCII)
_FRACTION = re.compile(r"[.,]\d+", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Seconds have fewer digits than that for centuries, and milliseconds have more since 2001.
_MILLISECONDS = 1e11
# A machine that was just started may not know the time yet.
_EARLIEST = OLDEST_CREDIBLE.timestamp()
# https://nginx.org/en/docs/http/ngx_http_log_module.html: combined, which Apache and Docker's registry write too.
_COMBINED = re.compile(
    r'\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "((?:[^"\\]|\\.)*)" (\d{3}) \S+'
    r'(?: "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)")?',
    re.ASCII,
)
_QUOTE = re.compile(r'(?<!\\)"')
# A proxy may write what clients send as it is.
_DECODER = json.JSONDecoder(strict=False)
_PAIR = re.compile(r'(?<!\S)([^\s="]+)=("(?:[^"\\]|\\.)*"|\S*)')


class Entry(t.NamedTuple):
    """A request to the registry, or the notification of one.

    Args:
        time: of the request, in seconds since 1970.
        image: what was pulled, as a reference is written; empty for all other requests.
        agent: the User-Agent of the client that pulled; empty if it is not known.
    """

    time: float
    image: str = ""
    agent: str = ""


def entries_of(line: str) -> t.Sequence[Entry] | None:
    """The requests that a line tells of.

    Args:
        line: of a log, without its end. What another program put before it is passed over.

    Returns:
        None if the line can't be read; no entry for a line that tells of something else.
    """
    if "\0" in line:
        # A crash left these in place of what is lost.
        return None
    text = line.strip()
    if text.startswith("{"):
        return _of_json(text)
    found = _COMBINED.search(text)
    if found:
        time, request, status, agent = found.groups()
        return _of_request({"time": time, "request": request, "status": status, "user_agent": agent})
    _before, brace, rest = text.partition('{"')
    if brace:
        return _of_json(brace + rest)
    return _of_text(text) if "time=" in text else None


def _of_text(text: str) -> t.Sequence[Entry] | None:
    """The request of a line of pairs; None if its end is missing, as far as that can be told."""
    record = {key: _unquoted(value) for key, value in _PAIR.findall(text)}
    message = record.get("msg")
    is_cut = len(_QUOTE.findall(text)) % 2 == 1 or message is None
    if is_cut or (message in _OF_REQUESTS and _first(record, _STATUS) is None):
        return None
    return _of_request(record)


def _unquoted(value: str) -> str:
    return value[1:-1].replace('\\"', '"') if value.startswith('"') else value


def _of_json(text: str) -> t.Sequence[Entry] | None:
    try:
        found = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    if isinstance(found.get("events"), list):
        return _of_events(found["events"])
    if "action" in found and "target" in found:
        return _of_events([found])
    # Docker's json-file driver, which wraps each line.
    if isinstance(found.get("log"), str) and "stream" in found:
        return entries_of(found["log"])
    return _of_request(found)


def _first(record: t.Mapping[str, t.Any], keys: t.Iterable[str]) -> t.Any:
    for key in keys:
        value = record.get(key)
        if value is not None:
            return value
    return None


def _of_request(record: t.Mapping[str, t.Any]) -> t.Sequence[Entry] | None:
    """The request of a record, which is of the application if it has no status."""
    status = _first(record, _STATUS)
    if status is None:
        return ()
    request = record.get("request")
    parts = {**record, **request} if isinstance(request, dict) else record
    method, uris = _first(parts, _METHOD), [str(parts[key]) for key in _URI if parts.get(key) is not None]
    if isinstance(request, str):
        found = _REQUEST.match(request)
        method, uris = (found.group(1), [found.group(2), *uris]) if found else (request, [request])
    if method is None or not uris:
        return ()
    time = _seconds(_first(record, _TIME))
    if time is None:
        return None
    # nginx rewrites one of its addresses, so that only the other may be what was asked for.
    image = next(filter(None, map(_pulled_by, uris)), "") if str(method) in _PULLING and _succeeded(status) else ""
    return (Entry(time, image=image, agent=_agent_of(record, parts)) if image else Entry(time),)


def _agent_of(record: t.Mapping[str, t.Any], parts: t.Mapping[str, t.Any]) -> str:
    headers = parts.get("headers")
    # Caddy, which writes all values of a header.
    if isinstance(headers, dict) and isinstance(headers.get("User-Agent"), list):
        return str(next(iter(headers["User-Agent"]), ""))
    return str(_first(record, _AGENT) or "")


def _succeeded(status: t.Any) -> bool:
    """Whether a request may have been answered with what it asked for."""
    text = str(status)
    return not _CODE.fullmatch(text) or "200" <= text < "400"


def _pulled_by(uri: str) -> str:
    """The image of the manifest that an address leads to; empty if it leads to none."""
    if "manifests" not in uri and "%" not in uri:
        return ""
    place = _ESCAPED.sub(lambda code: chr(int(code.group(1), 16)), _QUERY.sub("", uri))
    # A proxy may have a path of its own before it.
    path, _between, name = _resolved(place.partition("/v2/")[2]).rpartition("/manifests/")
    if not path:
        return ""
    return f"{path}@{name}" if ":" in name else f"{path}:{name}"


def _resolved(path: str) -> str:
    """A path as servers resolve it: without what is empty between slashes, or leads nowhere or back."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def is_reference(text: str) -> bool:
    """Whether a tag or an image can be called so. A proxy may have answered for what is none."""
    try:
        parse_reference(text)
    except UsageError:
        return False
    return True


def _of_events(events: t.Sequence[t.Any]) -> t.Sequence[Entry] | None:
    """The entries of notifications; None if one of them can't be read."""
    found = [_of_event(event) for event in events]
    entries = [entry for entry in found if entry]
    return entries if len(entries) == len(found) else None


def _of_event(event: t.Any) -> Entry | None:
    target = event.get("target") if isinstance(event, dict) else None
    if not isinstance(target, dict):
        return None
    time = _seconds(event.get("timestamp"))
    if time is None:
        return None
    request = event.get("request")
    agent = str(request.get("useragent") or "") if isinstance(request, dict) else ""
    if event.get("action") != "pull" or _is_blob(target):
        return Entry(time)
    path, tag, digest = (str(target.get(key) or "") for key in ("repository", "tag", "digest"))
    if not path or not (tag or digest):
        return None
    image = (f"{path}:{tag}" if tag else path) + (f"@{digest}" if digest else "")
    return Entry(time, image=image, agent=agent)


def _is_blob(target: t.Mapping[str, t.Any]) -> bool:
    return target.get("mediaType") == "application/octet-stream" or bool(_BLOB.search(str(target.get("url"))))


def _seconds(value: t.Any) -> float | None:
    """A time in seconds since 1970; None if it is none, is not credible or has no zone."""
    # Without its fraction a time is found again.
    return _seconds_of(_FRACTION.sub("", str(value)))


@functools.lru_cache(maxsize=4096)
def _seconds_of(text: str) -> float | None:
    try:
        found = _parsed(text)
    except ValueError:
        return None
    return found if found is not None and found >= _EARLIEST else None


def _parsed(text: str) -> float | None:
    """A time without a fraction; None if it has another form.

    Raises:
        ValueError: there is no such time.
    """
    if _EPOCH.fullmatch(text):
        number = float(text)
        return number // 1000 if number > _MILLISECONDS else number
    common = _COMMON.fullmatch(text)
    if common:
        day, month, year, time, zone = common.groups()
        date = f"{year}-{_MONTHS.index(month) + 1:02}-{day}"
        return datetime.strptime(f"{date} {time} {zone}", "%Y-%m-%d %H:%M:%S %z").timestamp()
    iso = _ISO.fullmatch(text)
    if not iso:
        return None
    date, time, hours, minutes = iso.groups()
    zone = f"{hours}:{minutes}" if hours else "+00:00"
    return datetime.fromisoformat(f"{date}T{time}{zone}").timestamp()

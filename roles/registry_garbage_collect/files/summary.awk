# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Reads digests in use (part=in_use), then what garbage-collect printed (part=printed), and prints the counts as JSON.
# Docker's registry prints sentences, GitLab's a log as text or JSON. Both end with totals, which are held against the
# lines that were understood.
# in_use: digests in use that would be removed. children: what a kept index consists of, and would be removed all the same.

# The value of a field without blanks: "name":"value" or "name":1 in JSON, name=value or name="value" in text.
function field(name,    text) {
    if (!match($0, "(\"" name "\": ?|(^| )" name "=)\"?[^\", }]+"))
        return ""
    text = substr($0, RSTART, RLENGTH)
    sub("^[^:=]*[:=] ?\"?", "", text)
    return text
}

function digest() {
    if (field("digest") ~ /^sha256:/)
        return field("digest")
    return match($0, /sha256:[0-9a-f]+/) ? substr($0, RSTART, RLENGTH) : ""
}

function list(digests, count,    i, text) {
    for (i = 1; i <= count; i++)
        text = text (i > 1 ? ", " : "") "\"" digests[i] "\""
    return "[" text "]"
}

part == "in_use" { wanted[$0] = 1; next }

# A manifest is removed from one repository and may be kept in another. Docker's registry begins each with its path.
{ repository = field("repository") }
repository == "" && /^[^ ]+: marking / { repository = substr($1, 1, length($1) - 1) }
repository == "" { repository = path }
NF == 1 && /^[a-z0-9][a-z0-9._\/-]*$/ { path = $0 }

/marking (blob|manifest)/ && digest() {
    if (!(digest() in kept))
        kept_count++
    kept[digest()] = 1
    marked[repository, digest()] = 1
}
/manifest (eligible for deletion|metadata will be deleted from repository)/ && digest() {
    going[++manifests] = digest()
    from[manifests] = repository
}
/blob eligible for deletion/ && digest() && !(digest() in removed) { removed[digest()] = 1; blobs++ }

/^[0-9]+ blobs marked, [0-9]+ blobs and [0-9]+ manifests eligible for deletion/ {
    complete = totals = 1
    total_marked = $1; total_blobs = $4; total_manifests = $7
}
/mark stage complete/ {
    complete = 1
    if (field("blobs_to_delete") != "") {
        totals = 1
        total_marked = field("blobs_marked"); total_blobs = field("blobs_to_delete"); total_manifests = field("manifests_to_delete")
    }
}

END {
    for (i = 1; i <= manifests; i++) {
        if ((going[i] in wanted) && !(going[i] in listed)) {
            listed[going[i]] = 1
            in_use[++used] = going[i]
        }
        if (((from[i], going[i]) in marked) && !(going[i] in lost)) {
            lost[going[i]] = 1
            if (++children_count <= 10)
                children[children_count] = going[i]
        }
    }
    printf "{\"complete\": %s, \"blobs\": %d, \"manifests\": %d, \"marked\": %d, ", \
        complete ? "true" : "false", blobs, manifests, totals ? total_marked : kept_count
    printf "\"total_blobs\": %d, \"total_manifests\": %d, \"in_use\": %s, \"children\": %s}\n", \
        totals ? total_blobs : blobs, totals ? total_manifests : manifests, \
        list(in_use, used), list(children, children_count < 10 ? children_count : 10)
}

# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Reads digests in use (part=in_use), then what garbage-collect told (part=told), and prints the counts as JSON. Docker's
# registry prints sentences, GitLab's a log as text or JSON; the digest is the first on the line in all of them.
# in_use: those of them that would be removed. children: what a kept index consists of, and would be removed all the same.

function found() {
    return match($0, /sha256:[0-9a-f]+/) ? substr($0, RSTART, RLENGTH) : ""
}

function list(digests, count,    i, text) {
    for (i = 1; i <= count; i++)
        text = text (i > 1 ? ", " : "") "\"" digests[i] "\""
    return "[" text "]"
}

part == "in_use" { wanted[$0] = 1; next }
/blobs marked|mark stage complete/ { complete = 1 }
/: marking blob / { marked[found()] = 1 }
/ eligible for deletion/ && found() { eligible++ }
/manifest eligible for deletion/ && found() { going[++manifests] = found() }
/blob eligible for deletion/ && found() { blobs++ }

END {
    for (i = 1; i <= manifests; i++) {
        digest = going[i]
        if (digest in told)
            continue
        told[digest] = 1
        if (digest in wanted)
            in_use[++used] = digest
        if (digest in marked && ++lost <= 10)
            children[lost] = digest
    }
    printf "{\"complete\": %s, \"eligible\": %d, \"blobs\": %d, \"manifests\": %d, \"in_use\": %s, \"children\": %s}\n", \
        complete ? "true" : "false", eligible, blobs, manifests, list(in_use, used), list(children, lost < 10 ? lost : 10)
}

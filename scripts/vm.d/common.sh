# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# What all parts of scripts/vm share: places, messages, locks. Sourced, never run.

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TREE=$(cd "$VM_DIR/../.." && pwd)
CACHE=${DSMIP_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/dsmip}
JOBS=${DSMIP_VM_JOBS:-$(nproc)}

# Exit statuses of `vm run` that are not the command's own.
readonly STATUS_USAGE=64 STATUS_TIMEOUT=124 STATUS_GUEST_FAULT=125 STATUS_NO_GUEST=126

note() { printf 'vm: %s\n' "$*" >&2; }

# die STATUS MESSAGE
die() {
    local status=$1
    shift
    printf 'vm: error: %s\n' "$*" >&2
    exit "$status"
}

# with_lock NAME COMMAND...: one at a time for all users of this cache; the loser waits, then finds the work done.
with_lock() {
    local name=$1 fd status=0
    shift
    mkdir -p "$CACHE/locks"
    exec {fd}> "$CACHE/locks/$name"
    if ! flock -n "$fd"; then
        note "waiting for another run that prepares $name"
        flock "$fd"
    fi
    "$@" {fd}>&- || status=$?
    exec {fd}>&-
    return "$status"
}

# hash_of FILE...: one short key for the contents (and nothing else) of the files.
hash_of() { cat -- "$@" | sha256sum | cut -c1-12; }

# host_root_or_sudo: prints what to put before a command that needs root; fails when there is no way.
host_root_or_sudo() {
    if [ "$(id -u)" = 0 ]; then
        return 0
    elif command -v sudo > /dev/null; then
        echo sudo
    else
        return 1
    fi
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Compiles the first process of the guests, and the host's process that watches over a guest. Sourced by scripts/vm.

# guest_program: sets GUEST_INIT to the first process.
guest_program() { static_program GUEST_INIT init "$VM_DIR"/guest; }

# keeper_program: sets KEEPER to the program that runs a guest and takes it away.
keeper_program() { static_program KEEPER keeper "$VM_DIR"/host; }

# static_program VARIABLE NAME FOLDER: sets VARIABLE to the program, compiled if a source in FOLDER changed.
static_program() {
    local -n place=$1
    place=$CACHE/guest/$2-$(hash_of "$3"/*.[ch])
    [ -x "$place" ] || with_lock "guest-$2" static_program_build "$place" "$3"
}

static_program_build() {
    local program=$1 sources=$2 work
    [ ! -x "$program" ] || return 0
    mkdir -p "$CACHE/guest"
    work=$(mktemp "$CACHE/guest/.program.XXXXXX")
    gcc -D_GNU_SOURCE -static -O2 -Wall -Wextra -Werror -o "$work" "$sources"/*.c ||
        { rm -f "$work"; die "$STATUS_NO_GUEST" "cannot compile $sources (gcc, libc6-dev: scripts/setup build)"; }
    chmod 755 "$work"
    mv "$work" "$program"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Compiles the first process of the guests. Sourced by scripts/vm.

# guest_program: sets GUEST_INIT to the program, compiled if its source changed.
guest_program() {
    GUEST_INIT=$CACHE/guest/init-$(hash_of "$VM_DIR"/guest/*.[ch])
    [ -x "$GUEST_INIT" ] || with_lock guest-init guest_program_build
}

guest_program_build() {
    local work
    [ ! -x "$GUEST_INIT" ] || return 0
    mkdir -p "$CACHE/guest"
    work=$(mktemp "$CACHE/guest/.init.XXXXXX")
    gcc -D_GNU_SOURCE -static -O2 -Wall -Wextra -Werror -o "$work" "$VM_DIR"/guest/*.c ||
        { rm -f "$work"; die "$STATUS_NO_GUEST" "cannot compile $VM_DIR/guest (gcc, libc6-dev: scripts/setup build)"; }
    chmod 755 "$work"
    mv "$work" "$GUEST_INIT"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2054,SC2034
# Starts a user-mode-linux guest: an ordinary process that sees the host's file tree. Sourced by scripts/vm.

# uml_command STATE: sets `guest` to the command line. Descriptor 3 takes output, 4 the console (both are pipes: a kernel
# that is a process cannot wait for a regular file).
uml_command() {
    local state=$1
    mkdir -p "$state/uml"
    guest=("$K_IMAGE" "mem=${MEM}M" "uml_dir=$state/uml" umid=guest
        root=/dev/root rootfstype=hostfs rootflags=/ ro
        "init=$GUEST_INIT" "vm.job=$state/job"
        con=null con0=null,fd:4 loglevel=5 panic=-1 kasan_multi_shot "${APPEND[@]}")
    if [ "$KIND" = shell ]; then
        guest+=(con1=fd:0,fd:3)
    else
        guest+=(con1=null,fd:3)
    fi
    echo /dev/tty1 > "$state/job/channel"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# One run of a guest, the same for both kinds: the job's folder, start, limits, end. Sourced by scripts/vm.

# prepare_guest: everything that is built once and cached.
prepare_guest() {
    resolve_kernel "$KERNEL"
    case $KERNEL in debian-*) packaged_image ;; esac
    guest_program
    keeper_program
    [ "$K_KIND" = uml ] || qemu_prepare
    stage=
    [ "$MODULE" = no ] || module_stage
}

# write_job DIR: the folder that the guest's first process finds at /run/vm.
write_job() {
    local dir=$1 name
    mkdir -p "$dir"
    [ "$KIND" != shell ] || touch "$dir/shell"
    [ -z "$ARTIFACTS" ] || echo "$ARTIFACTS" > "$dir/artifacts"
    pwd > "$dir/cwd"
    echo "$TREE" > "$dir/tree"
    # Uptime a little before the host's limit, so that the guest can still tell what hangs; time travel has no such limit.
    case "$TIMEOUT ${APPEND[*]}" in
        0\ * | *time-travel*) echo 1000000000 ;;
        *) echo $((TIMEOUT > 80 ? TIMEOUT - 20 : TIMEOUT * 3 / 4)) ;;
    esac > "$dir/limit"
    [ "$LEAKS" = yes ] || touch "$dir/no-leak-check"
    {
        # shellcheck disable=SC2086 # names of variables
        for name in ${!DSMIP_*}; do
            # Settings of this run, not of a run inside it.
            case $name in DSMIP_VM_* | DSMIP_ARTIFACTS) ;; *) printf 'export %s=%q\n' "$name" "${!name}" ;; esac
        done
        [ -z "$ARTIFACTS" ] || printf 'export DSMIP_ARTIFACTS=%q\n' "$ARTIFACTS"
        [ "$KIND" != shell ] || printf 'export TERM=%q\n' "${TERM:-linux}"
        printf 'export DSMIP_VM_GUEST=%q\n' "$KERNEL"
        printf 'cd %q || exit 126\n' "$PWD"
        printf 'exec'
        printf ' %q' "${COMMAND[@]}"
        echo
    } > "$dir/job"
    if [ -n "$stage" ]; then
        ln -s "$stage" "$dir/modules"
    elif [ "$K_KIND" = qemu ]; then
        ln -s "/usr/lib/kernel-modules/$K_RELEASE" "$dir/modules"
    elif [ -n "$K_MODULES" ]; then
        ln -s "$K_MODULES" "$dir/modules"
    fi
}

run_guest() {
    local state console status=0 timed_out=no
    prepare_guest
    state=$(mktemp -d "${TMPDIR:-/tmp}/dsmip-vm.XXXXXX")
    # shellcheck disable=SC2064 # the value of now
    trap "end_guest; rm -rf '$state'" EXIT
    trap 'exit 130' INT
    trap 'exit 129' HUP
    trap 'exit 131' QUIT
    trap 'exit 143' TERM
    KEEP=
    console=$state/console.log
    if [ -n "$ARTIFACTS" ]; then
        mkdir -p "$ARTIFACTS" || die "$STATUS_USAGE" "cannot make the folder $ARTIFACTS"
        ARTIFACTS=$(cd "$ARTIFACTS" && pwd)
        console=$ARTIFACTS/console.log
        KEEP=yes
    fi
    refuse_invisible
    write_job "$state/job"
    "${K_KIND}_command" "$state"
    start_guest "$state" "$console"
    wait_guest "$state" && timed_out=no || timed_out=yes
    wait "$pump_output" "$pump_console" 2> /dev/null || true
    judge "$state" "$console" "$timed_out" || status=$?
    exit "$status"
}

# is_below PATH FOLDER
is_below() { case $1 in "$2" | "$2"/*) true ;; *) false ;; esac; }

# is_visible FILE: the guest has it at the same place.
is_visible() {
    local file=$1 folder
    if is_below "$file" "$TREE" || { [ -n "$ARTIFACTS" ] && is_below "$file" "$ARTIFACTS"; }; then return 0; fi
    if [ "$K_KIND" = uml ]; then
        # The whole host, but for what the guest has of its own.
        for folder in /tmp /run; do
            ! is_below "$file" "$folder" || { [ "$PWD" != "$folder" ] && is_below "$file" "$PWD"; } || return 1
        done
        return 0
    fi
    for folder in /usr /bin /sbin /lib /lib64 /etc /dev /proc /sys; do
        ! is_below "$file" "$folder" || return 0
    done
    return 1
}

# refuse_invisible: a command that the guest would not find. "bash FILE" counts as FILE.
refuse_invisible() {
    local word file number=0
    [ "$KIND" = run ] || return 0
    for word in "${COMMAND[@]}"; do
        number=$((number + 1))
        case $word in -* | *=*) continue ;; */*) ;; *) [ $number = 1 ] || [ ! -f "$word" ] || word=./$word ;; esac
        case $word in */*) file=$(readlink -f -- "$word") || continue ;; *) continue ;; esac
        if [ ! -f "$file" ] || { is_visible "$(realpath -s -- "$word")" && is_visible "$file"; }; then continue; fi
        if [ $number = 1 ] || { [ $number = 2 ] && is_interpreter "${COMMAND[0]}"; }; then
            die "$STATUS_USAGE" "the guest does not see $word: it sees the working tree ($TREE)," \
                "the folder of --artifacts and the host's programs; put the file there"
        fi
        note "the guest does not see $word; it sees the working tree, the folder of --artifacts and the host's programs"
    done
}

is_interpreter() { case ${1##*/} in bash | sh | dash | python3 | perl | env) true ;; *) false ;; esac; }

# start_guest STATE CONSOLE: runs `guest` with its output on descriptor 3 and its console on 4.
start_guest() {
    local state=$1 console=$2 keep
    keep_options "$state"
    mkfifo "$state/output.pipe" "$state/console.pipe"
    cat "$state/output.pipe" &
    pump_output=$!
    if [ -n "$VERBOSE" ]; then
        tee "$console" < "$state/console.pipe" >&2 &
    else
        cat "$state/console.pipe" > "$console" &
    fi
    pump_console=$!
    ulimit -c 0
    if [ "$KIND" = shell ]; then
        saved_terminal=$(stty -g)
        stty raw -echo
        # In this session, or the terminal could not be read.
        "$KEEPER" --terminal "${keep[@]}" -- "${guest[@]}" 3> "$state/output.pipe" 4> "$state/console.pipe" 2>&4 <&0 &
    else
        "$KEEPER" "${keep[@]}" -- "${guest[@]}" 3> "$state/output.pipe" 4> "$state/console.pipe" > "$state/host.log" 2>&1 \
            < /dev/null &
    fi
    keeper_pid=$!
}

# wait_guest STATE: fails when the time is over.
wait_guest() {
    local state=$1
    wait "$keeper_pid" 2> /dev/null || true
    end_guest
    [ ! -e "$state/timeout" ]
}

# end_guest: nothing of the guest stays behind, whatever happened.
end_guest() {
    [ -z "${saved_terminal:-}" ] || stty "$saved_terminal" 2> /dev/null || true
    if [ -n "${keeper_pid:-}" ]; then
        kill "$keeper_pid" 2> /dev/null || true
        wait "$keeper_pid" 2> /dev/null || true
    fi
    keeper_pid=''
}

# keep_options STATE: sets `keep`, what the keeper has to watch. It sees the end of this script even when that is killed.
keep_options() {
    local state=$1 owner
    keep=(--watch $$ --limit "$TIMEOUT" --late "$state/timeout" --rubbish "$state")
    for owner in "${OWNERS[@]}"; do keep+=(--watch "$owner"); done
}

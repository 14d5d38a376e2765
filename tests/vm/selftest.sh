#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Does scripts/vm keep its promises, above all that no trouble in a guest goes unnoticed?
#   tests/vm/selftest.sh [--kernel KERNEL]     KERNEL: debian (default), uml, uml-debug, x86-debug, ...
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
vm=$tree/scripts/vm
kernel=debian
case ${1:-} in
    --kernel) kernel=${2:?--kernel needs a value} ;;
    '') ;;
    *) sed -n '3,4s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac
export DSMIP_VM_KERNEL=$kernel DSMIP_VM_MODULE=no DSMIP_VM_LEAKS=no
evidence=$tree/build/vm-selftest/$kernel
rm -rf "$evidence"
mkdir -p "$evidence"

failed=0
ok() { printf 'ok   %s\n' "$1"; }
bad() {
    printf 'FAIL %s: %s\n' "$1" "$2"
    failed=$((failed + 1))
}
# expect NAME WANTED_STATUS PATTERN [OPTION...] -- COMMAND...: status, and PATTERN in what the run printed.
expect() {
    local name=$1 wanted=$2 pattern=$3 out=$evidence/$1.txt status=0
    shift 3
    "$vm" run "$@" > "$out" 2>&1 < /dev/null || status=$?
    if [ "$status" != "$wanted" ]; then
        bad "$name" "status $status, not $wanted; see $out"
        tail -n 15 "$out" | sed 's/^/    | /'
    elif ! grep -qaE -- "$pattern" "$out"; then
        bad "$name" "nothing like '$pattern' in $out"
    else
        ok "$name"
    fi
}

# --- what a run gives
cd "$here"
# shellcheck disable=SC2016 # expanded in the guest
DSMIP_SELFTEST='two words' expect environment 7 '^good$' --artifacts "$evidence/artifacts" -- bash -c '
    [ "$(id -u)" = 0 ] && [ "$PWD" = "'"$here"'" ] && grep -q promises selftest.sh && [ "$DSMIP_SELFTEST" = "two words" ] &&
    touch /tmp/x /etc/x "$PWD/x" && ip link show lo | grep -q UP && for t in nft tc tcpdump tshark iperf3 ping ethtool conntrack \
    ss python3 swanctl radvd; do command -v $t > /dev/null || { echo "no $t"; exit 1; }; done &&
    echo kept > "$DSMIP_ARTIFACTS/file" && echo good && exit 7'
if [ "$(cat "$evidence/artifacts/file" 2> /dev/null)" = kept ]; then ok artifacts; else bad artifacts 'file is not on the host'; fi
if [ -s "$evidence/artifacts/console.log" ]; then ok console; else bad console 'no console.log'; fi
if [ -e "$here/x" ]; then bad throw-away 'a change in the guest reached the host'; else ok throw-away; fi

# Output comes while the command runs: it ends only after the host has seen its first line.
streaming() {
    local dir=$evidence/stream line
    mkdir -p "$dir"
    # shellcheck disable=SC2016 # expanded in the guest
    coproc STREAM { "$vm" run --timeout 120 --artifacts "$dir" -- bash -c '
        echo first; until [ -e "$DSMIP_ARTIFACTS/go" ]; do read -rt 0.1 <> <(:); done; printf "last without newline"' 2> "$dir/stderr"; }
    local pid=$STREAM_PID out=${STREAM[0]} status=0
    exec {out}<&"$out"
    if IFS= read -rt 100 line <&"$out" && [ "$line" = first ]; then touch "$dir/go"; fi
    line=$(cat <&"$out")
    wait "$pid" || status=$?
    if [ "$line" = 'last without newline' ] && [ $status = 0 ]; then ok streaming; else bad streaming "status $status, then '$line'"; fi
}
streaming

# Two guests are up at the same time: each ends only when both have begun.
side_by_side() {
    local a=$evidence/a b=$evidence/b first second end=$((SECONDS + 200))
    mkdir -p "$a" "$b"
    # shellcheck disable=SC2016 # expanded in the guest
    local script='echo up > "$DSMIP_ARTIFACTS/up"; until [ -e "$DSMIP_ARTIFACTS/go" ]; do read -rt 0.1 <> <(:); done; exit $1'
    "$vm" run --timeout 200 --artifacts "$a" -- bash -c "$script" - 11 > "$a/output" 2>&1 &
    first=$!
    "$vm" run --timeout 200 --artifacts "$b" -- bash -c "$script" - 12 > "$b/output" 2>&1 &
    second=$!
    until { [ -e "$a/up" ] && [ -e "$b/up" ]; } || [ $SECONDS -ge $end ]; do read -rt 0.1 <> <(:) || :; done
    touch "$a/go" "$b/go"
    local first_status=0 second_status=0
    wait $first || first_status=$?
    wait $second || second_status=$?
    if [ "$first_status $second_status" = '11 12' ]; then ok side-by-side; else bad side-by-side "status $first_status $second_status"; fi
}
side_by_side

# A guest ends with its script, whatever ends that: nothing runs on, no folder stays.
leaves_nothing() { [ -z "$(ls -A "$1")" ] && ! pgrep -f -- "$1/" > /dev/null; }
# ends_with NAME END COMMAND...: END PID is called once the guest of COMMAND is up.
ends_with() {
    local name=$1 end=$2 dir=$evidence/ends-$1 pid limit=$((SECONDS + 100))
    shift 2
    mkdir -p "$dir/tmp"
    # Background jobs ignore SIGINT; a command in a terminal does not.
    TMPDIR=$dir/tmp DSMIP_VM_ARTIFACTS=$dir env --default-signal=INT,QUIT "$@" > "$dir/output" 2>&1 < /dev/null &
    pid=$!
    until [ -e "$dir/up" ] || [ $SECONDS -ge $limit ]; do read -rt 0.1 <> <(:) || :; done
    "$end" "$pid"
    limit=$((SECONDS + 40))
    until leaves_nothing "$dir/tmp" || [ $SECONDS -ge $limit ]; do read -rt 0.1 <> <(:) || :; done
    if [ ! -e "$dir/up" ]; then
        bad "$name" "the guest was never up; see $dir/output"
    elif leaves_nothing "$dir/tmp"; then
        ok "$name"
    else
        bad "$name" "left: $(pgrep -cf -- "$dir/tmp/") processes, $(ls -A "$dir/tmp")"
        pgrep -f -- "$dir/tmp/" | xargs -r kill -KILL || :
    fi
    wait "$pid" 2> /dev/null || :
}
# shellcheck disable=SC2016 # expanded in the guest
busy='echo up > "$DSMIP_ARTIFACTS/up"; (setsid bash -c "while :; do :; done" &) ; while :; do :; done'
for signal in TERM INT HUP QUIT KILL; do
    send() { kill -s "$signal" "$1"; }
    ends_with "ends-with-$signal" send "$vm" run --timeout 200 -- bash -c "$busy"
done
ends_with ends-with-time-limit true timeout -s KILL 30 "$vm" run --timeout 200 -- bash -c "$busy"
kill_owner() { kill -KILL "$1"; }
# shellcheck disable=SC2016 # expanded by the caller of scripts/vm
ends_with ends-with-owner kill_owner bash -c 'DSMIP_VM_OWNERS=$$ "$@" & wait' - "$vm" run --timeout 200 -- bash -c "$busy"

# A script that the guest cannot see is told apart from one that is not there.
outside=$(mktemp "${TMPDIR:-/tmp}/dsmip-selftest.XXXXXX")
trap 'rm -f "$outside"' EXIT
chmod 755 "$outside"
expect outside 64 'the guest does not see .*--artifacts' -- "$outside"
expect outside-shell 64 'the guest does not see' -- bash "$outside"
expect outside-argument 0 'the guest does not see' -- true "$outside"

# --- what must not go unnoticed
broken=$("$vm" module --kernel "$kernel" -- "$here/broken")
expect oops 125 'FAULT' -- insmod "$broken" what=oops
expect warning 125 'broken: told to warn' -- insmod "$broken" what=warn
expect timeout-explained 124 'sleep 1000' --timeout 60 -- sleep 1000
expect dead-kernel 124 'TIMEOUT' --timeout 25 --cpus 1 -- insmod "$broken" what=spin
expect usage 64 'no kernel' --kernel 0.0.0-none -- true
if [ "$kernel" = uml-debug ] || [ "$kernel" = x86-debug ]; then
    expect use-after-free 125 'KASAN.*use-after-free' -- insmod "$broken" what=uaf
    expect deadlock 125 'possible circular locking' -- insmod "$broken" what=abba
    expect rcu 125 'suspicious RCU usage' -- insmod "$broken" what=rcu
    if [ "$kernel" = x86-debug ]; then
        expect atomic-sleep 125 'sleeping function called' -- insmod "$broken" what=atomic
        expect shift 125 'UBSAN: shift-out-of-bounds' -- insmod "$broken" what=shift
    fi
    DSMIP_VM_LEAKS=yes expect leak 125 'unreferenced object' -- insmod "$broken" what=leak
fi

if [ $failed != 0 ]; then
    echo "scripts/vm with $kernel: $failed failed; evidence in $evidence"
    exit 1
fi
echo "scripts/vm with $kernel: all well"

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every system test shares: failing with evidence, waiting for events,
# namespaces, captures.  Sourced inside a guest, as root.
set -euo pipefail

SYSTEM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TREE=$(cd "$SYSTEM_DIR/../.." && pwd)
# The programs to be tested; make check-debug names a build with sanitizers.
export PATH="${DSMIP_PROGRAMS:-$TREE/build/ctl/bin}:$SYSTEM_DIR/tools:$PATH"
TEST_NAME=${TEST_NAME:-$(basename "$0" .sh)}

# Logs and captures go where the host finds them after the run.
ARTIFACTS=${DSMIP_ARTIFACTS:-$(mktemp -d)}
WORK=$(mktemp -d)
mkdir -p "$ARTIFACTS"

# Who runs a program may look at its status or not, and at what it writes or not: what a sanitizer
# finds goes into files that finish() looks for. A guest has too little memory for the usual
# quarantine.
SANITIZER_REPORTS=$ARTIFACTS/sanitizer
rm -f "$SANITIZER_REPORTS".*
export ASAN_OPTIONS="log_path=$SANITIZER_REPORTS:quarantine_size_mb=16"
export UBSAN_OPTIONS="log_path=$SANITIZER_REPORTS:print_stacktrace=1"

# How long an event may take: emulation and debug kernels are slow, so this is
# generous; only failing tests use it up.
PATIENCE=${DSMIP_TEST_PATIENCE:-60}
# slowness SECONDS: how many times as long as SECONDS the boot of this guest took, 1 to 20. For
# limits and rates; a machine that has much to do beside is as slow afterwards.
slowness() {
	local uptime
	IFS=. read -r uptime _ </proc/uptime
	uptime=$((uptime / $1))
	echo $((uptime < 1 ? 1 : uptime > 20 ? 20 : uptime))
}
# Where everything takes longer, so does what the kernel calls a hang.
((PATIENCE <= 60)) || echo "$PATIENCE" >/proc/sys/kernel/hung_task_timeout_secs || :

say() { printf '== %s\n' "$*"; }
info() { printf '   %s\n' "$*"; }
fail() {
	printf 'FAIL %s: %s\n' "$TEST_NAME" "$*" >&2
	exit 1
}

# wait_until WHAT COMMAND...: until COMMAND succeeds.
wait_until() {
	local what=$1 end=$((SECONDS + PATIENCE))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || fail "waited ${PATIENCE} s in vain for: $what"
		poll_pause
	done
}
# The one pause of all polling loops.
poll_pause() { read -rt 0.05 <> <(:) || :; }

# expect_equal WHAT WANTED GOT
expect_equal() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }
# expect_match WHAT REGEX TEXT
expect_match() { [[ $3 =~ $2 ]] || fail "$1: expected something like '$2', got '$3'"; }
# expect_refused WHAT REGEX COMMAND...: fails with a text like REGEX.
expect_refused() {
	local what=$1 regex=$2 text
	shift 2
	if text=$("$@" 2>&1); then fail "$what: should have been refused: $*"; fi
	expect_match "$what" "$regex" "$text"
}

# in NS COMMAND...
in_ns() { local ns=$1; shift; ip netns exec "$ns" "$@"; }

# namespaces NAME...: made, with loopback up and without duplicate address
# detection, whose seconds would only slow the tests.
namespaces() {
	local ns
	for ns; do
		ip netns add "$ns"
		in_ns "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.all.forwarding=0 \
			net.ipv6.conf.default.router_solicitations=-1 \
			net.ipv6.conf.default.router_solicitation_delay=0 \
			net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
		ip -n "$ns" link set lo up
	done
}
routers() {
	local ns
	for ns; do
		in_ns "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv6.conf.default.forwarding=1
	done
}
# wire NS1 DEV1 NS2 DEV2: a cable.
wire() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# segment NS...: an Ethernet segment between them, to which home0 of each is connected.
segment() {
	local ns
	namespaces segment
	ip -n segment link add segment0 type bridge mcast_snooping 0
	ip -n segment link set segment0 up
	for ns; do
		wire segment "to-$ns" "$ns" home0
		ip -n segment link set "to-$ns" master segment0
	done
}

# start NAME COMMAND...: in the background, output in NAME.log; PID_NAME is set.
# The log of a predecessor becomes NAME.log.1, .2 and so on.
BACKGROUND=()
start() {
	local name=$1 old=1
	shift
	if [ -e "$ARTIFACTS/$name.log" ]; then
		while [ -e "$ARTIFACTS/$name.log.$old" ]; do old=$((old + 1)); done
		mv "$ARTIFACTS/$name.log" "$ARTIFACTS/$name.log.$old"
	fi
	"$@" >"$ARTIFACTS/$name.log" 2>&1 </dev/null &
	printf -v "PID_${name//-/_}" %s $!
	BACKGROUND+=($!)
}
# stop NAME...: SIGTERM, and a clean exit of each.
stop() {
	local name pid
	for name; do
		pid="PID_${name//-/_}"
		kill -TERM "${!pid}"
	done
	for name; do
		pid="PID_${name//-/_}"
		wait "${!pid}" || fail "$name ended with status $? at SIGTERM"
	done
}
# kill_hard NAME...: as in a crash.
kill_hard() {
	local name pid
	for name; do
		pid="PID_${name//-/_}"
		kill -KILL "${!pid}"
		wait "${!pid}" 2>/dev/null || :
	done
}
# capture NS DEV NAME [FILTER...]: until the end; the host decodes it then.
# No signalling message is as long as what is kept of each packet.
capture() {
	local ns=$1 dev=$2 name=$3
	shift 3
	start "tcpdump-$name" ip netns exec "$ns" tcpdump -Z root -U -s 512 -i "$dev" -n \
		-w "$ARTIFACTS/$name.pcap" "$@"
	wait_until "capture on $dev" grep -q 'listening on' "$ARTIFACTS/tcpdump-$name.log"
}
# counter NS NAME: value of a counter of dsmip0, 0 when it never moved.
counter() {
	in_ns "$1" dsmipctl counters --all --json |
		python3 -c 'import json,sys
d=json.load(sys.stdin)
d=d[0]["counters"] if isinstance(d,list) else d["counters"]
print(d.get(sys.argv[1],0))' "$2"
}

finish() {
	local status=$? pid
	trap - ERR
	set +e
	if ((status)); then
		{
			ip netns list
			local ns
			for ns in $(ip netns list | cut -d' ' -f1); do
				printf '\n##### %s\n' "$ns"
				ip -n "$ns" address
				ip -n "$ns" -4 route show table all
				ip -n "$ns" -6 route show table all
				ip -n "$ns" rule
				ip -n "$ns" -6 rule
				in_ns "$ns" dsmipctl device show
				in_ns "$ns" dsmipctl binding show
				in_ns "$ns" dsmipctl counters
			done
			dmesg | tail -n 60
		} >"$ARTIFACTS/state.txt" 2>&1
		for log in "$ARTIFACTS"/*.log; do
			case $log in */tcpdump-*) continue ;; esac
			printf -- '--- %s (last lines)\n' "$log" >&2
			tail -n 15 "$log" >&2
		done
	fi
	type test_cleanup >/dev/null 2>&1 && test_cleanup
	for pid in "${BACKGROUND[@]}"; do kill "$pid" 2>/dev/null; done
	for pid in "${BACKGROUND[@]}"; do wait "$pid" 2>/dev/null; done
	for ns in $(ip netns list | cut -d' ' -f1); do ip netns delete "$ns"; done
	rm -rf "$WORK"
	if compgen -G "$SANITIZER_REPORTS.*" >/dev/null; then
		printf 'FAIL %s: a sanitizer found something\n' "$TEST_NAME" >&2
		head -n 40 "$SANITIZER_REPORTS".* >&2
		((status)) || status=1
	fi
	exit "$status"
}
trap finish EXIT
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR
set -o errtrace

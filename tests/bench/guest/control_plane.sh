#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest of tests/bench/control-plane: a home agent and very many mobile nodes behind IPv4.
#
#     [mn] 192.0.2.2/24 -------- 192.0.2.1/24 [ha]     care-of addresses 100.64.0.0/16 are all in [mn]
#
#   control_plane.sh updates NODES ROUNDS WINDOW none|sqlite     Binding Updates end to end, all answers verified
#   control_plane.sh restart NODES none|sqlite                   what NODES in kernel and store take at a start
# Prints   control-plane JSON
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH="$here/../../../build/ctl/bin:$PATH"
HA6=2001:db8:1::1 HA4=192.0.2.1
work=$(mktemp -d)
pid=

fail() {
	printf 'control-plane: %s\n' "$*" >&2
	tail -n 5 "$work"/*.log >&2 || :
	exit 1
}
# The one pause of all polling loops.
poll_pause() { read -rt 0.02 <> <(:) || :; }
elapsed() {
	local us=$((${EPOCHREALTIME/./} - ${1/./}))
	printf '%d.%06d\n' $((us / 1000000)) $((us % 1000000))
}

network() {
	modprobe dsmip
	sysctl -qw net.core.netdev_max_backlog=100000
	local ns
	for ns in ha mn; do
		ip netns add $ns
		ip netns exec $ns sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
		ip -n $ns link set lo up
	done
	ip link add eth0 netns ha type veth peer name eth0 netns mn
	ip -n ha address add $HA4/24 dev eth0
	ip -n ha address add $HA6/128 dev lo
	ip -n mn address add 192.0.2.2/24 dev eth0
	ip -n ha link set eth0 up
	ip -n mn link set eth0 up
	ip -n ha route add 100.64.0.0/16 via 192.0.2.2
	ip -n mn route add local 100.64.0.0/16 dev lo
}

configure() { # none|sqlite
	cat >"$work/ha.toml" <<-TOML
		role = "home-agent"
		security = "none"
		[device]
		name = "dsmip0"
		[control]
		socket = "$work/ha.sock"
		[store]
		$(if [ "$1" = sqlite ]; then echo "path = \"$work/ha.db\""; else echo "enabled = false"; fi)
		[home-agent]
		address6 = "$HA6"
		address4 = "$HA4"
		home-prefixes = ["2001:db8:b::/64"]
		accept-unlisted-nodes = true
		[home-agent.policy]
		max-nodes = 2000000
		updates-per-node = 0
		updates-per-network = 0
		updates-of-strangers = 0
	TOML
}
status() { ip netns exec ha dsmipctl --socket "$work/ha.sock" status --json 2>/dev/null; }
# field NAME: of the home agent in its status, by path.
field() {
	status | python3 -c 'import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."): value = value[name]
print(value)' "$1"
}
# Until it answers; prints the seconds.
start_agent() {
	local start=$EPOCHREALTIME
	ip netns exec ha dsmipd --log-level warning --config "$work/ha.toml" >>"$work/ha.log" 2>&1 &
	pid=$!
	until status >"$work/status"; do
		kill -0 $pid 2>/dev/null || fail "the daemon ended: $(dmesg | grep -i "out of memory" | tail -n 1)"
		poll_pause
	done
	elapsed "$start" >"$work/took"
}
kill_agent() {
	kill -KILL $pid
	wait $pid 2>/dev/null || :
}
took() { cat "$work/took"; }
# expect_bindings NUMBER: daemon and kernel have them all.
expect_bindings() {
	[ "$(field home_agent.bindings)" = "$1" ] || fail "the daemon has $(field home_agent.bindings) bindings, not $1"
	dump=$(ip netns exec ha python3 "$here/dump_time.py" dsmip0 "$1") || fail "the kernel has not $1 nodes"
}
# User and system time of the daemon, in hundredths of a second (USER_HZ).
used() {
	local -a stat
	read -ra stat </proc/$pid/stat
	echo "${stat[13]} ${stat[14]}"
}
# memory [VmHWM]: octets of the daemon that are in memory, or were at most.
memory() {
	local name value _
	while read -r name value _; do
		if [ "$name" = "${1-VmRSS}": ]; then echo $((value * 1024)); fi
	done </proc/$pid/status
}

updates() { # NODES ROUNDS WINDOW STORE
	configure "$4"
	start_agent
	local empty user0 system0 user1 system1 load
	empty=$(memory)
	read -r user0 system0 < <(used)
	load=$(ip netns exec mn bench_update_load $HA6 $HA4 "$1" "$2" "$3") || fail "the load: $load"
	read -r user1 system1 < <(used)
	expect_bindings "$1"
	local commits=0
	if [ "$4" = sqlite ]; then
		[ "$(field home_agent.store.failures)" = 0 ] || fail "the store failed"
		commits=$(field home_agent.store.commits)
	fi
	printf 'control-plane %s, "store": "%s", "commits": %d, "daemon_user_s": %d.%02d, "daemon_system_s": %d.%02d, "octets_per_binding": %d}\n' \
		"${load%\}}" "$4" "$commits" $(((user1 - user0) / 100)) $(((user1 - user0) % 100)) \
		$(((system1 - system0) / 100)) $(((system1 - system0) % 100)) $((($(memory) - empty) / $1))
}

restart() { # NODES STORE
	configure "$2"
	start_agent # makes the device
	local empty peak install takeover kept=0 again rebuild=0
	empty=$(memory)
	kill_agent
	install=$(ip netns exec ha dsmip-nl bulk-add dsmip0 "$1" --spread --lifetime 3600000 | sed -E 's/.* in ([0-9.e+-]*) s$/\1/')
	start_agent
	takeover=$(took)
	peak=$(memory VmHWM)
	expect_bindings "$1"
	if [ "$2" = sqlite ]; then
		local start=$EPOCHREALTIME
		until [ "$(field home_agent.store.waiting)" = 0 ] && [ "$(field home_agent.store.records)" -ge "$1" ]; do poll_pause; done
		kept=$(elapsed "$start")
	fi
	kill_agent
	start_agent
	again=$(took)
	expect_bindings "$1"
	# It does not only say so: one that it took over registers anew.
	ip netns exec mn bench_update_load $HA6 $HA4 1 1 1 100 >/dev/null || fail "no answer after the restart"
	if [ "$2" = sqlite ]; then
		kill_agent
		ip -n ha link delete dsmip0
		start_agent
		rebuild=$(took)
		expect_bindings "$1"
	fi
	printf 'control-plane {"nodes": %d, "store": "%s", "install_s": %.2f, "dump_s": %.2f, "take_over_s": %.2f, "keep_s": %.2f, "restart_s": %.2f, "rebuild_s": %.2f, "octets_per_binding": %d, "peak_octets_per_binding": %d}\n' \
		"$1" "$2" "$install" "$dump" "$takeover" "$kept" "$again" "$rebuild" $((($(memory) - empty) / $1)) $(((peak - empty) / $1))
}

trap '[ -z "$pid" ] || kill $pid 2>/dev/null || :' EXIT
network
"$@"
kill_agent
pid=

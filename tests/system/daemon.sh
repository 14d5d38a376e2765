# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# dsmipd in a guest: its configuration, start, end and counters. A daemon has a name, after which
# its configuration, its log and its control socket are called; "ha" and "mn" are the usual two.
# Sourced after lib.sh.

# The namespace of the daemon "ha".
HA_NS=ha

# head_of NAME ROLE: what every configuration says first.
head_of() {
	cat <<-TOML
		role = "$2"
		security = "none"
		[control]
		socket = "/run/dsmip/$1.sock"
	TOML
}
# node_config NAME HOME-ADDRESS INTERFACE [LINES]: of a mobile node with one access; the lines
# begin in [mobile-node].
node_config() {
	cat >"$WORK/$1.toml" <<-TOML
		$(head_of "$1" mobile-node)
		[mobile-node]
		home-address = "$2"
		home-agent6 = "$HA6"
		${4:-}
		[[mobile-node.access]]
		interface = "$3"
	TOML
}

# start_daemon NAME [NS]: in the namespace NS, else NAME, until it is ready.
start_daemon() {
	mkdir -p /run/dsmip
	start "$1" ip netns exec "${2:-$1}" dsmipd --config "$WORK/$1.toml"
	wait_until "dsmipd ($1) ready" grep -q ready "$ARTIFACTS/$1.log"
}
start_ha() { start_daemon ha $HA_NS; }
start_mn() { start_daemon mn; }

ha_ctl() { in_ns $HA_NS dsmipctl --socket /run/dsmip/ha.sock "$@"; }
mn_ctl() { in_ns mn dsmipctl --socket /run/dsmip/mn.sock "$@"; }
# daemon_counter KEY: of the home agent's daemon, 0 when it has none of this name.
daemon_counter() {
	ha_ctl status --json | python3 -c 'import json,sys
print(json.load(sys.stdin)["counters"].get(sys.argv[1], 0))' "$1"
}

# octets FILE: what a sink of traffic.py has so far.
octets() { cut -d' ' -f1 "$1" 2>/dev/null || echo 0; }
moved_beyond() { [ "$(octets "$1")" -gt "$2" ]; }
# connections_end NAME...: sourceNAME and sinkNAME of traffic.py end well, and nothing was lost between them.
connections_end() {
	local name end pid
	touch "$WORK/stop"
	for name; do
		for end in source$name sink$name; do
			wait_until "the end of $end" grep -qE '^[0-9]+ [0-9a-f]{64}$' "$WORK/$end"
			pid="PID_$end"
			wait "${!pid}" || fail "$end ended with status $?: $(cat "$ARTIFACTS/$end.log")"
		done
		expect_equal "octets and their sum, $name" "$(cat "$WORK/source$name")" "$(cat "$WORK/sink$name")"
	done
}

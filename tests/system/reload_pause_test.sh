#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A reload with many nodes: the home agent goes on serving while the file is read and checked, and
# while routes are made and removed. The longest pause is a small part of what the reload takes;
# in ms it depends on what else the machine does.
# subject: programs
. "$(dirname "$0")/lib.sh"
. "$SYSTEM_DIR/daemon.sh"

NODES=20000
HA6=2001:db8:1::1
modprobe dsmip
namespaces ha
routers ha
ip -n ha address add $HA6/128 dev lo

# config FIRST END: the nodes of these numbers, each with a route of its own.
config() {
	{
		head_of ha home-agent
		cat <<-TOML
			[store]
			enabled = false
			[home-agent]
			address6 = "$HA6"
			home-prefixes = ["2001:db8:1::/64"]
		TOML
		local i
		for ((i = $1; i < $2; i++)); do
			printf '[[home-agent.node]]\nhome-address = "2001:db8:1::1:%x"\nhome-addresses4 = ["10.1.%d.%d"]\n' \
				$i $((i / 256)) $((i % 256))
		done
	} >"$WORK/ha.toml"
}
now_ms() { date +%s%3N; }
# measured_reload ARGUMENT...: sets TOOK and LONGEST, in ms.
measured_reload() {
	start pauses ip netns exec ha control_pauses.py /run/dsmip/ha.sock
	wait_until "the first answer" grep -q asking "$ARTIFACTS/pauses.log"
	TOOK=$(now_ms)
	ha_ctl reload >"$WORK/answer" || fail "the reload was refused"
	TOOK=$(($(now_ms) - TOOK))
	stop pauses
	LONGEST=$(sed -nE 's/^answers [0-9]+ longest //p' "$ARTIFACTS/pauses.log")
	[ -n "$LONGEST" ] || fail "the daemon answered nobody at all: $(cat "$ARTIFACTS/pauses.log")"
	info "took $TOOK ms, longest pause $LONGEST ms"
}
# A guest that its machine forgets for a moment answers nobody, either: three tries.
is_short() { ((LONGEST * 10 < TOOK)); }
short_at_last() { is_short || fail "the daemon answered nobody for $LONGEST ms of $TOOK"; }
routes() { ip -n ha route show dev dsmip0 | grep -c '^10\.1\.' || :; }

config 0 $NODES
start_ha
expect_equal "routes" $NODES "$(routes)"

say "The same file again"
for _ in 1 2 3; do
	measured_reload
	expect_equal "answer" "nothing has changed" "$(cat "$WORK/answer")"
	! is_short || break
done
short_at_last

say "Half of the nodes go, others come"
for first in $((NODES / 2)) $NODES $((NODES / 2)); do
	config "$first" $((first + NODES))
	measured_reload
	expect_match "answer" "more changes" "$(tail -n 1 "$WORK/answer")"
	expect_equal "routes" $NODES "$(routes)"
	! is_short || break
done
short_at_last

say "Another reload meanwhile is refused; another signal has the file read once more"
config 0 $NODES
reloads_so_far() { grep -c configuration-reloaded "$ARTIFACTS/ha.log"; }
reloads() { [ "$(reloads_so_far)" -ge "$1" ]; }
before=$(reloads_so_far)
# shellcheck disable=SC2154 # set by start
kill -HUP "$PID_ha"
expect_refused "another reload" "another reload is under way" ha_ctl reload
kill -HUP "$PID_ha"
wait_until "a reload for each signal" reloads $((before + 2))
expect_equal "routes" $NODES "$(routes)"

say "The daemon stops in the middle of one, and leaves no half"
config $NODES $((2 * NODES))
kill -HUP "$PID_ha"
# routed NUMBER: the route of that node is there.
routed() { ip -n ha route show "10.1.$(($1 / 256)).$(($1 % 256))" | grep -q dsmip0; }
wait_until "the first new route" routed $NODES
stop ha
expect_equal "routes" $NODES "$(routes)"
say "done"

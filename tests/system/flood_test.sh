#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Floods of Binding Updates: from one port, from many, behind the NAT that the
# mobile node is behind, as plain IPv6, and in the name of the mobile node. While
# they last it registers, moves and refreshes with few repetitions; what is too
# much is counted by name; neither memory nor log grow. Without limits the same
# flood leaves others no room.
# timeout: 900
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

# Python would take a second to begin in the midst of a flood.
number() {
	local found
	found=$(grep -oE "\"$1\": ?[0-9]+" | sed -n 1p)
	found=${found##*[: ]}
	echo "${found:-0}"
}
count() { ha_ctl --json status | number "$1"; }
repetitions() { mn_ctl --json status | number updates_retransmitted; }
dropped() { in_ns ha dsmipctl counters --all --json | number "$1"; }
# rises NAME BY: from what it is now, in module or daemon.
value() { case $1 in rx_* | cookie_*) dropped "$1" ;; *) count "$1" ;; esac; }
above() { [ "$(value "$1")" -gt "$2" ]; }
rises() { wait_until "$1 more by $2" above "$1" $(($(value "$1") + $2)); }
refreshed() { [ "$(sequence_of ha $HOA6)" != "$1" ]; }
memory_kib() { sed -nE 's/^VmRSS:[[:space:]]*([0-9]+) kB$/\1/p' "/proc/$PID_ha/status"; }

# A kernel that watches its memory has no time for anything beside a flood at full speed.
pace=()
! grep -q ' kasan_report$' /proc/kallsyms || pace=(--rate 300)
# flood NAME NS WORDS...: until end_flood NAME
flood() {
	local name=$1 ns=$2
	shift 2
	start "$name" ip netns exec "$ns" flood.py "$HA4" "$HA6" "${pace[@]}" "$@"
}
end_flood() {
	local name pid
	for name; do
		pid="PID_$name"
		kill -0 "${!pid}" || fail "$name was over before"
		stop "$name"
		info "$name: $(tail -n1 "$ARTIFACTS/$name.log")"
	done
}
# few_repetitions SINCE EXCHANGES: five of each, which are repeated after 1, 2, 4 s
# and so on: a slow machine needs its time for the flood.
few_repetitions() {
	local more=$(($(repetitions) - $1))
	info "$more repetitions; dropped so far: $(value rx_rate_source) $(value rx_rate_network) in tunnels," \
		"$(value drop_rate_of_source) plain, $(value daemon_drop_queue_full_plain) without room"
	((more <= 5 * $2)) || fail "$more Binding Updates had to be repeated"
}

roaming_network
# Nobody wants to read the flood.
kill "$PID_tcpdump_roaming"
rm "$ARTIFACTS/roaming.pcap"

say "Without limits a flood from a few ports fills the daemon's queue or displaces path cookies"
HA_LINES='max-lifetime = "30s"'
HA_NODES='[home-agent.policy]
updates-per-source = 0
updates-per-network = 0
updates-of-strangers = 0' ha_config
start_ha
# A daemon that has a processor of its own keeps up with one sender.
unlimited=(unlimited1 unlimited2 unlimited3 unlimited4)
for sender in "${unlimited[@]}"; do flood "$sender" cn udp; done
harmful() { above cookie_displaced 100 || above daemon_drop_queue_full_tunnel 100; }
wait_until "a flood that does harm" harmful
end_flood "${unlimited[@]}"
# Low enough for a flood on a slow machine to be one.
HA_NODES='[home-agent.policy]
updates-per-source = 10
updates-per-network = 50' ha_config
ha_ctl reload
# As long as cookies of that flood live, any new one displaces one of them.
cookies_live() { in_ns ha dsmipctl device show --json | number paths; }
few_cookies() { [ "$(cookies_live)" -lt 100 ]; }
wait_until "the cookies of the flood ended" few_cookies
displaced=$(dropped cookie_displaced)
overflows=$(count daemon_drop_queue_full_tunnel)
before=$(memory_kib)

say "Strangers flood over UDP, directly and as plain IPv6; the mobile node registers and moves"
mn_config
start_mn
flood strangers cn udp direct
flood plain cn plain
rises rx_rate_source 300
rises drop_rate_of_source 300
attach wan6
wait_bound ha "$HOA6 .*via 2001:db8:6:"
attach wan4
detach wan6
wait_bound ha "$HOA6 .*via 203.0.113.10[ :]"
few_repetitions 0 2
in_ns cn ping -c1 -W5 "$HOA6" >/dev/null || fail "ping $HOA6"
end_flood strangers plain

say "A neighbour behind the same NAT floods; the mobile node arrives there"
since=$(repetitions)
flood neighbour nat udp
rises rx_rate_source 300
attach wann
detach wan4
wait_bound ha "$HOA6 .*via $NAT4:"
few_repetitions "$since" 1

say "From all its ports; the mobile node refreshes"
since=$(repetitions)
flood ports nat ports
rises rx_rate_network 300
for _ in 1 2; do
	wait_until "a refresh" refreshed "$(sequence_of ha $HOA6)"
done
few_repetitions "$since" 2
end_flood neighbour ports

say "Somebody floods in the name of the mobile node, which refreshes and moves"
since=$(repetitions)
flood impostor cn udp plain --home "$HOA6"
rises rx_rate_source 300
rises drop_rate_of_source 300
wait_until "a refresh" refreshed "$(sequence_of ha $HOA6)"
attach wan6
detach wann
wait_bound ha "$HOA6 .*via 2001:db8:6:"
few_repetitions "$since" 2
end_flood impostor
expect_equal "messages of the node that were too many" 0 "$(count drop_rate_of_node)"

say "What is left of it"
after=$(memory_kib)
info "memory of the home agent: $before KiB before, $after KiB after"
[ "$after" -lt $((before + 16384)) ] || fail "the floods made the daemon grow from $before to $after KiB"
expect_equal "cookies displaced" "$displaced" "$(dropped cookie_displaced)"
expect_equal "messages that found no room behind the module" "$overflows" "$(count daemon_drop_queue_full_tunnel)"
wait_until "the log tells how many more there were" grep -q 'binding-refused 129: [0-9]* more of them' "$ARTIFACTS/ha.log"
lines=$(wc -l <"$ARTIFACTS/ha.log")
info "$lines lines of log, $(count refused_129) refusals, $(count daemon_drop_queue_full_plain) without room over plain IPv6"
[ "$lines" -lt 2000 ] || fail "$lines lines in the log"
stop mn

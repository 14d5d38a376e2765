#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Floods that forge their sources, 10,000 Binding Updates a second where the machine can make them: from
# made-up addresses, in UDP and as plain IPv6, new ones or some in a cycle, from all ports behind a NAT, and
# from the care-of address and port of the mobile node itself. During each the node registers for the first
# time, and refreshes, within 5 s; all it needs for that is RFC 6275. On a slow machine the flood is smaller
# and the time longer, by how long the guest took to boot.
# timeout: 900
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

SLOWNESS=$(slowness 4)
RATE=$((10000 / SLOWNESS))
PATIENCE_OF_NODE=$((5 * SLOWNESS)) # seconds
# A kernel that watches its memory takes many times as long for each packet: what a flood of that rate would show is how
# busy it is. The limits are far below this one as well.
if grep -q ' kasan_report$' /proc/kallsyms; then
	RATE=$((1000 / SLOWNESS))
	PATIENCE_OF_NODE=$((15 * SLOWNESS))
fi

number() {
	local found
	found=$(grep -oE "\"$1\": ?[0-9]+" | sed -n 1p)
	found=${found##*[: ]}
	echo "${found:-0}"
}
value() {
	case $1 in
	rx_*) in_ns ha dsmipctl counters --all --json | number "$1" ;;
	*) ha_ctl --json status | number "$1" ;;
	esac
}
above() { [ "$(value "$1")" -gt "$2" ]; }
rises() { wait_until "$1 more by $2" above "$1" $(($(value "$1") + $2)); }
repetitions() { mn_ctl --json status | number updates_retransmitted; }
refreshed() { [ "$(sequence_of ha $HOA6)" != "$1" ]; }

# flood NS WORDS...: until end_flood; COUNTER of the home agent tells that it is above a limit
flood() {
	local ns=$1
	shift
	start flood ip netns exec "$ns" flood.py "$HA4" "$HA6" --rate $RATE "$@"
}
end_flood() {
	kill -0 "$PID_flood" || fail "the flood was over before: $(tail -n3 "$ARTIFACTS/flood.log")"
	stop flood
	info "$(tail -n1 "$ARTIFACTS/flood.log"); challenged $(value signalling_challenged) plain," \
		"$(in_ns ha dsmipctl counters --all --json | number signalling_challenged) in tunnels"
}
care_of6() { ip -n mn -6 address show dev wan6 scope global | grep -q "inet6 2001:db8:6:.*dynamic" &&
	! ip -n mn -6 address show dev wan6 scope global | grep -q tentative; }
# arrive ACCESS REGEX: at a network, with an address at once; the node is registered in time
arrive() {
	local begin
	attach "$1"
	# Router and duplicate address detection take their time; an access without them would do.
	[ "$1" != wan6 ] || wait_until "a care-of address" care_of6
	begin=${EPOCHREALTIME/[.,]/}
	wait_bound ha "$HOA6 .*via $2"
	begin=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
	info "registered after $begin ms"
	((begin < PATIENCE_OF_NODE * 1000)) || fail "registered after $begin ms only"
}
# leave ACCESS: nothing is registered any more
leave() {
	stop mn
	detach "$1"
	in_ns ha dsmipctl binding show | grep -q "$HOA6" && in_ns ha dsmip-nl binding-del dsmip0 $HOA6
	wait_until "no binding" no_binding
}
# refreshes: two of them, with no more repetitions than a second or two take
refreshes() {
	local since more
	since=$(repetitions)
	for _ in 1 2; do wait_until "a refresh" refreshed "$(sequence_of ha $HOA6)"; done
	more=$(($(repetitions) - since))
	info "$more repetitions in two refreshes"
	((more <= 4)) || fail "$more repetitions"
}

roaming_network
kill "$PID_tcpdump_roaming"
rm "$ARTIFACTS/roaming.pcap"
HA_LINES='max-lifetime = "12s"'
HA_NODES='[home-agent.policy]
updates-per-source = 10
updates-per-network = 50
updates-of-strangers = 100' ha_config
start_ha
mn_config

say "Made-up sources in UDP"
flood cn forged
rises rx_rate_strangers 3000
start_mn
arrive wan4 "203.0.113.10[ :]"
refreshes
end_flood
leave wan4

say "Some made-up sources in a cycle"
flood cn forged --sources 64
rises rx_rate_strangers 3000
start_mn
arrive wan4 "203.0.113.10[ :]"
refreshes
end_flood

say "The care-of address of the node itself"
flood cn forged --from 203.0.113.10@4191 --home $HOA6
rises rx_rate_source 3000
refreshes
end_flood
leave wan4

say "All ports behind the NAT of the node"
flood nat ports
rises rx_rate_network 3000
start_mn
arrive wann "$NAT4:"
refreshes
end_flood

say "The care-of address and port of the node behind a NAT"
port=$(in_ns ha dsmipctl binding show | sed -nE "s/^$HOA6 .*via $NAT4:([0-9]+) .*/\1/p")
flood cn forged --from "$NAT4@$port" --home $HOA6
rises rx_rate_source 3000
refreshes
end_flood
leave wann

say "Made-up sources over plain IPv6"
flood cn forged6
rises drop_rate_of_strangers 3000
start_mn
arrive wan6 "2001:db8:6:"
refreshes
end_flood

say "The address of the node over plain IPv6"
address=$(in_ns ha dsmipctl binding show | sed -nE "s/^$HOA6 .*via ([0-9a-f:]+).*/\1/p")
flood cn forged6 --from "$address" --home $HOA6
rises drop_rate_of_source 3000
refreshes
end_flood
expect_equal "bindings that ended in a flood" 0 "$(value bindings_expired)"
stop mn

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The roaming story: `make demo` shows it, roaming_test.sh runs it as a test.
# A mobile node keeps two TCP connections while it moves from IPv6 to IPv4, to
# IPv4 behind a NAT and back, uses two accesses at once, and has its daemons
# killed.  Fails at the first step that does not hold.
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

# An idle machine boots this guest in less than 15 s, even in emulation. What is sent takes a
# small part of the guest's time, so that interruptions are the protocol's.
SLOWNESS=$(slowness 15)
PATIENCE=${DSMIP_TEST_PATIENCE:-$((60 * SLOWNESS))}
RATE=$((100000 / SLOWNESS))
INTERVAL=0.0$((SLOWNESS > 4 ? 80 : 20 * SLOWNESS))

STEP=0
STEPS=10
step() {
	STEP=$((STEP + 1))
	printf '\n\033[1m%d of %d. %s\033[0m (after %d s)\n' "$STEP" "$STEPS" "$*" "$SECONDS"
}
show() { "$@" | sed 's/^/     /'; }

# both_move: both TCP connections deliver more than they had.
both_move() {
	local six four
	six=$(octets "$WORK/sink6")
	four=$(octets "$WORK/sink4")
	wait_until "TCP to $HOA6 moving" moved_beyond "$WORK/sink6" $((six + 20000))
	wait_until "TCP to $HOA4 moving" moved_beyond "$WORK/sink4" $((four + 20000))
	info "TCP: $(octets "$WORK/sink6") octets to $HOA6, $(octets "$WORK/sink4") to $HOA4, both moving"
}
# arrived REGEX BEGIN: the binding, the interruption since BEGIN, the connections.
arrived() {
	wait_bound ha "$1"
	wait_bound mn "${3:-.}"
	show ha_ctl binding show
	both_move
	info "interruption: IPv6 $(traffic.py gap "$WORK/heard6" "$2") ms, IPv4 $(traffic.py gap "$WORK/heard4" "$2") ms"
}
# leave_for ACCESS: break before make.
leave_for() {
	local access
	for access in wan6 wan4 wann; do
		[ "$access" = "$1" ] || detach "$access"
	done
	attach "$1"
}

step "Five hosts: correspondent, home agent, core, NAT router, mobile node"
roaming_network
sed -n '/^# *cn /,/^# *+-- private/s/^# \{0,1\}/     /p' "$SYSTEM_DIR/roaming.sh"
if in_ns mn ping -c1 -W1 "$HA4" >/dev/null 2>&1; then fail "the mobile node reaches $HA4 without a visited network"; fi
info "Without a visited network the mobile node reaches nothing."

step "The mobile node attaches to the IPv6 network and registers"
ha_config
start_ha
info "home agent: $(grep -m1 -i 'security' "$ARTIFACTS/ha.log" | sed 's/^[^:]*:[^:]*:[^ ]* //')"
attach wan6
mn_config
start_mn
wait_bound ha "via 2001:db8:6:"
wait_bound mn .
show ha_ctl binding show
info "Look at 'via': both home addresses are reached at the IPv6 care-of address."
in_ns cn ping -c2 -i0.2 -W5 "$HOA6" >/dev/null || fail "no 6-in-6: ping $HOA6"
in_ns cn ping -c2 -i0.2 -W5 "$HOA4" >/dev/null || fail "no 4-in-6: ping $HOA4"
info "ping from the correspondent: $HOA6 (6-in-6) and $HOA4 (4-in-6) answer."

step "Two TCP connections start, correspondent to mobile node"
info "each at $((RATE / 1000)) kB/s; a probe every ${INTERVAL#0.0} ms shows interruptions"
start sink6 ip netns exec mn traffic.py sink "$HOA6" 5006 "$WORK/sink6"
start sink4 ip netns exec mn traffic.py sink "$HOA4" 5004 "$WORK/sink4"
start hear6 ip netns exec mn traffic.py hear "$HOA6" 5106 "$WORK/heard6"
start hear4 ip netns exec mn traffic.py hear "$HOA4" 5104 "$WORK/heard4"
for log in sink6 sink4 hear6 hear4; do
	wait_until "$log" grep -q listening "$ARTIFACTS/$log.log"
done
start source6 ip netns exec cn traffic.py source "$HOA6" 5006 "$WORK/source6" --stop "$WORK/stop" --rate $RATE
start source4 ip netns exec cn traffic.py source "$HOA4" 5004 "$WORK/source4" --stop "$WORK/stop" --rate $RATE
start probe6 ip netns exec cn traffic.py probe "$HOA6" 5106 "$WORK/probed6" --stop "$WORK/stop" --interval $INTERVAL
start probe4 ip netns exec cn traffic.py probe "$HOA4" 5104 "$WORK/probed4" --stop "$WORK/stop" --interval $INTERVAL
wait_until "first octets" test -s "$WORK/sink6" -a -s "$WORK/sink4"
wait_until "first datagrams" test -s "$WORK/heard6" -a -s "$WORK/heard4"
both_move

step "It moves to the public IPv4 network: 4-in-4 and 6-in-4, no UDP"
begin=$(traffic.py now)
leave_for wan4
arrived "via 203.0.113.10[ :].*direct" "$begin"

step "It moves behind the NAT: UDP, found out by the home agent"
begin=$(traffic.py now)
leave_for wann
arrived "via $NAT4:[0-9]+ udp .*nat" "$begin"

step "Still behind the NAT it asks for the TLV header (configuration changed, daemon replaced)"
begin=$(traffic.py now)
kill_hard mn
MN_LINES='prefer-tlv = true' mn_config
start_mn
arrived "via $NAT4:[0-9]+ udp-tlv" "$begin"

step "Back to the IPv6 network"
begin=$(traffic.py now)
leave_for wan6
arrived "via 2001:db8:6:" "$begin"

step "Two accesses at once: care-of addresses with BID 1 (IPv6) and BID 2 (IPv4)"
kill_hard mn
MN_LINES='mcoa = true' mn_config
attach wan4
start_mn
wait_bound ha "bid 1 via 2001:db8:6:"
arrived "bid 2 via 203.0.113.10[ :]" "$(traffic.py now)"
info "Now the IPv6 access is cut."
begin=$(traffic.py now)
detach wan6
wait_until "binding 1 gone" bash -c "! ip netns exec ha dsmipctl binding show | grep -q 'bid 1 '"
arrived "bid 2 via 203.0.113.10[ :]" "$begin"

step "Both daemons are killed and come back during the transfer"
rm -f "$WORK/stop2"
start hear2 ip netns exec mn traffic.py hear "$HOA6" 5206 "$WORK/heard2"
wait_until "hear2" grep -q listening "$ARTIFACTS/hear2.log"
start probe2 ip netns exec cn traffic.py probe "$HOA6" 5206 "$WORK/probed2" --stop "$WORK/stop2" --interval $INTERVAL
wait_until "first datagrams" test -s "$WORK/heard2"
kill_hard ha
both_move
start_ha
both_move
kill_hard mn
both_move
registered() { grep -c 'binding-accepted' "$ARTIFACTS/ha.log" || :; }
before=$(registered)
start_mn
wait_until "the restarted mobile node to refresh" bash -c "[ \$(grep -c binding-accepted '$ARTIFACTS/ha.log') -gt $before ]"
both_move
touch "$WORK/stop2"
wait_until "probe to end" bash -c "! kill -0 $PID_probe2"
last=$(tail -n1 "$WORK/probed2" | cut -d' ' -f1)
wait_until "the last datagram" grep -q "^$last " "$WORK/heard2"
expect_equal "datagrams lost while daemons were killed" 0 "$(traffic.py missing "$WORK/probed2" "$WORK/heard2")"
info "$((last + 1)) datagrams sent, none lost."

step "The end: are the two streams whole?"
touch "$WORK/stop"
for family in 6 4; do
	wait_until "stream $family to end" grep -q ' [0-9a-f]\{64\}$' "$WORK/sink$family"
	wait_until "source $family to end" grep -q ' [0-9a-f]\{64\}$' "$WORK/source$family"
	expect_equal "sum of stream $family" "$(cat "$WORK/source$family")" "$(cat "$WORK/sink$family")"
	info "IPv$family: $(octets "$WORK/sink$family") octets, sha256 equal at both ends"
done
stop mn
wait_until "de-registration" bash -c "! ip netns exec ha dsmipctl binding show | grep -q '$HOA6'"
if ip -n mn link show dsmip0 >/dev/null 2>&1; then fail "the mobile node left its device behind"; fi
info "Stopped: the mobile node de-registered and took its device, routes and rules away."
printf '\n\033[1mEvery step held.\033[0m (%d s)\n' "$SECONDS"

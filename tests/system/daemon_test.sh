#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the daemon does to its host: it sets up and takes away, takes over what a killed
# predecessor left without losing a packet, and cleans up after another configuration.
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

# Everything of the host that the daemon may change.
host_state() {
	ip -n "$1" -br link show type dsmip
	ip -n "$1" -4 rule
	ip -n "$1" -6 rule
	ip -n "$1" -4 route show table all proto 191
	ip -n "$1" -6 route show table all proto 191
	in_ns "$1" ip xfrm state
	in_ns "$1" ip xfrm policy
}

roaming_network
clean_ha=$(host_state ha)
clean_mn=$(host_state mn)

say "Mistakes in the configuration: all of them, with line and key, exit 2"
cat >"$WORK/bad.toml" <<-TOML
	role = "home-agent"
	[home-agent]
	address6 = "2001:db8:1::1"
	max_lifetime = 10
TOML
status=0
text=$(dsmipd --config "$WORK/bad.toml" 2>&1) || status=$?
expect_equal "exit status" 2 $status
expect_match "protection" 'bad.toml:1: security: is missing' "$text"
expect_match "missing key" 'bad.toml:2: home-agent.home-prefixes: is missing' "$text"
expect_match "unknown key" 'bad.toml:4: home-agent.max_lifetime: .*did you mean "max-lifetime"' "$text"
ha_config
MN_LINES='route = "all"' mn_config
expect_match "check" 'valid$' "$(dsmipd --config "$WORK/ha.toml" --check)"
expect_equal "a check changes nothing" "$clean_ha" "$(host_state ha)"

say "Everything goes by way of the home agent where that is configured"
start_ha
attach wan6
start_mn
wait_bound ha "via 2001:db8:6:"
wait_until "the IPv4 home address" grep -q home-address4-accepted "$ARTIFACTS/mn.log"
in_ns mn ping -c 3 -i 0.2 -W 5 $CN6 >"$ARTIFACTS/ping-all6.log"
in_ns mn ping -c 3 -i 0.2 -W 5 $CN4 >"$ARTIFACTS/ping-all4.log"
expect_match "IPv6 source" "src $HOA6" "$(ip -n mn route get $CN6)"
expect_match "IPv4 source" "src $HOA4" "$(ip -n mn route get $CN4)"

say "Both daemons are killed and started again, twice; no packet may be lost by it"
start_pings
for round in 1 2; do
	kill_hard ha
	start_ha
	expect_match "round $round" "taking over 1 nodes" "$(cat "$ARTIFACTS/ha.log")"
	kill_hard mn
	start_mn
	wait_until "the new daemon's registration" grep -q registration-accepted "$ARTIFACTS/mn.log"
done
pings_answered

say "A second daemon with the same control socket does not start"
expect_refused "second daemon" "another daemon listens there" \
	in_ns ha dsmipd --config "$WORK/ha.toml"
bound ha "via 2001:db8:6:" || fail "the second daemon took the binding away"

say "A daemon with another configuration removes what its predecessor left"
kill_hard mn
mn_config
start_mn
for family in -4 -6; do
	if ip -n mn $family rule | grep -qE '^419[345]:'; then
		fail "rules of route = \"all\" are left: $(ip -n mn $family rule)"
	fi
done
expect_match "home address" deprecated "$(ip -n mn -6 address show dev dsmip0)"

say "The mobile node leaves nothing behind, here and at the home agent"
stop mn
expect_equal "host of the mobile node" "$clean_mn" "$(host_state mn)"
wait_until "the binding is gone" eval "! in_ns ha dsmipctl binding show | grep -q ."

say "Whoever reads the log stops reading, then goes away; the home agent goes on"
stop ha
mkfifo "$WORK/log"
start reader cat "$WORK/log"
start ha ip netns exec ha bash -c "exec dsmipd --config $WORK/ha.toml 2>$WORK/log"
wait_until "the daemon that logs into a pipe" grep -q ready "$ARTIFACTS/reader.log"
lost() { ha_ctl status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["log_lines_lost"])'; }
# more_lost_than N: after another reload that is refused with a long list of mistakes.
more_lost_than() { kill -HUP "$PID_ha" && (($(lost) > $1)); }
cp "$WORK/ha.toml" "$WORK/good.toml"
for ((i = 0; i < 300; i++)); do echo "unknown-key-$i = 1"; done >>"$WORK/ha.toml"
expect_equal "lines lost" 0 "$(lost)"
kill -STOP "$PID_reader"
wait_until "lines are lost while nobody reads" more_lost_than 0
before=$(lost)
kill_hard reader
wait_until "lines are lost without a reader" more_lost_than "$before"
expect_match "status" 'role home-agent' "$(ha_ctl status)"
cp "$WORK/good.toml" "$WORK/ha.toml"

say "The home agent keeps its device, or removes it when told so"
stop ha
expect_match "device" dsmip0 "$(host_state ha)"
HA_LINES='on-stop = "remove"' ha_config
start_ha
stop ha
expect_equal "host of the home agent" "$clean_ha" "$(host_state ha)"
say "done"

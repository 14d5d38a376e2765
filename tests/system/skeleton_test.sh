#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The smallest whole test, to be copied (CONTRIBUTING.md): a mobile node one cable away from its
# home agent registers, is reached at its home address, and de-registers.
# subject: programs
. "$(dirname "$0")/lib.sh"    # namespaces, waiting, captures, failing with evidence
. "$(dirname "$0")/daemon.sh" # configuration, start and end of dsmipd

HA6=2001:db8:1::1
HOA6=2001:db8:1::100
COA6=2001:db8:6::10

# The network: a namespace for each host, and cables. "namespaces" turns DAD off, so addresses
# can be used at once.
modprobe dsmip
namespaces ha mn
routers ha
wire ha wan0 mn wan0
ip -n ha address add $HA6/128 dev lo
ip -n ha address add 2001:db8:6::1/64 dev wan0
ip -n mn address add $COA6/64 dev wan0
ip -n mn route add default via 2001:db8:6::1

# The configuration of both sides.
cat >"$WORK/ha.toml" <<-TOML
	$(head_of ha home-agent)
	[store]
	enabled = false
	[home-agent]
	address6 = "$HA6"
	home-prefixes = ["2001:db8:1::/64"]
	[[home-agent.node]]
	home-address = "$HOA6"
TOML
node_config mn $HOA6 wan0
start_ha

say "A mobile node registers and is reached at its home address"
capture ha wan0 tunnel ip6 # decoded on the host afterwards; a malformed message fails the test
start_mn
bound() { in_ns ha dsmipctl binding show | grep -q "^$HOA6 .*via $COA6 "; }
wait_until "a binding to $COA6" bound
in_ns ha ping -c1 -W5 -I $HA6 $HOA6 >/dev/null || fail "no answer from $HOA6"
expect_equal "packets from senders that are not registered" 0 "$(counter ha rx_end_point)"

say "It stops, and its binding goes"
stop mn # with SIGTERM; a status other than 0 fails the test
gone() {
	local shown
	shown=$(in_ns ha dsmipctl binding show) && [ -z "$shown" ]
}
wait_until "de-registration" gone
expect_equal "de-registrations that the daemon counted" 1 "$(daemon_counter deregistrations)"

say "A mistake in its configuration is refused with line and key"
sed '/^home-address/d' "$WORK/mn.toml" >"$WORK/bad.toml"
expect_refused "no home address" ':[0-9]+: mobile-node.home-address: is missing' \
	dsmipd --check --config "$WORK/bad.toml"
say "done"

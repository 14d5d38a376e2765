#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Discovery of home agents and of prefixes, on a real home link with the routers of
# three home agents (radvd), and at a home agent with a virtual one.
#
#   mn (wan0) --- router ---+--- ha1    2001:db8:1::1  preference 10, dsmipd
#   2001:db8:6::10   |      +--- ha2    2001:db8:1::2  preference 20
#                    |      +--- ha3    2001:db8:1::3  preference 5, for mobile routers
#                    +--- virtual       2001:db8:f::1  home prefix 2001:db8:5::/64
#
# subject: programs
# requirements: M-9.2-02
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemon.sh"

HA_NS=ha1
HA6=2001:db8:1::1
HOA6=2001:db8:1::100
COA6=2001:db8:6::10
ANYCAST=2001:db8:1:0:fdff:ffff:ffff:fffe
VIRTUAL_ANYCAST=2001:db8:5:0:fdff:ffff:ffff:fffe

modprobe dsmip
namespaces router ha1 ha2 ha3 virtual mn
routers router ha1 ha2 ha3 virtual
segment router ha1 ha2 ha3
ip -n router address add 2001:db8:1::9/64 dev home0
for number in 1 2 3; do
	ip -n ha$number address add 2001:db8:1::$number/64 dev home0
	ip -n ha$number route add default via 2001:db8:1::9
done
wire router to-mn mn wan0
ip -n router address add 2001:db8:6::1/64 dev to-mn
ip -n mn address add $COA6/64 dev wan0
ip -n mn route add default via 2001:db8:6::1
wire router to-virtual virtual eth0
ip -n router address add 2001:db8:f::9/64 dev to-virtual
ip -n virtual address add 2001:db8:f::1/64 dev eth0
ip -n virtual route add default via 2001:db8:f::9
ip -n router route add 2001:db8:5::/64 via 2001:db8:f::1

# router_daemon NAME PREFERENCE SERVES-MOBILE-ROUTERS
mkdir -p /run/radvd
router_daemon() {
	cat >"$WORK/$1.conf" <<-RADVD
		interface home0 {
			AdvSendAdvert on;
			MinRtrAdvInterval 3;
			MaxRtrAdvInterval 4;
			MinDelayBetweenRAs 3;
			AdvDefaultLifetime 12;
			AdvHomeAgentFlag on;
			AdvHomeAgentInfo on;
			HomeAgentLifetime 12;
			HomeAgentPreference $2;
			AdvMobRtrSupportFlag $3;
			prefix 2001:db8:1::${1#ha}/64 {
				AdvRouterAddr on;
				AdvValidLifetime ${VALID:-86400};
				AdvPreferredLifetime ${PREFERRED:-14400};
			};
		};
	RADVD
	start "radvd-$1" ip netns exec "$1" radvd -n -C "$WORK/$1.conf" -p "/run/radvd/$1.pid" -m stderr
}
config() {
	cat >"$WORK/ha.toml" <<-TOML
		$(head_of ha home-agent)
		[store]
		enabled = false
		[home-agent]
		address6 = "$HA6"
		home-prefixes = ["2001:db8:1::/64", "2001:db8:2::/64"]
		[home-agent.home-link]
		interface = "home0"
		[home-agent.prefix-discovery]
		min-interval = 1
		max-interval = "${MAX_INTERVAL:-24h}"
		[[home-agent.node]]
		home-address = "$HOA6"
		${PREFIXES:-}
	TOML
}
ask() { in_ns mn discovery_probe.py ask "$@"; }
claimed() { ip -n "$1" -6 route show table local "$2"; }
test_cleanup() {
	{
		ha_ctl home-agent show
		ha_ctl status
	} >"$ARTIFACTS/home-agent.txt" 2>&1
}
answers() { [ "$(ask "${@:2}")" = "$1" ]; }

say "A home agent alone knows itself"
config
start_ha
expect_equal "the answer" "0 $HA6 $HA6" "$(ask $ANYCAST)"
expect_match "the anycast address" "^anycast $ANYCAST dev home0 " "$(claimed ha1 $ANYCAST)"

say "The link goes down and up, with which the kernel forgets the anycast address"
ip -n ha1 link set home0 down
expect_equal "the anycast address" "" "$(claimed ha1 $ANYCAST)"
ip -n ha1 link set home0 up
ip -n ha1 address replace $HA6/64 dev home0
ip -n ha1 route replace default via 2001:db8:1::9
wait_until "the answer" answers "0 $HA6 $HA6" $ANYCAST
(($(daemon_counter icmp_anycast_lost) > 0)) || fail "icmp_anycast_lost does not rise"

say "A home agent that may not claim the address yet claims it when it may"
stop ha
in_ns ha1 sysctl -qw net.ipv6.conf.all.forwarding=0
sed -i 's/^home-prefixes = .*/home-prefixes = ["2001:db8:2::\/64"]/; s/home-address = .*/home-address = "2001:db8:2::100"/' "$WORK/ha.toml"
start_ha
LATER=2001:db8:2:0:fdff:ffff:ffff:fffe
wait_until "word of it" grep -q "anycast address $LATER cannot be claimed: .*does not forward" "$ARTIFACTS/ha.log"
in_ns ha1 sysctl -qw net.ipv6.conf.all.forwarding=1
wait_until "word of it" grep -q "anycast address $LATER is claimed now" "$ARTIFACTS/ha.log"
expect_match "the anycast address" "^anycast $LATER dev home0 " "$(claimed ha1 $LATER)"
expect_equal "refusals that were logged" 1 "$(grep -c 'cannot be claimed' "$ARTIFACTS/ha.log")"
stop ha
config
start_ha

say "Three home agents, known by the advertisements of their routers, in the order of preference"
router_daemon ha1 10 off
router_daemon ha2 20 off
router_daemon ha3 5 on
wait_until "three home agents" answers "0 $HA6 2001:db8:1::2 2001:db8:1::1 2001:db8:1::3" $ANYCAST
ha_ctl home-agent show | tee "$ARTIFACTS/home-agents.txt"
expect_match "the own one, as its own router says" "2001:db8:1::1 preference 10 mobile-routers own router fe80::" \
	"$(ha_ctl home-agent show)"
ha_ctl home-agent show --json >"$ARTIFACTS/home-agents.json"
check_schema.py "$TREE/Documentation/schema/home-agent-show.json" <"$ARTIFACTS/home-agents.json" ||
	fail "output differs from home-agent-show.json"

say "A mobile router is told of those that serve mobile routers"
expect_equal "the answer" "1 $HA6 2001:db8:1::1 2001:db8:1::3" "$(ask $ANYCAST --mobile-router)"

say "A router that dies disappears when its lifetime as a home agent ends"
kill_hard radvd-ha2
wait_until "two home agents" answers "0 $HA6 2001:db8:1::1 2001:db8:1::3" $ANYCAST
grep -q "home-agent-lost" "$ARTIFACTS/ha.log" || fail "no word of it in the log"

say "A request to the home agent's own address is not answered"
before=$(daemon_counter drop_discovery_destination)
(DSMIP_TEST_PATIENCE=1 ask $HA6 2>/dev/null) && fail "it was answered"
[ "$(daemon_counter drop_discovery_destination)" -gt "$before" ] || fail "it was not counted"

say "A mobile node registers, and asks for prefixes from its care-of address and through the tunnel"
capture router to-mn discovery "icmp6 or ip6 proto 43 or ip6 proto 60 or ip6 proto 41 or ip6 proto 135"
before=$(daemon_counter drop_solicitation_not_registered)
(DSMIP_TEST_PATIENCE=1 in_ns mn discovery_probe.py solicit $HA6 $HOA6 --care-of $COA6 2>/dev/null) &&
	fail "a node that is not registered was answered"
[ "$(daemon_counter drop_solicitation_not_registered)" -gt "$before" ] || fail "it was not counted"
node_config mn $HOA6 wan0
start_mn
wait_until "a binding" grep -q "binding-accepted" "$ARTIFACTS/ha.log"
solicit() { in_ns mn discovery_probe.py solicit $HA6 $HOA6 "$@"; }
heard="from $HA6 flags none 2001:db8:1::1/64 LAR 86[0-9]{3} 14[0-9]{3}$"
expect_match "from the care-of address" "$heard" "$(solicit --care-of $COA6)"
expect_match "through the tunnel" "$heard" "$(solicit)"
# A Mobile Prefix Advertisement behind a type 2 routing header, to the care-of address.
routed() {
	tcpdump -r "$ARTIFACTS/discovery.pcap" -n \
		"src host $HA6 and dst host $COA6 and ip6[6] = 43 and ip6[42] = 2 and ip6[64] = 147" 2>/dev/null | grep -q .
}
wait_until "an advertisement with a type 2 routing header" routed
(DSMIP_TEST_PATIENCE=1 solicit --care-of 2001:db8:6::77 2>/dev/null) && fail "a strange care-of address was answered"
[ "$(daemon_counter drop_solicitation_care_of)" -gt 0 ] || fail "it was not counted"

say "A reload that adds a prefix is told to the registered node, until it asks"
start listen ip netns exec mn discovery_probe.py listen
wait_until "the listener" grep -q listening "$ARTIFACTS/listen.log"
MAX_INTERVAL=4s config
ha_ctl reload
MAX_INTERVAL=4s PREFIXES='[[home-agent.advertised-prefix]]
prefix = "2001:db8:2::/64"
valid-lifetime = "2h"
preferred-lifetime = "1h"' config
ha_ctl reload
told() { grep -qE "$1" "$ARTIFACTS/listen.log"; }
wait_until "the new prefix" told "2001:db8:2::/64 LA 7200 3600"
[ "$(daemon_counter prefix_advertisements_unsolicited)" -gt 0 ] || fail "it is not counted"
solicit >/dev/null

say "A reload that deprecates it"
MAX_INTERVAL=4s PREFIXES='[[home-agent.advertised-prefix]]
prefix = "2001:db8:2::/64"
valid-lifetime = "2h"
preferred-lifetime = 0' config
ha_ctl reload
wait_until "the deprecated prefix" told "2001:db8:2::/64 LA 7200 0"

say "So does a router of the home link that says something else"
stop radvd-ha3
kill_hard radvd-ha1
VALID=7000 PREFERRED=3000 router_daemon ha1 10 off
wait_until "what the router says now" told "2001:db8:1::1/64 LAR (7000|69[0-9]{2}) (3000|29[0-9]{2})"

say "A mistake is named, and what is in force stays"
PREFIXES='[[home-agent.advertised-prefix]]
prefix = "2001:db8:99::/64"' config
expect_refused "reload" "none of the home-prefixes" ha_ctl reload
expect_match "what is told" "2001:db8:2::/64" "$(solicit)"

say "A virtual home link: the home agent answers for its prefix"
cat >"$WORK/virtual.toml" <<-TOML
	$(head_of virtual home-agent)
	[store]
	enabled = false
	[home-agent]
	address6 = "2001:db8:f::1"
	home-prefixes = ["2001:db8:5::/64"]
	accept-unlisted-nodes = true
	[home-agent.discovery]
	preference = 3
TOML
start_daemon virtual
expect_equal "the answer" "0 2001:db8:f::1 2001:db8:f::1" "$(ask $VIRTUAL_ANYCAST)"
sed -i 's/^preference = 3/enabled = false/' "$WORK/virtual.toml"
in_ns virtual dsmipctl --socket /run/dsmip/virtual.sock reload
(DSMIP_TEST_PATIENCE=1 ask $VIRTUAL_ANYCAST 2>/dev/null) && fail "it answers, though it should not"
expect_equal "what is left of the anycast address" "" "$(claimed virtual $VIRTUAL_ANYCAST)"

say "Nothing stays behind"
stop ha
expect_equal "what is left of the anycast address" "" "$(claimed ha1 $ANYCAST)"
say "ok"

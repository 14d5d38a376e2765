#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mobile router with a host behind it, reached from a correspondent over IPv6
# and IPv4 prefixes while it roams.  The home network learns these prefixes from
# BIRD at the home agent, which takes the routes that the daemon makes, when the
# router registers, and loses them when it leaves.  Refused routers; daemons that
# are killed; prefixes that leave the configuration; dynamic IPv4 prefixes.
# requirements: D-4.5-04 D-4.5-18 D-4.5-20 D-3.1.1-03 D-4.4-08
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

NET6=2001:db8:aaaa::/48 LAN6=2001:db8:aaaa:1 NET4=10.1.0.0/16 LAN4=10.1.1
HOST6=$LAN6::2 HOST4=$LAN4.2

# bird_at NAMESPACE ADDRESS NEIGHBOUR FILTER: BGP between the two; FILTER says
# which routes of the kernel are told.
bird_at() {
	cat >"$WORK/bird-$1.conf" <<-BIRD
		router id $5;
		log stderr all;
		protocol device { scan time 1; }
		protocol kernel kernel6 {
			learn;
			scan time 1;
			ipv6 { import filter { $4 }; export where source = RTS_BGP; };
		}
		protocol kernel kernel4 {
			learn;
			scan time 1;
			ipv4 { import filter { $4 }; export where source = RTS_BGP; };
		}
		protocol bgp home {
			local $2 as 65000;
			neighbor $3 as 65000;
			direct;
			connect retry time 1;
			connect delay time 1;
			ipv6 { import all; export where source != RTS_BGP; next hop self; };
			ipv4 { import all; export where source != RTS_BGP; extended next hop; next hop self; };
		}
	BIRD
	start "bird-$1" ip netns exec "$1" bird -f -c "$WORK/bird-$1.conf" -s "$WORK/bird-$1.ctl" -P "$WORK/bird-$1.pid"
}
# routes NAMESPACE PREFIX PROTOCOL
routes() {
	case $2 in
	*:*) ip -n "$1" -6 route show "$2" proto "$3" ;;
	*) ip -n "$1" route show "$2" proto "$3" ;;
	esac
}
learned() { [ -n "$(routes core "$1" bird)" ]; }
not_learned() { ! learned "$1"; }
routed() { [ -n "$(routes ha "$1" 191)" ]; }
not_routed() { ! routed "$1"; }
reaches() { in_ns "$1" ping -c1 -W2 "$2" >/dev/null 2>&1; }
both_ways() {
	wait_until "$HOST6 from the correspondent, $1" reaches cn $HOST6
	wait_until "$HOST4 from the correspondent, $1" reaches cn $HOST4
	wait_until "the correspondent from the host, IPv6, $1" reaches host $CN6
	wait_until "the correspondent from the host, IPv4, $1" reaches host $CN4
}
router_config() { MN_LINES=$'mobile-router = true\n'$1 mn_config; }
agent_config() { HA_LINES='' HA_STATIC=$'home-addresses4 = ["'$HOA4$'"]\n'$1 HA_NODES="${2:-}" ha_config; }

say "A home network with BIRD, a router with a host behind it"
roaming_network
namespaces host
in_ns mn sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
wire mn lan host eth0
ip -n mn address add $LAN6::1/64 dev lan
ip -n mn address add $LAN4.1/24 dev lan
ip -n host address add $HOST6/64 dev eth0
ip -n host address add $HOST4/24 dev eth0
ip -n host route add default via $LAN6::1
ip -n host route add default via $LAN4.1
OWNED="prefixes6 = [\"$NET6\"]
prefixes4 = [\"$NET4\"]"
agent_config "$OWNED"
start_ha
bird_at ha 2001:db8:f::2 2001:db8:f::1 'if krt_source = 191 then accept; reject;' 192.0.2.1
bird_at core 2001:db8:f::1 2001:db8:f::2 'reject;' 192.0.2.126
# Not told apart from those of routers: the home agent's own routes are told, too.
wait_until "BGP, and the home prefix by it" learned 2001:db8:1::/64
if learned $NET6 || routed $NET6; then fail "a route to a network that is nowhere"; fi

say "It registers over IPv6, its IPv6 prefix known to the home agent, its IPv4 prefix named"
attach wan6
router_config "prefixes6 = [\"$NET6\"]
prefixes4 = [\"$NET4\"]"
start_mn
wait_bound ha "via 2001:db8:6:.*direct"
expect_equal "prefixes at the home agent" "$NET4 node $HOA6 dev dsmip0
$NET6 node $HOA6 dev dsmip0" "$(in_ns ha dsmipctl prefix show)"
routed $NET6 || fail "acknowledged without an IPv6 route"
routed $NET4 || fail "acknowledged without an IPv4 route"
wait_until "BIRD in the core has learned $NET6" learned $NET6
wait_until "BIRD in the core has learned $NET4" learned $NET4
both_ways "over IPv6"

say "What is in no subnet of it does not go round in circles"
sent_by_router() { in_ns mn cat /sys/class/net/dsmip0/statistics/tx_packets; }
before=$(sent_by_router)
if in_ns cn ping -c1 -W2 2001:db8:aaaa:7::1 >"$WORK/nowhere" 2>&1; then fail "an answer from nowhere"; fi
grep -qi unreachable "$WORK/nowhere" || fail "no error came back: $(tr '\n' ' ' <"$WORK/nowhere")"
after=$(sent_by_router)
((after - before < 10)) || fail "$((after - before)) packets went back into the tunnel"

say "It moves to IPv4, and behind a NAT"
detach wan6
attach wan4
wait_bound ha "via 203.0.113.10[ :].*direct"
both_ways "over IPv4"
detach wan4
attach wann
wait_bound ha "via $NAT4:.*udp"
both_ways "behind the NAT"
learned $NET6 || fail "moving made the core forget the network"

say "Both daemons are killed and come back; the route stays all the time"
start monitor ip -n ha -6 monitor route
kill_hard ha mn
start_ha
start_mn
wait_bound ha "via $NAT4:.*udp"
both_ways "after the restart"
if grep -q "Deleted $NET6" "$ARTIFACTS/monitor.log"; then fail "the restart took the route away"; fi

say "A home agent that starts with a smaller table takes back what is too much"
kill_hard ha
agent_config "prefixes6 = [\"$NET6\"]"
start_ha
wait_until "$NET4 routed no more" not_routed $NET4
wait_until "$NET4 forgotten by BIRD" not_learned $NET4
expect_equal "prefixes at the home agent" "$NET6 node $HOA6 dev dsmip0" "$(in_ns ha dsmipctl prefix show)"
learned $NET6 || fail "the other prefix went with it"

say "The router leaves, the network with it"
stop mn
wait_until "the end of the route" not_routed $NET6
wait_until "$NET6 forgotten by BIRD" not_learned $NET6
expect_equal "rules left by the mobile router" "" \
	"$( (ip -n mn rule; ip -n mn -6 rule) | sed -E '/^(0|32766|32767):/d')"

say "Routers that are refused"
# refused STATUS ROUTER_LINES AGENT_LINES
refused() {
	stop ha
	agent_config "$3" "${4:-}"
	start_ha
	router_config "$2"
	start_mn
	wait_until "status $1" grep -qE "binding-refused.*code[ =]*$1" "$ARTIFACTS/ha.log"
	kill_hard mn
	if in_ns ha dsmipctl binding show | grep -q .; then fail "refused with $1, yet bound"; fi
	not_routed $NET6 || fail "refused with $1, yet routed"
}
NAMES="prefixes6 = [\"$NET6\"]
explicit-prefixes = true"
refused 140 "$NAMES" "$OWNED" '[home-agent.prefixes]
accept-mobile-routers = false'
refused 142 "$NAMES" 'prefixes6 = ["2001:db8:bbbb::/48"]'
refused 143 "prefixes6 = [\"$NET6\"]" ''

say "An IPv4 prefix of the home agent's choice"
stop ha
agent_config "$OWNED" '[home-agent.prefixes]
pool4 = "10.64.0.0/12"'
start_ha
router_config "$NAMES
prefix4-length = 26"
start_mn
wait_until "a /26" bash -c 'ip netns exec ha dsmipctl prefix show | grep -qE "^10\.(6[4-9]|7[0-9])\.[0-9.]+/26 node"'
lent=$(in_ns ha dsmipctl prefix show | sed -nE 's/^(10\.[67][0-9.]+\/26) .*/\1/p')
wait_until "the mobile router has it" bash -c "ip netns exec mn dsmipctl prefix show | grep -q '^$lent '"
wait_until "BIRD has learned $lent" learned "$lent"

say "The binding ends while nobody looks; the next start cleans up"
kill_hard mn ha
in_ns ha dsmip-nl binding-del dsmip0 --all
rm -f "$WORK"/ha.db* # or it would come back from the store, as after a reboot
routed $NET6 || fail "the kernel took a route of user space away"
start_ha
wait_until "the end of the route" not_routed $NET6
wait_until "$NET6 forgotten by BIRD" not_learned $NET6
say "done"

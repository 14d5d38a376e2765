#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two providers' routers on one link: each prefix is a care-of address with a binding of its own.
#
#               +-- ra  2001:db8:a::/64 --+
#   ... core ---|                         lan (bridge) === wanx  mn
#               +-- rb  2001:db8:b::/64 --+
#
# As providers do, each router forwards only what has an address of its prefix as source; the node
# has a rule for each prefix that leads to its router (RFC 8028).
# requirements: M-5.1-01 M-5.1-03
. "$(dirname "$0")/lib.sh"
. "$SYSTEM_DIR/roaming.sh"

roaming_network
namespaces ra rb lan
routers ra rb
ip -n lan link add lan type bridge mcast_snooping 0 forward_delay 0
ip -n lan link set lan up

# prefixes_of ROUTER PREFIX[=PREFERRED]...: what it advertises from now on.
prefixes_of() {
	local router=$1 prefix
	shift
	{
		echo "interface home { AdvSendAdvert on; MinRtrAdvInterval 200; MaxRtrAdvInterval 600;"
		for prefix; do
			echo "prefix ${prefix%=*} { AdvValidLifetime 3000; AdvPreferredLifetime ${prefix#*=}; };"
		done
		echo "};"
	} >"$WORK/$router.conf"
	start "radvd-$router" ip netns exec "$router" radvd -n -C "$WORK/$router.conf" \
		-p "/run/radvd/$router.pid" -m stderr
}
n=0
for router in ra rb; do
	n=$((n + 1))
	wire core "to-$router" $router uplink
	ip -n core address add 2001:db8:f0:$n::1/64 dev "to-$router"
	ip -n $router address add 2001:db8:f0:$n::2/64 dev uplink
	ip -n $router route add default via 2001:db8:f0:$n::1
	wire $router home lan "to-$router"
	ip -n lan link set "to-$router" master lan
done
# home_addresses ROUTER ADDRESS...: its only ones at the link.
home_addresses() {
	local router=$1 address
	shift
	ip -n "$router" address flush dev home
	for address; do ip -n "$router" address add "$address/64" dev home; done
}
home_addresses ra fe80::1 2001:db8:a::1
home_addresses rb fe80::2 2001:db8:b::1 2001:db8:d::1
wire lan to-mn mn wanx
ip -n lan link set to-mn master lan
ip -n mn link set wanx down
ip -n core route add 2001:db8:a::/64 via 2001:db8:f0:1::2
ip -n core route add 2001:db8:b::/64 via 2001:db8:f0:2::2
ip -n core route add 2001:db8:d::/64 via 2001:db8:f0:2::2
# forwards_only ROUTER PREFIXES
forwards_only() {
	in_ns "$1" nft -f - <<-NFT
		table ip6 ingress {
			chain forward {
				type filter hook forward priority filter;
				iifname "home" ip6 saddr != { $2 } drop
			}
		}
	NFT
}
forwards_only ra 2001:db8:a::/64
forwards_only rb "2001:db8:b::/64, 2001:db8:d::/64"
for rule in "a 1" "b 2" "d 2"; do
	read -r name n <<<"$rule"
	ip -n mn -6 rule add from "2001:db8:$name::/64" lookup "10$n" priority 5000
done
prefixes_of ra 2001:db8:a::/64=3000
prefixes_of rb 2001:db8:b::/64=3000

answered() { in_ns cn ping -c1 -W1 $HOA6; }
# packets BID: sent to it by the home agent.
packets() {
	in_ns ha dsmipctl binding show --json | python3 -c 'import json,sys
print(sum(b.get("tx_packets", 0) for b in json.load(sys.stdin) if b.get("bid") == int(sys.argv[1])))' "$1"
}
# traffic_by BID: all of it.
traffic_by() {
	local before other=$((3 - $1)) others
	before=$(packets "$1")
	others=$(packets "$other")
	in_ns cn ping -c10 -i0.05 -W5 $HOA6 >/dev/null || fail "no answer by way of BID $1"
	(($(packets "$1") >= before + 10)) || fail "BID $1 did not carry the traffic"
	(($(packets "$other") < others + 10)) || fail "BID $other did"
}
no_bid() { ! bound "$1" "bid $2 via"; }

say "Each prefix a binding, each with its priority"
ha_config
start_ha
cat >"$WORK/mn.toml" <<-TOML
	$(head_of mn mobile-node)
	[mobile-node]
	home-address = "$HOA6"
	home-agent6 = "$HA6"
	mcoa = true
	lifetime = 24
	[[mobile-node.access]]
	interface = "wanx"
	bid = 1
	priority = 1
	care-of-prefixes6 = ["2001:db8:a::/48"]
	[[mobile-node.access]]
	interface = "wanx"
	bid = 2
	priority = 2
TOML
attach wanx
ip -n mn -6 route add default via fe80::1 dev wanx table 101
ip -n mn -6 route add default via fe80::2 dev wanx table 102
start_mn
wait_bound ha "bid 1 via 2001:db8:a:"
wait_bound ha "bid 2 via 2001:db8:b:"
wait_bound mn "bid 1 via 2001:db8:a:"
wait_bound mn "bid 2 via 2001:db8:b:"

say "Traffic through each"
traffic_by 1
in_ns ha dsmip-nl device-set dsmip0 --bid-mark-mask 0xf0000
in_ns ha nft -f - <<-NFT
	table ip6 choice {
		chain choose {
			type filter hook prerouting priority mangle;
			iifname "eth0" ip6 daddr $HOA6 meta mark set 0x20000
		}
	}
NFT
traffic_by 2
in_ns ha nft delete table ip6 choice
traffic_by 1

say "Renumbering: the second provider has another prefix"
stop radvd-rb
prefixes_of rb 2001:db8:b::/64=0 2001:db8:d::/64=3000
wait_bound ha "bid 2 via 2001:db8:d:"
wait_bound ha "bid 1 via 2001:db8:a:"
wait_until "traffic" answered
traffic_by 1

say "A router dies"
begin=$SECONDS
ip -n ra link set home down
wait_until "its binding gone at the node" no_bid mn 1
wait_until "its binding gone at the home agent" no_bid ha 1
info "after $((SECONDS - begin)) s"
wait_bound ha "bid 2 via 2001:db8:d:"
wait_until "traffic" answered
traffic_by 2

say "And is back"
ip -n ra link set home up
home_addresses ra fe80::1 2001:db8:a::1
stop radvd-ra
prefixes_of ra 2001:db8:a::/64=3000
wait_bound ha "bid 1 via 2001:db8:a:"
wait_bound mn "bid 1 via 2001:db8:a:"
wait_bound ha "bid 2 via 2001:db8:d:"
wait_until "traffic" answered
traffic_by 1

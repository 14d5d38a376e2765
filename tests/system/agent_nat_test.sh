#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A home agent behind a NAT that maps its public IPv4 address and UDP port, and
# nothing else: with UDP imposed mobile nodes are served in a public IPv4
# network, behind a NAT of their own, and over IPv6.
# requirements: D-1.2-01 D-1.2-02
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

INSIDE4=10.9.0.2

# both_homes WHERE: the correspondent reaches both home addresses.
both_homes() {
	local address
	for address in $HOA6 $HOA4; do
		wait_until "$address, $1" in_ns cn ping -c1 -W2 "$address"
	done
}

roaming_network
# The core is the NAT in front of the home agent: it owns 192.0.2.1 now.
ip -n ha address flush dev eth0 scope global
ip -n ha address add 2001:db8:f::2/64 dev eth0
ip -n ha address add $INSIDE4/24 dev eth0
ip -n core address add 10.9.0.1/24 dev to-ha
ip -n core route replace 192.0.2.128/25 via $INSIDE4
ip -n ha route replace default via 10.9.0.1
ip -n ha route replace default via 2001:db8:f::1
in_ns core nft -f - <<-NFT
	table ip agent_nat {
		chain in {
			type nat hook prerouting priority dstnat;
			ip daddr $HA4 udp dport 4191 dnat to $INSIDE4:4191
		}
		chain out {
			type nat hook postrouting priority srcnat;
			ip saddr $INSIDE4 udp sport 4191 snat to $HA4:4191
		}
		chain filter {
			type filter hook forward priority filter;
			ip daddr $INSIDE4 udp dport 4191 accept
			# home addresses are routed; all else of IPv4 ends at the NAT
			ip daddr $INSIDE4 drop
			# two rules: lockdep has complaints about sets in nf_tables of 6.1
			ip saddr $INSIDE4 ip protocol 4 counter drop
			ip saddr $INSIDE4 ip protocol 41 counter drop
		}
	}
NFT
HA4=$INSIDE4 HA_LINES='impose-udp = true' ha_config
mn_config
start_ha

say "In a public IPv4 network: UDP, though the node has no NAT"
attach wan4
start_mn
wait_bound ha "via 203.0.113.10:[0-9]+ udp"
both_homes "both in UDP"

say "Behind another NAT"
detach wan4
attach wann
wait_bound ha "via $NAT4:[0-9]+ udp"
both_homes "NAT at both ends"

say "Over IPv6 there is none"
detach wann
attach wan6
wait_bound ha "via 2001:db8:6:.*direct"
both_homes "over IPv6"
expect_match "IP-in-IP that tried to cross the NAT" "counter packets 0 .*counter packets 0 " \
	"$(in_ns core nft list chain ip agent_nat filter | tr '\n' ' ')"
stop mn
say "done"

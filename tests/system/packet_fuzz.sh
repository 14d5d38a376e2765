# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The host that dsmip-packet-fuzz works on: a tun device as its network, home
# agent ha0 and mobile node mn0, each with a node for every format.  Sourced
# after lib.sh.

ENCAPS=(direct udp udp-tlv udp-tlv-draft)

# packet_host NS: makes namespace NS with all of it.
packet_host() {
	local ns=$1 n=0 outer encap near far port ha_nodes=() mn_nodes=()
	namespaces "$ns"
	# Every ICMP error is sent, none is believed that changes routes.
	in_ns "$ns" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0 \
		net.ipv6.icmp.ratemask=200 net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.default.accept_redirects=0 \
		net.ipv6.conf.all.accept_redirects=0 net.ipv6.conf.default.accept_redirects=0 \
		net.ipv6.conf.default.accept_ra=0
	ip -n "$ns" tuntap add dev tun0 mode tun vnet_hdr multi_queue
	ip -n "$ns" link set tun0 addrgenmode none
	ip -n "$ns" address add 192.0.2.1/24 dev tun0
	ip -n "$ns" address add 2001:db8:1::1/64 dev tun0 nodad
	ip -n "$ns" link set tun0 up
	# Answers to correspondents go to the network, never into a tunnel.
	ip -n "$ns" route add default dev tun0
	ip -n "$ns" -6 route add default dev tun0
	for outer in 4 6; do
		for encap in "${ENCAPS[@]}"; do
			n=$((n + 1))
			case $outer in
			4) near=192.0.2.1 far=192.0.2.10$n port=$far:$((5000 + n)) ;;
			6) near=2001:db8:1::1 far=2001:db8:1::10$n port=[$far]:$((5000 + n)) ;;
			esac
			[ "$encap" != direct ] || port=$far
			ha_nodes+=(--node "2001:db8:a::$n home4 203.0.113.$n / via $port $encap lifetime 200000s")
			mn_nodes+=(--node "2001:db8:b::$n home4 203.0.113.$((100 + n)) / via $near $encap lifetime 200000s")
		done
	done
	for device in ha0 mn0; do
		ip -n "$ns" link add $device type dsmip
		ip -n "$ns" link set $device addrgenmode none
		ip -n "$ns" link set $device up
		# What comes out of the tunnel ends here.
		tc -n "$ns" qdisc add dev $device ingress
		tc -n "$ns" filter add dev $device ingress matchall action drop
	done
	in_ns "$ns" dsmip-nl device-set ha0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8:1::1 \
		--udp-port 4191 --cookie-lifetime 600s \
		--source-rate 1000000 --source-burst 1000000 --network-rate 1000000 --network-burst 1000000 \
		--stranger-rate 1000000 --stranger-burst 1000000
	in_ns "$ns" dsmip-nl device-set mn0 --role mobile-node --home-agent4 192.0.2.254 --home-agent6 2001:db8:1::254 \
		--udp-port 4192 --home-agent-port 4191 --cookie-lifetime 600s
	in_ns "$ns" dsmip-nl binding-new ha0 --create "${ha_nodes[@]}"
	in_ns "$ns" dsmip-nl binding-new mn0 --create "${mn_nodes[@]}"
}

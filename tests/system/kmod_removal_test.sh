#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Device, network namespace and module go away while packets, requests, dumps
# and expiring bindings are under way.
# shellcheck disable=SC2016 # for the shells that make the load
. "$(dirname "$0")/lib.sh"

ROUNDS=${DSMIP_REMOVAL_ROUNDS:-6}
NAMESPACES=25
HOME6=2001:db8:b::

# Home agent a and mobile node b, with a binding over UDP in IPv4.
setup_pair() {
	namespaces a b
	wire a eth0 b eth0
	ip -n a address add 192.0.2.1/24 dev eth0
	ip -n b address add 192.0.2.2/24 dev eth0
	ip -n a link add d0 type dsmip
	ip -n b link add d0 type dsmip
	in_ns a dsmip-nl device-set d0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
	in_ns b dsmip-nl device-set d0 --role mobile-node --udp-port 4191 --home-agent4 192.0.2.1 \
		--home-agent6 2001:db8::1
	for ns in a b; do ip -n $ns link set d0 up; done
	ip -n a address add 2001:db8:c::1/128 dev lo
	ip -n b address add ${HOME6}1/128 dev d0
	ip -n a -6 route add ${HOME6%::}::/64 dev d0
	ip -n b -6 route add 2001:db8:c::/64 dev d0 src ${HOME6}1
	in_ns a dsmip-nl bulk-add d0 500 --via 192.0.2.2:4191 >/dev/null
	in_ns a dsmip-nl binding-new d0 --node "${HOME6}1 / via 192.0.2.2:4191 udp-tlv"
	in_ns b dsmip-nl binding-new d0 --create --node "${HOME6}1 / via 192.0.2.2 udp-tlv lifetime 600s"
}
load() {
	# Whatever these say after the device is gone does not matter.
	start load-ping in_ns b ping -q -i 0.002 -s 1200 2001:db8:c::1
	start load-back in_ns a ping -q -i 0.002 -s 200 ${HOME6}1
	start load-dump in_ns a bash -c 'while dsmip-nl --json bindings d0 >/dev/null; do :; done'
	start load-update in_ns a bash -c 'n=0
		while dsmip-nl binding-new d0 --create --node "2001:db8:e::$((n = n % 9 + 1)) / via 192.0.2.2 lifetime 30ms" \
			--node "'${HOME6}1' / seq $n"; do :; done'
	start load-paths in_ns b bash -c 'while dsmip-nl path-new d0 --remote 192.0.2.1:4191 --encap udp >/dev/null; do :; done'
	start load-set in_ns a bash -c 'n=0
		while dsmip-nl device-set d0 --udp-port $((5000 + (n = (n + 1) % 5))); do
			dsmip-nl device-set d0 --udp-port 4191; done'
}
received() { in_ns b dsmip-nl --json binding-get d0 ${HOME6}1 | grep -qE '"rx_packets":[1-9][0-9]'; }
unload() {
	local pid
	for pid in "${BACKGROUND[@]}"; do kill "$pid" 2>/dev/null || :; done
	for pid in "${BACKGROUND[@]}"; do wait "$pid" 2>/dev/null || :; done
	BACKGROUND=()
}

modprobe dsmip
say "a request with very many nodes lets go of a device that is deleted"
namespaces a
ip -n a link add d0 type dsmip
in_ns a dsmip-nl device-set d0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
in_ns a python3 "$SYSTEM_DIR/tools/deletion_meanwhile.py" d0 100000 | sed 's/^/   /'
ip netns delete a

for ((round = 1; round <= ROUNDS; round++)); do
	case $((round % 3)) in
	1) what="the devices" ;;
	2) what="the network namespaces" ;;
	0) what="the module" ;;
	esac
	say "round $round: $what under traffic"
	setup_pair
	load
	wait_until "traffic through the tunnel" received
	case $((round % 3)) in
	1)
		ip -n a link del d0
		ip -n b link del d0
		;;
	2)
		# The namespace ends with the last process in it.
		ip netns delete a
		ip netns delete b
		;;
	0)
		# A request that is being answered holds the module.
		wait_until "unloading" modprobe -r dsmip
		[ ! -e /sys/module/dsmip ] || fail "the module is still there"
		modprobe dsmip
		;;
	esac
	unload
	for ns in $(ip netns list | cut -d' ' -f1); do ip netns delete "$ns"; done
	# The next round makes its names again, and nothing of this one is left.
	wait_until "unloading a module that nobody uses" modprobe -r dsmip
	modprobe dsmip
done

# With one processor readers are never waited for.
if (($(nproc) == 1)); then exit 0; fi

say "$NAMESPACES network namespaces that end together wait for readers once, not once for each device"
mkdir -p /run/netns
# They stand in a mount namespace of their own, so that they end with its last process.
cat >"$WORK/crowd" <<'END'
mount -t tmpfs none /run/netns
for ((n = 0; n < NAMESPACES; n++)); do
	ip netns add c$n
	ip -n c$n -batch - <<-LINKS
		link add d0 type dsmip
		link add d1 type dsmip
		link add veth0 type veth peer name crowd$n netns 1
	LINKS
	for d in 1 2; do
		ip netns exec c$n dsmip-nl device-set d$((d - 1)) --role home-agent --home-agent4 192.0.2.$d --home-agent6 2001:db8::$d
	done
done
touch "$WORK/crowd-is-there"
read -r _ <&"$END_OF_CROWD"
END
export NAMESPACES WORK
mkfifo "$WORK/end"
exec {END_OF_CROWD}<>"$WORK/end"
export END_OF_CROWD
start crowd unshare --mount --propagation private bash -e "$WORK/crowd"
PATIENCE=$((5 * PATIENCE)) wait_until "the crowd" test -e "$WORK/crowd-is-there"
begin=${EPOCHREALTIME/./}
echo >&"$END_OF_CROWD"
# The other end of a cable goes with its namespace.
ended() { ! compgen -G '/sys/class/net/crowd*'; }
wait_until "the end of the last one" ended
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
info "$took ms"
((took < 1500 * PATIENCE / 60)) || fail "it took $took ms"

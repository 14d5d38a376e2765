#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A home agent with very many nodes: installing, memory, look-up, dumps, the end
# of all lifetimes in the same second, emptying, removal.  DSMIP_SCALE_NODES is
# their number; 1000000 needs DSMIP_VM_MEM=2048.  Prints what each step took.
# timeout: 1800
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"

# KASAN surrounds each object with octets that are nobody's, and keeps what was freed for a while.
kasan() { grep -q ' kasan_report$' /proc/kallsyms; }
NODES=${DSMIP_SCALE_NODES:-$(kasan && echo 50000 || echo 100000)}
# What one IPv6 home address and one binding may cost in the kernel.
OCTETS_MAX=400
# Kilobytes that may be in use or not from one moment to the next.
SPARE=2048
if kasan; then SPARE=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 24)); fi
PATIENCE=$((PATIENCE + NODES / 1500))

# Kilobytes that the kernel uses: objects, per-CPU memory, large arrays.
kernel_memory() {
	local name value sum=0
	while read -r name value _; do
		case $name in Slab: | Percpu: | VmallocUsed:) sum=$((sum + value)) ;; esac
	done </proc/meminfo
	echo $sum
}
bulk() { in_ns a dsmip-nl bulk-add d0 "$NODES" --spread --ports --via 10.0.0.1:1024 "$@"; }
home() { printf '2001:db8:b::%x:%x' $(($1 >> 16)) $(($1 & 65535)); }
look_up() { in_ns a dsmip-nl binding-get d0 "$(home "$1")"; }
field() { in_ns a dsmip-nl --json device-get d0 | sed -nE "s/.*\"$1\":([0-9]+).*/\1/p"; }
counter() { in_ns a dsmip-nl --json counters d0 | sed -nE "s/.*\"$1\":([0-9]+).*/\1/p"; }
now_ms() { local t=${EPOCHREALTIME/./}; echo $((t / 1000)); }
# took WHAT COMMAND...: sets MS.
took() {
	local what=$1 begin
	shift
	begin=$(now_ms)
	"$@"
	MS=$(($(now_ms) - begin))
	info "$what: $MS ms"
}
# The kernel's memory is back to about what it was: a tenth of a table is left.
freed() { (($(kernel_memory) - BEFORE < NODES * OCTETS_MAX / 1024 / 10 + SPARE)); }
empty() { [ "$(field nodes)" = 0 ]; }

modprobe dsmip
namespaces a b
wire a eth0 b eth0
ip -n a address add 10.0.0.254/24 dev eth0
ip -n b address add 10.0.0.1/24 dev eth0
for n in 2 3; do ip -n b address add 10.0.0.$n/24 dev eth0; done
device() {
	ip -n a link add d0 type dsmip
	in_ns a dsmip-nl device-set d0 --role home-agent --home-agent4 10.0.0.254 --home-agent6 2001:db8::1
	ip -n a link set d0 up
	ip -n a -6 route add 2001:db8:b::/64 dev d0
}
device
ip -n b link add m0 type dsmip
in_ns b dsmip-nl device-set m0 --role mobile-node --udp-port 1024 --home-agent4 10.0.0.254 --home-agent6 2001:db8::1
ip -n b link set m0 up
ip -n b address add 2001:db8:b::/128 dev m0
ip -n b -6 route add 2001:db8:c::/64 dev m0 src 2001:db8:b::
ip -n a address add 2001:db8:c::1/128 dev lo
in_ns b dsmip-nl binding-new m0 --create --node "2001:db8:b:: / via 10.0.0.1 udp lifetime 36000s"

say "$NODES nodes in batches"
BEFORE=$(kernel_memory)
took "installing" bulk --lifetime 36000s
INSTALLING=$MS
expect_equal "nodes" "$NODES $NODES" "$(field nodes) $(field bindings)"
OCTETS=$((($(kernel_memory) - BEFORE) * 1024 / NODES))
info "$OCTETS octets per node"
if kasan; then
	info "   of which KASAN takes most: not compared with $OCTETS_MAX"
else
	((OCTETS <= OCTETS_MAX)) || fail "a node costs $OCTETS octets, $OCTETS_MAX are allowed"
fi

say "look-up, and traffic of one of them"
for n in 0 1 $((NODES / 2)) $((NODES - 1)); do
	expect_match "node $n" "via 10\.$((n + 1 >> 16)).$((n + 1 >> 8 & 255)).$((n + 1 & 255)):$((1024 + n % 64000)) udp" \
		"$(look_up "$n")"
done
expect_refused "one beyond" 'ENOENT' look_up "$NODES"
ping=$(in_ns b ping -q -c 20 -i 0.01 2001:db8:c::1) || fail "no traffic: $ping"

say "dumps"
took "a dump" in_ns a dsmip-nl count d0 >"$WORK/count"
info "$(cat "$WORK/count")"
expect_match "all of them" "^$NODES nodes" "$(cat "$WORK/count")"
# A change while it runs is told, and the dump after it is whole.
in_ns a dsmip-nl count d0 --change "2001:db8:b:: / seq 7" >"$WORK/count"
expect_match "told of the change" ', interrupted' "$(sed -n 1p "$WORK/count")"
expect_equal "attempts" 2 "$(wc -l <"$WORK/count")"
expect_equal "nodes in each" "$NODES" "$(sed 's/ .*//' "$WORK/count" | sort -u)"

say "the end of all but one lifetime in the same second"
in_ns a dsmip-nl binding-new d0 --create --node "2001:db8:f::1 / via 10.0.0.3 lifetime 36000s"
# Long enough for all of them to be set before.
took "setting it" bulk --lifetime "$((INSTALLING * 3 / 1000 + 15))s" --end-together
in_ns a dsmip-nl binding-new d0 --node "2001:db8:b:: / lifetime 36000s"
first() { [ "$(counter binding_expired)" != 0 ]; }
wait_until "the first end" first
start ping in_ns b ping -q -i 0.01 -c 400 2001:db8:c::1
start probe in_ns a dsmip-nl probe d0 2001:db8:f::1 --for 5s
begin=$(now_ms)
two() { [ "$(field nodes)" = 2 ]; }
wait_until "the last end" two
info "$((NODES - 1)) ended within $(($(now_ms) - begin)) ms"
wait "$PID_probe"
info "requests meanwhile: $(cat "$ARTIFACTS/probe.log")"
expect_equal "counted" $((NODES - 1)) "$(counter binding_expired)"
wait "$PID_ping" || fail "no traffic meanwhile"
info "packets meanwhile: $(grep -E 'loss|rtt' "$ARTIFACTS/ping.log" | tr '\n' ' ')"
expect_match "no packet was lost" ' 0% packet loss' "$(cat "$ARTIFACTS/ping.log")"
wait_until "their memory is free" freed

say "emptied in one request"
bulk --lifetime 36000s
took "emptying" in_ns a dsmip-nl binding-del d0 --all
((MS < 5000)) || fail "emptying took $MS ms"
expect_equal "nodes" 0 "$(field nodes)"
expect_refused "look-up" 'ENOENT' look_up 0
in_ns a dsmip-nl binding-new d0 --create --node "$(home 0) / via 10.0.0.3 lifetime 36000s"
wait_until "the memory is free" freed

say "the device goes with all of them"
bulk --lifetime 36000s
took "removal" ip -n a link del d0
((MS < 5000)) || fail "removal took $MS ms"
took "another device" device
wait_until "the memory is free" freed
bulk --lifetime 36000s
ip netns delete a
took "unloading with the last device" wait_until "unloading" modprobe -r dsmip

# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnel packets whose outer headers are changed on their way by others in the same kernel.

    cn ---- ha ---- [bridge] ---- nat ---- a, b      two nodes of one home agent behind one router

One of CHANGERS makes PRIVATE addresses out of PUBLIC ones and back. For each format with each family inside, TCP and UDP
go between a node and the correspondent and between the two nodes: small packets, and bursts that are segmented later.
Offloads of the devices on the way are switched off one by one, as what one device leaves open another one does not look
at. All data has to arrive, and no checksum may be wrong."""
import itertools
import os
import time

import host
from host import (ENCAPS, FORMATS, FULL, PATIENCE, PLAIN, Snmp, bind_node, collect, compare_datagrams, move, risen, run,
                  send_burst, set_features, tcp_pair, udp_pair)

HOME = {"a": {4: "203.0.113.11", 6: "2001:db8:a::11"}, "b": {4: "203.0.113.12", 6: "2001:db8:a::12"}}
PRIVATE = {"a": {4: "10.0.1.11", 6: "2001:db8:31::11"}, "b": {4: "10.0.2.12", 6: "2001:db8:32::12"}}
# What UDP shares; direct packets have no ports, so that each node needs an address of its own for them.
PUBLIC = {4: "198.18.0.2", 6: "2001:db8:2::2"}
PUBLIC_DIRECT = {"a": {4: "198.18.0.11", 6: "2001:db8:2::11"}, "b": {4: "198.18.0.12", 6: "2001:db8:2::12"}}
PORT, PUBLIC_PORT = 4191, {"a": 6001, "b": 6002}
HOME_AGENT = {4: "192.0.2.1", 6: "2001:db8:1::1"}
SERVICE = {4: "198.18.1.1", 6: "2001:db8:7::1"}     # the home agent, when its address is translated as well
CN = {4: "198.51.100.2", 6: "2001:db8:c::2"}
IP = {4: "ip", 6: "ip6"}

# The devices that packets leave by.
WAY = (("ha", "ha2"), ("bridge", "inside"), ("bridge", "outside"), ("nat", "wan"), ("nat", "to-a"), ("nat", "to-b"),
       ("a", "eth0"), ("b", "eth0"))
TUNNELS = (("ha", "d0"), ("a", "m0"), ("b", "m0"))
WAYS = (("a", "cn"), ("a", "b"), ("b", "a"))
NAMES = ("cn", "ha", "bridge", "nat", "a", "b")


# Who changes outer headers: what nft is told in a namespace, or tc.

def at(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def tracked(v, way_in="iif wan", way_out="oif wan"):
    """Source NAT of the nodes with connection tracking; destination NAT for what comes first from outside."""
    rules = [f"add table {IP[v]} test", f"add chain {IP[v]} test pre {{ type nat hook prerouting priority -100; }}",
             f"add chain {IP[v]} test post {{ type nat hook postrouting priority 100; }}"]
    for node, address in ((node, PRIVATE[node][v]) for node in "ab"):
        inward, outward = f"add rule {IP[v]} test pre {way_in}", f"add rule {IP[v]} test post {way_out}"
        rules += [f"{outward} {IP[v]} saddr {address} udp sport {PORT} snat to {at(PUBLIC[v], PUBLIC_PORT[node])}",
                  f"{outward} {IP[v]} saddr {address} meta l4proto {{ 4, 41 }} snat to {PUBLIC_DIRECT[node][v]}",
                  f"{inward} {IP[v]} daddr {PUBLIC[v]} udp dport {PUBLIC_PORT[node]} dnat to {at(address, PORT)}",
                  f"{inward} {IP[v]} daddr {PUBLIC_DIRECT[node][v]} dnat to {address}"]
    return rules


def stateless(family, v, priority):
    """Headers are written to packet by packet."""
    rules = [f"add table {family} test",
             f"add chain {family} test pre {{ type filter hook prerouting priority -{priority}; }}",
             f"add chain {family} test post {{ type filter hook postrouting priority {priority}; }}"]
    for node, address in ((node, PRIVATE[node][v]) for node in "ab"):
        inward, outward = f"add rule {family} test pre", f"add rule {family} test post"
        rules += [f"{outward} {IP[v]} saddr {address} udp sport {PORT} udp sport set {PUBLIC_PORT[node]} "
                  f"{IP[v]} saddr set {PUBLIC[v]}",
                  f"{outward} {IP[v]} saddr {address} meta l4proto {{ 4, 41 }} {IP[v]} saddr set {PUBLIC_DIRECT[node][v]}",
                  f"{inward} {IP[v]} daddr {PUBLIC[v]} udp dport {PUBLIC_PORT[node]} udp dport set {PORT} "
                  f"{IP[v]} daddr set {address}",
                  f"{inward} {IP[v]} daddr {PUBLIC_DIRECT[node][v]} {IP[v]} daddr set {address}"]
    return rules


def changer_nat(v):
    return "nat", tracked(v)


def changer_dnat(v):
    """The home agent is behind the router as well."""
    return "nat", tracked(v) + [
        f"add rule {IP[v]} test pre iif != wan {IP[v]} daddr {SERVICE[v]} dnat to {HOME_AGENT[v]}",
        f"add rule {IP[v]} test post oif != wan {IP[v]} saddr {HOME_AGENT[v]} snat to {SERVICE[v]}"]


def changer_notrack(v):
    return "nat", stateless(IP[v], v, 310) + [f"insert rule {IP[v]} test pre notrack"]


def changer_bridge(v):
    """Rules of a bridge on the way, which nobody takes for a router."""
    return "bridge", stateless("bridge", v, 300)


def changer_br_netfilter(v):
    """A bridge that hands what it forwards to the rules of IP, connection tracking included."""
    return "bridge", tracked(v, "", "")


def changer_tc(v):
    """Actions that write to headers, and compute checksums anew."""
    commands = []
    protocol, sums, direct_sum = ("ip", "ip4h and udp", " pipe action csum ip4h") if v == 4 else ("ipv6", "udp", "")
    for node in "ab":
        address, port = PRIVATE[node][v], PUBLIC_PORT[node]
        outward, inward = (f"filter add dev wan {direction} protocol {protocol} prio {v} u32 match {IP[v]} "
                           for direction in ("egress", "ingress"))
        udp, host_bits = f"protocol 17 0xff match {IP[v]}", 32 if v == 4 else 128
        commands += [f"{outward}{udp} src {address}/{host_bits} match {IP[v]} sport {PORT} 0xffff action pedit ex "
                     f"munge {IP[v]} src set {PUBLIC[v]} munge udp sport set {port} pipe action csum {sums}",
                     f"{inward}{udp} dst {PUBLIC[v]}/{host_bits} match {IP[v]} dport {port} 0xffff action pedit ex "
                     f"munge {IP[v]} dst set {address} munge udp dport set {PORT} pipe action csum {sums}"]
        for inner in (4, 41):
            direct = f"protocol {inner} 0xff match {IP[v]}"
            commands += [f"{outward}{direct} src {address}/{host_bits} action pedit ex "
                         f"munge {IP[v]} src set {PUBLIC_DIRECT[node][v]}{direct_sum}",
                         f"{inward}{direct} dst {PUBLIC_DIRECT[node][v]}/{host_bits} "
                         f"action pedit ex munge {IP[v]} dst set {address}{direct_sum}"]
    return "tc", commands


CHANGERS = ("nat", "dnat", "notrack", "bridge", "br_netfilter", "tc")


def clear():
    """Nobody changes anything."""
    for where in ("nat", "bridge"):
        run(where, "nft", "flush", "ruleset")
        run(where, "conntrack", "-F")
    run("nat", "tc", "qdisc", "replace", "dev", "wan", "clsact")
    for direction in ("ingress", "egress"):
        run("nat", "tc", "filter", "delete", "dev", "wan", direction)
    bridge_netfilter(False)


def bridge_netfilter(on):
    run("bridge", "sysctl", "-qw", *(f"net.bridge.bridge-nf-call-{table}={int(on)}" for table in ("iptables", "ip6tables")))


def change(name, v):
    """Addresses of one family, beside what is there."""
    where, commands = globals()[f"changer_{name}"](v)
    program = ("tc", "-batch", "-") if where == "tc" else ("nft", "-f", "-")
    run("nat" if where == "tc" else where, *program, feed="\n".join(commands) + "\n")


def register(v, encap):
    for node in "ab":
        direct = encap == "direct"
        bind_node("ha", "d0", HOME[node], PUBLIC_DIRECT[node][v] if direct else PUBLIC[v], encap,
                  0 if direct else PUBLIC_PORT[node])
        bind_node(node, "m0", HOME[node], PRIVATE[node][v], encap, 0)


def home_agent_at(address):
    for node in "ab":
        run(node, "dsmip-nl", "device-set", "m0", "--home-agent4", address[4], "--home-agent6", address[6])


def states(name):
    """What is switched off: (label, {device: features})"""
    tunnels = {device: dict(FULL) for device in TUNNELS}
    if name == "tc":
        # Of packets that stand for several nobody computes the checksum anew: Documentation/offloads.md
        tunnels = {device: dict(FULL, tso=0, gso=0) for device in TUNNELS}
    way = {device: dict(FULL) for device in WAY}
    yield "all on", {**tunnels, **way}
    for device in WAY:
        yield f"{device[0]} {device[1]} off", {**tunnels, **way, device: PLAIN}
    yield "tunnels off", {**way, **{device: PLAIN for device in TUNNELS}}
    yield "way off", {**tunnels, **{device: PLAIN for device in WAY}}
    yield "all off", {device: PLAIN for device in TUNNELS + WAY}


SMALL = [bytes([65 + number]) * size for number, size in enumerate((1, 2, 77, 300, 1000))]
BULK = bytes(range(251)) * 160
BURST = (BULK[:600 * 12 + 33], 600)


def exchange_tcp(pair):
    for source, sink in (pair, pair[::-1]):
        for data in SMALL:
            problem = move(source, sink, data)
            if problem:
                return f"TCP, {len(data)} octets: {problem}"
        problem = move(source, sink, BULK)
        if problem:
            return f"TCP: {problem}"
    return None


def exchange_udp(pair):
    data, size = BURST
    pieces = [data[start:start + size] for start in range(0, len(data), size)]
    for source, sink in (pair, pair[::-1]):
        for one in SMALL:
            source.send(one)
        send_burst(source, data, size)
        problem = compare_datagrams(collect(sink, len(SMALL) + len(pieces), PATIENCE), SMALL + pieces)
        if problem:
            return f"UDP: {problem}"
    return None


def address(name, inner):
    return CN[inner] if name == "cn" else HOME[name][inner]


def cell(label, pairs, snmp):
    before = snmp.read()
    problem = next((text for text in (exchange(pair) for exchange, pair in pairs) if text), None)
    problems = ([problem] if problem else []) + risen(before, snmp.read())
    host.result(label, "; ".join(problems))
    return not problem


def one_way(near, far, inner, label, chosen, snmp):
    """One connection for all states of the offloads."""
    label += f", {near} and {far}"
    ends = near, address(near, inner), far, address(far, inner)
    try:
        pairs = [(exchange_tcp, tcp_pair(inner, *ends, nodelay=True)), (exchange_udp, udp_pair(inner, *ends))]
    except TimeoutError:
        host.result(label, "no connection")
        return
    for state, features in chosen:
        for (space, device), values in features.items():
            set_features(space, device, **values)
        if not cell(f"{label}, {state}", pairs, snmp):
            break
    for _, pair in pairs:
        for one in pair:
            one.close()


def one_changer(name, whole, snmp):
    every = list(states(name))
    turn, ways = itertools.cycle(every), itertools.cycle(WAYS)
    clear()
    bridge_netfilter(name == "br_netfilter")
    if name == "dnat":
        home_agent_at(SERVICE)
    for v, encap in FORMATS:
        if encap == ENCAPS[0]:
            change(name, v)
        register(v, encap)
        for inner in (4, 6):
            label = f"{name}: {inner} in {v} {encap}"
            chosen = every if whole else [next(turn)]
            for near, far in WAYS if whole else [next(ways)]:
                one_way(near, far, inner, label, chosen, snmp)
    if name == "dnat":
        home_agent_at(HOME_AGENT)


def main(whole):
    """@whole: each state of the offloads with each format, not in turn."""
    snmp = Snmp(*NAMES)
    for name in os.environ.get("DSMIP_CHANGERS", ",".join(CHANGERS)).split(","):
        begin = time.monotonic()
        one_changer(name, whole, snmp)
        print(f"== checksums: {name} took {time.monotonic() - begin:.1f} s", flush=True)
    clear()
    for space, device in TUNNELS + WAY:
        set_features(space, device, **FULL)

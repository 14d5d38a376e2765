# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of packet that stands for several, into the tunnel and out of it.

    cn (cn0) ---- (ha1) ha (ha0) ---- (mn0) mn             (ha2) ha ---- ... ---- a, b

A kind is how packets come to the device of the home agent, or to its wire: as a sender made them, merged in pages, in a
chain of packets, as a list that keeps each packet as it came, inside of another tunnel, from a program with a header that
nobody may trust, past routing by an action of a queueing discipline. Where packets leave, offloads are there or not. With
taps, others hold clones of each packet while outer headers are put on or taken off: what they hold has to stay as it was.
Packets of a virtual cable have little room in front; so each is a test of making room. KASAN sees what is written beside
it, the receivers whether all data comes, their counters whether a checksum is wrong."""
import fcntl
import functools
import itertools
import select
import socket
import struct
import time

import checksums
import host
from host import (FORMATS, FULL, PATIENCE, PLAIN, Snmp, bind_node, collect, compare_datagrams, move, namespace, risen, run,
                  send_burst, set_features, tcp_pair, udp_pair)
from packets import TCP, checksum, ip, pseudo, tcp

CN = checksums.CN
HOME = {4: "203.0.113.1", 6: "2001:db8:a::1"}
CARE_OF = {4: "192.0.2.101", 6: "2001:db8:1::101"}
HOME_AGENT_INSIDE = {4: "198.51.100.1", 6: "2001:db8:c::1"}
PORT = 4191

SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
SO_RCVBUFFORCE, SIOCGIFHWADDR = 33, 0x8927
ETH_P_ALL, ETHERTYPE = 3, {4: 0x800, 6: 0x86DD}

# What the devices of the way out can do.
OUT = {
    "all": FULL,
    "no tunnels": dict(FULL, tunnel=0),
    "no segmentation": dict(FULL, tunnel=0, tso=0),
    "no checksums": dict(FULL, tunnel=0, tso=0, tx=0),
    "nothing": PLAIN,
}

STREAM = bytes(range(251)) * 160
SMALL = [bytes([97 + number]) * size for number, size in enumerate((1, 40, 700))]
SIZE = 400
BURST = STREAM[:SIZE * 20 + 9]
SENT = SMALL[2] + STREAM


# Others who hold the packets

class Tap:
    """Holds a clone of each packet of a device until it is drained."""

    def __init__(self, name, device):
        self.name, self.device = name, device
        with namespace(name):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.setblocking(False)
        self.on = False

    def switch(self, on):
        if on != self.on:
            with namespace(self.name):
                self.socket.bind((self.device, ETH_P_ALL if on else 0))
            self.on = on
            self.drain()

    def drain(self):
        packets = []
        while True:
            try:
                packet, sender = self.socket.recvfrom(1 << 17)
            except BlockingIOError:
                return packets
            if sender[1] in ETHERTYPE.values():
                packets.append(packet)


def spoilt(packet, ends):
    """What is wrong with a TCP or UDP packet between two addresses, as somebody held it; None if nothing, or if it is
    of another kind."""
    version = packet[0] >> 4
    if version == 4 and packet[0] == 0x45:
        header, proto, pair = 20, packet[9], (packet[12:16], packet[16:20])
        length = int.from_bytes(packet[2:4], "big")
    elif version == 6:
        header, proto, pair = 40, packet[6], (packet[8:24], packet[24:40])
        length = 40 + int.from_bytes(packet[4:6], "big")
    else:
        return f"begins with {packet[:20].hex()}"
    if proto not in (6, 17) or set(pair) != ends:
        return None
    # The length of packets that stand for more than 64 KiB is not in the header.
    payload = packet[header + (8 if proto == 17 else packet[header + 12] >> 4 << 2):max(length, header) or None]
    if payload and payload not in SENT and payload not in SMALL:
        return f"{len(payload)} octets of data that nobody sent: {packet[:160].hex()}"
    return None


# Kinds of packets: what the cable of the sender and of the home agent have to be like, and who talks to whom.

SEGMENTED = dict(tso=0, tunnel=0)           # in pages
LINEAR = dict(tso=0, tunnel=0, sg=0)
SENDERS = {"cn": ("cn", "cn0"), "mn": ("mn", "mn0"), "a": ("a", "eth0")}
WIRES = {"cn": ("ha", "ha1"), "mn": ("ha", "ha0"), "a": ("ha", "ha2")}
FAR = {"cn": "mn", "mn": "cn", "a": "b", "ha": "mn"}

# name: (who begins, features of the sender's device, features of the home agent's device that its packets come in by,
# whether they go past routing)
KINDS = {
    "sent": ("cn", {}, {}, False),
    "merged in pages": ("cn", SEGMENTED, dict(gro=1), False),
    "merged in a chain": ("cn", LINEAR, dict(gro=1, fwd=1), False),
    "merged as a list": ("cn", LINEAR, dict(gro=1, list=1), False),
    "merged as a list of pages": ("cn", SEGMENTED, dict(gro=1, list=1), False),
    "merged, complete": ("cn", PLAIN, dict(gro=1, fwd=1), False),
    "sent past routing": ("cn", {}, {}, True),
    "merged past routing": ("cn", LINEAR, dict(gro=1, fwd=1), True),
    "merged as a list past routing": ("cn", LINEAR, dict(gro=1, list=1), True),
    "of the home agent": ("ha", {}, {}, False),
    "of the node": ("mn", {}, {}, False),
    "out in pages": ("mn", SEGMENTED, dict(gro=1, fwd=1), False),
    "out in a chain": ("mn", LINEAR, dict(gro=1, fwd=1), False),
    "out as a list": ("mn", LINEAR, dict(gro=1, list=1), False),
    "turned": ("a", {}, {}, False),
    "turned in a chain": ("a", LINEAR, dict(gro=1, fwd=1), False),
    "turned as a list": ("a", LINEAR, dict(gro=1, list=1), False),
}


def arrange(sender, features, wire_features, past_routing):
    """All as it was, but for what a kind needs."""
    for name, device in SENDERS.values():
        set_features(name, device, **FULL)
    for name, device in WIRES.values():
        set_features(name, device, gro=0, list=0, fwd=0)
    if features:
        set_features(*SENDERS[sender], **features)
    if wire_features:
        set_features(*WIRES[sender], **wire_features)
    redirect(past_routing)


@functools.lru_cache(maxsize=1)
def redirect(on):
    """What comes from the correspondent for the node goes into the device without a look at routes."""
    run("ha", "tc", "filter", "delete", "dev", "ha1", "ingress")
    if on:
        lines = [f"filter add dev ha1 ingress protocol {protocol} flower dst_ip {HOME[v]} action mirred egress redirect dev d0"
                 for v, protocol in ((4, "ip"), (6, "ipv6"))]
        run("ha", "tc", "-batch", "-", feed="\n".join(lines) + "\n")


# Tunnels of the kernel between correspondent and node, whose packets go into ours: (type, options, family of the tunnel)
NESTED = {
    "ipip": ("ipip", (), 4),
    "sit": ("sit", (), 4),
    "gre": ("gre", ("csum",), 4),
    "ip6tnl": ("ip6tnl", ("mode", "any", "encaplimit", "none"), 6),
    "vxlan": ("vxlan", ("id", "7", "dstport", "4789"), 4),
    "vxlan6": ("vxlan", ("id", "8", "dstport", "4790", "udp6zerocsumtx", "udp6zerocsumrx"), 6),
    "vxlan6 with checksum": ("vxlan", ("id", "9", "dstport", "4791", "noudp6zerocsumtx"), 6),
}


def nested_network():
    """A subnet for each tunnel; families that it cannot carry have no address."""
    for name, near, far, host_number in (("cn", CN, HOME, 1), ("mn", HOME, CN, 2)):
        lines = []
        for number, (kind, options, outer) in enumerate(NESTED.values()):
            lines += [f"link add n{number} mtu 1300 type {kind} remote {far[outer]} local {near[outer]} {' '.join(options)}",
                      # Nothing but what is sent here.
                      f"link set n{number} addrgenmode none", f"link set n{number} up"]
            lines += [f"address add {nested_address(number, inner, host_number)} dev n{number} nodad"
                      for inner in nested_families(number)]
            lines += [f"route add {nested_address(number, inner, 3 - host_number)} dev n{number}"
                      for inner in nested_families(number)]
        run(name, "ip", "-batch", "-", feed="\n".join(lines) + "\n")


def nested_families(number):
    return {"ipip": (4,), "sit": (6,)}.get(list(NESTED)[number], (4, 6))


def nested_address(number, inner, host_number):
    return f"10.77.{number}.{host_number}" if inner == 4 else f"2001:db8:77:{number}::{host_number}"


def ends_of(kind, inner):
    """(near namespace, address, far namespace, address)"""
    near = KINDS[kind][0]
    address = {"cn": CN[inner], "mn": HOME[inner], "ha": HOME_AGENT_INSIDE[inner], "a": checksums.HOME["a"][inner],
               "b": checksums.HOME["b"][inner]}
    return near, address[near], FAR[near], address[FAR[near]]


def exchange(pairs):
    """Both ways: TCP, small datagrams, a burst of datagrams from one system call. What is wrong, if anything."""
    stream, datagrams = pairs
    pieces = [BURST[start:start + SIZE] for start in range(0, len(BURST), SIZE)]
    for direction in (1, -1):
        source, sink = datagrams[::direction]
        for data in SMALL:
            source.send(data)
        send_burst(source, BURST, SIZE)
        problem = compare_datagrams(collect(sink, len(SMALL) + len(pieces), PATIENCE), SMALL + pieces)
        if problem:
            return f"UDP: {problem}"
        source, sink = stream[::direction]
        problem = move(source, sink, SENT)
        if problem:
            return f"TCP: {problem}"
    return None


def cell(label, near, near_address, far, far_address, taps, snmp, inner):
    before = snmp.read()
    pairs = tcp_pair(inner, near, near_address, far, far_address, nodelay=True), udp_pair(inner, near, near_address, far, far_address)
    problems = [exchange(pairs)]
    problems += risen(before, snmp.read())
    ends = {socket.inet_pton(host.FAMILY[inner], address) for address in (near_address, far_address)}
    for tap in taps:
        if tap.on:
            wrong = [text for text in (spoilt(packet, ends) for packet in tap.drain()) if text]
            if wrong:
                problems.append(f"{len(wrong)} packets of {tap.device} spoilt for others: {wrong[0]}")
    for pair in pairs:
        for one in pair:
            one.close()
    host.result(label, "; ".join(filter(None, problems)))


def register(v, encap):
    direct = encap == "direct"
    bind_node("ha", "d0", HOME, CARE_OF[v], encap, 0 if direct else PORT)
    bind_node("mn", "m0", HOME, CARE_OF[v], encap, 0)
    checksums.register(v, encap)


def set_out(values):
    for name, device in (("ha", "ha0"), ("ha", "ha1"), ("ha", "ha2")):
        set_features(name, device, **values)


def matrix(v, encap, chosen, taps, snmp):
    for kind, out, tapped, inner in chosen:
        arrange(*KINDS[kind])
        set_out(OUT[out])
        for tap in taps:
            tap.switch(tapped)
        cell(f"{kind}, {inner} in {v} {encap}, way out: {out}{', tapped' if tapped else ''}", *ends_of(kind, inner), taps,
             snmp, inner)
    for tap in taps:
        tap.switch(False)
    arrange("cn", {}, {}, False)


def nested(v, encap, chosen, snmp):
    for kind, out in chosen:
        number = list(NESTED).index(kind)
        set_out(OUT[out])
        for inner in nested_families(number):
            cell(f"{kind} with {inner} in {v} {encap}, way out: {out}", "cn", nested_address(number, inner, 1), "mn",
                 nested_address(number, inner, 2), (), snmp, inner)


# Programs that hand over packets to be segmented

ETHERNET, IP_HEADER = 14, {4: 20, 6: 40}
NEEDS_CSUM, GSO_TYPE, GSO_ECN = 1, {4: 1, 6: 4}, 0x80


def hardware_address(name, device):
    request = struct.pack("16s24x", device.encode())
    return fcntl.ioctl(host.control(name), SIOCGIFHWADDR, request)[18:24]


def untrusted_packet(inner, payload, sequence):
    """IP and TCP with the checksum left open."""
    packet = bytearray(ip(CN[inner], HOME[inner], TCP, tcp(CN[inner], HOME[inner], 5, 6, sequence, 0x10, payload)))
    length = len(packet) - IP_HEADER[inner]
    packet[IP_HEADER[inner] + 16:IP_HEADER[inner] + 18] = struct.pack(
        "!H", ~checksum(pseudo(CN[inner], HOME[inner], length, TCP)) & 0xFFFF)
    return bytes(packet)


def untrusted(v, encap, out, snmp):
    """From a virtual machine or a container, so to speak: the header that says how to segment may be wrong."""
    set_out(OUT[out])
    with namespace("cn"):
        source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        source.bind(("cn0", 0))
    source.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    with namespace("mn"):
        sink = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        sink.bind(("m0", ETH_P_ALL))
    sink.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sink.setblocking(False)
    frame = hardware_address("ha", "ha1") + hardware_address("cn", "cn0")
    for inner in (4, 6):
        before, wrong = snmp.read(), []
        for size, length, flag in ((1000, 4000, 0), (1000, 4321, GSO_ECN), (1, 30, 0), (1200, 20000, 0), (1200, 900, 0)):
            header = struct.pack("=BBHHHH", NEEDS_CSUM, GSO_TYPE[inner] | flag, ETHERNET + IP_HEADER[inner] + 20, size,
                                 ETHERNET + IP_HEADER[inner], 16)
            source.send(header + frame + struct.pack("!H", ETHERTYPE[inner]) +
                        untrusted_packet(inner, STREAM[:length], 0))
            got, end = bytearray(length), time.monotonic() + PATIENCE
            missing = length
            while missing > 0 and select.select([sink], [], [], max(0, end - time.monotonic()))[0]:
                packet = sink.recv(1 << 17)
                if packet[{4: 9, 6: 6}[inner]] != TCP:
                    continue
                sequence = int.from_bytes(packet[IP_HEADER[inner] + 4:IP_HEADER[inner] + 8], "big")
                data = packet[IP_HEADER[inner] + 20:]
                got[sequence:sequence + len(data)] = data
                missing -= len(data)
            if bytes(got) != STREAM[:length]:
                wrong.append(f"segments of {size} out of {length} octets did not come, or other ones")
        host.result(f"untrusted, {inner} in {v} {encap}, way out: {out}", "; ".join(wrong + risen(before, snmp.read())))
    source.close()
    sink.close()


def main(whole):
    """@whole: each combination with each format; else each kind meets each way out in one format or another."""
    snmp = Snmp("cn", "ha", "mn", "a", "b", "nat")
    begin = time.monotonic()
    nested_network()
    run("ha", "tc", "qdisc", "replace", "dev", "ha1", "clsact")
    taps = [Tap("ha", device) for device in ("ha0", "ha1", "ha2", "d0")]
    checksums.clear()
    for v in (4, 6):
        checksums.change("nat", v)
    for turn, (v, encap) in enumerate(FORMATS):
        chosen = itertools.product(KINDS, OUT, (False, True), (4, 6))
        chosen_nested = itertools.product(NESTED, OUT)
        outs = list(OUT)
        if not whole:
            chosen = [(*pair, (number + turn // 4) % 2, (4, 6)[number // 2 % 2])
                      for number, pair in enumerate(list(itertools.product(KINDS, OUT))[turn::len(FORMATS)])]
            chosen_nested = [(kind, outs[(number + turn) % len(outs)]) for number, kind in enumerate(NESTED)] if turn % 5 == 1 else []
            outs = outs[turn::len(FORMATS)]
        register(v, encap)
        matrix(v, encap, chosen, taps, snmp)
        nested(v, encap, chosen_nested, snmp)
        for out in outs:
            untrusted(v, encap, out, snmp)
        print(f"== kinds: {v} {encap} after {time.monotonic() - begin:.1f} s", flush=True)
    checksums.clear()
    set_out(FULL)

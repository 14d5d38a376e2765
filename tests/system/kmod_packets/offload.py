# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that stand for several: segmented behind the outer header, merged through it."""
import itertools
import os
import socket
import struct
import time

from bench import *  # noqa: F403
from packet_bench import PATIENCE, Network, run
from packets import *  # noqa: F403

CLOCK_MONOTONIC_COARSE = 6
SEQUENCE, SIZE = 1, 1200


def kinds_of_nodes(b):
    kinds = list(enumerate(itertools.product((4, 6), ENCAPS), 1))
    b.set_nodes("ha0", *(node_text(n, "via " + (far(outer, n) if encap == "direct" else
                                              end_point(far(outer, n), 5000 + n)) + " " + encap)
                       for n, (outer, encap) in kinds))
    return kinds


def stream(src, dst, data, sequence=SEQUENCE, flags=0x18, ident=0, sport=1000, **more):
    if family(src) == 4:
        more = {"frag": DF, "ident": ident, **more}
    return ip(src, dst, TCP, tcp(src, dst, sport, 80, sequence, flags, data), **more)


def partial(packet):
    """`packet` with the checksum that a large packet has inside of the stack: the pseudo header only."""
    head, src, dst = (20, 12, 16) if packet[0] >> 4 == 4 else (40, 8, 24)
    length = dst - src
    src, dst = (socket.inet_ntop(socket.AF_INET if length == 4 else socket.AF_INET6, packet[at:at + length])
                for at in (src, dst))
    value = struct.pack("!H", ~checksum(pseudo(src, dst, len(packet) - head, TCP)) & 0xFFFF)
    return packet[:head + 16] + value + packet[head + 18:]


def segmentation(b):
    """One large TCP packet comes out as its segments, each with its own headers. It goes through the device in one
    piece, or, if the last segment would need another TLV header than the others, in two."""
    kinds = kinds_of_nodes(b)
    for (n, (outer, encap)), version, rest in itertools.product(kinds, (4, 6), (0, 100, 900)):
        data = (bytes(range(251)) * 30)[:4 * SIZE + rest]
        src, dst = cn(version), home(version, n)
        head = 20 if version == 4 else 40
        big = partial(stream(src, dst, data))
        gso = struct.pack("=BBHHHH", 1, 1 if version == 4 else 4, head + 20, SIZE, head, 16)
        wanted = []
        for at in range(0, len(data), SIZE):
            last = at + SIZE >= len(data)
            inner = stream(src, dst, data[at:at + SIZE], 1 + at, 0x18 if last else 0x10, ident=at // SIZE)
            packet = tunnel(local(outer), far(outer, n), encap, inner, PORT, 5000 + n)
            if outer == 4:
                packet = ip4(local(4), far(4, n), packet[9], packet[20:], frag=DF if version == 4 else 0)
            wanted.append(packet)
        apart = rest and (encap == "udp-tlv" or (encap == "udp-tlv-draft" and rest + head + 20 < 256))
        b.outward(f"TCP segments, last of {rest}: {version} in {outer} {encap}", "ha0", big, wanted, gso=gso,
                  counts={"tx_gso_packets": 1, "tx_gso_segments": len(wanted) - (1 if apart else 0)})


def tick():
    """The time of the last tick: the coarse clock moves with nothing else."""
    return time.clock_gettime_ns(CLOCK_MONOTONIC_COARSE)


class Merge:
    """Two packets through a device that holds back what may be merged."""

    def __init__(self, b):
        self.b = b
        self.network = Network("tun1", gro=True)
        run("ip", "link", "set", "tun1", "addrgenmode", "none")
        run("ip", "link", "set", "tun1", "up")
        # Newer kernels would make lists of what is not for a socket of theirs; kmod_offload_test is about those.
        run("ethtool", "-K", "tun1", "rx-gro-list", "off")
        # Longer than the pause between two packets may be; nobody waits for its end.
        with open("/sys/class/net/tun1/gro_flush_timeout", "w", encoding="ascii") as file:
            file.write(f"{int(PATIENCE * 1e9)}")

    def push(self):
        """What is held back goes up when a packet of a later tick comes in."""
        first = tick()
        self.b.until("the next tick", lambda: tick() != first)
        self.network.send(ip4("198.51.100.77", "198.51.100.78", 253, b"pushes"))

    def send(self, packets, together):
        """Sends them, `together` within one tick; returns the counters before."""
        end = time.monotonic() + PATIENCE
        while True:
            self.b.drain()
            before = self.b.counters()
            first = tick()
            for packet in packets:
                self.network.send(packet)
            if not together or tick() == first or time.monotonic() > end:
                return before
            self.push()  # a tick came in between: out with them, and once more

    def case(self, name, packets, expect, counts=None, push=False):
        """`expect`: what comes out of ha0, in this order unless it is a set."""
        b = self.b
        before = self.send(packets, "rx_gro_packets" in (counts or {}))
        wanted = {f"ha0.{key}": value for key, value in (counts or {}).items()}
        if push:
            self.push()
        got = [(b.wait(b.inner["ha0"]) or (None, 0))[0] for _ in expect]
        if isinstance(expect, set):
            expect, got = sorted(expect), sorted(got, key=lambda packet: packet or b"")
        problem = "; ".join(filter(None, (b.compare(*pair) for pair in zip(expect, got))))
        changes = b.settle(before, wanted)
        if changes != wanted:
            problem = f"counters {changes}, wanted {wanted}; {problem}"
        stray = b.inner["ha0"].receive()
        if stray:
            problem = f"unexpected packet {stray[0][:128].hex()}; {problem}"
        b.result(name, problem)


def merging(b):
    """Packets of one TCP connection are merged through the outer header, if each of them could stand alone and all
    have the same headers."""
    kinds = kinds_of_nodes(b)
    merge = Merge(b)
    run("ethtool", "-K", "ha0", "gro", "off")   # it would merge behind the outer header
    data = (bytes(range(251)) * 30)
    merged = {"rx_gro_packets": 1, "rx_gro_segments": 2}

    def outside(n, outer, encap, inner, sport=None, **more):
        if outer == 4:
            more = {"frag": DF, **more}
        return tunnel(far(outer, n), local(outer), encap, inner, sport or 5000 + n, PORT, **more)

    for (n, (outer, encap)), version in itertools.product(kinds, (4, 6)):
        src, dst = home(version, n), cn(version)

        def inside(first, second, **more):
            return (stream(src, dst, data[:first], flags=0x10),
                    stream(src, dst, data[first:first + second], SEQUENCE + first, **more))
        for name, first, second, together in (
                ("equal", SIZE, SIZE, True), ("small equal", 100, 100, True),
                ("last shorter", SIZE, SIZE - 300, encap != "udp-tlv"),
                ("last short", SIZE, 100, "tlv" not in encap), ("last longer", SIZE - 300, SIZE, False)):
            pair = inside(first, second)
            merge.case(f"two in one: {name}, {version} in {outer} {encap}", [outside(n, outer, encap, p) for p in pair],
                       [partial(stream(src, dst, data[:first + second]))] if together else pair,
                       merged if together else None)
        pair = inside(SIZE, SIZE)
        for name, more in (("ECN", {"tos": 1}), ("hop limit", {"ttl": 63})):
            merge.case(f"two: other outer {name}, {version} in {outer} {encap}",
                       [outside(n, outer, encap, pair[0]), outside(n, outer, encap, pair[1], **more)], pair)
        pair = inside(SIZE, SIZE, sport=1001)
        merge.case(f"two: other connection, {version} in {outer} {encap}", [outside(n, outer, encap, p) for p in pair],
                   set(pair), push=True)
        if encap == "direct":
            continue
        pair = inside(SIZE, SIZE)
        first, second = (outside(n, outer, encap, p) for p in pair)
        merge.case(f"one and one of another port, {version} in {outer} {encap}",
                   [first, outside(n, outer, encap, pair[1], sport=5099)], [pair[0]], {"rx_end_point": 1}, push=True)
        wrong = second[:-1] + bytes([second[-1] ^ 1])
        merge.case(f"one and one with a wrong outer checksum, {version} in {outer} {encap}", [first, wrong], [pair[0]],
                   push=True)
        keepalive = datagram(far(outer, n), local(outer), b"\xff", 5000 + n, PORT)
        merge.case(f"two in one behind a keepalive, {version} in {outer} {encap}", [keepalive, first, second],
                   [partial(stream(src, dst, data[:2 * SIZE]))], {**merged, "keepalive_in": 1})
        if outer == 4:
            zero = [p[:26] + b"\0\0" + p[28:] for p in (first, second)]
            merge.case(f"two in one without outer checksum, {version} in {outer} {encap}", zero,
                       [partial(stream(src, dst, data[:2 * SIZE]))], merged)
        if encap != "udp":
            header = {"udp-tlv": tlv_rfc, "udp-tlv-draft": tlv_draft}[encap]
            small = inside(100, 100)
            bad = datagram(far(outer, n), local(outer), header(small[1], length=77), 5000 + n, PORT,
                           **({"frag": DF} if outer == 4 else {}))
            merge.case(f"one and one with a wrong length, {version} in {outer} {encap}",
                       [outside(n, outer, encap, small[0]), bad], [small[0]], {"rx_tlv_length": 1}, push=True)
            merge.case(f"one and one without the header, {version} in {outer} {encap}",
                       [first, outside(n, outer, "udp", pair[1])], set(pair), push=True)
    run("ethtool", "-K", "ha0", "gro", "on")
    os.close(merge.network.fd)

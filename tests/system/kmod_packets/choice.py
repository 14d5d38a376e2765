# SPDX-License-Identifier: GPL-2.0-or-later
"""Which binding a packet takes: by mark, flow rule, priority, weight; fragments; flows that stay."""
import os
import socket
import struct
import time

from bench import *  # noqa: F403
from dsmip_netlink import EXCL, REPLACE, CREATE, Refused, Requests, binding, flow, node
from packet_bench import Frames, nl, run
from packets import *  # noqa: F403

HOUR = 3600000
NODE6, NODE4 = home(6, 1), home(4, 1)


def outer_bid(packet):
    """The binding that an outer packet left by, and what is inside."""
    if packet is None:
        return None, b""
    if packet[0] >> 4 == 4:
        return packet[19] - 100, packet[20:]
    return packet[39] - 0x64, packet[40:]


class Choice:
    """ha0 with one node, whose bindings 1, 2, 3... are reached at far(4, BID)."""

    def __init__(self, b):
        self.b, self.requests = b, Requests()
        for device in ("ha0", "mn0"):
            b.netlink.flush(b.inner[device].ifindex)

    def bindings(self, *fields):
        """Bindings that become the node's only ones; the first field is the BID."""
        self.requests.binding_new("ha0", node(NODE6, *(
            binding(bid=bid, via=far(4, bid), lifetime=HOUR, **{"priority": 0, "weight": 1, **more})
            for bid, more in fields), home4=[NODE4]), flags=CREATE | REPLACE)

    def rules(self, *flows):
        self.requests.flow_new("ha0", node(NODE6, *flows), flags=CREATE | REPLACE)

    def via(self, *packets, mark=0, device="ha0"):
        """The BIDs that packets leave by, one after the other; a single one for a single packet."""
        out = []
        for packet in packets:
            self.b.drain()
            self.b.inner[device].send(packet, mark)
            bid, inner = outer_bid(self.b.wait(self.b.network))
            out.append(bid if inner == packet else f"{bid}, altered")
        return out if len(packets) > 1 else out[0]

    def spread(self, packets):
        """Source port to BID, of UDP packets from all those ports."""
        out, packets = {}, list(packets)
        for at in range(0, len(packets), 64):
            part = packets[at:at + 64]
            for packet in part:
                self.b.inner["ha0"].send(packet)
            for _ in part:
                bid, inner = outer_bid(self.b.wait(self.b.network))
                head = 40 if inner[0] >> 4 == 6 else 20
                out[struct.unpack("!H", inner[head:head + 2])[0]] = bid
        return out

    def stayed(self, name, before, after):
        """No flow of `before` is elsewhere in `after`."""
        self.b.check(name, 0, sum(after.get(port) != bid for port, bid in before.items()))

    def refused(self, name, code, text, call, *arguments, **more):
        try:
            call(*arguments, **more)
            got = "accepted"
        except Refused as refused:
            got = (refused.code, refused.text if text not in refused.text else text)
        self.b.check(f"refused: {name}", (code, text), got)


def extension6(kind, following):
    """One IPv6 extension header of 8 octets; a routing header has no segments left."""
    return {0: bytes([following, 0, 1, 4, 0, 0, 0, 0]), DSTOPTS: bytes([following, 0, 1, 4, 0, 0, 0, 0]),
            ROUTING: bytes([following, 0, 4, 0, 0, 0, 0, 0])}[kind]


def with_extensions(src, dst, kinds, proto, payload):
    chain = list(kinds) + [proto]
    return ip6(src, dst, chain[0], b"".join(extension6(kind, chain[i + 1]) for i, kind in enumerate(kinds)) + payload)


def selectors(b):
    """Each selector at its borders, in each family; a rule sends what matches to binding 2."""
    c = Choice(b)
    c.bindings((1, {"priority": 10}), (2, {"priority": 20}), (3, {"priority": 30}))
    ports = struct.pack("!HH", 1000, 2000) + bytes(12)
    esp = struct.pack("!IIQ", 0x1001, 1, 0)
    ah = bytes([UDP, 4, 0, 0]) + struct.pack("!IIIII", 0x1001, 1, 0, 0, 0)
    u4, u6 = datagram(CN4, NODE4), datagram(CN6, NODE6)
    cases = [("everything", {}, [u4, u6], []),
             ("IPv4", {"family": socket.AF_INET}, [u4], [u6]),
             ("IPv6", {"family": socket.AF_INET6}, [u6], [u4]),
             ("one source", {"source": CN4}, [u4], [u6, datagram("198.51.100.2", NODE4)]),
             ("IPv4 sources", {"source": ("198.51.100.1", "198.51.101.0")},
              [u4, datagram("198.51.101.0", NODE4), datagram("198.51.100.255", NODE4)],
              [datagram("198.51.100.0", NODE4), datagram("198.51.101.1", NODE4), u6]),
             ("IPv6 sources", {"source": ("2001:db8:c::1", "2001:db8:c:1::")},
              [u6, datagram("2001:db8:c:1::", NODE6), datagram("2001:db8:c::ffff", NODE6)],
              [datagram("2001:db8:c::", NODE6), datagram("2001:db8:c:1::1", NODE6), u4]),
             ("one destination", {"destination": NODE6}, [u6], [u4]),
             ("IPv4 destinations", {"destination": (home(4, 0), home(4, 1))}, [u4], [u6]),
             ("other destinations", {"destination": (home(4, 2), home(4, 9))}, [], [u4, u6]),
             ("flow labels", {"flow_label": (0x12345, 0x12346)},
              [datagram(CN6, NODE6, label=0x12345), datagram(CN6, NODE6, label=0x12346)],
              [u4, u6, datagram(CN6, NODE6, label=0x12344), datagram(CN6, NODE6, label=0x12347)]),
             ("class, upper six bits", {"traffic_class": (0xB8, 0xBF)},
              [datagram(CN4, NODE4, tos=0xB8), datagram(CN6, NODE6, tos=0xBB), datagram(CN6, NODE6, tos=0xBC)],
              [u4, u6, datagram(CN6, NODE6, tos=0xB7), datagram(CN4, NODE4, tos=0xC0)]),
             ("protocols", {"protocol": (7, 17)}, [u4, u6],
              [ip(CN4, NODE4, TCP, ports), ip(CN6, NODE6, TCP, ports), ip(CN4, NODE4, 18, ports)]),
             ("several at once", {"source": CN6, "protocol": UDP, "destination_port": 2000, "traffic_class": 0},
              [u6], [u4, datagram(CN6, NODE6, dport=2001), datagram(CN6, NODE6, tos=4),
                     datagram("2001:db8:c::2", NODE6)])]
    for name, fields in (("source_port", (1000, 2000)), ("destination_port", (2000, 1000))):
        mine, other = fields
        cases.append((name, {name: (mine - 1, mine + 1)},
                      [p for src, dst in ((CN4, NODE4), (CN6, NODE6)) for p in
                       [ip(src, dst, proto, ports) for proto in (TCP, UDP, 33, 132, 136)] +
                       [datagram(src, dst, **{name[0] + "port": port}) for port in (mine - 1, mine + 1)]],
                      [p for src, dst in ((CN4, NODE4), (CN6, NODE6)) for p in
                       [ip(src, dst, 47, ports), ip(src, dst, ESP, ports), ip(src, dst, UDP, ports[:3])] +
                       [datagram(src, dst, **{name[0] + "port": port}) for port in (mine - 2, mine + 2)]]))
    cases.append(("SPI of ESP and AH", {"spi": (0x1000, 0x1001)},
                  [ip(src, dst, proto, data) for src, dst in ((CN4, NODE4), (CN6, NODE6))
                   for proto, data in ((ESP, esp), (51, ah))],
                  [u4, u6, ip(CN4, NODE4, ESP, struct.pack("!IIQ", 0x1002, 1, 0)), ip(CN6, NODE6, ESP, b"\0\0\x10")]))
    for name, fields, matching, others in cases:
        c.rules(flow(1, 1, [2], **fields))
        b.check(f"selector {name}: matching", [2] * len(matching), [c.via(p) for p in matching])
        b.check(f"selector {name}: others", [1] * len(others), [c.via(p) for p in others])

    u = udp(CN6, NODE6, 1000, 2000, b"data")
    c.rules(flow(1, 1, [2], protocol=UDP, destination_port=2000))
    b.check("behind extension headers", [2] * 4, [c.via(with_extensions(CN6, NODE6, kinds, UDP, u)) for kinds in (
        (0,), (0, ROUTING), (0, DSTOPTS, ROUTING, DSTOPTS), (DSTOPTS,) * 8)])
    b.check("behind too many", 1, c.via(with_extensions(CN6, NODE6, (DSTOPTS,) * 9, UDP, u)))
    longer = ip6(CN6, NODE6, DSTOPTS, bytes([UDP, 255, 1, 4, 0, 0, 0, 0]) + u)
    b.check("behind a header that is longer than the packet", 1, c.via(longer))
    for size in (40, 41, 47, 48, 51):
        cut = with_extensions(CN6, NODE6, (0,), UDP, u)[:size]
        b.check(f"cut off after {size}", 1, c.via(cut[:4] + struct.pack("!H", size - 40) + cut[6:]))
    b.check("IPv4 with options", 2, c.via(ip4(CN4, NODE4, UDP, b"\1\1\1\0" + udp(CN4, NODE4, 1000, 2000, b""), ihl=6)))
    c.rules()


def rules(b):
    """Which rule counts, and what a rule without a live binding does."""
    c = Choice(b)
    inner = datagram(CN6, NODE6)
    c.bindings((1, {"priority": 10}), (2, {"priority": 20}), (3, {"priority": 30}))
    c.rules(flow(7, 20, [2]), flow(8, 10, [3]))
    b.check("the rule with the lowest value", 3, c.via(inner))
    c.requests.flow_new("ha0", node(NODE6, flow(8, 30)))
    b.check("its value changed, what was not named stays", 2, c.via(inner))
    c.requests.flow_new("ha0", node(NODE6, flow(8, 20), flow(7, protocol=TCP)))
    b.check("the other matches no more", 3, c.via(inner))
    c.requests.flow_new("ha0", node(NODE6, flow(7, bids=[1])))
    b.check("new BIDs leave the selectors alone", 3, c.via(inner))
    c.rules(flow(2, 5, [1]), flow(1, 5, [2]))
    b.check("equal values: the lower FID", 2, c.via(inner))
    c.rules(flow(1, 1, [9, 3, 2]), flow(2, 2, [2]))
    b.check("the first live BID of a rule", 3, c.via(inner))
    c.bindings((1, {"priority": 10}), (2, {"priority": 20}))
    b.check("the next one when it has gone", 2, c.via(inner))
    c.rules(flow(1, 1, [9, 3]), flow(2, 2, [2]))
    b.check("a rule without a live binding is skipped", 2, c.via(inner))
    c.bindings((1, {"priority": 10}), (2, {"priority": 20}), (3, {"priority": 30}))
    b.check("until the binding comes back", 3, c.via(inner))
    signalling = mobility_header(CN6, NODE6)
    b.check("signalling is exempt", 1, c.via(ip6(CN6, NODE6, MH, signalling)))
    b.check("that of the home agent under ESP too", [3, 1], [
        c.via(ip6(source, NODE6, ESP, struct.pack("!IIQ", 1, 1, 0))) for source in (CN6, HA6)])
    c.rules(flow(1, 1, [3], source=CN6))
    nl("device-set", "ha0", "--bid-mark-mask", "0xff0000")
    b.check("a mark goes before a rule", 2, c.via(inner, mark=2 << 16))
    b.check("a mark without a BID does not", 3, c.via(inner, mark=2))
    b.check("nor does that of a BID that is not there", 3, c.via(inner, mark=9 << 16))
    nl("device-set", "ha0", "--bid-mark-mask", "0")
    c.requests.flow_del("ha0", node(NODE6, flow(1)))
    b.check("the rule deleted", 1, c.via(inner))
    # at a mobile node directions turn round
    for address in ("192.0.2.102", "192.0.2.103"):
        run("ip", "address", "add", f"{address}/24", "dev", "tun0")
    mine = home(6, 1, "b")
    c.requests.binding_new("mn0", node(mine, *(
        binding(bid=bid, via=f"192.0.2.{100 + bid}", lifetime=HOUR, priority=bid) for bid in (2, 3))))
    c.requests.flow_new("mn0", node(mine, flow(1, 1, [3], source=CN6, source_port=2000, destination_port=1000)))

    def source(packet):
        b.drain()
        b.inner["mn0"].send(packet)
        return (b.wait(b.network) or bytes(20))[15] - 100
    b.check("mobile node: selectors are those of the other direction", [3, 2], [
        source(datagram(mine, CN6)), source(datagram(mine, CN6, sport=2000, dport=1000))])
    # both ends come to the same choice without a rule
    c.requests.flow_del("mn0", node(mine))
    c.requests.binding_new("mn0", node(mine, binding(bid=2, priority=1), binding(bid=3, priority=1)))
    c.requests.binding_new("ha0", node(mine, *(
        binding(bid=bid, via=far(4, 10 + bid), lifetime=HOUR, priority=1) for bid in (2, 3))))
    wanted = [source(datagram(mine, CN6, sport=port)) for port in range(40)]
    b.check("both ends choose alike", wanted, [c.via(datagram(CN6, mine, sport=2000, dport=port)) - 10
                                               for port in range(40)])
    b.check("among several", {2, 3}, set(wanted))
    b.netlink.flush(b.inner["mn0"].ifindex)
    for address in ("192.0.2.102", "192.0.2.103"):
        run("ip", "address", "del", f"{address}/24", "dev", "tun0")


def fragments(b):
    """Later fragments follow the first; without it they have no ports."""
    c = Choice(b)
    c.bindings((1, {"priority": 10}), (2, {"priority": 20}), (3, {"priority": 30}))
    c.rules(flow(1, 1, [2], destination_port=2000))
    big = b"x" * 3000

    def pieces(version, ident, **more):
        packet = datagram(cn(version), home(version, 1), big, **more)
        if version == 4:
            out = fragments4(packet, 1000)
            return [ip4(CN4, NODE4, UDP, p[20:], ident=ident, frag=struct.unpack("!H", p[6:8])[0]) for p in out]
        return [p[:44] + struct.pack("!I", ident) + p[48:] for p in fragments6(packet, 1000)]
    for version in (4, 6):
        first, *later = pieces(version, 100)
        b.check(f"IPv{version}: later fragments before the first", [1] * len(later), [c.via(p) for p in later])
        b.check(f"IPv{version}: first fragment by its ports", 2, c.via(first))
        b.check(f"IPv{version}: later fragments follow", [2] * len(later), [c.via(p) for p in later])
        _, *other = pieces(version, 101)
        b.check(f"IPv{version}: not those of another packet", [1] * len(other), [c.via(p) for p in other])
        b.check(f"IPv{version}: fragments of a packet that does not match", [1] * 4,
                [c.via(p) for p in pieces(version, 102, dport=9)])
    b.check("IPv6: a packet in one fragment has its ports", 2,
            c.via(ip6(CN6, NODE6, FRAGMENT, struct.pack("!BBHI", UDP, 0, 0, 7) + udp(CN6, NODE6, 1, 2000, b""))))
    nl("device-set", "ha0", "--bid-mark-mask", "0xff")
    for version in (4, 6):
        first, *later = pieces(version, 200)
        b.check(f"IPv{version}: a mark goes before", 3, c.via(first, mark=3))
        b.check(f"IPv{version}: later fragments follow without it", [3] * len(later), [c.via(p) for p in later])
        b.check(f"IPv{version}: a mark of their own goes before", [2] * len(later), [c.via(p, mark=2) for p in later])
    nl("device-set", "ha0", "--bid-mark-mask", "0")
    c.rules()
    c.bindings(*((bid, {}) for bid in (1, 2, 3)))
    for version in (4, 6):
        ways = [[c.via(p) for p in pieces(version, 300 + port, dport=port)] for port in range(12)]
        b.check(f"IPv{version}: all fragments of a packet take one way", True, all(len(set(w)) == 1 for w in ways))
        b.check(f"IPv{version}: those of several flows several", True, len({w[0] for w in ways}) > 1)
    first, *later = pieces(4, 400)
    was = c.via(first)
    c.bindings(*((bid, {}) for bid in (1, 2, 3) if bid != was))
    b.check("fragments leave a binding that has gone", True, all(c.via(p) not in (was, None) for p in later))


def weights(b):
    """Flows spread in proportion to weights, and stay where they are."""
    c = Choice(b)
    flows = 900
    packets = [datagram(CN6, NODE6, sport=1000 + n) for n in range(flows)]
    table = [{1: 1, 2: 1, 3: 1}, {1: 1, 2: 2, 3: 5}, {1: 255, 2: 255}, {1: 1, 2: 99}, {2: 200, 3: 100}]
    for shares in table:
        c.bindings(*((bid, {"weight": weight}) for bid, weight in shares.items()))
        got = list(c.spread(packets).values())
        # Chi-square, 0.1 % for one and two degrees of freedom; the flows are always the same.
        chi = sum((got.count(bid) - flows * weight / sum(shares.values())) ** 2 /
                  (flows * weight / sum(shares.values())) for bid, weight in shares.items())
        b.check(f"weights {shares}: {[got.count(bid) for bid in shares]}", True,
                chi < {2: 10.83, 3: 13.82}[len(shares)])
    c.bindings((1, {"weight": 1}), (2, {"weight": 2}), (3, {"weight": 3}))
    before = c.spread(packets)
    c.requests.binding_new("ha0", node(NODE6, *(binding(bid=bid, sequence=77, lifetime=HOUR) for bid in (1, 2, 3))),
                           flags=0)
    c.requests.binding_new("ha0", node(NODE6, *(binding(bid=bid, sequence=78) for bid in (3, 1, 2))), flags=REPLACE)
    c.requests.binding_new("ha0", node(NODE6, binding(bid=2, via=far(4, 2))), flags=0)
    c.stayed("updates and replacements move no flow, and keep the weights", before, c.spread(packets))
    c.requests.binding_del("ha0", node(NODE6, binding(bid=2)))
    gone = c.spread(packets)
    c.stayed("only flows of a vanished binding move", {p: bid for p, bid in before.items() if bid != 2}, gone)
    moved = [gone[port] for port, bid in before.items() if bid == 2]
    b.check("to those that are left", {1, 3}, set(moved))
    c.requests.binding_new("ha0", node(NODE6, binding(bid=2, via=far(4, 2), weight=2, lifetime=HOUR)))
    back = c.spread(packets)
    c.stayed("and back when it returns", before, back)
    c.requests.binding_new("ha0", node(NODE6, binding(bid=1, weight=3)), flags=0)
    after = c.spread(packets)
    b.check("a larger weight only draws flows", {1}, {after[port] for port in after if after[port] != back[port]})
    c.bindings((1, {"weight": 1, "priority": 1}), (2, {"weight": 1, "priority": 1}), (3, {"weight": 255}))
    c.requests.binding_new("ha0", node(NODE6, binding(bid=3, priority=2)), flags=0)
    b.check("weight counts for nothing against priority", {1, 2}, set(c.spread(packets[:40]).values()))
    stay = [{c.via(datagram(CN6, NODE6, data, sport=port, tos=tos, label=label))
             for data, tos, label in ((b"a", 0, 0), (b"bcd", 0xB8, 0x12345), (b"", 3, 0xFFFFF))} for port in range(12)]
    b.check("a flow stays whatever else changes in its headers", True, all(len(bids) == 1 for bids in stay))
    b.check("an end point that is gone by its lifetime", [1] * 12, expired(c))


def expired(c):
    """BIDs of 12 flows once the other binding of two has expired."""
    c.bindings((1, {"priority": 1}), (2, {"priority": 1}))
    c.requests.binding_new("ha0", node(NODE6, binding(bid=2, lifetime=1)), flags=0)
    end = time.monotonic() + 60
    while True:
        got = [c.via(datagram(CN6, NODE6, sport=port)) for port in range(12)]
        if set(got) == {1} or time.monotonic() > end:
            return got


def no_binding(b):
    """A binding that expired is over for packets at once, even when nobody has had time to delete it."""
    c = Choice(b)
    inner = datagram(CN6, NODE6)
    old = os.sched_getaffinity(0)
    b.drain()
    for _ in range(20):
        # The work that deletes it runs on the CPU that armed it, and waits for us there.
        os.sched_setaffinity(0, {min(old)})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
        c.requests.binding_new("ha0", node(NODE6, binding(via=far(4, 1), lifetime=10)))
        b.drain()
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            pass
        before = b.counters()
        b.inner["ha0"].send(inner)
        changes = b.changes(before, b.counters())
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, old)
        # It may have found the time between the packet and the second look at the counters.
        changes.pop("ha0.binding_expired", None)
        if changes == {"ha0.tx_no_binding": 1}:
            break
    b.check("expired but not yet deleted", {"ha0.tx_no_binding": 1}, changes)
    b.proved.add("tx_no_binding")
    end = time.monotonic() + 60
    while "ha0.tx_no_node" not in changes and time.monotonic() < end:
        before = b.counters()
        b.inner["ha0"].send(inner)
        changes = b.changes(before, b.counters())
    b.check("and deleted in the end", True, "ha0.tx_no_node" in changes)
    before = b.counters()
    c.requests.binding_new("ha0", node(NODE6, binding(via=far(4, 1), lifetime=10)))
    b.check("the end of a lifetime is counted", {"ha0.binding_expired": 1},
            b.settle(before, {"ha0.binding_expired": 1}))
    b.drain()


def bad_rules(b):
    """What is refused changes nothing; what is shown is what was set."""
    c = Choice(b)
    c.bindings((1, {}), (2, {}))
    good = flow(1, 1, [1, 2], family=socket.AF_INET6, source=("2001:db8::1", "2001:db8::2"), spi=7,
                flow_label=(1, 0xFFFFF), source_port=(1, 65535), destination_port=80, traffic_class=(0xB8, 0xBC),
                protocol=(6, 17))
    full = flow(1, 1, [1, 2], family=socket.AF_INET6, source=("2001:db8::1", "2001:db8::2"), spi=(7, 7),
                flow_label=(1, 0xFFFFF), source_port=(1, 65535), destination_port=(80, 80),
                traffic_class=(0xB8, 0xBC), protocol=(6, 17))
    other = flow(2, 1, [1], destination=("192.0.2.0", "192.0.2.255"))
    shown = flow(2, 1, [1], family=socket.AF_INET, destination=("192.0.2.0", "192.0.2.255"))
    c.rules(other, good)
    wanted = (NODE6, [full[4:], shown[4:]])
    b.check("rules as they were made", wanted, c.requests.flow_get("ha0", NODE6))
    b.check("by the IPv4 home address", wanted, c.requests.flow_get("ha0", NODE4))

    def refuse(name, code, text, *flows, flags=CREATE, home_address=NODE6, call=None):
        c.refused(name, code, text, call or c.requests.flow_new, "ha0", node(home_address, *flows),
                  **({} if call else {"flags": flags}))
    EINVAL, ENOENT, EEXIST, ERANGE = 22, 2, 17, 34
    refuse("unknown node", ENOENT, "no such node", flow(3, 1, [1]), home_address=home(6, 9))
    refuse("no rule", EINVAL, "at least one FLOW")
    refuse("no FID", EINVAL, "FID is missing", flow(None, 1, [1]))
    refuse("FID 0", ERANGE, "", flow(0, 1, [1]))
    refuse("priority 0", ERANGE, "", flow(3, 0, [1]))
    refuse("no priority", EINVAL, "needs a PRIORITY", flow(3, None, [1]))
    refuse("no BIDs", EINVAL, "needs BIDS", flow(3, 1))
    refuse("empty BIDs", EINVAL, "at least one BID", flow(3, 1, []))
    refuse("too many BIDs", EINVAL, "more than 32", flow(3, 1, list(range(33))))
    refuse("a BID twice", EINVAL, "BID is given twice", flow(3, 1, [1, 2, 1]))
    refuse("a FID twice", EINVAL, "FID is given twice", flow(3, 1, [1]), flow(3, 2, [1]))
    refuse("new without CREATE", ENOENT, "NLM_F_CREATE", flow(3, 1, [1]), flags=0)
    refuse("known with EXCL", EEXIST, "exists already", flow(1, 9, [1]), flags=CREATE | EXCL)
    refuse("two families", EINVAL, "different IP families", flow(3, 1, [1], source=CN4, destination=NODE6))
    refuse("family against address", EINVAL, "different IP families",
           flow(3, 1, [1], source=CN4, family=socket.AF_INET6))
    refuse("flow label of IPv4", EINVAL, "different IP families", flow(3, 1, [1], source=CN4, flow_label=1))
    refuse("unknown family", EINVAL, "neither AF_INET", flow(3, 1, [1], family=3))
    refuse("flow label with 21 bits", ERANGE, "", flow(3, 1, [1], flow_label=0x100000))
    for name, low, high in (("source", "192.0.2.1", "192.0.2.0"), ("destination", "2001:db8::1", "2001:db8::"),
                            ("spi", 2, 1), ("flow_label", 2, 1), ("source_port", 2, 1), ("destination_port", 2, 1),
                            ("traffic_class", 8, 4), ("protocol", 2, 1)):
        refuse(f"{name} ends before it starts", EINVAL, "ends before it starts", flow(3, 1, [1], **{name: (low, high)}))
        refuse(f"{name} without a start", EINVAL, "needs its start", flow(3, 1, [1], **{name: (None, high)}))
    refuse("the second of two is bad", EINVAL, "needs BIDS", flow(1, 9), flow(3, 1))
    refuse("too many", EINVAL, "more than 64", *(flow(n, 1, [1]) for n in range(3, 66)))
    refuse("deleting one that is not there", ENOENT, "no such flow rule", flow(1), flow(9), call=c.requests.flow_del)
    refuse("deleting without FID", EINVAL, "FID is missing", flow(), call=c.requests.flow_del)
    c.refused("no NODE", EINVAL, "NODE is missing", c.requests.flow_new, "ha0")
    c.refused("a node twice", EINVAL, "given twice", c.requests.flow_new, "ha0", node(NODE6, flow(3, 1, [1])),
              node(NODE6, flow(4, 1, [1])))
    c.refused("one good node and one that is not there", ENOENT, "no such node", c.requests.flow_new, "ha0",
              node(NODE6, flow(3, 1, [1])), node(home(6, 9), flow(3, 1, [1])))
    c.refused("rules of a node that is not there", ENOENT, "no node has", c.requests.flow_get, "ha0", home(6, 9))
    b.check("nothing has changed", wanted, c.requests.flow_get("ha0", NODE6))

    many = [flow(n, n, list(range(32)), source=("2001:db8::", "2001:db8::1"), destination=("2001:db8::", "2001:db8::2"),
                 spi=(1, 2), flow_label=(3, 4), source_port=(5, 6), destination_port=(7, 8), traffic_class=(4, 8),
                 protocol=(1, 2)) for n in range(1, 65)]
    c.rules(*many)
    b.check("as many as there may be", 64, len(c.requests.flow_get("ha0", NODE6)[1]))
    b.check("in a dump too", [(NODE6, 64)], [(name, len(flows)) for name, flows in c.requests.flow_dump("ha0")])
    b.check("in a dump of all devices", [(NODE6, 64)], [(name, len(flows)) for name, flows in c.requests.flow_dump()])
    c.requests.binding_new("ha0", node(home(6, 2), binding(via=far(4, 1), lifetime=HOUR)))
    b.check("nodes without rules are in no dump", 1, len(c.requests.flow_dump()))
    c.requests.flow_new("ha0", node(home(6, 2), flow(1, 1, [1])), node(NODE6, flow(1, 1, [2])))
    b.check("two nodes in one request", [NODE6, home(6, 2)], [name for name, _ in c.requests.flow_dump()])
    c.requests.flow_del("ha0", node(NODE6))
    b.check("all rules of a node deleted", [home(6, 2)], [name for name, _ in c.requests.flow_dump()])
    c.requests.binding_del("ha0", node(home(6, 2)))
    b.check("rules go with their node", [], c.requests.flow_dump())
    c.rules(flow(1, 1, [1]))
    b.netlink.flush(b.inner["ha0"].ifindex)
    b.check("and with all nodes", [], c.requests.flow_dump())
    c.bindings((1, {}), (2, {}))
    b.check("a node that comes anew has none", (NODE6, []), c.requests.flow_get("ha0", NODE6))
    c.refused("weight 0", ERANGE, "", c.requests.binding_new, "ha0", node(NODE6, binding(bid=1, weight=0)))


def home_link(b):
    """A node that is at home; frames themselves are looked at in kmod_choice_test."""
    c = Choice(b)
    inner = datagram(CN6, NODE6)
    run("ip", "link", "add", "home0", "type", "dummy")
    run("ip", "link", "set", "home0", "up")
    link, mac = socket.if_nametoindex("home0"), bytes.fromhex("020000000001")

    def at_home(**fields):
        c.requests.binding_new("ha0", node(NODE6, binding(**fields), home4=[NODE4]))
    EINVAL, ENODEV = 22, 19
    for name, code, text, fields in (
            ("no link", EINVAL, "HOME_LINK needs a LINK", {"home_link": True}),
            ("a link that is not there", ENODEV, "LINK does not exist", {"home_link": True, "link": 4711}),
            ("the device itself", EINVAL, "LINK is the device itself",
             {"home_link": True, "link": b.inner["ha0"].ifindex}),
            ("care-of address", EINVAL, "exclude each other", {"home_link": True, "link": link, "via": far(4, 1)}),
            ("port", EINVAL, "has no PORT", {"home_link": True, "link": link, "port": 1}),
            ("format", EINVAL, "has no PORT", {"home_link": True, "link": link, "encap": 0}),
            ("link address alone", EINVAL, "needs HOME_LINK", {"via": far(4, 1), "link_address": mac}),
            ("short link address", EINVAL, "not as long as", {"home_link": True, "link": link,
                                                              "link_address": mac[:5]}),
            ("long link address", 34, "", {"home_link": True, "link": link, "link_address": bytes(17)})):
        c.refused(f"home link: {name}", code, text, at_home, lifetime=HOUR, **fields)
    c.refused("home link: mobile node", EINVAL, "for a home agent only", c.requests.binding_new, "mn0",
              node(home(6, 1, "b"), binding(home_link=True, link=link, lifetime=HOUR)))
    at_home(bid=1, home_link=True, link=link, link_address=mac, lifetime=HOUR)
    frames = Frames("home0", mac)
    for version in (4, 6):
        packet = datagram(cn(version), home(version, 1))
        b.inner["ha0"].send(packet)
        b.check(f"home link: IPv{version} as it is, to the link address", packet, b.wait(frames))
    before = b.counters()
    run("ip", "link", "set", "ha0", "mtu", "4000")
    b.inner["ha0"].send(datagram(CN4, NODE4, b"x" * 3000))
    parts = [b.wait(frames) or b"" for _ in range(3)]
    b.check("home link: above its MTU in fragments", udp(CN4, NODE4, 1000, 2000, b"x" * 3000), reassembled(parts)[1])
    b.check("home link: no drop", {}, b.changes(before, b.counters()))
    b.outward("home link: IPv6 above its MTU", "ha0", datagram(CN6, NODE6, b"x" * 3000), "tx_too_big")
    b.outward("home link: IPv4 above its MTU, not to be fragmented", "ha0",
              datagram(CN4, NODE4, b"x" * 3000, frag=DF), "tx_too_big")
    run("ip", "link", "set", "ha0", "mtu", "1452")
    for version in (4, 6):
        b.inward(f"home link: IPv{version} from a tunnel", "ha0",
                 tunnel(far(4, 1), HA4, "direct", datagram(home(version, 1), cn(version))), "rx_end_point")
    run("ip", "link", "set", "home0", "down")
    b.outward("home link: down", "ha0", inner, "tx_home_link")
    run("ip", "link", "del", "home0")
    b.outward("home link: gone", "ha0", inner, "tx_home_link")
    at_home(bid=2, via=far(4, 2), lifetime=HOUR, priority=1)
    b.outward("home link: still the one of choice", "ha0", inner, "tx_home_link")
    c.rules(flow(1, 1, [2], destination_port=2000))
    b.check("home link: beside a foreign one, by rule", 2, c.via(inner))
    c.requests.binding_new("ha0", node(NODE6, binding(bid=1, via=far(4, 1))), flags=0)
    c.rules()
    b.check("home link: away again", 1, c.via(inner))
    frames.close()

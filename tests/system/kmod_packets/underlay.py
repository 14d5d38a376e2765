# SPDX-License-Identifier: GPL-2.0-or-later
"""Where outer packets belong: UNDERLAY none, an interface, a VRF or a port of a VRF, against what comes by each of them, and
what leaves; and inner packets in a VRF. All networks have the same addresses, as VRFs are made for."""
import contextlib
import itertools
import struct

from bench import *  # noqa: F403
from icmp import SENDER4, SENDER6, relayed, router_error, sender
from packet_bench import Network, nl, nl_json, run
from packets import *  # noqa: F403

FORMATS = list(enumerate(itertools.product((4, 6), ENCAPS), 1))
TABLE = {"blue": 10, "red": 11}
# By which of the three networks packets of a device come in, and by which they leave.
TAKES = {"none": ("tun0", "side0"), "tun0": ("tun0",), "blue": ("blue0",), "blue0": ("blue0",)}
LEAVES = {"none": "tun0", "tun0": "tun0", "blue": "blue0", "blue0": "blue0"}
NOWHERE = 0x7FFFFFFE


class Networks:
    """tun0 of the bench and side0 in the default VRF, blue0 in another one; side0 has no addresses that matter."""

    def __init__(self, b):
        self.b = b
        self.all = {"tun0": b.network}
        for vrf, table in TABLE.items():
            run("ip", "link", "add", vrf, "type", "vrf", "table", table)
            run("ip", "link", "set", vrf, "up")
        for name in ("side0", "blue0"):
            self.all[name] = Network(name)
            run("ip", "link", "set", name, "addrgenmode", "none")
        run("ip", "link", "set", "blue0", "master", "blue")
        for name in ("side0", "blue0"):
            run("ip", "link", "set", name, "up")
        self.address("blue0")

    @staticmethod
    def address(name):
        for address in (f"{HA4}/24", f"{HA6}/64"):
            run("ip", "address", "add", address, "dev", name)

    @contextlib.contextmanager
    def at(self, name):
        """What the bench sends and expects is of this network."""
        self.b.network = self.all[name]
        yield
        self.b.network = self.all["tun0"]

    def drain(self):
        for network in self.all.values():
            while network.receive() is not None:
                pass
        self.b.drain()

    def end(self):
        nl("device-set", "ha0", "--underlay", "none")
        nl("device-set", "mn0", "--underlay", "none")
        for name in ("side0", "blue0", *TABLE):
            run("ip", "link", "del", name, check=False)


def underlay(value, *devices):
    for device in devices or ("ha0", "mn0"):
        nl("device-set", device, "--underlay", value)


def l3mdev_accept(value):
    run("sysctl", "-qw", f"net.ipv4.udp_l3mdev_accept={value}")


def nodes(b):
    b.set_nodes("ha0", *(node_text(n, "via " + (far(outer, n) if encap == "direct" else
                                              end_point(far(outer, n), 5000 + n)) + " " + encap)
                       for n, (outer, encap) in FORMATS))
    b.set_nodes("mn0", *(node_text(n, f"via {local(outer)} {encap}", base="b") for n, (outer, encap) in FORMATS))


def arrivals(n, outer, encap):
    """(device, source, tunnel packet, inner packet): as they come to a home agent and to a mobile node."""
    version = 4 if n % 2 else 6
    up = datagram(home(version, n), cn(version), bytes(range(100)))
    yield "ha0", far(outer, n), tunnel(far(outer, n), local(outer), encap, up, 5000 + n, PORT), up
    down = datagram(cn(version), home(version, n, "b"), bytes(range(100)))
    port = nl_json("device-get", "mn0")[0]["udp_port"]
    yield "mn0", home_agent(outer), tunnel(home_agent(outer), local(outer), encap, down, PORT, port), down


def is_unreachable(packet):
    if packet[0] >> 4 == 4:
        return packet[9] == 1 and packet[20] == 3
    return packet[6] == ICMPV6 and packet[40] == 1


def refused(nets, name, arrival, device, packet, direct):
    """Nobody takes `packet`, and the host says so to its source; nothing comes out of the device."""
    b = nets.b
    nets.drain()
    before = b.counters()
    nets.all[arrival].send(packet)
    # The way back to the source is by tun0 in all of the default VRF.
    answers = nets.all["blue0" if arrival == "blue0" else "tun0"]
    answer = b.wait(answers)
    problem = None if answer and is_unreachable(answer) else f"the host answers {answer and answer[:64].hex()}"
    wanted = {f"{device}.rx_underlay": 1} if direct else {}
    changes = b.settle(before, wanted)
    if changes != wanted:
        problem = f"counters {changes}, wanted {wanted}; {problem}"
    for inner in b.inner.values():
        if inner.receive():
            problem = f"a packet came out of {inner.name}; {problem}"
    b.result(name, problem)


def received(nets, where, takes):
    """Every format, by every network."""
    for (n, (outer, encap)), arrival in itertools.product(FORMATS, ("tun0", "side0", "blue0")):
        for device, _, packet, inner in arrivals(n, outer, encap):
            name = f"{device}, {where}: {outer} {encap} by {arrival}"
            if arrival in takes:
                with nets.at(arrival):
                    nets.b.inward(f"{name} comes in", device, packet, inner)
            else:
                refused(nets, f"{name} is refused", arrival, device, packet, encap == "direct")


def underlay_received(b):
    nets = Networks(b)
    nodes(b)
    for where, takes in TAKES.items():
        underlay(where)
        received(nets, f"underlay {where}", takes)
    underlay("none")
    l3mdev_accept(1)
    received(nets, "underlay none, udp_l3mdev_accept", ("tun0", "side0", "blue0"))
    underlay("tun0")
    received(nets, "underlay tun0, udp_l3mdev_accept", ("tun0",))
    l3mdev_accept(0)
    nets.end()


def quiet(nets, name):
    """Nothing has left by another network than the one that was looked at."""
    for other, network in nets.all.items():
        packet = network.receive()
        if packet:
            nets.b.result(name, f"a packet left by {other}: {packet[:64].hex()}")


def sent(nets, where, leaves):
    """Every format leaves by one network; `leaves` may be the counter of the drop."""
    b = nets.b
    port = nl_json("device-get", "mn0")[0]["udp_port"]
    for n, (outer, encap) in FORMATS:
        for version in (4, 6):
            down = datagram(cn(version), home(version, n), bytes(range(100)))
            up = datagram(home(version, n, "b"), cn(version), bytes(range(100)))
            for device, inner, packet in (
                    ("ha0", down, tunnel(local(outer), far(outer, n), encap, down, PORT, 5000 + n)),
                    ("mn0", up, tunnel(local(outer), home_agent(outer), encap, up, port, PORT))):
                name = f"{device}, {where}: {version} in {outer} {encap}"
                nets.drain()
                with nets.at(leaves if leaves in nets.all else "tun0"):
                    b.outward(f"{name}, {leaves}", device, inner, packet if leaves in nets.all else leaves)
                quiet(nets, f"{name}, nothing elsewhere")


def underlay_sent(b):
    nets = Networks(b)
    nodes(b)
    for where, leaves in LEAVES.items():
        underlay(where)
        sent(nets, f"underlay {where}", leaves)
    # The link of a binding has to be in the underlay.
    for where, link, leaves in (("none", "tun0", "tun0"), ("none", "blue0", "tx_underlay"), ("none", "blue", "tx_underlay"),
                                ("tun0", "tun0", "tun0"), ("tun0", "side0", "tx_underlay"), ("tun0", "blue0", "tx_underlay"),
                                ("blue", "blue0", "blue0"), ("blue", "blue", "blue0"), ("blue", "tun0", "tx_underlay"),
                                ("blue0", "blue0", "blue0"), ("blue0", "blue", "tx_underlay"), ("red", "blue0", "tx_underlay")):
        underlay(where)
        for outer in (4, 6):
            b.set_nodes("ha0", node_text(1, f"via {far(outer, 1)} link {link}"))
            inner = datagram(CN6, home(6, 1))
            nets.drain()
            with nets.at(leaves if leaves in nets.all else "tun0"):
                b.outward(f"underlay {where}, {outer} by link {link}: {leaves}", "ha0", inner,
                          tunnel(local(outer), far(outer, 1), "direct", inner) if leaves in nets.all else leaves)
            quiet(nets, f"underlay {where}, {outer} by link {link}: nothing elsewhere")
    # So has the address of the home agent.
    run("ip", "address", "add", "192.0.2.99/24", "dev", "tun0")
    run("ip", "address", "add", "2001:db8:1::99/64", "dev", "tun0")
    nl("device-set", "ha0", "--home-agent4", "192.0.2.99", "--home-agent6", "2001:db8:1::99")
    for outer, source in ((4, "192.0.2.99"), (6, "2001:db8:1::99")):
        b.set_nodes("ha0", node_text(1, f"via {far(outer, 1)}"))
        inner = datagram(CN6, home(6, 1))
        for where, expect in (("none", tunnel(source, far(outer, 1), "direct", inner)), ("blue", "tx_no_route"),
                              ("tun0", tunnel(source, far(outer, 1), "direct", inner)), ("blue0", "tx_no_route")):
            underlay(where)
            b.outward(f"home agent address of the default VRF, {outer}, underlay {where}", "ha0", inner, expect)
    nl("device-set", "ha0", "--home-agent4", HA4, "--home-agent6", HA6)
    run("ip", "address", "del", "192.0.2.99/24", "dev", "tun0")
    run("ip", "address", "del", "2001:db8:1::99/64", "dev", "tun0")
    # With the sysctl the link of a binding says which VRF.
    underlay("none")
    for outer, (value, leaves) in itertools.product((4, 6), ((1, "blue0"), (0, "tx_underlay"), (1, "blue0"))):
        if value == 1:
            l3mdev_accept(1)
            b.set_nodes("ha0", node_text(1, f"via {far(outer, 1)} link blue0"))
        l3mdev_accept(value)
        inner = datagram(CN6, home(6, 1))
        with nets.at("blue0"):
            b.outward(f"udp_l3mdev_accept {value}, {outer} by link blue0: {leaves}", "ha0", inner,
                      tunnel(local(outer), far(outer, 1), "direct", inner) if leaves in nets.all else leaves)
    l3mdev_accept(0)
    nets.end()


def outer_of(b, nets, where, inner):
    """The outer packet that ha0 makes of `inner`: an error is believed only if it quotes what was really sent."""
    nets.drain()
    b.inner["ha0"].send(inner)
    return b.wait(nets.all[LEAVES[where]])


def underlay_errors(b):
    """ICMP errors count where the packets do that they are about."""
    nets = Networks(b)
    nodes(b)
    for (n, (outer, encap)), (where, takes) in itertools.product(FORMATS, TAKES.items()):
        underlay(where)
        inner = datagram(sender(4), home(4, n), bytes(range(100)))
        packet = outer_of(b, nets, where, inner)
        error = router_error(outer, *((3, 1) if outer == 4 else (1, 0)), 0, packet)
        for arrival in ("tun0", "blue0"):
            name = f"underlay {where}: error about {outer} {encap} by {arrival}"
            # A socket that does not match hears nothing, and so we do not.
            counter = "icmp_relayed" if arrival in takes else "icmp_underlay" if encap == "direct" else None
            nets.drain()
            before = b.counters()
            nets.all[arrival].send(error)
            wanted = {f"ha0.{counter}": 1} if counter else {}
            problem = None
            if counter == "icmp_relayed":
                problem = b.compare(relayed(inner, 0, len(inner)), b.wait(nets.all["tun0"]))
            changes = b.settle(before, wanted)
            if changes != wanted:
                problem = f"counters {changes}, wanted {wanted}; {problem}"
            b.result(f"{name}: {counter}", problem)
    # What is learned of a path MTU is about the path in that VRF.
    for outer in (4, 6):
        underlay("blue")
        b.set_nodes("ha0", node_text(1, f"via {far(outer, 1)}"))
        inner = datagram(SENDER6, home(6, 1), bytes(1000))
        # Only of packets that say "don't fragment" anything is believed.
        packet = outer_of(b, nets, "blue", datagram(SENDER6, home(6, 1), bytes(1300)))
        kind = (3, 4) if outer == 4 else (2, 0)
        overhead = 20 if outer == 4 else 40
        for arrival, mtu in (("blue0", 1390), ("tun0", None)):
            nets.drain()
            before = b.counters()
            nets.all[arrival].send(router_error(outer, *kind, mtu or 1300, packet))
            counter = "icmp_mtu" if mtu else "icmp_underlay"
            b.check(f"{outer}: path MTU by {arrival} is {counter}", {f"ha0.{counter}": 1},
                    b.settle(before, {f"ha0.{counter}": 1}))
            b.check(f"{outer}: tunnel MTU after an error by {arrival}", 1390 - overhead,
                    nl_json("binding-get", "ha0", home(6, 1))[0].get("mtu"))
        underlay("none")
        with nets.at("tun0"):
            b.outward(f"{outer}: the path in the default VRF is as before", "ha0", inner,
                      tunnel(local(outer), far(outer, 1), "direct", inner))
        b.check(f"{outer}: tunnel MTU in the default VRF", 1500 - overhead,
                nl_json("binding-get", "ha0", home(6, 1))[0].get("mtu"))
    nets.end()


def underlay_signalling(b):
    """A first message and its answer, by cookie."""
    nets = Networks(b)
    b.flush("ha0")
    for (where, arrival), (_, (outer, encap)) in itertools.product((("blue", "blue0"), ("blue0", "blue0"), ("tun0", "tun0")), FORMATS):
        underlay(where, "ha0")
        message = ip6(home(6, 1), HA6, MH, mobility_header(home(6, 1), HA6))
        answer = ip6(HA6, home(6, 1), MH, mobility_header(HA6, home(6, 1), 6))
        port = 0 if encap == "direct" else 6001
        name = f"underlay {where}, {outer} {encap}"
        with nets.at(arrival):
            mark = b.inward(f"{name}: signalling comes in", "ha0",
                            tunnel(far(outer, 1), local(outer), encap, message, port, PORT), message, cookie=True)
            b.check(f"{name}: link of the path", arrival, nl_json("path-get", "ha0", mark)[0].get("link"))
            b.outward(f"{name}: its answer leaves", "ha0", answer,
                      tunnel(local(outer), far(outer, 1), encap, answer, PORT, port), mark=mark, counts={"signalling_out": 1})
    nets.end()


def each_way(nets, name, where):
    """One packet of each format out and in, by network `where` alone."""
    b = nets.b
    for n, (outer, encap) in FORMATS:
        inner = datagram(CN6, home(6, n))
        back = datagram(home(6, n), CN6)
        with nets.at(where):
            b.outward(f"{name}: {outer} {encap} leaves by {where}", "ha0", inner,
                      tunnel(local(outer), far(outer, n), encap, inner, PORT, 5000 + n))
            b.inward(f"{name}: {outer} {encap} comes by {where}", "ha0",
                     tunnel(far(outer, n), local(outer), encap, back, 5000 + n, PORT), back)
    quiet(nets, f"{name}: nothing elsewhere")


def no_way(nets, name, arrival):
    b = nets.b
    for n, (outer, encap) in FORMATS:
        inner = datagram(CN6, home(6, n))
        back = datagram(home(6, n), CN6)
        b.outward(f"{name}: {outer} {encap} does not leave", "ha0", inner, "tx_underlay")
        refused(nets, f"{name}: {outer} {encap} does not come by {arrival}", arrival, "ha0",
                tunnel(far(outer, n), local(outer), encap, back, 5000 + n, PORT), encap == "direct")
    quiet(nets, f"{name}: nothing elsewhere")


def underlay_changes(b):
    """The setting changes while nodes have routes; ports move between VRFs; the underlay goes and comes back."""
    nets = Networks(b)
    nodes(b)
    for where in ("none", "blue", "tun0", "blue0", "none", "blue"):
        underlay(where, "ha0")
        each_way(nets, f"underlay is {where} now", LEAVES[where])
    # The port leaves the VRF and comes back.
    run("ip", "link", "set", "blue0", "nomaster")
    inner = datagram(CN6, home(6, 1))
    b.outward("the VRF has neither port nor address any more", "ha0", inner, "tx_no_route")
    for n, address in ((1, f"{HA4}/32"), (5, f"{HA6}/128")):
        inner = datagram(CN6, home(6, n))
        run("ip", "address", "add", address, "dev", "blue")
        b.outward(f"the VRF has no port any more; the main table has a route for node {n}", "ha0", inner, "tx_underlay")
        run("ip", "address", "del", address, "dev", "blue")
    inner = datagram(CN6, home(6, 1))
    run("ip", "link", "set", "blue0", "master", "blue")
    run("ip", "address", "flush", "dev", "blue0")
    nets.address("blue0")
    each_way(nets, "the port is back in the VRF", "blue0")
    # The interface that is the underlay moves with its device, whichever VRF it is in.
    underlay("blue0", "ha0")
    run("ip", "link", "set", "blue0", "master", "red")
    run("ip", "address", "flush", "dev", "blue0")
    nets.address("blue0")
    each_way(nets, "the interface has moved to VRF red", "blue0")
    run("ip", "link", "set", "blue0", "master", "blue")
    run("ip", "address", "flush", "dev", "blue0")
    nets.address("blue0")
    each_way(nets, "the interface has moved back", "blue0")
    # A route that leads out of the VRF is none.
    underlay("blue", "ha0")
    for outer in (4, 6):
        via = "198.51.100.9" if outer == 4 else "2001:db8:9::9"
        run("ip", "route", "add", via, "dev", "side0", "vrf", "blue")
        b.set_nodes("ha0", node_text(1, f"via {via}"))
        b.outward(f"a route that leads out of the VRF, {outer}", "ha0", inner, "tx_underlay")
    index = int(run("cat", "/sys/class/net/blue/ifindex").stdout)
    run("ip", "link", "del", "blue")
    b.outward("the VRF is gone, a route of it is left", "ha0", inner, "tx_underlay")
    nodes(b)
    no_way(nets, "the VRF is gone", "tun0")
    answer = nl("device-set", "ha0", "--udp-port", 4999, check=False)
    b.check("no new sockets without the underlay", (1, True), (answer.returncode, "UNDERLAY is gone" in answer.stderr))
    answer = nl("device-set", "ha0", "--hop-limit", 64, check=False)
    b.check("other settings can be set", 0, answer.returncode)
    b.check("the setting stays", index, nl_json("device-get", "ha0")[0]["underlay"])
    run("ip", "link", "add", "blue", "index", index, "type", "vrf", "table", TABLE["blue"])
    run("ip", "link", "set", "blue", "up")
    run("ip", "link", "set", "blue0", "master", "blue")
    run("ip", "address", "flush", "dev", "blue0")
    nets.address("blue0")
    each_way(nets, "a VRF with the same index is there", "blue0")
    nl("device-set", "ha0", "--hop-limit", 0)
    for value, text in ((str(NOWHERE), "UNDERLAY does not exist"), ("ha0", "UNDERLAY is the device itself")):
        answer = nl("device-set", "ha0", "--underlay", value, check=False)
        b.check(f"underlay {value} is refused", (1, True), (answer.returncode, text in answer.stderr))
    each_way(nets, "a refused underlay changes nothing", "blue0")
    nets.end()


def forwarded(packet):
    """`packet` as a router passes it on."""
    if packet[0] >> 4 == 6:
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:]
    head = packet[:8] + bytes([packet[8] - 1]) + packet[9:10] + b"\0\0" + packet[12:20]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + packet[20:]


def inside_a_vrf(b):
    """The device is a port of VRF red: inner packets are routed there; outer ones belong to the underlay as before."""
    nets = Networks(b)
    nodes(b)
    red = Network("red0")
    nets.all["red0"] = red
    run("ip", "link", "set", "red0", "addrgenmode", "none")
    run("ip", "link", "set", "red0", "master", "red")
    run("ip", "link", "set", "red0", "up")
    for words in (("address", "add", f"{HA4}/24", "dev", "red0"), ("address", "add", f"{HA6}/64", "dev", "red0")):
        run("ip", *words)
    run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")

    def enslave(*vrf):
        run("ip", "link", "set", "ha0", *vrf)
        run("ip", "link", "set", "ha0", "up")
    enslave("master", "red")
    for words in (("203.0.113.0/24",), ("2001:db8:a::/64",)):
        run("ip", "route", "add", *words, "dev", "ha0", "vrf", "red")
    for words in ((f"{CN4}/32",), (f"{CN6}/128",)):
        run("ip", "route", "add", *words, "dev", "red0", "vrf", "red")
    for where in ("none", "blue", "blue0", "tun0"):
        underlay(where, "ha0")
        network = LEAVES[where]
        for (n, (outer, encap)), version in itertools.product(FORMATS, (4, 6)):
            name = f"in VRF red, underlay {where}: {version} in {outer} {encap}"
            nets.drain()
            out = datagram(cn(version), home(version, n), bytes(range(50)))
            red.send(out)
            wanted = tunnel(local(outer), far(outer, n), encap, forwarded(out), PORT, 5000 + n)
            b.result(f"{name}, from red0", b.compare(wanted, b.wait(nets.all[network])))
            back = datagram(home(version, n), cn(version), bytes(range(50)))
            nets.all[network].send(tunnel(far(outer, n), local(outer), encap, back, 5000 + n, PORT))
            b.result(f"{name}, to red0", b.compare(forwarded(back), b.wait(red)))
            # Its sender is in red as well.
            inner = datagram(sender(version), home(version, n), bytes(range(50)))
            packet = tunnel(local(outer), far(outer, n), encap, inner, PORT, 5000 + n)
            nets.all[network].send(router_error(outer, *((3, 1) if outer == 4 else (1, 0)), 0, packet))
            b.result(f"{name}, an error is told in red", b.compare(relayed(inner, 0, len(inner)), b.wait(red)))
            quiet(nets, f"{name}, nothing elsewhere")
    # Out of the VRF again, under way.
    enslave("nomaster")
    underlay("none", "ha0")
    each_way(nets, "the device has left VRF red", "tun0")
    run("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0")
    run("ip", "link", "del", "red0")
    nets.end()

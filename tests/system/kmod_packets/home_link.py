# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that are for no node, where the device knows the home link."""
from bench import *  # noqa: F403
from packet_bench import Frames, nl, run
from packets import *  # noqa: F403


def home_link_pass(b):
    """Whole home prefixes lead to the device: nodes that are away get tunnels, hosts of the link frames."""
    hosts, mac = {4: home(4, 50), 6: home(6, 50)}, bytes.fromhex("020000000050")
    run("ip", "link", "add", "home1", "type", "dummy")
    run("ip", "link", "set", "home1", "up", "arp", "on")
    for host in hosts.values():
        run("ip", "neigh", "replace", host, "lladdr", mac.hex(":"), "dev", "home1", "nud", "permanent")
    frames = Frames("home1", mac)
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"))
    inner = datagram(CN6, hosts[6])
    b.outward("no home link: for no node", "ha0", inner, "tx_no_node")
    nl("device-set", "ha0", "--home-link", "home1")
    for version, host in hosts.items():
        packet = datagram(cn(version), host)
        before = b.counters()
        b.inner["ha0"].send(packet)
        b.check(f"home link: IPv{version} for no node, as it is, to its neighbour", packet, b.wait(frames))
        b.check("home link: no drop", {}, b.changes(before, b.counters()))
        packet = datagram(cn(version), home(version, 1))
        b.outward(f"home link: IPv{version} for a node that is away", "ha0", packet,
                  tunnel(HA4, far(4, 1), "direct", packet))
    run("ip", "link", "set", "ha0", "mtu", "4000")
    b.inner["ha0"].send(datagram(CN4, hosts[4], b"x" * 3000))
    parts = [b.wait(frames) or b"" for _ in range(3)]
    b.check("home link: above its MTU in fragments", udp(CN4, hosts[4], 1000, 2000, b"x" * 3000), reassembled(parts)[1])
    b.outward("home link: IPv6 above its MTU", "ha0", datagram(CN6, hosts[6], b"x" * 3000), "tx_too_big")
    run("ip", "link", "set", "ha0", "mtu", "1452")
    for destination, counter in (("fe80::50", "tx_link_local"), ("ff02::1", "tx_multicast"), ("ff0e::1", "tx_multicast")):
        b.outward(f"home link: nothing to {destination}", "ha0", datagram(CN6, destination), counter)
    packet = datagram(CN4, hosts[4], b"next")
    b.inner["ha0"].send(packet)
    b.check("home link: none of these on it", packet, b.wait(frames))
    run("ip", "link", "set", "home1", "down")
    b.outward("home link: down", "ha0", inner, "tx_home_link")
    run("ip", "link", "del", "home1")
    b.outward("home link: gone", "ha0", inner, "tx_home_link")
    nl("device-set", "ha0", "--home-link", "none")
    b.outward("home link: none any more", "ha0", inner, "tx_no_node")
    frames.close()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels in tunnels: a node behind a mobile router of the same home agent, and loops."""
from bench import *  # noqa: F403
from packet_bench import Inner, nl, run
from packets import *  # noqa: F403

ROUTES = ((home(6, 1), "dev", "ha0"), (home(6, 2), "dev", "ha0"), (home(4, 1), "dev", "ha0"))


def routes(action):
    for words in ROUTES:
        run("ip", "route", action, *words)


def nested_sent(b):
    routes("add")
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"), node_text(2, f"via {home(6, 1)}"),
              node_text(3, f"via [{home(6, 1)}]:5003 udp-tlv"))
    for version in (4, 6):
        inner = datagram(cn(version), home(version, 2))
        b.outward(f"{version} to a node behind a mobile router", "ha0", inner,
                  tunnel(HA4, far(4, 1), "direct", tunnel(HA6, home(6, 1), "direct", inner)))
        inner = datagram(cn(version), home(version, 3))
        b.outward(f"{version} to a node behind a mobile router, in UDP", "ha0", inner,
                  tunnel(HA4, far(4, 1), "direct", tunnel(HA6, home(6, 1), "udp-tlv", inner, PORT, 5003)))
    # A packet that is a tunnel packet for others already is a packet as any other.
    inner = tunnel(CN6, home(6, 1), "direct", tunnel(CN6, "2001:db8:77::7", "direct", datagram(CN6, home(6, 2))))
    b.outward("tunnels of others inside", "ha0", inner, tunnel(HA4, far(4, 1), "direct", inner))
    routes("del")


def loops(b):
    """A route to the end point that leads into the device: at once, in turns, through a second device."""
    routes("add")
    for text1, text2 in (("", ""), ("udp", "udp-tlv"), ("udp-tlv-draft", "")):
        def via(address, text):
            return f"via [{address}]:5001 {text}" if text else f"via {address}"
        name = f"{text1 or 'direct'} and {text2 or 'direct'}"
        b.set_nodes("ha0", node_text(1, via(home(6, 1), text1)))
        b.outward(f"care-of address is the home address, {text1 or 'direct'}", "ha0", datagram(CN6, home(6, 1)), "tx_loop")
        b.set_nodes("ha0", node_text(1, via(home(6, 2), text1)), node_text(2, via(home(6, 1), text2)))
        for n in (1, 2):
            b.outward(f"two nodes, each behind the other, {name}: to {n}", "ha0", datagram(CN6, home(6, n)), "tx_loop")
        run("tc", "qdisc", "add", "dev", "ha0", "root", "pfifo")
        b.outward(f"two nodes, each behind the other, {name}, with a queue", "ha0", datagram(CN6, home(6, 1)), "tx_loop")
        run("tc", "qdisc", "del", "dev", "ha0", "root")
        run("ip", "link", "set", "ha0", "mtu", "1280")
        b.outward(f"two nodes, each behind the other, {name}, in fragments", "ha0",
                  datagram(CN6, home(6, 1), bytes(1280 - 48)), [], counts={"tx_loop": 3})
        run("ip", "link", "set", "ha0", "mtu", "1448")
    routes("del")

    run("ip", "link", "add", "name", "hb0", "type", "dsmip")
    run("ip", "address", "add", "192.0.2.2/32", "dev", "lo")
    run("ip", "link", "set", "hb0", "up")
    nl("device-set", "hb0", "--role", "home-agent", "--home-agent4", "192.0.2.2", "--udp-port", PORT)
    b.inner["hb0"] = Inner("hb0")
    for encap in ("", ":5001 udp"):
        b.set_nodes("ha0", f"{home(6, 1)} home4 198.51.100.20 / via 198.51.100.10{encap} lifetime 3600s")
        b.set_nodes("hb0", f"{home(6, 2)} home4 198.51.100.10 / via 198.51.100.20{encap} lifetime 3600s")
        run("ip", "route", "add", "198.51.100.10", "dev", "hb0")
        run("ip", "route", "add", "198.51.100.20", "dev", "ha0")
        b.outward(f"through another device and back{encap}", "ha0", datagram(CN6, home(6, 1)), "tx_loop")
        run("ip", "route", "del", "198.51.100.10")
        run("ip", "route", "del", "198.51.100.20")
    del b.inner["hb0"]
    run("ip", "link", "del", "hb0")
    run("ip", "address", "del", "192.0.2.2/32", "dev", "lo")


def nested_received(b):
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp"), node_text(2, f"via {home(6, 1)}"),
              node_text(3, f"via {home(4, 1)}:5003 udp-tlv"))

    def outer(inner):
        return tunnel(far(4, 1), HA4, "udp", inner, 5001, PORT)
    for version in (4, 6):
        for n, middle in ((2, lambda p: tunnel(home(6, 1), HA6, "direct", p)),
                          (3, lambda p: tunnel(home(4, 1), HA4, "udp-tlv", p, 5003, PORT))):
            inner = datagram(home(version, n), cn(version))
            b.drain()
            before = b.counters()
            b.network.send(outer(middle(inner)))
            got = [(b.wait(b.inner["ha0"]) or (None, 0))[0] for _ in range(2)]
            b.result(f"{version} from node {n} behind a mobile router",
                     b.compare(middle(inner), got[0]) or b.compare(inner, got[1]))
            b.check(f"{version} from node {n} behind a mobile router: no drop", {}, b.settle(before, {}))
            twice = tunnel(home(6, 1), HA6, "direct", middle(inner))
            b.inward(f"{version} from node {n}, one tunnel too many", "ha0", outer(twice), "rx_nested")
            for piece in fragments6(twice, 640)[:1]:
                b.inward(f"{version} from node {n}, one too many, by a fragment header", "ha0", outer(piece), "rx_nested")
    inner = tunnel(home(6, 1), CN6, "direct", tunnel(home(6, 1), "2001:db8:77::7", "direct", datagram(CN6, home(6, 2))))
    b.inward("tunnels to others inside", "ha0", outer(inner), inner)
    b.set_nodes("mn0", node_text(1, f"via {HA4}", base="b"))
    inner = tunnel(FAR6, home(6, 1, "b"), "direct", datagram(CN6, "2001:db8:77::7"))
    b.inward("mobile node: a tunnel in a tunnel", "mn0", tunnel(FAR4, HA4, "direct", inner), inner)
    b.inward("mobile node: one too many", "mn0",
             tunnel(FAR4, HA4, "direct", tunnel(FAR6, home(6, 1, "b"), "direct", inner)), "rx_nested")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Which packets belong to a binding, and which binding a packet belongs to."""
import itertools
import socket

from bench import *  # noqa: F403
from packet_bench import nl, nl_json
from packets import *  # noqa: F403


def ingress_filter(b):
    """What a home agent takes from an end point, by the format of its binding."""
    b_direct, b_port, b_udp, b_nat, b_forced = 1, 2, 3, 5, 6
    b.set_nodes("ha0", node_text(b_direct, f"via {far(4, 1)}"), node_text(b_port, f"via {far(4, 2)} port 5002"),
              node_text(b_udp, f"via {far(4, 3)}:5003 udp-tlv"),
              node_text(4, f"bid 1 via {far(4, 4)}:5004 udp", f"bid 2 via {far(4, 4)}:6004 udp",
                        f"bid 3 via {far(6, 4)}"),
              node_text(b_nat, f"via {far(4, 5)}:5005 udp-tlv flags nat"),
              node_text(b_forced, f"via {far(4, 6)}:5006 udp flags forced-udp"))
    accept = None
    table = [
        (b_direct, "direct", 0, accept), (b_direct, "udp", 5001, "rx_format"), (b_direct, "udp-tlv", 5001, "rx_format"),
        (b_port, "direct", 0, accept), (b_port, "udp", 5002, accept), (b_port, "udp-tlv", 5002, accept),
        (b_port, "udp", 5009, "rx_end_point"),
        (b_udp, "direct", 0, accept), (b_udp, "udp", 5003, accept), (b_udp, "udp-tlv", 5003, accept),
        (b_nat, "direct", 0, "rx_format"), (b_nat, "udp", 5005, accept), (b_nat, "udp-tlv", 5005, accept),
        (b_forced, "direct", 0, "rx_format"), (b_forced, "udp", 5006, accept),
        (b_udp, "udp-tlv-draft", 5003, accept), (b_udp, "udp", 5009, "rx_end_point"),
        (4, "udp", 5004, accept), (4, "udp", 6004, accept), (4, "udp", 7004, "rx_end_point"),
    ]
    for (n, encap, port, expect), version in itertools.product(table, (4, 6)):
        inner = datagram(home(version, n), cn(version))
        other = expect is accept and (n, encap) == (b_udp, "direct")
        b.inward(f"ingress filter: binding {n}, {version} in {encap}, port {port}", "ha0",
                 tunnel(far(4, n), HA4, encap, inner, port, PORT), expect or inner,
                 counts={"rx_other_format": 1} if other else None)
    inner = datagram(home(6, 4), CN6)
    b.inward("ingress filter: third of three care-of addresses", "ha0", tunnel(far(6, 4), HA6, "direct", inner), inner)
    for encap, n in (("direct", b_direct), ("udp", b_udp)):
        for version in (4, 6):
            inner = datagram(home(version, n), cn(version))
            b.inward(f"ingress filter: inner source of node {n} from the address of another, {version} in {encap}", "ha0",
                     tunnel(far(4, 4), HA4, encap, inner, 5003, PORT), "rx_end_point")
            b.inward(f"ingress filter: other outer family, {version} in {encap}", "ha0",
                     tunnel(far(6, n), HA6, encap, inner, 5003, PORT), "rx_end_point")
    for encap in ENCAPS[1:]:
        for version in (4, 6):
            b.inward(f"unknown home address, {version} in {encap}", "ha0",
                     tunnel(far(4, 1), HA4, encap, datagram(home(version, 99), cn(version)), 5001, PORT), "rx_no_node")
    b.set_nodes("mn0", node_text(1, f"via {HA4}", base="b"))
    mn_port = nl_json("device-get", "mn0")[0]["udp_port"]
    inner = datagram(CN6, home(6, 1, "b"))
    for encap in ENCAPS:
        b.inward(f"mobile node: {encap} though the binding is direct", "mn0",
                 tunnel(FAR4, HA4, encap, inner, PORT, mn_port), inner)
        b.inward(f"mobile node: {encap} at another address than the care-of address", "mn0",
                 tunnel(FAR6, HA6, encap, inner, PORT, mn_port), inner)
    b.inward("mobile node: not from the home agent", "mn0",
             tunnel(far(4, 1), HA4, "udp", inner, PORT, mn_port), "rx_end_point")
    b.inward("mobile node: not from the home agent's port", "mn0",
             tunnel(FAR4, HA4, "udp", inner, 4192, mn_port), "rx_end_point")
    b.inward("mobile node: not its home address", "mn0",
             tunnel(FAR4, HA4, "udp", datagram(CN6, home(6, 9, "b")), PORT, mn_port), "rx_no_node")


def choice(b):
    """Which binding a packet leaves by."""
    def outer(n, inner):
        return tunnel(HA4, far(4, n), "direct", inner)
    inner = datagram(CN6, home(6, 1))
    b.set_nodes("ha0", node_text(1, f"bid 1 via {far(4, 1)} prio 20", f"bid 2 via {far(4, 2)} prio 10",
                               f"bid 3 via {far(4, 3)} prio 30"))
    b.outward("lowest priority value", "ha0", inner, outer(2, inner))
    b.outward("mark without a mask means nothing", "ha0", inner, outer(2, inner), mark=1)
    nl("device-set", "ha0", "--bid-mark-mask", "0xff00")
    for bid in (1, 2, 3):
        b.outward(f"BID {bid} by mark", "ha0", inner, outer(bid, inner), mark=bid << 8 | 0x10077)
    b.outward("mark of a BID that is not there", "ha0", inner, outer(2, inner), mark=9 << 8)
    b.outward("bits outside the mask", "ha0", inner, outer(2, inner), mark=3)
    b.outward("bits of a cookie choose no BID", "ha0", inner, outer(2, inner), mark=COOKIE | 3 << 8)
    nl("binding-del", "ha0", "--node", f"{home(6, 1)} / bid 2")
    b.outward("next priority once the best has gone", "ha0", inner, outer(1, inner))
    nl("binding-new", "ha0", "--node", f"{home(6, 1)} / bid 3 prio 5")
    b.outward("changed priority", "ha0", inner, outer(3, inner))
    nl("device-set", "ha0", "--bid-mark-mask", "0")

    b.set_nodes("ha0", node_text(1, *(f"bid {i} via {far(4, i)} prio 10" for i in (1, 2, 3))))

    def flow(sport):
        packet = datagram(CN6, home(6, 1), sport=sport)
        b.drain()
        b.inner["ha0"].send(packet)
        return b.wait(b.network)[16:20]
    flows = {sport: flow(sport) for sport in range(1000, 1060)}
    b.check("flows share bindings of equal priority", 3, len(set(flows.values())))
    b.check("a flow stays on its binding", flows, {sport: flow(sport) for sport in flows})
    nl("binding-del", "ha0", "--node", f"{home(6, 1)} / bid 3")
    gone = socket.inet_aton(far(4, 3))
    after = {sport: flow(sport) for sport in flows}
    b.check("flows of a vanished binding move, no other", {s: v for s, v in flows.items() if v != gone},
            {s: after[s] for s, v in flows.items() if v != gone})
    b.check("flows of a vanished binding go to those left", set(), set(after.values()) & {gone})

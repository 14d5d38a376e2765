# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile networks: packets of addresses in a prefix go with the node that the prefix is behind."""
import itertools

from bench import *  # noqa: F403
from packet_bench import nl
from packets import *  # noqa: F403

NET4, NET6 = "10.77.0.0/16", "2001:db8:77::/48"


def inside(version, third, last=9):
    return f"2001:db8:77:{third:x}::{last:x}" if version == 6 else f"10.77.{third}.{last}"


def prefixes(b):
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"), node_text(2, f"via {far(6, 2)}"))
    for version in (4, 6):
        inner = datagram(cn(version), inside(version, 1))
        b.outward(f"no prefix yet, {version}", "ha0", inner, "tx_no_node")
        b.inward(f"no prefix yet, {version}", "ha0",
                 tunnel(far(4, 1), HA4, "udp", datagram(inside(version, 1), cn(version)), 5001, PORT), "rx_no_node")
    nl("prefix-new", "ha0", "--node", f"{home(6, 1)} {NET4} {NET6} 10.77.9.0/24 2001:db8:77:9::/64")
    for version, third in itertools.product((4, 6), (1, 9)):
        inner = datagram(cn(version), inside(version, third))
        b.outward(f"to the mobile network {third}, {version}", "ha0", inner, tunnel(HA4, far(4, 1), "direct", inner))
        inner = datagram(inside(version, third), cn(version))
        b.inward(f"from the mobile network {third}, {version}", "ha0", tunnel(far(4, 1), HA4, "direct", inner), inner)
        b.inward(f"from the mobile network {third} at the end point of another node, {version}", "ha0",
                 tunnel(far(6, 2), HA6, "direct", inner), "rx_end_point")
    outside4, outside6 = "10.78.0.1", "2001:db8:78::1"
    for version, address in ((4, outside4), (6, outside6)):
        b.outward(f"beside the prefix, {version}", "ha0", datagram(cn(version), address), "tx_no_node")
        b.inward(f"source beside the prefix, {version}", "ha0",
                 tunnel(far(4, 1), HA4, "udp", datagram(address, cn(version)), 5001, PORT), "rx_no_node")
    # An IPv6 packet does not get into the IPv4 network by its mapped address.
    b.outward("mapped address", "ha0", datagram(CN6, "::ffff:10.77.1.9"), "tx_no_node")

    # Home addresses go first, whatever prefix they are in.
    nl("binding-new", "ha0", "--create", "--node",
       f"2001:db8:77:1::9 home4 10.77.1.9 / via {far(4, 3)} lifetime 3600s")
    for version in (4, 6):
        inner = datagram(cn(version), inside(version, 1))
        b.outward(f"home address in a prefix of another node, {version}", "ha0", inner,
                  tunnel(HA4, far(4, 3), "direct", inner))
        inner = datagram(inside(version, 1), cn(version))
        b.inward(f"source in the prefix is the home address of another node, {version}", "ha0",
                 tunnel(far(4, 1), HA4, "direct", inner), "rx_end_point")
    nl("binding-del", "ha0", "--node", "2001:db8:77:1::9")
    inner = datagram(CN6, inside(6, 1))
    b.outward("the prefix again", "ha0", inner, tunnel(HA4, far(4, 1), "direct", inner))

    # The longest that is left: prefixes move one after the other.
    nl("prefix-del", "ha0", "--node", f"{home(6, 1)} 2001:db8:77:9::/64 {NET4}")
    inner = datagram(CN6, inside(6, 9))
    b.outward("the shorter once the longer has gone", "ha0", inner, tunnel(HA4, far(4, 1), "direct", inner))
    inner = datagram(CN4, inside(4, 9))
    b.outward("the longer once the shorter has gone", "ha0", inner, tunnel(HA4, far(4, 1), "direct", inner))
    b.outward("what only the shorter had", "ha0", datagram(CN4, inside(4, 1)), "tx_no_node")
    nl("prefix-new", "ha0", "--replace", "--node", f"{home(6, 1)}", )
    nl("prefix-new", "ha0", "--node", f"{home(6, 2)} {NET6}")
    inner = datagram(CN6, inside(6, 9))
    b.outward("now behind another node", "ha0", inner, tunnel(HA6, far(6, 2), "direct", inner))
    nl("binding-del", "ha0", "--node", home(6, 2))
    b.outward("prefixes go with their node", "ha0", inner, "tx_no_node")

    # A mobile router looks at the other address: what its network sends, and what comes for it.
    b.set_nodes("mn0", node_text(1, f"via {HA4}", base="b"))
    nl("prefix-new", "mn0", "--node", f"{home(6, 1, 'b')} {NET4} {NET6}")
    for version in (4, 6):
        inner = datagram(inside(version, 5), cn(version))
        b.outward(f"mobile router: from its network, {version}", "mn0", inner, tunnel(HA4, FAR4, "direct", inner))
        b.outward(f"mobile router: to its network, {version}", "mn0", datagram(cn(version), inside(version, 5)),
                  "tx_no_node")
        inner = datagram(cn(version), inside(version, 5))
        b.inward(f"mobile router: for its network, {version}", "mn0", tunnel(FAR4, HA4, "direct", inner), inner)

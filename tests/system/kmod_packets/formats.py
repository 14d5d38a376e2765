# SPDX-License-Identifier: GPL-2.0-or-later
"""What every format looks like on the wire."""
import itertools

from bench import *  # noqa: F403
from packet_bench import nl_json
from packets import *  # noqa: F403


def formats(b):
    """Twelve formats and the draft's TLV header, both directions, both roles."""
    kinds = list(enumerate(itertools.product((4, 6), ENCAPS), 1))
    b.set_nodes("ha0", *(node_text(n, "via " + (far(outer, n) if encap == "direct" else
                                              end_point(far(outer, n), 5000 + n)) + " " + encap)
                       for n, (outer, encap) in kinds))
    b.set_nodes("mn0", *(node_text(n, f"via {local(outer)} {encap}", base="b") for n, (outer, encap) in kinds))
    mn_port = nl_json("device-get", "mn0")[0]["udp_port"]
    for (n, (outer, encap)), inner, size in itertools.product(kinds, (4, 6), (0, 4, 217, 1200)):
        name = f"{inner} in {outer} {encap} {size}"
        data = bytes(range(256)) * 5
        data = data[:size]
        down = datagram(cn(inner), home(inner, n), data)
        up = datagram(home(inner, n), cn(inner), data)
        remote = (far(outer, n), 5000 + n)
        b.outward(f"home agent, out: {name}", "ha0", down,
                  tunnel(local(outer), remote[0], encap, down, PORT, remote[1]))
        b.inward(f"home agent, in: {name}", "ha0",
                 tunnel(remote[0], local(outer), encap, up, remote[1], PORT), up)
        down = datagram(cn(inner), home(inner, n, "b"), data)
        up = datagram(home(inner, n, "b"), cn(inner), data)
        b.outward(f"mobile node, out: {name}", "mn0", up,
                  tunnel(local(outer), home_agent(outer), encap, up, mn_port, PORT))
        b.inward(f"mobile node, in: {name}", "mn0",
                 tunnel(home_agent(outer), local(outer), encap, down, PORT, mn_port), down)


def statistics(b):
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp"))
    up, down = datagram(home(6, 1), CN6, b"12345"), datagram(CN6, home(6, 1), b"123")
    b.inward("counted at the binding, in", "ha0", tunnel(far(4, 1), HA4, "udp", up, 5001, PORT), up)
    b.outward("counted at the binding, out", "ha0", down, tunnel(HA4, far(4, 1), "udp", down, PORT, 5001))
    binding = nl_json("binding-get", "ha0", home(6, 1))[0]
    b.check("inner packets and octets of the binding", (1, len(up), 1, len(down)),
            tuple(binding[k] for k in ("rx_packets", "rx_bytes", "tx_packets", "tx_bytes")))


def traffic_class(b):
    """DSCP is copied; ECN as RFC 6040. What else may be set, and the way in: policy.py."""
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp"), node_text(2, f"via {far(6, 2)}"))
    for (n, outer, encap), version, dscp, ecn in itertools.product(
            ((1, 4, "udp"), (2, 6, "direct")), (4, 6), (0, 0xB8), range(4)):
        inner = datagram(cn(version), home(version, n), tos=dscp | ecn, ttl=17)
        b.outward(f"DSCP {dscp:#x} ECN {ecn}: {version} in {outer}", "ha0", inner,
                  tunnel(local(outer), far(outer, n), encap, inner, PORT, 5001, tos=dscp | (2 if ecn == 3 else ecn)))

# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of kmod_packets_test.sh; runs in a network namespace of its own. The environment variable
DSMIP_PACKETS names the parts to run, separated by commas; without it all of them."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import belief  # noqa: E402
import bench  # noqa: E402
import binding  # noqa: E402
import challenge  # noqa: E402
import choice  # noqa: E402
import cookie  # noqa: E402
import formats  # noqa: E402
import home_link  # noqa: E402
import icmp  # noqa: E402
import ipsec  # noqa: E402
import label  # noqa: E402
import limit  # noqa: E402
import nest  # noqa: E402
import offload  # noqa: E402
import passage  # noqa: E402
import payload  # noqa: E402
import policy  # noqa: E402
import prefix  # noqa: E402
import receive  # noqa: E402
import routing  # noqa: E402
import standby  # noqa: E402
import transmit  # noqa: E402
import underlay  # noqa: E402
import waiting  # noqa: E402

PARTS = (formats.formats, formats.statistics, formats.traffic_class, label.flow_labels, offload.segmentation, offload.merging, waiting.order, waiting.too_many,
         binding.ingress_filter, binding.choice, choice.selectors, choice.rules, choice.fragments, choice.weights,
         choice.no_binding, choice.bad_rules, choice.home_link, home_link.home_link_pass, prefix.prefixes, underlay.underlay_signalling, passage.passage, cookie.cookies, cookie.cookies_of_mobile_node,
         limit.limits, challenge.challenge,
         receive.bad_udp, receive.bad_direct,
         receive.outer_fragments, receive.receive_states, standby.standby, transmit.transmit_drops,
         transmit.path_mtu,
         icmp.icmp_relayed, icmp.icmp_unsent, icmp.home_neighbour, icmp.icmp_ignored, icmp.icmp_too_big, icmp.path_mtu_events, icmp.path_mtu_of_mark, belief.belief,
         policy.ecn, policy.policies, ipsec.ipsec, nest.nested_sent, nest.loops, nest.nested_received, payload.payloads,
         underlay.underlay_received, underlay.underlay_sent, underlay.underlay_errors,
         underlay.underlay_changes, underlay.inside_a_vrf, routing.new_rules, routing.rules_under_traffic)

# What rises elsewhere by exactly one, and what makes it.
ELSEWHERE = {
    "tx_no_memory": "kmod_fault_test: no memory for the outer headers",
    "tx_segment": "kmod_fault_test: no memory for the last segment, which needs a TLV header of its own",
    "rx_no_memory": "kmod_fault_test: no memory for the path cookie of signalling",
}


def every_counter_rose(host):
    """A counter without a case is a claim without proof, and so is a case elsewhere that has come here."""
    there = set(host.counters()["ha0"])
    host.check("counters that no case makes rise", [], sorted(there - host.proved - set(ELSEWHERE)))
    host.check("counters that rise elsewhere, and here or no more", [],
               sorted(set(ELSEWHERE) & host.proved | set(ELSEWHERE) - there))


def main():
    host = bench.set_up()
    only, begin = os.environ.get("DSMIP_PACKETS"), time.monotonic()
    unknown = set(only.split(",") if only else ()) - {part.__name__ for part in PARTS}
    if unknown:
        sys.exit(f"no such parts: {', '.join(unknown)}; there are {', '.join(part.__name__ for part in PARTS)}")
    for part in PARTS:
        if not only or part.__name__ in only.split(","):
            print(f"== {part.__name__}, after {time.monotonic() - begin:.1f} s", flush=True)
            part(host)
    if not only:
        every_counter_rose(host)
    host.finish()


main()

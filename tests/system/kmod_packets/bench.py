# SPDX-License-Identifier: GPL-2.0-or-later
"""The host under test: its devices, nodes and addresses."""
from packet_bench import Bench, Network, nl, run

HA4, HA6 = "192.0.2.1", "2001:db8:1::1"             # this host: home agent ha0
FAR4, FAR6 = "192.0.2.254", "2001:db8:1::254"       # home agent of mobile node mn0, also this host
CN4, CN6 = "198.51.100.1", "2001:db8:c::1"          # correspondent, in inner packets
PORT = 4191
ENCAPS = ("direct", "udp", "udp-tlv", "udp-tlv-draft")
COOKIE = 0x80000000
# The table sends more signalling than any node would.
NO_LIMITS = ("--source-rate", 0, "--network-rate", 0, "--stranger-rate", 0)


def home(version, n, base="a"):
    return f"2001:db8:{base}::{n:x}" if version == 6 else f"203.0.113.{n + (100 if base == 'b' else 0)}"


def far(version, n):
    return f"2001:db8:1::{100 + n:x}" if version == 6 else f"192.0.2.{100 + n}"


def end_point(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def cn(version):
    return CN6 if version == 6 else CN4


def local(version):
    return HA6 if version == 6 else HA4


def home_agent(version):
    return FAR6 if version == 6 else FAR4


def node_text(n, *bindings, base="a", home4=True):
    return f"{home(6, n, base)}" + (f" home4 {home(4, n, base)}" if home4 else "") + "".join(
        f" / {b} lifetime 3600s" for b in bindings)


def set_up():
    network = Network("tun0")
    run("ip", "link", "set", "tun0", "addrgenmode", "none")
    for address in (f"{HA4}/24", f"{HA6}/64"):
        run("ip", "address", "add", address, "dev", "tun0")
    run("ip", "link", "set", "tun0", "up")
    for device in ("ha0", "mn0", "raw0"):
        run("ip", "link", "add", "name", device, "type", "dsmip")
        run("ip", "link", "set", device, "up")
    nl("device-set", "ha0", "--role", "home-agent", "--home-agent4", HA4, "--home-agent6", HA6,
       "--udp-port", PORT, "--cookie-lifetime", "600s", *NO_LIMITS)
    nl("device-set", "mn0", "--role", "mobile-node", "--home-agent4", FAR4, "--home-agent6", FAR6,
       "--home-agent-port", PORT, "--cookie-lifetime", "600s")
    return Bench(network, ("ha0", "mn0", "raw0"))

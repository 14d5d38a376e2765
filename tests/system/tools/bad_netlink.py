#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests to the module's generic netlink family that no sane program sends.

    bad_netlink.py requests DEV            a table of bad requests, one after the other
    bad_netlink.py random DEV COUNT SEED   requests with random attributes
    bad_netlink.py interrupted-dump DEV -- COMMAND...
                                           dumps bindings, COMMAND between two parts

Exits non-zero when the module answers otherwise than it should.
"""
import errno
import os
import random
import re
import socket
import struct
import subprocess
import sys

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 0x100, 0x200, 0x400
NLM_F_DUMP_INTR = 0x10
NLMSG_ERROR, NLMSG_DONE, NETLINK_GENERIC, GENL_ID_CTRL = 2, 3, 16, 16
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 270, 10, 11, 12
NESTED = 0x8000


def enumerators(header):
    """Names and values of the enums of the contract."""
    values = {}
    for body in re.findall(r"enum \w+ \{(.*?)\};", header, re.S):
        count = 0
        for name in re.findall(r"\b(_*DSMIP_\w+)\s*,", re.sub(r"/\*.*?\*/", "", body, flags=re.S)):
            values[name] = count
            count += 1
    return values


TREE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..")
with open(os.path.join(TREE, "uapi", "linux", "dsmip.h"), encoding="utf-8") as contract:
    ENUM = enumerators(contract.read())


def attr(kind, payload, nested=False):
    """One attribute; a name, or a number for kinds that do not exist."""
    kind = ENUM["DSMIP_" + kind] if isinstance(kind, str) else kind
    data = struct.pack("HH", 4 + len(payload), kind | (NESTED if nested else 0)) + payload
    return data + bytes(-len(data) % 4)


def nest(kind, *inner):
    return attr(kind, b"".join(inner), nested=True)


def u8(value):
    return struct.pack("B", value)


def u16(value):
    return struct.pack("H", value)


def be16(value):
    return struct.pack(">H", value)


def u32(value):
    return struct.pack("I", value)


def ip4(text):
    return socket.inet_pton(socket.AF_INET, text)


def ip6(text):
    return socket.inet_pton(socket.AF_INET6, text)


class Family:
    """A socket to the family."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.bind((0, 0))
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            self.socket.setsockopt(SOL_NETLINK, option, 1)
        self.number = 0
        self.family = GENL_ID_CTRL
        reply = self.ask(3, attr(2, b"dsmip\0"))
        kinds = dict(self.attributes(reply[20:]))
        self.family = struct.unpack("H", kinds[1][:2])[0]

    @staticmethod
    def attributes(data):
        while len(data) >= 4:
            length, kind = struct.unpack("HH", data[:4])
            yield kind & 0x3FFF, data[4:length]
            data = data[(length + 3) & ~3:]

    def send(self, command, payload, flags=0):
        self.number += 1
        body = struct.pack("BBH", command, 1, 0) + payload
        head = struct.pack("IHHII", 16 + len(body), self.family,
                           NLM_F_REQUEST | flags, self.number, 0)
        self.socket.send(head + body)

    def receive(self):
        """(type, flags, whole message) of all messages of one datagram."""
        data = self.socket.recv(65536)
        while data:
            length, kind, flags = struct.unpack("IHH", data[:8])
            yield kind, flags, data[:length]
            data = data[(length + 3) & ~3:]

    def ask(self, command, payload, flags=0):
        """The reply; or OSError with the kernel's text."""
        self.send(command, payload, flags | NLM_F_ACK)
        reply = b""
        while True:
            for kind, nlflags, message in self.receive():
                if kind not in (NLMSG_ERROR, NLMSG_DONE):
                    reply = message
                    continue
                code = struct.unpack("i", message[16:20])[0]
                if code == 0:
                    return reply
                # The explanation comes after the code, or after the request's header.
                texts = dict(self.attributes(message[20 if kind == NLMSG_DONE else 36:]))
                raise OSError(-code, texts.get(1, b"\0")[:-1].decode())


def requests(device):
    """(what, command, flags, attributes, errno, text): each has to be refused with both."""
    index = attr("A_IFINDEX", u32(device))
    home = attr("NODE_A_HOME_ADDRESS", ip6("2001:db8::100"))
    care_of = attr("BINDING_A_CARE_OF4", ip4("198.51.100.1"))
    life = attr("BINDING_A_LIFETIME", u32(60000))

    def binding(*inner):
        return nest("A_NODE", home, nest("NODE_A_BINDING", care_of, life, *inner))

    new, put = "BINDING_NEW", NLM_F_CREATE
    bad, size = errno.EINVAL, errno.ERANGE
    yield "no device", "DEVICE_GET", 0, b"", bad, "IFINDEX is missing"
    yield "device 0", "DEVICE_GET", 0, attr("A_IFINDEX", u32(0)), size, "range"
    yield "device of one octet", "DEVICE_GET", 0, attr("A_IFINDEX", b"\1"), bad, "length"
    yield "device of eight octets", "DEVICE_GET", 0, attr("A_IFINDEX", bytes(8)), bad, "length"
    yield "no such device", "DEVICE_GET", 0, attr("A_IFINDEX", u32(0x7FFFFFFF)), errno.ENODEV, "no such"
    yield "loopback", "COUNTER_GET", 0, attr("A_IFINDEX", u32(1)), errno.EOPNOTSUPP, "not of kind"
    yield "command 0", 0, 0, index, errno.EOPNOTSUPP, ""
    yield "an event as request", "BINDING_EXPIRED", 0, index, errno.EOPNOTSUPP, ""
    yield "unknown attribute", "DEVICE_GET", 0, index + attr(4000, u32(1)), bad, "nknown attribute"
    yield "attribute of other commands", "DEVICE_GET", 0, index + nest("A_NODE"), bad, "attribute"
    yield "rest of an attribute", "DEVICE_GET", 0, index + b"\x04\0", bad, "leftover"
    yield "dump of devices with device", "DEVICE_GET", NLM_F_DUMP, index, bad, "takes no IFINDEX"
    yield "dump of bindings with address", "BINDING_GET", NLM_F_DUMP, \
        index + attr("A_ADDRESS4", ip4("192.0.2.1")), bad, "takes no ADDRESS"
    yield "dump of what is not dumped", "COUNTER_GET", NLM_F_DUMP, index, errno.EOPNOTSUPP, ""

    def setting(*inner):
        return "DEVICE_SET", 0, index + nest("A_DEVICE", *inner)
    yield "no settings", "DEVICE_SET", 0, index, bad, "DEVICE is missing"
    yield "not nested", "DEVICE_SET", 0, index + attr("A_DEVICE", b""), bad, "NLA_F_NESTED"
    for value in (0, 3, 255):
        yield (f"role {value}", *setting(attr("DEVICE_A_ROLE", u8(value))), size, "range")
    for name in ("NODES", "BINDINGS", "PATHS"):
        yield (f"set {name}", *setting(attr("DEVICE_A_" + name, u32(1))), bad, "attribute")
    for name, width in (("ROLE", 1), ("HOME_AGENT4", 4), ("HOME_AGENT6", 16), ("UDP_PORT", 2),
                        ("HOME_AGENT_PORT", 2), ("FWMARK", 4), ("BID_MARK_MASK", 4),
                        ("COOKIE_LIFETIME", 4), ("HOME_LINK", 4),
                        ("SOURCE_RATE", 4), ("SOURCE_BURST", 4), ("NETWORK_RATE", 4), ("NETWORK_BURST", 4),
                        ("STRANGER_RATE", 4), ("STRANGER_BURST", 4), ("TUNNEL_MTU", 4), ("UNDERLAY", 4)):
        for wrong in (0, width - 1, width + 1, width * 2):
            yield (f"{name} of {wrong} octets",
                   *setting(attr("DEVICE_A_" + name, bytes(wrong))), None, "length|range")
    for name in ("HOME_LINK", "UNDERLAY"):
        yield (f"{name} that does not exist", *setting(attr("DEVICE_A_" + name, u32(0x7FFFFFFF))), errno.ENODEV, "does not exist")
        yield (f"{name} is the device", *setting(attr("DEVICE_A_" + name, index[4:8])), bad, "the device itself")
    yield ("home agent's port 0", *setting(attr("DEVICE_A_HOME_AGENT_PORT", be16(0))), size, "range")

    yield "no node", new, put, index, bad, "NODE is missing"
    yield "empty node", new, put, index + nest("A_NODE"), bad, "HOME_ADDRESS is missing"
    yield "node without binding", new, put, index + nest("A_NODE", home), bad, "at least one BINDING"
    for name, width in (("BID", 2), ("CARE_OF4", 4), ("CARE_OF6", 16), ("PORT", 2), ("CLAIMED4", 4),
                        ("ENCAP", 1), ("PRIORITY", 1), ("LIFETIME", 4), ("LINK", 4), ("FLAGS", 4),
                        ("SEQUENCE", 2)):
        for wrong in (0, width - 1, width + 1, width * 2):
            yield (f"{name} of {wrong} octets", new, put,
                   index + binding(attr("BINDING_A_" + name, bytes(wrong))), None, "length|range")
    for name in ("RX_PACKETS", "RX_BYTES", "TX_PACKETS", "TX_BYTES"):
        yield f"set {name}", new, put, index + binding(attr("BINDING_A_" + name, bytes(8))), \
            bad, "attribute"
    yield "lifetime 0", new, put, index + binding(attr("BINDING_A_LIFETIME", u32(0))), size, "range"
    yield "longest lifetime and one", new, put, \
        index + binding(attr("BINDING_A_LIFETIME", u32(262140001))), size, "range"
    yield "unknown flag", new, put, index + binding(attr("BINDING_A_FLAGS", u32(32))), bad, "reserved bit"
    yield "unknown format", new, put, index + binding(attr("BINDING_A_ENCAP", u8(4))), size, "range"
    yield "port 0", new, put, index + binding(attr("BINDING_A_PORT", be16(0))), size, "range"
    yield "two end points", new, put, \
        index + binding(attr("BINDING_A_CARE_OF6", ip6("2001:db8::1"))), bad, "exclude each other"
    many4 = [attr("NODE_A_HOME_ADDRESS4", ip4(f"192.0.3.{n}")) for n in range(1, 18)]
    yield "17 IPv4 home addresses", new, put, index + nest(
        "A_NODE", home, nest("NODE_A_HOME_ADDRESSES4", *many4),
        nest("NODE_A_BINDING", care_of, life)), bad, "more than 16"
    many = [nest("NODE_A_BINDING", attr("BINDING_A_BID", u16(n)), care_of, life) for n in range(1, 34)]
    yield "33 bindings", new, put, index + nest("A_NODE", home, *many), bad, "more than 32"
    yield "end point in a deletion", "BINDING_DEL", 0, index + binding(), bad, "attribute"
    yield "deletion of nothing", "BINDING_DEL", 0, index, bad, "NODE is missing"
    yield "deletion of a node and of all", "BINDING_DEL", NLM_F_REPLACE, \
        index + nest("A_NODE", home), bad, "exclude each other"
    yield "no address", "BINDING_GET", 0, index, bad, "exactly one of"
    yield "two addresses", "BINDING_GET", 0, index + attr("A_ADDRESS4", ip4("192.0.2.1")) + \
        attr("A_ADDRESS6", ip6("2001:db8::1")), bad, "exactly one of"
    yield "no node", "BINDING_GET", 0, index + attr("A_ADDRESS6", ip6("::ffff:192.0.2.1")), \
        errno.ENOENT, "no node"

    def path(*inner):
        return "PATH_NEW", 0, index + nest("A_PATH", *inner)
    remote = attr("PATH_A_REMOTE4", ip4("198.51.100.1"))
    yield "no path", "PATH_NEW", 0, index, bad, "PATH is missing"
    yield ("no remote", *path(), bad, "exactly one of")
    yield ("two remotes", *path(remote, attr("PATH_A_REMOTE6", ip6("2001:db8::1"))), bad, "exactly one of")
    yield ("remote multicast", *path(attr("PATH_A_REMOTE4", ip4("224.0.0.1"))), bad, "not a global")
    yield ("local of the other family",
           *path(remote, attr("PATH_A_LOCAL6", ip6("2001:db8::1"))), bad, "family of REMOTE")
    yield ("port without UDP", *path(remote, attr("PATH_A_REMOTE_PORT", be16(1))), bad, "needs an ENCAP")
    yield ("UDP without port", *path(remote, attr("PATH_A_ENCAP", u8(1))), bad, "needs a REMOTE_PORT")
    yield ("own cookie", *path(remote, attr("PATH_A_COOKIE", u32(0x80000001))), bad, "attribute")
    yield ("link that is not there", *path(remote, attr("PATH_A_LINK", u32(0x7FFFFFFF))),
           errno.ENODEV, "LINK does not exist")
    yield ("link to itself", *path(remote, attr("PATH_A_LINK", u32(device))), bad, "the device itself")
    yield ("too short a life", *path(remote, attr("PATH_A_LIFETIME", u32(99))), size, "range")
    yield "no cookie", "PATH_GET", 0, index + nest("A_PATH"), bad, "COOKIE is missing"
    for cookie in (0, 1, 0x80000000, 0xFFFFFFFF):
        yield f"cookie {cookie:#x}", "PATH_GET", 0, \
            index + nest("A_PATH", attr("PATH_A_COOKIE", u32(cookie))), errno.ENOENT, "no such path"


def run_requests(family, device):
    wrong = count = 0
    for what, command, flags, payload, code, text in requests(device):
        number = ENUM["DSMIP_CMD_" + command] if isinstance(command, str) else command
        count += 1
        try:
            family.ask(number, payload, flags)
            problem = "was accepted"
        except OSError as error:
            if (code in (None, error.errno)) and re.search(text, error.strerror or ""):
                continue
            problem = f"{errno.errorcode.get(error.errno)} '{error.strerror}', expected " \
                      f"{errno.errorcode.get(code, 'an error')} '{text}'"
        print(f"{command}, {what}: {problem}", file=sys.stderr)
        wrong += 1
    print(f"{count} bad requests, {wrong} answered wrongly")
    return wrong == 0


def widths(prefix, **special):
    """Octets of each attribute of one nest, by the ends of their names."""
    ends = {"ROLE": 1, "ENCAP": 1, "PRIORITY": 1, "BID": 2, "SEQUENCE": 2, "PORT": 2, "REMOTE_PORT": 2,
            "UDP_PORT": 2, "HOME_AGENT_PORT": 2, "HOME_AGENT6": 16, "CARE_OF6": 16, "REMOTE6": 16,
            "LOCAL6": 16, "ADDRESS6": 16, "HOME_ADDRESS": 16}
    names = [name[len("DSMIP_"):] for name in ENUM
             if name.startswith("DSMIP_" + prefix) and not name.endswith(("_UNSPEC", "_PAD"))]
    return {name: special.get(name, ends.get(name[len(prefix):], 4)) for name in names}


BINDING = widths("BINDING_A_")
NODE = widths("NODE_A_", NODE_A_HOME_ADDRESSES4={"NODE_A_HOME_ADDRESS4": 4}, NODE_A_BINDING=BINDING)
TOP = widths("A_", A_DEVICE=widths("DEVICE_A_"), A_NODE=NODE, A_PATH=widths("PATH_A_"))
NEEDED = {"NODE_A_HOME_ADDRESS", "NODE_A_BINDING", "BINDING_A_LIFETIME", "BINDING_A_CARE_OF4",
          "PATH_A_REMOTE4"}
COMMANDS = {"DEVICE_SET": ["A_DEVICE"], "BINDING_NEW": ["A_NODE", "A_NODE"], "BINDING_DEL": ["A_NODE"],
            "BINDING_GET": ["A_ADDRESS4"], "PATH_NEW": ["A_PATH"], "PATH_GET": ["A_PATH"]}


def random_value(rng, width):
    if width == 16 and rng.random() < 0.8:
        return ip6(f"2001:db8::{rng.randrange(0, 4)}")
    if width == 4 and rng.random() < 0.8:
        return rng.choice((ip4(f"192.0.2.{rng.randrange(0, 4)}"), u32(rng.randrange(0, 1000)),
                           b"\1\1\1\0"))
    return bytes(rng.choices((0, 1, 2, 32, 127, 128, 192, 255), k=width))


def random_nest(rng, spec):
    """Mostly what the contract allows, now and then not."""
    parts = []
    names = set(rng.sample(sorted(spec), min(rng.choice((0, 1, 2, 3, 99)), len(spec))))
    names |= {name for name in sorted(NEEDED & set(spec)) if rng.random() < 0.9}
    for name in rng.sample(sorted(names), len(names)):
        # What only replies have is refused; too much of it would hide the rest.
        if re.search("_[RT]X_|HEARD|NODES$|BINDINGS$|PATHS$|COOKIE$|INNER6|LOCAL_PORT", name) \
                and rng.random() < 0.95:
            continue
        parts.append(random_attribute(rng, name, spec[name]))
    return b"".join(parts)


def random_attribute(rng, name, spec):
    kind = name if rng.random() < 0.99 else rng.randrange(0, 64)
    if isinstance(spec, dict):
        return attr(kind, random_nest(rng, spec), rng.random() < 0.99)
    return attr(kind, random_value(rng, spec if rng.random() < 0.99 else rng.randrange(0, 20)))


def random_payload(rng, device, command):
    parts = [attr("A_IFINDEX", u32(device if rng.random() < 0.99 else rng.randrange(0, 9)))]
    for name in COMMANDS[command]:
        parts.append(random_attribute(rng, name, TOP[name]))
    data = b"".join(parts)
    if rng.random() < 0.05:
        data = data[:rng.randrange(0, len(data) + 1)]
    return data


def run_random(family, device, count, seed):
    rng = random.Random(seed)
    accepted = 0
    for _ in range(count):
        command = rng.choice(sorted(COMMANDS))
        payload = random_payload(rng, device, command)
        flags = rng.choice((0, NLM_F_CREATE, NLM_F_CREATE | NLM_F_REPLACE, NLM_F_EXCL, NLM_F_DUMP))
        try:
            family.ask(ENUM["DSMIP_CMD_" + command], payload, flags)
            accepted += 1
        except OSError:
            pass
    print(f"{count} random requests with seed {seed}, {accepted} accepted")
    # None at all would mean that they do not get far enough to test anything.
    return accepted > 0


def run_interrupted_dump(family, device, command):
    family.send(ENUM["DSMIP_CMD_BINDING_GET"], attr("A_IFINDEX", u32(device)), NLM_F_DUMP)
    interrupted = done = False
    datagrams = 0
    while not done:
        for kind, flags, _ in family.receive():
            interrupted |= bool(flags & NLM_F_DUMP_INTR)
            done |= kind == NLMSG_DONE
        datagrams += 1
        if datagrams == 1:
            subprocess.run(command, check=True)
    if datagrams < 4:
        print("the dump fits into too few datagrams for this test", file=sys.stderr)
        return False
    if not interrupted:
        print("the dump was not told of the change", file=sys.stderr)
    return interrupted


def main(arguments):
    what, device = arguments[0], socket.if_nametoindex(arguments[1])
    family = Family()
    if what == "requests":
        return run_requests(family, device)
    if what == "random":
        return run_random(family, device, int(arguments[2]), int(arguments[3]))
    if what == "interrupted-dump":
        return run_interrupted_dump(family, device, arguments[3:])
    return False


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)

// SPDX-License-Identifier: GPL-2.0-or-later
// Requests of the family "dsmip".
#include "netlink/client.hpp"

#include <cerrno>
#include <utility>

#include <linux/dsmip.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "netlink/attributes.hpp"
#include "netlink/message_builder.hpp"

namespace dsmip::netlink {

namespace {

// A home agent in heavy use may never stand still for as long as a dump takes.
constexpr int dump_attempts = 5;
// Of one node in one message: 36 octets each.
constexpr std::size_t prefixes_per_message = 800;

std::uint16_t to_nlflags(BindingNewFlags flags) {
    return static_cast<std::uint16_t>((flags.create ? NLM_F_CREATE : 0) |
                                      (flags.exclusive ? NLM_F_EXCL : 0) |
                                      (flags.replace ? NLM_F_REPLACE : 0));
}

std::string describe(const Message& message) {
    std::string text(to_string(message.command));
    if (message.ifindex != 0) {
        text += ", interface " + std::to_string(message.ifindex);
    }
    return text;
}

NetlinkError malformed(const Message& request, std::string text) {
    return {.code = EPROTO, .text = std::move(text), .request = describe(request)};
}

Decoded<void> read_groups(Octets octets, FamilyId& family) {
    return for_each_attribute(octets, "groups", [&](const Attribute& group) -> Decoded<void> {
        std::string name;
        std::uint32_t id = 0;
        auto done =
            for_each_attribute(group.payload, "group", [&](const Attribute& a) -> Decoded<void> {
                if (a.type == CTRL_ATTR_MCAST_GRP_NAME) {
                    name = read_text(a);
                } else if (a.type == CTRL_ATTR_MCAST_GRP_ID) {
                    return read_raw(a, "group", id);
                }
                return {};
            });
        if (done && name == DSMIP_GENL_MCGRP_EVENTS) {
            family.events_group = id;
        }
        return done;
    });
}

Decoded<void> read_family(Octets octets, FamilyId& family) {
    auto raw = read_family_message<genlmsghdr>(octets, "family");
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    return for_each_attribute(raw->attributes, "family", [&](const Attribute& a) -> Decoded<void> {
        if (a.type == CTRL_ATTR_FAMILY_ID) {
            return read_raw(a, "family", family.id);
        }
        if (a.type == CTRL_ATTR_MCAST_GROUPS) {
            return read_groups(a.payload, family);
        }
        return {};
    });
}

} // namespace

Result<FamilyId> resolve_family(Socket& socket) {
    const std::string request = "find the generic netlink family \"" DSMIP_GENL_NAME "\"";
    alignas(nlmsghdr) std::array<std::byte, 128> buffer{};
    MessageBuilder builder(buffer, GENL_ID_CTRL, NLM_F_REQUEST);
    builder.header(genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0});
    builder.put_text(CTRL_ATTR_FAMILY_NAME, DSMIP_GENL_NAME);

    FamilyId family;
    Decoded<void> decoded;
    auto done = socket.transact(buffer, request,
                                [&](Octets octets) { decoded = read_family(octets, family); });
    if (!done) {
        return tl::unexpected(done.error());
    }
    if (!decoded || family.id == 0) {
        return tl::unexpected(NetlinkError{.code = EPROTO,
                                           .text = decoded ? "the answer has no family number"
                                                           : decoded.error().message,
                                           .request = request});
    }
    return family;
}

Client::Client(Socket socket, FamilyId family)
    : socket_(std::move(socket))
    , family_(family)
    , buffer_(message_size_max) {}

Result<Client> Client::open() {
    auto socket = Socket::open(NETLINK_GENERIC);
    if (!socket) {
        return tl::unexpected(socket.error());
    }
    auto family = resolve_family(*socket);
    if (!family) {
        return tl::unexpected(family.error());
    }
    return Client(std::move(*socket), *family);
}

Result<DumpState> Client::dump(const Message& request, std::vector<Message>& replies) {
    const auto length = encode(request, family_.id, buffer_);
    if (!length) {
        return tl::unexpected(NetlinkError{.code = EMSGSIZE,
                                           .text = "the request is longer than " +
                                                   std::to_string(buffer_.size()) + " octets",
                                           .request = describe(request)});
    }
    std::optional<DecodeError> bad;
    auto state =
        socket_.transact(std::span(buffer_).first(*length), describe(request), [&](Octets octets) {
            if (auto message = decode(octets)) {
                replies.push_back(std::move(*message));
            } else {
                bad = message.error();
            }
        });
    if (state && bad) {
        return tl::unexpected(malformed(request, bad->message));
    }
    return state;
}

Result<std::vector<Message>> Client::exchange(const Message& request) {
    std::vector<Message> replies;
    auto done = dump(request, replies);
    if (!done) {
        return tl::unexpected(done.error());
    }
    return replies;
}

Result<Device> Client::device_get(std::uint32_t ifindex) {
    Message request;
    request.command = Command::device_get;
    request.ifindex = ifindex;
    auto replies = exchange(request);
    if (!replies) {
        return tl::unexpected(replies.error());
    }
    if (replies->size() != 1 || !replies->front().device) {
        return tl::unexpected(malformed(request, "the answer holds no device"));
    }
    return std::move(*replies->front().device);
}

Result<std::vector<Device>> Client::devices() {
    Message request;
    request.command = Command::device_get;
    request.flags = NLM_F_DUMP;
    std::vector<Device> devices;
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        std::vector<Message> replies;
        auto state = dump(request, replies);
        if (!state) {
            return tl::unexpected(state.error());
        }
        devices.clear();
        for (Message& reply : replies) {
            if (reply.device) {
                devices.push_back(std::move(*reply.device));
            }
        }
        if (*state == DumpState::complete) {
            break;
        }
    }
    return devices;
}

Result<void> Client::device_set(std::uint32_t ifindex, const DeviceSettings& settings) {
    Message request;
    request.command = Command::device_set;
    request.ifindex = ifindex;
    request.device.emplace().settings = settings;
    return exchange(request).map([](const auto&) {});
}

Result<void> Client::send_batches(const Message& request, std::span<const Node> nodes) {
    while (!nodes.empty()) {
        const EncodedBatch batch = encode_batch(request, nodes, family_.id, buffer_);
        if (batch.nodes == 0) {
            return tl::unexpected(NetlinkError{.code = EMSGSIZE,
                                               .text = "node " +
                                                       wire::to_string(nodes[0].home_address) +
                                                       " does not fit in one message",
                                               .request = describe(request)});
        }
        auto done = socket_.transact(std::span(buffer_).first(batch.length), describe(request));
        if (!done) {
            return tl::unexpected(done.error());
        }
        nodes = nodes.subspan(batch.nodes);
    }
    return {};
}

Result<void> Client::binding_new(std::uint32_t ifindex, std::span<const Node> nodes,
                                 BindingNewFlags flags) {
    Message request;
    request.command = Command::binding_new;
    request.ifindex = ifindex;
    request.flags = to_nlflags(flags);
    return send_batches(request, nodes);
}

Result<void> Client::binding_del(std::uint32_t ifindex, std::span<const Node> nodes) {
    Message request;
    request.command = Command::binding_del;
    request.ifindex = ifindex;
    std::vector<Node> keys;
    keys.reserve(nodes.size());
    for (const Node& node : nodes) {
        Node& key = keys.emplace_back();
        key.home_address = node.home_address;
        for (const Binding& binding : node.bindings) {
            key.bindings.emplace_back().bid = binding.bid;
        }
    }
    return send_batches(request, keys);
}

Result<void> Client::binding_flush(std::uint32_t ifindex) {
    Message request;
    request.command = Command::binding_del;
    request.ifindex = ifindex;
    request.flags = NLM_F_REPLACE;
    return exchange(request).map([](const auto&) {});
}

Result<Node> Client::binding_get(std::uint32_t ifindex, const wire::IpAddress& home_address) {
    return get_node(Command::binding_get, ifindex, home_address);
}

Result<Node> Client::prefix_get(std::uint32_t ifindex, const wire::IpAddress& address) {
    return get_node(Command::prefix_get, ifindex, address);
}

Result<Node> Client::get_node(Command command, std::uint32_t ifindex,
                              const wire::IpAddress& address) {
    Message request;
    request.command = command;
    request.ifindex = ifindex;
    request.address = address;
    auto replies = exchange(request);
    if (!replies) {
        return tl::unexpected(replies.error());
    }
    if (replies->size() != 1 || replies->front().nodes.size() != 1) {
        return tl::unexpected(malformed(request, "the answer does not hold one node"));
    }
    return std::move(replies->front().nodes.front());
}

// One message after the other, as the first may have to replace and the rest must not.
Result<void> Client::send_prefixes(Message request, std::span<const Node> nodes) {
    std::vector<Node> one(1);
    for (const Node& node : nodes) {
        one[0].home_address = node.home_address;
        std::span<const Prefix> rest(node.prefixes);
        while (rest.size() > prefixes_per_message) {
            one[0].prefixes.assign(rest.begin(), rest.begin() + prefixes_per_message);
            if (auto done = send_batches(request, one); !done) {
                return done;
            }
            request.flags = static_cast<std::uint16_t>(request.flags & ~NLM_F_REPLACE);
            rest = rest.subspan(prefixes_per_message);
        }
        one[0].prefixes.assign(rest.begin(), rest.end());
        if (auto done = send_batches(request, one); !done) {
            return done;
        }
    }
    return {};
}

Result<void> Client::prefix_new(std::uint32_t ifindex, std::span<const Node> nodes,
                                PrefixNewFlags flags) {
    Message request;
    request.command = Command::prefix_new;
    request.ifindex = ifindex;
    request.flags = static_cast<std::uint16_t>((flags.exclusive ? NLM_F_EXCL : 0) |
                                               (flags.replace ? NLM_F_REPLACE : 0));
    if (nodes.size() == 1) {
        return send_prefixes(request, nodes);
    }
    return send_batches(request, nodes);
}

Result<void> Client::prefix_del(std::uint32_t ifindex, std::span<const Node> nodes) {
    Message request;
    request.command = Command::prefix_del;
    request.ifindex = ifindex;
    return send_batches(request, nodes);
}

Result<BindingDump> Client::prefixes(std::optional<std::uint32_t> ifindex) {
    return dump_nodes(Command::prefix_get, ifindex);
}

Result<BindingDump> Client::bindings(std::optional<std::uint32_t> ifindex) {
    return dump_nodes(Command::binding_get, ifindex);
}

Result<BindingDump> Client::dump_nodes(Command command, std::optional<std::uint32_t> ifindex) {
    Message request;
    request.command = command;
    request.flags = NLM_F_DUMP;
    request.ifindex = ifindex.value_or(0);
    BindingDump result;
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        std::vector<Message> replies;
        auto state = dump(request, replies);
        if (!state) {
            return tl::unexpected(state.error());
        }
        result.nodes.clear();
        for (Message& reply : replies) {
            for (Node& node : reply.nodes) {
                result.nodes.push_back({reply.ifindex, std::move(node)});
            }
        }
        result.consistent = *state == DumpState::complete;
        if (result.consistent) {
            break;
        }
    }
    return result;
}

Result<void> Client::flow_new(std::uint32_t ifindex, std::span<const Node> nodes,
                              BindingNewFlags flags) {
    Message request;
    request.command = Command::flow_new;
    request.ifindex = ifindex;
    request.flags = to_nlflags(flags);
    return send_batches(request, nodes);
}

Result<void> Client::flow_del(std::uint32_t ifindex, std::span<const Node> nodes) {
    Message request;
    request.command = Command::flow_del;
    request.ifindex = ifindex;
    std::vector<Node> keys;
    keys.reserve(nodes.size());
    for (const Node& node : nodes) {
        Node& key = keys.emplace_back();
        key.home_address = node.home_address;
        for (const Flow& flow : node.flows) {
            key.flows.emplace_back().fid = flow.fid;
        }
    }
    return send_batches(request, keys);
}

Result<Node> Client::flow_get(std::uint32_t ifindex, const wire::IpAddress& home_address) {
    return get_node(Command::flow_get, ifindex, home_address);
}

Result<BindingDump> Client::flows(std::optional<std::uint32_t> ifindex) {
    return dump_nodes(Command::flow_get, ifindex);
}

Result<Path> Client::path_new(std::uint32_t ifindex, const Path& path) {
    Message request;
    request.command = Command::path_new;
    request.ifindex = ifindex;
    request.path = path;
    auto replies = exchange(request);
    if (!replies) {
        return tl::unexpected(replies.error());
    }
    if (replies->size() != 1 || !replies->front().path || !replies->front().path->cookie) {
        return tl::unexpected(malformed(request, "the answer holds no cookie"));
    }
    return *replies->front().path;
}

Result<Path> Client::path_get(std::uint32_t ifindex, std::uint32_t cookie) {
    Message request;
    request.command = Command::path_get;
    request.ifindex = ifindex;
    request.path.emplace().cookie = cookie;
    auto replies = exchange(request);
    if (!replies) {
        return tl::unexpected(replies.error());
    }
    if (replies->size() != 1 || !replies->front().path) {
        return tl::unexpected(malformed(request, "the answer holds no path"));
    }
    return *replies->front().path;
}

Result<std::vector<Counter>> Client::counters(std::uint32_t ifindex) {
    Message request;
    request.command = Command::counter_get;
    request.ifindex = ifindex;
    auto replies = exchange(request);
    if (!replies) {
        return tl::unexpected(replies.error());
    }
    if (replies->size() != 1) {
        return tl::unexpected(malformed(request, "the answer is not one message"));
    }
    return std::move(replies->front().counters);
}

} // namespace dsmip::netlink

// SPDX-License-Identifier: GPL-2.0-or-later
// Requests to the dsmip module and its events, over generic netlink. Calls are synchronous: the
// kernel answers while the request is being sent. <linux/dsmip.h> lists the errors of each command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "netlink/dsmip_family.hpp"
#include "netlink/error.hpp"
#include "netlink/socket.hpp"

namespace dsmip::netlink {

/// Numbers that the kernel gave the family when the module was loaded.
struct FamilyId {
    std::uint16_t id = 0;
    std::uint32_t events_group = 0;
};

/// How binding_new and flow_new treat what exists already.
struct BindingNewFlags {
    bool create = false;    ///< NLM_F_CREATE: new bindings are welcome, else ENOENT
    bool exclusive = false; ///< NLM_F_EXCL: existing ones are refused, EEXIST
    bool replace = false;   ///< NLM_F_REPLACE: those listed become the node's only ones
};

/// How prefix_new treats what exists already.
struct PrefixNewFlags {
    bool exclusive = false; ///< NLM_F_EXCL: existing ones are refused, EEXIST
    bool replace = false;   ///< NLM_F_REPLACE: those listed become the node's only ones
};

/// A node together with its device.
struct NodeEntry {
    std::uint32_t ifindex = 0;
    Node node;

    friend bool operator==(const NodeEntry&, const NodeEntry&) = default;
};

struct BindingDump {
    std::vector<NodeEntry> nodes;
    /// False: bindings kept changing during several attempts; nodes that did not change are right.
    bool consistent = true;
};

/// Requests.
class Client {
public:
    /// Longest message that is sent; a batch is split at node borders to stay below.
    static constexpr std::size_t message_size_max = std::size_t{32} * 1024;

    /// ENOENT: the module is not loaded (the kernel has tried to load it).
    static Result<Client> open();

    [[nodiscard]] FamilyId family() const { return family_; }

    /// ENODEV: no such interface; EOPNOTSUPP: of another kind; EPERM: CAP_NET_ADMIN is missing.
    /// This holds for every call that takes an interface.
    Result<Device> device_get(std::uint32_t ifindex);
    /// All dsmip devices of the network namespace.
    Result<std::vector<Device>> devices();
    /// Changes what is present in `settings`.
    Result<void> device_set(std::uint32_t ifindex, const DeviceSettings& settings);

    /// Make or update nodes and bindings. More nodes than fit in one message are sent in several;
    /// each message is applied whole or not at all, and the first refusal ends the call. One node
    /// is always one message.
    Result<void> binding_new(std::uint32_t ifindex, std::span<const Node> nodes,
                             BindingNewFlags flags);
    /// Delete bindings (only `bid` counts), or whole nodes where `bindings` is empty. Split like
    /// binding_new.
    Result<void> binding_del(std::uint32_t ifindex, std::span<const Node> nodes);
    /// Delete every node of the device.
    Result<void> binding_flush(std::uint32_t ifindex);
    /// The node with this home address of either family; ENOENT.
    Result<Node> binding_get(std::uint32_t ifindex, const wire::IpAddress& home_address);
    /// All nodes of one device, or of all of the network namespace. Repeats an interrupted dump.
    Result<BindingDump> bindings(std::optional<std::uint32_t> ifindex = {});

    /// Give prefixes of mobile networks to nodes; bindings do not matter. A node with more than
    /// fit in one message is sent in several, of which only the first replaces.
    Result<void> prefix_new(std::uint32_t ifindex, std::span<const Node> nodes,
                            PrefixNewFlags flags);
    /// Take prefixes back, or all of a node that lists none.
    Result<void> prefix_del(std::uint32_t ifindex, std::span<const Node> nodes);
    /// The node with the longest prefix that holds the address, and that prefix; ENOENT.
    Result<Node> prefix_get(std::uint32_t ifindex, const wire::IpAddress& address);
    /// All prefixes of one device, or of all of the network namespace, by address; a node comes
    /// as often as prefixes of others lie between its own.
    Result<BindingDump> prefixes(std::optional<std::uint32_t> ifindex = {});

    /// Make or update flow rules of nodes that exist; bindings do not matter.
    Result<void> flow_new(std::uint32_t ifindex, std::span<const Node> nodes,
                          BindingNewFlags flags);
    /// Delete flow rules (only `fid` counts), or all of a node that lists none.
    Result<void> flow_del(std::uint32_t ifindex, std::span<const Node> nodes);
    /// The node with this home address and its flow rules; ENOENT.
    Result<Node> flow_get(std::uint32_t ifindex, const wire::IpAddress& home_address);
    /// The nodes that have flow rules, of one device or of all of the network namespace.
    Result<BindingDump> flows(std::optional<std::uint32_t> ifindex = {});

    /// Make a path for signalling; the reply carries its cookie.
    Result<Path> path_new(std::uint32_t ifindex, const Path& path);
    /// ENOENT: the cookie was never given, expired, was displaced or used up.
    Result<Path> path_get(std::uint32_t ifindex, std::uint32_t cookie);

    Result<std::vector<Counter>> counters(std::uint32_t ifindex);

private:
    Client(Socket socket, FamilyId family);
    Result<std::vector<Message>> exchange(const Message& request);
    Result<DumpState> dump(const Message& request, std::vector<Message>& replies);
    Result<BindingDump> dump_nodes(Command command, std::optional<std::uint32_t> ifindex);
    Result<Node> get_node(Command command, std::uint32_t ifindex, const wire::IpAddress& address);
    Result<void> send_prefixes(Message request, std::span<const Node> nodes);
    Result<void> send_batches(const Message& request, std::span<const Node> nodes);

    Socket socket_;
    FamilyId family_;
    std::vector<std::byte> buffer_;
};

/// Find the family; ENOENT: the module is not loaded.
Result<FamilyId> resolve_family(Socket& socket);

/// The events of the kernel, for an event loop.
class EventSocket {
public:
    /// ENOENT: module not loaded; EPERM: CAP_NET_ADMIN is missing.
    static Result<EventSocket> open();

    /// Readable when events wait. Never blocks.
    [[nodiscard]] int fd() const { return socket_.fd(); }

    /// The next event; nothing if none waits. ENOBUFS: the kernel dropped events, the caller has to
    /// read the state anew; EPROTO: one event was malformed and is skipped. Reading goes on after
    /// either.
    Result<std::optional<Message>> next();

private:
    EventSocket(Socket socket, FamilyId family);

    Socket socket_;
    FamilyId family_;
    std::vector<Result<Message>> waiting_; // reversed: the next one is at the back
};

} // namespace dsmip::netlink

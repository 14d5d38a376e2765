// SPDX-License-Identifier: GPL-2.0-or-later
// Field by field between mobility and netlink.
#include "daemon/kernel_values.hpp"

#include <algorithm>

#include <linux/dsmip.h>

namespace dsmip::daemon {

namespace {

// Both enumerations have the values of enum dsmip_encap.
netlink::Encapsulation to_kernel(mobility::Encapsulation encapsulation) {
    return static_cast<netlink::Encapsulation>(encapsulation);
}

mobility::Encapsulation from_kernel(netlink::Encapsulation encapsulation) {
    return static_cast<mobility::Encapsulation>(encapsulation);
}

netlink::Binding to_kernel(const mobility::KernelBinding& binding, bool home_agent) {
    netlink::Binding result;
    result.bid = binding.bid;
    if (binding.home_link) {
        result.home_link = true;
        if (!binding.link_address.empty()) {
            result.link_address = binding.link_address;
        }
    } else {
        result.care_of = binding.care_of;
        result.encapsulation = to_kernel(binding.encapsulation);
    }
    if (home_agent && binding.port != 0) {
        result.port = binding.port;
    }
    result.claimed4 = binding.claimed_care_of;
    result.priority = binding.priority;
    result.lifetime = std::clamp<mobility::Duration>(binding.lifetime, mobility::Duration(1),
                                                     mobility::Duration(DSMIP_LIFETIME_MAX_MS));
    result.link = binding.link;
    result.flags = netlink::BindingFlags{.nat = binding.nat,
                                         .forced_udp = binding.forced_udp,
                                         .draft = binding.draft,
                                         .mcoa = binding.mcoa,
                                         .link_local = binding.link_local};
    result.sequence = binding.sequence;
    return result;
}

mobility::KernelBinding from_kernel(const netlink::Binding& binding,
                                    const wire::Ipv6Address& home_address) {
    mobility::KernelBinding result;
    result.bid = binding.bid;
    result.care_of = binding.care_of.value_or(wire::IpAddress{});
    if (binding.home_link) {
        result.home_link = true;
        result.care_of = home_address;
        result.link_address = binding.link_address.value_or(mobility::LinkAddress{});
    }
    result.port = binding.port.value_or(0);
    result.claimed_care_of = binding.claimed4;
    result.encapsulation =
        from_kernel(binding.encapsulation.value_or(netlink::Encapsulation::direct));
    result.priority = binding.priority.value_or(0);
    result.lifetime = binding.lifetime.value_or(netlink::Milliseconds(0));
    result.link = binding.link.value_or(0);
    result.sequence = binding.sequence.value_or(0);
    const auto flags = binding.flags.value_or(netlink::BindingFlags{});
    result.nat = flags.nat;
    result.forced_udp = flags.forced_udp;
    result.draft = flags.draft;
    result.mcoa = flags.mcoa;
    result.link_local = flags.link_local;
    return result;
}

} // namespace

netlink::Node to_kernel(const mobility::KernelNode& node, bool home_agent) {
    netlink::Node result;
    result.home_address = node.home_address;
    result.home_addresses4 = node.home_addresses4;
    for (const auto& binding : node.bindings) {
        result.bindings.push_back(to_kernel(binding, home_agent));
    }
    return result;
}

mobility::KernelNode from_kernel(const netlink::Node& node) {
    mobility::KernelNode result;
    result.home_address = node.home_address;
    result.home_addresses4 = node.home_addresses4.value_or(std::vector<wire::Ipv4Address>{});
    for (const auto& binding : node.bindings) {
        result.bindings.push_back(from_kernel(binding, node.home_address));
    }
    return result;
}

std::vector<netlink::Prefix> prefixes_of(const mobility::KernelNode& node) {
    std::vector<netlink::Prefix> prefixes;
    prefixes.reserve(node.prefixes6.size() + node.prefixes4.size());
    for (const auto& prefix : node.prefixes6) {
        prefixes.push_back({prefix.address, prefix.length});
    }
    for (const auto& prefix : node.prefixes4) {
        prefixes.push_back({prefix.address, prefix.length});
    }
    return prefixes;
}

void add_prefix(mobility::KernelNode& node, const netlink::Prefix& prefix) {
    if (const auto* address4 = prefix.address.ipv4()) {
        node.prefixes4.push_back({*address4, prefix.length});
    } else {
        node.prefixes6.push_back({*prefix.address.ipv6(), prefix.length});
    }
}

std::optional<mobility::MessagePath> from_kernel(const netlink::Path& path) {
    if (!path.cookie || !path.remote) {
        return std::nullopt;
    }
    mobility::MessagePath result;
    result.cookie = *path.cookie;
    result.encapsulation = from_kernel(path.encapsulation.value_or(netlink::Encapsulation::direct));
    result.remote = {*path.remote, path.remote_port.value_or(0)};
    result.local = {path.local.value_or(wire::IpAddress{}), path.local_port.value_or(0)};
    result.link = path.link.value_or(0);
    return result;
}

} // namespace dsmip::daemon

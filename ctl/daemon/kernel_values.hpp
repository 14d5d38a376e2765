// SPDX-License-Identifier: GPL-2.0-or-later
// Bindings and paths in the words of the engines to those of the kernel and back.
#pragma once

#include "mobility/types.hpp"
#include "netlink/dsmip_family.hpp"

namespace dsmip::daemon {

/// As a complete update: every value of the binding is named. `home_agent`: on a mobile node the
/// kernel knows no port of the end point.
netlink::Node to_kernel(const mobility::KernelNode& node, bool home_agent);

/// A node of a dump. Values the kernel did not report have their defaults.
mobility::KernelNode from_kernel(const netlink::Node& node);

/// The prefixes of a node, IPv6 first, as a request of their own wants them.
std::vector<netlink::Prefix> prefixes_of(const mobility::KernelNode& node);
void add_prefix(mobility::KernelNode& node, const netlink::Prefix& prefix);

/// Nothing if the kernel left out what a path cannot be without.
std::optional<mobility::MessagePath> from_kernel(const netlink::Path& path);

} // namespace dsmip::daemon

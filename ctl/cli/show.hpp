// SPDX-License-Identifier: GPL-2.0-or-later
// How devices, bindings, counters, paths and events look. dsmipctl(8) documents words and JSON
// keys; neither changes without it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/printer.hpp"
#include "netlink/client.hpp"
#include "netlink/dsmip_family.hpp"

namespace dsmip::cli {

/// The name of an interface, "if7" if it has none any more.
using InterfaceNames = std::function<std::string(std::uint32_t ifindex)>;
InterfaceNames kernel_interface_names();

void show_device(Printer& printer, const netlink::Device& device);
/// One item per binding.
void show_node(Printer& printer, const netlink::NodeEntry& entry, const InterfaceNames& names);
/// One item per prefix.
void show_prefixes(Printer& printer, const netlink::NodeEntry& entry, const InterfaceNames& names);
/// One item per flow rule.
void show_flows(Printer& printer, const netlink::NodeEntry& entry, const InterfaceNames& names);
/// A home agent of the home link, as the daemon describes it.
void show_home_agent(Printer& printer, const Json& home_agent);
/// Only those that moved, unless `all`.
void show_counters(Printer& printer, const netlink::Device& device,
                   const std::vector<netlink::Counter>& counters, bool all);
void show_path(Printer& printer, std::uint32_t ifindex, const netlink::Path& path,
               const InterfaceNames& names);
/// One item. `time` is printed as it is, unless empty.
void show_event(Printer& printer, const netlink::Message& event, const std::string& time,
                const InterfaceNames& names);

} // namespace dsmip::cli

// SPDX-License-Identifier: GPL-2.0-or-later
// Words and keys of everything that comes from the kernel.
#include "cli/show.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <linux/dsmip.h>
#include <linux/netlink.h>
#include <net/if.h>

#include "wire/address.hpp"

namespace dsmip::cli {

namespace {

using netlink::Binding;
using netlink::BindingFlags;
using netlink::Message;
using netlink::Node;
using netlink::Path;

std::string text_of(const wire::IpAddress& address) {
    return wire::to_string(address);
}

/// Seconds for people, but not "0s" for what still lives.
std::string seconds(netlink::Milliseconds time) {
    if (time.count() < 1000) {
        return fmt::format("{}ms", time.count());
    }
    return fmt::format("{}s", time.count() / 1000);
}

std::vector<std::string> flag_names(const BindingFlags& flags) {
    std::vector<std::string> names;
    for (const auto& [set, name] :
         {std::pair{flags.nat, "nat"}, std::pair{flags.forced_udp, "forced-udp"},
          std::pair{flags.draft, "draft"}, std::pair{flags.mcoa, "mcoa"},
          std::pair{flags.link_local, "link-local"}}) {
        if (set) {
            names.emplace_back(name);
        }
    }
    return names;
}

void show_interface(Printer& printer, std::uint32_t ifindex, const InterfaceNames& names) {
    printer.field("dev", "dev {}", names(ifindex));
    printer.json_field("ifindex", ifindex);
}

void show_end_point(Printer& printer, const Binding& binding) {
    if (binding.home_link) {
        printer.field("home_link", "at home", true, "");
        if (binding.link_address) {
            const auto address = fmt::format("{:02x}", fmt::join(*binding.link_address, ":"));
            printer.field("link_address", "{}", address);
        }
    }
    if (!binding.care_of) {
        return;
    }
    const wire::Endpoint end_point{*binding.care_of, binding.port.value_or(0)};
    printer.field("care_of", "via {}", text_of(end_point.address), wire::to_string(end_point));
    if (end_point.port != 0) {
        printer.json_field("port", end_point.port);
    }
    if (binding.encapsulation) {
        printer.field("encapsulation", "{}", to_string(*binding.encapsulation));
    }
}

/// All but the end point; events name only a part.
void show_binding(Printer& printer, const Binding& binding, const InterfaceNames& names) {
    if (binding.flags) {
        const auto flags = flag_names(*binding.flags);
        printer.field("flags", "{}", flags, fmt::join(flags, " "));
    }
    if (binding.lifetime) {
        printer.field("lifetime_ms", "lifetime {}", binding.lifetime->count(),
                      seconds(*binding.lifetime));
    }
    if (binding.sequence) {
        printer.field("sequence", "seq {}", *binding.sequence);
    }
    if (binding.priority) {
        printer.field("priority", "prio {}", *binding.priority);
    }
    if (binding.weight) {
        printer.json_field("weight", *binding.weight);
        if (*binding.weight != 1) { // what all have when nobody cares
            printer.words(fmt::format("weight {}", *binding.weight));
        }
    }
    if (binding.mtu) {
        printer.field("mtu", "mtu {}", *binding.mtu);
    }
    if (binding.claimed4) {
        printer.field("claimed", "claimed {}", wire::to_string(*binding.claimed4));
    }
    if (binding.link && *binding.link != 0) {
        printer.field("link", "link {}", names(*binding.link));
    }
}

/// "START" or "START-END".
std::string range_text(const std::string& start, const std::string& end) {
    return start == end ? start : start + "-" + end;
}

void show_range(Printer& printer, const char* key, const char* pattern,
                const std::optional<netlink::Range<wire::IpAddress>>& range) {
    if (!range) {
        return;
    }
    const std::string start = text_of(range->start);
    const std::string end = text_of(range->end);
    printer.field(key, pattern, std::vector{start, end}, range_text(start, end));
}

template<class Value>
void show_range(Printer& printer, const char* key, const char* pattern, const char* number,
                const std::optional<netlink::Range<Value>>& range) {
    if (!range) {
        return;
    }
    const auto text = [&](Value value) { return fmt::format(fmt::runtime(number), value); };
    printer.field(key, pattern, std::vector<unsigned>{range->start, range->end},
                  range_text(text(range->start), text(range->end)));
}

void show_flow(Printer& printer, const netlink::Flow& flow) {
    printer.field("fid", "fid {}", flow.fid);
    if (flow.priority) {
        printer.field("priority", "prio {}", *flow.priority);
    }
    if (flow.bids) {
        printer.field("bids", "bids {}", *flow.bids, fmt::join(*flow.bids, ","));
    }
    if (flow.family) {
        printer.field("family", "{}", *flow.family == wire::AddressFamily::Ipv4 ? "ipv4" : "ipv6");
    }
    show_range(printer, "source", "src {}", flow.source);
    show_range(printer, "destination", "dst {}", flow.destination);
    show_range(printer, "spi", "spi {}", "{:#x}", flow.spi);
    show_range(printer, "flow_label", "label {}", "{:#x}", flow.flow_label);
    show_range(printer, "source_port", "sport {}", "{}", flow.source_port);
    show_range(printer, "destination_port", "dport {}", "{}", flow.destination_port);
    show_range(printer, "traffic_class", "class {}", "{:#x}", flow.traffic_class);
    show_range(printer, "protocol", "proto {}", "{}", flow.protocol);
}

void show_home_addresses4(Printer& printer, const Node& node) {
    if (!node.home_addresses4) {
        return;
    }
    std::vector<std::string> addresses;
    for (const wire::Ipv4Address& address : *node.home_addresses4) {
        addresses.push_back(wire::to_string(address));
    }
    printer.json_field("home_addresses4", addresses);
    if (!addresses.empty()) {
        printer.words(fmt::format("home4 {}", fmt::join(addresses, ",")));
    }
}

void show_statistics(Printer& printer, const Binding& binding) {
    if (!binding.statistics) {
        return;
    }
    printer.new_line(4);
    printer.field("rx_packets", "rx {} packets", binding.statistics->rx_packets);
    printer.field("rx_bytes", "{} bytes", binding.statistics->rx_bytes);
    printer.field("tx_packets", " tx {} packets", binding.statistics->tx_packets);
    printer.field("tx_bytes", "{} bytes", binding.statistics->tx_bytes);
    if (binding.last_heard) {
        printer.field("last_heard_ms", " heard {} ago", binding.last_heard->count(),
                      seconds(*binding.last_heard));
    } else {
        printer.words(" never heard");
        printer.json_field("last_heard_ms", nullptr);
    }
}

void show_path_fields(Printer& printer, const Path& path, const InterfaceNames& names) {
    if (path.cookie) {
        printer.field("cookie", "cookie {:#010x}", *path.cookie);
    }
    const auto show_end = [&](const char* key, const char* port_key, const char* pattern,
                              const std::optional<wire::IpAddress>& address,
                              const std::optional<std::uint16_t>& port) {
        if (!address) {
            return;
        }
        const wire::Endpoint end{*address, port.value_or(0)};
        printer.field(key, pattern, text_of(*address), wire::to_string(end));
        if (end.port != 0) {
            printer.json_field(port_key, end.port);
        }
    };
    show_end("remote", "remote_port", "remote {}", path.remote, path.remote_port);
    show_end("local", "local_port", "local {}", path.local, path.local_port);
    if (path.encapsulation) {
        printer.field("encapsulation", "{}", to_string(*path.encapsulation));
    }
    if (path.link && *path.link != 0) {
        printer.field("link", "link {}", names(*path.link));
    }
    if (path.lifetime) {
        printer.field("lifetime_ms", "lifetime {}", path.lifetime->count(),
                      fmt::format("{}ms", path.lifetime->count()));
    }
    if (path.inner) {
        printer.field("inner", "inner {}", wire::to_string(*path.inner));
    }
}

/// What is not the default is worth a word to people.
void show_policies(Printer& printer, const netlink::DeviceSettings& settings) {
    if (settings.hop_limit) {
        printer.json_field("hop_limit", *settings.hop_limit);
        if (*settings.hop_limit != 0) {
            printer.words(fmt::format("hop-limit {}", *settings.hop_limit));
        }
    }
    if (settings.dscp) {
        if (*settings.dscp == DSMIP_DSCP_COPY) {
            printer.json_field("dscp", "copy");
        } else {
            printer.field("dscp", "dscp {}", *settings.dscp);
        }
    }
    if (settings.df) {
        printer.json_field("df", std::string(to_string(*settings.df)));
        if (*settings.df != netlink::DontFragment::automatic) {
            printer.words(fmt::format("df {}", to_string(*settings.df)));
        }
    }
}

void show_settings(Printer& printer, const netlink::DeviceSettings& settings) {
    if (settings.role) {
        printer.field("role", "role {}", to_string(*settings.role));
    }
    if (settings.home_agent6) {
        printer.field("home_agent6", "home-agent6 {}", wire::to_string(*settings.home_agent6));
    }
    if (settings.home_agent4) {
        printer.field("home_agent4", "home-agent4 {}", wire::to_string(*settings.home_agent4));
    }
    if (settings.udp_port) {
        printer.field("udp_port", "udp-port {}", *settings.udp_port);
    }
    if (settings.home_agent_port) {
        printer.field("home_agent_port", "home-agent-port {}", *settings.home_agent_port);
    }
    const auto show_mark = [&](const char* key, const char* pattern,
                               const std::optional<std::uint32_t>& mark) {
        if (!mark) {
            return;
        }
        printer.json_field(key, *mark);
        if (*mark != 0) { // 0 = off, nothing to tell people
            printer.words(fmt::format(fmt::runtime(pattern), *mark));
        }
    };
    show_mark("fwmark", "fwmark {:#x}", settings.fwmark);
    show_mark("bid_mark_mask", "bid-mark-mask {:#x}", settings.bid_mark_mask);
    const auto show_interface = [&](const char* key, const char* word,
                                    const std::optional<std::uint32_t>& index) {
        if (!index) {
            return;
        }
        printer.json_field(key, *index);
        if (*index != 0) {
            printer.words(fmt::format("{} {}", word, kernel_interface_names()(*index)));
        }
    };
    show_interface("underlay", "underlay", settings.underlay);
    show_interface("home_link", "home-link", settings.home_link);
    if (settings.cookie_lifetime) {
        printer.field("cookie_lifetime_ms", "cookie-lifetime {}ms",
                      settings.cookie_lifetime->count());
    }
    const auto show_limit = [&](const std::string& key, const std::optional<std::uint32_t>& limit) {
        if (limit) {
            auto word = key;
            std::replace(word.begin(), word.end(), '_', '-');
            printer.json_field(key, *limit);
            printer.words(fmt::format("{} {}", word, *limit));
        }
    };
    show_limit("source_rate", settings.source_rate);
    show_limit("source_burst", settings.source_burst);
    show_limit("network_rate", settings.network_rate);
    show_limit("network_burst", settings.network_burst);
    show_limit("stranger_rate", settings.stranger_rate);
    show_limit("stranger_burst", settings.stranger_burst);
    if (settings.tunnel_mtu) {
        printer.field("tunnel_mtu", "tunnel-mtu {}", *settings.tunnel_mtu);
    }
    show_policies(printer, settings);
}

void show_event_node(Printer& printer, const Node& node, const InterfaceNames& names) {
    printer.element([&] {
        printer.field("home_address", "{}", wire::to_string(node.home_address));
        show_home_addresses4(printer, node);
        if (!node.prefixes.empty()) {
            std::vector<std::string> prefixes;
            for (const netlink::Prefix& prefix : node.prefixes) {
                prefixes.push_back(to_string(prefix));
            }
            printer.field("prefixes", "prefixes {}", prefixes, fmt::join(prefixes, ","));
        }
        if (!node.flows.empty()) {
            printer.array("flows", [&] {
                for (const netlink::Flow& flow : node.flows) {
                    printer.element([&] { show_flow(printer, flow); });
                }
            });
        }
        printer.array("bindings", [&] {
            for (const Binding& binding : node.bindings) {
                printer.element([&] {
                    printer.field("bid", "bid {}", binding.bid);
                    show_end_point(printer, binding);
                    show_binding(printer, binding, names);
                });
            }
        });
    });
}

} // namespace

InterfaceNames kernel_interface_names() {
    // Each question costs the kernel several calls, and a dump asks about the same device
    // throughout.
    return [known = std::map<std::uint32_t, std::string>()](std::uint32_t ifindex) mutable {
        auto [entry, fresh] = known.try_emplace(ifindex);
        if (fresh) {
            std::array<char, IF_NAMESIZE> name{};
            entry->second = if_indextoname(ifindex, name.data()) != nullptr
                                ? name.data()
                                : fmt::format("if{}", ifindex);
        }
        return entry->second;
    };
}

void show_device(Printer& printer, const netlink::Device& device) {
    printer.item([&] {
        printer.field("dev", "{}:", device.name);
        printer.json_field("ifindex", device.ifindex);
        show_settings(printer, device.settings);
        printer.new_line(4);
        printer.field("nodes", "nodes {}", device.nodes);
        printer.field("bindings", "bindings {}", device.bindings);
        printer.field("paths", "paths {}", device.paths);
        printer.json_field("prefixes", device.prefixes);
        if (device.prefixes != 0) {
            printer.words(fmt::format("prefixes {}", device.prefixes));
        }
        printer.json_field("flows", device.flows);
        if (device.flows != 0) {
            printer.words(fmt::format("flows {}", device.flows));
        }
    });
}

void show_node(Printer& printer, const netlink::NodeEntry& entry, const InterfaceNames& names) {
    const Node& node = entry.node;
    const auto show_home = [&] {
        printer.field("home_address", "{}", wire::to_string(node.home_address));
    };
    if (node.bindings.empty()) {
        printer.item([&] {
            show_home();
            printer.field("bid", "no bindings", nullptr, "");
            show_interface(printer, entry.ifindex, names);
            show_home_addresses4(printer, node);
        });
    }
    for (const Binding& binding : node.bindings) {
        printer.item([&] {
            show_home();
            printer.field("bid", "bid {}", binding.bid);
            show_end_point(printer, binding);
            show_interface(printer, entry.ifindex, names);
            show_binding(printer, binding, names);
            show_home_addresses4(printer, node);
            show_statistics(printer, binding);
        });
    }
}

void show_prefixes(Printer& printer, const netlink::NodeEntry& entry, const InterfaceNames& names) {
    for (const netlink::Prefix& prefix : entry.node.prefixes) {
        printer.item([&] {
            printer.field("prefix", "{}", to_string(prefix));
            printer.field("home_address", "node {}", wire::to_string(entry.node.home_address));
            show_interface(printer, entry.ifindex, names);
        });
    }
}

void show_flows(Printer& printer, const netlink::NodeEntry& entry, const InterfaceNames& names) {
    for (const netlink::Flow& flow : entry.node.flows) {
        printer.item([&] {
            printer.field("home_address", "{}", wire::to_string(entry.node.home_address));
            show_flow(printer, flow);
            show_interface(printer, entry.ifindex, names);
        });
    }
}

void show_home_agent(Printer& printer, const Json& home_agent) {
    const auto addresses = home_agent.value("addresses", std::vector<std::string>{});
    printer.item([&] {
        printer.field("addresses", "{}", addresses,
                      addresses.empty() ? std::string("no address")
                                        : fmt::format("{}", fmt::join(addresses, " ")));
        printer.field("preference", "preference {}", home_agent.value("preference", 0));
        const bool mobile_routers = home_agent.value("mobile_routers", false);
        printer.field("mobile_routers", "{}", mobile_routers,
                      mobile_routers ? "mobile-routers" : "no-mobile-routers");
        const bool own = home_agent.value("own", false);
        printer.json_field("own", own);
        if (own) {
            printer.words("own");
        }
        if (const auto& link_local = home_agent["link_local"]; link_local.is_string()) {
            printer.field("link_local", "router {}", link_local.get<std::string>());
        } else {
            printer.json_field("link_local", nullptr);
        }
        if (const auto& remaining = home_agent["remaining_ms"]; remaining.is_number()) {
            const auto milliseconds = remaining.get<std::int64_t>();
            printer.field("remaining_ms", "lifetime {}s", milliseconds, milliseconds / 1000);
        } else {
            printer.json_field("remaining_ms", nullptr);
        }
    });
}

void show_counters(Printer& printer, const netlink::Device& device,
                   const std::vector<netlink::Counter>& counters, bool all) {
    printer.item([&] {
        printer.field("dev", "{}:", device.name);
        printer.json_field("ifindex", device.ifindex);
        printer.object("counters", [&] {
            for (const netlink::Counter& counter : counters) {
                if (all || counter.value != 0) {
                    printer.new_line(4);
                    printer.field(counter.name, "{}", counter.value,
                                  fmt::format("{} {}", counter.name, counter.value));
                }
            }
        });
    });
}

void show_path(Printer& printer, std::uint32_t ifindex, const Path& path,
               const InterfaceNames& names) {
    printer.item([&] {
        show_path_fields(printer, path, names);
        show_interface(printer, ifindex, names);
    });
}

void show_event(Printer& printer, const Message& event, const std::string& time,
                const InterfaceNames& names) {
    printer.item([&] {
        if (!time.empty()) {
            printer.field("time", "{}", time);
        }
        printer.json_field("source", "kernel");
        printer.field("event", "{}", to_string(event.command));
        if (!event.ifname.empty()) { // the device has gone, and its name with it
            printer.field("dev", "dev {}", event.ifname);
            printer.json_field("ifindex", event.ifindex);
        } else if (event.ifindex != 0) {
            show_interface(printer, event.ifindex, names);
        }
        if ((event.flags & NLM_F_REPLACE) != 0) {
            printer.field("replace", "replace", true);
        }
        if (!event.nodes.empty()) {
            printer.array("nodes", [&] {
                for (const Node& node : event.nodes) {
                    show_event_node(printer, node, names);
                }
            });
        }
        if (event.address) {
            printer.field("address", "{}", text_of(*event.address));
        }
        if (event.path) {
            printer.object("path", [&] { show_path_fields(printer, *event.path, names); });
        }
        if (event.device) {
            printer.object("device", [&] { show_settings(printer, event.device->settings); });
        }
    });
}

} // namespace dsmip::cli

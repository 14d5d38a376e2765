// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that answer once. monitor.cpp has the one that goes on.
#include "cli/commands.hpp"

#include <cerrno>
#include <ostream>
#include <vector>

#include <net/if.h>

#include "cli/show.hpp"
#include "netlink/client.hpp"

namespace dsmip::cli {

namespace {

using netlink::Client;
using netlink::Device;

template<class Value>
using Attempt = tl::expected<Value, Failure>;

Printer::Format format_of(const Options& options) {
    return options.json ? Printer::Format::json : Printer::Format::text;
}

Attempt<Client> open_client() {
    return Client::open().map_error(open_failure);
}

Attempt<std::uint32_t> find_interface(const std::string& name) {
    const unsigned index = if_nametoindex(name.c_str());
    if (index == 0) {
        return tl::unexpected(
            Failure{.code = ExitCode::failed,
                    .message = "there is no device \"" + name + "\"; see dsmipctl device show"});
    }
    return index;
}

/// The device that was named, or all.
Attempt<std::vector<Device>> chosen_devices(Client& client, const Options& options) {
    if (options.device.empty()) {
        return client.devices().map_error(request_failure);
    }
    auto index = find_interface(options.device);
    if (!index) {
        return tl::unexpected(index.error());
    }
    return client.device_get(*index)
        .map([](Device&& device) { return std::vector<Device>{std::move(device)}; })
        .map_error(request_failure);
}

/// What `get` finds for the wanted address, on whatever devices know it.
using GetNode = netlink::Result<netlink::Node> (Client::*)(std::uint32_t, const wire::IpAddress&);
Attempt<std::vector<netlink::NodeEntry>> find_node(Client& client, const Options& options,
                                                   GetNode get = &Client::binding_get,
                                                   const char* what = "no binding for ") {
    auto devices = chosen_devices(client, options);
    if (!devices) {
        return tl::unexpected(devices.error());
    }
    std::vector<netlink::NodeEntry> found;
    for (const Device& device : *devices) {
        auto node = (client.*get)(device.ifindex, *options.address);
        if (node) {
            found.push_back({device.ifindex, std::move(*node)});
        } else if (node.error().code != ENOENT && node.error().code != ENODEV) {
            return tl::unexpected(request_failure(node.error()));
        }
    }
    if (found.empty()) {
        return tl::unexpected(
            Failure{.code = ExitCode::failed, .message = what + wire::to_string(*options.address)});
    }
    return found;
}

using DumpNodes = netlink::Result<netlink::BindingDump> (Client::*)(std::optional<std::uint32_t>);
Attempt<std::vector<netlink::NodeEntry>> all_nodes(Client& client, const Options& options,
                                                   DumpNodes dump = &Client::bindings) {
    std::optional<std::uint32_t> index;
    if (!options.device.empty()) {
        auto found = find_interface(options.device);
        if (!found) {
            return tl::unexpected(found.error());
        }
        index = *found;
    }
    return (client.*dump)(index)
        .map([](netlink::BindingDump&& dump) { return std::move(dump.nodes); })
        .map_error(request_failure);
}

Attempt<Json> ask_daemon(const Options& options, const Json& request) {
    auto daemon = ControlClient::connect(options.socket);
    if (!daemon) {
        return tl::unexpected(control_failure(daemon.error()));
    }
    // With many nodes that takes as long as a start.
    if (request.at("command") == "reload") {
        daemon->wait_without_limit();
    }
    return daemon->call(request).map_error(control_failure);
}

// The daemon's answer as it is.
Outcome show_answer(const Options& options, const Json& request, std::ostream& out) {
    auto result = ask_daemon(options, request);
    if (!result) {
        return tl::unexpected(result.error());
    }
    Printer printer(format_of(options));
    printer.json_value(*result);
    out << printer.finish();
    return {};
}

} // namespace

Outcome status(const Options& options, std::ostream& out) {
    return show_answer(options, {{"command", "status"}}, out);
}

Outcome explain(const Options& options, std::ostream& out) {
    return show_answer(
        options, {{"command", "explain"}, {"address", wire::to_string(*options.address)}}, out);
}

Outcome reload(const Options& options, std::ostream& out) {
    auto result = ask_daemon(options, {{"command", "reload"}});
    if (!result) {
        return tl::unexpected(result.error());
    }
    if (options.json) {
        out << result->dump() << '\n';
        return {};
    }
    const auto changes = result->value("changes", Json::array());
    if (changes.empty()) {
        out << "nothing has changed\n";
    }
    for (const auto& change : changes) {
        out << (change.is_string() ? change.get<std::string>() : change.dump()) << '\n';
    }
    if (const auto count = result->value("change_count", std::size_t{0}); count > changes.size()) {
        out << count - changes.size() << " more changes\n";
    }
    for (const auto& note : result->value("notes", Json::array())) {
        out << "note: " << (note.is_string() ? note.get<std::string>() : note.dump()) << '\n';
    }
    return {};
}

Outcome drain(const Options& options, std::ostream& out) {
    Json request{{"command", "drain"}};
    if (options.drain_stop) {
        request["stop"] = true;
    } else {
        auto& to = request["to"] = Json::array();
        for (const auto& address : options.drain_to) {
            to.push_back(wire::to_string(address));
        }
        if (options.drain_rate) {
            request["rate"] = *options.drain_rate;
        }
        if (options.drain_grace) {
            request["grace"] = *options.drain_grace;
        }
    }
    auto result = ask_daemon(options, request);
    if (!result) {
        return tl::unexpected(result.error());
    }
    if (options.json) {
        out << result->dump() << '\n';
    } else if (options.drain_stop) {
        out << "no longer being drained\n";
    } else {
        out << result->value("nodes", 0) << " nodes to go; see dsmipctl status\n";
    }
    return {};
}

Outcome home_agent_show(const Options& options, std::ostream& out) {
    auto result = ask_daemon(options, {{"command", "home-agents"}});
    if (!result) {
        return tl::unexpected(result.error());
    }
    Printer printer(format_of(options));
    for (const auto& home_agent : *result) {
        show_home_agent(printer, home_agent);
    }
    out << printer.finish();
    return {};
}

Outcome device_show(const Options& options, std::ostream& out) {
    auto client = open_client();
    if (!client) {
        return tl::unexpected(client.error());
    }
    auto devices = chosen_devices(*client, options);
    if (!devices) {
        return tl::unexpected(devices.error());
    }
    Printer printer(format_of(options));
    for (const Device& device : *devices) {
        show_device(printer, device);
    }
    out << printer.finish();
    return {};
}

Outcome binding_show(const Options& options, std::ostream& out) {
    auto client = open_client();
    if (!client) {
        return tl::unexpected(client.error());
    }
    auto nodes = options.address ? find_node(*client, options) : all_nodes(*client, options);
    if (!nodes) {
        return tl::unexpected(nodes.error());
    }
    apply(options.filter, *nodes);
    Printer printer(format_of(options));
    const InterfaceNames names = kernel_interface_names();
    for (const netlink::NodeEntry& entry : *nodes) {
        show_node(printer, entry, names);
    }
    out << printer.finish();
    return {};
}

Outcome prefix_show(const Options& options, std::ostream& out) {
    auto client = open_client();
    if (!client) {
        return tl::unexpected(client.error());
    }
    auto nodes = options.address
                     ? find_node(*client, options, &Client::prefix_get, "no prefix holds ")
                     : all_nodes(*client, options, &Client::prefixes);
    if (!nodes) {
        return tl::unexpected(nodes.error());
    }
    Printer printer(format_of(options));
    const InterfaceNames names = kernel_interface_names();
    for (const netlink::NodeEntry& entry : *nodes) {
        show_prefixes(printer, entry, names);
    }
    out << printer.finish();
    return {};
}

Outcome flow_show(const Options& options, std::ostream& out) {
    auto client = open_client();
    if (!client) {
        return tl::unexpected(client.error());
    }
    auto nodes = options.address ? find_node(*client, options, &Client::flow_get, "no node has ")
                                 : all_nodes(*client, options, &Client::flows);
    if (!nodes) {
        return tl::unexpected(nodes.error());
    }
    Printer printer(format_of(options));
    const InterfaceNames names = kernel_interface_names();
    for (const netlink::NodeEntry& entry : *nodes) {
        show_flows(printer, entry, names);
    }
    out << printer.finish();
    return {};
}

Outcome binding_del(const Options& options, std::ostream& out) {
    wire::IpAddress home_address = *options.address;
    if (home_address.is_ipv4()) {
        // The daemon knows nodes by their IPv6 home address.
        auto client = open_client();
        if (!client) {
            return tl::unexpected(client.error());
        }
        auto found = find_node(*client, options);
        if (!found) {
            return tl::unexpected(found.error());
        }
        home_address = found->front().node.home_address;
    }
    Json request{{"command", "binding-del"}, {"home_address", wire::to_string(home_address)}};
    if (options.bid) {
        request["bid"] = *options.bid;
    }
    auto result = ask_daemon(options, request);
    if (!result) {
        return tl::unexpected(result.error());
    }
    if (options.json) {
        out << result->dump() << '\n';
    }
    return {};
}

Outcome counters(const Options& options, std::ostream& out) {
    auto client = open_client();
    if (!client) {
        return tl::unexpected(client.error());
    }
    auto devices = chosen_devices(*client, options);
    if (!devices) {
        return tl::unexpected(devices.error());
    }
    Printer printer(format_of(options));
    for (const Device& device : *devices) {
        auto values = client->counters(device.ifindex);
        if (!values) {
            return tl::unexpected(request_failure(values.error()));
        }
        show_counters(printer, device, *values, options.all);
    }
    out << printer.finish();
    return {};
}

} // namespace dsmip::cli

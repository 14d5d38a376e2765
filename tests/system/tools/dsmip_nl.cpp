// SPDX-License-Identifier: GPL-2.0-or-later
// dsmip-nl: the generic netlink family of the module by hand, for tests of the module. Errors go to
// standard error with the kernel's explanation; exit status 1.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <linux/netlink.h>
#include <poll.h>

#include "cli/printer.hpp"
#include "cli/show.hpp"
#include "netlink/client.hpp"
#include "netlink/link_monitor.hpp"
#include "netlink/socket.hpp"
#include "netlink/xfrm.hpp"
#include "node_text.hpp"

namespace {

using namespace dsmip;
using cli::Printer;
using netlink::Client;

/// Ends the program with status 1 and `message`.
[[noreturn]] void give_up(const std::string& message) {
    std::cerr << "dsmip-nl: " << message << '\n';
    std::exit(1);
}

std::string text_of(const std::string& error) {
    return error;
}
std::string text_of(const netlink::NetlinkError& error) {
    // The symbolic part is what tests look at; strerror texts differ between C libraries.
    return error.message() + " [" + strerrorname_np(error.code) + "]";
}

template<class Value, class Error>
Value need(tl::expected<Value, Error> result) {
    if (!result) {
        give_up(text_of(result.error()));
    }
    if constexpr (!std::is_void_v<Value>) {
        return std::move(*result);
    }
}

class Tool {
public:
    explicit Tool(CLI::App& app) {
        app.add_flag("--json", json_, "print JSON");
        app.fallthrough();
        app.require_subcommand(1);
        add_device_commands(app);
        add_binding_commands(app);
        add_prefix_commands(app);
        add_flow_commands(app);
        add_path_commands(app);
        add_watch_commands(app);
        add_bulk_commands(app);
        add_measurements(app);
        add_xfrm_commands(app);
    }

private:
    CLI::App* add(CLI::App& app, const char* name, const char* help, std::function<void()> run,
                  bool device = true) {
        auto* command = app.add_subcommand(name, help);
        if (device) {
            command->add_option("DEV", device_, "dsmip device, name or number")->required();
        }
        command->callback(std::move(run));
        return command;
    }
    std::uint32_t ifindex() const { return need(tools::parse_interface(device_)); }
    Printer::Format format() const { return json_ ? Printer::Format::json : Printer::Format::text; }
    void print(const std::function<void(Printer&)>& show) const {
        Printer printer(format());
        show(printer);
        std::cout << printer.finish();
    }

    void add_device_commands(CLI::App& app) {
        auto* set = add(app, "device-set", "change settings of a device", [this] {
            netlink::DeviceSettings settings;
            fill(settings);
            need(need(Client::open()).device_set(ifindex(), settings));
        });
        for (const char* name : {"--role",
                                 "--home-agent4",
                                 "--home-agent6",
                                 "--udp-port",
                                 "--home-agent-port",
                                 "--fwmark",
                                 "--bid-mark-mask",
                                 "--cookie-lifetime",
                                 "--hop-limit",
                                 "--dscp",
                                 "--df",
                                 "--home-link",
                                 "--source-rate",
                                 "--source-burst",
                                 "--network-rate",
                                 "--network-burst",
                                 "--stranger-rate",
                                 "--stranger-burst",
                                 "--tunnel-mtu",
                                 "--underlay"}) {
            set->add_option(name, options_[name]);
        }
        add(
            app, "device-get", "show a device, or all",
            [this] {
                auto client = need(Client::open());
                auto devices = device_.empty() ? need(client.devices())
                                               : std::vector{need(client.device_get(ifindex()))};
                print([&](Printer& printer) {
                    for (const auto& device : devices) {
                        show_device(printer, device);
                    }
                });
            },
            false)
            ->add_option("DEV", device_, "dsmip device, name or number");
        add(app, "counters", "show all counters of a device", [this] {
            auto client = need(Client::open());
            const auto device = need(client.device_get(ifindex()));
            const auto counters = need(client.counters(device.ifindex));
            print([&](Printer& printer) { show_counters(printer, device, counters, true); });
        });
    }

    void fill(netlink::DeviceSettings& settings) {
        for (const auto& [name, value] : options_) {
            if (value.empty()) {
                continue;
            }
            if (name == "--role") {
                settings.role = netlink::parse_role(value);
                if (!settings.role) {
                    give_up("--role: home-agent, mobile-node or unspecified");
                }
            } else if (name == "--home-agent4") {
                settings.home_agent4 = need(wire::Ipv4Address::parse(value).map_error(&message_of));
            } else if (name == "--home-agent6") {
                settings.home_agent6 = need(wire::Ipv6Address::parse(value).map_error(&message_of));
            } else if (name == "--udp-port") {
                settings.udp_port = need(tools::parse_number(value, UINT16_MAX));
            } else if (name == "--home-agent-port") {
                settings.home_agent_port = need(tools::parse_number(value, UINT16_MAX));
            } else if (name == "--fwmark") {
                settings.fwmark = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--bid-mark-mask") {
                settings.bid_mark_mask = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--cookie-lifetime") {
                settings.cookie_lifetime = need(tools::parse_time(value));
            } else if (name == "--hop-limit") {
                settings.hop_limit = need(tools::parse_number(value, UINT8_MAX));
            } else if (name == "--dscp") {
                settings.dscp =
                    value == "copy" ? UINT8_MAX : need(tools::parse_number(value, UINT8_MAX));
            } else if (name == "--home-link") {
                settings.home_link = value == "none" ? 0 : need(tools::parse_interface(value));
            } else if (name == "--underlay") {
                settings.underlay = value == "none" ? 0 : need(tools::parse_interface(value));
            } else if (name == "--source-rate") {
                settings.source_rate = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--source-burst") {
                settings.source_burst = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--network-rate") {
                settings.network_rate = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--network-burst") {
                settings.network_burst = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--stranger-rate") {
                settings.stranger_rate = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--stranger-burst") {
                settings.stranger_burst = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--tunnel-mtu") {
                settings.tunnel_mtu = need(tools::parse_number(value, UINT32_MAX));
            } else if (name == "--df") {
                settings.df = netlink::parse_dont_fragment(value);
                if (!settings.df) {
                    give_up("--df: auto, set or clear");
                }
            }
        }
    }
    static std::string message_of(const wire::ParseError& error) { return error.message; }

    std::vector<netlink::Node> nodes() const {
        std::vector<netlink::Node> nodes;
        for (const std::string& text : node_texts_) {
            nodes.push_back(need(tools::parse_node(text)));
        }
        return nodes;
    }

    void add_binding_commands(CLI::App& app) {
        auto* make = add(app, "binding-new", "make or update nodes and bindings", [this] {
            need(need(Client::open()).binding_new(ifindex(), nodes(), flags_));
        });
        make->add_option("--node", node_texts_,
                         "HOME_ADDRESS [home4 A,A|none] [/ [bid N] [via ADDRESS[:PORT]] [direct|"
                         "udp|udp-tlv|udp-tlv-draft] [port N] [claimed A] [prio N] [weight N] "
                         "[lifetime 60s] [link DEV] [at-home] [lladdr XX:XX:...] [seq N] "
                         "[flags nat,forced-udp,draft,mcoa,link-local]]...")
            ->required()
            ->expected(1)
            ->take_all();
        make->add_flag("--create", flags_.create, "NLM_F_CREATE");
        make->add_flag("--excl", flags_.exclusive, "NLM_F_EXCL");
        make->add_flag("--replace", flags_.replace, "NLM_F_REPLACE");

        auto* remove = add(app, "binding-del", "delete bindings, nodes or all", [this] {
            auto client = need(Client::open());
            need(all_ ? client.binding_flush(ifindex()) : client.binding_del(ifindex(), nodes()));
        });
        remove->add_option("--node", node_texts_, "HOME_ADDRESS [/ bid N]...")
            ->expected(1)
            ->take_all();
        remove->add_flag("--all", all_, "empty the device");

        add(app, "binding-get", "show one node",
            [this] {
                const auto address = need(wire::IpAddress::parse(address_).map_error(&message_of));
                const auto index = ifindex();
                const auto node = need(need(Client::open()).binding_get(index, address));
                print([&](Printer& p) {
                    show_node(p, {index, node}, cli::kernel_interface_names());
                });
            })
            ->add_option("ADDRESS", address_, "home address of either family")
            ->required();
        add(
            app, "bindings", "show all nodes of a device, or of all",
            [this] {
                auto client = need(Client::open());
                const auto dump =
                    need(device_.empty() ? client.bindings() : client.bindings(ifindex()));
                print([&](Printer& printer) {
                    const auto names = cli::kernel_interface_names();
                    for (const auto& entry : dump.nodes) {
                        show_node(printer, entry, names);
                    }
                });
                if (!dump.consistent) {
                    std::cerr << "dsmip-nl: bindings changed meanwhile\n";
                }
            },
            false)
            ->add_option("DEV", device_, "dsmip device, name or number");
    }

    std::vector<netlink::Node> nodes_with_prefixes() const {
        std::vector<netlink::Node> nodes;
        for (const std::string& text : node_texts_) {
            nodes.push_back(need(tools::parse_node_prefixes(text)));
        }
        return nodes;
    }
    void print_prefixes(const std::vector<netlink::NodeEntry>& entries) const {
        print([&](Printer& printer) {
            const auto names = cli::kernel_interface_names();
            for (const auto& entry : entries) {
                show_prefixes(printer, entry, names);
            }
        });
    }

    void add_prefix_commands(CLI::App& app) {
        auto* make = add(app, "prefix-new", "give prefixes to nodes", [this] {
            need(need(Client::open())
                     .prefix_new(ifindex(), nodes_with_prefixes(),
                                 {.exclusive = flags_.exclusive, .replace = flags_.replace}));
        });
        auto* remove = add(app, "prefix-del", "take prefixes back", [this] {
            need(need(Client::open()).prefix_del(ifindex(), nodes_with_prefixes()));
        });
        for (auto* command : {make, remove}) {
            command->add_option("--node", node_texts_, "HOME_ADDRESS [ADDRESS/LENGTH]...")
                ->required()
                ->expected(1)
                ->take_all();
        }
        make->add_flag("--excl", flags_.exclusive, "NLM_F_EXCL");
        make->add_flag("--replace", flags_.replace, "NLM_F_REPLACE");

        add(app, "prefix-get", "show the longest prefix that holds an address",
            [this] {
                const auto address = need(wire::IpAddress::parse(address_).map_error(&message_of));
                const auto index = ifindex();
                print_prefixes({{index, need(need(Client::open()).prefix_get(index, address))}});
            })
            ->add_option("ADDRESS", address_, "of either family")
            ->required();
        add(
            app, "prefixes", "show all prefixes of a device, or of all",
            [this] {
                auto client = need(Client::open());
                print_prefixes(
                    need(device_.empty() ? client.prefixes() : client.prefixes(ifindex())).nodes);
            },
            false)
            ->add_option("DEV", device_, "dsmip device, name or number");
    }

    std::vector<netlink::Node> nodes_with_flows() const {
        std::vector<netlink::Node> nodes;
        for (const std::string& text : node_texts_) {
            nodes.push_back(need(tools::parse_node_flows(text)));
        }
        return nodes;
    }

    void add_flow_commands(CLI::App& app) {
        auto* make = add(app, "flow-new", "make or update flow rules", [this] {
            need(need(Client::open()).flow_new(ifindex(), nodes_with_flows(), flags_));
        });
        auto* remove = add(app, "flow-del", "delete flow rules", [this] {
            need(need(Client::open()).flow_del(ifindex(), nodes_with_flows()));
        });
        for (auto* command : {make, remove}) {
            command
                ->add_option("--node", node_texts_,
                             "HOME_ADDRESS [/ fid N [prio N] [bids N,N] [ipv4|ipv6] [src A[-A]] "
                             "[dst A[-A]] [spi N[-N]] [label N[-N]] [sport N[-N]] [dport N[-N]] "
                             "[class N[-N]] [proto N[-N]]]...")
                ->required()
                ->expected(1)
                ->take_all();
        }
        make->add_flag("--create", flags_.create, "NLM_F_CREATE");
        make->add_flag("--excl", flags_.exclusive, "NLM_F_EXCL");
        make->add_flag("--replace", flags_.replace, "NLM_F_REPLACE");
    }

    void add_path_commands(CLI::App& app) {
        auto* make = add(app, "path-new", "make a path, print it with its cookie", [this] {
            netlink::Path path;
            const auto remote = need(tools::parse_endpoint(options_["--remote"]));
            path.remote = remote.address;
            if (remote.port != 0) {
                path.remote_port = remote.port;
            }
            if (!options_["--local"].empty()) {
                path.local =
                    need(wire::IpAddress::parse(options_["--local"]).map_error(&message_of));
            }
            if (!options_["--link"].empty()) {
                path.link = need(tools::parse_interface(options_["--link"]));
            }
            if (!options_["--lifetime"].empty()) {
                path.lifetime = need(tools::parse_time(options_["--lifetime"]));
            }
            if (!options_["--encap"].empty()) {
                path.encapsulation = netlink::parse_encapsulation(options_["--encap"]);
                if (!path.encapsulation) {
                    give_up("--encap: direct, udp, udp-tlv or udp-tlv-draft");
                }
            }
            const auto index = ifindex();
            const auto made = need(need(Client::open()).path_new(index, path));
            print([&](Printer& p) { show_path(p, index, made, cli::kernel_interface_names()); });
        });
        make->add_option("--remote", options_["--remote"], "ADDRESS[:PORT]")->required();
        make->add_option("--local", options_["--local"], "ADDRESS");
        make->add_option("--link", options_["--link"], "interface");
        make->add_option("--encap", options_["--encap"], "direct, udp, udp-tlv, udp-tlv-draft");
        make->add_option("--lifetime", options_["--lifetime"], "e.g. 10s");

        add(app, "path-get", "show the path of a cookie",
            [this] {
                const auto cookie = need(tools::parse_number(cookie_, UINT32_MAX));
                const auto index = ifindex();
                const auto path =
                    need(need(Client::open()).path_get(index, static_cast<std::uint32_t>(cookie)));
                print(
                    [&](Printer& p) { show_path(p, index, path, cli::kernel_interface_names()); });
            })
            ->add_option("COOKIE", cookie_, "the mark, e.g. 0x80001234")
            ->required();
    }

    void add_watch_commands(CLI::App& app) {
        auto* events = add(
            app, "events", "print one line per event; says \"listening\" on standard error first",
            [this] {
                auto socket = need(netlink::EventSocket::open());
                std::cerr << "listening" << std::endl;
                for (unsigned seen = 0; count_ == 0 || seen < count_;) {
                    auto event = socket.next();
                    if (!event) {
                        std::cerr << "dsmip-nl: " << text_of(event.error()) << std::endl;
                    } else if (!*event) {
                        wait_for(socket.fd());
                    } else {
                        ++seen;
                        Printer printer(format());
                        show_event(printer, **event, {}, cli::kernel_interface_names());
                        std::cout << printer.take_item() << std::flush;
                    }
                }
            },
            false);
        events->add_option("--count", count_, "end after so many");

        auto* links = add(
            app, "links", "print links with addresses and default routes",
            [this] {
                auto monitor = need(netlink::LinkMonitor::open());
                print_links(monitor.state());
                while (watch_) {
                    wait_for(monitor.fd());
                    if (need(monitor.process())) {
                        print_links(monitor.state());
                    }
                }
            },
            false);
        links->add_flag("--watch", watch_, "again after each change");
    }
    static void wait_for(int fd) {
        pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
        (void)poll(&poll_fd, 1, -1);
    }
    static void print_links(const netlink::NetworkState& state) {
        for (const auto& [index, link] : state.links()) {
            std::cout << link.name << (link.up ? " up" : " down")
                      << (link.running ? " running" : "");
            for (const auto& address : link.addresses) {
                std::cout << ' ' << wire::to_string(address.address) << '/'
                          << unsigned{address.prefix_length}
                          << (address.is_usable() ? "" : " (unusable)")
                          << (address.deprecated ? " (deprecated)" : "");
            }
            for (const auto& route : link.default_routes) {
                std::cout << " default";
                if (route.gateway) {
                    std::cout << " via " << wire::to_string(*route.gateway);
                } else {
                    std::cout << (route.family == wire::AddressFamily::Ipv4 ? " IPv4" : " IPv6");
                }
            }
            std::cout << '\n';
        }
        std::cout << "--" << std::endl;
    }

    void add_bulk_commands(CLI::App& app) {
        auto* bulk =
            add(app, "bulk-add", "make N nodes 2001:db8:b:: + n in batches, print how long it took",
                [this] { bulk_add(); });
        bulk->add_option("N", number_, "nodes")->required();
        bulk->add_option("--via", via_, "end point of all of them");
        bulk->add_option("--lifetime", lifetime_, "of all of them");
        bulk->add_flag(
            "--spread", spread_,
            "node n at the end point 10.0.0.1 + n, or 2001:db8:a::1 + n if --via is IPv6");
        bulk->add_option("--encap", options_["--encap"], "direct, udp, udp-tlv, udp-tlv-draft");
        bulk->add_flag("--ports", ports_, "node n at UDP port 1024 + n");
        bulk->add_flag("--end-together", end_together_, "the lifetime counts from the first node");
        bulk->add_flag("--home4", home4_, "IPv4 home address 100.64.0.0 + n each");
    }
    void add_measurements(CLI::App& app) {
        auto* count = add(app, "count", "dump all nodes unread; again while it is interrupted",
                          [this] { count_nodes(); });
        count->add_option("--attempts", attempts_, "at most");
        count->add_option("--change", node_texts_, "NODE to update during the first attempt");
        auto* probe = add(app, "probe", "ask for one node again and again, print the delays",
                          [this] { probe_delays(); });
        probe->add_option("ADDRESS", address_, "home address")->required();
        probe->add_option("--for", lifetime_, "how long");
    }
    using Clock = std::chrono::steady_clock;
    static double seconds_since(Clock::time_point start) {
        return std::chrono::duration<double>(Clock::now() - start).count();
    }

    void bulk_add() {
        const auto via = need(tools::parse_endpoint(via_));
        const auto lifetime = need(tools::parse_time(lifetime_));
        auto client = need(Client::open());
        const auto index = ifindex();
        const auto start = Clock::now();
        for (std::uint32_t n = 0; n < number_;) {
            std::vector<netlink::Node> nodes(std::min(bulk_at_once, number_ - n));
            auto left = lifetime;
            if (end_together_) {
                left -= std::chrono::floor<netlink::Milliseconds>(Clock::now() - start);
            }
            for (auto& node : nodes) {
                fill_synthetic(node, n++, via, left);
            }
            need(client.binding_new(index, nodes, {.create = true}));
        }
        std::cout << number_ << " nodes in " << seconds_since(start) << " s\n";
    }

    /// What the kernel takes for a dump, without looking into it.
    void count_nodes() {
        auto socket = need(netlink::Socket::open(NETLINK_GENERIC));
        const auto family = need(netlink::resolve_family(socket));
        netlink::Message request;
        request.command = netlink::Command::binding_get;
        request.flags = NLM_F_DUMP;
        request.ifindex = ifindex();
        alignas(nlmsghdr) std::array<std::byte, 128> buffer{};
        const auto length = netlink::encode(request, family.id, buffer);
        for (unsigned attempt = 1;; ++attempt) {
            std::size_t nodes = 0;
            std::size_t octets = 0;
            const auto start = Clock::now();
            const auto state = need(socket.transact(
                std::span(buffer).first(*length), "count", [&](std::span<const std::byte> m) {
                    if (++nodes == 1 && attempt == 1 && !node_texts_.empty()) {
                        need(need(Client::open()).binding_new(request.ifindex, this->nodes(), {}));
                    }
                    octets += m.size();
                }));
            const bool whole = state == netlink::DumpState::complete;
            std::cout << nodes << " nodes, " << octets << " octets, " << seconds_since(start)
                      << " s" << (whole ? "" : ", interrupted") << std::endl;
            if (whole || attempt >= attempts_) {
                break;
            }
        }
    }

    void probe_delays() {
        const auto address = need(wire::IpAddress::parse(address_).map_error(&message_of));
        const auto wanted = need(tools::parse_time(lifetime_));
        auto client = need(Client::open());
        const auto index = ifindex();
        const auto start = Clock::now();
        double worst = 0;
        std::size_t asked = 0;
        while (Clock::now() - start < wanted) {
            const auto begin = Clock::now();
            need(client.binding_get(index, address));
            worst = std::max(worst, seconds_since(begin));
            ++asked;
        }
        std::cout << asked << " requests, worst " << worst * 1000 << " ms, mean "
                  << seconds_since(start) * 1000 / static_cast<double>(asked) << " ms\n";
    }

    static wire::Ipv4Address ipv4_plus(std::uint32_t base, std::uint32_t n) {
        const std::uint32_t value = base + n;
        return {{static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                 static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}};
    }
    /// 2001:db8:SUBNET:: + n
    static wire::Ipv6Address ipv6_plus(std::uint8_t subnet, std::uint32_t n) {
        return {{0x20, 0x01, 0x0d, 0xb8, 0x00, subnet, 0, 0, 0, 0, 0, 0,
                 static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16),
                 static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
    }
    void fill_synthetic(netlink::Node& node, std::uint32_t n, const wire::Endpoint& via,
                        netlink::Milliseconds lifetime) const {
        node.home_address = ipv6_plus(0x0b, n);
        if (home4_) {
            node.home_addresses4 = {ipv4_plus(0x64400000U, n)};
        }
        netlink::Binding& binding = node.bindings.emplace_back();
        binding.care_of = via.address;
        if (spread_ && via.address.is_ipv4()) {
            binding.care_of = ipv4_plus(0x0a000000U, n + 1);
        } else if (spread_) {
            binding.care_of = ipv6_plus(0x0a, n + 1);
        }
        if (via.port != 0) {
            binding.port = ports_ ? static_cast<std::uint16_t>(1024 + n % 64000) : via.port;
            binding.encapsulation = netlink::Encapsulation::udp;
        }
        if (const auto encap = options_.find("--encap");
            encap != options_.end() && !encap->second.empty()) {
            binding.encapsulation = netlink::parse_encapsulation(encap->second);
            if (!binding.encapsulation) {
                give_up("--encap: direct, udp, udp-tlv or udp-tlv-draft");
            }
        }
        binding.lifetime = lifetime;
    }

    void add_xfrm_commands(CLI::App& app) {
        const auto change = [this](bool accept) {
            const auto extension = kind_ == "hao"
                                       ? netlink::MobilityHeaderExtension::home_address_option
                                       : netlink::MobilityHeaderExtension::type2_routing_header;
            const auto address = need(wire::Ipv6Address::parse(address_).map_error(&message_of));
            auto xfrm = need(netlink::Xfrm::open());
            need(accept ? xfrm.accept(extension, address)
                        : xfrm.stop_accepting(extension, address));
        };
        for (const bool accept : {true, false}) {
            auto* command = add(
                app, accept ? "xfrm-accept" : "xfrm-stop",
                accept ? "let the kernel accept a Mobile IPv6 header" : "take that back",
                [change, accept] { change(accept); }, false);
            command->add_option("KIND", kind_, "hao or route2")
                ->required()
                ->check(CLI::IsMember({"hao", "route2"}));
            command->add_option("ADDRESS", address_, "at this address only; :: = any")->required();
        }
    }

    bool json_ = false;
    std::string device_;
    std::map<std::string, std::string> options_;
    std::vector<std::string> node_texts_;
    netlink::BindingNewFlags flags_;
    bool all_ = false;
    std::string address_;
    std::string cookie_;
    std::string kind_;
    unsigned count_ = 0;
    bool watch_ = false;
    std::uint32_t number_ = 0;
    std::string via_ = "192.0.2.1";
    std::string lifetime_ = "3600s";
    static constexpr std::uint32_t bulk_at_once = 10000;
    unsigned attempts_ = 5;
    bool spread_ = false;
    bool ports_ = false;
    bool end_together_ = false;
    bool home4_ = false;
};

} // namespace

int main(int argc, char** argv) {
    CLI::App app("The generic netlink family of the dsmip module by hand.", "dsmip-nl");
    const Tool tool(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return 0;
}

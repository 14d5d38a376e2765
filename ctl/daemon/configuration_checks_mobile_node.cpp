// SPDX-License-Identifier: GPL-2.0-or-later
// Contradictions in the configuration of a mobile node.
#include "daemon/configuration_checker.hpp"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <linux/dsmip.h>

#include "wire/codec.hpp"

namespace dsmip::daemon {

namespace {

using wire::to_string;

class MobileNodeChecker : ConfigurationChecker {
public:
    explicit MobileNodeChecker(ReadConfiguration& read)
        : ConfigurationChecker(read) {}

    void check() {
        const auto& engine = read_.configuration.mobile_node.engine;
        if (const auto at = line("mobile-node", "home-address");
            at != 0 && line("mobile-node", "home-agent6") != 0 &&
            engine.home_address == engine.home_agent6) {
            mistake(at, "mobile-node.home-address",
                    "is the address of the home agent; wanted the one of this node");
        }
        if (const auto at = line("mobile-node", "home-address4");
            at != 0 && line("mobile-node", "home-agent4") != 0 &&
            engine.home_address4_mode == mobility::MobileNodeConfig::HomeAddress4::fixed &&
            engine.home_address4 == *engine.home_agent4) {
            mistake(at, "mobile-node.home-address4",
                    "is the address of the home agent; wanted the one of this node");
        }
        if (const auto at = line("mobile-node", "force-udp");
            at != 0 && engine.force_udp && find("mobile-node", "home-agent4") == nullptr) {
            mistake(at, "mobile-node.force-udp",
                    "wants UDP over IPv4, but the IPv4 address of the home agent is not given; "
                    "add home-agent4 or set it to false");
        }
        if (section_line("mobile-node.access") == 0 && engine.accesses.empty()) {
            mistake(section_line("mobile-node"), "mobile-node.access",
                    "no access network could be used; wanted a section [[mobile-node.access]] "
                    "for each interface");
        }
        check_router();
        check_other_home_agents();
        check_accesses();
    }

private:
    void check_router() {
        const auto& engine = read_.configuration.mobile_node.engine;
        constexpr std::array<std::string_view, 4> router_keys{"prefixes6", "explicit-prefixes",
                                                              "prefixes4", "prefix4-length"};
        for (const auto key : router_keys) {
            if (const auto at = line("mobile-node", key); at != 0 && !engine.mobile_router) {
                mistake(at, fmt::format("mobile-node.{}", key),
                        "is for mobile routers; set mobile-router = true or leave it out");
            }
        }
        const auto at = line("mobile-node", "mobile-router");
        if (at == 0 || !engine.mobile_router) {
            return;
        }
        if (engine.prefixes6.empty() && engine.prefixes4.empty() && engine.prefix4_length == 0) {
            mistake(at, "mobile-node.mobile-router",
                    "needs to know the network behind it; add prefixes6, prefixes4 or "
                    "prefix4-length");
        }
        check_update_size();
        for (const auto& prefix : engine.prefixes6) {
            if (prefix.contains(engine.home_agent6)) {
                mistake(line("mobile-node", "prefixes6"), "mobile-node.prefixes6",
                        fmt::format("{} holds the address of the home agent", to_string(prefix)));
            }
        }
    }

    /// Prefixes that are named in a Binding Update have to fit into it.
    void check_update_size() {
        constexpr std::size_t option6 = 24; // RFC 3963, 4.3, with its alignment
        constexpr std::size_t option4 = 8;  // RFC 5555, 3.1.1, likewise
        constexpr std::size_t beside = 256; // all else that may be in the message
        constexpr std::size_t room = wire::max_mobility_header_length - beside;
        const auto& engine = read_.configuration.mobile_node.engine;
        const auto named6 = engine.explicit_prefixes ? engine.prefixes6.size() : 0;
        if (named6 * option6 + engine.prefixes4.size() * option4 > room) {
            const bool many4 = engine.prefixes4.size() > named6;
            mistake(line("mobile-node", many4 ? "prefixes4" : "prefixes6"),
                    many4 ? "mobile-node.prefixes4" : "mobile-node.prefixes6",
                    fmt::format("{} IPv6 and {} IPv4 prefixes do not fit into a Binding Update; "
                                "wanted at most {} and none, or none and {}",
                                named6, engine.prefixes4.size(), room / option6, room / option4));
        }
    }

    void check_other_home_agents() {
        const auto& engine = read_.configuration.mobile_node.engine;
        std::vector<Use<wire::Ipv6Address>> uses6;
        std::vector<Use<wire::Ipv4Address>> uses4;
        if (const auto at = line("mobile-node", "home-agent6")) {
            uses6.push_back({engine.home_agent6, at, "mobile-node.home-agent6"});
        }
        if (const auto at = line("mobile-node", "home-agent4")) {
            uses4.push_back({*engine.home_agent4, at, "mobile-node.home-agent4"});
        }
        const auto addresses6 = column("mobile-node.home-agent", "address6");
        const auto addresses4 = column("mobile-node.home-agent", "address4");
        for (std::size_t i = 0; i < engine.other_home_agents.size(); ++i) {
            const auto& other = engine.other_home_agents[i];
            if (const auto at = addresses6.line(i)) {
                constexpr auto* key = "mobile-node.home-agent.address6";
                uses6.push_back({other.address6, at, key});
                if (other.address6 == engine.home_address) {
                    mistake(at, key,
                            "is the home address of this node; wanted that of a home agent");
                }
            }
            if (const auto at = addresses4.line(i)) {
                uses4.push_back({*other.address4, at, "mobile-node.home-agent.address4"});
            }
        }
        refuse_repeated(std::move(uses6));
        refuse_repeated(std::move(uses4));
    }

    void check_accesses() {
        const auto& engine = read_.configuration.mobile_node.engine;
        std::vector<Use<std::string>> interfaces;
        std::vector<Use<std::uint16_t>> identifiers;
        const auto names = column("mobile-node.access", "interface");
        const auto bids = column("mobile-node.access", "bid");
        for (std::size_t i = 0; i < engine.accesses.size(); ++i) {
            const auto& access = engine.accesses[i];
            const auto at = names.line(i);
            if (at != 0) {
                constexpr auto* key = "mobile-node.access.interface";
                interfaces.push_back({access.link_name, at, key});
                if (access.link_name == read_.configuration.device.name) {
                    mistake(at, key,
                            fmt::format("{} is the tunnel device; wanted an interface to an "
                                        "access network",
                                        access.link_name));
                }
            }
            if (const auto bid_at = bids.line(i)) {
                identifiers.push_back({access.bid, bid_at, "mobile-node.access.bid"});
            } else if (engine.mcoa && bids.find(i) == nullptr) {
                mistake(at, "mobile-node.access.bid",
                        fmt::format("is missing for {}; with mcoa = true every access needs its "
                                    "own, an integer from 1 to 65535",
                                    access.link_name));
            }
        }
        if (engine.mcoa && engine.accesses.size() > DSMIP_BINDINGS_MAX) {
            mistake(names.line(DSMIP_BINDINGS_MAX), "mobile-node.access",
                    fmt::format("are {}; with mcoa = true at most {} can be registered",
                                engine.accesses.size(), DSMIP_BINDINGS_MAX));
        }
        if (!engine.mcoa) {
            refuse_repeated(std::move(interfaces),
                            ", or several times with mcoa = true and a bid for each");
        }
        refuse_repeated(std::move(identifiers));
    }
};

} // namespace

void check_mobile_node(ReadConfiguration& read) {
    MobileNodeChecker(read).check();
}

} // namespace dsmip::daemon

// SPDX-License-Identifier: GPL-2.0-or-later
// Duplicates, contradictions, sections of the other role.
#include "daemon/configuration_checks.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/prefix_set.hpp"

namespace dsmip::daemon {

namespace {

using wire::to_string;

class Checker {
public:
    explicit Checker(ReadConfiguration& read)
        : read_(read) {}

    void check() {
        const auto& device = read_.configuration.device;
        if (const auto at = line("device", "underlay"); at != 0 && device.underlay == device.name) {
            mistake(
                at, "device.underlay",
                fmt::format("{} is the tunnel device; wanted the interface or VRF that its outer "
                            "packets belong to",
                            device.name));
        }
        const auto* role = find("", "role");
        if (role == nullptr || !role->valid) {
            return; // which section matters is not known
        }
        const bool home_agent = read_.configuration.role == RoleName::home_agent;
        check_sections(home_agent ? "home-agent" : "mobile-node",
                       home_agent ? "mobile-node" : "home-agent", role->line);
        if (home_agent && section_line("home-agent") != 0) {
            check_home_agent();
        } else if (!home_agent && section_line("mobile-node") != 0) {
            check_mobile_node();
        }
    }

private:
    /// Where a key stands, for each element of its section.
    class Column {
    public:
        explicit Column(const std::vector<SeenKey>& seen)
            : seen_(seen) {}
        [[nodiscard]] const SeenKey* find(std::size_t element) const {
            return element < seen_.size() && seen_[element].line != 0 ? &seen_[element] : nullptr;
        }
        /// Line of a key whose value could be read; 0 = it has none.
        [[nodiscard]] unsigned line(std::size_t element) const {
            const auto* key = find(element);
            return key != nullptr && key->valid ? key->line : 0;
        }

    private:
        const std::vector<SeenKey>& seen_;
    };

    Column column(std::string_view section, std::string_view name) const {
        const auto rows = configuration_keys();
        const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& key) {
            return key.section == section && key.name == name;
        });
        return Column(read_.keys.at(static_cast<std::size_t>(row - rows.begin())));
    }

    const SeenKey* find(std::string_view section, std::string_view name) const {
        return column(section, name).find(0);
    }

    unsigned line(std::string_view section, std::string_view name) const {
        return column(section, name).line(0);
    }

    unsigned section_line(std::string_view name) const {
        const auto all = configuration_sections();
        const auto section =
            std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
        return read_.sections.at(static_cast<std::size_t>(section - all.begin()));
    }

    void mistake(unsigned line, std::string_view key, std::string text) {
        read_.mistakes.push_back({line, std::string(key), std::move(text)});
    }

    /// A value that may be used once, and where.
    template<class Value>
    struct Use {
        Value value;
        unsigned line = 0;
        std::string_view key; ///< of which it is a value
    };

    /// "is in line N, too", for every use but the first of the list.
    template<class Value>
    void refuse_repeated(std::vector<Use<Value>> uses) {
        std::stable_sort(uses.begin(), uses.end(),
                         [](const auto& a, const auto& b) { return a.value < b.value; });
        const Use<Value>* first = nullptr;
        for (const auto& use : uses) {
            if (first == nullptr || first->value != use.value) {
                first = &use;
            } else {
                mistake(use.line, use.key,
                        fmt::format("{} is in line {}, too; it may be used once", shown(use.value),
                                    first->line));
            }
        }
    }
    static const std::string& shown(const std::string& text) { return text; }
    static std::string shown(std::uint16_t number) { return std::to_string(number); }
    template<class Value>
    static std::string shown(const Value& value) {
        return to_string(value);
    }

    void check_sections(std::string_view own, std::string_view other, unsigned role_line) {
        if (section_line(own) == 0) {
            mistake(role_line, own,
                    fmt::format("section is missing; role \"{}\" needs a section [{}]", own, own));
        }
        if (const auto line = section_line(other)) {
            mistake(line, other,
                    fmt::format("section of the other role; role = \"{}\" wants [{}] only, and one "
                                "process has one role",
                                own, own));
        }
    }

    void check_home_agent() {
        const auto& agent = read_.configuration.home_agent;
        const auto& engine = agent.engine;
        if (const auto at = line("home-agent", "address-pool");
            at != 0 && find("home-agent", "address4") == nullptr) {
            mistake(at, "home-agent.address-pool",
                    "hands out IPv4 home addresses, but the home agent has no IPv4 address; add "
                    "address4 or leave the pool out");
        }
        if (const auto at = line("home-agent", "impose-udp"); at != 0 && engine.impose_udp) {
            if (find("home-agent", "address4") == nullptr) {
                mistake(at, "home-agent.impose-udp",
                        "wants UDP, but the home agent has no IPv4 address; add address4 or set "
                        "it to false");
            } else if (line("home-agent", "udp-port") != 0 && agent.udp_port == 0) {
                mistake(at, "home-agent.impose-udp",
                        "contradicts udp-port = 0 (no UDP); set one of them otherwise");
            }
        }
        if (line("home-agent", "home-prefixes") != 0 && engine.home_prefixes.empty()) {
            mistake(line("home-agent", "home-prefixes"), "home-agent.home-prefixes",
                    "is empty; wanted at least one prefix of home addresses");
        }
        if (const auto at = line("home-agent.home-link", "interface");
            at != 0 && agent.home_link == read_.configuration.device.name) {
            mistake(at, "home-agent.home-link.interface",
                    fmt::format("{} is the tunnel device; wanted the interface to the home link",
                                agent.home_link));
        }
        if (engine.nodes.empty() && !engine.accept_unlisted_nodes &&
            section_line("home-agent.node") == 0) {
            mistake(section_line("home-agent"), "home-agent.node",
                    "no mobile node could register; list them in sections [[home-agent.node]] or "
                    "set accept-unlisted-nodes = true");
        }
        check_nodes();
        check_prefixes();
        check_discovery();
    }

    void check_discovery() {
        const auto& engine = read_.configuration.home_agent.engine;
        const auto& discovery = engine.prefix_discovery;
        constexpr std::string_view section = "home-agent.prefix-discovery";
        if (discovery.min_interval > discovery.max_interval) {
            const auto at = std::max(line(section, "min-interval"), line(section, "max-interval"));
            mistake(at, "home-agent.prefix-discovery.min-interval",
                    "is longer than max-interval; wanted one that is not");
        }
        constexpr std::string_view element = "home-agent.advertised-prefix";
        const auto prefixes = column(element, "prefix");
        const auto preferred = column(element, "preferred-lifetime");
        const auto valid = column(element, "valid-lifetime");
        const PrefixSet home_prefixes(engine.home_prefixes);
        const bool home_prefixes_known = line("home-agent", "home-prefixes") != 0;
        std::vector<Use<wire::Prefix6>> uses;
        for (std::size_t i = 0; i < discovery.prefixes.size(); ++i) {
            const auto& advertised = discovery.prefixes[i];
            const auto at = prefixes.line(i);
            if (at != 0) {
                constexpr auto* key = "home-agent.advertised-prefix.prefix";
                uses.push_back({advertised.prefix, at, key});
                if (home_prefixes_known && home_prefixes.around(advertised.prefix) == nullptr) {
                    mistake(at, key,
                            fmt::format("{} is in none of the home-prefixes; wanted one whose "
                                        "addresses can be registered",
                                        to_string(advertised.prefix)));
                }
            }
            if (advertised.preferred_lifetime > advertised.valid_lifetime) {
                mistake(std::max({at, preferred.line(i), valid.line(i)}),
                        "home-agent.advertised-prefix.preferred-lifetime",
                        "is longer than valid-lifetime; wanted one that is not");
            }
        }
        refuse_repeated(std::move(uses));
    }

    /// Every address of a mobile network leads to one node.
    void check_prefixes() {
        const auto& engine = read_.configuration.home_agent.engine;
        std::vector<std::tuple<wire::Prefix6, std::size_t, unsigned>> seen6;
        std::vector<std::tuple<wire::Prefix4, std::size_t, unsigned>> seen4;
        const auto prefixes6 = column("home-agent.node", "prefixes6");
        const auto prefixes4 = column("home-agent.node", "prefixes4");
        for (std::size_t i = 0; i < engine.nodes.size(); ++i) {
            if (const auto at = prefixes6.line(i)) {
                collect(engine.nodes[i].prefixes6, i, at, engine.address6, seen6,
                        "home-agent.node.prefixes6");
            }
            if (const auto at = prefixes4.line(i)) {
                collect(engine.nodes[i].prefixes4, i, at,
                        engine.address4.value_or(wire::Ipv4Address{}), seen4,
                        "home-agent.node.prefixes4");
            }
        }
        refuse_overlaps(seen6, "home-agent.node.prefixes6");
        refuse_overlaps(seen4, "home-agent.node.prefixes4");
        for (const auto& [prefix, node, at] : seen4) {
            refuse_in_address_pool(prefix, at, "home-agent.node.prefixes4");
        }
        if (const auto at = line("home-agent.prefixes", "pool4")) {
            refuse_in_address_pool(*engine.prefixes.pool4, at, "home-agent.prefixes.pool4");
        }
    }

    void refuse_in_address_pool(const wire::Prefix4& prefix, unsigned at, std::string_view key) {
        if (line("home-agent", "address-pool") == 0) {
            return;
        }
        const auto& pool = *read_.configuration.home_agent.engine.address_pool;
        if (pool.contains(prefix) || prefix.contains(pool)) {
            mistake(at, key,
                    fmt::format("{} overlaps with the address-pool {}; wanted addresses of its own",
                                to_string(prefix), to_string(pool)));
        }
    }

    template<class Prefix, class Address>
    void collect(const std::vector<Prefix>& prefixes, std::size_t node, unsigned at,
                 const Address& home_agent,
                 std::vector<std::tuple<Prefix, std::size_t, unsigned>>& seen,
                 std::string_view key) {
        for (const auto& prefix : prefixes) {
            if (home_agent != Address{} && prefix.contains(home_agent)) {
                mistake(at, key,
                        fmt::format("{} holds the home agent's own address {}; wanted a prefix of "
                                    "the network behind the node",
                                    to_string(prefix), to_string(home_agent)));
            }
            seen.emplace_back(prefix, node, at);
        }
    }

    /// In order of addresses a prefix overlaps with the widest before it that reaches so far.
    template<class Prefix>
    void refuse_overlaps(std::vector<std::tuple<Prefix, std::size_t, unsigned>>& seen,
                         std::string_view key) {
        std::sort(seen.begin(), seen.end());
        const std::tuple<Prefix, std::size_t, unsigned>* around = nullptr;
        for (const auto& entry : seen) {
            const auto& [prefix, node, at] = entry;
            if (around == nullptr || !std::get<0>(*around).contains(prefix)) {
                around = &entry;
            } else if (std::get<1>(*around) != node) {
                mistake(at, key,
                        fmt::format("{} overlaps with {} of another node in line {}; wanted "
                                    "prefixes that lead to one node",
                                    to_string(prefix), to_string(std::get<0>(*around)),
                                    std::get<2>(*around)));
            }
        }
    }

    void check_nodes() {
        const auto& engine = read_.configuration.home_agent.engine;
        std::vector<Use<wire::Ipv6Address>> addresses6;
        std::vector<Use<wire::Ipv4Address>> addresses4;
        if (const auto at = line("home-agent", "address6")) {
            addresses6.push_back({engine.address6, at, "home-agent.address6"});
        }
        if (const auto at = line("home-agent", "address4")) {
            addresses4.push_back({*engine.address4, at, "home-agent.address4"});
        }
        const PrefixSet home_prefixes(engine.home_prefixes);
        const bool prefixes_known =
            line("home-agent", "home-prefixes") != 0 && !engine.home_prefixes.empty();
        const auto home_addresses = column("home-agent.node", "home-address");
        const auto home_addresses4 = column("home-agent.node", "home-addresses4");
        for (std::size_t i = 0; i < engine.nodes.size(); ++i) {
            const auto& node = engine.nodes[i];
            if (const auto at = home_addresses.line(i)) {
                constexpr auto* key = "home-agent.node.home-address";
                addresses6.push_back({node.home_address, at, key});
                if (prefixes_known && home_prefixes.around(node.home_address) == nullptr) {
                    mistake(at, key,
                            fmt::format("{} is in none of the home-prefixes; wanted an address in "
                                        "one of them",
                                        to_string(node.home_address)));
                }
            }
            if (const auto at = home_addresses4.line(i)) {
                for (const auto& address : node.home_addresses4) {
                    addresses4.push_back({address, at, "home-agent.node.home-addresses4"});
                }
            }
        }
        refuse_repeated(std::move(addresses6));
        refuse_repeated(std::move(addresses4));
    }

    void check_mobile_node() {
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
        for (const auto& prefix : engine.prefixes6) {
            if (prefix.contains(engine.home_agent6)) {
                mistake(line("mobile-node", "prefixes6"), "mobile-node.prefixes6",
                        fmt::format("{} holds the address of the home agent", to_string(prefix)));
            }
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
        refuse_repeated(std::move(interfaces));
        refuse_repeated(std::move(identifiers));
    }

    ReadConfiguration& read_;
};

} // namespace

void check_configuration(ReadConfiguration& read) {
    Checker(read).check();
}

std::string_view security_hint() {
    return ". Protection of the signalling by IPsec is not configurable in this version; \"none\" "
           "means that whoever can send packets to the home agent can redirect the traffic of any "
           "mobile node, and has to be written out";
}

} // namespace dsmip::daemon

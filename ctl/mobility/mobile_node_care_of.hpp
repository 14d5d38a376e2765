// SPDX-License-Identifier: GPL-2.0-or-later
// Which care-of address is used: the candidates of the operating system in order
// of preference, and what was learnt about those that do not work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "mobility/types.hpp"

namespace dsmip::mobility {

// Where a Binding Update leaves from.
struct CareOf {
    std::string link_name;
    unsigned link = 0; // interface index
    wire::IpAddress address;
    std::uint8_t priority = 0; // of the access, 0..127
    std::size_t access = 0;    // its position in the configuration
    friend bool operator==(const CareOf&, const CareOf&) = default;
};

// An address that packets of other networks can reach: unicast, and of a range that is routed.
// False for link-local addresses of both families, loopback, multicast, 0.0.0.0/8, 240.0.0.0/4,
// IPv4-mapped and IPv4-compatible IPv6 addresses (RFC 4291, 2.5.5) and the discard prefix 100::/64
// (RFC 6666).  True for private and unique local addresses: the home agent may be reached from
// them, through a NAT or within a site.
bool can_be_care_of(const wire::IpAddress& address);

class CareOfTable {
public:
    explicit CareOfTable(const MobileNodeConfig& config);

    // The home agent has an IPv4 address, or none; what update() was told counts on.
    void use_ipv4(bool possible);

    // What an access had before the first update(), by position in the configuration.
    void hold(std::size_t access, const CareOf& care_of);

    // Takes what can serve: on a configured access, unicast, not the IPv6 home address, of a
    // family in which the home agent has an address.  Forgets the failures of
    // addresses that are gone.
    // The IPv4 home address can serve: private addresses are the same in many networks, and the
    // home agent knows the care-of address as that of the NAT.
    void update(const std::vector<CareOfCandidate>& candidates);

    // Positions of accesses in the configuration; nothing = any access.
    using AccessChoice = std::optional<std::size_t>;

    // The best candidate of an access.  `current` is kept
    // among addresses of its own link and family (several may be configured).
    // Failed ones are passed over, unless all have failed; those that are gone from their link
    // serve only if no others are there.
    [[nodiscard]] std::optional<CareOf> best(AccessChoice access,
                                             const std::optional<CareOf>& current) const;
    // An address of the home prefix that is surely from the network at its link, on a configured
    // access: the node is at home (RFC 6275, 11.5.5).
    // No care-of address; the home agent would refuse it with status 174.
    [[nodiscard]] const std::optional<CareOf>& at_home() const { return at_home_; }
    // Still configured on that interface.
    [[nodiscard]] bool contains(const wire::IpAddress& address, unsigned link) const;
    // The accesses that have that address.
    [[nodiscard]] std::vector<std::string> links_with(const wire::IpAddress& address) const;
    // How often its link was attached.
    [[nodiscard]] std::uint32_t attachment(const CareOf& care_of) const;
    // Its family has a default route on its interface.
    [[nodiscard]] bool has_default_route(const CareOf& care_of) const;
    [[nodiscard]] bool empty() const { return usable_.empty(); }

    // No answer from the network of that address: its addresses that are there now are passed over,
    // until all of them are gone or, at latest, for a time.  Where another address of the same
    // access is left that is ten minutes (RFC 5555, 4.4.1: not to change family with every
    // movement); else 16 s, so that the node soon comes back to a preferred access, doubled up to
    // 128 s each time that it fails again within ten minutes of having been tried.
    void mark_failed(TimePoint now, const CareOf& care_of);
    // Lets addresses be tried again whose time is over; true if there are such.
    bool expire_failures(TimePoint now);
    // When the next one is to be tried again.
    [[nodiscard]] std::optional<TimePoint> next_retry() const;
    // When that one is to be tried again, if it is passed over.
    [[nodiscard]] std::optional<TimePoint> retry_of(const CareOf& care_of) const;
    [[nodiscard]] std::vector<SilentCareOf> silent(TimePoint now) const;
    // True if every candidate of the access that serves carries a mark.
    [[nodiscard]] bool all_failed(AccessChoice access) const;
    // Forgets the marks of the access.
    void forget_failures(AccessChoice access);

private:
    // Which networks go before others where an interface has several accesses.
    enum class Worth : std::uint8_t { ipv6, ipv4, stale };
    struct Usable {
        CareOf care_of;
        bool default_route = false;
        bool deprecated = false;
        CareOfCandidate::Presence presence{};
        std::uint32_t attachment = 0;
        std::uint8_t prefix_length = 0;
        bool left_over = false; // no access of its interface has room for it

        [[nodiscard]] bool is_like(const Usable& other) const;
        [[nodiscard]] Worth worth() const;
        [[nodiscard]] bool is_at(const CareOf& other) const;
        [[nodiscard]] bool is_of(AccessChoice access) const;
        [[nodiscard]] bool shares_network(const CareOf& other) const;
    };
    struct Failure {
        CareOf care_of;                         // that was used
        std::vector<wire::IpAddress> addresses; // of its network, those that were there
        std::uint32_t attachment = 0;           // of the link; another one is a new chance
        bool passed_over = true;                // else it is remembered for the next time
        unsigned times = 0;                     // in a row
        TimePoint until;

        [[nodiscard]] bool covers(const CareOf& other) const;
    };

    // Which address stands for each access while networks are shared out; by position.
    using Chosen = std::vector<const Usable*>;
    struct Turn {
        bool keep = false;        // what the access had last
        bool choosy_only = false; // for accesses that ask for prefixes
        bool vacant_only = false; // for accesses whose last network is not there
    };
    void sort_usable();
    void share_out();
    void give_places(const Chosen& chosen);
    [[nodiscard]] const Usable* pick(std::size_t access, const Turn& turn, Worth worth,
                                     const Chosen& chosen) const;
    [[nodiscard]] bool can_take(std::size_t access, const Usable& usable) const;
    [[nodiscard]] bool has_held(std::size_t access) const;
    [[nodiscard]] bool shares_link(std::size_t access) const;
    [[nodiscard]] bool failed(const CareOf& care_of) const;
    [[nodiscard]] bool serves(const Usable& usable, AccessChoice access) const;
    [[nodiscard]] std::vector<wire::IpAddress> network_of(const CareOf& care_of) const;
    [[nodiscard]] bool eligible(const CareOfCandidate& candidate) const;
    [[nodiscard]] bool is_of_home_prefix(const wire::IpAddress& address) const;

    wire::Ipv6Address home_address_;
    bool home_agent4_ = false;
    std::vector<Access> accesses_;
    std::vector<CareOfCandidate> candidates_; // as update() was told
    std::vector<Usable> usable_;              // best first
    std::optional<CareOf> at_home_;
    std::vector<Failure> failures_;
    std::vector<std::optional<CareOf>> held_; // what each access had last, by position
};

} // namespace dsmip::mobility

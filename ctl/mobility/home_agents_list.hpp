// SPDX-License-Identifier: GPL-2.0-or-later
// The home agents on the home link, as their Router Advertisements tell (RFC 6275, 10.1 and
// 10.5.1; RFC 3963, 7), and the prefixes they advertise there (10.6.1).  No I/O.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "mobility/types.hpp"
#include "wire/discovery.hpp"

namespace dsmip::mobility {

// Any number, all equally likely.
using Random = std::function<std::uint32_t()>;

// This home agent's own entry, until an advertisement with its address is heard.
struct OwnHomeAgent {
    wire::Ipv6Address address;
    std::uint16_t preference = 0; // greater = preferred
    bool mobile_routers = true;   // serves them
    friend bool operator==(const OwnHomeAgent&, const OwnHomeAgent&) = default;
};

// One entry as it is now.
struct KnownHomeAgent {
    wire::Ipv6Address link_local; // "::" = this home agent, by its configuration
    std::vector<wire::Ipv6Address> addresses;
    std::uint16_t preference = 0;
    bool mobile_routers = false;
    bool own = false;                  // this home agent
    std::optional<Duration> remaining; // nothing = it does not end
};

// A prefix of the home link with what was last said of it.
struct HeardPrefix {
    wire::PrefixInformation information; // lifetimes as they were said
    TimePoint heard{};

    // Are these the same but for the time that has passed?
    [[nodiscard]] bool says_the_same_as(const HeardPrefix& other) const;
    // Nothing if the valid lifetime has ended.
    [[nodiscard]] std::optional<wire::PrefixInformation> at(TimePoint now) const;
};

// Not thread safe.
class HomeAgentsList {
public:
    // Home agents, addresses of one, prefixes of one.  More are not believed.
    static constexpr std::size_t entries_max = 256;
    static constexpr std::size_t addresses_max = 16;
    static constexpr std::size_t prefixes_max = 32;

    enum class Outcome : std::uint8_t {
        unchanged, // no home agent, and none that was known; or known already
        found,
        lost,
        full, // not believed: too many
    };

    explicit HomeAgentsList(const OwnHomeAgent& own)
        : own_(own) {}
    void set_own(const OwnHomeAgent& own) { own_ = own; }

    // An advertisement of the router with that link-local address on the home link.
    Outcome hear(TimePoint now, const wire::Ipv6Address& router,
                 const wire::RouterAdvertisement& message);

    // Takes those out whose lifetime has ended.
    [[nodiscard]] std::vector<wire::Ipv6Address> expire(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    // Addresses for an answer: by falling preference, those of equal preference in random order.
    // With `mobile_routers` only those that serve them.
    [[nodiscard]] std::vector<wire::Ipv6Address> addresses(TimePoint now, const Random& random,
                                                           bool mobile_routers) const;

    // In the order of preference.
    [[nodiscard]] std::vector<KnownHomeAgent> entries(TimePoint now) const;

    // Of several that speak of the same prefix the one that gives it the longest life.
    [[nodiscard]] std::map<wire::Prefix6, HeardPrefix> prefixes(TimePoint now) const;

private:
    struct Address {
        wire::Ipv6Address address;
        TimePoint until{};
    };
    struct Entry {
        std::vector<Address> addresses;
        std::vector<HeardPrefix> prefixes;
        std::uint16_t preference = 0;
        bool mobile_routers = false;
        TimePoint until{};
    };

    static void note(TimePoint now, Entry& entry, const wire::PrefixInformation& information);
    [[nodiscard]] bool is_own(const Entry& entry) const;

    OwnHomeAgent own_;
    std::map<wire::Ipv6Address, Entry> entries_; // by link-local address
};

} // namespace dsmip::mobility

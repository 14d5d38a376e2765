// SPDX-License-Identifier: GPL-2.0-or-later
// Home Agents List.
#include "mobility/home_agents_list.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

// A second is lost by rounding at each end, and advertisements are not heard at once.
constexpr Duration clock_tolerance = std::chrono::seconds(5);

TimePoint end_of(std::uint32_t lifetime, TimePoint since) {
    return lifetime == wire::infinite_lifetime ? TimePoint::max()
                                               : since + std::chrono::seconds(lifetime);
}

bool same_lifetime(std::uint32_t one, TimePoint one_since, std::uint32_t other,
                   TimePoint other_since) {
    if (one == other) {
        return true;
    }
    if (one == wire::infinite_lifetime || other == wire::infinite_lifetime) {
        return false;
    }
    const auto apart = end_of(one, one_since) - end_of(other, other_since);
    return std::chrono::abs(apart) <= clock_tolerance;
}

std::uint32_t rest_of(std::uint32_t lifetime, Duration passed) {
    if (lifetime == wire::infinite_lifetime) {
        return lifetime;
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(passed).count();
    return seconds >= std::int64_t{lifetime} ? 0 : lifetime - static_cast<std::uint32_t>(seconds);
}

template<class Value>
void shuffle(std::vector<Value>& values, const Random& random) {
    for (std::size_t left = values.size(); left > 1; --left) {
        // 32 bits onto `left` values: as good as equally likely.
        const auto chosen = static_cast<std::size_t>((std::uint64_t{random()} * left) >> 32U);
        std::swap(values[left - 1], values[chosen]);
    }
}

} // namespace

// ---------------------------------------------------------------- prefixes

bool HeardPrefix::says_the_same_as(const HeardPrefix& other) const {
    const auto& one = information;
    const auto& two = other.information;
    return one.prefix == two.prefix && one.on_link == two.on_link &&
           one.autonomous == two.autonomous && one.router_address == two.router_address &&
           same_lifetime(one.valid_lifetime, heard, two.valid_lifetime, other.heard) &&
           same_lifetime(one.preferred_lifetime, heard, two.preferred_lifetime, other.heard);
}

std::optional<wire::PrefixInformation> HeardPrefix::at(TimePoint now) const {
    auto result = information;
    const auto passed = std::max(now - heard, Duration{0});
    result.valid_lifetime = rest_of(information.valid_lifetime, passed);
    result.preferred_lifetime = rest_of(information.preferred_lifetime, passed);
    if (result.valid_lifetime == 0) {
        return std::nullopt;
    }
    return result;
}

// ---------------------------------------------------------------- list

void HomeAgentsList::note(TimePoint now, Entry& entry, const wire::PrefixInformation& information) {
    if (information.router_address && information.prefix.address.is_unicast_routable()) {
        const auto& address = information.prefix.address;
        std::erase_if(entry.addresses, [&](const Address& known) {
            return known.address == address || known.until <= now;
        });
        if (information.valid_lifetime != 0 && entry.addresses.size() < addresses_max) {
            entry.addresses.push_back({address, end_of(information.valid_lifetime, now)});
        }
    }
    HeardPrefix heard{information, now};
    heard.information.prefix = information.prefix.network();
    heard.information.router_address = false;
    std::erase_if(entry.prefixes, [&](const HeardPrefix& known) {
        return known.information.prefix == heard.information.prefix || !known.at(now);
    });
    if (information.valid_lifetime != 0 && entry.prefixes.size() < prefixes_max) {
        entry.prefixes.push_back(heard);
    }
}

HomeAgentsList::Outcome HomeAgentsList::hear(TimePoint now, const wire::Ipv6Address& router,
                                             const wire::RouterAdvertisement& message) {
    const auto& said = message.home_agent_information;
    const auto lifetime = said ? said->lifetime : message.router_lifetime;
    if (!message.home_agent || lifetime == 0) {
        return entries_.erase(router) != 0 ? Outcome::lost : Outcome::unchanged;
    }
    auto found = entries_.find(router);
    const bool fresh = found == entries_.end();
    if (fresh) {
        if (entries_.size() >= entries_max) {
            return Outcome::full;
        }
        found = entries_.emplace(router, Entry{}).first;
    }
    auto& entry = found->second;
    entry.preference = said ? said->preference : std::uint16_t{0};
    entry.mobile_routers = said && said->mobile_router;
    entry.until = now + std::chrono::seconds(lifetime);
    for (const auto& information : message.prefixes) {
        note(now, entry, information);
    }
    return fresh ? Outcome::found : Outcome::unchanged;
}

std::vector<wire::Ipv6Address> HomeAgentsList::expire(TimePoint now) {
    std::vector<wire::Ipv6Address> gone;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        if (entry->second.until <= now) {
            gone.push_back(entry->first);
            entry = entries_.erase(entry);
        } else {
            ++entry;
        }
    }
    return gone;
}

std::optional<TimePoint> HomeAgentsList::next_deadline() const {
    const auto first =
        std::min_element(entries_.begin(), entries_.end(), [](const auto& one, const auto& other) {
            return one.second.until < other.second.until;
        });
    return first == entries_.end() ? std::nullopt : std::optional(first->second.until);
}

bool HomeAgentsList::is_own(const Entry& entry) const {
    return std::any_of(entry.addresses.begin(), entry.addresses.end(),
                       [&](const Address& known) { return known.address == own_.address; });
}

std::vector<KnownHomeAgent> HomeAgentsList::entries(TimePoint now) const {
    std::vector<KnownHomeAgent> all;
    bool own_heard = false;
    for (const auto& [router, entry] : entries_) {
        KnownHomeAgent known;
        known.link_local = router;
        for (const auto& address : entry.addresses) {
            if (address.until > now) {
                known.addresses.push_back(address.address);
            }
        }
        known.preference = entry.preference;
        known.own = is_own(entry);
        known.mobile_routers = known.own ? own_.mobile_routers : entry.mobile_routers;
        known.remaining = std::max(entry.until - now, Duration{0});
        own_heard = own_heard || known.own;
        all.push_back(std::move(known));
    }
    if (!own_heard) {
        KnownHomeAgent own;
        own.addresses = {own_.address};
        own.preference = own_.preference;
        own.mobile_routers = own_.mobile_routers;
        own.own = true;
        all.push_back(std::move(own));
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& one, const auto& other) {
        return one.preference > other.preference;
    });
    return all;
}

std::vector<wire::Ipv6Address> HomeAgentsList::addresses(TimePoint now, const Random& random,
                                                         bool mobile_routers) const {
    auto all = entries(now);
    std::erase_if(all, [](const auto& known) { return known.remaining == Duration{0}; });
    if (mobile_routers) {
        std::erase_if(all, [](const auto& known) { return !known.mobile_routers; });
    }
    shuffle(all, random);
    std::stable_sort(all.begin(), all.end(), [](const auto& one, const auto& other) {
        return one.preference > other.preference;
    });
    std::vector<wire::Ipv6Address> result;
    for (auto& known : all) {
        shuffle(known.addresses, random);
        result.insert(result.end(), known.addresses.begin(), known.addresses.end());
    }
    return result;
}

std::map<wire::Prefix6, HeardPrefix> HomeAgentsList::prefixes(TimePoint now) const {
    std::map<wire::Prefix6, HeardPrefix> result;
    for (const auto& [router, entry] : entries_) {
        for (const auto& heard : entry.prefixes) {
            const auto current = heard.at(now);
            if (!current) {
                continue;
            }
            const auto [known, fresh] = result.emplace(current->prefix, heard);
            if (!fresh && known->second.at(now)->valid_lifetime < current->valid_lifetime) {
                known->second = heard;
            }
        }
    }
    return result;
}

} // namespace dsmip::mobility

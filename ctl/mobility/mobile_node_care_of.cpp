// SPDX-License-Identifier: GPL-2.0-or-later
// Order of preference among care-of addresses.
#include "mobility/mobile_node_care_of.hpp"

#include <algorithm>
#include <tuple>

namespace dsmip::mobility {
namespace {

constexpr std::uint8_t max_priority = 127; // 7 bits of BID-PRI (RFC 6089, 4.1)
// The node does not know the length of its home prefix; subnets have this one.
constexpr std::uint8_t home_prefix_length = 64;
constexpr Duration first_retry = std::chrono::seconds(16);
constexpr unsigned retry_doublings = 3;
constexpr Duration retry_on_same_access = std::chrono::minutes(10);
constexpr Duration failure_memory = std::chrono::minutes(10);

template<class Address>
bool share_network(const Address& a, const Address& b, std::uint8_t length) {
    return wire::BasicPrefix<Address>{a, length}.contains(b);
}

bool in_one_network(const wire::IpAddress& a, const wire::IpAddress& b, std::uint8_t length) {
    if (a.family() != b.family()) {
        return false;
    }
    return a.is_ipv4() ? share_network(*a.ipv4(), *b.ipv4(), length)
                       : share_network(*a.ipv6(), *b.ipv6(), length);
}

bool on_access(const CareOf& care_of, const std::optional<std::string>& link_name) {
    return !link_name || care_of.link_name == *link_name;
}

} // namespace

bool can_be_care_of(const wire::IpAddress& address) {
    static constexpr wire::Prefix6 ipv4_compatible{{}, 96};
    static constexpr wire::Prefix6 discard{{{0x01}}, 64};
    if (const auto* address4 = address.ipv4()) {
        return address4->is_unicast() && !address4->is_link_local();
    }
    return address.is_unicast_routable() && !ipv4_compatible.contains(*address.ipv6()) &&
           !discard.contains(*address.ipv6());
}

CareOfTable::CareOfTable(const MobileNodeConfig& config)
    : home_address_(config.home_address)
    , home_agent4_(config.home_agent4.has_value())
    , accesses_(config.accesses) {}

bool CareOfTable::eligible(const CareOfCandidate& candidate) const {
    if (!can_be_care_of(candidate.address)) {
        return false;
    }
    return candidate.address.is_ipv4() ? home_agent4_ : *candidate.address.ipv6() != home_address_;
}

bool CareOfTable::is_of_home_prefix(const wire::IpAddress& address) const {
    const auto* address6 = address.ipv6();
    return address6 != nullptr && *address6 != home_address_ &&
           wire::Prefix6{home_address_, home_prefix_length}.contains(*address6);
}

void CareOfTable::use_ipv4(bool possible) {
    if (possible != home_agent4_) {
        home_agent4_ = possible;
        update(std::vector(candidates_));
    }
}

void CareOfTable::update(const std::vector<CareOfCandidate>& candidates) {
    candidates_ = candidates;
    usable_.clear();
    at_home_.reset();
    for (const auto& candidate : candidates) {
        const auto access =
            std::find_if(accesses_.begin(), accesses_.end(), [&](const Access& known) {
                return known.link_name == candidate.link_name;
            });
        if (access == accesses_.end() || !eligible(candidate)) {
            continue;
        }
        Usable usable;
        usable.care_of = {candidate.link_name, candidate.link, candidate.address,
                          std::min(access->priority, max_priority)};
        usable.default_route = candidate.default_route;
        usable.deprecated = candidate.deprecated;
        usable.prefix_length = candidate.prefix_length;
        usable.presence = candidate.presence;
        usable.attachment = candidate.attachment;
        usable.access = static_cast<std::size_t>(access - accesses_.begin());
        if (is_of_home_prefix(candidate.address)) {
            // What is left over of a visit at home is not a sign of being there.
            if (!at_home_ && candidate.presence != CareOfCandidate::Presence::gone) {
                at_home_ = usable.care_of;
            }
            continue;
        }
        usable_.push_back(usable);
    }
    // One without a default route hardly reaches the home agent: last resort.
    // A deprecated one is about to go: any other first, on whatever access.
    // What is gone from its link serves only if nothing else is there.
    // IPv6 before IPv4 on the same link (RFC 5555, 4.4.1).
    using Presence = CareOfCandidate::Presence;
    const auto rank = [](const Usable& usable) {
        return std::tuple(usable.presence == Presence::gone, !usable.default_route,
                          usable.deprecated, usable.care_of.priority, usable.access,
                          usable.care_of.address.is_ipv4(), usable.presence);
    };
    std::stable_sort(usable_.begin(), usable_.end(),
                     [&](const Usable& a, const Usable& b) { return rank(a) < rank(b); });

    std::erase_if(failures_, [&](const Failure& failure) {
        return std::none_of(usable_.begin(), usable_.end(), [&](const Usable& usable) {
            return usable.care_of.link == failure.care_of.link &&
                   usable.attachment == failure.attachment &&
                   std::find(failure.addresses.begin(), failure.addresses.end(),
                             usable.care_of.address) != failure.addresses.end();
        });
    });
}

// So that only the order of the kernel tells them apart.
bool CareOfTable::Usable::is_like(const Usable& other) const {
    return care_of.link == other.care_of.link &&
           care_of.address.family() == other.care_of.address.family() &&
           default_route == other.default_route && deprecated == other.deprecated &&
           presence == other.presence;
}

std::optional<CareOf> CareOfTable::best(const std::optional<std::string>& link_name,
                                        const std::optional<CareOf>& current) const {
    const bool ignore_failures = all_failed(link_name);
    const Usable* chosen = nullptr;
    for (const auto& usable : usable_) {
        const auto& care_of = usable.care_of;
        if (!on_access(care_of, link_name) || (!ignore_failures && failed(care_of))) {
            continue;
        }
        if (chosen == nullptr) {
            chosen = &usable;
        }
        if (current && care_of.address == current->address && usable.is_like(*chosen)) {
            chosen = &usable;
        }
    }
    return chosen == nullptr ? std::nullopt : std::optional(chosen->care_of);
}

bool CareOfTable::contains(const wire::IpAddress& address, unsigned link) const {
    return std::any_of(usable_.begin(), usable_.end(), [&](const Usable& usable) {
        return usable.care_of.address == address && usable.care_of.link == link;
    });
}

std::vector<std::string> CareOfTable::links_with(const wire::IpAddress& address) const {
    std::vector<std::string> links;
    for (const auto& usable : usable_) {
        if (usable.care_of.address == address) {
            links.push_back(usable.care_of.link_name);
        }
    }
    return links;
}

bool CareOfTable::has_default_route(const CareOf& care_of) const {
    return std::any_of(usable_.begin(), usable_.end(), [&](const Usable& usable) {
        return usable.default_route && usable.care_of.address == care_of.address &&
               usable.care_of.link == care_of.link;
    });
}

std::uint32_t CareOfTable::attachment(const CareOf& care_of) const {
    const auto found = std::find_if(usable_.begin(), usable_.end(), [&](const Usable& usable) {
        return usable.care_of.link == care_of.link && usable.care_of.address == care_of.address;
    });
    return found == usable_.end() ? 0 : found->attachment;
}

bool CareOfTable::failed(const CareOf& care_of) const {
    return std::any_of(failures_.begin(), failures_.end(), [&](const Failure& failure) {
        return failure.passed_over && failure.covers(care_of);
    });
}

bool CareOfTable::Failure::covers(const CareOf& other) const {
    return care_of.link == other.link &&
           std::find(addresses.begin(), addresses.end(), other.address) != addresses.end();
}

std::vector<wire::IpAddress> CareOfTable::network_of(const CareOf& care_of) const {
    const auto own = std::find_if(usable_.begin(), usable_.end(), [&](const Usable& usable) {
        return usable.care_of.link == care_of.link && usable.care_of.address == care_of.address;
    });
    std::vector<wire::IpAddress> addresses;
    for (const auto& usable : usable_) {
        if (own != usable_.end() && usable.care_of.link == care_of.link &&
            in_one_network(care_of.address, usable.care_of.address, own->prefix_length)) {
            addresses.push_back(usable.care_of.address);
        }
    }
    return addresses;
}

void CareOfTable::mark_failed(TimePoint now, const CareOf& care_of) {
    auto addresses = network_of(care_of);
    if (addresses.empty()) {
        return;
    }
    auto found = std::find_if(failures_.begin(), failures_.end(),
                              [&](const Failure& known) { return known.covers(care_of); });
    if (found == failures_.end()) {
        found = failures_.insert(found, Failure{});
    } else if (found->passed_over) {
        return;
    }
    found->care_of = care_of;
    found->addresses = std::move(addresses);
    found->attachment = attachment(care_of);
    found->passed_over = true;
    if (!all_failed(care_of.link_name)) {
        found->until = now + retry_on_same_access;
        return;
    }
    found->until = now + first_retry * (1U << std::min(found->times++, retry_doublings));
    // The whole access is silent, so nothing speaks against any of its addresses.
    for (auto& failure : failures_) {
        if (failure.care_of.link_name == care_of.link_name && failure.passed_over) {
            failure.until = found->until;
        }
    }
}

bool CareOfTable::expire_failures(TimePoint now) {
    bool any = false;
    for (auto& failure : failures_) {
        if (failure.passed_over && failure.until <= now) {
            failure.passed_over = false;
            any = true;
        }
    }
    std::erase_if(failures_, [&](const Failure& failure) {
        return !failure.passed_over && failure.until + failure_memory <= now;
    });
    return any;
}

std::optional<TimePoint> CareOfTable::next_retry() const {
    std::optional<TimePoint> next;
    for (const auto& failure : failures_) {
        if (failure.passed_over && (!next || failure.until < *next)) {
            next = failure.until;
        }
    }
    return next;
}

std::optional<TimePoint> CareOfTable::retry_of(const CareOf& care_of) const {
    const auto found =
        std::find_if(failures_.begin(), failures_.end(), [&](const Failure& failure) {
            return failure.passed_over && failure.covers(care_of);
        });
    return found == failures_.end() ? std::nullopt : std::optional(found->until);
}

std::vector<SilentCareOf> CareOfTable::silent(TimePoint now) const {
    std::vector<SilentCareOf> silent;
    for (const auto& failure : failures_) {
        if (failure.passed_over) {
            silent.push_back({failure.care_of.link_name, failure.care_of.address,
                              std::max(failure.until - now, Duration{0})});
        }
    }
    return silent;
}

bool CareOfTable::all_failed(const std::optional<std::string>& link_name) const {
    return std::all_of(usable_.begin(), usable_.end(), [&](const Usable& usable) {
        return !on_access(usable.care_of, link_name) || failed(usable.care_of);
    });
}

void CareOfTable::forget_failures(const std::optional<std::string>& link_name) {
    std::erase_if(failures_, [&](const Failure& failure) {
        return !link_name || failure.care_of.link_name == *link_name;
    });
}

} // namespace dsmip::mobility

// SPDX-License-Identifier: GPL-2.0-or-later
// Order of preference among care-of addresses.
#include "mobility/mobile_node_care_of.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace dsmip::mobility {
namespace {

constexpr std::uint8_t max_priority = 127; // 7 bits of BID-PRI (RFC 6089, 4.1)
// Of IPv6.  The node does not know the length of its home prefix, and addresses by DHCP are said
// to be networks of their own.
constexpr std::uint8_t subnet_length = 64;
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

template<class Prefix, class Address>
bool in_any(const std::vector<Prefix>& prefixes, const Address& address) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const Prefix& prefix) { return prefix.contains(address); });
}

bool is_choosy(const Access& access) {
    return !access.prefixes6.empty() || !access.prefixes4.empty();
}

bool admits(const Access& access, const wire::IpAddress& address) {
    return !is_choosy(access) || (address.is_ipv4() ? in_any(access.prefixes4, *address.ipv4())
                                                    : in_any(access.prefixes6, *address.ipv6()));
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
    , accesses_(config.accesses)
    , held_(accesses_.size()) {}

bool CareOfTable::eligible(const CareOfCandidate& candidate) const {
    if (!can_be_care_of(candidate.address)) {
        return false;
    }
    return candidate.address.is_ipv4() ? home_agent4_ : *candidate.address.ipv6() != home_address_;
}

bool CareOfTable::is_of_home_prefix(const wire::IpAddress& address) const {
    const auto* address6 = address.ipv6();
    return address6 != nullptr && *address6 != home_address_ &&
           wire::Prefix6{home_address_, subnet_length}.contains(*address6);
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
        const auto has_link = [&](const Access& known) {
            return known.link_name == candidate.link_name;
        };
        const auto access = std::find_if(accesses_.begin(), accesses_.end(), has_link);
        if (access == accesses_.end() || !eligible(candidate)) {
            continue;
        }
        Usable usable;
        usable.care_of = {candidate.link_name, candidate.link, candidate.address,
                          std::min(access->priority, max_priority),
                          static_cast<std::size_t>(access - accesses_.begin())};
        usable.default_route = candidate.default_route;
        usable.deprecated = candidate.deprecated;
        usable.prefix_length = candidate.prefix_length;
        usable.presence = candidate.presence;
        usable.attachment = candidate.attachment;
        if (is_of_home_prefix(candidate.address)) {
            // What may be left over of a visit at home is not a sign of being there.
            if (!at_home_ && candidate.presence == CareOfCandidate::Presence::here) {
                at_home_ = usable.care_of;
            }
            continue;
        }
        if (std::any_of(access, accesses_.end(), [&](const Access& known) {
                return has_link(known) && admits(known, candidate.address);
            })) {
            usable_.push_back(usable);
        }
    }
    sort_usable();
    share_out();

    std::erase_if(failures_, [&](const Failure& failure) {
        return std::none_of(usable_.begin(), usable_.end(), [&](const Usable& usable) {
            return usable.care_of.link == failure.care_of.link &&
                   usable.attachment == failure.attachment &&
                   std::find(failure.addresses.begin(), failure.addresses.end(),
                             usable.care_of.address) != failure.addresses.end();
        });
    });
}

void CareOfTable::sort_usable() {
    // One without a default route hardly reaches the home agent: last resort.
    // A deprecated one is about to go: any other first, on whatever access.
    // What is gone from its link serves only if nothing else is there.
    // IPv6 before IPv4 on the same link (RFC 5555, 4.4.1).
    using Presence = CareOfCandidate::Presence;
    const auto rank = [](const Usable& usable) {
        return std::tuple(usable.presence == Presence::gone, !usable.default_route,
                          usable.deprecated, usable.care_of.priority, usable.care_of.access,
                          usable.care_of.address.is_ipv4(), usable.presence);
    };
    std::stable_sort(usable_.begin(), usable_.end(),
                     [&](const Usable& a, const Usable& b) { return rank(a) < rank(b); });
}

void CareOfTable::hold(std::size_t access, const CareOf& care_of) {
    held_.at(access) = care_of;
}

bool CareOfTable::shares_link(std::size_t access) const {
    const auto& link_name = accesses_.at(access).link_name;
    return std::count_if(accesses_.begin(), accesses_.end(),
                         [&](const Access& other) { return other.link_name == link_name; }) > 1;
}

// Each access of an interface that has several gets one network.  IPv6 goes before IPv4, and what
// is on its way out comes last.  Who has a network keeps it; a new one goes to an access that has
// none, first to one that asks for it by prefix, and else takes the place of a lesser one.
void CareOfTable::share_out() {
    static constexpr std::array turns{Turn{.keep = true},
                                      Turn{.choosy_only = true, .vacant_only = true},
                                      Turn{.vacant_only = true}, Turn{.choosy_only = true}, Turn{}};
    Chosen chosen(accesses_.size(), nullptr);
    for (const auto worth : {Worth::ipv6, Worth::ipv4, Worth::stale}) {
        for (const auto& turn : turns) {
            for (std::size_t access = 0; access < accesses_.size(); ++access) {
                if (chosen.at(access) == nullptr && shares_link(access)) {
                    chosen.at(access) = pick(access, turn, worth, chosen);
                }
            }
        }
    }
    give_places(chosen);
    sort_usable();
}

const CareOfTable::Usable* CareOfTable::pick(std::size_t access, const Turn& turn, Worth worth,
                                             const Chosen& chosen) const {
    const auto& wish = accesses_.at(access);
    if ((turn.choosy_only && !is_choosy(wish)) || (turn.vacant_only && has_held(access))) {
        return nullptr;
    }
    const auto& held = held_.at(access);
    const Usable* second = nullptr;
    for (const auto& usable : usable_) {
        if (!can_take(access, usable) || usable.worth() != worth ||
            std::find(chosen.begin(), chosen.end(), &usable) != chosen.end()) {
            continue;
        }
        // A network serves one access, unless another asks for addresses of it by prefix.
        const bool taken = std::any_of(chosen.begin(), chosen.end(), [&](const Usable* other) {
            return other != nullptr && usable.shares_network(other->care_of);
        });
        if (turn.keep) {
            if (held && usable.is_at(*held)) {
                return &usable;
            }
            if (second == nullptr && !taken && held && usable.shares_network(*held)) {
                second = &usable;
            }
        } else if (!taken) {
            return &usable;
        } else if (second == nullptr && is_choosy(wish)) {
            second = &usable;
        }
    }
    return second;
}

// What is gone from its link serves only if nothing else is there.
bool CareOfTable::can_take(std::size_t access, const Usable& usable) const {
    const auto& wish = accesses_.at(access);
    const auto is_gone = [](const Usable& other) {
        return other.presence == CareOfCandidate::Presence::gone;
    };
    return usable.care_of.link_name == wish.link_name && admits(wish, usable.care_of.address) &&
           (!is_gone(usable) || std::all_of(usable_.begin(), usable_.end(), is_gone));
}

bool CareOfTable::has_held(std::size_t access) const {
    const auto& held = held_.at(access);
    return held && std::any_of(usable_.begin(), usable_.end(), [&](const Usable& usable) {
               return can_take(access, usable) && usable.shares_network(*held);
           });
}

// Further addresses of a network go with the one that was chosen.
void CareOfTable::give_places(const Chosen& chosen) {
    std::vector<std::optional<CareOf>> heads(chosen.size());
    for (std::size_t access = 0; access < chosen.size(); ++access) {
        if (chosen[access] != nullptr) {
            heads[access] = chosen[access]->care_of;
            held_.at(access) = chosen[access]->care_of;
        }
    }
    for (auto& usable : usable_) {
        if (!shares_link(usable.care_of.access)) {
            continue;
        }
        std::optional<std::size_t> place;
        for (std::size_t access = 0; access < heads.size(); ++access) {
            if (chosen[access] == &usable) {
                place = access;
                break;
            }
            if (!place && heads[access] && usable.shares_network(*heads[access]) &&
                admits(accesses_.at(access), usable.care_of.address)) {
                place = access;
            }
        }
        usable.left_over = !place;
        if (place) {
            usable.care_of.access = *place;
            usable.care_of.priority = std::min(accesses_.at(*place).priority, max_priority);
        }
    }
}

CareOfTable::Worth CareOfTable::Usable::worth() const {
    if (presence == CareOfCandidate::Presence::gone || deprecated) {
        return Worth::stale;
    }
    return care_of.address.is_ipv4() ? Worth::ipv4 : Worth::ipv6;
}

bool CareOfTable::Usable::is_at(const CareOf& other) const {
    return care_of.link == other.link && care_of.address == other.address;
}

bool CareOfTable::Usable::is_of(AccessChoice access) const {
    return !access || (care_of.access == *access && !left_over);
}

bool CareOfTable::Usable::shares_network(const CareOf& other) const {
    const auto length =
        care_of.address.is_ipv4() ? prefix_length : std::min(prefix_length, subnet_length);
    return care_of.link == other.link && in_one_network(care_of.address, other.address, length);
}

// So that only the order of the kernel tells them apart.
bool CareOfTable::Usable::is_like(const Usable& other) const {
    return care_of.link == other.care_of.link &&
           care_of.address.family() == other.care_of.address.family() &&
           default_route == other.default_route && deprecated == other.deprecated &&
           presence == other.presence;
}

std::optional<CareOf> CareOfTable::best(AccessChoice access,
                                        const std::optional<CareOf>& current) const {
    const bool ignore_failures = all_failed(access);
    const Usable* chosen = nullptr;
    for (const auto& usable : usable_) {
        const auto& care_of = usable.care_of;
        if (!serves(usable, access) || (!ignore_failures && failed(care_of))) {
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
    if (!all_failed(care_of.access)) {
        found->until = now + retry_on_same_access;
        return;
    }
    found->until = now + first_retry * (1U << std::min(found->times++, retry_doublings));
    // The whole access is silent, so nothing speaks against any of its addresses.
    for (auto& failure : failures_) {
        if (failure.care_of.access == care_of.access && failure.passed_over) {
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

bool CareOfTable::all_failed(AccessChoice access) const {
    return std::all_of(usable_.begin(), usable_.end(), [&](const Usable& usable) {
        return !serves(usable, access) || failed(usable.care_of);
    });
}

// What is gone cannot answer: a failure of those that are there is no reason to try it.
bool CareOfTable::serves(const Usable& usable, AccessChoice access) const {
    using Presence = CareOfCandidate::Presence;
    if (!usable.is_of(access)) {
        return false;
    }
    return usable.presence != Presence::gone ||
           std::none_of(usable_.begin(), usable_.end(), [&](const Usable& other) {
               return other.is_of(access) && other.presence != Presence::gone;
           });
}

void CareOfTable::forget_failures(AccessChoice access) {
    std::erase_if(failures_, [&](const Failure& failure) {
        return !access || failure.care_of.access == *access;
    });
}

} // namespace dsmip::mobility

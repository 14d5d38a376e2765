// SPDX-License-Identifier: GPL-2.0-or-later
// HomeAgent: start-up, time, operator's requests, and the public face.
#include "mobility/home_agent.hpp"

#include <algorithm>

#include "mobility/home_agent_engine.hpp"

namespace dsmip::mobility {
namespace {

// Binding Errors, like ICMPv6 errors (RFC 4443, 2.4): 10 at once, then 10 in a second.
constexpr Duration binding_error_interval{100};
constexpr unsigned binding_error_burst = 10;

// Nodes that one turn attends to: many lifetimes end together, after a restart for instance, and
// messages are not to wait for all of them.
constexpr std::size_t turn_max = 256;

} // namespace

HomeAgent::Impl::Impl(PreparedConfiguration::Parts parts)
    : config_(std::move(parts.config))
    , listed_nodes_(std::move(parts.listed_nodes))
    , pool_(std::move(parts.pool))
    , prefixes_(std::move(parts.prefixes))
    , binding_errors_(binding_error_interval, binding_error_burst)
    , rates_(config_.policy.secret)
    , proved_(wire::mixed(config_.policy.secret))
    , challenge_(config_.policy.secret) {}

RegistrationContext HomeAgent::Impl::context(const wire::Ipv6Address& home_address) const {
    return {
        config_, listed_nodes_, pool_, prefixes_, cache_.find(home_address), cache_.entry_count()};
}

bool HomeAgent::Impl::serves(const wire::Ipv6Address& home_address) const {
    return is_served(home_address, config_, listed_nodes_);
}

Actions HomeAgent::Impl::binding_expired(TimePoint now, const wire::Ipv6Address& home_address,
                                         std::uint16_t bid) {
    auto* entry = cache_.find(home_address);
    const auto* binding = entry == nullptr ? nullptr : entry->current.find(bid);
    if (binding == nullptr) {
        return take(); // removed or replaced meanwhile
    }
    if (binding->expires <= now + expiry_grace) {
        entry->current.erase(bid);
        report_expired(home_address, bid);
        history_.ended(now, home_address, "its lifetime ended");
        keep(now, home_address);
        if (entry->current.empty() && entry->current.has_prefixes() && !entry->pending) {
            // Gone with the node, but for the routes.
            actions_.emplace_back(RemoveBindings{++last_request_, home_address, {}});
        }
    } else {
        // Renewed while the kernel's word was under way, or deleted by somebody else.
        doubt(*entry, Participant::kernel, now);
    }
    go_on(now, home_address);
    return take();
}

Actions HomeAgent::Impl::remove(TimePoint now, const wire::Ipv6Address& home_address,
                                std::optional<std::uint16_t> bid, bool& found) {
    const auto has = [&](const Registration& registration) {
        return bid ? registration.find(*bid) != nullptr : !registration.empty();
    };
    expire(now, home_address);
    auto* entry = cache_.find(home_address);
    found = entry != nullptr &&
            (has(entry->current) || (entry->pending && has(entry->pending->desired)));
    if (found && entry->pending) {
        entry->waiting.emplace_back(AdministrativeRemoval{bid});
    } else if (found) {
        begin_removal(now, home_address, bid);
    }
    settle(home_address);
    return take();
}

Actions HomeAgent::Impl::tick(TimePoint now) {
    // Each kind has its share, so that none waits for the end of another.
    const auto in_turn = [](auto next, auto act) {
        for (std::size_t done = 0; done < turn_max; ++done) {
            const auto home_address = next();
            if (!home_address) {
                return;
            }
            act(*home_address);
        }
    };
    in_turn([&] { return cache_.due(now); },
            [&](const wire::Ipv6Address& home_address) { attend(now, home_address); });
    in_turn([&] { return refreshes_.take(now, config_.refresh); },
            [&](const wire::Ipv6Address& home_address) { ask_for_refresh(now, home_address); });
    in_turn([&] { return drain_.take(now); },
            [&](const wire::Ipv6Address& home_address) { ask_to_go(home_address); });
    continue_revision(now);
    return take();
}

std::optional<TimePoint> HomeAgent::Impl::next_deadline() const {
    if (revision_.under_way) {
        return TimePoint::min();
    }
    std::optional<TimePoint> next;
    for (const auto& deadline : {cache_.next_deadline(), refreshes_.next_deadline(config_.refresh),
                                 drain_.next_deadline()}) {
        if (deadline) {
            next = next ? std::min(*next, *deadline) : deadline;
        }
    }
    return next;
}

std::vector<KernelNode> HomeAgent::Impl::binding_cache(TimePoint now) const {
    std::vector<KernelNode> nodes;
    for (const auto& [home_address, entry] : cache_.entries()) {
        auto current = entry.current;
        current.expire(now);
        if (!current.empty()) {
            nodes.push_back(current.to_kernel(home_address, now));
        }
    }
    std::sort(nodes.begin(), nodes.end(), [](const KernelNode& a, const KernelNode& b) {
        return a.home_address < b.home_address;
    });
    return nodes;
}

std::optional<KernelNode> HomeAgent::Impl::registered(TimePoint now,
                                                      const wire::Ipv6Address& home_address) const {
    const auto* entry = cache_.find(home_address);
    if (entry == nullptr || entry->current.empty()) {
        return std::nullopt;
    }
    auto current = entry->current;
    current.expire(now);
    return current.empty() ? std::nullopt : std::optional(current.to_kernel(home_address, now));
}

std::vector<wire::Ipv6Address> HomeAgent::Impl::registered_nodes() const {
    std::vector<wire::Ipv6Address> nodes;
    nodes.reserve(cache_.node_count());
    for (const auto& [home_address, entry] : cache_.entries()) {
        if (!entry.current.empty()) {
            nodes.push_back(home_address);
        }
    }
    return nodes;
}

std::optional<wire::Ipv6Address> HomeAgent::Impl::owner_of(const wire::Ipv4Address& address) const {
    const auto has = [&](const std::vector<wire::Ipv4Address>& addresses) {
        return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
    };
    for (const auto& node : config_.nodes) {
        if (has(node.home_addresses4)) {
            return node.home_address;
        }
    }
    for (const auto& [home_address, entry] : cache_.entries()) {
        if (has(entry.current.home_addresses4)) {
            return home_address;
        }
    }
    return std::nullopt;
}

Explanation HomeAgent::Impl::explain(TimePoint now, const wire::Ipv6Address& home_address) const {
    Explanation explanation;
    explanation.in_home_prefix =
        std::any_of(config_.home_prefixes.begin(), config_.home_prefixes.end(),
                    [&](const auto& prefix) { return prefix.contains(home_address); });
    explanation.listed = listed_nodes_.contains(home_address);
    explanation.served = serves(home_address);
    if (const auto* entry = cache_.find(home_address)) {
        auto current = entry->current;
        current.expire(now);
        if (!current.empty()) {
            explanation.bound = current.to_kernel(home_address, now);
        }
        if (entry->has_sequence()) {
            explanation.sequence = current.sequence;
        }
        explanation.waiting = entry->waiting.size();
        if (entry->pending) {
            explanation.waits_for = name_of(entry->pending->outstanding.front());
        }
    }
    if (const auto* history = history_.find(home_address)) {
        explanation.history = *history;
    }
    return explanation;
}

// ---------------------------------------------------------------- public face

HomeAgent::HomeAgent(HomeAgentConfig config)
    : impl_(std::make_unique<Impl>(PreparedConfiguration::Parts(std::move(config)))) {}
HomeAgent::~HomeAgent() = default;
HomeAgent::HomeAgent(HomeAgent&&) noexcept = default;
HomeAgent& HomeAgent::operator=(HomeAgent&&) noexcept = default;

Actions HomeAgent::restore(TimePoint now, std::span<const KernelNode> nodes) {
    return impl_->restore(now, nodes);
}
Actions HomeAgent::restore(TimePoint now, const KernelNode* kernel,
                           const StoredRegistration* stored) {
    return impl_->restore(now, kernel, stored);
}
const Reconciliation& HomeAgent::reconciliation() const {
    return impl_->reconciliation();
}
Actions HomeAgent::receive(TimePoint now, const ReceivedMessage& message) {
    return impl_->receive(now, message);
}
Actions HomeAgent::home_address_option_refused(TimePoint now,
                                               const RefusedHomeAddressOption& refused) {
    return impl_->home_address_option_refused(now, refused);
}
Actions HomeAgent::confirm(TimePoint now, RequestId request, const RequestOutcome& error) {
    return impl_->confirm(now, request, error);
}
Actions HomeAgent::dad_done(TimePoint now, RequestId request, DadOutcome outcome) {
    return impl_->dad_done(now, request, outcome);
}
Actions HomeAgent::binding_expired(TimePoint now, const wire::Ipv6Address& home_address,
                                   std::uint16_t bid) {
    return impl_->binding_expired(now, home_address, bid);
}
Actions HomeAgent::remove(TimePoint now, const wire::Ipv6Address& home_address,
                          std::optional<std::uint16_t> bid, bool& found) {
    return impl_->remove(now, home_address, bid, found);
}
tl::expected<Actions, std::string> HomeAgent::drain(DrainRequest request) {
    return impl_->drain(std::move(request));
}
Actions HomeAgent::stop_drain() {
    return impl_->stop_drain();
}
std::optional<DrainStatus> HomeAgent::drain_status() const {
    return impl_->drain_status();
}
tl::expected<ReconfigurationOutlook, std::string>
HomeAgent::foresee(const PreparedConfiguration& next) const {
    return impl_->foresee(*next.parts_);
}
std::vector<wire::Ipv4Address> HomeAgent::leases_outside() const {
    return impl_->leases_outside();
}
tl::expected<Actions, std::string> HomeAgent::reconfigure(TimePoint now,
                                                          PreparedConfiguration& next) {
    return impl_->reconfigure(now, *next.parts_);
}
const Revision& HomeAgent::revision() const {
    return impl_->revision();
}
Actions HomeAgent::tick(TimePoint now) {
    return impl_->tick(now);
}
std::optional<TimePoint> HomeAgent::next_deadline() const {
    return impl_->next_deadline();
}
std::size_t HomeAgent::node_count() const {
    return impl_->cache().node_count();
}
std::size_t HomeAgent::binding_count() const {
    return impl_->cache().binding_count();
}
std::vector<KernelNode> HomeAgent::binding_cache(TimePoint now) const {
    return impl_->binding_cache(now);
}
std::optional<KernelNode> HomeAgent::registered(TimePoint now,
                                                const wire::Ipv6Address& home_address) const {
    return impl_->registered(now, home_address);
}
std::vector<wire::Ipv6Address> HomeAgent::registered_nodes() const {
    return impl_->registered_nodes();
}
std::optional<wire::Ipv6Address> HomeAgent::owner_of(const wire::Ipv4Address& address) const {
    return impl_->owner_of(address);
}
Explanation HomeAgent::explain(TimePoint now, const wire::Ipv6Address& home_address) const {
    return impl_->explain(now, home_address);
}
std::vector<NamedCount> HomeAgent::counters() const {
    return impl_->counters();
}

} // namespace dsmip::mobility

// SPDX-License-Identifier: GPL-2.0-or-later
// HomeAgent: start-up, time, operator's requests, and the public face.
#include "mobility/home_agent.hpp"

#include <algorithm>

#include "mobility/home_agent_engine.hpp"

namespace dsmip::mobility {
namespace {

using Level = Report::Level;

// Binding Errors, like ICMPv6 errors (RFC 4443, 2.4): 10 at once, then 10 in a second.
constexpr Duration binding_error_interval{100};
constexpr unsigned binding_error_burst = 10;

} // namespace

HomeAgent::Impl::Impl(HomeAgentConfig config)
    : config_(std::move(config))
    , pool_(config_.address_pool, config_.pool_leases_max)
    , prefixes_(config_.prefixes)
    , binding_errors_(binding_error_interval, binding_error_burst)
    , rates_(config_.policy.secret) {
    if (config_.address4) {
        pool_.reserve(*config_.address4, std::nullopt);
    }
    for (const auto& node : config_.nodes) {
        listed_nodes_.insert(node.home_address);
        for (const auto& address : node.home_addresses4) {
            pool_.reserve(address, node.home_address);
        }
        for (const auto& prefix : node.prefixes6) {
            prefixes_.reserve(node.home_address, prefix);
        }
        for (const auto& prefix : node.prefixes4) {
            prefixes_.reserve(node.home_address, prefix);
        }
    }
}

RegistrationContext HomeAgent::Impl::context(const wire::Ipv6Address& home_address) const {
    return {
        config_, listed_nodes_, pool_, prefixes_, cache_.find(home_address), cache_.entry_count()};
}

bool HomeAgent::Impl::serves(const wire::Ipv6Address& home_address) const {
    const bool in_prefix =
        std::any_of(config_.home_prefixes.begin(), config_.home_prefixes.end(),
                    [&](const wire::Prefix6& prefix) { return prefix.contains(home_address); });
    return in_prefix && home_address != config_.address6 &&
           (config_.accept_unlisted_nodes || listed_nodes_.contains(home_address));
}

Actions HomeAgent::Impl::restore(TimePoint now, std::span<const KernelNode> nodes) {
    restoring_ = true;
    for (const auto& node : nodes) {
        restore_node(now, node);
    }
    restoring_ = false;
    return take();
}

void HomeAgent::Impl::restore_node(TimePoint now, const KernelNode& node) {
    if (!serves(node.home_address)) {
        // The configuration changed meanwhile.
        actions_.emplace_back(RemoveBindings{++last_request_, node.home_address, {}});
        report(
            Level::info, "binding-removed",
            {{"home-address", wire::to_string(node.home_address)}, {"reason", "no longer served"}});
        return;
    }
    Registration current;
    bool differs = false;
    for (auto end_point : node.bindings) {
        if (end_point.lifetime <= Duration(0)) {
            continue; // the kernel is about to say so itself
        }
        if (!still_at_home(end_point, differs)) {
            actions_.emplace_back(
                RemoveBindings{++last_request_, node.home_address, {end_point.bid}});
            continue;
        }
        if (current.empty() || sequence_in_window(current.sequence, end_point.sequence)) {
            current.sequence = end_point.sequence;
        }
        if (end_point.draft) {
            current.dialect = wire::Dialect::Draft;
        }
        current.put({end_point, now + end_point.lifetime});
    }
    if (current.empty()) {
        return;
    }
    for (const auto& address : node.home_addresses4) {
        if (pool_.adopt(node.home_address, address)) {
            current.home_addresses4.push_back(address);
        } else {
            differs = true;
            report(Level::warning, "home-address4-lost",
                   {{"home-address", wire::to_string(node.home_address)},
                    {"home-address4", wire::to_string(address)},
                    {"reason", "no longer the node's own"}});
        }
    }
    restore_prefixes(node, current, differs);
    if (!pool_.leases().leases_of(node.home_address).empty() ||
        !prefixes_.leases().leases_of(node.home_address).empty()) {
        current.lease_until = now + config_.lease_time;
    }
    renew_leases(now, node.home_address, current);
    counters_.add(HomeAgentCount::bindings_restored, current.bindings.size());
    auto& entry = cache_.at(node.home_address);
    entry.current = std::move(current);
    if (differs) {
        doubt(entry, Participant::kernel, now);
    }
    if (config_.has_store) {
        doubt(entry, Participant::store, now);
    }
    if (entry.repair_at) {
        begin_repair(now, node.home_address);
    }
    settle(node.home_address);
}

void HomeAgent::Impl::restore_prefixes(const KernelNode& node, Registration& current,
                                       bool& differs) {
    const auto lost = [&](const std::string& prefix) {
        differs = true;
        report(Level::warning, "prefix-lost",
               {{"home-address", wire::to_string(node.home_address)},
                {"prefix", prefix},
                {"reason", "no longer the node's own"}});
    };
    for (const auto& prefix : node.prefixes6) {
        if (prefixes_.owns(node.home_address, prefix)) {
            current.prefixes6.push_back(prefix);
        } else {
            lost(wire::to_string(prefix));
        }
    }
    for (const auto& prefix : node.prefixes4) {
        if (prefixes_.adopt(node.home_address, prefix)) {
            current.prefixes4.push_back(prefix);
        } else {
            lost(wire::to_string(prefix));
        }
    }
    // Only a mobile router has IPv6 prefixes, but others have IPv4 ones, too.
    current.mobile_router = !current.prefixes6.empty();
    if (current.prefixes6.empty() && !current.prefixes4.empty()) {
        current.mobile_router.reset();
    }
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
    while (const auto home_address = cache_.due(now)) {
        attend(now, *home_address);
    }
    return take();
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

// ---------------------------------------------------------------- public face

HomeAgent::HomeAgent(HomeAgentConfig config)
    : impl_(std::make_unique<Impl>(std::move(config))) {}
HomeAgent::~HomeAgent() = default;
HomeAgent::HomeAgent(HomeAgent&&) noexcept = default;
HomeAgent& HomeAgent::operator=(HomeAgent&&) noexcept = default;

Actions HomeAgent::restore(TimePoint now, std::span<const KernelNode> nodes) {
    return impl_->restore(now, nodes);
}
Actions HomeAgent::receive(TimePoint now, const ReceivedMessage& message) {
    return impl_->receive(now, message);
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
Actions HomeAgent::tick(TimePoint now) {
    return impl_->tick(now);
}
std::optional<TimePoint> HomeAgent::next_deadline() const {
    return impl_->cache().next_deadline();
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
std::vector<NamedCount> HomeAgent::counters() const {
    return impl_->counters();
}

} // namespace dsmip::mobility

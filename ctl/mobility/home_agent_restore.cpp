// SPDX-License-Identifier: GPL-2.0-or-later
// Start-up: what kernel and store hold of each node, made one again.
#include "mobility/home_agent_engine.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

using Level = Report::Level;

void put_living(Registration& registration, const KernelNode& node, TimePoint now,
                Duration longest) {
    for (const auto& end_point : node.bindings) {
        // What has ended is about to be said so by the kernel itself.
        if (end_point.lifetime > Duration(0)) {
            registration.put({end_point, now + std::min(end_point.lifetime, longest)});
        }
    }
}

Registration from_kernel(const KernelNode& node, TimePoint now) {
    Registration registration;
    put_living(registration, node, now, Duration::max() / 2);
    bool first = true;
    for (const auto& binding : registration.bindings) {
        const auto sequence = binding.end_point.sequence;
        if (first || sequence_in_window(registration.sequence, sequence)) {
            registration.sequence = sequence;
        }
        first = false;
        if (binding.end_point.draft) {
            registration.dialect = wire::Dialect::Draft;
        }
    }
    registration.home_addresses4 = node.home_addresses4;
    registration.prefixes6 = node.prefixes6;
    registration.prefixes4 = node.prefixes4;
    // Only a mobile router has IPv6 prefixes, but others have IPv4 ones, too.
    registration.mobile_router = !node.prefixes6.empty();
    if (node.prefixes6.empty() && !node.prefixes4.empty()) {
        registration.mobile_router.reset();
    }
    return registration;
}

// A wall clock that was set back does not make lifetimes longer than any that is granted.
Registration from_store(const StoredRegistration& stored, TimePoint now, Duration longest) {
    Registration registration;
    put_living(registration, stored.node, now, longest);
    registration.sequence = stored.sequence;
    registration.dialect = stored.dialect;
    registration.home_addresses4 = stored.node.home_addresses4;
    registration.prefixes6 = stored.node.prefixes6;
    registration.prefixes4 = stored.node.prefixes4;
    registration.mobile_router = stored.mobile_router;
    return registration;
}

// All of it, while nobody was there or when the store could not be told.
bool has_ended(const StoredRegistration& stored) {
    return stored.node.bindings.empty() && stored.remembered <= Duration(0) &&
           std::none_of(stored.leases.begin(), stored.leases.end(),
                        [](const StoredLease& lease) { return lease.remaining > Duration(0); });
}

// Lifetimes apart: two clocks never agree on them.
bool same(const Registration& a, const Registration& b) {
    const auto comparable = [](const Registration& registration) {
        auto node = registration.to_kernel({}, TimePoint());
        for (auto& binding : node.bindings) {
            binding.lifetime = Duration(0);
        }
        std::sort(node.home_addresses4.begin(), node.home_addresses4.end());
        std::sort(node.prefixes6.begin(), node.prefixes6.end());
        std::sort(node.prefixes4.begin(), node.prefixes4.end());
        return node;
    };
    return comparable(a) == comparable(b);
}

} // namespace

Actions HomeAgent::Impl::restore(TimePoint now, std::span<const KernelNode> nodes) {
    restoring_ = true;
    for (const auto& node : nodes) {
        restore_node(now, &node, nullptr);
    }
    restoring_ = false;
    return take();
}

Actions HomeAgent::Impl::restore(TimePoint now, const KernelNode* kernel,
                                 const StoredRegistration* stored) {
    restoring_ = true;
    restore_node(now, kernel, stored);
    restoring_ = false;
    return take();
}

void HomeAgent::Impl::restore_node(TimePoint now, const KernelNode* kernel,
                                   const StoredRegistration* stored) {
    const auto home_address = kernel != nullptr ? kernel->home_address : stored->node.home_address;
    if (!serves(home_address)) {
        restore_nothing(home_address, kernel != nullptr, stored != nullptr);
        return;
    }
    const auto in_kernel = kernel == nullptr ? Registration{} : from_kernel(*kernel, now);
    const auto in_store =
        stored == nullptr ? Registration{} : from_store(*stored, now, config_.max_lifetime);
    const bool dead = stored != nullptr && in_store.empty() && stored->remembered > Duration(0);
    // The kernel was asked last, so it may not have heard of a de-registration.
    if (dead && (in_kernel.empty() || sequence_in_window(in_kernel.sequence, stored->sequence))) {
        restore_dead(now, *stored, !in_kernel.empty());
        return;
    }
    if (in_kernel.empty() && in_store.empty()) {
        restore_leases(now, home_address, stored);
        if (stored != nullptr && has_ended(*stored)) {
            forget(home_address);
        }
        return;
    }
    auto current = choose(home_address, in_kernel, in_store);
    if (stored != nullptr) {
        keep_outside(current, *stored);
    }
    keep_own(home_address, current);
    // The home link may have another number now, or be none any more; the home network may have
    // grown.
    std::erase_if(current.bindings, [&](Binding& binding) {
        bool moved = false;
        const auto& end_point = binding.end_point;
        return !still_at_home(binding.end_point, moved) ||
               (!end_point.home_link && is_of_home_network(end_point.care_of, config_, pool_));
    });
    restore_leases(now, home_address, stored);
    if (current.empty()) {
        (void)pool_.leases().forget_outside(home_address);
        (void)prefixes_.leases().forget_outside(home_address);
        restore_nothing(home_address, kernel != nullptr, stored != nullptr);
        return;
    }
    current.lease_until = lease_until(now, home_address, current, stored);
    renew_leases(now, home_address, current);
    counters_.add(HomeAgentCount::bindings_restored, current.bindings.size());

    auto& entry = cache_.at(home_address);
    const bool kernel_differs = !same(current, in_kernel);
    const bool store_differs = config_.has_store && !same(current, in_store);
    entry.current = std::move(current);
    if (kernel_differs) {
        doubt(entry, Participant::kernel, now);
    }
    if (store_differs) {
        doubt(entry, Participant::store, now);
    }
    if (entry.repair_at) {
        begin_repair(now, home_address);
    }
    note_refresh(now, home_address);
    settle(home_address);
}

void HomeAgent::Impl::restore_dead(TimePoint now, const StoredRegistration& stored,
                                   bool in_kernel) {
    const auto& home_address = stored.node.home_address;
    auto& entry = cache_.at(home_address);
    entry.current.sequence = stored.sequence;
    entry.current.dialect = stored.dialect;
    // A wall clock that was set back does not make it longer.
    entry.dead_until = now + std::min(stored.remembered, MAX_DELETE_BCE_TIMEOUT);
    if (in_kernel) {
        ++reconciliation_.newer_in_store;
        doubt(entry, Participant::kernel, now);
        begin_repair(now, home_address);
    }
    restore_leases(now, home_address, &stored);
    settle(home_address);
}

// The configuration changed meanwhile.
void HomeAgent::Impl::restore_nothing(const wire::Ipv6Address& home_address, bool in_kernel,
                                      bool in_store) {
    if (in_kernel) {
        actions_.emplace_back(RemoveBindings{++last_request_, home_address, {}});
    }
    if (in_store) {
        forget(home_address);
    }
    ++reconciliation_.removed;
    report(Level::info, "binding-removed",
           {{"home-address", home_address}, {"reason", "no longer served"}});
}

void HomeAgent::Impl::forget(const wire::Ipv6Address& home_address) {
    StoredRegistration nothing;
    nothing.node.home_address = home_address;
    actions_.emplace_back(KeepRegistration{++last_request_, std::move(nothing)});
}

Registration HomeAgent::Impl::choose(const wire::Ipv6Address& home_address,
                                     const Registration& in_kernel, const Registration& in_store) {
    const auto difference = [&](const char* what, const char* taken) {
        report(Level::debug, "binding-restored",
               {{"home-address", home_address}, {"difference", what}, {"taken-from", taken}});
    };
    if (in_store.empty()) {
        ++reconciliation_.only_in_kernel;
        if (config_.has_store) {
            difference("not in the store", "kernel");
        }
        return in_kernel;
    }
    if (in_kernel.empty()) {
        ++reconciliation_.only_in_store;
        difference("not in the kernel", "store");
        return in_store;
    }
    if (same(in_kernel, in_store)) {
        ++reconciliation_.alike;
        // The kernel's clock cannot be set.
        auto current = in_store;
        current.bindings = in_kernel.bindings;
        return current;
    }
    if (sequence_in_window(in_store.sequence, in_kernel.sequence)) {
        ++reconciliation_.newer_in_kernel;
        difference("older in the store", "kernel");
        return in_kernel;
    }
    // Also with equal numbers: the store was asked first.
    ++reconciliation_.newer_in_store;
    difference(in_kernel.sequence == in_store.sequence ? "another one in the kernel"
                                                       : "older in the kernel",
               "store");
    return in_store;
}

// Takes out what the configuration no longer gives to that node.
void HomeAgent::Impl::keep_own(const wire::Ipv6Address& home_address, Registration& current) {
    const auto lost = [&](const char* name, const char* key, const std::string& what) {
        report(
            Level::warning, name,
            {{"home-address", home_address}, {key, what}, {"reason", "no longer the node's own"}});
        return true;
    };
    std::erase_if(current.home_addresses4, [&](const auto& address) {
        return !pool_.adopt(home_address, address) &&
               lost("home-address4-lost", "home-address4", wire::to_string(address));
    });
    std::erase_if(current.prefixes6, [&](const auto& prefix) {
        return !prefixes_.owns(home_address, prefix) &&
               lost("prefix-lost", "prefix", wire::to_string(prefix));
    });
    std::erase_if(current.prefixes4, [&](const auto& prefix) {
        return !prefixes_.adopt(home_address, prefix) &&
               lost("prefix-lost", "prefix", wire::to_string(prefix));
    });
}

// They stay as long as the registration does, as in a reload.
void HomeAgent::Impl::keep_outside(const Registration& current, const StoredRegistration& stored) {
    const auto& home_address = stored.node.home_address;
    const auto has = [](const auto& list, const auto& value) {
        return std::find(list.begin(), list.end(), value) != list.end();
    };
    for (const auto& lease : stored.leases) {
        if (lease.prefix.length == wire::Ipv4Address::bit_length &&
            has(current.home_addresses4, lease.prefix.address) &&
            !prefixes_.leases().overlaps(lease.prefix)) {
            (void)pool_.keep(home_address, lease.prefix.address);
        } else if (has(current.prefixes4, lease.prefix) && !pool_.leases().overlaps(lease.prefix)) {
            (void)prefixes_.keep(home_address, lease.prefix);
        }
    }
}

// Those that are not in use, too: a node that returns gets the same again.
void HomeAgent::Impl::restore_leases(TimePoint now, const wire::Ipv6Address& home_address,
                                     const StoredRegistration* stored) {
    if (stored == nullptr) {
        return;
    }
    for (const auto& lease : stored->leases) {
        if (lease.remaining <= Duration(0)) {
            continue; // it may be lent to another one, whose own record says so
        }
        const bool is_address = lease.prefix.length == wire::Ipv4Address::bit_length;
        const bool adopted = is_address ? pool_.adopt(home_address, lease.prefix.address)
                                        : prefixes_.adopt(home_address, lease.prefix);
        if (!adopted) {
            continue; // another one has it, or the pool has changed
        }
        auto& leases = is_address ? pool_.leases() : prefixes_.leases();
        leases.renew(lease.prefix, now + std::min(lease.remaining, config_.lease_time));
        leases.set_in_use(lease.prefix, false); // settle() knows better
        ++reconciliation_.leases;
    }
}

std::optional<TimePoint> HomeAgent::Impl::lease_until(TimePoint now,
                                                      const wire::Ipv6Address& home_address,
                                                      const Registration& current,
                                                      const StoredRegistration* stored) const {
    if (pool_.leases().leases_of(home_address).empty() &&
        prefixes_.leases().leases_of(home_address).empty()) {
        return std::nullopt;
    }
    auto until = now + config_.lease_time; // as far as anybody knows
    if (stored != nullptr) {
        for (const auto& lease : stored->leases) {
            until = std::min(until, now + lease.remaining);
        }
    }
    // No binding outlives the lease it uses.
    for (const auto& binding : current.bindings) {
        until = std::max(until, binding.expires);
    }
    return until;
}

} // namespace dsmip::mobility

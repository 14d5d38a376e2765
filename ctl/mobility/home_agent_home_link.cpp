// SPDX-License-Identifier: GPL-2.0-or-later
// Decisions about the home link, and what is claimed there.
#include "mobility/home_agent_home_link.hpp"

#include <algorithm>

#include "mobility/home_agent_acknowledgement.hpp"
#include "mobility/home_agent_engine.hpp"

namespace dsmip::mobility {
namespace {

constexpr std::size_t ethernet_address_length = 6;

bool is_unicast(const LinkAddress& address) {
    return address.size() == ethernet_address_length && (address.front() & 1U) == 0 &&
           std::any_of(address.begin(), address.end(), [](auto octet) { return octet != 0; });
}

// The address belongs to the home address in both generations; in the RFC's it has to be there
// unless the binding is known (RFC 5648, 4.2).
bool names_home_address(const wire::BindingIdentifierReading& option,
                        const RegistrationRequest& request, const KernelBinding* known) {
    if (std::holds_alternative<std::monostate>(option.care_of_address)) {
        return request.dialect == wire::Dialect::Draft || (known != nullptr && known->home_link);
    }
    const auto* address = std::get_if<wire::Ipv6Address>(&option.care_of_address);
    return address != nullptr && *address == request.home_address;
}

} // namespace

tl::expected<KernelBinding, RuleRef> home_end_point(const wire::BindingIdentifierReading& option,
                                                    const RegistrationRequest& request,
                                                    const RegistrationContext& context) {
    const auto& config = context.config.home_link;
    if (config.link == 0 || !config.accept_simultaneous) {
        return tl::unexpected(home_agent_rule("refused_home_and_foreign"));
    }
    const auto* binding = context.current().find(option.bid);
    const auto* known = binding == nullptr ? nullptr : &binding->end_point;
    if (!names_home_address(option, request, known)) {
        return tl::unexpected(home_agent_rule("refused_home_binding_address"));
    }
    KernelBinding end_point;
    end_point.care_of = request.home_address;
    end_point.home_link = true;
    end_point.link = config.link;
    using LinkLayerAddress = wire::MobilityHeaderLinkLayerAddress;
    const auto* named = wire::find_option<LinkLayerAddress>(request.update.options);
    if (named != nullptr && named->option_code == LinkLayerAddress::code_mobile_node) {
        if (!is_unicast(named->link_layer_address)) {
            return tl::unexpected(home_agent_rule("refused_link_layer_address"));
        }
        end_point.link_address = named->link_layer_address;
    } else if (is_unicast(request.link_address)) {
        end_point.link_address = request.link_address;
    } else if (known != nullptr && known->home_link) {
        end_point.link_address = known->link_address;
    }
    if (config.sole_router) {
        end_point.link_address.clear(); // neighbour discovery finds the node
    } else if (end_point.link_address.empty()) {
        return tl::unexpected(home_agent_rule("refused_link_layer_address_unknown"));
    }
    return end_point;
}

RuleRef home_acceptance(const HomeLinkConfig& config) {
    return config.sole_router ? home_agent_rule("accepted")
                              : home_agent_rule("accepted_return_home_without_ndp");
}

bool needs_dad(const RegistrationRequest& request, const RegistrationContext& context) {
    return context.config.home_link.link != 0 && context.current().empty() &&
           !request.over_home_link;
}

std::optional<ClaimHomeAddress> wanted_claim(const wire::Ipv6Address& home_address,
                                             const Registration& registration,
                                             const HomeLinkConfig& config) {
    const auto& bindings = registration.bindings;
    // As it was told when it registered, whatever the configuration says by now: without a
    // link-layer address neighbour discovery has to find the node.
    const bool answers_itself =
        std::any_of(bindings.begin(), bindings.end(), [](const Binding& binding) {
            return binding.end_point.home_link && binding.end_point.link_address.empty();
        });
    if (config.link == 0 || registration.empty() || answers_itself) {
        return std::nullopt;
    }
    ClaimHomeAddress claim;
    claim.home_address = home_address;
    claim.home_addresses4 = registration.home_addresses4;
    claim.link_local = registration.link_local();
    claim.router = registration.mobile_router.value_or(false);
    return claim;
}

void HomeAgent::Impl::claim(const wire::Ipv6Address& home_address) {
    auto* entry = cache_.find(home_address);
    if (entry == nullptr) {
        return;
    }
    auto wanted = wanted_claim(home_address, entry->current, config_.home_link);
    if (wanted == entry->claimed) {
        return;
    }
    if (wanted) {
        actions_.emplace_back(*wanted);
        std::get<ClaimHomeAddress>(actions_.back()).announce = !restoring_;
    } else {
        actions_.emplace_back(ReleaseHomeAddress{home_address});
    }
    entry->claimed = std::move(wanted);
}

bool HomeAgent::Impl::still_at_home(KernelBinding& end_point, bool& differs) const {
    if (!end_point.home_link) {
        return true;
    }
    differs = differs || end_point.link != config_.home_link.link;
    end_point.link = config_.home_link.link;
    return end_point.link != 0;
}

Actions HomeAgent::Impl::dad_done(TimePoint now, RequestId request, DadOutcome outcome) {
    const auto found = requests_.find(request);
    if (found == requests_.end()) {
        return take(); // given up
    }
    if (outcome == DadOutcome::unique) {
        return confirm(now, request, {});
    }
    if (outcome == DadOutcome::unknown) {
        return confirm(now, request, "the home link cannot be asked");
    }
    const auto home_address = found->second;
    requests_.erase(found);
    auto& entry = cache_.at(home_address);
    const auto* refused_by = home_agent_rule("refused_duplicate_address");
    report(Report::Level::warning, "binding-refused",
           {{"home-address", home_address},
            {"code", static_cast<unsigned>(refused_by->status())},
            {"status", wire::to_string(refused_by->status())},
            {"rule", ReportValue(refused_by->name)}});
    entry.pending->on_failure = std::move(entry.pending->on_duplicate);
    entry.pending->refused_by = refused_by;
    fail(now, home_address, false);
    // Retransmissions that came meanwhile are about the same address.
    entry.duplicate = true;
    go_on(now, home_address);
    if (auto* left = cache_.find(home_address)) {
        left->duplicate = false;
    }
    return take();
}

} // namespace dsmip::mobility

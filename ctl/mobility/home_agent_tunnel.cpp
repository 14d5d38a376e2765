// SPDX-License-Identifier: GPL-2.0-or-later
// Tunnel formats at the home agent.
#include "mobility/home_agent_tunnel.hpp"

namespace dsmip::mobility {

bool nat_detected(const MessagePath& path, const std::optional<wire::Ipv4Address>& claimed) {
    return !claimed || path.remote.address != wire::IpAddress(*claimed);
}

KernelBinding end_point6(const wire::Ipv6Address& care_of) {
    KernelBinding binding;
    binding.care_of = care_of;
    return binding;
}

KernelBinding end_point4(const MessagePath& path, const std::optional<wire::Ipv4Address>& claimed) {
    KernelBinding binding;
    binding.care_of = path.remote.address;
    // Kept also where nothing is in UDP: a peer that takes any NAT Detection option for a
    // reason to use UDP is still understood (D-4.4-19).
    binding.port =
        path.encapsulation == Encapsulation::direct ? std::uint16_t{0} : path.remote.port;
    binding.nat = nat_detected(path, claimed);
    if (binding.nat) {
        binding.claimed_care_of = claimed;
    }
    return binding;
}

void negotiate_format(KernelBinding& binding, const RegistrationRequest& request,
                      const HomeAgentConfig& config) {
    const bool udp_possible = binding.port != 0;
    binding.forced_udp = udp_possible && (request.update.flags.force_udp || config.impose_udp);
    if (udp_possible && request.update.flags.tlv && config.accept_tlv) {
        binding.encapsulation = request.dialect == wire::Dialect::Draft
                                    ? Encapsulation::udp_tlv_draft
                                    : Encapsulation::udp_tlv;
    } else if (udp_possible && (binding.nat || binding.forced_udp)) {
        binding.encapsulation = Encapsulation::udp;
    } else {
        binding.encapsulation = Encapsulation::direct;
    }
}

bool has_tlv_header(const KernelBinding& binding) {
    return binding.encapsulation == Encapsulation::udp_tlv ||
           binding.encapsulation == Encapsulation::udp_tlv_draft;
}

std::optional<wire::NatDetection>
nat_detection_option(const RegistrationRequest& request, const KernelBinding* accepted,
                     const std::optional<wire::Ipv4Address>& claimed,
                     const HomeAgentConfig& config) {
    if (!request.in_udp()) {
        return std::nullopt;
    }
    wire::NatDetection option;
    option.force_udp = accepted != nullptr ? accepted->forced_udp : config.impose_udp;
    const bool nat = accepted != nullptr ? accepted->nat : nat_detected(*request.path, claimed);
    option.refresh_time = nat ? static_cast<std::uint32_t>(config.nat_refresh_time.count())
                              : wire::NatDetection::no_keepalive_needed;
    return option;
}

} // namespace dsmip::mobility

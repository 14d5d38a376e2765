// SPDX-License-Identifier: GPL-2.0-or-later
// The tunnel to a care-of address: NAT verdict, UDP or not, TLV header or not
// (RFC 5555, 4.1 and 4.5; RFC 5845).
#pragma once

#include <optional>

#include "mobility/home_agent.hpp"
#include "mobility/home_agent_request.hpp"
#include "wire/mobility_options.hpp"

namespace dsmip::mobility {

// The way of the Binding Update has a NAT on it: the outer source is not the care-of address
// named inside.  Without one to compare with a NAT is assumed, which is safe.
[[nodiscard]] bool nat_detected(const MessagePath& path,
                                const std::optional<wire::Ipv4Address>& claimed);

// A binding to an IPv6 care-of address, never in UDP.
[[nodiscard]] KernelBinding end_point6(const wire::Ipv6Address& care_of);

// A binding to where the Binding Update came from over IPv4: traffic goes to the outer
// source address and port, the care-of address named inside is kept beside it.
[[nodiscard]] KernelBinding end_point4(const MessagePath& path,
                                       const std::optional<wire::Ipv4Address>& claimed);

// Settles the format of a binding to an IPv4 end point from its NAT verdict, F and T of the
// Binding Update and the configuration.  Each Binding Update negotiates anew.  T that is granted
// means UDP with the TLV header for all of it, NAT or not
// (draft-ietf-mext-nemo-v4traversal-00, 4.1).
void negotiate_format(KernelBinding& binding, const RegistrationRequest& request,
                      const HomeAgentConfig& config);

[[nodiscard]] bool has_tlv_header(const KernelBinding& binding);

// The NAT Detection option of an answer; nothing unless that goes in UDP.  F says that UDP is
// to be used although there is no NAT; without NAT no keepalive is needed.
// `accepted` is the binding made for the way of the message, if one was.
[[nodiscard]] std::optional<wire::NatDetection>
nat_detection_option(const RegistrationRequest& request, const KernelBinding* accepted,
                     const std::optional<wire::Ipv4Address>& claimed,
                     const HomeAgentConfig& config);

} // namespace dsmip::mobility

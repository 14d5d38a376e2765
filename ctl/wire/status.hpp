// SPDX-License-Identifier: GPL-2.0-or-later
// Status codes of Binding Acknowledgement, mobility options and Binding Error. A value that is not
// listed can arrive from the wire and is kept as it is.
#pragma once

#include <cstdint>
#include <string>

namespace dsmip::wire {

/// Binding Acknowledgement status (RFC 6275, 6.1.8, and the IANA registry); also the code space of
/// the Binding Identifier option. Below 128 = accepted.
enum class BindingStatus : std::uint8_t {
    Accepted = 0,
    AcceptedPrefixDiscoveryNecessary = 1,
    GreKeyOptionNotRequired = 2,           ///< RFC 5845
    GreTunnelingTlvHeaderNotSupported = 3, ///< RFC 5845
    McoaNotComplete = 4,                   ///< RFC 5648
    McoaReturnHomeWithoutNdp = 5,          ///< RFC 5648
    TransientBindingIgnored = 6,           ///< RFC 6058

    ReasonUnspecified = 128,
    AdministrativelyProhibited = 129,
    InsufficientResources = 130,
    HomeRegistrationNotSupported = 131,
    NotHomeSubnet = 132,
    NotHomeAgentForThisMobileNode = 133,
    DuplicateAddressDetectionFailed = 134,
    SequenceNumberOutOfWindow = 135,
    ExpiredHomeNonceIndex = 136,
    ExpiredCareOfNonceIndex = 137,
    ExpiredNonces = 138,
    RegistrationTypeChangeDisallowed = 139,
    MobileRouterOperationNotPermitted = 140, ///< RFC 3963
    InvalidPrefix = 141,                     ///< RFC 3963
    NotAuthorizedForPrefix = 142,            ///< RFC 3963
    ForwardingSetupFailed = 143,             ///< RFC 3963
    /// One number, two meanings: the registry gives it to RFC 4285, RFC 5555, 4.4.2 uses it for a
    /// refused F flag.
    MobilityMessageIdMismatch = 144,
    CannotForceUdpEncapsulation = 144,
    MobilityMessageIdRequired = 145, ///< RFC 4285
    AuthenticationFailed = 146,      ///< RFC 4285
    PermanentHomeKeygenTokenUnavailable = 147,
    CgaAndSignatureVerificationFailed = 148,
    PermanentHomeKeygenTokenExists = 149,
    NonNullHomeNonceIndexExpected = 150,
    ServiceAuthorizationFailed = 151,               ///< RFC 5149
    GreKeyOptionRequired = 163,                     ///< RFC 5845
    McoaMalformed = 164,                            ///< RFC 5648
    McoaNonMcoaBindingExists = 165,                 ///< RFC 5648
    McoaProhibited = 166,                           ///< RFC 5648
    McoaUnknownCareOfAddress = 167,                 ///< RFC 5648
    McoaBulkRegistrationProhibited = 168,           ///< RFC 5648
    McoaSimultaneousHomeAndForeignProhibited = 169, ///< RFC 5648
    InvalidCareOfAddress = 174,
    ReinitializeSecurityAssociationWithHac = 176, ///< RFC 6618
};

/// True for the codes that leave a binding registered.
constexpr bool is_accepted(BindingStatus status) {
    return static_cast<std::uint8_t>(status) < 128;
}

/// Status of the IPv4 Address Acknowledgement option (RFC 5555, 3.2.1). Below 128 = success.
enum class Ipv4AddressStatus : std::uint8_t {
    Success = 0,
    FailureReasonUnspecified = 128,
    AdministrativelyProhibited = 129,
    IncorrectIpv4HomeAddress = 130,
    InvalidIpv4Address = 131,
    DynamicAssignmentNotAvailable = 132,
    PrefixAllocationUnauthorized = 133,
};

/// True for the codes that leave an IPv4 home address registered.
constexpr bool is_success(Ipv4AddressStatus status) {
    return static_cast<std::uint8_t>(status) < 128;
}

/// Status of the Binding Error message (RFC 6275, 6.1.9).
enum class BindingErrorStatus : std::uint8_t {
    UnknownBindingForHomeAddressOption = 1,
    UnrecognizedMhType = 2,
};

/// Words for people, e.g. "sequence number out of window"; "status 200" for a code without a name.
std::string to_string(BindingStatus status);
std::string to_string(Ipv4AddressStatus status);
std::string to_string(BindingErrorStatus status);

} // namespace dsmip::wire

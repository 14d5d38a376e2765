// SPDX-License-Identifier: GPL-2.0-or-later
// Words for codes: statuses, message types, drop counters, errors.
#include <string>
#include <string_view>

#include "wire/codec.hpp"
#include "wire/extension_header.hpp"
#include "wire/mobility_header.hpp"
#include "wire/status.hpp"

namespace dsmip::wire {

namespace {

template<class Code>
std::string or_number(std::string_view name, std::string_view kind, Code code) {
    if (!name.empty()) {
        return std::string(name);
    }
    return std::string(kind) + " " + std::to_string(static_cast<unsigned>(code));
}

std::string_view name_of(BindingStatus status) {
    switch (status) {
    case BindingStatus::Accepted:
        return "accepted";
    case BindingStatus::AcceptedPrefixDiscoveryNecessary:
        return "accepted, prefix discovery necessary";
    case BindingStatus::GreKeyOptionNotRequired:
        return "GRE key option not required";
    case BindingStatus::GreTunnelingTlvHeaderNotSupported:
        return "GRE tunneling but TLV header not supported";
    case BindingStatus::McoaNotComplete:
        return "MCoA not complete";
    case BindingStatus::McoaReturnHomeWithoutNdp:
        return "MCoA return home without NDP";
    case BindingStatus::TransientBindingIgnored:
        return "transient binding ignored";
    case BindingStatus::ReasonUnspecified:
        return "reason unspecified";
    case BindingStatus::AdministrativelyProhibited:
        return "administratively prohibited";
    case BindingStatus::InsufficientResources:
        return "insufficient resources";
    case BindingStatus::HomeRegistrationNotSupported:
        return "home registration not supported";
    case BindingStatus::NotHomeSubnet:
        return "not home subnet";
    case BindingStatus::NotHomeAgentForThisMobileNode:
        return "not home agent for this mobile node";
    case BindingStatus::DuplicateAddressDetectionFailed:
        return "duplicate address detection failed";
    case BindingStatus::SequenceNumberOutOfWindow:
        return "sequence number out of window";
    case BindingStatus::ExpiredHomeNonceIndex:
        return "expired home nonce index";
    case BindingStatus::ExpiredCareOfNonceIndex:
        return "expired care-of nonce index";
    case BindingStatus::ExpiredNonces:
        return "expired nonces";
    case BindingStatus::RegistrationTypeChangeDisallowed:
        return "registration type change disallowed";
    case BindingStatus::MobileRouterOperationNotPermitted:
        return "mobile router operation not permitted";
    case BindingStatus::InvalidPrefix:
        return "invalid prefix";
    case BindingStatus::NotAuthorizedForPrefix:
        return "not authorized for prefix";
    case BindingStatus::ForwardingSetupFailed:
        return "forwarding setup failed";
    case BindingStatus::CannotForceUdpEncapsulation:
        return "cannot force UDP encapsulation, or mobility message ID mismatch";
    case BindingStatus::MobilityMessageIdRequired:
        return "mobility message ID required";
    case BindingStatus::AuthenticationFailed:
        return "authentication failed";
    case BindingStatus::PermanentHomeKeygenTokenUnavailable:
        return "permanent home keygen token unavailable";
    case BindingStatus::CgaAndSignatureVerificationFailed:
        return "CGA and signature verification failed";
    case BindingStatus::PermanentHomeKeygenTokenExists:
        return "permanent home keygen token exists";
    case BindingStatus::NonNullHomeNonceIndexExpected:
        return "non-null home nonce index expected";
    case BindingStatus::ServiceAuthorizationFailed:
        return "service authorization failed";
    case BindingStatus::GreKeyOptionRequired:
        return "GRE key option required";
    case BindingStatus::McoaMalformed:
        return "MCoA malformed";
    case BindingStatus::McoaNonMcoaBindingExists:
        return "MCoA non-MCoA binding exists";
    case BindingStatus::McoaProhibited:
        return "MCoA prohibited";
    case BindingStatus::McoaUnknownCareOfAddress:
        return "MCoA unknown care-of address";
    case BindingStatus::McoaBulkRegistrationProhibited:
        return "MCoA bulk registration prohibited";
    case BindingStatus::McoaSimultaneousHomeAndForeignProhibited:
        return "MCoA simultaneous home and foreign prohibited";
    case BindingStatus::InvalidCareOfAddress:
        return "invalid care-of address";
    case BindingStatus::ReinitializeSecurityAssociationWithHac:
        return "reinitialize security association with home agent controller";
    }
    return {};
}

std::string_view name_of(Ipv4AddressStatus status) {
    switch (status) {
    case Ipv4AddressStatus::Success:
        return "success";
    case Ipv4AddressStatus::FailureReasonUnspecified:
        return "failure, reason unspecified";
    case Ipv4AddressStatus::AdministrativelyProhibited:
        return "administratively prohibited";
    case Ipv4AddressStatus::IncorrectIpv4HomeAddress:
        return "incorrect IPv4 home address";
    case Ipv4AddressStatus::InvalidIpv4Address:
        return "invalid IPv4 address";
    case Ipv4AddressStatus::DynamicAssignmentNotAvailable:
        return "dynamic IPv4 home address assignment not available";
    case Ipv4AddressStatus::PrefixAllocationUnauthorized:
        return "prefix allocation unauthorized";
    }
    return {};
}

std::string_view name_of(BindingErrorStatus status) {
    switch (status) {
    case BindingErrorStatus::UnknownBindingForHomeAddressOption:
        return "unknown binding for Home Address option";
    case BindingErrorStatus::UnrecognizedMhType:
        return "unrecognized MH type";
    }
    return {};
}

std::string_view name_of(MhType type) {
    switch (type) {
    case MhType::BindingRefreshRequest:
        return "Binding Refresh Request";
    case MhType::HomeTestInit:
        return "Home Test Init";
    case MhType::CareOfTestInit:
        return "Care-of Test Init";
    case MhType::HomeTest:
        return "Home Test";
    case MhType::CareOfTest:
        return "Care-of Test";
    case MhType::BindingUpdate:
        return "Binding Update";
    case MhType::BindingAcknowledgement:
        return "Binding Acknowledgement";
    case MhType::BindingError:
        return "Binding Error";
    case MhType::HomeAgentSwitch:
        return "Home Agent Switch";
    }
    return {};
}

} // namespace

std::string to_string(BindingStatus status) {
    return or_number(name_of(status), "status", status);
}

std::string to_string(Ipv4AddressStatus status) {
    return or_number(name_of(status), "status", status);
}

std::string to_string(BindingErrorStatus status) {
    return or_number(name_of(status), "status", status);
}

std::string to_string(MhType type) {
    return or_number(name_of(type), "MH type", type);
}

std::string_view to_string(EncodeError error) {
    switch (error) {
    case EncodeError::MessageTooLong:
        return "message longer than 2048 octets";
    case EncodeError::OptionTooLong:
        return "option data does not fit the 8-bit length";
    case EncodeError::ValueOutOfRange:
        return "IPv4 prefix length does not fit 6 bits";
    case EncodeError::FlagNotInDialect:
        return "P flag in the draft dialect or together with O";
    case EncodeError::MalformedOption:
        return "option marked as malformed or of a padding type";
    case EncodeError::DuplicateAuthorizationData:
        return "more than one Binding Authorization Data option";
    }
    return "unknown error";
}

std::string_view drop_name(DecodeCause cause) {
    switch (cause) {
    case DecodeCause::MhTruncated:
        return "mh_truncated";
    case DecodeCause::MhOverlong:
        return "mh_overlong";
    case DecodeCause::MhChecksum:
        return "mh_checksum";
    case DecodeCause::MhTypeUnknown:
        return "mh_type_unknown";
    case DecodeCause::MhPayloadProto:
        return "mh_payload_proto";
    case DecodeCause::MhHeaderLength:
        return "mh_header_length";
    case DecodeCause::MhAddressCount:
        return "mh_address_count";
    case DecodeCause::OptionTruncated:
        return "option_truncated";
    case DecodeCause::OptionLength:
        return "option_length";
    case DecodeCause::OptionNotLast:
        return "option_not_last";
    }
    return "mh_unknown";
}

std::string_view drop_name(ExtensionHeaderCause cause) {
    switch (cause) {
    case ExtensionHeaderCause::HeaderTruncated:
        return "exthdr_truncated";
    case ExtensionHeaderCause::OptionTruncated:
        return "exthdr_option_truncated";
    case ExtensionHeaderCause::HomeAddressLength:
        return "hao_length";
    case ExtensionHeaderCause::HomeAddressDuplicate:
        return "hao_duplicate";
    case ExtensionHeaderCause::HomeAddressNotUnicast:
        return "hao_not_unicast";
    case ExtensionHeaderCause::OptionUnknown:
        return "exthdr_option_unknown";
    case ExtensionHeaderCause::RoutingType:
        return "rh_type";
    case ExtensionHeaderCause::RoutingLength:
        return "rh2_length";
    case ExtensionHeaderCause::RoutingSegments:
        return "rh2_segments";
    }
    return "exthdr_unknown";
}

} // namespace dsmip::wire

// SPDX-License-Identifier: GPL-2.0-or-later
// What all messages have in common.
#include "wire/mobility_header.hpp"

namespace dsmip::wire {

namespace {

struct TypeOf {
    MhType operator()(const BindingRefreshRequest&) const { return MhType::BindingRefreshRequest; }
    MhType operator()(const HomeTestInit&) const { return MhType::HomeTestInit; }
    MhType operator()(const CareOfTestInit&) const { return MhType::CareOfTestInit; }
    MhType operator()(const HomeTest&) const { return MhType::HomeTest; }
    MhType operator()(const CareOfTest&) const { return MhType::CareOfTest; }
    MhType operator()(const BindingUpdate&) const { return MhType::BindingUpdate; }
    MhType operator()(const BindingAcknowledgement&) const {
        return MhType::BindingAcknowledgement;
    }
    MhType operator()(const BindingError&) const { return MhType::BindingError; }
    MhType operator()(const HomeAgentSwitch&) const { return MhType::HomeAgentSwitch; }
};

} // namespace

MhType mh_type(const MobilityMessage& message) {
    return std::visit(TypeOf{}, message);
}

const MobilityOptions& options_of(const MobilityMessage& message) {
    return std::visit([](const auto& any) -> const MobilityOptions& { return any.options; },
                      message);
}

} // namespace dsmip::wire

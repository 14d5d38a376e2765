// SPDX-License-Identifier: GPL-2.0-or-later
// The store of the home agent's registrations, as the role sees it: registrations in and out,
// outcomes by request.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <tl/expected.hpp>

#include "daemon/configuration.hpp"
#include "daemon/control_protocol.hpp"
#include "mobility/types.hpp"
#include "store/store.hpp"

namespace dsmip::daemon {

class RegistrationStore {
public:
    using Confirmed =
        std::function<void(std::span<const mobility::RequestId>, const mobility::RequestOutcome&)>;

    static tl::expected<std::unique_ptr<RegistrationStore>, std::string>
    open(asio::io_context& loop, const StoreConfiguration& configuration);

    /// Everything that is kept, once, before start(). Records that cannot be read are named in the
    /// log and left as they are until their node registers again.
    tl::expected<std::vector<mobility::StoredRegistration>, std::string> load();

    void start(Confirmed confirmed);
    void keep(const mobility::KeepRegistration& keep);
    /// Everything that was to be kept is, when this returns; nothing is confirmed any more.
    void close();

    [[nodiscard]] Json status() const;

private:
    RegistrationStore(std::string path, std::unique_ptr<store::Store> store)
        : path_(std::move(path))
        , store_(std::move(store)) {}
    void note(const std::optional<std::string>& error);

    std::string path_;
    std::unique_ptr<store::Store> store_;
    bool failing_ = false;
};

} // namespace dsmip::daemon

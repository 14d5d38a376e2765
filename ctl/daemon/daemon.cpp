// SPDX-License-Identifier: GPL-2.0-or-later
// Start, reports, control requests, stop.
#include "daemon/daemon.hpp"

#include <csignal>
#include <ctime>
#include <system_error>
#include <utility>

#include <asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include "daemon/clock.hpp"
#include "daemon/configuration_difference.hpp"
#include "daemon/configuration_file.hpp"
#include "daemon/home_agent_role.hpp"
#include "daemon/mobile_node_role.hpp"
#include "daemon/status.hpp"

namespace dsmip::daemon {

namespace {

spdlog::level::level_enum log_level(mobility::Report::Level level) {
    switch (level) {
    case mobility::Report::Level::debug:
        return spdlog::level::debug;
    case mobility::Report::Level::info:
        return spdlog::level::info;
    case mobility::Report::Level::warning:
        break;
    }
    return spdlog::level::warn;
}

/// "binding-accepted home_address=2001:db8::1 bid=1"
std::string log_text(const mobility::Report& report) {
    std::string text(report.name);
    for (const auto& [name, value] : report.fields) {
        const auto word = value.text();
        text += word.find(' ') == std::string::npos ? fmt::format(" {}={}", name, word)
                                                    : fmt::format(" {}=\"{}\"", name, word);
    }
    return text;
}

/// What lines are limited by. Refusals of one status do not hide those of another.
std::string log_kind(const mobility::Report& report) {
    std::string kind(report.name);
    for (const auto& [name, value] : report.fields) {
        if (name == "code") {
            kind += " " + value.text();
        }
    }
    return kind;
}

/// Without systemd nobody is told.
void tell_supervisor(const std::string& state) {
    if (const int result = ::sd_notify(0, state.c_str()); result < 0) {
        spdlog::warn("systemd was not told {}: {}", state.substr(0, state.find('\n')),
                     std::generic_category().message(-result));
    }
}

} // namespace

Daemon::Daemon(Configuration configuration, std::string file,
               std::function<std::uint64_t()> log_lines_lost)
    : configuration_(std::move(configuration))
    , file_(std::move(file))
    , log_lines_lost_(std::move(log_lines_lost))
    , control_(loop_, [this](const ControlRequest& request, ControlServer::Answer done) {
        answer(request, std::move(done));
    }) {}

tl::expected<void, std::string> Daemon::run() {
    spdlog::warn(
        "security = \"none\": signalling is not protected; whoever can send packets to the "
        "home agent can redirect the traffic of mobile nodes");
    // Before anything is changed on the host: a second daemon stops here.
    if (auto listening = control_.listen(configuration_.control_socket); !listening) {
        return listening;
    }
    const RoleCalls calls{[this](const mobility::Report& event) { report(event); },
                          [this](std::string reason) { fail(std::move(reason)); }};
    auto role = configuration_.role == RoleName::home_agent
                    ? HomeAgentRole::open(loop_, configuration_, calls)
                    : MobileNodeRole::open(loop_, configuration_, calls);
    if (!role) {
        return tl::make_unexpected(role.error());
    }
    role_ = std::move(*role);
    if (auto started = role_->start(); !started) {
        return started;
    }
    wait_for_signal();
    spdlog::info("ready: {} on {}", to_string(configuration_.role), configuration_.device.name);
    tell_supervisor("READY=1");
    loop_.run();
    if (failure_) {
        return tl::make_unexpected(*failure_);
    }
    return {};
}

void Daemon::fail(std::string reason) {
    failure_ = std::move(reason);
    control_.close();
    loop_.stop();
}

void Daemon::wait_for_signal() {
    signals_.async_wait([this](const asio::error_code& error, int signal) {
        if (error) {
            return;
        }
        if (signal != SIGHUP) {
            stop(signal);
            return;
        }
        wait_for_signal();
        if (!stopping_) {
            reload_at_signal();
        }
    });
}

void Daemon::stop(int signal) {
    if (std::exchange(stopping_, true)) {
        spdlog::warn("second signal {}: stopping at once", signal);
        loop_.stop();
        return;
    }
    spdlog::info("signal {}: stopping", signal);
    tell_supervisor("STOPPING=1");
    wait_for_signal();
    role_->stop([this] {
        control_.close();
        loop_.stop();
    });
}

/// What the worker makes of the file.
struct Daemon::NextConfiguration {
    Configuration configuration;
    ConfigurationDifference difference;
    std::shared_ptr<Preparation> of_role;
};

/// One that comes while the file is being read may mean what was written into it since.
void Daemon::reload_at_signal() {
    if (reload_done_) {
        reload_again_ = true;
        return;
    }
    reload([](const auto& result) {
        if (!result) {
            spdlog::error("reload refused{}: {}",
                          result.error().not_taken_back.empty() ? ", nothing has changed" : "",
                          result.error().text());
        }
    });
}

void Daemon::reload(ReloadDone done) {
    if (reload_done_) {
        done(tl::make_unexpected(
            ReloadRefusal{"another reload is under way; try again when it has ended"}));
        return;
    }
    reload_done_ = std::move(done);
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    tell_supervisor(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                                std::int64_t{time.tv_sec} * 1000000 + time.tv_nsec / 1000));
    asio::post(worker_, [this] {
        auto next = std::make_shared<Next>(read_next());
        asio::post(loop_, [this, next = std::move(next)]() mutable {
            take_over(next);
            asio::post(worker_, [next = std::move(next)] {});
        });
    });
}

/// In the worker: nothing of what it reads changes while a reload is under way.
Daemon::Next Daemon::read_next() const {
    auto read = read_configuration_file(file_);
    if (!read) {
        return tl::make_unexpected(ReloadRefusal{fmt::format("{}", fmt::join(read.error(), "\n"))});
    }
    NextConfiguration next{std::move(*read), {}, nullptr};
    next.difference = difference(configuration_, next.configuration);
    const auto& refused = next.difference.refused;
    if (!refused.empty()) {
        std::vector<std::string> lines;
        for (const auto& mistake : refused) {
            lines.push_back(to_string(mistake, file_));
        }
        return tl::make_unexpected(ReloadRefusal{fmt::format("{}", fmt::join(lines, "\n"))});
    }
    next.of_role = role_->prepare(next.configuration);
    return next;
}

void Daemon::take_over(const std::shared_ptr<Next>& next) {
    if (stopping_) {
        end_reload(tl::make_unexpected(ReloadRefusal{"the daemon is being stopped"}));
        return;
    }
    if (!*next) {
        end_reload(tl::make_unexpected((*next).error()));
        return;
    }
    role_->reconfigure((*next)->of_role,
                       [this, next](const tl::expected<Role::Notes, ReloadRefusal>& done) mutable {
                           if (!done) {
                               end_reload(tl::make_unexpected(done.error()));
                           } else {
                               std::swap(configuration_, (*next)->configuration);
                               end_reload(tell_reload(**next, *done));
                           }
                           asio::post(worker_, [next = std::move(next)] {});
                       });
}

Json Daemon::tell_reload(const NextConfiguration& next, const Role::Notes& done) {
    const auto& changed = next.difference;
    Json result;
    auto& changes = result["changes"] = Json::array();
    for (const auto& change : changed.changes) {
        spdlog::info("reload: {}", change);
        changes.push_back(change);
    }
    result["change_count"] = changed.change_count;
    if (changed.change_count > changed.changes.size()) {
        spdlog::info("reload: {} more changes", changed.change_count - changed.changes.size());
    }
    auto& notes = result["notes"] = Json::array();
    for (const auto& note : done) {
        spdlog::info("reload: {}", note);
        notes.push_back(note);
    }
    report({mobility::Report::Level::info,
            "configuration-reloaded",
            {{"changes", changed.change_count}}});
    return result;
}

void Daemon::end_reload(const tl::expected<Json, ReloadRefusal>& result) {
    tell_supervisor("READY=1");
    std::exchange(reload_done_, nullptr)(result);
    if (std::exchange(reload_again_, false) && !stopping_) {
        reload_at_signal();
    }
}

void Daemon::report(const mobility::Report& report) {
    // Text only for those who read it.
    if (const auto level = log_level(report.level); spdlog::should_log(level)) {
        if (log_limiter_.admit(now(), log_kind(report))) {
            spdlog::log(level, "{}", log_text(report));
        } else {
            log_timer_.set(log_limiter_.next_deadline());
        }
    }
    if (control_.has_monitors()) {
        control_.publish(event_line(report, std::chrono::system_clock::now()));
    }
}

void Daemon::tell_suppressed() {
    for (const auto& [kind, count] : log_limiter_.take(now())) {
        spdlog::warn("{}: {} more of them, which are only counted", kind, count);
    }
    log_timer_.set(log_limiter_.next_deadline());
}

void Daemon::answer(const ControlRequest& request, ControlServer::Answer answer) {
    if (role_ == nullptr || !std::holds_alternative<ReloadRequest>(request)) {
        answer(answer_at_once(request));
        return;
    }
    reload([answer = std::move(answer)](const tl::expected<Json, ReloadRefusal>& result) {
        answer(result.map_error([](const ReloadRefusal& refusal) { return refusal.text(); }));
    });
}

tl::expected<Json, std::string> Daemon::answer_at_once(const ControlRequest& request) {
    if (role_ == nullptr) {
        return tl::make_unexpected("the daemon is still starting; try again");
    }
    if (const auto* deletion = std::get_if<BindingDeleteRequest>(&request)) {
        return role_->delete_binding(*deletion);
    }
    if (const auto* explain = std::get_if<ExplainRequest>(&request)) {
        return role_->explain(*explain);
    }
    if (const auto* drain = std::get_if<DrainControlRequest>(&request)) {
        return role_->drain(*drain);
    }
    if (std::holds_alternative<HomeAgentsRequest>(request)) {
        return role_->home_agents();
    }
    Json result;
    result["role"] = to_string(configuration_.role);
    result["security"] = "none";
    result["uptime_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(
                              std::chrono::steady_clock::now() - started_)
                              .count();
    result["log_lines_lost"] = log_lines_lost_();
    result["control"] = {{"refused", control_.refused()},
                         {"accept_failures", control_.accept_failures()}};
    result["configuration"] = configuration_status(configuration_);
    result.update(role_->status());
    return result;
}

} // namespace dsmip::daemon

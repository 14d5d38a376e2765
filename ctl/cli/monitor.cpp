// SPDX-License-Identifier: GPL-2.0-or-later
// dsmipctl monitor: events of the kernel and of the daemon as they come.
#include <array>
#include <cerrno>
#include <chrono>
#include <ostream>
#include <utility>

#include <fmt/chrono.h>
#include <poll.h>

#include "cli/commands.hpp"
#include "cli/show.hpp"
#include "netlink/client.hpp"

namespace dsmip::cli {

namespace {

/// "2026-11-21T08:19:49.123Z".
std::string now() {
    const auto time = std::chrono::system_clock::now();
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                       milliseconds % 1000);
}

class Monitor {
public:
    Monitor(const Options& options, std::ostream& out, std::ostream& err,
            netlink::EventSocket kernel)
        : format_(options.json ? Printer::Format::json : Printer::Format::text)
        , out_(out)
        , err_(err)
        , output_(options.output)
        , kernel_(std::move(kernel)) {}

    void attach_daemon(const Options& options) {
        auto daemon = ControlClient::connect(options.socket);
        if (daemon && daemon->send({{"command", "monitor"}})) {
            daemon_.emplace(std::move(*daemon));
            err_ << "monitoring kernel and dsmipd" << std::endl;
        } else {
            err_ << "monitoring kernel only: "
                 << (daemon ? "dsmipd closed the connection"
                            : control_failure(daemon.error()).message)
                 << std::endl;
        }
    }

    Outcome run() {
        while (out_) {
            // Of the output only its end is waited for.
            std::array<pollfd, 3> fds{
                {{.fd = kernel_.fd(), .events = POLLIN, .revents = 0},
                 {.fd = daemon_ ? daemon_->fd() : -1, .events = POLLIN, .revents = 0},
                 {.fd = output_, .events = 0, .revents = 0}}};
            if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
                return tl::unexpected(Failure{.code = ExitCode::failed, .message = "poll failed"});
            }
            if (fds[2].revents != 0) {
                return {};
            }
            if (fds[0].revents != 0) {
                if (auto done = read_kernel(); !done) {
                    return done;
                }
            }
            if (fds[1].revents != 0) {
                read_daemon();
            }
        }
        return {};
    }

private:
    Outcome read_kernel() {
        for (;;) {
            auto event = kernel_.next();
            if (!event) {
                if (event.error().code != ENOBUFS && event.error().code != EPROTO) {
                    return tl::unexpected(request_failure(event.error()));
                }
                print([&](Printer& printer) {
                    printer.item([&] {
                        printer.field("time", "{}", now());
                        printer.json_field("source", "kernel");
                        printer.field("event", "{}", "events-lost");
                        printer.field("reason", "{}", event.error().message());
                    });
                });
            } else if (!*event) {
                return {};
            } else {
                // Interfaces may be renamed while this runs.
                print([&](Printer& printer) {
                    show_event(printer, **event, now(), kernel_interface_names());
                });
            }
        }
    }

    void read_daemon() {
        const bool open = daemon_->read_some();
        while (auto line = daemon_->next_line()) {
            print([&](Printer& printer) {
                if (!show_daemon_event(printer, *line, now())) {
                    err_ << "dsmipd: " << *line << std::endl;
                }
            });
        }
        if (!open) {
            err_ << "dsmipd closed the connection, monitoring kernel only" << std::endl;
            daemon_.reset();
        }
    }

    template<class Show>
    void print(Show&& show) {
        Printer printer(format_);
        show(printer);
        out_ << printer.take_item() << std::flush;
    }

    Printer::Format format_;
    std::ostream& out_;
    std::ostream& err_;
    int output_;
    netlink::EventSocket kernel_;
    std::optional<ControlClient> daemon_;
};

} // namespace

bool show_daemon_event(Printer& printer, const std::string& line, const std::string& time) {
    const Json message = Json::parse(line, nullptr, false);
    if (!message.is_object() || !message.contains("event")) {
        // The acknowledgement of the subscription is no event, but no surprise either.
        return message.is_object() && message.value("ok", Json()) == Json(true);
    }
    const auto text_of = [](const Json& value) {
        return value.is_string() ? value.get<std::string>() : value.dump();
    };
    printer.item([&] {
        printer.field("time", "{}", message.contains("time") ? text_of(message["time"]) : time);
        printer.json_field("source", "daemon");
        printer.field("event", "{}", text_of(message["event"]));
        const Json fields = message.value("fields", Json::object());
        printer.object("fields", [&] {
            for (const auto& [key, value] : fields.items()) {
                printer.field(key, "{}", value, fmt::format("{} {}", key, text_of(value)));
            }
        });
    });
    return true;
}

Outcome monitor(const Options& options, std::ostream& out, std::ostream& err) {
    auto kernel = netlink::EventSocket::open();
    if (!kernel) {
        return tl::unexpected(open_failure(kernel.error()));
    }
    Monitor monitor(options, out, err, std::move(*kernel));
    monitor.attach_daemon(options);
    return monitor.run();
}

} // namespace dsmip::cli

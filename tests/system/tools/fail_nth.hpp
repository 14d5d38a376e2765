// SPDX-License-Identifier: GPL-2.0-or-later
// Lets one allocation of the calling thread fail (CONFIG_FAULT_INJECTION; the guest's script has
// set up failslab and fail_page_alloc).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace dsmip::tools {

class FailNth {
public:
    // Opened beforehand: opening allocates.
    FailNth()
        : fd_(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC)) {
        if (fd_ < 0) {
            std::perror("/proc/thread-self/fail-nth");
            std::exit(2);
        }
    }
    ~FailNth() { close(fd_); }
    FailNth(const FailNth&) = delete;
    FailNth& operator=(const FailNth&) = delete;

    /// The `nth` allocation from now on fails.
    void arm(unsigned nth) {
        const std::string text = std::to_string(nth);
        if (pwrite(fd_, text.data(), text.size(), 0) < 0) {
            std::perror("fail-nth");
            std::exit(2);
        }
    }
    /// No failure any more; true if there was one.
    bool disarm() {
        char text[32]{};
        if (pread(fd_, text, sizeof text - 1, 0) < 0) {
            std::perror("fail-nth");
            std::exit(2);
        }
        arm(0);
        return std::atoi(text) == 0;
    }

private:
    int fd_;
};

} // namespace dsmip::tools

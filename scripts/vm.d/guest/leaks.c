// SPDX-License-Identifier: GPL-2.0-or-later
/* The search for leaked memory that ends a run on a kernel with kmemleak. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
/* kmemleak does not report objects younger than five seconds. */
#define SETTLE_SECONDS 6
#define REMOVE_ATTEMPTS 200

static void pause_ms(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&time, NULL);
}

static bool wanted(void)
{
    return exists(KMEMLEAK) && !exists(JOB "/no-leak-check");
}

void start_leak_check(void)
{
    if (wanted())
        write_text(KMEMLEAK, "clear");
}

static void delete_netns(const char *path, const char *name)
{
    (void)name;
    umount2(path, MNT_DETACH);
    unlink(path);
}

/* So that its exit path runs, too, and memory that only the module knew has no owner. */
static void remove_module(void)
{
    for (int i = 0; i < REMOVE_ATTEMPTS && exists("/sys/module/dsmip"); i++) {
        if (!syscall(SYS_delete_module, "dsmip", O_NONBLOCK))
            return;
        /* Network namespaces are destroyed in the background and hold it until then. */
        pause_ms(50);
    }
    if (exists("/sys/module/dsmip"))
        say("dsmip cannot be removed: %s", strerror(errno));
}

void finish_leak_check(void)
{
    char *report;

    if (!wanted())
        return;
    for_each_entry("/run/netns", delete_netns);
    remove_module();
    pause_ms(SETTLE_SECONDS * 1000L);
    write_text(KMEMLEAK, "scan");
    write_text(KMEMLEAK, "scan");
    report = read_text(KMEMLEAK);
    if (!report || !report[0])
        return;
    say("memory leak");
    for (char *line = strtok(report, "\n"); line; line = strtok(NULL, "\n"))
        write_text("/dev/kmsg", line);
}

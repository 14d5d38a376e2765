// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * First process of every guest that scripts/vm starts. Linked statically: it is the /init of the QEMU guest's initramfs, too.
 * A program and not a script, because starting a process is what user-mode-linux and emulated processors are slowest at.
 */
#include "guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/reboot.h>
#include <unistd.h>

static void say_list(const char *format, va_list list)
{
    char line[900];
    int length = snprintf(line, sizeof line, "vm-guest: ");

    vsnprintf(line + length, sizeof line - (size_t)length, format, list);
    /* Before /dev is there, standard output is the console. */
    if (!write_text("/dev/kmsg", line))
        puts(line);
}

void say(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say_list(format, list);
    va_end(list);
}

static void __attribute__((noreturn)) power_off(void)
{
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

void give_up(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say_list(format, list);
    va_end(list);
    power_off();
}

int main(void)
{
    char status[16];

    setvbuf(stdout, NULL, _IOLBF, 0);
    enter_root();
    make_usable();
    start_leak_check();
    snprintf(status, sizeof status, "%d\n", run_job());
    finish_leak_check();
    if (!write_text(JOB "/status", status))
        say("cannot report the status to the host");
    power_off();
}

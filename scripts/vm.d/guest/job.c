// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs the job: its output to the host as it comes, an account of who hangs when time is nearly up, a clean end. */
#include "guest.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char port_path[PATH_MAX];

static void find_output_port(const char *path, const char *name)
{
    char file[PATH_MAX], *port;

    snprintf(file, sizeof file, "%s/name", path);
    port = read_text(file);
    if (port && !strcmp(port, "output"))
        snprintf(port_path, sizeof port_path, "/dev/%s", name);
    free(port);
}

/* The channel to the host: a terminal line, or the virtio port called "output". */
static int open_channel(void)
{
    const char *path = read_text(JOB "/channel");
    struct termios raw;
    int fd;

    if (path && !strcmp(path, "port")) {
        for_each_entry("/sys/class/virtio-ports", find_output_port);
        path = port_path;
    }
    fd = path ? open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    if (fd < 0)
        give_up("cannot open the channel to the host, %s: %s", path ? path : "(none)", strerror(errno));
    /* Bytes leave as the job wrote them. */
    if (!tcgetattr(fd, &raw) && !exists(JOB "/shell")) {
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    return fd;
}

static void write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            say("the channel to the host fails: %s", strerror(errno));
            return;
        }
        data += n;
        size -= (size_t)n;
    }
}

/* Copies what there is; false at the end of the pipe. */
static bool pump(int from, int to)
{
    static char buffer[65536];
    ssize_t n = read(from, buffer, sizeof buffer);

    if (n > 0)
        write_all(to, buffer, (size_t)n);
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static void __attribute__((noreturn)) become_job(int channel, int output)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    if (exists(JOB "/shell")) {
        ioctl(channel, TIOCSCTTY, 1);
        dup2(channel, 0);
        dup2(channel, 1);
        dup2(channel, 2);
    } else {
        dup2(open("/dev/null", O_RDWR), 0);
        dup2(output, 1);
        dup2(output, 2);
    }
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    /* Not the host's /root: its settings would change what tests see, and an ordinary user may not enter it. */
    mkdir("/run/home", 0700);
    setenv("HOME", "/run/home", 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("TERM", "dumb", 1);
    execl("/bin/bash", "bash", JOB "/job", (char *)NULL);
    _exit(127);
}

static void say_process(const char *path, const char *name)
{
    char file[PATH_MAX], *command, *stat, *waits;

    if (!isdigit((unsigned char)name[0]))
        return;
    snprintf(file, sizeof file, "%s/cmdline", path);
    command = read_text(file);
    /* Kernel threads have none. */
    if (!command || !command[0]) {
        free(command);
        return;
    }
    for (char *c = command; c - command < 200 && (c[0] || c[1]); c++)
        if (!*c)
            *c = ' ';
    snprintf(file, sizeof file, "%s/stat", path);
    stat = read_text(file);
    snprintf(file, sizeof file, "%s/wchan", path);
    waits = read_text(file);
    say("  %s %.3s %s: %.200s", name, stat && strrchr(stat, ')') ? strrchr(stat, ')') + 2 : "?", waits ? waits : "?", command);
    free(command);
    free(stat);
    free(waits);
}

/* scripts/vm.d/verdict.sh knows this line: traces after it are no fault. */
static void explain_hang(void)
{
    say("time is nearly up, this is still running:");
    for_each_entry("/proc", say_process);
    write_text("/proc/sysrq-trigger", "w");
    write_text("/proc/sysrq-trigger", "l");
}

/* Reaps what has ended; true when CHILD is among it. */
static bool reap(pid_t child, int *status)
{
    bool found = false;
    int one;
    pid_t pid;

    while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
        if (pid == child) {
            *status = WIFSIGNALED(one) ? 128 + WTERMSIG(one) : WEXITSTATUS(one);
            found = true;
        }
    }
    return found;
}

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

int run_job(void)
{
    char *text = read_text(JOB "/limit");
    /* Seconds since boot, as the host counts. */
    time_t limit = text ? atol(text) : 1000000;
    int channel = open_channel(), output[2], status = 127;
    struct pollfd wait[2];
    bool explained = false, ended = false;
    sigset_t child_ends;
    pid_t child;

    sigemptyset(&child_ends);
    sigaddset(&child_ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ends, NULL);
    wait[1].fd = signalfd(-1, &child_ends, SFD_CLOEXEC | SFD_NONBLOCK);
    if (pipe2(output, O_CLOEXEC))
        give_up("no pipe: %s", strerror(errno));
    child = fork();
    if (child == 0)
        become_job(channel, output[1]);
    close(output[1]);
    wait[0].fd = output[0];
    wait[0].events = wait[1].events = POLLIN;
    while (!ended) {
        struct signalfd_siginfo ignored;

        poll(wait, 2, 1000);
        if (wait[0].revents && !pump(output[0], channel))
            wait[0].fd = -1;
        while (read(wait[1].fd, &ignored, sizeof ignored) > 0)
            ;
        ended = reap(child, &status);
        if (!ended && !explained && now() >= limit) {
            explained = true;
            explain_hang();
        }
    }
    /* Nothing may hold the output open, the module busy, or a leak hidden. */
    kill(-1, SIGKILL);
    while (wait[0].fd >= 0 && pump(output[0], channel))
        ;
    tcdrain(channel);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    return status;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a guest and leaves nothing of it behind, however it or its caller ends.
 *
 *   keeper [--terminal] [--limit SECONDS] [--late FILE] [--rubbish FOLDER] [--watch PROCESS]... -- COMMAND [ARGUMENT...]
 *
 * The guest and all its descendants are killed when the guest's first process ends, a watched process ends, a signal asks
 * for it (TERM, INT, HUP, QUIT), or the limit is over; then FILE is made. If a watched process ended, nobody is left to
 * remove FOLDER, so it is removed. Without --terminal the guest gets a session of its own, which no terminal ends by half.
 * user-mode-linux is many processes that trace each other: they become children of this one (PR_SET_CHILD_SUBREAPER).
 *
 * Exit status: that of COMMAND, or 128 and the number of the signal that ended it or this process.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WATCHED_MAX 8
#define STATUS_USAGE 64
#define STATUS_NO_GUEST 126
#define STATUS_SIGNAL 128
/* A process that hangs inside KVM may not even die: it is waited for so long. */
#define KILL_SECONDS 10

static int watched[WATCHED_MAX];
static int watched_count;
static bool terminal;
static long limit_seconds;
static const char *late;
static const char *rubbish;

static void fail(int status, const char *what)
{
	fprintf(stderr, "keeper: %s: %s\n", what, strerror(errno));
	exit(status);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void watch(const char *number)
{
	int fd = (int)syscall(SYS_pidfd_open, atoi(number), 0);

	if (fd < 0 && errno == ESRCH)
		exit(STATUS_SIGNAL + SIGTERM);
	if (fd < 0 || watched_count == WATCHED_MAX)
		fail(STATUS_USAGE, number);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	watched[watched_count++] = fd;
}

/* Returns the index of the command. */
static int parse(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		bool has_value = i + 1 < argc;

		if (!strcmp(argv[i], "--terminal"))
			terminal = true;
		else if (!strcmp(argv[i], "--limit") && has_value)
			limit_seconds = atol(argv[++i]);
		else if (!strcmp(argv[i], "--late") && has_value)
			late = argv[++i];
		else if (!strcmp(argv[i], "--rubbish") && has_value)
			rubbish = argv[++i];
		else if (!strcmp(argv[i], "--watch") && has_value)
			watch(argv[++i]);
		else
			break;
	}
	if (i + 1 >= argc || strcmp(argv[i], "--")) {
		errno = EINVAL;
		fail(STATUS_USAGE, i < argc ? argv[i] : "no command");
	}
	return i + 1;
}

static pid_t start(char **command, const sigset_t *mask)
{
	pid_t keeper = getpid(), child = fork();

	if (child < 0)
		fail(STATUS_NO_GUEST, "fork");
	if (child)
		return child;
	/* Should even this process be killed, the guest's first process goes with it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(STATUS_NO_GUEST);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	fprintf(stderr, "keeper: %s: %s\n", command[0], strerror(errno));
	_exit(STATUS_NO_GUEST);
}

/* Parent of a process, 0 = it is gone. */
static pid_t parent_of(const char *number)
{
	char path[64], text[512], *after;
	ssize_t length;
	int fd, parent = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	/* The name before may hold anything. */
	after = strrchr(text, ')');
	if (!after || sscanf(after, ") %*c %d", &parent) != 1)
		return 0;
	return parent;
}

static void kill_children(void)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	while (processes && (entry = readdir(processes)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && parent_of(entry->d_name) == getpid())
			kill(atoi(entry->d_name), SIGKILL);
	if (processes)
		closedir(processes);
}

/* Children of children become ours when those are gone. */
static void kill_descendants(void)
{
	const struct timespec pause = { 0, 10000000 };
	double end = now() + KILL_SECONDS;
	pid_t gone;

	do {
		kill_children();
		while ((gone = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			;
		if (gone < 0 && errno == ECHILD)
			return;
		nanosleep(&pause, NULL);
	} while (now() < end);
	fprintf(stderr, "keeper: a process of the guest does not die\n");
}

static bool a_watched_one_ended(void)
{
	for (int i = 0; i < watched_count; i++) {
		struct pollfd end = { .fd = watched[i], .events = POLLIN };

		if (poll(&end, 1, 0) > 0)
			return true;
	}
	return false;
}

/* Waits until the guest ends or has to; returns the exit status. */
static int keep(pid_t guest, int signals)
{
	struct pollfd wait[WATCHED_MAX + 1] = { { .fd = signals, .events = POLLIN } };
	double end = limit_seconds > 0 ? now() + (double)limit_seconds : 0;

	for (int i = 0; i < watched_count; i++)
		wait[i + 1] = (struct pollfd){ .fd = watched[i], .events = POLLIN };
	for (;;) {
		double left = end > 0 ? (end - now()) * 1000 + 1 : -1;
		struct signalfd_siginfo signal;
		pid_t gone;
		int status;

		if (end > 0 && left < 1) {
			int fd = late ? open(late, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;

			if (fd >= 0)
				close(fd);
			return STATUS_SIGNAL + SIGKILL;
		}
		poll(wait, (nfds_t)watched_count + 1, (int)left);
		while (read(signals, &signal, sizeof(signal)) == sizeof(signal))
			if (signal.ssi_signo != SIGCHLD)
				return STATUS_SIGNAL + (int)signal.ssi_signo;
		while ((gone = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
			if (gone == guest)
				return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status);
		if (a_watched_one_ended())
			return STATUS_SIGNAL + SIGTERM;
	}
}

static void remove_rubbish(void)
{
	if (!rubbish || !a_watched_one_ended())
		return;
	if (!fork()) {
		execlp("rm", "rm", "-rf", "--", rubbish, NULL);
		_exit(1);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	int command = parse(argc, argv), signals, status;
	sigset_t wanted, before;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGHUP);
	sigaddset(&wanted, SIGQUIT);
	sigprocmask(SIG_BLOCK, &wanted, &before);
	signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1))
		fail(STATUS_NO_GUEST, "cannot watch over a guest");
	if (!terminal && setsid() < 0 && setpgid(0, 0))
		fail(STATUS_NO_GUEST, "no session");
	status = keep(start(argv + command, &before), signals);
	kill_descendants();
	remove_rubbish();
	return status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First process of a guest: what its parts offer each other. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>

/* The job's folder on the host, as the guest sees it; scripts/vm.d/run.sh writes it. */
#define JOB "/run/vm"

/* guest_init.c */
/* Says FORMAT on the kernel's console, which the host records. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says why there cannot be a guest, and ends it. */
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* files.c */
/* Contents of a small file without its last newline, in memory of its own; NULL when it cannot be read. */
char *read_text(const char *path);
/* True when all of TEXT was written. */
bool write_text(const char *path, const char *text);
bool exists(const char *path);
/* mkdir -p */
void make_folders(const char *path);
/* Calls ACT with "DIR/NAME" for each entry but . and .. */
void for_each_entry(const char *dir, void (*act)(const char *path, const char *name));

/* mounts.c */
/* Gives the first process of either kind of guest its final root, with JOB and the working tree. */
void enter_root(void);
/* /proc, /dev and the like, loopback, limits, modules. */
void make_usable(void);

/* job.c */
/* Runs the job with its output on the host's channel, ends all it left behind, returns its exit status. */
int run_job(void);

/* leaks.c */
/* Tells the console of memory that nothing points to; takes seven seconds; no-op in kernels without kmemleak. */
void start_leak_check(void);
void finish_leak_check(void);

#endif

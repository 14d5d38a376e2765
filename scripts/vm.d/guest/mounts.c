// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From what the kernel starts with to a root in which the host's programs run and nothing that is written survives.
 *
 * user-mode-linux: / is the host's file tree through hostfs, read-only.
 * QEMU: / is an initramfs with modules; programs come from the disk image vda, kernel modules from vdb, the job's folder, the
 * working tree and the folder for artifacts from the host by 9p.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/module.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The final root while it is put together; /mnt is a tmpfs by then. */
#define ROOT "/mnt/root"
#define NINE_P "trans=virtio,version=9p2000.L,msize=512000,"

static void mount_or_die(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
    if (mount(source, target, type, flags, data))
        give_up("cannot mount %s (%s) on %s: %s", source, type ? type : "bind", target, strerror(errno));
}

/* Value of NAME=VALUE on the kernel's command line, or NULL. */
static char *parameter(const char *name)
{
    char *line = read_text("/proc/cmdline");
    size_t length = strlen(name);

    for (char *word = line ? strtok(line, " ") : NULL; word; word = strtok(NULL, " "))
        if (!strncmp(word, name, length) && word[length] == '=')
            return word + length + 1;
    return NULL;
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* A writable view of LOWER at TARGET, whose changes stay in memory. */
static void throw_away_layer(const char *lower, const char *target)
{
    static int count;
    char upper[64], work[64], options[2 * PATH_MAX];

    count++;
    snprintf(upper, sizeof upper, "/mnt/upper%d", count);
    snprintf(work, sizeof work, "/mnt/work%d", count);
    mkdir(upper, 0755);
    mkdir(work, 0755);
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work);
    mount_or_die("overlay", target, "overlay", 0, options);
}

/* Makes the host's FOLDER visible at the same place below ROOT. TAG names it in a QEMU guest. */
static void share(const char *folder, const char *tag, bool writable)
{
    bool qemu = exists("/vm-initramfs");
    char target[PATH_MAX], lower[64], options[PATH_MAX];

    snprintf(target, sizeof target, ROOT "%s", folder);
    make_folders(target);
    snprintf(lower, sizeof lower, "/mnt/lower-%s", tag);
    mkdir(lower, 0755);
    if (qemu)
        snprintf(options, sizeof options, NINE_P "%s", writable ? "cache=none" : "cache=loose");
    else
        snprintf(options, sizeof options, "%s", folder);
    mount_or_die(tag, writable ? target : lower, qemu ? "9p" : "hostfs", writable ? 0 : MS_RDONLY, options);
    if (!writable)
        throw_away_layer(lower, target);
}

static void make_scratch(void)
{
    mount_or_die("tmpfs", ROOT "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
    mount_or_die("tmpfs", ROOT "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
    make_folders(ROOT JOB);
}

static void share_folders(bool whole_host)
{
    char *tree = read_text(ROOT JOB "/tree"), *cwd = read_text(ROOT JOB "/cwd");
    char *artifacts = read_text(ROOT JOB "/artifacts");

    if (!tree || !cwd)
        give_up("the job's folder is empty");
    /* With the whole host at hand only what /tmp and /run now hide is missing. */
    if (!whole_host || is_below(tree, "/tmp") || is_below(tree, "/run"))
        share(tree, "tree", false);
    if (whole_host && !is_below(cwd, tree) && (is_below(cwd, "/tmp/") || is_below(cwd, "/run/")))
        share(cwd, "cwd", false);
    if (artifacts)
        share(artifacts, "artifacts", true);
}

static void enter_uml(const char *job)
{
    mount_or_die("tmpfs", "/mnt", "tmpfs", 0, "mode=755");
    mkdir(ROOT, 0755);
    throw_away_layer("/", ROOT);
    make_scratch();
    mount_or_die("job", ROOT JOB, "hostfs", 0, job);
    share_folders(true);
}

static void load_module(const char *path)
{
    /* Some distributions compress them; the kernel unpacks. */
    int flags = strcmp(path + strlen(path) - 3, ".ko") ? MODULE_INIT_COMPRESSED_FILE : 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || (syscall(SYS_finit_module, fd, "", flags) && errno != EEXIST))
        say("cannot load %s: %s", path, strerror(errno));
    close(fd);
}

/* The initramfs has them in the order in which they need each other. */
static void load_modules(void)
{
    char *list = read_text("/modules/order");

    for (char *path = list ? strtok(list, "\n") : NULL; path; path = strtok(NULL, "\n"))
        load_module(path);
}

static void wait_for_disk(const char *path)
{
    for (int i = 0; i < 1000 && !exists(path); i++)
        usleep(10000);
    if (!exists(path))
        give_up("the disk %s does not appear", path);
}

static void enter_qemu(void)
{
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    load_modules();
    wait_for_disk("/dev/vdb");
    mount_or_die("tmpfs", "/mnt", "tmpfs", 0, "mode=755");
    mkdir(ROOT, 0755);
    mkdir("/mnt/programs", 0755);
    mkdir("/mnt/kernel", 0755);
    mount_or_die("/dev/vda", "/mnt/programs", "ext4", MS_RDONLY, NULL);
    mount_or_die("/dev/vdb", "/mnt/kernel", "ext4", MS_RDONLY, NULL);
    throw_away_layer("/mnt/kernel:/mnt/programs", ROOT);
    make_scratch();
    mount_or_die("job", ROOT JOB, "9p", 0, NINE_P "cache=none");
    share_folders(false);
    umount2("/dev", MNT_DETACH);
}

void enter_root(void)
{
    const char *job;

    if (mount("proc", "/proc", "proc", 0, NULL))
        give_up("no /proc");
    if (parameter("vm.probe")) {
        mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
        give_up("alive");
    }
    job = parameter("vm.job");
    if (exists("/vm-initramfs"))
        enter_qemu();
    else if (job)
        enter_uml(job);
    else
        give_up("neither an initramfs nor vm.job= on the command line");
    umount2("/proc", MNT_DETACH);
    if (chdir(ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
        give_up("cannot change to the new root: %s", strerror(errno));
}

static void loopback_up(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
        say("cannot bring lo up");
    close(fd);
}

static void bind_modules(void)
{
    char target[PATH_MAX];
    struct utsname name;

    if (!exists(JOB "/modules"))
        return;
    uname(&name);
    snprintf(target, sizeof target, "/lib/modules/%s", name.release);
    make_folders(target);
    mount_or_die(JOB "/modules", target, NULL, MS_BIND, NULL);
}

void make_usable(void)
{
    struct rlimit files = { 65536, 65536 };

    mount_or_die("proc", "/proc", "proc", 0, NULL);
    mount_or_die("sysfs", "/sys", "sysfs", 0, NULL);
    mount_or_die("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    make_folders("/dev/pts");
    make_folders("/dev/shm");
    mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=666");
    mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
    mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
    mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
    mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
    if (symlink("/proc/self/fd", "/dev/fd") || symlink("fd/0", "/dev/stdin") || symlink("fd/1", "/dev/stdout") ||
        symlink("fd/2", "/dev/stderr"))
        say("cannot link /dev/fd: %s", strerror(errno));
    make_folders("/run/netns");
    make_folders("/run/lock");
    make_folders("/var/tmp");
    sethostname("guest", 5);
    loopback_up();
    bind_modules();
    setrlimit(RLIMIT_NOFILE, &files);
    /* An oops ends the guest at once, a hung task shows early; warnings are read from the console by the host. */
    write_text("/proc/sys/kernel/panic_on_oops", "1");
    write_text("/proc/sys/kernel/panic", "-1");
    write_text("/proc/sys/kernel/printk", "7 4 1 7");
    write_text("/proc/sys/kernel/hung_task_timeout_secs", "60");
}

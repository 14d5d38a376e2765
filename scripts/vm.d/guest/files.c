// SPDX-License-Identifier: GPL-2.0-or-later
/* Small files and folders, for the first process of a guest. */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *read_text(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = 65536, length = 0;
    char *text;
    ssize_t n;

    if (fd < 0)
        return NULL;
    text = malloc(size);
    while (text && length < size - 1 && (n = read(fd, text + length, size - 1 - length)) > 0)
        length += (size_t)n;
    close(fd);
    if (!text)
        return NULL;
    if (length && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    return text;
}

bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool done;

    if (fd < 0)
        return false;
    done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    /* What goes to the host must be there even if the guest dies a moment later; devices do not care. */
    fsync(fd);
    close(fd);
    return done;
}

bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void make_folders(const char *path)
{
    char copy[PATH_MAX];

    snprintf(copy, sizeof copy, "%s", path);
    for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(copy, 0755);
        *slash = '/';
    }
    mkdir(copy, 0755);
}

void for_each_entry(const char *dir, void (*act)(const char *path, const char *name))
{
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *stream = opendir(dir);

    if (!stream)
        return;
    while ((entry = readdir(stream))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        act(path, entry->d_name);
    }
    closedir(stream);
}

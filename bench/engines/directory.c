/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A directory of an engine's own. See directory.h.
 */
#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *parent(void)
{
    const char *given = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): nothing changes it */

    if (given)
        return given;
    return access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
}

int directory_create(char **path)
{
    char *made;

    if (asprintf(&made, "%s/roster-bench.XXXXXX", parent()) < 0)
        return -ENOMEM;
    if (!mkdtemp(made)) {
        int err = -errno;

        free(made);
        return err;
    }
    *path = made;
    return 0;
}

void directory_remove(char *path)
{
    struct dirent *entry;
    DIR *files;

    if (!path)
        return;
    files = opendir(path);
    if (files) {
        while ((entry = readdir(files))) /* NOLINT(concurrency-mt-unsafe): a stream of our own */
            unlinkat(dirfd(files), entry->d_name, 0); /* fails for . and .. */
        closedir(files);
    }
    rmdir(path);
    free(path);
}

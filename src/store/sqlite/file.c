/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The SQLite store's file as the file system sees it, and the kernel that it is used under. */

#include "store/base/clock.h"
#include "store/base/log.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* File systems that other hosts may write to, where shared memory is not shared. */
static bool is_remote(const struct statfs *fs)
{
    switch ((unsigned long)fs->f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case AFS_SUPER_MAGIC:
    case V9FS_MAGIC:
        return true;
    default:
        return false;
    }
}

/* The errors that an operator can do something about, in plain words. */
static int directory_error(const char *address, const char *directory,
                           const struct store_error *error)
{
    int err = errno;

    switch (err) {
    case ENOENT:
        return rst_store_error_set(error, -ENOENT,
                                   "store \"sqlite:%s\": directory %s does not exist; create it",
                                   shown_url(address).text, shown_url(directory).text);
    case EACCES:
        return rst_store_error_set(error, -EACCES,
                                   "store \"sqlite:%s\": directory %s may not be searched; "
                                   "give this user access to it",
                                   shown_url(address).text, shown_url(directory).text);
    case ENOMEM:
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    default:
        return rst_store_error_set(
            error, -EINVAL, "store \"sqlite:%s\": %s is not a directory (%s); name one that is",
            shown_url(address).text, shown_url(directory).text, strerrorname_np(err));
    }
}

/* If the kernel does not report a directory's location, it may be on another host, too. */
static int check_local(const char *address, const char *directory, const struct store_error *error)
{
    struct statfs fs;

    if (statfs(directory, &fs))
        return rst_store_error_set(
            error, errno == EIO || errno == ENOMEM ? -errno : -ENOTSUP,
            "store \"sqlite:%s\": whether %s is on a network file system, where SQLite cannot be "
            "shared, is unknown (%s); let this process call statfs(), or use an etcd store",
            shown_url(address).text, shown_url(directory).text, strerrorname_np(errno));
    if (is_remote(&fs))
        return rst_store_error_set(error, -EINVAL,
                                   "store \"sqlite:%s\": %s is on a network file system, where "
                                   "SQLite cannot be shared; use a local one, or an etcd store",
                                   shown_url(address).text, shown_url(directory).text);
    return 0;
}

/* The absolute name of a directory; NULL and errno for anything else. */
static char *resolve_directory(const char *name)
{
    char *directory = realpath(name, NULL);
    struct stat st;

    if (!directory)
        return NULL;
    if (!stat(directory, &st) && S_ISDIR(st.st_mode))
        return directory;
    free(directory);
    errno = ENOTDIR;
    return NULL;
}

/* Resolves the directory and keeps the file's name, which need not exist. */
static int locate_new(const char *address, char **path, const struct store_error *error)
{
    char *for_directory = strdup(address), *for_name = strdup(address);
    char *directory = NULL;
    const char *parent;
    int err = 0;

    *path = NULL;
    if (!for_directory || !for_name) {
        err = rst_store_error_set(error, -ENOMEM, "out of memory");
        goto out;
    }
    parent = dirname(for_directory); /* NOLINT(concurrency-mt-unsafe): glibc's is MT-safe */
    directory = resolve_directory(parent);
    err = directory ? check_local(address, directory, error)
                    : directory_error(address, parent, error);
    if (!err && asprintf(path, "%s/%s", directory, basename(for_name)) < 0)
        err = rst_store_error_set(error, -ENOMEM, "out of memory");
out:
    free(directory);
    free(for_directory);
    free(for_name);
    return err;
}

static int check_existing(const char *address, const char *path, bool must_exist,
                          const struct store_error *error)
{
    struct stat st;

    if (!stat(path, &st)) {
        /* SQLite names log and index after the file: by another name it has others. */
        if (S_ISREG(st.st_mode) && st.st_nlink > 1)
            return rst_store_error_set(error, -EINVAL,
                                       "store \"sqlite:%s\": the file has several names (hard "
                                       "links), by which servers would not see each other; find "
                                       "them with find -samefile, and remove them",
                                       shown_url(address).text);
        if (S_ISREG(st.st_mode))
            return 0;
        return rst_store_error_set(error, -EINVAL,
                                   "store \"sqlite:%s\": this is not a regular file; name one, "
                                   "or a new one",
                                   shown_url(address).text);
    }
    if (errno == ENOENT && !must_exist)
        return 0;
    if (errno == ENOENT)
        return rst_store_error_set(
            error, -ENOENT,
            "store \"sqlite:%s\": the file does not exist, and is not to be created here; name "
            "the one that the servers use",
            shown_url(address).text);
    return rst_store_error_set(error, errno == EIO ? -EIO : -EACCES,
                               "store \"sqlite:%s\": the file cannot be reached (%s)",
                               shown_url(address).text, strerrorname_np(errno));
}

int rst_sqlite_file_locate(const char *address, const struct roster_store_options *options,
                           char **path, const struct store_error *error)
{
    size_t length = strlen(address);
    char *real;
    int err;

    *path = NULL;
    if (length == 0 || address[length - 1] == '/')
        return rst_store_error_set(
            error, -EINVAL,
            "store \"sqlite:%s\": the file's name is missing; write for example "
            "\"sqlite:/var/lib/NAME/roster.db\"",
            shown_url(address).text);
    if (address[0] == ':')
        return rst_store_error_set(
            error, -EINVAL,
            "store \"sqlite:%s\": this is not a file; for a store in memory write "
            "\"memory\"",
            shown_url(address).text);
    /* All connections must name the file alike, or SQLite looks for its log elsewhere. */
    real = realpath(address, NULL);
    if (!real && errno == ENOMEM)
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    err = real ? locate_new(real, path, error) : locate_new(address, path, error);
    free(real);
    if (!err)
        err = check_existing(address, *path, options->must_exist, error);
    if (err) {
        free(*path);
        *path = NULL;
    }
    return err;
}

int rst_sqlite_file_check_directory(const char *path)
{
    char *directory = strndup(path, (size_t)(strrchr(path, '/') - path) + 1);
    int err = directory ? 0 : -ENOMEM;

    if (!err && faccessat(AT_FDCWD, directory, W_OK, AT_EACCESS))
        err = errno == EROFS ? -EROFS : errno == EACCES ? -EACCES : 0;
    free(directory);
    return err;
}

int rst_sqlite_file_identify(const char *path, struct sqlite_file_id *id)
{
    struct stat st;

    if (stat(path, &st))
        return errno == ENOENT || errno == ENOTDIR ? -EREMCHG : -errno;
    id->device = st.st_dev;
    id->inode = st.st_ino;
    return 0;
}

int rst_sqlite_file_identify_beside(const char *path, struct sqlite_file_id ids[SQLITE_BESIDE])
{
    static const char *const endings[SQLITE_BESIDE] = {"-wal", "-shm"};
    char name[PATH_MAX + sizeof("-wal")];
    int err = 0;
    size_t i;

    for (i = 0; i < SQLITE_BESIDE && !err; i++) {
        snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        err = rst_sqlite_file_identify(name, &ids[i]);
    }
    return err;
}

bool rst_sqlite_file_same(const struct sqlite_file_id *a, const struct sqlite_file_id *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* A container may have a clock of its own; all are ahead of the host's by a fixed offset. */
static int read_boottime_offset(int64_t *offset_ns)
{
    FILE *file = fopen("/proc/self/timens_offsets", "re");
    char line[128], *rest;
    int err = 0;

    *offset_ns = 0;
    if (!file)
        return errno == ENOENT ? 0 : -errno; /* a kernel without such clocks */
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "boottime", 8) != 0)
            continue;
        *offset_ns = strtoll(line + 8, &rest, 10) * STORE_NS_PER_S;
        *offset_ns += strtoll(rest, NULL, 10);
    }
    if (ferror(file))
        err = -EIO;
    fclose(file);
    return err;
}

static int read_boot(char boot[STORE_BOOT_ID_SIZE])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    int n, err;

    if (!file)
        return errno == ENOMEM ? -ENOMEM : -ENOTSUP;
    n = fscanf(file, "%39s", boot);
    err = ferror(file) ? -EIO : -ENOTSUP;
    fclose(file);
    return n == 1 ? 0 : err;
}

/* Any failure other than lack of memory means that the system does not have these files. */
int rst_sqlite_boot_identify(char boot[STORE_BOOT_ID_SIZE], int64_t *offset_ns)
{
    int err = read_boottime_offset(offset_ns);

    if (!err)
        err = read_boot(boot);
    return !err || err == -ENOMEM || err == -EIO ? err : -ENOTSUP;
}

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Gives a fuzz target the files named, or all files of the directories named, or standard input.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define MOST ((size_t)1 << 20)

static int run(FILE *file)
{
    uint8_t *data = malloc(MOST), *exact;
    size_t size = data ? fread(data, 1, MOST, file) : 0;

    /* Of exactly that size, so that a sanitizer sees who reads on. */
    exact = data ? realloc(data, size ? size : 1) : NULL;
    if (!exact) {
        free(data);
        return 99;
    }
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    int status;

    if (!file) {
        fprintf(stderr, "%s cannot be read\n", path);
        return 99;
    }
    status = run(file);
    fclose(file);
    return status;
}

static int run_directory(DIR *dir, const char *path, unsigned *files)
{
    const struct dirent *entry;
    char name[4096];
    int status = 0;

    while (!status && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        status = run_file(name);
        ++*files;
    }
    return status;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    int status = argc > 1 ? 0 : run(stdin);

    for (int i = 1; i < argc && !status; i++) {
        DIR *dir = opendir(argv[i]);

        if (dir) {
            status = run_directory(dir, argv[i], &files);
            closedir(dir);
        } else {
            status = run_file(argv[i]);
            files++;
        }
    }
    if (argc > 1)
        printf("%u inputs\n", files);
    return status;
}

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Compares this library with the headers that a program was compiled with.
 */
#include "core/base/struct_size.h"

#include <errno.h>
#include <roster/build.h>
#include <stdbool.h>

/* That of the first release. */
#define FIRST_SIZE sizeof(struct roster_build)

#define ABOUT(name, grows) {#name, grows},

static const struct {
    const char *name;
    bool grows;
} structs[] = {ROSTER_BUILD_STRUCTS(ABOUT)};

static bool version_fits(uint32_t callers)
{
    unsigned major = callers >> 16, minor = callers >> 8 & 0xff;

    if (major != ROSTER_VERSION_MAJOR)
        return false;
    return major ? minor <= ROSTER_VERSION_MINOR : minor == ROSTER_VERSION_MINOR;
}

/* What does not fit, NULL for nothing. */
static const char *difference(const struct roster_build *callers)
{
    static const struct roster_build ours = ROSTER_BUILD_INIT;
    size_t n;

    if (!version_fits(callers->version))
        return "version";
    for (n = 0; n < sizeof(structs) / sizeof(*structs); n++) {
        /* 0: the caller's header is older than the struct. */
        if (!callers->sizes[n] || callers->sizes[n] == ours.sizes[n])
            continue;
        if (!structs[n].grows || callers->sizes[n] > ours.sizes[n])
            return structs[n].name;
    }
    return NULL;
}

int roster_build_check(const struct roster_build *build, const char **differs)
{
    struct roster_build known;
    const char *what = NULL;
    int err = build ? rst_struct_get(&known, sizeof(known), FIRST_SIZE, build) : -EINVAL;

    if (!err)
        what = difference(&known);
    else if (build)
        what = "structs";
    if (differs)
        *differs = what;
    return what && !err ? -ENOEXEC : err;
}

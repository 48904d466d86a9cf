/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Each error number has a text of its own. */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <criterion/criterion.h>

#include <roster/error.h>

static const int explained[] = {0,
                                -EINVAL,
                                -E2BIG,
                                -ENOMEM,
                                -EAGAIN,
                                -EEXIST,
                                -EUSERS,
                                -EDQUOT,
                                -ENOBUFS,
                                -ENOENT,
                                -ESRCH,
                                -ENAMETOOLONG,
                                -EBUSY,
                                -EALREADY,
                                -EBADF,
                                -ECANCELED,
                                -ECHILD,
                                -ESTALE,
                                -ERANGE,
                                -EIO,
                                -ENODATA,
                                -EINPROGRESS,
                                -EPERM,
                                -ETIMEDOUT,
                                -EHOSTUNREACH,
                                -EKEYEXPIRED,
                                -EREMCHG,
                                -EACCES,
                                -EKEYREJECTED,
                                -EPROTO,
                                -EMSGSIZE,
                                -ENOSPC,
                                -EROFS,
                                -EUCLEAN,
                                -EMEDIUMTYPE,
                                -ENOLCK,
                                -ERESTART,
                                -ENOTSUP,
                                -ENOEXEC,
                                -EDEADLK,
                                -EBADMSG,
                                -EOVERFLOW,
                                -EADDRINUSE,
                                -ESHUTDOWN};
#define N_EXPLAINED (sizeof(explained) / sizeof(explained[0]))

Test(error, each_number_has_its_own_explanation)
{
    const char *unknown = roster_strerror(-4095);

    for (size_t i = 0; i < N_EXPLAINED; i++) {
        const char *text = roster_strerror(explained[i]);

        cr_assert_neq(strcmp(text, unknown), 0, "%d is not explained", explained[i]);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(strcmp(text, roster_strerror(explained[j])), 0,
                          "%d and %d share an explanation", explained[i], explained[j]);
    }
}

/* What happened; what to do about it. A second sentence or remedy would be of a second meaning. */
static bool has_one_meaning(const char *text)
{
    const char *remedy = strstr(text, "; ");

    return remedy && !strchr(remedy + 1, ';') && !strstr(text, ". ") && !strstr(text, "Of a");
}

Test(error, no_explanation_has_two_meanings)
{
    size_t i;

    cr_expect(!has_one_meaning("it is in use; end it. Of a store: it is locked; try again"));
    cr_expect(!has_one_meaning("the disk is full, or of a session: too many"));
    for (i = 1; i < N_EXPLAINED; i++) {
        cr_expect(has_one_meaning(roster_strerror(explained[i])), "%d: %s", explained[i],
                  roster_strerror(explained[i]));
        cr_expect(has_one_meaning(roster_store_strerror(explained[i])), "%d: %s", explained[i],
                  roster_store_strerror(explained[i]));
    }
}

/* What has no meaning for a session is explained alike, and what has one for both is not. */
Test(error, an_error_of_a_store_is_explained_as_such)
{
    static const char *const foreign[] = {"statement", "drain",  "Of a",
                                          "session",   "thread", "kill"};
    static const int met[] = {-ENOMEM,       -ERESTART,    -EEXIST,    -ENOENT,      -ENOLCK,
                              -EIO,          -EINPROGRESS, -ETIMEDOUT, -EMSGSIZE,    -ENOSPC,
                              -EHOSTUNREACH, -EKEYEXPIRED, -EREMCHG,   -EACCES,      -EKEYREJECTED,
                              -EPROTO,       -EROFS,       -EUCLEAN,   -EMEDIUMTYPE, -ENOTSUP,
                              -EBADMSG,      -EOVERFLOW,   -ESTALE,    -ERANGE,      -ENODATA};
    static const int both[] = {-EEXIST, -ENOENT,  -EINPROGRESS, -ETIMEDOUT, -EMSGSIZE, -ENOSPC,
                               -EACCES, -ENOTSUP, -EBADMSG,     -EOVERFLOW, -ESTALE};
    size_t i, j;

    for (i = 0; i < sizeof(met) / sizeof(met[0]); i++) {
        const char *text = roster_store_strerror(met[i]);

        cr_assert_neq(strcmp(text, roster_strerror(-4095)), 0, "%d is not explained", met[i]);
        for (j = 0; j < sizeof(foreign) / sizeof(foreign[0]); j++)
            cr_assert(!strstr(text, foreign[j]), "%d: %s", met[i], text);
    }
    for (i = 0; i < N_EXPLAINED; i++) {
        bool differs = strcmp(roster_strerror(explained[i]), roster_store_strerror(explained[i]));

        for (j = 0; j < sizeof(both) / sizeof(both[0]) && both[j] != explained[i]; j++)
            ;
        cr_expect_eq(differs, j < sizeof(both) / sizeof(both[0]), "%d", explained[i]);
    }
}

Test(error, the_explanation_is_constant)
{
    for (size_t i = 0; i < N_EXPLAINED; i++)
        cr_assert_eq(roster_strerror(explained[i]), roster_strerror(explained[i]));
}

/* Whatever the store says is somebody's to do something about. */
Test(error, each_class_has_a_name_and_a_number)
{
    static const int found[ROSTER_ERROR_CLASSES] = {[ROSTER_ERROR_UNREACHABLE] = -EHOSTUNREACH,
                                                    [ROSTER_ERROR_UNKNOWN] = -EINPROGRESS,
                                                    [ROSTER_ERROR_DENIED] = -EACCES,
                                                    [ROSTER_ERROR_FULL] = -ENOSPC,
                                                    [ROSTER_ERROR_DAMAGED] = -EUCLEAN,
                                                    [ROSTER_ERROR_LEASE] = -EKEYEXPIRED,
                                                    [ROSTER_ERROR_CONTENTION] = -ERESTART,
                                                    [ROSTER_ERROR_ORACLE] = -ENODATA,
                                                    [ROSTER_ERROR_OTHER] = -4095};

    for (int i = 0; i < ROSTER_ERROR_CLASSES; i++) {
        const char *name = roster_error_class_name((enum roster_error_class)i);

        cr_assert_eq((int)roster_error_class(found[i]), i, "%d", found[i]);
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(name, roster_error_class_name((enum roster_error_class)j));
    }
    cr_assert_str_eq(roster_error_class_name((enum roster_error_class)ROSTER_ERROR_CLASSES),
                     "other");
}

Test(error, other_numbers_are_called_unknown)
{
    const char *unknown = roster_strerror(-4095);

    cr_assert_str_eq(roster_strerror(EINVAL), unknown, "positive numbers are no results");
    cr_assert_str_eq(roster_strerror(-1000000), unknown);
    cr_assert(strstr(unknown, "not an error number") != NULL);
}

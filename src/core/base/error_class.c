/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Kinds of errors. */

#include <errno.h>

#include <roster/error.h>

enum roster_error_class roster_error_class(int err)
{
    switch (err) {
    case -EHOSTUNREACH:
    case -ETIMEDOUT:
        return ROSTER_ERROR_UNREACHABLE;
    case -EINPROGRESS:
        return ROSTER_ERROR_UNKNOWN;
    case -EACCES:
    case -EKEYREJECTED:
    case -EPERM:
    case -EROFS:
        return ROSTER_ERROR_DENIED;
    case -ENOSPC:
    case -EAGAIN:
    case -ENOMEM:
    case -ENOBUFS:
    case -EMSGSIZE:
        return ROSTER_ERROR_FULL;
    case -EBADMSG:
    case -EIO:
    case -EMEDIUMTYPE:
    case -EPROTO:
    case -EREMCHG:
    case -EUCLEAN:
        return ROSTER_ERROR_DAMAGED;
    case -EKEYEXPIRED:
    case -EEXIST:
        return ROSTER_ERROR_LEASE;
    case -ENOLCK:
    case -ERESTART:
        return ROSTER_ERROR_CONTENTION;
    case -ENODATA:
    case -EOVERFLOW:
    case -ERANGE:
    case -ESTALE:
        return ROSTER_ERROR_ORACLE;
    default:
        return ROSTER_ERROR_OTHER;
    }
}

const char *roster_error_class_name(enum roster_error_class error_class)
{
    static const char *const names[ROSTER_ERROR_CLASSES] = {
        [ROSTER_ERROR_UNREACHABLE] = "unreachable",
        [ROSTER_ERROR_UNKNOWN] = "unknown",
        [ROSTER_ERROR_DENIED] = "denied",
        [ROSTER_ERROR_FULL] = "full",
        [ROSTER_ERROR_DAMAGED] = "damaged",
        [ROSTER_ERROR_LEASE] = "lease",
        [ROSTER_ERROR_CONTENTION] = "contention",
        [ROSTER_ERROR_ORACLE] = "oracle",
        [ROSTER_ERROR_OTHER] = "other",
    };

    return names[(unsigned)error_class < ROSTER_ERROR_CLASSES ? error_class : ROSTER_ERROR_OTHER];
}

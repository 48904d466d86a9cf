/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include <errno.h>

#include <roster/error.h>

const char *roster_strerror(int err)
{
    switch (err) {
    case 0:
        return "success";
    case -EINVAL:
        return "an argument is null, out of range or of an unknown size, or the session is "
               "in another state; compare the call with the header";
    case -E2BIG:
        return "a struct is larger than this library knows and the unknown part is not "
               "zero; build against its header or link a newer library";
    case -ENOMEM:
        return "memory is out and nothing was changed; free some and try again";
    case -EAGAIN:
        return "no thread could be started; raise the limit of threads or choose manual "
               "ticks";
    case -EEXIST:
        return "the session id is in use; take another or let the roster choose one";
    case -EUSERS:
        return "as many sessions are open as max_sessions allows; close some or raise the "
               "limit";
    case -ENOBUFS:
        return "a reader has been inside for so long that backlog_limit is reached; find "
               "the reader, or raise the limit";
    case -ENOENT:
        return "no statement is running, so there is nothing to kill; aim at the "
               "connection to close it";
    case -ESRCH:
        return "no session with this id is open; it was closed or never opened";
    case -ENAMETOOLONG:
        return "a string or digest is longer than the header allows; shorten it";
    case -EBUSY:
        return "something is still open: a transaction, a statement, or sessions, pins or "
               "readers of the roster; end it first";
    case -EALREADY:
        return "it has been done already: nothing is open that could be ended, or an "
               "earlier kill stands; go on";
    case -EBADF:
        return "the session is closed; do not use it any more";
    case -ECANCELED:
        return "the connection was killed; close the session";
    case -ECHILD:
        return "this roster belongs to the process that forked this one; exec or exit "
               "here, create rosters after the fork";
    case -ESTALE:
        return "the timestamp is no longer protected and its versions may be gone, or the "
               "statement aimed at has ended; begin again with a new one";
    case -ERANGE:
        return "the lower limit is not below the oracle's now; compute it from now with "
               "roster_ts_before()";
    case -EIO:
        return "the oracle gave no timestamp; mend the oracle";
    default:
        return "not an error number of Roster; pass the negative number a function returned";
    }
}

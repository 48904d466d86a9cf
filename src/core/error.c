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
        return "an argument is null, out of range or of an unknown size; "
               "compare the call with the header";
    case -ENOMEM:
        return "memory is out and nothing was changed; free some and try again";
    case -EEXIST:
        return "the session id is in use; take another or let the library allocate one";
    case -ENOENT:
        return "no session has this id; it was closed or never opened";
    case -ENAMETOOLONG:
        return "a string is longer than the header allows; shorten it";
    case -EPERM:
        return "this roster belongs to the parent process; create one in the child";
    case -ESTALE:
        return "the start timestamp is no longer protected and its versions may be gone; "
               "restart the transaction with a new timestamp";
    default:
        return "not an error number of Roster; pass the negative number a function returned";
    }
}

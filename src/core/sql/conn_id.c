/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The two layouts of connection ids.
 */
#include <errno.h>
#include <roster/conn_id.h>

#define IS_64 UINT64_C(1)
#define LOCAL_SHIFT 1
#define SERVER_SHIFT_32 21
#define SERVER_SHIFT_64 41
#define SIGN (UINT64_C(1) << 63)

int roster_conn_id_compose(const struct roster_conn_id *parts, uint64_t *id)
{
    if (!parts || !id || !parts->local)
        return -EINVAL;
    if (parts->width == 64) {
        if (parts->server - 1 >= ROSTER_CONN_SERVER_64_MAX ||
            parts->local > ROSTER_CONN_LOCAL_64_MAX)
            return -EINVAL;
        *id = (uint64_t)parts->server << SERVER_SHIFT_64 | parts->local << LOCAL_SHIFT | IS_64;
        return 0;
    }
    if (parts->width != 32 || parts->server > ROSTER_CONN_SERVER_32_MAX ||
        parts->local > ROSTER_CONN_LOCAL_32_MAX)
        return -EINVAL;
    *id = (uint64_t)parts->server << SERVER_SHIFT_32 | parts->local << LOCAL_SHIFT;
    return 0;
}

int roster_conn_id_parse(uint64_t id, struct roster_conn_id *parts)
{
    struct roster_conn_id found;

    if (!parts)
        return -EINVAL;
    if (id & SIGN)
        return -EOVERFLOW;
    if (id & IS_64) {
        /* Every 64-bit id has a server, so its high half is never empty. */
        if (id <= UINT32_MAX)
            return -EMSGSIZE;
        found.width = 64;
        found.server = (uint32_t)(id >> SERVER_SHIFT_64);
        found.local = id >> LOCAL_SHIFT & ROSTER_CONN_LOCAL_64_MAX;
    } else {
        if (id > UINT32_MAX)
            return -EBADMSG;
        found.width = 32;
        found.server = (uint32_t)(id >> SERVER_SHIFT_32);
        found.local = id >> LOCAL_SHIFT & ROSTER_CONN_LOCAL_32_MAX;
    }
    if (!found.local)
        return -EINVAL;
    *parts = found;
    return 0;
}

/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Walking the sessions in place.
 */
#include "session.h"

#include <roster/list.h>

struct visit {
    roster_each_fn *fn;
    void *arg;
};

/* Looks ahead twice: at the views of all neighbours, then at what the next views lead to. */
static int visit_batch(struct roster_session *const *batch, unsigned n, void *arg)
{
    const struct visit *visit = arg;
    const struct roster_view *views[64];
    unsigned i;
    int stop = 0;

    for (i = 0; i < n; i++) {
        views[i] = roster_session_view(batch[i]);
        __builtin_prefetch(views[i]);
    }
    for (i = 0; i < n && !stop; i++) {
        if (i + 4 < n)
            __builtin_prefetch(views[i + 4]->identity);
        stop = visit->fn(batch[i], views[i], visit->arg);
    }
    return stop;
}

int roster_for_each(struct roster *roster, roster_each_fn *fn, void *arg)
{
    struct visit visit = {fn, arg};

    if (!roster || !fn)
        return -EINVAL;
    return rst_registry_walk(&roster->registry, visit_batch, &visit);
}

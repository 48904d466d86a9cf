/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a server shows of its connections, as Redis does: lines of INFO, fields of CLIENT LIST.
 */
#include "commands.h"
#include "front.h"

#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

void front_info(struct front *front, struct buf *out)
{
    LINE("process_id", getpid());
    LINE("tcp_port", front->options->port);
    LINE("uptime_in_seconds", (uv_hrtime() - front->started) / UINT64_C(1000000000));
    LINE("used_memory", mallinfo2().uordblks);
    LINE("loading", 0); /* redis-cli --stat asks for these: there is nothing on disk */
    LINE("rdb_bgsave_in_progress", 0);
    LINE("aof_rewrite_in_progress", 0);
    LINE("blocked_clients", count_read(&front->counts.waiting));
    LINE("buffered_bytes", count_read(&front->counts.buffered));
    LINE("protocol_errors", count_read(&front->counts.protocol_errors));
    LINE("buffer_hogs_closed", count_read(&front->counts.buffer_hogs));
    LINE("slow_readers_closed", count_read(&front->counts.slow_readers));
}

void peer_field(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=", name);
    for (; value && *value; value++)
        if (*value == ' ' || *value == '%')
            buf_printf(out, "%%%02X", (unsigned char)*value);
        else
            buf_append(out, value, 1);
}

void peer_describe(const struct peer *peer, struct buf *out)
{
    buf_printf(out,
               " age=%" PRIu64
               " sub=0 psub=0 ssub=0 qbuf=%zu qbuf-free=0 argv-mem=%zu obl=%zu oll=0 "
               "omem=0 tot-mem=%zu events=r resp=%d",
               (uv_now(peer->timer.loop) - peer->opened) / 1000, request_held(&peer->reader),
               peer->front->calls->held(peer), peer->out.len, peer->held, out->resp3 ? 3 : 2);
    peer_field(out, "lib-name", peer->lib_name);
    peer_field(out, "lib-ver", peer->lib_ver);
}

bool peer_word(struct slice text)
{
    size_t n = 0;

    while (n < text.len && text.data[n] > ' ' && text.data[n] <= '~')
        n++;
    return n == text.len && n < PEER_WORD;
}

int peer_setinfo(struct conn *conn, const struct request *request, struct buf *out)
{
    struct peer *peer = (struct peer *)conn; /* its first member */
    struct slice value = request->argv[3];
    char *to = request_is(request, 2, "LIB-NAME")  ? peer->lib_name
               : request_is(request, 2, "LIB-VER") ? peer->lib_ver
                                                   : NULL;

    if (!to)
        return reply(out, "-ERR unknown option '%.128s'; there are LIB-NAME and LIB-VER",
                     request->argv[2].data);
    if (!peer_word(value))
        return reply(out, "-ERR %s takes up to %d characters" NO_WORD, request->argv[2].data,
                     PEER_WORD - 1);
    memcpy(to, value.data, value.len + 1);
    return reply(out, "+OK");
}

static bool names(const struct request *request, const char *section)
{
    size_t n;

    for (n = 1; n < request->argc && !request_is(request, n, section); n++)
        ;
    return n < request->argc;
}

int cmd_info(struct conn *conn, const struct request *request, struct buf *out)
{
    struct server *server = ((struct peer *)conn)->front->arg;
    const struct info_section *section = info_sections;
    bool all = request->argc == 1 || names(request, "all") || names(request, "default") ||
               names(request, "everything");
    size_t mark = out->len;
    int err = 0;

    for (; !err && section->name; section++)
        if (all || names(request, section->name)) {
            buf_printf(out, "%s# %s\r\n", out->len > mark ? "\r\n" : "", section->name);
            err = section->write(server, out);
        }
    return err ?: reply_text_since(out, mark);
}

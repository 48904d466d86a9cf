/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What error numbers mean, as a text for logs. */

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
        return "out of memory or file descriptors; nothing was changed; free some and try again";
    case -EAGAIN:
        return "no thread could be started; raise the limit of threads or choose manual "
               "ticks. Of a safe point or barrier: it lost too many races with other servers; "
               "retry";
    case -EEXIST:
        return "the session id is in use; take another or let the roster choose one. Of a "
               "server: this id is in use by another live server";
    case -EUSERS:
        return "max_sessions sessions are open, or all but the reserved places; close some or "
               "raise the limit";
    case -EDQUOT:
        return "the user, database or application has all the sessions that a rule of "
               "roster_quota_set() allows; close one of them, or change the rule";
    case -ENOBUFS:
        return "a reader has been inside for so long that backlog_limit is reached; find "
               "the reader, or raise the limit";
    case -ENOENT:
        return "no statement is running, so there is nothing to kill; aim at the "
               "connection to close it. Of a store, barrier or socket: there is none of that name, "
               "or no such directory; create it or name another";
    case -ESRCH:
        return "no session with this id is open; it was closed or never opened";
    case -ENAMETOOLONG:
        return "a string or digest is longer than the header allows; shorten it";
    case -EBUSY:
        return "something is still open: a transaction, a statement, or sessions, pins, "
               "readers or the syncer of the roster, or the caller is inside a read-side section; "
               "end it first. Of a store: another "
               "process held its lock too long; try again";
    case -EALREADY:
        return "it has been done already: nothing is open that could be ended, or an "
               "earlier kill stands; go on";
    case -EBADF:
        return "the session is closed; do not use it any more";
    case -ECANCELED:
        return "the connection was killed; close the session. Of a nested statement: the one that "
               "is shown was killed; end it first";
    case -ECHILD:
        return "this roster belongs to the process that forked this one; exec or exit "
               "here, create rosters after the fork";
    case -ESTALE:
        return "the timestamp is no longer protected and its versions may be gone, the "
               "statement aimed at has ended, or the server is fenced; begin again with a new one";
    case -ERANGE:
        return "the target is beyond the safe point already, or the gc safe point would pass the "
               "txn safe point";
    case -EIO:
        return "the oracle gave no timestamp, or the disk of a store failed; repair it";
    case -EINPROGRESS:
        return "whether the store was changed is unknown; read it and decide. Of a kill: the "
               "kernel refused membarrier(), so whether the owner will see it is unknown; ask "
               "again";
    case -EPERM:
        return "the kernel refuses membarrier() to this process, so the state of other threads is "
               "unknown; have its seccomp filter allow the call";
    case -ETIMEDOUT:
        return "time ran out: of a store nothing was changed, try again; of a drain some sessions "
               "have not left in time, the report names them, their owners must close them";
    case -EHOSTUNREACH:
        return "no endpoint of the store can be reached; check the network and the store";
    case -EKEYEXPIRED:
        return "the lease is gone and its keys with it; ask for a new one";
    case -EREMCHG:
        return "the store, or a key in it, was replaced or deleted since it was opened; see "
               "roster_store_rebind()";
    case -EACCES:
        return "the store refuses the user, password, role or file permission, or this user may "
               "not make a socket there; correct it";
    case -EKEYREJECTED:
        return "a TLS certificate was rejected; check the certificates of both sides";
    case -EPROTO:
        return "the answer is not that of an etcd v3 gateway; check the store's URL";
    case -EMSGSIZE:
        return "this is the low half of a 64-bit connection id; pass all of it, as the process "
               "list shows it. Of a store: request or answer exceeds a limit; ask for less";
    case -ENOSPC:
        return "the store's disk or quota is full; make room. Of statements: as many of a session "
               "are suspended as can be; end some";
    case -EROFS:
        return "the store's file is read-only; make it writable";
    case -EUCLEAN:
        return "the store's file is damaged; restore it";
    case -EMEDIUMTYPE:
        return "the file is not a store of this version of Roster; name another one";
    case -ENOTSUP:
        return "this library was built without that kind of store; build it with the "
               "missing package. Of a kill: a background session that does not support it; have "
               "its server end it. Of an SQLite file: /proc cannot be read; mount it. Of a plugin: "
               "it was built for another version of this library; install both of the same release";
    case -EDEADLK:
        return "the wait would close a circle of waits, so one of its members has to give up: see "
               "roster_deadlocks(). Of a stop: a callback wants to stop or destroy what it runs "
               "in; do that from another thread";
    case -EBADMSG:
        return "the connection id is marked as one of 32 bits but is longer; pass it as the "
               "server sent it. Of a store: a key holds what cannot be read, or what no server "
               "can have written; find out who wrote it and correct or delete it";
    case -EOVERFLOW:
        return "the connection id has its highest bit set, as no id has; pass it as the server "
               "sent it. Of an oracle: the stored timestamp is too far ahead of this server's "
               "clock; find out which of the two is wrong";
    case -EADDRINUSE:
        return "another server listens on this address, or a file is in the way of the socket; "
               "choose another address or remove the file";
    case -ESHUTDOWN:
        return "the server is draining and refuses new sessions; connect to another one";
    default:
        return "not an error number of Roster; pass the negative number a function returned";
    }
}

const char *roster_store_strerror(int err)
{
    switch (err) {
    case -ENOMEM:
        return "out of memory or file descriptors; free some";
    case -EAGAIN:
        return "it lost too many races with other servers; it is tried again";
    case -EEXIST:
        return "this server id is in use by another live server; stop one of the two";
    case -ENOENT:
        return "the store has nothing of that name, or there is no such directory; create it or "
               "name another";
    case -EBUSY:
        return "another process held the lock of the store's file for too long; find it with "
               "lslocks or fuser, and end its transaction or the process";
    case -ESTALE:
        return "the timestamp is no longer protected, or the server is fenced";
    case -EIO:
        return "the disk of the store failed; repair it";
    case -EINPROGRESS:
        return "whether the store was changed is unknown; it is read again";
    case -ETIMEDOUT:
        return "the store did not answer in time; look at its load and at the network";
    case -EMSGSIZE:
        return "request or answer exceeds a limit of the store";
    case -ENOSPC:
        return "the disk or the quota of the store is full; make room: of an etcd, whose quota "
               "\"etcdctl alarm list\" shows as NOSPACE, as doc/operations.md says";
    case -ENOTSUP:
        return "this library was built without that kind of store, or, for an SQLite file, /proc "
               "cannot be read";
    case -EBADMSG:
        return "a key holds what cannot be read, or what no server can have written; find out who "
               "wrote it and correct or delete it";
    case -EOVERFLOW:
        return "the stored timestamp is too far ahead of this server's clock; find out which of "
               "the two is wrong";
    default:
        return roster_strerror(err);
    }
}

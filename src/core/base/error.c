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
        return "the call is not what its header allows: an argument is null, out of range "
               "or of an unknown size, or the session is in another state; compare the two";
    case -E2BIG:
        return "a struct is larger than this library knows and the unknown part is not "
               "zero; build against its header or link a newer library";
    case -ENOMEM:
        return "out of memory or file descriptors, and nothing was changed; free some and "
               "try again";
    case -EAGAIN:
        return "no thread could be started; raise the limit of threads, or do without one "
               "(manual)";
    case -EEXIST:
        return "the session id is in use; take another or let the roster choose one";
    case -EUSERS:
        return "max_sessions sessions are open, or all but the reserved places; close some "
               "or raise the limit";
    case -EDQUOT:
        return "the user, database or application has all the sessions that a rule of "
               "roster_quota_set() allows; close one of them, or change the rule";
    case -ENOBUFS:
        return "backlog_limit is reached: a reader stays inside, or sessions are closed faster "
               "than their memory can be used again; find the reader, or raise the limit";
    case -ENOENT:
        return "there is none of what the call is about, such as a running statement to "
               "kill; to close an idle session, aim at the connection";
    case -ESRCH:
        return "no session with this id is open; it was closed or never opened";
    case -ENAMETOOLONG:
        return "a string or digest is longer than the header allows; shorten it";
    case -EBUSY:
        return "something is in use: an open transaction or statement, a session, pin, "
               "reader or syncer of the roster, a thread that was started, or the read-side "
               "section of the caller; end it first";
    case -EALREADY:
        return "it has been done already: nothing is open that could be ended, or an "
               "earlier kill stands; go on";
    case -EBADF:
        return "the session is closed; do not use it any more";
    case -ECANCELED:
        return "another thread ended it, by a kill or by cancelling the watch; end the "
               "statement, or close the session or the watch";
    case -ECHILD:
        return "this roster belongs to the process that forked this one; exec or exit here, "
               "create rosters after the fork";
    case -ESTALE:
        return "it is over: the timestamp is no longer protected, so its versions may be "
               "gone, or the statement or transaction aimed at has ended; begin again with "
               "a new one";
    case -ERANGE:
        return "the target is below the safe point that it is for, or above the bound of "
               "that; choose one in between";
    case -EIO:
        return "the system failed the store: the disk, or the random numbers or the clock "
               "of the kernel; see the log and repair it";
    case -ENODATA:
        return "the oracle returned an invalid timestamp; correct the oracle";
    case -EINPROGRESS:
        return "whether the owner will see the kill is unknown, because the kernel refused "
               "membarrier(); ask again";
    case -EPERM:
        return "the kernel refuses membarrier() to this process, so the state of other "
               "threads is unknown; have its seccomp filter allow the call";
    case -ETIMEDOUT:
        return "time ran out before the call was complete; look at what it waited for, such "
               "as the sessions in the report of a drain, and try again";
    case -EHOSTUNREACH:
        return "no endpoint of the store can be reached; check the network and the store";
    case -EKEYEXPIRED:
        return "the lease is gone and its keys with it; ask for a new one";
    case -EREMCHG:
        return "the store, or a key in it, was replaced or deleted since it was opened; see "
               "roster_store_rebind()";
    case -EACCES:
        return "permission is denied, for a file, a socket or the store; give this user the "
               "right, or correct user, password and role";
    case -EKEYREJECTED:
        return "a TLS certificate was rejected; check the certificates of both sides";
    case -EPROTO:
        return "the answer is not that of an etcd v3 gateway; check the store's URL";
    case -EMSGSIZE:
        return "this is the low half of a 64-bit connection id; pass all of it, as the "
               "process list shows it";
    case -ENOSPC:
        return "all places are taken, of the suspended statements of a session or of the "
               "wait events; end or reuse one";
    case -EROFS:
        return "the store's file is read-only; make it writable";
    case -EUCLEAN:
        return "the store's file is damaged; restore it";
    case -EMEDIUMTYPE:
        return "the file is not a store of this version of Roster; name another one";
    case -ENOLCK:
        return "another process held the lock of the store's file for too long; find it "
               "with lslocks or fuser, and end its transaction or the process";
    case -ERESTART:
        return "other servers changed the same keys first, again and again; try again";
    case -ENOTSUP:
        return "a background session that does not support kills; have its server end it";
    case -ENOEXEC:
        return "the caller was built for another version of this library; install both of "
               "the same release";
    case -EDEADLK:
        return "the caller would wait for itself, in a circle of waits that "
               "roster_deadlocks() shows or in a callback of what it stops; give up the "
               "wait, or stop it from another thread";
    case -EBADMSG:
        return "the connection id is marked as one of 32 bits but is longer; pass it as the "
               "server sent it";
    case -EOVERFLOW:
        return "the connection id has its highest bit set, as no id has; pass it as the "
               "server sent it";
    case -EADDRINUSE:
        return "another server listens on this address, or a file is in the way of the "
               "socket; choose another address or remove the file";
    case -ESHUTDOWN:
        return "the server is draining and refuses new sessions; connect to another one";
    default:
        return "not an error number of Roster; pass the negative number a function returned";
    }
}

const char *roster_store_strerror(int err)
{
    switch (err) {
    case -EEXIST:
        return "this server id is in use by another live server; stop one of the two";
    case -ENOENT:
        return "the store has nothing of that name, or there is no such directory; create "
               "it or name another";
    case -ESTALE:
        return "the timestamp is no longer protected, or the server is fenced; begin again "
               "with a new one";
    case -EINPROGRESS:
        return "whether the store was changed is unknown; read it and decide";
    case -ETIMEDOUT:
        return "the store did not answer in time; look at its load and at the network";
    case -EACCES:
        return "the store refuses the user, password, role or file permission; correct it";
    case -EMSGSIZE:
        return "request or answer exceeds a limit of the store; ask for less";
    case -ENOSPC:
        return "the disk or the quota of the store is full; make room: of an etcd, whose "
               "quota \"etcdctl alarm list\" shows as NOSPACE, as doc/operations.md says";
    case -ENOTSUP:
        return "this library cannot open that kind of store here: it was built without it, "
               "or /proc cannot be read, as an SQLite file needs; build it with the missing "
               "package, or mount /proc";
    case -EBADMSG:
        return "a key holds what cannot be read, or what no server can have written; find "
               "out who wrote it and correct or delete it";
    case -EOVERFLOW:
        return "the stored timestamp is too far ahead of this server's clock; find out "
               "which of the two is wrong";
    default:
        return roster_strerror(err);
    }
}

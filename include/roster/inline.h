/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What readers call for every session of a list, compiled into the caller. Included by
 * roster/view.h, which together with roster/session.h says what these functions do.
 *
 * Each of them is also in the library, and is called there wherever the compiler does not put it
 * in place. The structs are what they read; they belong to the binary interface and change only
 * with the SONAME. Read them through the functions, the members may be named otherwise tomorrow.
 */
#ifndef ROSTER_INLINE_H
#define ROSTER_INLINE_H

#include <roster/export.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

/* The library defines it as nothing where it defines the functions. */
#ifndef ROSTER_INLINE
#if defined(__GNUC__)
#define ROSTER_INLINE extern __inline__ __attribute__((__gnu_inline__))
#endif
#endif

#ifdef ROSTER_INLINE

ROSTER_BEGIN_DECLS

/* Who a session is; its strings follow. */
struct roster_identity {
    uint8_t session_kind;
    uint8_t session_flags;
    uint16_t offset[5]; /* of the strings, from the beginning of the struct; 0 when not known */
};

/* The beginning of every session. */
struct roster_session_front {
    struct roster_shown *view;
    const struct roster_identity *identity;
    uint64_t idle_since __attribute__((__aligned__(8))); /* in one piece, also on 32 bits */
    uint64_t id;
};

ROSTER_INLINE uint64_t roster_session_since(const struct roster_session *session,
                                            const struct roster_shown *shown)
{
    const struct roster_session_front *front =
        ROSTER_POINTER_CAST(const struct roster_session_front *, session);
    uint64_t idle_since;

    if (!front || !shown)
        return 0;
    idle_since = __atomic_load_n(&front->idle_since, __ATOMIC_RELAXED);
    if (shown->run_state == ROSTER_RUN_IDLE && idle_since > shown->state_since)
        return idle_since;
    return shown->state_since;
}

ROSTER_INLINE uint64_t roster_session_id(const struct roster_session *session)
{
    const struct roster_session_front *front =
        ROSTER_POINTER_CAST(const struct roster_session_front *, session);

    return front ? front->id : 0;
}

ROSTER_INLINE enum roster_session_kind roster_session_kind(const struct roster_session *session)
{
    const struct roster_session_front *front =
        ROSTER_POINTER_CAST(const struct roster_session_front *, session);

    /* Acquire: pairs with replace() in owner/update.c, as in the next one. */
    return ROSTER_CAST(enum roster_session_kind,
                       front ? __atomic_load_n(&front->identity, __ATOMIC_ACQUIRE)->session_kind
                             : 0);
}

ROSTER_INLINE uint32_t roster_session_flags(const struct roster_session *session)
{
    const struct roster_session_front *front =
        ROSTER_POINTER_CAST(const struct roster_session_front *, session);

    return front ? __atomic_load_n(&front->identity, __ATOMIC_ACQUIRE)->session_flags : 0;
}

#define ROSTER_IDENTITY_STRING(identity, n)                                                        \
    ((identity) && (identity)->offset[n]                                                           \
         ? ROSTER_POINTER_CAST(const char *, identity) + (identity)->offset[n]                     \
         : ROSTER_NULL)

ROSTER_INLINE const char *roster_identity_user(const struct roster_identity *identity)
{
    return ROSTER_IDENTITY_STRING(identity, 0);
}

ROSTER_INLINE const char *roster_identity_host(const struct roster_identity *identity)
{
    return ROSTER_IDENTITY_STRING(identity, 1);
}

ROSTER_INLINE const char *roster_identity_database(const struct roster_identity *identity)
{
    return ROSTER_IDENTITY_STRING(identity, 2);
}

ROSTER_INLINE const char *roster_identity_application(const struct roster_identity *identity)
{
    return ROSTER_IDENTITY_STRING(identity, 3);
}

ROSTER_INLINE const char *roster_identity_attributes(const struct roster_identity *identity)
{
    return ROSTER_IDENTITY_STRING(identity, 4);
}

#undef ROSTER_IDENTITY_STRING

ROSTER_END_DECLS

#endif

#endif /* ROSTER_INLINE_H */

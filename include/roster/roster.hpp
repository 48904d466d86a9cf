/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * libroster's core for C++17: each object of the C interface as a class that ends it, and nothing
 * more. Whatever has no class here is called by its C name, with get().
 *
 * Errors are returned as std::error_code and never thrown. What these functions refuse is met in
 * the normal course of a server (a snapshot that is gone, a connection that was killed, a server
 * that is full) and handled where it is met; begin and finish cost a few nanoseconds, which an
 * exception does not; and many database servers are built without exceptions. So an object is made
 * by a function that fills one and says how that went, all functions are noexcept, and destructors
 * rely on G7: the ends that they call cannot fail.
 *
 * Calling contexts and guarantees are those of the C functions.
 */
#ifndef ROSTER_ROSTER_HPP
#define ROSTER_ROSTER_HPP

#if __cplusplus < 201703L
#error "roster/roster.hpp needs C++17; roster/roster.h does with C++11"
#endif

#include <roster/roster.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

/* `roster` itself is the C struct's name. */
namespace roster_cxx
{

/* The category of Roster's errors: the numbers are errnos, the messages roster_strerror()'s. Where
 * the oracle rests on a store, roster_store_strerror(-code.value()) explains the result of a begin.
 * They compare with std::errc and with std::generic_category(). */
class Category final : public std::error_category
{
  public:
    const char *name() const noexcept override
    {
        return "roster";
    }
    std::string message(int number) const override
    {
        return roster_strerror(-number);
    }
    std::error_condition default_error_condition(int number) const noexcept override
    {
        return {number, std::generic_category()};
    }
};

/* One for all shared objects of the program, because categories are compared by address. */
ROSTER_API inline const std::error_category &category() noexcept
{
    static const Category instance;

    return instance;
}

/* What a C function returned, as an error; there is none unless it is negative. */
[[nodiscard]] inline std::error_code error(int result) noexcept
{
    return {result < 0 ? -result : 0, category()};
}

/* A roster. Destroy it after everything that was made from it. */
class Roster
{
  public:
    [[nodiscard]] static std::error_code create(Roster &roster,
                                                const roster_options *options = nullptr) noexcept
    {
        ::roster *made = nullptr;
        int result = roster_create(options, &made);

        if (result == 0)
            roster.handle.reset(made);
        return error(result);
    }
    /* The destructor does the same but reports no error: a roster that is still in use is then left
     * alone, which leaks it and does no other harm. */
    [[nodiscard]] std::error_code destroy() noexcept
    {
        int result = roster_destroy(handle.get());

        if (result == 0)
            (void)handle.release();
        return error(result);
    }
    [[nodiscard]] std::error_code advance_minimum(roster_min &min,
                                                  std::uint64_t max_age_ms = 0) noexcept
    {
        min.size = sizeof(min);
        return error(roster_min_advance(handle.get(), max_age_ms, &min));
    }
    /* Of some sessions; nothing is advanced. */
    [[nodiscard]] std::error_code minimum_of(const roster_min_filter &filter,
                                             roster_min &min) const noexcept
    {
        min.size = sizeof(min);
        return error(roster_min_of(handle.get(), &filter, &min));
    }
    std::uint64_t safe_point() const noexcept
    {
        return roster_local_safe_point(handle.get());
    }
    [[nodiscard]] std::error_code stats(struct roster_stats &stats) const noexcept
    {
        stats.size = sizeof(stats);
        return error(::roster_stats(handle.get(), &stats));
    }
    [[nodiscard]] std::error_code
    kill(std::uint64_t session_id, roster_kill_target target, std::uint64_t aim = 0,
         roster_kill_reason reason = ROSTER_KILL_REASON_INTERRUPTED) noexcept
    {
        return error(roster_kill(handle.get(), session_id, target, aim, reason));
    }
    [[nodiscard]] std::error_code
    kill_txn(std::uint64_t session_id, std::uint64_t start_ts, std::uint64_t txn_seq,
             roster_kill_reason reason = ROSTER_KILL_REASON_INTERRUPTED) noexcept
    {
        return error(roster_kill_txn(handle.get(), session_id, start_ts, txn_seq, reason));
    }
    /* Until the release of every session that was closed before has returned. */
    [[nodiscard]] std::error_code release_wait() noexcept
    {
        return error(roster_release_wait(handle.get()));
    }
    [[nodiscard]] std::error_code drain(const roster_drain_options *options = nullptr,
                                        roster_drain_report *report = nullptr) noexcept
    {
        if (report)
            report->size = sizeof(*report);
        return error(roster_drain(handle.get(), options, report));
    }
    ::roster *get() const noexcept
    {
        return handle.get();
    }

  private:
    struct Destroy {
        void operator()(::roster *roster) const noexcept
        {
            roster_destroy(roster);
        }
    };
    std::unique_ptr<::roster, Destroy> handle;
};

/* A session, closed at the end of its scope by the thread that owns it then. */
class Session
{
  public:
    [[nodiscard]] static std::error_code open(Session &session, const Roster &roster,
                                              const roster_session_attr *attr = nullptr) noexcept
    {
        roster_session *made = nullptr;
        int result = roster_session_open(roster.get(), attr, &made);

        if (result == 0)
            session.handle.reset(made);
        return error(result);
    }
    [[nodiscard]] std::error_code update(const roster_session_attr &attr) noexcept
    {
        return error(roster_session_update(handle.get(), &attr));
    }
    /* 0, or why the statement or, with ROSTER_KILLED_TRANSACTION or _CONNECTION, these were killed.
     */
    int killed() const noexcept
    {
        int result = roster_killed(handle.get());

        return result > 0 ? result : 0;
    }
    std::uint64_t id() const noexcept
    {
        return roster_session_id(handle.get());
    }
    [[nodiscard]] std::error_code tag(std::uint64_t tag) noexcept
    {
        return error(roster_session_set_tag(handle.get(), tag));
    }
    std::uint64_t tag() const noexcept
    {
        return roster_session_tag(handle.get());
    }
    [[nodiscard]] std::error_code wait_begin(uint32_t event) noexcept
    {
        return error(roster_wait_begin(handle.get(), event));
    }
    void wait_end() noexcept
    {
        roster_wait_end(handle.get());
    }
    void close() noexcept
    {
        handle.reset();
    }
    roster_session *get() const noexcept
    {
        return handle.get();
    }

  private:
    struct Close {
        void operator()(roster_session *session) const noexcept
        {
            roster_session_close(session);
        }
    };
    std::unique_ptr<roster_session, Close> handle;
};

/* What a guard below refers to: a session that it has to end something of. Moves leave nothing. */
class Borrowed
{
  public:
    Borrowed() noexcept = default;
    explicit Borrowed(roster_session *borrowed) noexcept : session(borrowed)
    {
    }
    Borrowed(Borrowed &&other) noexcept : session(std::exchange(other.session, nullptr))
    {
    }
    Borrowed &operator=(Borrowed &&other) noexcept
    {
        session = std::exchange(other.session, nullptr);
        return *this;
    }
    Borrowed(const Borrowed &) = delete;
    Borrowed &operator=(const Borrowed &) = delete;
    ~Borrowed() = default;

    roster_session *get() const noexcept
    {
        return session;
    }
    roster_session *release() noexcept
    {
        return std::exchange(session, nullptr);
    }

  private:
    roster_session *session = nullptr;
};

/* A transaction, finished at the end of its scope. The session must outlive it. */
class Transaction
{
  public:
    [[nodiscard]] static std::error_code begin(Transaction &txn, const Session &session) noexcept
    {
        txn.finish();
        int result = roster_txn_begin(session.get(), &txn.timestamp);

        return txn.begun(session, result);
    }
    [[nodiscard]] static std::error_code begin_at(Transaction &txn, const Session &session,
                                                  std::uint64_t start_ts) noexcept
    {
        txn.finish();
        txn.timestamp = start_ts;
        return txn.begun(session, roster_txn_begin_at(session.get(), start_ts));
    }

    Transaction() noexcept = default;
    Transaction(Transaction &&) noexcept = default;
    Transaction &operator=(Transaction &&other) noexcept
    {
        if (this != &other) {
            finish();
            session = std::move(other.session);
            timestamp = other.timestamp;
        }
        return *this;
    }
    ~Transaction()
    {
        finish();
    }

    /* Vouches for all that was read until now (G8). */
    [[nodiscard]] std::error_code check() const noexcept
    {
        return error(roster_txn_check(session.get()));
    }
    std::uint64_t start_ts() const noexcept
    {
        return timestamp;
    }
    void finish() noexcept
    {
        if (session.get())
            roster_txn_finish(session.release());
    }

  private:
    std::error_code begun(const Session &with, int result) noexcept
    {
        if (result == 0)
            session = Borrowed(with.get());
        return error(result);
    }

    Borrowed session;
    std::uint64_t timestamp = 0;
};

/* A statement, ended at the end of its scope. The session must outlive it. */
class Statement
{
  public:
    [[nodiscard]] static std::error_code begin(Statement &statement, const Session &session,
                                               roster_command command, std::string_view text,
                                               std::string_view digest = {}) noexcept
    {
        statement.end();
        int result = roster_stmt_begin(session.get(), command, text.data(), text.size(),
                                       digest.data(), digest.size());

        if (result == 0)
            statement.session = Borrowed(session.get());
        return error(result);
    }
    /* One that only cleans up: also when the connection was killed. */
    [[nodiscard]] static std::error_code begin_cleanup(Statement &statement, const Session &session,
                                                       roster_command command,
                                                       std::string_view text,
                                                       std::string_view digest = {}) noexcept
    {
        statement.end();
        int result = roster_stmt_begin_cleanup(session.get(), command, text.data(), text.size(),
                                               digest.data(), digest.size());

        if (result == 0)
            statement.session = Borrowed(session.get());
        return error(result);
    }

    Statement() noexcept = default;
    Statement(Statement &&) noexcept = default;
    Statement &operator=(Statement &&other) noexcept
    {
        if (this != &other) {
            end();
            session = std::move(other.session);
        }
        return *this;
    }
    ~Statement()
    {
        end();
    }

    /* Returns 0 or, when it was killed, what Session::killed() would have said. */
    int end() noexcept
    {
        int result = session.get() ? roster_stmt_end(session.release()) : 0;

        return result > 0 ? result : 0;
    }

  private:
    Borrowed session;
};

/* A stand-alone pin, released at the end of its scope, in any thread. */
class Pin
{
  public:
    [[nodiscard]] static std::error_code acquire(Pin &pin, const Roster &roster,
                                                 roster_pin_kind kind, std::uint64_t ts = 0,
                                                 const Session *session = nullptr) noexcept
    {
        roster_pin *made = nullptr;
        int result =
            roster_pin_acquire(roster.get(), session ? session->get() : nullptr, ts, kind, &made);

        if (result == 0)
            pin.handle.reset(made);
        return error(result);
    }
    [[nodiscard]] std::error_code check() const noexcept
    {
        return error(roster_pin_check(handle.get()));
    }
    std::uint64_t ts() const noexcept
    {
        return roster_pin_ts(handle.get());
    }
    void release() noexcept
    {
        handle.reset();
    }
    roster_pin *get() const noexcept
    {
        return handle.get();
    }

  private:
    struct Release {
        void operator()(roster_pin *pin) const noexcept
        {
            roster_pin_release(pin);
        }
    };
    std::unique_ptr<roster_pin, Release> handle;
};

/* The read lock, left at the end of its scope, in the thread that entered it. It is where sessions
 * can be found, so that they cannot be found without it. */
class ReadLock
{
  public:
    [[nodiscard]] static std::error_code enter(ReadLock &lock, const Roster &roster) noexcept
    {
        int result = roster_read_lock(roster.get());

        if (result == 0) {
            lock.leave();
            lock.inside = roster.get();
        }
        return error(result);
    }

    ReadLock() noexcept = default;
    ReadLock(const ReadLock &) = delete;
    ReadLock &operator=(const ReadLock &) = delete;
    ~ReadLock()
    {
        leave();
    }

    /* nullptr when there is none. Valid until leave(). */
    const roster_session *lookup(std::uint64_t id) const noexcept
    {
        return roster_lookup(inside, id);
    }
    /* What the session shows, as roster_session_look() says. */
    static const roster_shown &look(const roster_session &session, roster_copy &copy,
                                    char *text = nullptr, std::size_t size = 0) noexcept
    {
        return *roster_session_look(&session, &copy, text, size);
    }
    /* Calls `each`(const roster_session &, const roster_shown &), which returns whether to go on,
     * or nothing. It must not throw: the walk is C. Returns whether it came to the end. */
    template <typename Each> bool for_each(Each &&each) const noexcept
    {
        using Function = std::remove_reference_t<Each>;

        return roster_for_each(inside, &call<Function>, std::addressof(each)) == 0;
    }
    void leave() noexcept
    {
        if (inside)
            roster_read_unlock(std::exchange(inside, nullptr));
    }

  private:
    template <typename Function>
    static int call(const roster_session *session, const roster_shown *shown, void *arg) noexcept
    {
        Function &each = *static_cast<Function *>(arg);

        if constexpr (std::is_void_v<decltype(each(*session, *shown))>) {
            each(*session, *shown);
            return 0;
        } else {
            return each(*session, *shown) ? 0 : 1;
        }
    }

    ::roster *inside = nullptr;
};

/* A copied list of sessions, to be walked with a range for. */
class Snapshot
{
  public:
    [[nodiscard]] static std::error_code take(Snapshot &snapshot, const Roster &roster) noexcept
    {
        struct roster_snapshot *made = nullptr;
        int result = ::roster_snapshot(roster.get(), &made);

        if (result == 0)
            snapshot.handle.reset(made);
        return error(result);
    }
    /* Takes it again, into the memory that it has: what it said is gone. */
    [[nodiscard]] std::error_code again(const Roster &roster) noexcept
    {
        if (!handle)
            return take(*this, roster);
        return error(::roster_snapshot_again(roster.get(), handle.get()));
    }
    const roster_entry *begin() const noexcept
    {
        return handle ? handle->entries : nullptr;
    }
    const roster_entry *end() const noexcept
    {
        return begin() + size();
    }
    std::size_t size() const noexcept
    {
        return handle ? handle->count : 0;
    }
    const struct roster_snapshot *get() const noexcept
    {
        return handle.get();
    }

  private:
    struct Free {
        void operator()(struct roster_snapshot *snapshot) const noexcept
        {
            roster_snapshot_free(snapshot);
        }
    };
    std::unique_ptr<struct roster_snapshot, Free> handle;
};

/* A watchdog, stopped at the end of its scope. */
class Watchdog
{
  public:
    [[nodiscard]] static std::error_code
    start(Watchdog &watchdog, const Roster &roster,
          const roster_watchdog_options *options = nullptr) noexcept
    {
        roster_watchdog *made = nullptr;
        int result = roster_watchdog_start(roster.get(), options, &made);

        if (result == 0)
            watchdog.handle.reset(made);
        return error(result);
    }
    [[nodiscard]] std::error_code run_once() noexcept
    {
        return error(roster_watchdog_run_once(handle.get()));
    }
    void stop() noexcept
    {
        handle.reset();
    }
    roster_watchdog *get() const noexcept
    {
        return handle.get();
    }

  private:
    struct Stop {
        void operator()(roster_watchdog *watchdog) const noexcept
        {
            roster_watchdog_stop(watchdog);
        }
    };
    std::unique_ptr<roster_watchdog, Stop> handle;
};

} // namespace roster_cxx

#endif /* ROSTER_ROSTER_HPP */

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What a user has set for shells and tools reaches no test: none of these variables, nor files in $HOME that
# curl and redis-cli read, nor the umask.

set -eu

cd "$TMPDIR"
mkdir home
echo include >home/.curlrc
echo ':set nohints' >home/.redisclirc
cat >show.sh <<'END'
#!/bin/sh
env
echo "umask=$(umask)"
END
chmod +x show.sh
names='CDPATH POSIXLY_CORRECT GREP_OPTIONS COLUMNS LINES TZ REDISCLI_AUTH http_proxy https_proxy all_proxy HTTPS_PROXY
    ROSTER_SERVER ROSTER_TOKEN ROSTER_STORE ROSTER_STORE_PASSWORD LANG LANGUAGE'
umask 077
# shellcheck disable=SC2046 # a word each
env HOME="$PWD/home" LC_ALL=tr_TR.UTF-8 $(for name in $names; do echo "$name=spoilt"; done) \
    "$ROSTER_SRCDIR/tests/run-test" ./show.sh >said
wrong=0
for wanted in 'ok 1 - show.sh' '# umask=0022' '# LC_ALL=C.UTF-8' '# REDISCLI_RCFILE=/dev/null'; do
    grep -qx "$wanted" said || { echo "WRONG: there is no \"$wanted\""; wrong=1; }
done
if grep '=spoilt' said; then
    echo "WRONG: this reaches tests"
    wrong=1
fi
home=$(sed -n 's/^# CURL_HOME=//p' said)
case $home in
'' | "$PWD/home"*) echo "WRONG: curl reads the user's settings" && wrong=1 ;;
esac
exit "$wrong"

#!/usr/bin/env bash
# chaoschain provider new: the whole folder or nothing, under a good name, over nothing; and what it writes is the template.
. "$(dirname "$0")/lib.bash"
[ -x "$CHAOS_BIN/chaoschain-provider" ] || skip "chaoschain-provider is not built"
umask 022
new() { "$chaoschain" provider new "$@"; }
mkdir "$work/in" && cd "$work/in"

expect 0 "help" new --help
has out '[--out DIR]' "help"
expect 64 "no name" new
expect 64 "two names" new a b
expect 64 "an unknown option" new a --ouT x

# Names: 1 to 31 of a-z, 0-9 and '-'.
longest=$(printf 'a%.0s' {1..31})
for name in '' A aB a_b a.b a/b ../a 'a b' $'a\nb' ä "a$longest" 'a;b' '@NAME@'; do
    expect 64 "the name '$name'" new -- "$name"
done
expect 64 "a name like an option" new -- -a
expect 64 "a provider of ours" new phala-dstack
expect 64 "a word of --tee-provider" new auto
has err "takes for any TEE" "a word of --tee-provider"
expect 64 "a provider of that name" "$chaoschain" providers auto
[ -z "$(ls -A "$work/in")" ] && pass || fail "a refused name leaves $(ls -A "$work/in")"
for name in a 0 a-b "$longest" amd-sev-snp; do
    expect 0 "the name $name" new "$name"
    [ -f "$name/src/tee.c" ] && [ -f "$name/docs/$name.md" ] && pass || fail "$name: files are missing"
    grep -qF ".name = \"$name\"" "$name/src/provider.c" && pass || fail "$name: not in the table"
    [ "$(head -n 1 "$name/docs/$name.md")" = "# $name" ] && pass || fail "$name: its page has another title"
done

# Nothing is left of the template's own name, and nothing else is different from the template.
! grep -rn '@NAME@' . >"$work/left" && pass || fail "a token is left: $(head -1 "$work/left")"
diff <(sed 's/@NAME@/a-b/g' "$root/providers/template/src/tee.c") a-b/src/tee.c >"$work/diff" && pass || fail "src/tee.c: $(head -3 "$work/diff")"
[ "$(stat -c %a a-b a-b/src/tee.c a-b/.ci/run a-b/tests/conformance.sh | tr '\n' ' ')" = "755 644 755 755 " ] && pass ||
    fail "modes: $(stat -c '%n %a' a-b a-b/src/tee.c a-b/.ci/run | tr '\n' ' ')"
[ "$(find a-b -type f | wc -l)" -eq "$(grep -c '^ *"[^"]*|' "$root/cmake/ChaosTemplate.cmake")" ] && pass || fail "not as many files as the template has"
# Every file of the template is written: none can be forgotten in the list.
while IFS= read -r file; do
    grep -qF "\"providers/template/$file|" "$root/cmake/ChaosTemplate.cmake" && pass || fail "providers/template/$file is not in the list"
done < <(cd "$root/providers/template" && find . -type f | sed 's/^\.\///')
bash -n a-b/tests/conformance.sh && sh -n a-b/.ci/run && pass || fail "a script is none"

# Nothing is overwritten: not a folder, not an empty one, not a file, not a link that leads nowhere.
before=$(find a-b -type f -exec sha256sum {} + | sort)
expect 5 "again" new a-b
has err 'it exists, and nothing is overwritten' "again"
[ "$(find a-b -type f -exec sha256sum {} + | sort)" = "$before" ] && pass || fail "again: it was changed"
mkdir empty
expect 5 "an empty folder" new x --out empty
echo text >file
expect 5 "a file" new x --out file
[ "$(cat file)" = text ] && pass || fail "a file was changed"
ln -s nowhere link
expect 5 "a link" new x --out link
[ -L link ] && [ ! -e nowhere ] && pass || fail "a link was followed"
expect 5 "no such folder" new x --out no/such/folder
expect 0 "--out" new x --out "$work/in/another place"
[ -f "another place/src/tee.c" ] && grep -qF 'chaoschain-provider-x' "another place/CMakeLists.txt" && pass || fail "--out: not there"

expect 0 "a slash at the end" new x --out completed/
[ -f completed/src/tee.c ] && pass || fail "a slash at the end: not there"
# What it says to do next can be done as it stands, whatever the folder is called.
for folder in plain "it's a folder; \$(exit 9)" -D; do
    expect 0 "next: $folder" new x --out "$folder"
    sed -n 's/^Next: //p' "$work/out" >"$work/next"
    (cmake() { printf '%s\n' "$@" >>"$work/words"; } && . "$work/next")
    [ -d "$(sed -n 2p "$work/words")/src" ] && [ "$(wc -l <"$work/words")" -eq 6 ] && pass || fail "next: $folder: $(cat "$work/next")"
    case $(sed -n 2p "$work/words") in -*) fail "next: $folder is an option" ;; esac
    rm "$work/words"
done
expect 0 "next: no control characters" new x --out $'bell\a'
if grep -q '^Next' "$work/out"; then fail "a bell goes to the screen"; else pass; fi

# Whole or not at all: the disk is full in the middle.
sanitized=$(nm -D "$CHAOS_BIN/chaoschain-provider" 2>/dev/null | grep -c __asan_init) || true # its leak checker cannot be traced
if command -v strace >/dev/null && [ "$sanitized" = 0 ]; then
    for call in write fsync openat mkdirat renameat2; do
        for when in 1 3; do
            [ "$call" != renameat2 ] || [ "$when" = 1 ] || continue
            # openat: after those of the loader, which are many
            where=$when
            [ "$call" != openat ] || where=$(($(strace -f -e trace=openat "$CHAOS_BIN/chaoschain-provider" provider new counted --out "$work/counted$when" 2>&1 >/dev/null | grep -c openat) - when))
            expect 5 "$call fails ($when)" strace -f -o /dev/null -e "trace=$call" -e "inject=$call:error=ENOSPC:when=$where" \
                "$CHAOS_BIN/chaoschain-provider" provider new z --out "$work/in/z"
            [ -z "$(find "$work/in" -maxdepth 1 -name 'z*')" ] && pass || fail "$call fails ($when): $(find "$work/in" -maxdepth 1 -name 'z*') is left"
        done
    done
fi
finish

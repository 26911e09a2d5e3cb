#!/usr/bin/env bash
# check-deps.sh - who includes whom, as src/DEPS says; what each folder may take from libc; and that plug-ins stand on
# the public headers alone, as an outsider's would.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# What every folder may include. <stdio.h> is for snprintf alone.
standard=' assert ctype errno inttypes limits stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string '
# A pure folder calls none of these; no folder calls those of the second list, which are for programs or for nobody.
impure='fopen|fdopen|freopen|fprintf|vfprintf|fputs|fputc|fgets|fread|fwrite|fscanf|remove|rename|getenv|secure_getenv|time|clock|_exit|signal'
never='printf|vprintf|puts|putchar|scanf|sscanf|perror|tmpfile|tmpnam|mktemp|gets|system|popen|setenv|unsetenv|putenv|setlocale|exit|abort|rand|srand|random|longjmp'

declare -A allowed third_party system
words() { printf ' %s ' "$(tr -s ' \t' ' ' <<<"$1")"; }
while IFS= read -r line; do
    line=${line%%#*}
    [ -n "${line//[[:space:]]/}" ] || continue
    folder=${line%%:*}
    folder=${folder//[[:space:]]/}
    rest=${line#*:}
    system[$folder]=
    third_party[$folder]=
    if [ "$rest" != "${rest#*!}" ]; then
        system[$folder]=$(words "${rest#*!}")
        rest=${rest%%!*}
    fi
    [ "$rest" = "${rest#*+}" ] || third_party[$folder]=$(words "${rest#*+}")
    allowed[$folder]=$(words "$folder ${rest%%+*}")
done <src/DEPS
for folder in base codec crypto wire verify appraise check; do
    [ -z "${system[$folder]}" ] || problem "src/DEPS: $folder belongs to the verify library, which is pure"
done

includes_of() { # prints each header with its quotes or angle brackets
    sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"][^>"]+[>"]).*/\1/p' "$1"
}
has() { [[ $1 == *" $2 "* ]]; }

check_own() { # FILE FOLDER NAME HEADER, of ours
    local other=${4#\"}
    if [[ $4 != */* ]]; then
        [ -f "$2/${other%\"}" ] || problem "$1 includes $4: not in its own folder"
        return
    fi
    other=${other%%/*}
    has "${allowed[$3]}" "$other" || problem "$1 includes $4: src/DEPS does not let $3 see $other"
    [[ $4 != */internal.h\" || $other = "$3" ]] || problem "$1 includes $4: private to $other"
}

check_foreign() { # FILE NAME HEADER, of libc or of a third party
    local header=${3#<} library
    header=${header%.h>}
    if has "$standard" "$header" || has "${system[$2]}" "$header"; then
        return
    fi
    library=${header%%/*}
    case $library in
    secp256k1*) library=secp256k1 ;; # this library's headers have no folder
    esac
    has "${third_party[$2]}" "$library" || problem "$1 includes $3: src/DEPS does not let $2 use it"
}

check_calls() { # FILE NAMES: calls of functions that this file must not call
    local pattern="(^|[^A-Za-z0-9_.>])($2)[[:space:]]*\\(" code bad
    grep -qE "$pattern" "$1" || return 0
    # Perhaps only in a comment or a string: look again without them.
    code=$(sed -E 's/"([^"\\]|\\.)*"/""/g' "$1" | sed -E ':a;s#/\*[^*]*\*+([^/*][^*]*\*+)*/##g;/\/\*/{N;ba}')
    bad=$(grep -oE "$pattern" <<<"$code" | tr -dc 'a-z_\n' | sort -u | tr '\n' ' ' || true)
    [ -z "$bad" ] || problem "$1 calls $bad"
}

count=0
for folder in src/*/ sim/; do
    folder=${folder%/}
    name=${folder#src/}
    if [ -z "${allowed[$name]+set}" ]; then
        problem "$folder: not in src/DEPS"
        continue
    fi
    calls=$never
    [ -n "${system[$name]}" ] || calls+="|$impure"
    while IFS= read -r file; do
        count=$((count + 1))
        while IFS= read -r header; do
            case $header in
            \"*) check_own "$file" "$folder" "$name" "$header" ;;
            \<chaoschain/*) ;;
            *) check_foreign "$file" "$name" "$header" ;;
            esac
        done < <(includes_of "$file")
        check_calls "$file" "$calls"
    done < <(project_files "$folder/*.c" "$folder/*.h")
done

# A plug-in includes provider.h, libc and its own files. One that carries the simulator may include that, too.
while IFS= read -r file; do
    count=$((count + 1))
    folder=${file%/*}
    while IFS= read -r header; do
        case $header in
        '<chaoschain/provider.h>' | '<chaoschain/base.h>') ;;
        '"sim/'*) [ "$folder" = providers/simulated ] || problem "$file includes $header: only the simulated plug-in has the simulator" ;;
        \"*) [ -f "$folder/$(tr -d '"' <<<"$header")" ] || problem "$file includes $header: a plug-in uses nothing of ours" ;;
        *)
            header=${header#<}
            header=${header%.h>}
            has "$standard" "$header" || has ' fcntl sys/random sys/stat sys/statfs time unistd ' "$header" ||
                problem "$file includes <$header.h>: a plug-in gets HTTP, keys and the log from its host"
            ;;
        esac
    done < <(includes_of "$file")
    check_calls "$file" "$never|fprintf|fputs|signal|_exit"
done < <(project_files 'providers/*.c' 'providers/*.h')

# The public headers stand on their own and on the C standard alone.
while IFS= read -r file; do
    count=$((count + 1))
    while IFS= read -r header; do
        case $file$header in
        *'<chaoschain/'* | *'<stdbool.h>' | *'<stddef.h>' | *'<stdint.h>') ;;
        */provider.h'<stdarg.h>' | */provider.h'<stdio.h>') ;; # chaos_provider_fail is inline
        *) problem "$file includes $header" ;;
        esac
    done < <(includes_of "$file")
done < <(project_files 'include/*.h')
# Those of the verify library know nothing of the other.
for header in base evidence verify appraise check; do
    while IFS= read -r other; do
        [[ $other =~ ^\<(chaoschain/(base|evidence|verify|appraise|check)|std[a-z]+)\.h\>$ ]] ||
            problem "include/chaoschain/$header.h includes $other: not of the verify library"
    done < <(includes_of "include/chaoschain/$header.h")
done
finish check-deps "$count files keep to src/DEPS"

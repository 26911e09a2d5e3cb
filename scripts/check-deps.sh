#!/usr/bin/env bash
# check-deps.sh - who includes whom, as src/DEPS says; and what the verify library's folders may take from libc.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# The pure folders do no input or output, read no clock and start nothing. <stdio.h> is for snprintf alone.
standard='assert|ctype|errno|inttypes|limits|stdalign|stdarg|stdbool|stddef|stdint|stdio|stdlib|string'
stdio_calls='\b(fopen|fdopen|freopen|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|fgets|fread|fwrite|scanf|sscanf|fscanf|perror|tmpfile|popen|remove|rename)[[:space:]]*\('
other_calls='\b(getenv|secure_getenv|setenv|system|exit|_exit|abort|time|clock|rand|srand|random|signal|longjmp|gets|mktemp)[[:space:]]*\('

declare -A allowed third_party
while IFS= read -r line; do
    line=${line%%#*}
    [ -n "${line//[[:space:]]/}" ] || continue
    folder=${line%%:*}
    folder=${folder//[[:space:]]/}
    rest=${line#*:}
    third_party[$folder]=
    [ "$rest" = "${rest#*+}" ] || third_party[$folder]=${rest#*+}
    allowed[$folder]=" $folder ${rest%%+*} "
done <src/DEPS

count=0
includes_of() { # prints LINE:HEADER, with its quotes or angle brackets
    sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"][^>"]+[>"]).*/\1/p' "$1"
}
for folder in src/*/ sim/; do
    folder=${folder%/}
    name=${folder#src/}
    if [ -z "${allowed[$name]+set}" ]; then
        problem "$folder: not in src/DEPS"
        continue
    fi
    while IFS= read -r file; do
        count=$((count + 1))
        while IFS= read -r header; do
            case $header in
            \"*/*\")
                other=${header#\"}
                other=${other%%/*}
                [[ ${allowed[$name]} == *" $other "* ]] || problem "$file includes $header: src/DEPS does not let $name see $other"
                [[ $header != */internal.h\" || $other = "$name" ]] || problem "$file includes $header: private to $other"
                ;;
            \"*) [ -f "$folder/$(tr -d '"' <<<"$header")" ] || problem "$file includes $header: not in its own folder" ;;
            \<chaoschain/*) ;;
            \<*/*)
                library=${header#<}
                library=${library%%/*}
                [[ " ${third_party[$name]} " == *" $library "* ]] ||
                    problem "$file includes $header: src/DEPS does not let $name use $library"
                ;;
            \<secp256k1*) # the headers of this library have no folder
                [[ " ${third_party[$name]} " == *" secp256k1 "* ]] ||
                    problem "$file includes $header: src/DEPS does not let $name use secp256k1"
                ;;
            *) [[ $header =~ ^\<($standard)\.h\>$ ]] || problem "$file includes $header: the verify library is pure" ;;
            esac
        done < <(includes_of "$file")
        if [[ $folder == src/* ]] && grep -qE "$stdio_calls|$other_calls" "$file"; then
            # Perhaps only in a comment or a string: look again without them.
            code=$(sed -E 's/"([^"\\]|\\.)*"/""/g' "$file" | sed -E ':a;s#/\*[^*]*\*+([^/*][^*]*\*+)*/##g;/\/\*/{N;ba}' )
            bad=$(grep -oE "$stdio_calls|$other_calls" <<<"$code" | tr -d '( ' | sort -u | tr '\n' ' ' || true)
            [ -z "$bad" ] || problem "$file calls $bad"
        fi
    done < <(project_files "$folder/*.c" "$folder/*.h")
done

# The public headers stand on their own and on the C standard alone.
while IFS= read -r file; do
    count=$((count + 1))
    while IFS= read -r header; do
        [[ $header =~ ^\<(chaoschain/[a-z0-9_]+|stdbool|stddef|stdint)\.h\>$ ]] || problem "$file includes $header"
    done < <(includes_of "$file")
done < <(project_files 'include/*.h')
finish check-deps "$count files keep to src/DEPS"

#!/usr/bin/env bash
# check-imports.sh [BUILD_DIR] - what the libraries and the plug-ins take from outside.
#   libchaoschain-verify  from libc only what is on a short list, from libcrypto nothing that opens files or sockets or
#                         loads code, from libsecp256k1 what recovers a key and nothing that signs or has a state. So it
#                         cannot reach the network, a file, the clock or the environment by itself.
#   libchaoschain         opens no socket of its own (libcurl does), runs no shell, prints to no stream but standard error
#   plug-ins              export one function, import nothing of ours, and neither open sockets nor print
set -euo pipefail
. "$(dirname "$0")/lib.sh"

build=${1:-build}
export LC_ALL=C

# Named one by one, so that a refusal says what is wrong with it ...
banned='socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|getaddrinfo|gethostby.*|open(64|at|at64)?|creat(64)?'
banned+='|fopen(64)?|fdopen|freopen(64)?|tmpfile(64)?|read|write|pread(64)?|pwrite(64)?|fread|fwrite|ioctl|stat(64)?|mmap(64)?'
banned+='|time|clock|clock_gettime|gettimeofday|localtime(_r)?|gmtime(_r)?|timespec_get|nanosleep|sleep'
banned+='|getenv|secure_getenv|setenv|putenv|environ|getpid|getrandom|rand|random'
banned+='|pthread_create|thrd_create|dlopen|dlmopen|dlsym|system|popen|fork|vfork|clone|exec.*|posix_spawnp?'
banned+='|signal|sigaction|exit|_exit|abort|longjmp|setlocale|printf|puts|stdin|stdout|stderr'
# ... and what is in neither list is refused, too.
libc='mem(cpy|move|set|cmp|chr)|str(len|cmp|ncmp|chr|nlen|rchr)|malloc|calloc|realloc|free|qsort|bsearch|v?snprintf'
libc+='|(__cpu_model|__(mem(cpy|move|set)|v?snprintf)_chk)|explicit_bzero|__explicit_bzero_chk|__stack_chk_fail|__cxa_finalize'
libc+='|__ctype_b_loc|__gmon_start__|_ITM_.*TMCloneTable|_GLOBAL_OFFSET_TABLE_|__assert_fail'
crypto_banned='BIO_.*|.*_fp|CONF_.*|NCONF_.*|OPENSSL_config|ENGINE_.*|OSSL_PROVIDER_.*|OSSL_STORE_.*|DSO_.*|SSL_.*|UI_.*|RAND_.*'
crypto_banned+='|X509_LOOKUP_.*|X509_load_.*|X509_STORE_load_.*|X509_STORE_set_default_paths.*|OPENSSL_gmtime.*|X509_cmp_current_time'
crypto='(EVP|EC|ECDSA|BN|CRYPTO|OPENSSL|ERR|X509|ASN1|OBJ|SHA(1|224|256|384|512)?|RSA|OSSL_PARAM|d2i|i2d|ECPARAMETERS|PEM)_.*|SHA(1|256|384|512)|OpenSSL_.*'
crypto+='|OPENSSL_.*|o2i_.*|i2o_.*'
secp256k1='secp256k1_(context_static|ec_pubkey_serialize|ecdsa_recover|ecdsa_recoverable_signature_parse_compact)'

judge() { # judge WHERE, names on stdin
    local where=$1 name
    while IFS= read -r name; do
        name=${name%%@*}
        if [[ $name =~ ^($banned)$ ]]; then
            problem "$where uses $name: the verify library must not"
        elif [[ $name =~ ^($libc)$ ]]; then
            :
        elif [[ $name =~ ^($crypto_banned)$ ]]; then
            problem "$where uses $name of libcrypto: it could reach out of the process"
        elif [[ ! $name =~ ^($crypto|$secp256k1)$ ]]; then
            problem "$where uses $name: not on the list of scripts/check-imports.sh"
        fi
        seen=$((seen + 1))
    done
}
seen=0
shared=$build/lib/libchaoschain-verify.so
archive=$build/lib/libchaoschain-verify.a
judge "the shared library" < <(nm -D --undefined-only "$shared" | awk '{ print $NF }' | sort -u)
judge "the static library" < <(nm --undefined-only "$archive" | awk 'NF == 2 { print $NF }' | sort -u)
[ "$seen" -gt 20 ] || problem "nm shows only $seen names: is this the library?"

needed_of() { readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | tr '\n' ' '; }
undefined_of() { nm -D --undefined-only "$1" | awk '{ print $NF }' | sed 's/@.*//' | sort -u; }

needed=$(needed_of "$shared")
[[ $needed =~ ^"libc.so.6 libcrypto.so.3 libsecp256k1.so."[0-9]+" "$ ]] || problem "the shared library needs $needed"
if [ -x "$build/bin/chaoschain-verify" ]; then
    [[ $(readelf -d "$build/bin/chaoschain-verify") != *NEEDED* ]] || problem "chaoschain-verify is not static"
fi

# A mutable global would be a hidden input. The exceptions are what is made once, under its guard: libcrypto's start,
# the curve, libcurl's and libsodium's start.
check_globals() { # check_globals ARCHIVE ALLOWED
    local name
    while IFS= read -r name; do
        [[ $name =~ ^($2)(\.[0-9]+)?$ ]] || problem "${1##*/} has the mutable variable $name"
    done < <(nm --format=sysv "$1" | tr -d ' ' |
        awk -F'|' '$7 ~ /^(\.bss|\.data|\.tbss|\.tdata|\*COM\*)$/ && $4 ~ /OBJECT|TLS/ { print $1 }')
}
check_globals "$archive" 'once|started|group_once|group'

# Hardening is a property of what is shipped, not of a flag.
check_hardening() {
    local segments dynamic
    segments=$(readelf -lW "$1")
    dynamic=$(readelf -d "$1")
    [[ $segments == *GNU_RELRO* ]] || problem "${1##*/}: no RELRO"
    [[ $dynamic == *BIND_NOW* || $dynamic =~ FLAGS.*NOW ]] || problem "${1##*/}: not bound at once (-z now)"
    [[ $segments =~ GNU_STACK[^$'\n']*\ RW\  ]] || problem "${1##*/}: the stack is executable"
    [[ $dynamic != *TEXTREL* ]] || problem "${1##*/}: relocations in the code"
    [[ $dynamic != *RPATH* && $dynamic != *RUNPATH* ]] || problem "${1##*/}: has a run path"
}
check_hardening "$shared"

# Nobody of ours does these: HTTP is libcurl's, programs are started by posix_spawn, standard output is the program's.
network='socket|socketpair|connect|bind|listen|accept4?|sendto|sendmsg|recvfrom|recvmsg|getaddrinfo|gethostby.*'
process='system|popen|fork|vfork|clone|exec.*|setenv|putenv|unsetenv|clearenv|exit|abort|longjmp|__longjmp_chk|setlocale|ptrace'
output='printf|__printf_chk|puts|putchar|stdout|tmpfile(64)?|mktemp|tmpnam'

full=$build/lib/libchaoschain.so
if [ -f "$full" ]; then
    while IFS= read -r name; do
        # libcurl has its sockets made by src/net/guard.c, which looks at the address first.
        [[ $name = socket || ! $name =~ ^($network|$process|$output|dlmopen)$ ]] || problem "libchaoschain uses $name"
        seen=$((seen + 1))
    done < <(undefined_of "$full")
    needed=$(needed_of "$full")
    [[ $needed =~ ^"libc.so.6 libcrypto.so.3 libcurl.so.4 libjansson.so.4 libsecp256k1.so."[0-9]+" libsodium.so."[0-9]+" libsqlite3.so.0 libssl.so.3 "$ ]] ||
        problem "libchaoschain needs $needed"
    check_hardening "$full"
    [[ $(readelf -d "$full") =~ FLAGS_1.*NODELETE ]] || problem "libchaoschain may be unmapped while plug-ins hold its addresses"
    check_globals "${full%.so}.a" 'once|started|failed|group_once|group|init_code|was_used'
else
    problem "libchaoschain is not built"
fi

plugins=0
shopt -s nullglob
for plugin in "$build"/lib/chaoschain/providers/*.so; do
    name=${plugin##*/chaoschain-provider-}
    name=${name%.so}
    plugins=$((plugins + 1))
    exported=$(nm -D --defined-only "$plugin" | awk '{ print $3 }' | tr '\n' ' ')
    [ "$exported" = "chaos_provider_entry " ] || problem "the plug-in $name exports ${exported:-nothing}"
    while IFS= read -r import; do
        [[ $import != chaos_* ]] || problem "the plug-in $name wants $import of us: it must link nothing of ours"
        [[ ! $import =~ ^($network|$process|$output|pthread_create|dlopen|dlsym|signal|sigaction|fprintf|__fprintf_chk|stderr)$ ]] ||
            problem "the plug-in $name uses $import: that is the host's"
        seen=$((seen + 1))
    done < <(undefined_of "$plugin")
    needed=$(needed_of "$plugin")
    case $name in # one that carries the simulator needs what the simulator stands on
    simulated) [[ $needed =~ ^"libc.so.6 libcrypto.so.3 libsecp256k1.so."[0-9]+" "$ ]] || problem "the plug-in $name needs $needed" ;;
    *) [[ $needed =~ ^("libc.so.6 ")?$ ]] || problem "the plug-in $name needs $needed" ;;
    esac
    check_hardening "$plugin"
done
for folder in providers/*/; do
    [ "$folder" != providers/template/ ] || continue # what `chaoschain provider new` writes
    [ -f "$build/lib/chaoschain/providers/chaoschain-provider-$(basename "$folder").so" ] ||
        problem "the plug-in $(basename "$folder") is not built"
done
finish check-imports "$seen imports of two libraries and $plugins plug-ins, all harmless"

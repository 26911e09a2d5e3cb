#!/usr/bin/env bash
# check-imports.sh [BUILD_DIR] - what the verify library takes from outside: from libc only what is on a short list,
# from libcrypto nothing that opens files or sockets or loads code, from libsecp256k1 what recovers a key and nothing
# that signs or has a state. So it cannot reach the network, a file, the clock or the environment by itself.
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
libc+='|(__(mem(cpy|move|set)|v?snprintf)_chk)|explicit_bzero|__explicit_bzero_chk|__stack_chk_fail|__cxa_finalize'
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

needed=$(readelf -d "$shared" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
[[ $needed =~ ^"libc.so.6 libcrypto.so.3 libsecp256k1.so."[0-9]+" "$ ]] || problem "the shared library needs $needed"
if [ -x "$build/bin/chaoschain-verify" ]; then
    [[ $(readelf -d "$build/bin/chaoschain-verify") != *NEEDED* ]] || problem "chaoschain-verify is not static"
fi

# A mutable global would be a hidden input. The exceptions are libcrypto's start and
# the curve, each written once under its guard.
while IFS= read -r name; do
    [[ $name =~ ^(once|started|group_once|group)$ ]] || problem "the static library has the mutable variable $name"
done < <(nm --format=sysv "$archive" | tr -d ' ' | awk -F'|' '$7 ~ /^(\.bss|\.data|\.tbss|\.tdata|\*COM\*)$/ && $4 ~ /OBJECT|TLS/ { print $1 }')

# Hardening is a property of what is shipped, not of a flag.
segments=$(readelf -lW "$shared")
dynamic=$(readelf -d "$shared")
[[ $segments == *GNU_RELRO* ]] || problem "no RELRO"
[[ $dynamic == *BIND_NOW* || $dynamic =~ FLAGS.*NOW ]] || problem "not bound at once (-z now)"
[[ $segments =~ GNU_STACK[^$'\n']*\ RW\  ]] || problem "the stack is executable"
finish check-imports "$seen imports, all harmless"

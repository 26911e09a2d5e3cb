/* init.c - libcrypto's start. */
#include "crypto/internal.h"

#include <openssl/crypto.h>

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static int started; /* written inside `once` only */

/* NO_LOAD_CONFIG: a verifier must not run code that OPENSSL_CONF or openssl.cnf names; and as libcrypto
 * decides on its configuration once in a process, nothing that is called later can load it either.
 * NO_ATEXIT: other threads may still verify while the process exits. */
static void start(void)
{
    started = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
}

bool crypto_ready(void)
{
    return CRYPTO_THREAD_run_once(&once, start) == 1 && started == 1;
}

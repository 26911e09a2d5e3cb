/* lock.c - a lock that libcrypto provides. */
#include "crypto/internal.h"

#include <openssl/crypto.h>

struct crypto_lock {
    CRYPTO_RWLOCK *rwlock;
};

crypto_lock *crypto_lock_new(void)
{
    crypto_lock *lock = crypto_ready() ? malloc(sizeof *lock) : NULL;

    if (lock == NULL) {
        return NULL;
    }
    lock->rwlock = CRYPTO_THREAD_lock_new();
    if (lock->rwlock == NULL) {
        free(lock);
        return NULL;
    }
    return lock;
}

void crypto_lock_free(crypto_lock *lock)
{
    if (lock != NULL) {
        CRYPTO_THREAD_lock_free(lock->rwlock);
        free(lock);
    }
}

bool crypto_lock_read(crypto_lock *lock)
{
    return CRYPTO_THREAD_read_lock(lock->rwlock) == 1;
}

bool crypto_lock_write(crypto_lock *lock)
{
    return CRYPTO_THREAD_write_lock(lock->rwlock) == 1;
}

void crypto_lock_release(crypto_lock *lock)
{
    (void)CRYPTO_THREAD_unlock(lock->rwlock);
}

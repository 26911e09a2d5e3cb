/* registers.c - the runtime registers where the kernel shows them (Linux 6.16 and newer), and the provider's own
 * methods: ReadRegisters and ExtendRegister. The quote has the registers in any case; what was extended, and why, is the
 * caller's to keep and to tell: there is no event log here. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "plugin.h"

#define WAIT_MS 1000 /* for a register that is busy */
#define APPLICATION_REGISTER 3u

static const char *const names[] = { "mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
#define NAME_COUNT (sizeof names / sizeof names[0])

static chaos_status no_registers(const tdx *t, const char *path, int reason, chaos_error *err)
{
    if (reason == ENOENT) {
        return chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE,
                                   "the kernel shows no runtime registers (%.100s): Linux 6.16 or newer is needed; a "
                                   "quote has them in any case",
                                   t->registers[0] == '\0' ? "option registers" : t->registers);
    }
    return chaos_provider_fail(err, reason == EACCES || reason == EPERM ? CHAOS_E_NOT_AVAILABLE : CHAOS_E_GUEST_AGENT,
                               "the register %.120s: %s", path, strerror(reason));
}

static chaos_status read_register(const tdx *t, const char *name, uint8_t out[REGISTER_SIZE], chaos_error *err)
{
    char path[MAX_FILE_PATH];
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s/%s:sha384", t->registers, name);
    const int reason = t->registers[0] == '\0' ? ENOENT
                                               : file_read(path, out, REGISTER_SIZE, &size, clock_ms() + WAIT_MS);
    if (reason != 0) {
        return no_registers(t, path, reason, err);
    }
    return size == REGISTER_SIZE ? CHAOS_OK
                                 : chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the register %s has %zu bytes, not %d",
                                                       name, size, REGISTER_SIZE);
}

static void to_hex(const uint8_t bytes[REGISTER_SIZE], char out[2 * REGISTER_SIZE + 1])
{
    for (size_t i = 0; i < REGISTER_SIZE; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

static chaos_status read_registers(const tdx *t, const char *params, chaos_error *err)
{
    static const char *const none[] = { NULL };
    uint8_t value[REGISTER_SIZE];
    char hex[2 * REGISTER_SIZE + 1], reply[1024] = "{";
    chaos_status status = t->host->json_keys(t->host, text_slice(params), none, err);
    for (size_t i = 0; status == CHAOS_OK && i < NAME_COUNT; i++) {
        const size_t used = strlen(reply);
        status = read_register(t, names[i], value, err);
        if (status == CHAOS_OK) {
            to_hex(value, hex);
            (void)snprintf(reply + used, sizeof reply - used, "%s\"%s\":\"%s\"%s", i == 0 ? "" : ",", names[i], hex,
                           i + 1 == NAME_COUNT ? "}" : "");
        }
    }
    return status == CHAOS_OK ? t->host->emit(t->host, "reply", text_slice(reply), err) : status;
}

/* RTMR0 to 2 are of firmware and boot: who extended one of them would make the guest unlike every image. */
static chaos_status read_extension(const tdx *t, const char *params, uint8_t digest[REGISTER_SIZE], chaos_error *err)
{
    static const char *const known[] = { "register", "digest", NULL };
    uint64_t number = 0;
    size_t size = 0;
    chaos_status status = t->host->json_keys(t->host, text_slice(params), known, err);
    if (status != CHAOS_OK) {
        return status;
    }
    if (t->host->json_unsigned(t->host, text_slice(params), "register", UINT32_MAX, &number, NULL) != CHAOS_OK ||
        number != APPLICATION_REGISTER) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "register is 3: the others are of firmware and boot");
    }
    return t->host->json_bytes(t->host, text_slice(params), "digest", digest, REGISTER_SIZE, &size, NULL) == CHAOS_OK &&
                   size == REGISTER_SIZE
               ? CHAOS_OK
               : chaos_provider_fail(err, CHAOS_E_USAGE, "digest is a SHA-384: 96 hex digits, no 0x");
}

/* The caller keeps a log of what extended the register: a value that does not follow from the one before and this digest
 * would break it, and nobody would know until a verifier replays it. */
static chaos_status check_extension(const uint8_t before[REGISTER_SIZE], const uint8_t digest[REGISTER_SIZE],
                                    const uint8_t after[REGISTER_SIZE], chaos_error *err)
{
    uint8_t wanted[REGISTER_SIZE];
    extended(before, digest, wanted);
    if (memcmp(before, after, REGISTER_SIZE) == 0) {
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the register did not change when it was extended");
    }
    if (memcmp(wanted, after, REGISTER_SIZE) != 0) {
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT,
                                   "the register was extended, and is not SHA-384(before, digest): another process "
                                   "has extended it at the same time, and a log of either alone does not replay");
    }
    return CHAOS_OK;
}

static chaos_status extend_register(const tdx *t, const char *params, chaos_error *err)
{
    uint8_t digest[REGISTER_SIZE], before[REGISTER_SIZE], after[REGISTER_SIZE];
    char path[MAX_FILE_PATH], from[2 * REGISTER_SIZE + 1], to[2 * REGISTER_SIZE + 1], reply[512];
    chaos_status status = read_extension(t, params, digest, err);
    if (status == CHAOS_OK) {
        status = read_register(t, names[APPLICATION_REGISTER + 1], before, err);
    }
    if (status != CHAOS_OK) {
        return status;
    }
    (void)snprintf(path, sizeof path, "%s/%s:sha384", t->registers, names[APPLICATION_REGISTER + 1]);
    const int reason = file_write_once(path, digest, sizeof digest, clock_ms() + WAIT_MS);
    if (reason != 0) {
        return no_registers(t, path, reason, err);
    }
    status = read_register(t, names[APPLICATION_REGISTER + 1], after, err);
    if (status == CHAOS_OK) {
        status = check_extension(before, digest, after, err);
    }
    if (status != CHAOS_OK) {
        return status;
    }
    to_hex(before, from);
    to_hex(after, to);
    (void)snprintf(reply, sizeof reply, "{\"after\":\"%s\",\"before\":\"%s\",\"register\":%u}", to, from,
                   APPLICATION_REGISTER);
    return t->host->emit(t->host, "reply", text_slice(reply), err);
}

chaos_status tdx_invoke(void *self, const char *name, const char *params_json, chaos_error *err)
{
    if (strcmp(name, "ReadRegisters") == 0) {
        return read_registers(self, params_json, err);
    }
    if (strcmp(name, "ExtendRegister") == 0) {
        return extend_register(self, params_json, err);
    }
    return chaos_provider_fail(err, CHAOS_E_USAGE, "intel-tdx has the methods ReadRegisters and ExtendRegister");
}

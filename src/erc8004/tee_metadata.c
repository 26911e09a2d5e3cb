/* tee_metadata.c - what an agent says of its TEE in the registry: one row a key. */
#include "erc8004/erc8004.h"

enum {
    HEAD_SIZE = 40,
    ANSWER_SIZE = 64,
    EXPIRES_SIZE = 8
};

static void put_u64(uint64_t number, uint8_t out[8])
{
    for (size_t i = 0; i < 8; i++) {
        out[7 - i] = (uint8_t)(number >> 8 * i);
    }
}

static uint64_t get_u64(const uint8_t bytes[8])
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

/* ------------------------------------------------------------------- keys ---- */

static bool is_arch(chaos_slice value)
{
    static const char *const names[] = { "tdx", "sgx", "sev-snp", "nitro", "cca" };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        if (slice_is(value, names[i])) {
            return true;
        }
    }
    return false;
}

/* Puts a value into its member. False: it has not the form of its key. */
static bool take_arch(chaos_tee_metadata *m, chaos_slice value)
{
    if (!is_arch(value)) {
        return false;
    }
    memset(m->arch, 0, sizeof m->arch);
    memcpy(m->arch, value.data, value.size);
    return true;
}

static bool take_uri(chaos_tee_metadata *m, chaos_slice value)
{
    if (value.size == 0 || value.size > CHAOS_MAX_EVIDENCE_URI || memchr(value.data, 0, value.size) != NULL ||
        !utf8_is_valid(value)) {
        return false;
    }
    memcpy(m->evidence_uri, value.data, value.size);
    m->evidence_uri[value.size] = '\0';
    return true;
}

static bool take_expires(chaos_tee_metadata *m, chaos_slice value)
{
    if (value.size != EXPIRES_SIZE || (value.data[0] & 0x80) != 0) {
        return false;
    }
    m->expires = (int64_t)get_u64(value.data);
    return true;
}

static bool take_one(chaos_tee_metadata *m, chaos_slice value)
{
    (void)m;
    return value.size == 1 && value.data[0] == 1;
}

#define TAKE_BYTES(member)                                              \
    static bool take_##member(chaos_tee_metadata *m, chaos_slice value) \
    {                                                                   \
        if (value.size != sizeof m->member.bytes) {                     \
            return false;                                               \
        }                                                               \
        memcpy(m->member.bytes, value.data, value.size);                \
        return true;                                                    \
    }
TAKE_BYTES(key)
TAKE_BYTES(binding)
TAKE_BYTES(evidence_hash)
TAKE_BYTES(measurement)

static const struct {
    const char *key;
    chaos_tee_field field;
    bool (*take)(chaos_tee_metadata *m, chaos_slice value);
} rows[CHAOS_TEE_FIELD_COUNT] = {
    { "tee.v", CHAOS_TEE_FIELD_VERSION, take_one },
    { "tee.arch", CHAOS_TEE_FIELD_ARCH, take_arch },
    { "tee.key", CHAOS_TEE_FIELD_KEY, take_key },
    { "tee.binding", CHAOS_TEE_FIELD_BINDING, take_binding },
    { "tee.evidenceHash", CHAOS_TEE_FIELD_EVIDENCE_HASH, take_evidence_hash },
    { "tee.evidenceURI", CHAOS_TEE_FIELD_EVIDENCE_URI, take_uri },
    { "tee.measurement", CHAOS_TEE_FIELD_MEASUREMENT, take_measurement },
    { "tee.expires", CHAOS_TEE_FIELD_EXPIRES, take_expires },
    { "tee.simulated", CHAOS_TEE_FIELD_SIMULATED, take_one },
};

bool chaos_tee_metadata_take(chaos_tee_metadata *metadata, chaos_slice key, chaos_slice value)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        if (!slice_is(key, rows[i].key)) {
            continue;
        }
        metadata->present &= ~(unsigned)rows[i].field;
        metadata->malformed &= ~(unsigned)rows[i].field;
        if (value.size > 0 && rows[i].take(metadata, value)) {
            metadata->present |= rows[i].field;
        } else if (value.size > 0) {
            metadata->malformed |= rows[i].field;
        }
        return true;
    }
    return false;
}

/* The bytes of a member; storage: the version's one byte at 0, the time at 8. */
static chaos_slice value_of(const chaos_tee_metadata *m, chaos_tee_field field, uint8_t storage[16])
{
    switch (field) {
    case CHAOS_TEE_FIELD_VERSION:
    case CHAOS_TEE_FIELD_SIMULATED:
        storage[0] = 1;
        return slice(storage, 1);
    case CHAOS_TEE_FIELD_ARCH:
        return slice(m->arch, strnlen(m->arch, sizeof m->arch));
    case CHAOS_TEE_FIELD_KEY:
        return slice(m->key.bytes, sizeof m->key.bytes);
    case CHAOS_TEE_FIELD_BINDING:
        return slice(m->binding.bytes, sizeof m->binding.bytes);
    case CHAOS_TEE_FIELD_EVIDENCE_HASH:
        return slice(m->evidence_hash.bytes, sizeof m->evidence_hash.bytes);
    case CHAOS_TEE_FIELD_EVIDENCE_URI:
        return slice(m->evidence_uri, strnlen(m->evidence_uri, sizeof m->evidence_uri));
    case CHAOS_TEE_FIELD_MEASUREMENT:
        return slice(m->measurement.bytes, sizeof m->measurement.bytes);
    case CHAOS_TEE_FIELD_EXPIRES:
        put_u64((uint64_t)m->expires, storage + EXPIRES_SIZE);
        return slice(storage + EXPIRES_SIZE, EXPIRES_SIZE);
    }
    return slice(NULL, 0);
}

chaos_status chaos_tee_metadata_write(const chaos_tee_metadata *metadata, chaos_tee_entries *entries, chaos_error *err)
{
    if (metadata == NULL || entries == NULL) {
        return usage(err, "metadata", "metadata and entries may not be NULL");
    }
    chaos_tee_metadata copy; /* what a reader would make of each value */
    entries->count = 0;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        if (rows[i].field != CHAOS_TEE_FIELD_VERSION && (metadata->present & rows[i].field) == 0) {
            continue;
        }
        chaos_slice value = value_of(metadata, rows[i].field, entries->storage);
        if (!rows[i].take(&copy, value)) {
            entries->count = 0;
            return error_set(err, CHAOS_E_USAGE, rows[i].key, CHAOS_NO_OFFSET, "the value has not the form of its key");
        }
        entries->entries[entries->count++] = (chaos_metadata_entry){ rows[i].key, value };
    }
    return CHAOS_OK;
}

chaos_status chaos_tee_metadata_read(const chaos_registries *registries, const chaos_u256 *agent_id,
                                     const chaos_block_id *at, chaos_tee_metadata *metadata, chaos_error *err)
{
    chaos_tee_metadata made = { .present = 0 };
    if (metadata == NULL) {
        return usage(err, "metadata", "the metadata may not be NULL");
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        CHAOS_AUTO_BUFFER(value, CHAOS_MAX_CALL_RESULT);
        CHAOS_TRY(chaos_agent_metadata(registries, agent_id, rows[i].key, at, &value, err));
        (void)chaos_tee_metadata_take(&made, slice_text(rows[i].key), buffer_slice(&value));
    }
    *metadata = made;
    return CHAOS_OK;
}

/* ------------------------------------------------------------ measurement ---- */

chaos_keccak chaos_tee_measurement(const chaos_tdx_workload *workload)
{
    static const char label[] = "chaoschain/workload/tdx/1";
    enum {
        LABEL_SIZE = sizeof label - 1
    };
    uint8_t bytes[LABEL_SIZE + sizeof *workload]; /* a struct of byte arrays has no padding */
    memcpy(bytes, label, LABEL_SIZE);
    memcpy(bytes + LABEL_SIZE, workload, sizeof *workload);
    return hash_keccak(slice(bytes, sizeof bytes));
}
_Static_assert(sizeof(chaos_tdx_workload) == 5 * 48 + 32 + 8 + 8, "the fields follow each other without padding");

/* -------------------------------------------------------- head and answer ---- */

void chaos_tee_head_write(const chaos_tee_head *head, uint8_t value[40])
{
    put_u64(head->sequence, value);
    memcpy(value + sizeof head->sequence, head->digest.bytes, sizeof head->digest.bytes);
}

void chaos_tee_answer_write(const chaos_tee_answer *answer, uint8_t value[64])
{
    memcpy(value, answer->request_hash.bytes, sizeof answer->request_hash.bytes);
    memcpy(value + sizeof answer->request_hash.bytes, answer->envelope_hash.bytes, sizeof answer->envelope_hash.bytes);
}

/* A value of exactly this size. */
static chaos_status read_fixed(const chaos_registries *registries, const chaos_u256 *agent_id, const char *key,
                               const chaos_block_id *at, uint8_t *out, size_t size, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(value, CHAOS_MAX_CALL_RESULT);
    CHAOS_TRY(chaos_agent_metadata(registries, agent_id, key, at, &value, err));
    if (value.size == 0) {
        return error_set(err, CHAOS_E_NOT_FOUND, key, CHAOS_NO_OFFSET, "the agent has no such metadata");
    }
    if (value.size != size) {
        (void)error_set(err, CHAOS_E_NODE, key, CHAOS_NO_OFFSET, "the agent's metadata has another size");
        error_expected(err, "%zu bytes", size);
        error_found(err, "%zu", value.size);
        return CHAOS_E_NODE;
    }
    memcpy(out, value.data, size);
    return CHAOS_OK;
}

chaos_status chaos_tee_head_read(const chaos_registries *registries, const chaos_u256 *agent_id,
                                 const chaos_block_id *at, chaos_tee_head *head, chaos_error *err)
{
    uint8_t value[HEAD_SIZE] = { 0 };
    if (head == NULL) {
        return usage(err, "head", "the head may not be NULL");
    }
    CHAOS_TRY(read_fixed(registries, agent_id, CHAOS_TEE_HEAD_KEY, at, value, sizeof value, err));
    head->sequence = get_u64(value);
    memcpy(head->digest.bytes, value + sizeof head->sequence, sizeof head->digest.bytes);
    return CHAOS_OK;
}

chaos_status chaos_tee_answer_read(const chaos_registries *registries, const chaos_u256 *agent_id,
                                   const chaos_block_id *at, chaos_tee_answer *answer, chaos_error *err)
{
    uint8_t value[ANSWER_SIZE] = { 0 };
    if (answer == NULL) {
        return usage(err, "answer", "the answer may not be NULL");
    }
    CHAOS_TRY(read_fixed(registries, agent_id, CHAOS_TEE_ANSWER_KEY, at, value, sizeof value, err));
    memcpy(answer->request_hash.bytes, value, sizeof answer->request_hash.bytes);
    memcpy(answer->envelope_hash.bytes, value + sizeof answer->request_hash.bytes, sizeof answer->envelope_hash.bytes);
    return CHAOS_OK;
}

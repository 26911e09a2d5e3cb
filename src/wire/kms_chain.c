/* kms_chain.c - the JSON of the part dstack-kms-chain: the two signatures that lead from an application's key to its
 * application root key, and from that to the KMS. Who signed is for verify/. */
#include "wire/internal.h"

enum {
    TEXT_MAX = 256,
    LINK_COUNT = 2
};

enum {
    KEY_ALGORITHM,
    KEY_PATH,
    KEY_PURPOSE,
    KEY_SIGNATURE_CHAIN,
    KEY_COUNT
};

static const member_key keys[KEY_COUNT] = {
    [KEY_ALGORITHM] = MEMBER_KEY("algorithm"),
    [KEY_PATH] = MEMBER_KEY("path"),
    [KEY_PURPOSE] = MEMBER_KEY("purpose"),
    [KEY_SIGNATURE_CHAIN] = MEMBER_KEY("signature_chain"),
};

static const char algorithm[] = "secp256k1";

static chaos_slice read_text(json *j, const char *field)
{
    chaos_slice text = json_plain_string(j, field);
    if (text.size > TEXT_MAX) {
        json_bad(j, "longer than 256 bytes");
    }
    return text;
}

static void read_link(json *j, const char *field, kms_chain *out, size_t index)
{
    uint8_t *link = index == 0 ? out->key_link : out->root_link;
    chaos_slice digits = json_plain_string(j, field);
    if (index == 1 && digits.size == 0) {
        return; /* the application root key has not come from a KMS */
    }
    if (!hex_decode(digits, link, sizeof(out->key_link))) {
        memset(link, 0, sizeof(out->key_link));
        json_bad(j, "not the 130 hex digits of a signature");
    }
    out->has_root_link = index == 1;
}

static void read_links(json *j, const char *field, kms_chain *out)
{
    size_t count = 0;
    json_enter_array(j, field);
    while (json_element(j)) {
        if (count == LINK_COUNT) {
            json_refuse(j, field, "more than two signatures");
            continue;
        }
        read_link(j, field, out, count);
        count++;
    }
    if (count < LINK_COUNT) {
        json_refuse(j, field, "fewer than two signatures");
    }
}

static void read_member(json *j, size_t which, kms_chain *out)
{
    const char *field = which < KEY_COUNT ? keys[which].text : "key";
    switch (which) {
    case KEY_ALGORITHM:
        if (!slice_is(json_plain_string(j, field), algorithm)) {
            json_bad(j, "only secp256k1 is supported");
        }
        break;
    case KEY_PATH:
        out->path = read_text(j, field);
        break;
    case KEY_PURPOSE:
        out->purpose = read_text(j, field);
        break;
    case KEY_SIGNATURE_CHAIN:
        read_links(j, field, out);
        break;
    default:
        json_bad(j, "unknown member");
        break;
    }
}

bool kms_chain_read(chaos_slice json_text, kms_chain *out, fault *why)
{
    bool seen[KEY_COUNT + 1] = { false };
    kms_chain chain = { 0 };
    chaos_slice key;
    json j;
    *out = (kms_chain){ 0 };
    *why = (fault){ 0 };
    if (json_text.size > MAX_KMS_CHAIN) {
        return fault_set(why, CHAOS_E_KMS_CHAIN_FORMAT, "kms_chain", MAX_KMS_CHAIN, "larger than it may be");
    }
    json_begin(&j, json_text, CHAOS_E_KMS_CHAIN_FORMAT);
    json_enter_object(&j, "kms_chain");
    while (json_key(&j, &key)) {
        size_t which = member_find(keys, KEY_COUNT, key);
        seen[which] = true;
        read_member(&j, which, &chain);
    }
    json_end(&j);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        json_require(&j, seen[i], keys[i].text);
    }
    if (!json_ok(&j)) {
        *why = j.r.why;
        return false;
    }
    *out = chain;
    return true;
}

bool kms_chain_write(const kms_chain *chain, chaos_buffer *out)
{
    size_t size_before = out->size;
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, keys[KEY_ALGORITHM].text, algorithm);
    json_write_bytes_as_text(&w, keys[KEY_PATH].text, chain->path);
    json_write_bytes_as_text(&w, keys[KEY_PURPOSE].text, chain->purpose);
    json_write_array(&w, keys[KEY_SIGNATURE_CHAIN].text);
    json_write_hex(&w, NULL, slice(chain->key_link, sizeof(chain->key_link)));
    json_write_hex(&w, NULL, slice(chain->root_link, chain->has_root_link ? sizeof(chain->root_link) : 0));
    json_write_array_end(&w);
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        out->size = size_before;
        return false;
    }
    return true;
}

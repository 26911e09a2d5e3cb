/* network_file.c - a file of the operator's own with networks, in the shape of data/networks.json. Whatever is
 * wrong with any of it is said: a slip in an address must not turn into another network. */
#include "erc8004/erc8004.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

enum {
    MAX_NETWORKS = 1024,
    READ_SIZE = 4096
};
#define MAX_FILE (1024u * 1024u)

static const char schema[] = "chaoschain/networks/1";

static const char *const known[] = { "name", "also", "kind", "chain_id", "identity", "reputation", "validation",
                                     "first_block", "rpc_url", "rpc_variable" };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static chaos_status refuse(chaos_error *err, const char *key, const char *why)
{
    return error_set(err, CHAOS_E_USAGE, key, CHAOS_NO_OFFSET, "the file of networks: %s", why);
}

static chaos_status check_members(json_t *object, chaos_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(known); i++) {
            found = found || strcmp(key, known[i]) == 0;
        }
        if (!found) {
            char quoted[64];
            (void)refuse(err, "networks", "a network has an unknown member");
            error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(key)));
            return CHAOS_E_USAGE;
        }
    }
    return CHAOS_OK;
}

/* A text member into an array of its size; absent: "". */
static chaos_status take_text(const json_t *object, const char *key, bool needed, char *out, size_t size,
                              chaos_error *err)
{
    const json_t *member = json_object_get(object, key);
    const char *text = json_string_value(member);
    if (member == NULL && !needed) {
        return CHAOS_OK;
    }
    if (text == NULL || text[0] == '\0' || strnlen(text, size) == size) {
        return refuse(err, key, needed ? "a text is needed, not longer than its limit" : "not a text of its size");
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return refuse(err, key, "a text has a character that is not printable ASCII");
        }
    }
    (void)snprintf(out, size, "%s", text);
    return CHAOS_OK;
}

static chaos_status take_number(const json_t *object, const char *key, json_int_t least, uint64_t *out,
                                chaos_error *err)
{
    const json_t *member = json_object_get(object, key);
    if (member == NULL && least == 0) {
        return CHAOS_OK;
    }
    if (!json_is_integer(member) || json_integer_value(member) < least) {
        return refuse(err, key, least > 0 ? "a whole number above 0 is needed" : "not a whole number");
    }
    *out = (uint64_t)json_integer_value(member);
    return CHAOS_OK;
}

static chaos_status take_address(const json_t *object, const char *key, chaos_address *out, chaos_error *err)
{
    const json_t *member = json_object_get(object, key);
    if (member == NULL) {
        return CHAOS_OK;
    }
    const char *text = json_string_value(member);
    if (text == NULL || chaos_address_parse(text, out, NULL) != CHAOS_OK) {
        return refuse(err, key, "not an address of 0x and 40 hex digits with the right capitals");
    }
    return CHAOS_OK;
}

static chaos_status take_kind(const json_t *object, chaos_network_kind *out, chaos_error *err)
{
    static const struct {
        const char *name;
        chaos_network_kind kind;
    } kinds[] = {
        { "main", CHAOS_NETWORK_MAIN },
        { "test", CHAOS_NETWORK_TEST },
        { "local", CHAOS_NETWORK_LOCAL },
        { "other", CHAOS_NETWORK_OTHER },
    };
    const char *text = text_of(object, "kind");
    for (size_t i = 0; text != NULL && i < CHAOS_ARRAY_SIZE(kinds); i++) {
        if (strcmp(text, kinds[i].name) == 0) {
            *out = kinds[i].kind;
            return CHAOS_OK;
        }
    }
    return refuse(err, "kind", "the kind is main, test, local or other");
}

/* One network and its second name. */
static chaos_status read_network(json_t *object, chaos_network *network, char also[32], chaos_error *err)
{
    if (!json_is_object(object)) {
        return refuse(err, "networks", "a network is no object");
    }
    CHAOS_TRY(check_members(object, err));
    CHAOS_TRY(take_text(object, "name", true, network->name, sizeof network->name, err));
    CHAOS_TRY(take_text(object, "also", false, also, sizeof network->name, err));
    CHAOS_TRY(take_kind(object, &network->kind, err));
    CHAOS_TRY(take_number(object, "chain_id", 1, &network->chain_id, err));
    CHAOS_TRY(take_number(object, "first_block", 0, &network->first_block, err));
    CHAOS_TRY(take_address(object, "identity", &network->identity, err));
    CHAOS_TRY(take_address(object, "reputation", &network->reputation, err));
    CHAOS_TRY(take_address(object, "validation", &network->validation, err));
    CHAOS_TRY(take_text(object, "rpc_url", false, network->rpc_url, sizeof network->rpc_url, err));
    return take_text(object, "rpc_variable", false, network->rpc_variable, sizeof network->rpc_variable, err);
}

static bool answers_to(const chaos_network *network, const char *also, const char *name)
{
    char by_chain[32];
    (void)snprintf(by_chain, sizeof by_chain, "eip155:%llu", (unsigned long long)network->chain_id);
    return network_name_is(name, network->name) || (also[0] != '\0' && network_name_is(name, also)) ||
           strcmp(name, by_chain) == 0;
}

static chaos_status search(json_t *file, const char *name, chaos_network *network, chaos_error *err)
{
    json_t *list = json_object_get(file, "networks"), *object;
    const char *said = text_of(file, "schema");
    bool found = false;
    size_t i;
    if (!json_is_object(file) || said == NULL || strcmp(said, schema) != 0 || json_object_size(file) != 2 ||
        !json_is_array(list) || json_array_size(list) > MAX_NETWORKS) {
        return refuse(err, "schema", "it is an object of schema \"chaoschain/networks/1\" and networks, a list");
    }
    chaos_network right = { .chain_id = 0 };
    json_array_foreach(list, i, object)
    {
        chaos_network made = { .chain_id = 0 };
        char also[32] = "";
        CHAOS_TRY(read_network(object, &made, also, err));
        if (name != NULL && !answers_to(&made, also, name)) {
            continue;
        }
        if (found) {
            return refuse(err, "name",
                          name == NULL ? "it has several networks: which one?" : "two networks answer to this name");
        }
        found = true;
        right = made;
    }
    if (!found) {
        return refuse(err, "network", name == NULL ? "it has no network" : "it has no network of this name");
    }
    *network = right;
    return CHAOS_OK;
}

static chaos_status cannot_read(chaos_error *err)
{
    int why = errno;
    return error_set(err, CHAOS_E_FILE_IO, "networks", CHAOS_NO_OFFSET, "cannot read the file of networks: %s",
                     strerror(why));
}

static chaos_status read_all(int file, chaos_buffer *text, chaos_error *err)
{
    for (;;) {
        uint8_t *room = buffer_reserve(text, READ_SIZE);
        if (room == NULL) {
            return refuse(err, "networks", "it is longer than 1 MiB");
        }
        ssize_t size = read(file, room, READ_SIZE);
        if (size < 0 && errno != EINTR) {
            return cannot_read(err);
        }
        if (size == 0) {
            return CHAOS_OK;
        }
        text->size += size > 0 ? (size_t)size : 0;
    }
}

static chaos_status read_whole(const char *path, chaos_buffer *text, chaos_error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return cannot_read(err);
    }
    chaos_status status = read_all(file, text, err);
    (void)close(file);
    return status;
}

chaos_status chaos_network_load(const char *path, const char *name, chaos_network *network, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, MAX_FILE);
    json_error_t why;
    if (path == NULL || network == NULL) {
        return usage(err, "network", "path and network may not be NULL");
    }
    CHAOS_TRY(read_whole(path, &text, err));
    json_t *file = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &why);
    if (file == NULL) {
        char quoted[100];
        return error_set(err, CHAOS_E_USAGE, "networks", (size_t)why.position, "the file of networks is no JSON: %s",
                         error_quote(quoted, sizeof quoted, slice_text(why.text)));
    }
    chaos_status status = search(file, name, network, err);
    json_decref(file);
    return status;
}
